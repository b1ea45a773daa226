"""Numbers, dates and instants as people of a language write them; observation values keep their decimals."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

MISSING = "–"
_LONGEST = 40


def format_value(text: str | None, language: str) -> str:
    """Write an observation value: ``1234.50`` becomes ``1,234.50``, ``1 234,50`` or ``1.234,50``.

    The decimals sent are the decimals shown. What is no plain number (``NaN``, an exponent) stays as it is.
    """
    if text is None or text == "":
        return MISSING
    number = parse_value(text)
    if number is None or "e" in text.lower() or len(text) > _LONGEST:
        return text
    decimals = len(text.partition(".")[2])
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(number, format=pattern, locale=language, decimal_quantization=False)


def parse_value(text: str | None) -> Decimal | None:
    """Read an observation value; None for what is missing or no finite number."""
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def format_count(count: int, language: str) -> str:
    """Write a whole number with the group separators of the language."""
    return format_decimal(count, locale=language)


def format_tick(value: float, decimals: int, language: str) -> str:
    """Write the label of an axis with a fixed number of decimals."""
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(Decimal(f"{value:.{decimals}f}"), format=pattern, locale=language)


def format_day(moment: dt.datetime | dt.date | None, language: str) -> str:
    """Write a day: ``22 November 2026``."""
    return MISSING if moment is None else format_date(moment, format="long", locale=language)


def format_moment(moment: dt.datetime | None, language: str) -> str:
    """Write a day and time of day, in UTC."""
    if moment is None:
        return MISSING
    utc = moment.astimezone(dt.UTC)
    return format_datetime(utc, format="d MMM y, HH:mm", tzinfo=dt.UTC, locale=language) + " UTC"
