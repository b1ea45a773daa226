"""Rules of values, dates by patterns and numbers since a moment: texts of a column become codes and periods."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sdmx_hub.errors import BadRequest
from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.mapping.date_patterns import parse_pattern
from sdmx_hub.mapping.dates import read_date
from sdmx_hub.mapping.reading import BadMapping
from sdmx_hub.mapping.value_rules import DateRule, TextTest, ValueRule, count_groups, find_rule
from tests.mapping.tables import codes, observations

AREA = "COUNTERPART_AREA: {column: area}"
TIME = "TIME_PERIOD: 2023"


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("A", "A", True),
        ("A", "AB", False),
        ("^[A-G]", "Bxx", True),
        ("^[A-G]", "xB", False),
        ("[0-9]$", "x1", True),
        ("[0-9]$", "1x", False),
        ("^[A-G]$", "Bxx", False),
        ("A|B", "B", True),
        ("A|B", "AB", False),
        (r"a\$", "a$", True),
        ("(?i:total)", "TOTAL", True),
    ],
)
def test_a_pattern_fits_the_whole_text_unless_it_says_where_it_begins_or_ends(
    pattern: str, text: str, *, fits: bool
) -> None:
    assert TextTest(pattern=pattern).fits(text) is fits


@pytest.mark.parametrize(
    ("pattern", "count"), [("(a)(b)", 2), ("(?:a)(b)", 1), (r"\((a)[(]", 1), ("(?P<x>a)", 1), ("(?i:a)", 0)]
)
def test_groups_are_those_that_keep_what_they_match(pattern: str, count: int) -> None:
    assert count_groups(pattern) == count


def test_a_part_of_a_text_is_counted_from_one() -> None:
    assert TextTest(text="DEF", start=5).fits("ABC_DEF_XYZ")
    assert not TextTest(text="DEF", start=4).fits("ABC_DEF_XYZ")


def test_the_first_rule_that_fits_decides() -> None:
    rules = [ValueRule(when=(TextTest(text="A"),), code="X"), ValueRule(when=(TextTest(pattern="[A-Z]"),), code="Y")]
    found = [find_rule(rules, [text], "2020") for text in ("A", "G", "a")]
    assert [rule.code if rule else None for rule in found] == ["X", "Y", None]


def test_groups_are_counted_through_all_columns() -> None:
    rule = ValueRule(when=(TextTest(pattern="(.)(.)"), TextTest(text="x"), TextTest(pattern="(.*)")), code=r"\3-\1")
    assert rule.made(["ab", "x", "cd"]) == "cd-a"


@pytest.mark.parametrize(
    ("pattern", "locale", "text", "frequency", "period"),
    [
        ("dd/MM/yyyy", "en", "18/07/1981", "A", "1981"),
        ("dd/MM/yyyy", "en", "18/07/1981", "D", "1981-07-18"),
        ("dd/MM/yyyy", "en", "18/07/1981", "W", "1981-W29"),
        ("dd/MM/yyyy", "en", "18/07/1981", "T", "1981-T2"),
        ("dd/MM/yyyy", "en", "32/07/1981", "D", None),
        ("YYYYDnn", "en", "2010 D62", "D", "2010-03-03"),
        ("yyyy'M'nnn", "en", "2010M001", "M", "2010-01"),
        ("yyyy-'Q'n", "en", "2020-Q3", "Q", "2020-Q3"),
        ("YYYY-MMM-DD", "fr-FR", "2008-mars-12", "D", "2008-03-12"),
        ("d MMMM yyyy", "es", "22 julio 1981", "S", "1981-S2"),
        ("ddMMyy", "es", "010203", "M", "2003-02"),
        ("ddMMyy", "es", "010271", "M", "1971-02"),
        ("yyyyDDD", "en", "2014123", "D", "2014-05-03"),
        ("yyyy-'W'ww", "en", "2020-W53", "W", "2020-W53"),
        ("dd MMM yyyy hh:mm a", "en", "3 Jul 2020 2:05 PM", "I", "2020-07-03T14:05:00"),
        ("'Fiscal' yyyy", "en", "Fiscal 2019", "A", "2019"),
        ("yyyy", "en", "1981", "Z", None),
    ],
)
def test_a_date_becomes_a_period(pattern: str, locale: str, text: str, frequency: str, period: str | None) -> None:
    assert read_date(text, DateRule(pattern=pattern, locale=locale, frequency=frequency), "") == period


@pytest.mark.parametrize(("resolve", "day"), [("start", "1981-01-01"), ("mid", "1981-07-02"), ("end", "1981-12-31")])
def test_a_longer_time_becomes_its_last_period_unless_told(resolve: str, day: str) -> None:
    assert read_date("1981", DateRule(pattern="yyyy", frequency="D", resolve=resolve), "") == day


@pytest.mark.parametrize(
    ("base", "unit", "text", "period"),
    [
        ("1970", "second", "1589808220", "2020-05"),
        ("1970", "millisecond", "1589808220000", "2020-05"),
        ("1601", "day", "153000", "2019-11"),
        ("1970", "day", "-1", "1969-12"),
        ("1970", "day", "soon", None),
    ],
)
def test_a_number_since_a_moment_becomes_a_period(base: str, unit: str, text: str, period: str | None) -> None:
    assert read_date(text, DateRule(base=base, unit=unit, frequency="M"), "") == period


@pytest.mark.parametrize("pattern", ["MM/dd", "yyyy-ZZ", "yyyy yyyy", "nn yyyy"])
def test_a_pattern_that_cannot_be_read_is_refused(pattern: str) -> None:
    with pytest.raises(BadRequest):
        parse_pattern(pattern)


def test_a_month_of_an_unknown_language_is_refused() -> None:
    with pytest.raises(BadRequest):
        parse_pattern("d MMMM yyyy", "ja")
    assert parse_pattern("d.MM.yyyy", "ja").read("1.02.2003") is not None


def test_rules_give_codes_of_several_columns_at_a_time(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text(
        "area,kind,year,n\nDE,LC,2001,1\nDE,LC,1998,2\nx-FRA,,2001,3\nnowhere,,2001,4\n",
        {
            AREA: "COUNTERPART_AREA: {column: [area, kind], rules: [{when: [DE, LC], code: DEU, valid_from: 1999}, "
            "{when: [DE, LC], code: G_OTH}, {when: [{matches: 'x-(...)'}, ''], code: '\\1'}, {when: [nowhere, '']}]}",
            TIME: "TIME_PERIOD: {column: year}",
        },
    )
    assert observations(mapped, "COUNTERPART_AREA", "OBS_VALUE") == [("DEU", "1"), ("G_OTH", "2"), ("FRA", "3")]
    assert (codes(mapped), mapped.left_out) == ([], 1)


def test_a_text_no_rule_fits_is_told(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,n\nDE,1\n", {AREA: "COUNTERPART_AREA: {column: area, rules: [{when: FR, code: FRA}]}"})
    assert codes(mapped) == ["M06-UNMAPPED"]


def test_the_frequency_of_a_date_stands_beside_it(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text(
        "freq,day,n\nyearly,18/07/1981,1\nmonthly,18/07/1981,2\n",
        {
            "FREQ: A": "FREQ: {column: freq, codes: {yearly: A, monthly: M}}",
            AREA: "COUNTERPART_AREA: FRA",
            TIME: "TIME_PERIOD: {column: day, date: {pattern: dd/MM/yyyy, frequency_of: FREQ}}",
        },
    )
    assert codes(mapped) == []
    assert observations(mapped, "FREQ", "TIME_PERIOD") == [("A", "1981"), ("M", "1981-07")]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("{column: [area, kind], rules: [{when: DE, code: DEU}]}", "MAP-RULE"),
        ("{column: area, rules: [{when: DE, code: DEU, valid_to: soon}]}", "M22-DATE"),
        ("{column: area, rules: [{when: {matches: '('}, code: DEU}]}", "MAP-PATTERN"),
        ("{column: area, date: {pattern: QQ}}", "MAP-DATE"),
        ("{column: area, epoch: {base: soon, unit: day}}", "MAP-DATE"),
        ("{column: area, rules: [{when: {like: DE}, code: DEU}]}", "MAP-KEY"),
    ],
)
def test_a_rule_that_cannot_be_used_is_told(apply_text: Callable[..., Mapped], change: str, told: str) -> None:
    with pytest.raises(BadMapping) as error:
        apply_text("area,n\nDE,1\n", {AREA: f"COUNTERPART_AREA: {change}"})
    assert [finding.code for finding in error.value.findings] == [told]


def test_a_code_of_a_rule_has_to_exist(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,n\nDE,1\n", {AREA: "COUNTERPART_AREA: {column: area, rules: [{when: DE, code: XQX}]}"})
    assert "MAP-CODE" in codes(mapped)
