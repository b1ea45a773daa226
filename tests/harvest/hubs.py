"""Two small hubs: one publishes and serves, the other harvests it. Both are the real thing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from sdmx_hub.config import Settings
from sdmx_hub.harvest.parts import Parts
from sdmx_hub.harvest.raw import raw_store_in
from sdmx_hub.harvest.source_file import read_source_file
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.finding import has_errors
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import Rows, quoted
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import DataQuery
from sdmx_hub.store.database import Database
from sdmx_hub.store.manifest import INTERNAL, PUBLIC
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.registry import Registry
from sdmx_hub.store.releases import Lineage
from sdmx_hub.store.run_rows import Run, Slot, Trigger
from sdmx_hub.store.runs import Runs
from sdmx_hub.web.app import create_app
from tests.factories import OBSERVATION, component, make_codelist, make_concepts, make_dataflow, make_dsd, series
from tests.harvest.virtual import BEGIN, VirtualTime
from tests.support.engine import connect
from tests.support.homes import make_database
from tests.support.serving import serving

FLOW = Ref("TEST", "DF", "1.0.0")
KEYS = ("FREQ", "REF_AREA", "SEX", "TIME_PERIOD")
COLUMNS = (*KEYS, "OBS_VALUE", "UNIT_MEASURE", "OBS_STATUS", "COMMENT")
Row = Mapping[str, str | None]


def make_artefacts(
    *, version: str = "1.0.0", areas: str = "SEN MLI GHA TUN", sexes: str = "F M _T", extra: Iterable[str] = ()
) -> tuple[Artefact, ...]:
    """Make a dataflow and all it stands on; ``extra`` are further dimensions, coded by the areas."""
    return (
        make_concepts([*COLUMNS, *extra]),
        make_codelist("CL_FREQ", ["A", "Q"]),
        make_codelist("CL_REF_AREA", areas.split()),
        make_codelist("CL_SEX", sexes.split()),
        make_codelist("CL_UNIT", ["USD", "PS"]),
        make_codelist("CL_OBS_STATUS", ["A", "E", "M", "V"]),
        make_dsd(
            [
                *(component(name, f"CL_{name}") for name in KEYS[:3]),
                *(component(name, "CL_REF_AREA") for name in extra),
            ],
            attributes=[
                component("UNIT_MEASURE", "CL_UNIT", **series(*KEYS[:3])),
                component("OBS_STATUS", "CL_OBS_STATUS", **OBSERVATION),
                component("COMMENT", data_type="String", **OBSERVATION),
            ],
            version=version,
        ),
        make_dataflow(),
    )


def observation(area: str, period: str, value: str, *, sex: str = "F", status: str = "A", **more: str) -> Row:
    """Make one observation."""
    return {
        "FREQ": "A",
        "REF_AREA": area,
        "SEX": sex,
        "TIME_PERIOD": period,
        "OBS_VALUE": value,
        "UNIT_MEASURE": "USD",
        "OBS_STATUS": status,
        "COMMENT": None,
    } | more


class BareHub:
    """A hub with a clock of its own, as its control database says."""

    def __init__(self, home: Path, time: VirtualTime, database: Database) -> None:
        self.home, self.time, self.database = home, time, database
        self.registry = Registry(database)
        self.observations = Observations(database, home / "observations", clock=time.now)
        self.settings = Settings(hub_id="TEST", allow_loopback=True)

    def close(self) -> None:
        self.observations.close()
        self.database.close()

    def app(self) -> Flask:
        return create_app(
            database=self.database,
            registry=self.registry,
            observations=self.observations,
            settings=self.settings,
            now=self.time.now,
        )

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve until the block is left; gives the address."""
        with serving(self.app()) as address:
            yield address

    def parts(self) -> Parts:
        """What a worker of this hub works with."""
        return Parts(
            database=self.database,
            registry=self.registry,
            observations=self.observations,
            raw=raw_store_in(self.home / "raw"),
            settings=self.settings,
            clock=self.time.clock,
            lease=dt.timedelta(days=30),
        )


class Hub(BareHub):
    """A hub with one dataflow."""

    def __init__(
        self,
        home: Path,
        time: VirtualTime,
        artefacts: Iterable[Artefact] | None = None,
        database: Database | None = None,
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        super().__init__(home, time, make_database(home / "control.db") if database is None else database)
        self.registry.save(make_artefacts() if artefacts is None else artefacts, actor="test", now=BEGIN)

    @property
    def structure(self):
        return self.registry.snapshot().structure_of(Urn("Dataflow", FLOW))

    @property
    def runs(self) -> Runs:
        return Runs(self.database)

    def publish(self, rows: Iterable[Row]) -> None:
        """Publish these observations in place of all there were."""
        self.time.pass_by(1)
        with connect() as connection:
            columns = ", ".join(f"{quoted(column)} VARCHAR" for column in COLUMNS)
            connection.execute(f"CREATE TEMP TABLE sent ({columns})")
            values = [[row.get(column) for column in COLUMNS] for row in rows]
            if values:
                connection.executemany("INSERT INTO sent VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
            sent = Rows(connection=connection, sql="FROM sent", columns=COLUMNS, is_sorted=False)
            staged = self.observations.stage(
                FLOW, self.structure, {PUBLIC: sent, INTERNAL: sent}, scope={}, action=Action.REPLACE
            )
        self.observations.release([staged], Lineage(source="test"), actor="test", now=self.time.now())
        self.time.pass_by(1)

    def held(self, audience: str = PUBLIC) -> list[Row]:
        """What an audience sees now, in the order of the key."""
        rows = self.observations.open_rows(
            FLOW, self.structure, plan_data(DataQuery(), self.structure), audience=audience
        )
        found = [
            dict(zip(rows.columns, (None if one is None else str(one) for one in values), strict=True))
            for values in rows.connection.execute(rows.sql, list(rows.params)).fetchall()
        ]
        rows.close()
        return sorted(found, key=lambda row: [str(row[key]) for key in KEYS])

    def add_source(self, endpoint: str, *, flow: str = "", **keys: object) -> None:
        """Add the source ``P``; ``keys`` are further lines of its file, ``flow`` of its flow."""
        values = {"api": "v2", "mechanism": "delta", "full_every": 0, "schedule": "{every: 1 hour}", **keys}
        lines = "".join(f"{name}: {value}\n" for name, value in values.items())
        path = self.home / "P.yaml"
        path.write_text(
            f"id: P\ntitle: {{en: Partner}}\nendpoint: {endpoint}\n{lines}flows:\n  - dataflow: TEST:DF(1.0.0)\n{flow}",
            encoding="utf-8",
        )
        file = read_source_file(path)
        assert not has_errors(file.findings), [finding.text() for finding in file.findings]
        self.parts().sources.save("P", file.text, file.sha256, origin="test", actor="test", now=self.time.now())

    def harvest(self, **more: bool) -> Run:
        """Visit the partner once, now."""
        self.time.pass_by(60)
        slot = Slot(source="P", flow="DF", slot=self.time.now(), host="p", trigger=Trigger.MANUAL, **more)
        queued = self.runs.queue(slot, now=self.time.now())
        assert queued is not None
        done = Worker(parts=self.parts()).work_on(queued.id)
        self.time.pass_by(60)
        return done


def told(run: Run) -> tuple[str, int, int, int, int]:
    """How a run ended, in short: state, added, revised, deleted, unchanged."""
    outcome = run.outcome
    return run.state.value, outcome.added, outcome.revised, outcome.deleted, outcome.unchanged
