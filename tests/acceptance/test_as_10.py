"""AS-10: a region harvests five partners on a schedule and judges the pilot."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterator

import pytest

from sdmx_hub.quality.pilot import Plan
from sdmx_hub.quality.pilot_html import write_html
from sdmx_hub.quality.pilot_report import report_pilot, write_csv
from sdmx_hub.store.run_rows import Run, State
from tests.harvest.partner import Partner, Reply, run_partner
from tests.quality.pilots import FLOW, RUNS, PilotHub, csv_reply, permits, serve, structure_reply

JANUARY_VISIT = dt.datetime(2026, 1, 20, 6, 0, tzinfo=dt.UTC)
RECEIVED = dt.datetime(2026, 2, 20, 6, 0, tzinfo=dt.UTC)
COUNTRIES = ["AGO", "BWA", "COD", "COM", "MDG", "MOZ", "MUS", "MWI", "NAM", "SWZ",
             "SYC", "TZA", "ZMB", "ZWE", "NGA", "TGO", "BFA", "CIV", "KEN", "UGA"]  # fmt: skip
INDICATORS = ("PERMIT_FIRST", "PERMIT_RENEW")
PARTNERS = {"A": ("LSO_MOLE", "LSO"), "B": ("ZAF_STATSSA", "ZAF"), "C": ("BEN_DGT", "BEN"),
            "D": ("CMR_MINEFOP", "CMR"), "E": ("GHA_GIS", "GHA")}  # fmt: skip
ABSENT = ["AGO", "BWA", "COD", "COM", "MDG", "MOZ", "MUS", "MWI"]
"""Countries of which A does not tell the renewals by women: 8 of 120 cells."""
LIMITS = "limits: {idle_seconds: 1, seconds: 5}\n"
LISTED = "\n".join(f"  - {{source: {source}, area: {area}}}" for source, area in PARTNERS.values())
PLAN = f"""
id: SADC
title: {{en: Work permits of five countries, fr: Permis de travail de cinq pays, es: Permisos de cinco países}}
area: G_AU
participants:
{LISTED}
flows:
  - dataflow: {FLOW}
    required:
      - codes:
          INDICATOR: [{", ".join(INDICATORS)}]
          COUNTERPART_AREA: [{", ".join(COUNTRIES)}]
          SEX: [F, M, _T]
    derogations: []
calendar:
  - {{period: 2026-01, due: 2026-02-15}}
  - {{period: 2026-02, due: 2026-03-15}}
  - {{period: 2026-03, due: 2026-04-15}}
"""
DEROGATIONS = f"""derogations:
      - participant: LSO_MOLE
        codes: {{INDICATOR: [PERMIT_RENEW], COUNTERPART_AREA: [{", ".join(ABSENT[:4])}], SEX: [F]}}
        periods: [2026-01]
        reason: not asked by the form of 2025"""


@pytest.fixture(scope="module")
def partner() -> Iterator[Partner]:
    with run_partner() as running:
        yield running


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PilotHub]:
    found = PilotHub(tmp_path_factory.mktemp("region") / "home", JANUARY_VISIT)
    yield found
    found.close()


@pytest.fixture(scope="module")
def plan(hub: PilotHub, partner: Partner, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Five partners; B and D have been visited in January, with the figures of December."""
    home = tmp_path_factory.mktemp("structure")
    structure = structure_reply(home / "home")
    mechanisms = {"A": "delta", "B": "conditional", "C": "delta", "D": "delta", "E": "pull"}
    for name, (source, area) in PARTNERS.items():
        december = csv_reply(permits(area, source, "2025-12", COUNTRIES, indicators=INDICATORS), ETag='"december"')
        endpoint = serve(partner, name.lower(), structure, december)
        hub.add_source(source, endpoint, area, more=f"mechanism: {mechanisms[name]}\n{LIMITS}")
    read = hub.plan(PLAN)
    early = {PARTNERS[name][0] for name in "BD"}
    shortened = re.sub(r"  - \{source: (\w+), area: \w+\}\n", lambda row: row[0] if row[1] in early else "", PLAN)
    done = hub.run(hub.plan(shortened.replace("period: 2026-01, due: 2026-02-15", "period: 2025-12, due: 2026-01-15")))
    assert [one.state for one in done] == [State.SUCCEEDED, State.SUCCEEDED]
    script(partner, structure, structure_reply(home / "home", version="2.0.0"))
    return read


