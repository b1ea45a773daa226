"""Difficulties that show only when a table is loaded: rounding and sums, thresholds of a mapping, revisions."""

from __future__ import annotations

from pathlib import Path

from sdmx_hub.load.report import LoadReport
from tests.load.conftest import Desk
from tests.mapping.tables import changed

FLOW = "ILMH:DF_FLOW_POP(1.0.0)"
TOTAL = "totals: [{component: COUNTERPART_AREA, total: W1}]"


def load(desk: Desk, folder: Path, table: str, more: str = "", **changes: str) -> LoadReport:
    """Load a table by the mapping tests begin with, with further keys; ``changes`` are names of its lines."""
    lines = {"action: append": f"action: {changes['action']}"} if "action" in changes else {}
    if "year" in changes:
        lines["TIME_PERIOD: 2023"] = "TIME_PERIOD: {column: year}"
    (folder / "m.yaml").write_text(changed({**lines, "rest: _T": f"rest: _T\n{more}"}), encoding="utf-8")
    (folder / "t.csv").write_text(table, encoding="utf-8")
    return desk.load(folder / "t.csv", mapping=folder / "m.yaml")


def codes(report: LoadReport) -> list[str]:
    return [one.code for one in report.findings]


def test_sums_of_a_source_that_rounds_may_differ_by_as_much(desk: Desk, tmp_path: Path) -> None:
    table = "area,n\nW1,100\nFRA,50\nITA,40\n"
    assert codes(load(desk, tmp_path, table, TOTAL)) == ["SUM-01"]
    report = load(desk, tmp_path, table, f"{TOTAL}\nrounding: 10")
    assert (codes(report), report.stored) == ([], True)
    assert desk.rows(FLOW, "COMMENT_OBS") == [("Rounded to 10 by the source",)] * 3


def test_a_mapping_sets_the_thresholds_of_its_table(desk: Desk, tmp_path: Path) -> None:
    table = "area,year,n\nFRA,2020,100\nFRA,2021,350\n"
    report = load(desk, tmp_path, table, year="")
    assert (codes(report), report.stored) == (["V15"], True)
    assert codes(load(desk, tmp_path, table, "checks: {jump: 4}", year="")) == []
    assert codes(load(desk, tmp_path, table, "checks: {off: [V15]}", year="")) == []
    assert codes(load(desk, tmp_path, table, "checks: {off: [V15], sexes: true}", year="")) == ["V16"]


def test_a_part_that_is_more_than_its_whole_stops_a_load_until_somebody_answers(desk: Desk, tmp_path: Path) -> None:
    report = load(desk, tmp_path, "area,n\nW1,100\nFRA,120\n")
    assert (codes(report), report.stored) == (["V11"], False)
    answered = desk.load(tmp_path / "t.csv", mapping=tmp_path / "m.yaml", overrides=frozenset({"V11"}))
    assert (codes(answered), answered.stored, answered.has_errors) == (["V11"], True, False)


def test_a_corrected_table_is_a_new_release_and_the_old_one_is_kept(desk: Desk, tmp_path: Path) -> None:
    load(desk, tmp_path, "area,n\nFRA,10\nITA,20\n")
    before = desk.now
    report = load(desk, tmp_path, "area,n\nFRA,11\n", action="replace")
    assert (report.revised, report.deleted, report.added) == (1, 1, 0)
    assert desk.rows(FLOW, "COUNTERPART_AREA", "OBS_VALUE") == [("FRA", "11")]
    assert len(desk.observations.releases()) == 2
    assert desk.rows(FLOW, "COUNTERPART_AREA", "OBS_VALUE", now=before) == [("FRA", "10"), ("ITA", "20")]
