from __future__ import annotations

import datetime as dt

import pytest

from sdmx_hub.web.numbers import format_count, format_day, format_moment, format_value


@pytest.mark.parametrize(
    ("text", "language", "shown"),
    [
        ("1234.50", "en", "1,234.50"),
        ("1234.50", "fr", "1\u202f234,50"),
        ("12345.50", "es", "12.345,50"),
        ("1.10", "en", "1.10"),
        ("0", "fr", "0"),
        ("-5", "en", "-5"),
        ("12345678901234567890", "en", "12,345,678,901,234,567,890"),
        ("NaN", "en", "NaN"),
        ("1e21", "en", "1e21"),
        ("", "en", "–"),
        (None, "fr", "–"),
    ],
)
def test_a_value_keeps_its_decimals_and_follows_the_language(text: str | None, language: str, shown: str) -> None:
    assert format_value(text, language) == shown


def test_counts_days_and_moments_follow_the_language() -> None:
    moment = dt.datetime(2026, 11, 22, 14, 5, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    assert format_count(10500, "fr") == "10\u202f500"
    assert format_day(moment, "es") == "22 de noviembre de 2026"
    assert format_moment(moment, "en") == "22 Nov 2026, 13:05 UTC"
    assert format_day(None, "en") == "–"
