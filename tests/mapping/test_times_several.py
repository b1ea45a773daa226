"""Times that one table writes in several ways, shares that are no parts, and digits no unit takes away."""

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


@pytest.mark.parametrize(
    ("figure", "units", "thousands"),
    [
        ("49.2178947981909", "49217894.7981909", "0.0492178947981909"),
        ("0.3106905873377675", "310690.5873377675", "0.0003106905873377675"),
        ("-0.5", "-500000", "-0.0005"),
        ("123456789012345678901", "123456789012345678901000000", "123456789012345678.901"),
        ("1.10", "1100000", "0.0011"),
        ("0", "0", "0"),
        ("-0.0", "0", "0"),
    ],
)
def test_no_digit_is_lost_when_values_are_brought_to_one_multiplier(
    figure: str, units: str, thousands: str, apply_text: Callable[..., Mapped]
) -> None:
    for mult, wanted, value in (("6", "0", units), ("0", "3", thousands)):
        changes = {
            "UNIT_MEASURE: PS": f"UNIT_MEASURE: PS\n  UNIT_MULT: {mult}",
            "rest: _T": f"rest: _T\nunits: {{common_mult: {wanted}}}",
            "{column: n}": "{column: n, decimal: '.'}",
        }
        mapped = apply_text(f"area,n\nFRA,{figure}\n", changes)
        assert observations(mapped, "OBS_VALUE", "UNIT_MULT") == [(value, wanted)]
