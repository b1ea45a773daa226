"""Figures that have to be worked on: running totals, percentages, multipliers, new money, rounding by the source."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.mapping.reading import BadMapping, parse_mapping
from sdmx_hub.model.finding import Severity
from tests.mapping.tables import changed, codes, observations

YTD = {
    "FREQ: A": "FREQ: M",
    "TIME_PERIOD: 2023": "TIME_PERIOD: {column: month}",
    "{column: n}": "{column: n, missing: {'': O}, cumulative: ytd}",
}
LENIENT = {"cumulative: ytd": "cumulative: {kind: ytd, gaps: missing}"}
SHARES = {
    "rest: _T": "rest: _T\npercentages: {component: SEX, total: _T}",
    "{column: area}": "{column: area}\n  SEX: {column: sex}",
}
MONEY = {
    "DF_FLOW_POP": "DF_REM_VALUE",
    "provider: SEN_ANSD": "provider: MRT_BCM",
    "REF_AREA: SEN": "REF_AREA: MRT",
    "INDICATOR: OUTFLOW_POP": "INDICATOR: R1_REC",
    "COUNTERPART_TYPE: CDS": "COUNTERPART_TYPE: CTP",
    "TIME_PERIOD: 2023": "TIME_PERIOD: {column: year}\n  SEND_AMOUNT: _Z",
    "UNIT_MEASURE: PS": "UNIT_MEASURE: {column: money}",
    "rest: _T": "rest: _T\nunits: {redenominations: [{from: MRO, to: MRU, since: 2018, divide_by: 10}]}",
}


def both(first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    """Changes of a mapping, changed themselves."""
    found = dict(first)
    for text, other in second.items():
        found = {old: new.replace(text, other) for old, new in found.items()}
    return found


def test_running_totals_become_figures_of_their_months(apply_text: Callable[..., Mapped]) -> None:
    table = "area,month,n\nFRA,2023-02,25\nFRA,2023-01,10\nFRA,2023-03,25\nITA,2023-01,4\nFRA,2024-01,7.5\n"
    mapped = apply_text(table, YTD)
    assert codes(mapped) == []
    assert observations(mapped, "COUNTERPART_AREA", "TIME_PERIOD", "OBS_VALUE") == [
        ("FRA", "2023-02", "15"),
        ("FRA", "2023-01", "10"),
        ("FRA", "2023-03", "0"),
        ("ITA", "2023-01", "4"),
        ("FRA", "2024-01", "7.5"),
    ]


def test_a_running_total_that_falls_is_an_error(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,month,n\nFRA,2023-01,10\nFRA,2023-02,8\nFRA,2023-03,20\n", YTD)
    [finding] = mapped.findings
    assert (finding.code, finding.where.row, finding.where.column) == ("M15-NEGATIVE", 3, "n")
    assert finding.text("en").startswith("The running total of 2023-02 is 8, less than that of the period before (10).")
    assert (mapped.read, mapped.mapped, mapped.rejected) == (3, 2, 1)
    assert observations(mapped, "OBS_VALUE") == [("10",), ("12",)]


@pytest.mark.parametrize("rows", ["FRA,2023-03,20\n", "FRA,2023-02,\nFRA,2023-03,20\n"])
def test_a_month_that_is_missing_stops_the_next_one(apply_text: Callable[..., Mapped], rows: str) -> None:
    mapped = apply_text(f"area,month,n\nFRA,2023-01,10\n{rows}", YTD)
    assert [(one.code, one.severity, one.source_value) for one in mapped.findings] == [
        ("M15-GAP", Severity.ERROR, "20")
    ]
    assert mapped.rejected == 1


def test_a_gap_may_be_declared_to_leave_the_next_month_without_value(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,month,n\nFRA,2023-01,10\nFRA,2023-03,20\nFRA,2023-04,26\n", both(YTD, LENIENT))
    assert [(one.code, one.severity) for one in mapped.findings] == [("M15-GAP", Severity.WARNING)]
    assert observations(mapped, "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS") == [
        ("2023-01", "10", "A"),
        ("2023-03", None, "O"),
        ("2023-04", "6", "A"),
    ]


def test_a_year_is_no_part_of_one(apply_text: Callable[..., Mapped]) -> None:
    assert codes(apply_text("area,month,n\nFRA,2023,10\n", YTD)) == ["M15-PERIOD"]


def test_running_totals_begin_with_the_year_of_the_office(apply_text: Callable[..., Mapped]) -> None:
    own = both(YTD, {"{column: month}": "{column: month, time: {pattern: '{yyyy}-{mm}', year_start: --10-01}}"})
    mapped = apply_text(
        "area,month,n\nFRA,2023-09,90\nFRA,2023-10,5\nFRA,2023-11,9\nFRA,2023-12,9\nFRA,2024-01,11\n", own
    )
    assert [(one.code, one.where.row) for one in mapped.findings] == [("M15-GAP", 2)]
    assert observations(mapped, "OBS_VALUE") == [("5",), ("4",), ("0",), ("2",)]


def test_quarters_run_too(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,month,n\nFRA,2023-Q1,10\nFRA,2023-Q2,30\n", both(YTD, {"FREQ: M": "FREQ: Q"}))
    assert observations(mapped, "OBS_VALUE") == [("10",), ("20",)]


def test_percentages_become_figures_of_their_total(apply_text: Callable[..., Mapped]) -> None:
    table = "area,sex,n\nFRA,_T,1204\nFRA,F,92\nFRA,M,8\nITA,_T,10\nITA,F,25\n"
    mapped = apply_text(table, SHARES)
    assert codes(mapped) == []
    assert observations(mapped, "COUNTERPART_AREA", "SEX", "OBS_VALUE", "OBS_STATUS", "COMMENT_OBS") == [
        ("FRA", "_T", "1204", "A", None),
        ("FRA", "F", "1108", "E", "92 % × 1204"),
        ("FRA", "M", "96", "E", "8 % × 1204"),
        ("ITA", "_T", "10", "A", None),
        ("ITA", "F", "3", "E", "25 % × 10"),
    ]


def test_a_percentage_without_total_or_beyond_a_hundred_is_an_error(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,sex,n\nFRA,F,92\nITA,_T,10\nITA,F,101\n", SHARES)
    assert [(one.code, one.where.row) for one in mapped.findings] == [("M16-TOTAL", 2), ("M16-RANGE", 4)]
    assert (mapped.mapped, mapped.rejected) == (1, 2)


def test_only_signed_values_may_be_percentages(apply_text: Callable[..., Mapped]) -> None:
    signed = both(SHARES, {"total: _T": "total: _T, signed: true, decimals: 1"}) | {
        "{column: n}": "{column: n, percent: true, decimal: '.'}"
    }
    mapped = apply_text("area,sex,n\nFRA,_T,50\nFRA,F,12.5 %\nFRA,M,40\n", signed)
    assert observations(mapped, "SEX", "OBS_VALUE", "OBS_STATUS") == [
        ("_T", "50", "A"),
        ("F", "6.3", "E"),
        ("M", "40", "A"),
    ]


def test_percentages_may_be_of_a_number_the_mapping_gives(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text(
        "area,n\nFRA,20.7\n",
        {"rest: _T": "rest: _T\npercentages: {of: 166561}", "{column: n}": "{column: n, decimal: '.'}"},
    )
    assert observations(mapped, "OBS_VALUE", "OBS_STATUS") == [("34478", "E")]


def test_values_are_brought_to_one_multiplier_exactly(apply_text: Callable[..., Mapped]) -> None:
    mults = {
        "UNIT_MEASURE: PS": "UNIT_MEASURE: PS\n  UNIT_MULT: {column: u, codes: {milliers: 3, millions: 6, unités: 0}}",
        "rest: _T": "rest: _T\nunits: {common_mult: 3}",
        "{column: n}": "{column: n, decimal: '.'}",
    }
    mapped = apply_text("area,u,n\nFRA,milliers,12.5\nITA,millions,0.0071\nESP,unités,1250\n", mults)
    assert codes(mapped) == []
    assert observations(mapped, "OBS_VALUE", "UNIT_MULT") == [("12.5", "3"), ("7.1", "3"), ("1.25", "3")]


def test_millions_of_francs_are_a_unit_and_a_multiplier_of_one_text(apply_text: Callable[..., Mapped]) -> None:
    francs = {
        "UNIT_MEASURE: {column: money}": "UNIT_MEASURE: {column: money, codes: {millions de FCFA: XOF}}\n"
        "  UNIT_MULT: {column: money, codes: {millions de FCFA: 6}}"
    }
    changes = {key: value for key, value in both(MONEY, francs).items() if key not in {"UNIT_MEASURE: PS", "rest: _T"}}
    changes["UNIT_MEASURE: PS"] = francs["UNIT_MEASURE: {column: money}"]
    mapped = apply_text("area,year,money,n\nFRA,2020,millions de FCFA,12\n", changes)
    assert observations(mapped, "UNIT_MEASURE", "UNIT_MULT", "OBS_VALUE") == [("XOF", "6", "12")]


def test_a_redenomination_is_a_break_with_the_old_value(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text(
        "area,year,money,n\nFRA,2016,MRO,1234\nFRA,2017,MRO,1300\nFRA,2018,MRU,140\nFRA,2019,MRU,150\n", MONEY
    )
    assert codes(mapped) == []
    assert observations(mapped, "TIME_PERIOD", "UNIT_MEASURE", "OBS_VALUE", "OBS_STATUS", "PRE_BREAK_VALUE") == [
        ("2016", "MRU", "123.4", "A", None),
        ("2017", "MRU", "130", "A", None),
        ("2018", "MRU", "140", "B", "1400"),
        ("2019", "MRU", "150", "A", None),
    ]
    assert observations(mapped, "COMMENT_OBS") == [("10 MRO = 1 MRU",)] * 3 + [(None,)]


def test_old_money_may_keep_its_own_key(apply_text: Callable[..., Mapped]) -> None:
    kept = both(MONEY, {"divide_by: 10": "divide_by: 10, convert: false"})
    mapped = apply_text("area,year,money,n\nFRA,2017,MRO,1300\nFRA,2019,MRU,150\n", kept)
    assert observations(mapped, "UNIT_MEASURE", "OBS_VALUE", "OBS_STATUS", "PRE_BREAK_VALUE") == [
        ("MRO", "1300", "A", None),
        ("MRU", "150", "B", "1500"),
    ]


def test_money_of_another_time_is_an_error(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,year,money,n\nFRA,2018,MRO,1300\nFRA,2017,MRU,150\n", MONEY)
    assert [(one.code, one.source_value) for one in mapped.findings] == [("M17-MONEY", "MRO"), ("M17-MONEY", "MRU")]
    assert mapped.rejected == 2


def test_one_name_of_money_may_be_dated(apply_text: Callable[..., Mapped]) -> None:
    ouguiya = "{column: money, codes: {ouguiya: [{code: MRO, valid_to: 2017}, {code: MRU, valid_from: 2018}]}}"
    mapped = apply_text(
        "area,year,money,n\nFRA,2017,ouguiya,1300\nFRA,2018,ouguiya,150\n", both(MONEY, {"{column: money}": ouguiya})
    )
    assert codes(mapped) == []
    assert observations(mapped, "UNIT_MEASURE", "OBS_VALUE", "OBS_STATUS") == [("MRU", "130", "A"), ("MRU", "150", "B")]


def test_rounding_by_the_source_is_told_and_checked(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,n\nFRA,120\nITA,123\n", {"rest: _T": "rest: _T\nrounding: 10"})
    assert [(one.code, one.severity, one.where.row) for one in mapped.findings] == [("M25-EXACT", Severity.WARNING, 3)]
    assert set(observations(mapped, "COMMENT_OBS")) == {("Rounded to 10 by the source",)}
    assert (mapped.mapped, mapped.rounding) == (2, "10")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("percentages: {component: SEX, total: _T, of: 10}", "MAP-ONE-OF"),
        ("percentages: {component: SEX}", "MAP-REQUIRED"),
        ("percentages: {of: many}", "MAP-LIMIT"),
        ("units: {redenominations: [{from: MRO, to: MRU, since: then, divide_by: 10}]}", "M22-DATE"),
        ("units: {redenominations: [{from: MRO, to: MRU, since: 2018, divide_by: 0}]}", "MAP-LIMIT"),
        ("rounding: -5", "MAP-LIMIT"),
    ],
)
def test_what_cannot_be_meant_of_figures_is_a_fault_of_the_mapping(text: str, code: str) -> None:
    with pytest.raises(BadMapping) as refused:
        parse_mapping(changed({"rest: _T": f"rest: _T\n{text}"}))
    assert [finding.code for finding in refused.value.findings] == [code]