def script(partner: Partner, structure: Reply, other: Reply) -> None:
    """What the five say on 20 February."""

    def january(name: str) -> list[dict[str, str]]:
        source, area = PARTNERS[name]
        return permits(area, source, "2026-01", COUNTRIES, indicators=INDICATORS)

    def is_absent(row: dict[str, str]) -> bool:
        return (row["INDICATOR"], row["SEX"]) == ("PERMIT_RENEW", "F") and row["COUNTERPART_AREA"] in ABSENT

    serve(partner, "a", structure, csv_reply(row for row in january("A") if not is_absent(row)))
    serve(partner, "b", structure, Reply(304, headers={"ETag": '"december"'}))
    again = Reply(503, headers={"Retry-After": "2"})
    serve(partner, "c", structure, Reply(503), again, csv_reply(january("C")))
    serve(partner, "d", structure, Reply(raw=b"HTTP/1.1 200 OK\r\n", drip=30))
    serve(partner, "e", other, csv_reply(january("E")))


@pytest.fixture(scope="module")
def visits(hub: PilotHub, plan: Plan) -> dict[str, Run]:
    hub.time.at = RECEIVED
    hub.time.waits.clear()
    return dict(zip(PARTNERS, hub.run(plan), strict=True))


def test_each_partner_ends_as_it_must(hub, plan, visits) -> None:
    assert {name: run.state.value for name, run in visits.items()} == {
        "A": "succeeded", "B": "unchanged", "C": "succeeded", "D": "failed", "E": "failed",
    }  # fmt: skip
    assert visits["B"].outcome.verdict.key == "harvest-not-modified"
    assert visits["D"].outcome.verdict.key == "fetch-timeout"
    assert visits["E"].outcome.verdict.key == "STRUCT-MISMATCH"
    report = report_pilot(hub.judge(plan), hub.registry.snapshot(), "en")
    by_source = {row["source"]: row for row in report["partners"]}
    assert [(by_source[source]["http"], by_source[source]["tries"]) for source, _ in PARTNERS.values()] == [
        (200, 1), (304, 1), (200, 3), (None, 3), (200, 1),
    ]  # fmt: skip
    assert visits["C"].finished_at - visits["C"].started_at >= dt.timedelta(seconds=4)  # it was left alone twice
    assert by_source["CMR_MINEFOP"]["age_days"] == 31
    assert ("CMR", "2025-12") in hub.rows(FLOW, "REF_AREA", "TIME_PERIOD")  # the last good state stands
    assert "STRUCT-MISMATCH" in {finding["code"] for finding in report["findings"]}
    assert str(hub.home) not in json.dumps(report)


def figures(hub: PilotHub, plan: Plan) -> dict[tuple[str | None, str], float]:
    report = report_pilot(hub.judge(plan), hub.registry.snapshot(), "en")
    return {(row["participant"], row["indicator"]): row["value"] for row in report["flows"][0]["indicators"]}


def test_the_indicators_are_as_stated(hub, plan, visits) -> None:
    found = figures(hub, plan)
    assert found[None, "UPTIME"] == 60.0
    assert [found["LSO_MOLE", name] for name in ("TL_DAYS", "PUNCT_DAYS", "R1_COMPL")] == [20, 5, 93.3]
    assert found["BEN_DGT", "R1_COMPL"] == found["BEN_DGT", "VALID_RT"] == 100.0
    assert found["CMR_MINEFOP", "R1_COMPL"] == found["CMR_MINEFOP", "UPTIME"] == 0.0


