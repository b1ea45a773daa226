"""Two hubs, one of which subscribed at the other: whatever is published, however its notice fares, both say the same.

The partner publishes, its notification is posted to our hub, that queues a visit, and a worker makes it: the web server
that takes the notice asks nobody.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import re
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sdmx_hub.harvest.notify import Deliverer
from sdmx_hub.harvest.schedule import queue_due
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import Rows, quoted
from sdmx_hub.model.subscription import DataEvents, StructureEvents, Subscription
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.store.manifest import INTERNAL, PUBLIC
from sdmx_hub.store.outbox import WAITING, Outbox
from sdmx_hub.store.registry_tables import OUTBOX
from sdmx_hub.store.releases import Lineage
from sdmx_hub.store.run_rows import State, Trigger
from sdmx_hub.store.subscriptions import Subscriptions
from tests.harvest.hubs import COLUMNS, FLOW, Hub, make_artefacts, observation
from tests.harvest.test_pair_law import CELLS, OFF, STATES, roll_back, rows_of
from tests.harvest.virtual import VirtualTime
from tests.support.engine import connect

TOKEN = "-".join(["token", "of", "the", "partner"])
NEXT = Ref("TEST", "DF", "1.1.0")
ORGANISATION = "urn:sdmx:org.sdmx.infomodel.base.Agency=SDMX:AGENCIES(1.0).OURS"
SOURCE = {
    "mechanism": "subscription",
    "structures": "adopt",
    "notices": "{environment: PARTNER_NOTICES}",
    "limits": "{most_deleted_percent: 100}",
    "guards": f"{{off: [{OFF}]}}",
}
PATHS = (
    "data/dataflow/TEST/DF/{}?format=csv",
    "data/dataflow/TEST/DF/{}?format=json-2.0",
    "availability/dataflow/TEST/DF/{}",
)
HEADER = re.compile(rb'<mes:Header>.*?</mes:Header>|"meta":\{.*?\},(?="data")', re.DOTALL)
"""What says who wrote a message and when."""
GOOD = {State.SUCCEEDED, State.UNCHANGED}


class Pair:
    """A partner that is subscribed to, and our hub, both at real addresses on loopback."""

    def __init__(self, home, stack):
        self.time = VirtualTime()
        self.theirs, self.ours = Hub(home / "theirs", self.time), Hub(home / "ours", self.time)
        stack.callback(self.theirs.close)
        stack.callback(self.ours.close)
        self.partner, self.own = (stack.enter_context(hub.serving()) for hub in (self.theirs, self.ours))
        self.flows = [FLOW]
        self.ours.add_source(f"{self.partner}/sdmx/v2", **SOURCE)
        asked = Subscription(
            organisation=ORGANISATION,
            http=(f"{self.own}/api/notify/P?token={TOKEN}",),
            valid_from=self.time.now().date(),
            valid_to=self.time.now().date() + dt.timedelta(days=30),
            data=DataEvents(),
            structures=StructureEvents(),
        )
        Subscriptions(self.theirs.database).add(asked, actor="test", now=self.time.now())
        allowed = dataclasses.replace(self.theirs.settings, notify_hosts=urlsplit(self.own).netloc)
        self.deliverer = Deliverer(outbox=Outbox(self.theirs.database), folder=home, settings=allowed)

    def deliver(self) -> int:
        """Post what the partner has to tell; gives how much."""
        self.time.pass_by(1)
        sent, failed = self.deliverer.deliver_due(self.time.now)
        assert failed == 0
        return sent

    def lose(self) -> None:
        """Somebody on the way says that the notice was taken, and it is not heard of again."""
        self.time.pass_by(1)
        while (notice := self.deliverer.outbox.take(now=self.time.now())) is not None:
            self.deliverer.outbox.finish(notice, now=self.time.now())

    def tell_again(self) -> int:
        """Post everything that was ever posted once more."""
        with self.theirs.database.transaction() as connection:
            connection.execute(sa.update(OUTBOX).values(state=WAITING, due_at=self.time.now()))
        return self.deliver()

    def visit(self):
        self.time.pass_by(1)
        return Worker(parts=self.ours.parts()).work_off()

    def visit_on_schedule(self):
        self.time.pass_by(3600)
        parts = self.ours.parts()
        queue_due(parts.sources, parts.runs, now=self.time.now())
        return self.visit()

    def are_equal(self) -> bool:
        """Tell whether both say the same to the public, byte for byte but for the headers of messages."""
        return all(said(self.partner, flow) == said(self.own, flow) for flow in self.flows)

    def publish(self, rows, flow=FLOW) -> None:
        publish(self.theirs, rows, flow)


def said(address: str, flow: Ref) -> list[bytes]:
    """What a hub says of a dataflow, without the headers of its messages."""
    found = []
    for path in PATHS:
        with contextlib.closing(get(f"{address}/sdmx/v2/{path.format(flow.version)}")) as answer:
            found.append(HEADER.sub(b"", answer.read()))
    return found


def get(url: str):
    try:
        return urllib.request.urlopen(url, timeout=30)  # noqa: S310 - our own address on loopback
    except urllib.error.HTTPError as error:  # nothing there is an answer too
        return error


def publish(hub: Hub, rows, flow: Ref) -> None:
    """Publish these observations of a dataflow in place of all there were."""
    hub.time.pass_by(1)
    structure = hub.registry.snapshot().structure_of(Urn("Dataflow", flow))
    with connect() as connection:
        connection.execute(f"CREATE TEMP TABLE sent ({', '.join(f'{quoted(name)} VARCHAR' for name in COLUMNS)})")
        values = [[row.get(column) for column in COLUMNS] for row in rows]
        if values:
            marks = ", ".join("?" for _ in COLUMNS)
            connection.executemany(f"INSERT INTO sent VALUES ({marks})", values)  # noqa: S608 - marks alone
        sent = Rows(connection=connection, sql="FROM sent", columns=COLUMNS, is_sorted=False)
        views = {PUBLIC: sent, INTERNAL: sent}
        staged = hub.observations.stage(flow, structure, views, scope={}, action=Action.REPLACE)
    hub.observations.release([staged], Lineage(source="test"), actor="test", now=hub.time.now())
    hub.time.pass_by(1)


def next_structure() -> tuple[Artefact, ...]:
    """The next version of the dataflow: an area more, a structure of its own."""
    found = []
    for artefact in make_artefacts(areas="SEN MLI GHA TUN BEN"):
        document = json.loads(json.dumps(artefact.document))
        if (artefact.urn.class_name, artefact.ref.id) in {
            ("Codelist", "CL_REF_AREA"), ("DataStructure", "DSD"), ("Dataflow", "DF"),
        }:  # fmt: skip
            text = json.dumps(document | {"version": "1.1.0"})
            for name in ("CL_REF_AREA", "DSD"):
                text = text.replace(f"{name}(1.0.0)", f"{name}(1.1.0)")
            found.append(Artefact(artefact.artefact_class, json.loads(text)))
    return tuple(found)


@pytest.fixture(autouse=True)
def token(monkeypatch):
    monkeypatch.setenv("PARTNER_NOTICES", TOKEN)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """One pair for all tests: each leaves it equal, and publishes what was never there."""
    with contextlib.ExitStack() as stack, pytest.MonkeyPatch.context() as patched:
        patched.setenv("PARTNER_NOTICES", TOKEN)
        pair = Pair(tmp_path_factory.mktemp("pair"), stack)
        pair.publish([observation("SEN", "2020", "10"), observation("MLI", "2020", "30")])
        pair.deliver()
        assert [run.state for run in pair.visit()] == [State.SUCCEEDED]
        assert pair.are_equal()
        yield pair


CHANGES = {
    "insert": [observation("SEN", "2020", "10"), observation("MLI", "2020", "30"), observation("GHA", "2021", "1.10")],
    "revise": [observation("SEN", "2020", "11", status="E", COMMENT="été, “b”"), observation("MLI", "2020", "30")],
    "delete": [observation("MLI", "2020", "30")],
    "delete all": [],
}


def test_what_is_published_is_here_as_soon_as_it_was_told(pair):
    for change, rows in CHANGES.items():
        pair.publish(rows)
        assert not pair.are_equal()
        assert pair.deliver() == 1
        (run,) = pair.visit()
        assert (run.trigger, run.state) == (Trigger.NOTICE, State.SUCCEEDED), change
        assert pair.are_equal(), change
        assert pair.visit() == []


def test_a_lost_notice_is_made_good_by_the_schedule(pair):
    pair.publish([observation("SEN", "1990", "1")])
    pair.lose()
    assert pair.visit() == []
    assert not pair.are_equal()
    (run,) = pair.visit_on_schedule()
    assert (run.trigger, run.state) == (Trigger.SCHEDULE, State.SUCCEEDED)
    assert pair.are_equal()
    pair.publish([observation("SEN", "1991", "1")])  # and the next one is heard again
    pair.deliver()
    assert [run.trigger for run in pair.visit()] == [Trigger.NOTICE]
    assert pair.are_equal()


def test_our_hub_is_away_and_hears_of_it_later(pair):
    nobody = dataclasses.replace(pair.deliverer.settings, notify_hosts="127.0.0.1:9")
    away = dataclasses.replace(pair.deliverer, settings=nobody)
    pair.publish([observation("SEN", "1992", "1")])
    pair.time.pass_by(1)
    assert away.deliver_due(pair.time.now) == (0, 1)
    assert pair.visit() == []
    pair.time.pass_by(60)
    assert pair.deliver() == 1
    assert [run.state for run in pair.visit()] == [State.SUCCEEDED]
    assert pair.are_equal()


def test_a_notice_sent_twice_costs_one_visit_or_one_that_finds_nothing(pair):
    pair.publish([observation("SEN", "1993", "1")])
    assert pair.deliver() == 1
    assert pair.tell_again() > 1
    (run,) = pair.visit()
    assert run.state is State.SUCCEEDED
    releases = len(pair.ours.observations.releases(FLOW))
    pair.tell_again()
    assert [run.state for run in pair.visit()] == [State.UNCHANGED]
    assert len(pair.ours.observations.releases(FLOW)) == releases
    assert pair.are_equal()


FORGED = (
    "<x>Dataflow=TEST:DF(1.0.0)</x>",
    "Dataflow=OTHER:FLOW(1.0)",
    "not a message",
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>",
    "<Action>Delete</Action> urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=TEST:DF(1.0.0) http://169.254.169.254/",
)


def post(url: str, body: str, **headers: str) -> int:
    request = urllib.request.Request(url, body.encode(), headers, method="POST")  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_forged_notice_changes_nothing(pair):
    address = f"{pair.own}/api/notify/P"
    for url, headers in (
        (address, {}),
        (f"{address}?token={TOKEN}x", {}),
        (address, {"Authorization": f"Bearer {TOKEN[:-1]}"}),
        (f"{pair.own}/api/notify/NONE?token={TOKEN}", {}),
    ):
        assert post(url, FORGED[0], **headers) == 401
    assert pair.visit() == []
    assert post(f"{address}?token={TOKEN}", "x" * 2_000_000) == 413
    assert pair.visit() == []
    releases = len(pair.ours.observations.releases(FLOW))
    for body in FORGED:  # by somebody who knows the token: it says when to look, not what to find
        pair.time.pass_by(1)
        assert post(f"{address}?token={TOKEN}", body) == 202
    (run,) = pair.visit()
    assert run.state is State.UNCHANGED
    hosts = {urlsplit(request.url).netloc for request in pair.ours.runs.requests(run.id)}
    assert hosts == {urlsplit(pair.partner).netloc}
    assert len(pair.ours.observations.releases(FLOW)) == releases
    assert pair.are_equal()


def test_a_new_version_of_a_structure_comes_with_its_data(pair):
    pair.theirs.registry.save(next_structure(), actor="test", now=pair.time.now())
    pair.publish([observation("BEN", "2024", "5"), observation("SEN", "2020", "10")], NEXT)
    pair.publish([observation("SEN", "1994", "1")])
    flows = "  - dataflow: TEST:DF(1.1.0)\n    id: NEXT\n"
    pair.ours.add_source(f"{pair.partner}/sdmx/v2", flow=flows, **SOURCE)
    pair.flows = [FLOW, NEXT]
    assert pair.deliver() >= 3  # artefacts, and data of both versions
    assert {run.flow: run.state for run in pair.visit()} == {"DF": State.SUCCEEDED, "NEXT": State.SUCCEEDED}
    assert pair.are_equal()
    assert pair.ours.registry.snapshot().find(next_structure()[0].urn) is not None


FATES = st.sampled_from(["told", "lost", "twice", "late"])
STEPS = st.lists(st.tuples(st.one_of(STATES, st.sampled_from(["roll back", "nothing"])), FATES), min_size=4, max_size=5)


@settings(
    max_examples=2,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(steps=STEPS)
def test_whatever_happens_to_notices_a_pair_stays_equal(tmp_path_factory, steps):
    with contextlib.ExitStack() as stack:
        pair = Pair(tmp_path_factory.mktemp("pair"), stack)
        pair.publish(rows_of({CELLS[0]: ("7", "A", None), CELLS[5]: ("8", "E", "x")}))
        for step, fate in steps:
            if step == "roll back":
                roll_back(pair.theirs)
            elif step != "nothing":
                pair.publish(rows_of(step))
            pair.lose() if fate == "lost" else fate == "late" or pair.deliver()
            runs = pair.visit_on_schedule() if fate == "lost" else pair.visit()
            runs += pair.visit() if fate == "twice" and pair.tell_again() else []
            assert {run.state for run in runs} <= GOOD, (step, fate)
            assert fate == "late" or pair.are_equal(), (step, fate)
        pair.deliver()
        pair.visit()
        assert pair.are_equal()
