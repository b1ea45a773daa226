"""A hub worth backing up: every kind of thing it keeps is in it. And all it says, to be compared."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import sqlalchemy as sa

from sdmx_hub.config import Settings
from sdmx_hub.model.registration import Queryable, Registration
from sdmx_hub.model.subscription import DataEvents, Subscription
from sdmx_hub.model.urn import parse_urn
from sdmx_hub.store.alerts import Alerts
from sdmx_hub.store.backup.making import Made, Order, make_backup
from sdmx_hub.store.backup.restoring import Place, Restored, restore_backup
from sdmx_hub.store.blobs import local_blobs, raw_name, store_file
from sdmx_hub.store.database import Database, open_database
from sdmx_hub.store.keys import ApiKeys
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.outbox import Outbox
from sdmx_hub.store.registrations import Registrations
from sdmx_hub.store.registry import Registry
from sdmx_hub.store.run_rows import Slot, Trigger
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.subscriptions import Subscriptions
from sdmx_hub.store.tables import METADATA
from sdmx_hub.web.app import create_app
from tests.factories import make_artefact, urn_of
from tests.harvest.hubs import Hub, make_artefacts, observation
from tests.harvest.virtual import BEGIN, VirtualTime

SOURCE = "id: P\ntitle: {en: P}\nendpoint: https://partner.example/sdmx/v2\nflows: [{dataflow: 'TEST:DF(1.0.0)'}]\n"
SETTINGS = {"hub.toml": b'hub_id = "TEST"\n', "mappings/P/one.yaml": b"id: one\n"}
FIRST = [observation("SEN", "2020", "10"), observation("SEN", "2021", "1.10", status="E", COMMENT="été; “x”")]
SECOND = [observation("SEN", "2020", "12"), observation("MLI", "2020", "30")]
THIRD = [observation("GHA", "2022", "1")]
_FLOW = "dataflow/TEST/DF/1.0.0"
ADDRESSES = (
    f"/sdmx/v2/data/{_FLOW}?format=csv",
    f"/sdmx/v2/data/{_FLOW}?includeHistory=true",
    f"/sdmx/v2/data/{_FLOW}?asOf=2026-02-01T06:00:02.500Z",
    f"/sdmx/v2/data/{_FLOW}?updatedAfter=2026-02-01T06:00:02Z",
    "/sdmx/v1/data/TEST,DF,1.0.0",
    "/sdmx/v1/availableconstraint/TEST,DF,1.0.0",
    "/sdmx/v2/availability/" + _FLOW,
    "/sdmx/v2/structure/*/*/*/*?references=all",
    "/sdmx/v1/dataflow/all/all/latest?references=all",
    "/sdmx/v2/registration/id/OFFICE",
    "/sources.json",
    "/releases.json",
    "/",
)
HEADERS = ("ETag", "Last-Modified", "Content-Type")


def make_hub(home: Path, url: str = "") -> Hub:
    """Make a hub with releases, a key, registrations, a subscription, runs, alerts, and raw bytes."""
    database = open_database(url) if url else None
    if database is not None:
        database.migrate()
    provider = {"id": "AA", "name": "AA", "names": {"en": "AA"}}
    artefacts = (
        *make_artefacts(),
        make_artefact("DataProviderScheme", "DATA_PROVIDERS", "1.0", dataProviders=[provider]),
        make_artefact(
            "ProvisionAgreement",
            "PA",
            dataflow=urn_of("Dataflow", "DF"),
            dataProvider=urn_of("DataProvider", "DATA_PROVIDERS", "1.0", "AA"),
        ),
    )
    hub = Hub(home, VirtualTime(), artefacts=artefacts, database=database)
    for path, content in SETTINGS.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_bytes(content)
    _fill(hub, home)
    return hub


def _fill(hub: Hub, home: Path) -> None:
    told, now = {"actor": "test", "now": BEGIN}, hub.time.now
    subscription = Subscription(
        organisation="urn:sdmx:org.sdmx.infomodel.base.Agency=SDMX:AGENCIES(1.0).OURS",
        mail_to=("data@office.example",),
        valid_from=BEGIN.date(),
        valid_to=BEGIN.date() + dt.timedelta(days=30),
        data=DataEvents(),
    )
    Subscriptions(hub.database).add(subscription, **told)
    hub.publish(FIRST)
    outbox = Outbox(hub.database)
    sent = outbox.take(now=now())
    assert sent is not None
    outbox.finish(sent, now=now())
    hub.publish(SECOND)
    agreement = parse_urn(urn_of("ProvisionAgreement", "PA"))
    place = Queryable(data_url="https://office.example/sdmx/v2")
    Registrations(hub.database).add(Registration(id="OFFICE", provision_agreement=agreement, queryable=place), **told)
    ApiKeys(hub.database).add("office", ["load"], actor="test", now=BEGIN)
    hub.add_source("https://partner.example/sdmx/v2")
    runs = Runs(hub.database)
    for number in range(2):
        slot = Slot(source="P", flow="DF", slot=BEGIN + dt.timedelta(hours=number), host="p", trigger=Trigger.MANUAL)
        runs.queue(slot, now=now())
    assert runs.claim("worker of the old hub", now=now() + dt.timedelta(hours=2), lease=dt.timedelta(days=1))
    Alerts(hub.database).put("P", "late", {"subject": "x"}, [("mail", "desk@office.example")], BEGIN)
    received = home / "received"
    received.write_bytes(b"raw bytes as they came")
    store_file(local_blobs(home), received, raw_name)


def order_of(hub: Hub, **more: object) -> Order:
    """What to back up of a hub."""
    return Order(
        database=hub.database,
        blobs=local_blobs(hub.home),
        home=SETTINGS,
        hub_id="TEST",
        program="0.1.0",
        origin=str(hub.home),
        **more,
    )


def back_up(hub: Hub, path: Path, **more: object) -> Made:
    hub.time.pass_by(1)
    return make_backup(order_of(hub, **more), path, now=hub.time.now())


def restore(source: Path, home: Path, url: str = "", **more: bool) -> Restored:
    now = BEGIN + dt.timedelta(days=1)
    return restore_backup(source, Place(home=home, database_url=url, **more), actor="test", now=now)


def open_home(home: Path, url: str = "") -> Database:
    return open_database(url or f"sqlite:///{home / 'control.db'}")


def answers(database: Database, home: Path) -> dict[str, tuple[object, ...]]:
    """What a hub says at its addresses, byte for byte, at a moment."""
    observations = Observations(database, home / "observations")
    at = BEGIN + dt.timedelta(days=2)
    app = create_app(
        database=database,
        registry=Registry(database),
        observations=observations,
        settings=Settings(hub_id="TEST"),
        raw=local_blobs(home),
        now=lambda: at,
    )
    client, found = app.test_client(), {}
    for address in ADDRESSES:
        said = client.get(address)
        found[address] = (said.status_code, *(said.headers.get(name) for name in HEADERS), said.get_data())
    assert observations.check() == []
    observations.close()
    return found


def tables(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """The rows of all tables."""
    with database.reading() as connection:
        return {
            str(table.name): [
                tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))
            ]
            for table in METADATA.sorted_tables
        }
