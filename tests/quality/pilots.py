"""Pilots on loopback: a hub with the structures of the pack and a clock of its own, partners that follow a script."""

from __future__ import annotations

import csv
import datetime as dt
import functools
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from flask.testing import FlaskClient

from sdmx_hub.cli.pilot_run import run_round
from sdmx_hub.harvest.source_file import read_source_file
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.model.urn import Urn, parse_ref
from sdmx_hub.quality.pilot import Plan
from sdmx_hub.quality.pilot_file import PlanFile, read_plan_file
from sdmx_hub.quality.pilot_judge import Judged, judge_pilot
from sdmx_hub.quality.pilot_release import release_pilot
from sdmx_hub.quality.pilot_runs import source_documents
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import DataQuery
from sdmx_hub.store.database import open_database
from sdmx_hub.store.run_rows import Run
from tests.harvest.hubs import BareHub
from tests.harvest.partner import Partner, Reply
from tests.harvest.virtual import VirtualTime
from tests.quality.cells import cell
from tests.support.homes import make_office

FLOW = "ILMH:DF_FLOW_PERMIT(1.0.0)"
RUNS = "ILMH:DF_Q_RUN(1.0.0)"
CSV = "application/vnd.sdmx.data+csv;version=2.0.0"
JSON = "application/vnd.sdmx.structure+json;version=2.0.0"


class PilotHub(BareHub):
    """A hub with the structures of the pack, whose clock goes when told."""

    def __init__(self, home: Path, now: dt.datetime) -> None:
        make_office(home)
        database = open_database(f"sqlite:///{home / 'control.db'}")
        database.migrate()
        super().__init__(home, VirtualTime(now), database)

    def client(self) -> FlaskClient:
        return self.app().test_client()

    def add_source(self, source: str, endpoint: str, area: str, *, more: str = "") -> None:
        """Add a partner that serves DF_FLOW_PERMIT of one area; its provider is its id."""
        path = self.home / f"{source}.yaml"
        path.write_text(
            f"id: {source}\ntitle: {{en: {source}}}\nendpoint: {endpoint}\napi: v2\nschedule: {{every: 1 day}}\n"
            f"full_every: 0\n{more}"
            f"flows:\n  - dataflow: {FLOW}\n    provider: {source}\n    filters: {{REF_AREA: [{area}]}}\n",
            encoding="utf-8",
        )
        file = read_source_file(path)
        assert file.findings == (), [finding.text() for finding in file.findings]
        self.parts().sources.save(source, file.text, file.sha256, origin="test", actor="test", now=self.time.now())

    def read_plan(self, text: str) -> PlanFile:
        path = self.home / "plan.yaml"
        path.write_text(text, encoding="utf-8")
        return read_plan_file(path, self.registry.snapshot(), source_documents(self.database))

    def plan(self, text: str) -> Plan:
        file = self.read_plan(text)
        assert file.plan is not None, [finding.text() for finding in file.findings]
        return file.plan

    def run(self, plan: Plan, period: str | None = None) -> tuple[Run, ...]:
        """Begin a round and visit everybody."""
        return run_round(Worker(parts=self.parts()), plan, period=period, actor="test")[1]

    def judge(self, plan: Plan) -> Judged:
        return judge_pilot(plan, self.database, self.registry.snapshot(), self.observations, now=self.time.now())

    def publish(self, plan: Plan) -> tuple[int, int, int, int]:
        """Publish the indicators: added, revised, deleted, unchanged."""
        reports = release_pilot(self.judge(plan), self.registry.snapshot(), self.observations, now=self.time.now())
        assert not any(report.has_errors for report in reports), [one.text() for r in reports for one in r.findings]
        names = ("added", "revised", "deleted", "unchanged")
        return tuple(sum(getattr(report, name) for report in reports) for name in names)  # type: ignore[return-value]

    def rows(self, flow: str, *columns: str) -> list[tuple[str, ...]]:
        ref, structure = parse_ref(flow), self.registry.snapshot().structure_of(Urn("Dataflow", parse_ref(flow)))
        found = self.observations.open_rows(ref, structure, plan_data(DataQuery(), structure))
        try:
            listed = ", ".join(f'CAST("{column}" AS VARCHAR)' for column in columns)
            query = f"SELECT {listed} FROM ({found.sql}) ORDER BY ALL"  # noqa: S608 - columns of the test
            return found.connection.execute(query, list(found.params)).fetchall()
        finally:
            found.close()


def csv_reply(cells: Iterable[Mapping[str, str]], **headers: str) -> Reply:
    """Observations of DF_FLOW_PERMIT as a partner sends them."""
    rows = [{"STRUCTURE": "dataflow", "STRUCTURE_ID": FLOW, "ACTION": "R", **one} for one in cells]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), restval="")
    writer.writeheader()
    writer.writerows(rows)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(200, text.getvalue().encode(), {"Content-Type": CSV, **named})


def permits(
    area: str, provider: str, period: str, partners: Iterable[str], *, indicators: Iterable[str] = ("PERMIT_FIRST",)
) -> list[dict[str, str]]:
    """Permits of citizens of some countries by sex: three cells a country and indicator, 60 = 40 + 20."""
    return [
        cell(
            "DF_FLOW_PERMIT",
            area,
            indicator,
            partner,
            value,
            provider=provider,
            FREQ="M" if "-" in period else "A",
            TIME_PERIOD=period,
            MIG_REASON="WRK",
            SEX=sex,
        )
        for indicator in indicators
        for partner in partners
        for sex, value in (("F", "20"), ("M", "40"), ("_T", "60"))
    ]


@functools.cache
def _structure(home: Path) -> bytes:
    hub = PilotHub(home, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    try:
        path = "/sdmx/v2/structure/dataflow/ILMH/DF_FLOW_PERMIT/1.0.0?references=descendants"
        answer = hub.client().get(path, headers={"Accept": JSON})
        assert answer.status_code == 200, answer.text
        data: bytes = answer.data
        return data
    finally:
        hub.close()


def structure_reply(home: Path, *, version: str = "1.0.0") -> Reply:
    """The structures of DF_FLOW_PERMIT, the data structure in another ``version``; ``home`` is made once."""
    message = json.loads(_structure(home))
    for structure in message["data"]["dataStructures"]:
        structure["version"] = version
    text = json.dumps(message).replace("ILM_FLOW(1.0.0)", f"ILM_FLOW({version})")
    return Reply(200, text.encode(), {"Content-Type": JSON})


def serve(partner: Partner, name: str, structure: Reply, *data: Reply) -> str:
    """Let one endpoint of a partner follow a script; gives its address."""
    partner.on(f"/{name}/sdmx/v2/structure", structure)
    partner.on(f"/{name}/sdmx/v2/data", *data)
    return f"{partner.url}/{name}/sdmx/v2"
