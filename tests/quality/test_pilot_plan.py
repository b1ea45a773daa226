"""What a pilot plan may say, and what is told of one that says something else."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.quality.pilots import FLOW, PilotHub

NOW = dt.datetime(2026, 4, 20, 6, 0, tzinfo=dt.UTC)
PLAN = f"""\
id: TRY
title: {{en: A try}}
participants:
  - {{source: LSO_MOLE, area: LSO}}
  - {{source: BEN_DGT, area: BEN, mechanism: pull}}
flows:
  - dataflow: {FLOW}
    required:
      - codes: {{INDICATOR: [PERMIT_FIRST], SEX: [F, M, _T]}}
    derogations:
      - {{participant: BEN_DGT, codes: {{SEX: [F, M]}}, periods: [2026-01], reason: law}}
calendar:
  - {{period: 2026-01, due: 2026-02-15}}
  - {{period: 2026-02, due: 2026-03-15}}
  - {{period: 2026-03, due: 2026-04-15}}
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    found = PilotHub(tmp_path_factory.mktemp("plans") / "home", NOW)
    found.add_source("LSO_MOLE", "https://lso.example/sdmx/v2", "LSO", more="due: {days_after_period: 15}\n")
    found.add_source("BEN_DGT", "https://ben.example/sdmx/v2", "BEN", more="mechanism: pull\n")
    yield found
    found.close()


def test_a_plan_is_read_with_its_defaults(hub):
    plan = hub.plan(PLAN)
    assert [plan.threshold(name) for name in ("UPTIME", "PUNCT_DAYS", "R1_COMPL", "VALID_RT", "CC1_ABS")] == [
        95, 5, 90, 98, 0.20,
    ]  # fmt: skip
    assert [entry.last_day.isoformat() for entry in plan.calendar] == ["2026-01-31", "2026-02-28", "2026-03-31"]
    assert hub.plan(PLAN + "thresholds: {CC1_ABS: 0.3, UPTIME: 80}\n").threshold("CC1_ABS") == 0.3


WINDOWS = {"2026-01-31": None, "2026-02-01": "2026-01", "2026-03-31": "2026-02", "2027-01-01": "2026-03"}


@pytest.mark.parametrize(("at", "period"), WINDOWS.items())
def test_a_visit_is_about_the_last_period_that_has_ended(hub, at, period):
    assert hub.plan(PLAN).period_of(dt.datetime.fromisoformat(f"{at}T00:00:00+00:00")) == period


FAULTS = {
    "an unknown key": ("participants:", "partners: []\nparticipants:", "PILOT-KEY", 3),
    "no title": ("title: {en: A try}\n", "", "PILOT-REQUIRED", 1),
    "no such mechanism": ("pull", "push", "PILOT-VALUE", 5),
    "another mechanism": ("pull", "subscription", "PILOT-MECHANISM", 5),
    "two periods": ("  - {period: 2026-03, due: 2026-04-15}\n", "", "PILOT-LIMIT", 12),
    "no such day": ("2026-04-15", "2026-04-31", "PILOT-DATE", 15),
    "another frequency": ("2026-03,", "2026-Q1,", "PILOT-FREQUENCY", 15),
    "another order": ("2026-02,", "2025-12,", "PILOT-ORDER", 14),
    "the same twice": ("BEN_DGT, area: BEN, mechanism: pull", "LSO_MOLE, area: BEN", "PILOT-TWICE", 3),
    "one area twice": ("area: BEN", "area: LSO", "PILOT-AREA", 7),
    "a derogation of nobody": ("participant: BEN_DGT", "participant: BEN_DTG", "PILOT-PARTICIPANT", 11),
    "an unknown source": ("source: LSO_MOLE", "source: LSO_MOL", "PILOT-SOURCE", 4),
    "a dataflow nobody sends": ("DF_FLOW_PERMIT", "DF_FLOW_WORK", "PILOT-NOT-SENT", 7),
    "an unknown dimension": ("{INDICATOR:", "{INDICATORS:", "PILOT-DIMENSION", 9),
    "an unknown code": ("[F, M, _T]", "[F, M, T]", "PILOT-CODE", 9),
    "no agreed day": ("2026-02, due: 2026-03-15", "2026-02", "PILOT-DUE", 12),
}


@pytest.mark.parametrize(("words", "others", "code", "line"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_its_line(hub, words, others, code, line):
    assert words in PLAN
    file = hub.read_plan(PLAN.replace(words, others, 1))
    assert file.plan is None
    assert (code, line) in {(finding.code, finding.where.row) for finding in file.findings}
    told = [finding.text(language) for finding in file.findings for language in ("en", "fr", "es")]
    assert all(told)
    assert not any("minItems" in text for text in told)


def test_the_agreed_day_may_be_told_by_the_source(hub):
    alone = PLAN.replace("  - {source: BEN_DGT, area: BEN, mechanism: pull}\n", "")
    alone = alone[: alone.index("    derogations")] + alone[alone.index("calendar") :]
    assert hub.plan(alone.replace(", due: 2026-03-15", "")).calendar[1].due is None
