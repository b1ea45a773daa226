from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdmx_hub.mapping import numbers
from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.mapping.reading import BLANKS
from sdmx_hub.mapping.rules import FootnoteRule, NumberRule
from tests.mapping.tables import codes, observations
from tests.support.engine import connect

ENGLISH = NumberRule(decimal=".", thousands=(",",))
FRENCH = NumberRule(decimal=",", thousands=BLANKS)
SPANISH = NumberRule(decimal=",", thousands=(".",))
UNDECLARED = NumberRule()
POINT = NumberRule(decimal=".")


def read(text: str, rule: NumberRule) -> tuple[str, str | None]:
    """What the engine makes of one text."""
    with connect() as connection:
        cell = f"(SELECT {numbers.bare('t', rule)} AS b FROM (SELECT {numbers.trimmed('s')} AS t FROM (SELECT ? AS s)))"  # noqa: S608 - our own
        kind = f"SELECT b, {numbers.kind('b', rule)} AS k, {numbers.plain('b', rule)} AS p FROM {cell}"  # noqa: S608 - our own
        query = f"SELECT k, {numbers.value('p', 'k')} FROM ({kind})"  # noqa: S608 - our own
        found = connection.execute(query, [text]).fetchone()
    assert found
    return found


@pytest.mark.parametrize(
    ("text", "rule", "value"),
    [
        ("34434", UNDECLARED, "34434"),
        ("12.5", UNDECLARED, "12.5"),
        ("1.10", POINT, "1.10"),
        ("1,204", ENGLISH, "1204"),
        ("1,234,567.80", ENGLISH, "1234567.80"),
        ("1 204", FRENCH, "1204"),
        ("34\u202f434", FRENCH, "34434"),
        ("3\u00a0140", FRENCH, "3140"),
        ("12,5", FRENCH, "12.5"),
        ("1.204", SPANISH, "1204"),
        ("1.204,5", SPANISH, "1204.5"),
        ("1.204", POINT, "1.204"),
        ("-3", POINT, "-3"),
        ("+3", POINT, "3"),
        ("007", POINT, "7"),
        ("0", POINT, "0"),
        ("0.50", POINT, "0.50"),
        (".5", POINT, "0.5"),
        ("-.5", POINT, "-0.5"),
        ("1.2e3", POINT, "1200"),
        ("1E+05", POINT, "100000"),
        ("  12\u00a0", POINT, "12"),
        ("12345678901234567890", POINT, "12345678901234567890"),
    ],
)
def test_numbers_are_read_with_the_declared_signs(text: str, rule: NumberRule, value: str) -> None:
    assert read(text, rule) == ("value", value)


@pytest.mark.parametrize(
    ("text", "rule", "kind"),
    [
        ("1.204", UNDECLARED, "ambig"),
        ("1,204", UNDECLARED, "ambig"),
        ("12,5", POINT, "ambig"),
        ("1 204", POINT, "ambig"),
        ("1.05", SPANISH, "ambig"),
        ("973.0", SPANISH, "ambig"),
        ("12345 678", FRENCH, "parse"),
        ("1.2e3x", POINT, "parse"),
        ("n.d.", POINT, "parse"),
        ("١٢", POINT, "parse"),
        ("1_000", POINT, "parse"),
        ("infinity", POINT, "parse"),
        ("12 %", POINT, "parse"),
        ("12 (1)", POINT, "parse"),
        ("", POINT, "blank"),
        ("   ", POINT, "blank"),
    ],
)
def test_what_is_no_number_under_the_declared_signs_is_refused(text: str, rule: NumberRule, kind: str) -> None:
    assert read(text, rule) == (kind, None)


def test_a_percent_sign_is_taken_off_on_request() -> None:
    assert read("12,5 %", NumberRule(decimal=",", percent=True)) == ("value", "12.5")


def test_footnote_marks_are_taken_off_on_request() -> None:
    rule = NumberRule(decimal=".", footnotes=FootnoteRule(pattern=r"\s*\(([0-9])\)$"))
    assert read("12 (1)", rule) == ("value", "12")


TOKENS = (
    "{column: n, missing: {n.d.: O, '..': L, x: M, '': $skip}, nil: ['-'], suppressed: ['*', '<5'], "
    "footnotes: {pattern: ' \\(([0-9])\\)$', texts: {1: provisional}}}"
)


def test_each_token_has_its_status_and_a_blank_is_never_zero(apply_text: Callable[..., Mapped]) -> None:
    table = "area,n\nFRA,n.d.\nITA,..\nESP,x\nPRT,\nDEU,-\nBEL,*\nMAR,<5\nMRT,12 (1)\nGMB,7 (2)\nMLI,0\n"
    mapped = apply_text(table, {"{column: n}": TOKENS.replace("1: provisional", "'1': provisional")})
    columns = ("COUNTERPART_AREA", "OBS_VALUE", "OBS_STATUS", "CONF_STATUS", "COMMENT_OBS")
    assert observations(mapped, *columns) == [
        ("FRA", None, "O", "F", None),
        ("ITA", None, "L", "F", None),
        ("ESP", None, "M", "F", None),
        ("DEU", "0", "A", "F", None),
        ("BEL", None, "Q", "A", None),
        ("MAR", None, "Q", "A", None),
        ("MRT", "12", "A", "F", "provisional"),
        ("GMB", "7", "A", "F", "2"),
        ("MLI", "0", "A", "F", None),
    ]
    assert (mapped.read, mapped.mapped, mapped.left_out) == (9, 9, 1)


def test_an_undeclared_blank_is_an_error(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,n\nFRA,1\nITA,\n")
    assert [(one.code, one.where.row) for one in mapped.findings] == [("M05-BLANK", 3)]


def test_one_finding_tells_one_text_with_its_count(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,n\nFRA,1\nITA,oops\nESP,oops\nPRT,1.204\n")
    assert codes(mapped) == ["NUM-PARSE", "NUM-AMBIG"]
    assert [(one.where.row, one.count) for one in mapped.findings] == [(3, 2), (5, 1)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.decimals(min_value=-(10**12), max_value=10**12, places=3, allow_nan=False),
    rule=st.sampled_from([ENGLISH, FRENCH, SPANISH]),
)
def test_a_number_written_with_declared_signs_is_read_back(value: Decimal, rule: NumberRule) -> None:
    sign = str.maketrans({",": rule.thousands[0], ".": rule.decimal or "."})
    kind, found = read(f"{value:,.3f}".translate(sign), rule)
    assert kind == "value"
    assert Decimal(found or "nan") == value