def test_derogations_are_left_out_of_what_is_required(hub, plan, visits) -> None:
    assert figures(hub, hub.plan(PLAN.replace("derogations: []", DEROGATIONS)))["LSO_MOLE", "R1_COMPL"] == 96.6


def test_the_pilot_is_extended_because_of_uptime(hub, plan, visits) -> None:
    (verdict,) = hub.judge(plan).verdicts
    assert verdict.verdict == "extend"
    assert any(reason.text("en") == "2026-01: UPTIME 60 is below 95" for reason in verdict.reasons)
    assert not any(reason.params.get("who") == "LSO_MOLE " for reason in verdict.reasons)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Verdict: extend"), ("fr", "Verdict : prolonger"), ("es", "Veredicto: prolongar")]
)
def test_the_report_exists_as_a_page_and_as_a_table(hub, plan, visits, language, words) -> None:
    report = report_pilot(hub.judge(plan), hub.registry.snapshot(), language)
    page = write_html(report, language)
    assert words in page
    assert "STRUCT-MISMATCH" in page
    rows = list(csv.DictReader(io.StringIO(write_csv(report), newline="")))
    assert {
        (row["indicator"], row["value"], row["met"]) for row in rows if row["participant"] == row["mechanism"] == ""
    } == {("UPTIME", "60.0", "false")}


def test_the_indicators_are_published_and_again_in_the_same_minute_nothing_changes(hub, plan, visits, partner) -> None:
    added, *others = hub.publish(plan)
    assert (added > 10, others) == (True, [0, 0, 0])
    told = hub.rows(RUNS, "FREQ", "REF_AREA", "INDICATOR", "DATAFLOW_REF", "TIME_PERIOD", "OBS_VALUE")
    assert ("M", "G_AU", "UPTIME", "DF_FLOW_PERMIT", "2026-01", "60.0") in told
    assert ("M", "LSO", "R1_COMPL", "DF_FLOW_PERMIT", "2026-01", "93.3") in told
    assert ("M", "LSO", "TL_DAYS", "DF_FLOW_PERMIT", "2026-01", "20") in told
    assert ("M", "LSO", "PUNCT_DAYS", "DF_FLOW_PERMIT", "2026-01", "5") in told
    asked = len(partner.seen)
    hub.time.at = RECEIVED + dt.timedelta(seconds=50)
    assert [run.id for run in hub.run(plan)] == [run.id for run in visits.values()]
    assert len(partner.seen) == asked
    assert hub.publish(plan) == (0, 0, 0, added)
    assert hub.rows(RUNS, "FREQ", "REF_AREA", "INDICATOR", "DATAFLOW_REF", "TIME_PERIOD", "OBS_VALUE") == told


def test_the_next_visit_asks_for_what_changed_since_the_last_good_one(hub, plan, visits, partner) -> None:
    before = len(partner.seen)
    started = {name: hub.parts().runs.get(run.id).started_at for name, run in visits.items()}
    partner.on("/d/sdmx/v2/data", Reply(204))
    hub.time.at = RECEIVED + dt.timedelta(days=1)
    hub.run(plan)
    asked = {
        seen.path[1].upper(): match[1]
        for seen in partner.seen[before:]
        if (match := re.search(r"updatedAfter=([0-9T:%A-Z-]+?)(?:Z|%2B|\+|\.|&|$)", seen.path))
    }
    told = {name: at.replace("%3A", ":") for name, at in asked.items()}
    assert told["A"] == started["A"].strftime("%Y-%m-%dT%H:%M:%S")
    assert told["C"] == started["C"].strftime("%Y-%m-%dT%H:%M:%S")
    assert told["D"] == JANUARY_VISIT.strftime("%Y-%m-%dT%H:%M") + told["D"][16:]
