"""Times that one table writes in several ways, and shares that are no parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sdmx_hub.errors import BadRequest
from sdmx_hub.load.release import check_file
from sdmx_hub.load.report import LoadOrder
from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.mapping.rules import TimeRule
from sdmx_hub.mapping.times import check_pattern, read_time
from sdmx_hub.store.artefacts import Artefacts
from tests.mapping.tables import MAPPINGS, observations

MONTHS_AND_TOTALS = "{yyyy} | {month} {or} {yyyy} | Q{q} Total {or} Total {yyyy}"


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2015 | Jan", "2015-01"),
        ("2015 | Q3 Total", "2015-Q3"),
        ("Total 2015", "2015"),
        ("2015 | Q5 Total", None),
        ("2015 | Total", None),
        ("", None),
    ],
)
def test_whichever_pattern_fits_reads_the_time(text: str, period: str | None) -> None:
    assert read_time(text, TimeRule(pattern=MONTHS_AND_TOTALS)) == period


def test_patterns_are_tried_from_the_left() -> None:
    assert read_time("2023", TimeRule(pattern="{yyyy} {or} iso", year_start="--04-01")) == "2023-A1"
    assert read_time("2023-Q1", TimeRule(pattern="{yyyy} {or} iso")) == "2023-Q1"


@pytest.mark.parametrize("pattern", ["{yyyy} {or} {month}", "{yyyy} {or}", "{or} {yyyy}"])
def test_each_pattern_names_a_year(pattern: str) -> None:
    with pytest.raises(BadRequest):
        check_pattern(pattern)


def test_a_table_of_months_and_years_is_read_by_one_mapping(apply_text: Callable[..., Mapped]) -> None:
    changes = {
        "TIME_PERIOD: 2023": 'TIME_PERIOD: {column: when, time: "{month} {yyyy} {or} Total {yyyy}"}',
        "FREQ: A": 'FREQ: {column: when, extract: "^(Total)", codes: {Total: A, "": M}}',
    }
    mapped = apply_text("area,when,n\nFRA,January 2023,3\nFRA,Total 2023,40\n", changes)
    assert observations(mapped, "FREQ", "TIME_PERIOD", "OBS_VALUE") == [("M", "2023-01", "3"), ("A", "2023", "40")]


@pytest.mark.parametrize(("value", "wrong"), [("167.4317309", []), ("-1", ["V07"])])
def test_remittances_may_be_more_than_all_of_gdp(
    value: str, wrong: list[str], tmp_path: Path, artefacts: Artefacts
) -> None:
    file = tmp_path / "remittances_gdp.csv"
    file.write_text(f"geo_area,nature,units,year,bx_trf_pwkr\n426,ca,percent,1990,{value}\n", encoding="utf-8")
    report = check_file(LoadOrder(path=file, mapping=MAPPINGS / "UNSD" / "remittances_gdp.yaml"), artefacts)
    assert [finding.code for finding in report.findings] == wrong
