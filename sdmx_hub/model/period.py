"""Time periods: any form SDMX 3.1 knows becomes the range of instants it covers, and ranges are compared.

Forms (Technical Notes, §4.2 and §4.3): Gregorian year, month and day; date and time; reporting year ``2022-A1``,
semester ``-S1``, trimester ``-T1``, quarter ``-Q1``, month ``-M01``, week ``-W01``, day ``-D001``; a range
``start/duration``. Reporting periods count from the reporting year start day (``--MM-DD``, 1 January unless told): the
reporting year is named after the calendar year in which it begins. Instants are naive, in the provider's own time.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from sdmx_hub.errors import BadRequest

JANUARY_1 = "--01-01"
_GREGORIAN = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_REPORTING = re.compile(r"([0-9]{4})-([ASTQMWD])([0-9]{1,3})")
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_DURATION = re.compile(
    r"P(?:([0-9]{1,4})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,5})D)?(?:T(?:([0-9]{1,5})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,7})S)?)?"
)
_MONTH_DAY = re.compile(r"--([0-9]{2})-([0-9]{2})")
_PERIODS_A_YEAR = {"A": 1, "S": 2, "T": 3, "Q": 4, "M": 12}
_LONGEST = 64
_END_OF_TIME = dt.datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001 - the provider's own time


@dataclass(frozen=True, order=True)
class Period:
    """The instants of a period: ``start`` is inside, ``end`` just outside. ``frequency`` is a code of CL_FREQ."""

    start: dt.datetime
    end: dt.datetime
    frequency: str = "A"


def parse_period(text: str, reporting_year_start_day: str = JANUARY_1) -> Period:
    """Read one period. Raises BadRequest for a form or a date that does not exist."""
    if len(text) <= _LONGEST:
        try:
            found = _gregorian(text) or _reporting(text, reporting_year_start_day) or _instant(text) or _range(text)
        except (ValueError, OverflowError) as error:
            raise BadRequest("period-syntax", text=text) from error
        if found:
            return found
    raise BadRequest("period-syntax", text=text[:_LONGEST])


def _gregorian(text: str) -> Period | None:
    match = _GREGORIAN.fullmatch(text)
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    start = dt.datetime(year, month, day)  # noqa: DTZ001 - the provider's own time
    if match[3]:
        return Period(start, start + dt.timedelta(days=1), "D")
    months = 1 if match[2] else 12
    return Period(start, _plus_months(start, months), "M" if match[2] else "A")


def _reporting(text: str, start_day: str) -> Period | None:
    match = _REPORTING.fullmatch(text)
    if match is None:
        return None
    year, kind, number = int(match[1]), match[2], int(match[3])
    first = _reporting_year(year, start_day)
    if kind in _PERIODS_A_YEAR:
        count = _PERIODS_A_YEAR[kind]
        months = 12 // count
        _within(number, count)
        return Period(_plus_months(first, (number - 1) * months), _plus_months(first, number * months), kind)
    if kind == "W":
        _within(number, 53)
        monday = first - dt.timedelta(days=first.weekday())
        if first.weekday() > 3:  # ISO 8601: week 1 is the one with the first Thursday
            monday += dt.timedelta(days=7)
        start = monday + dt.timedelta(weeks=number - 1)
        return Period(start, start + dt.timedelta(weeks=1), "W")
    _within(number, 366)
    start = first + dt.timedelta(days=number - 1)
    return Period(start, start + dt.timedelta(days=1), "D")


def _within(number: int, most: int) -> None:
    if not 1 <= number <= most:
        raise ValueError(number)


def _reporting_year(year: int, start_day: str) -> dt.datetime:
    match = _MONTH_DAY.fullmatch(start_day)
    if match is None:
        raise ValueError(start_day)
    return dt.datetime(year, int(match[1]), int(match[2]))  # noqa: DTZ001 - the provider's own time


def _instant(text: str) -> Period | None:
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    at = dt.datetime.fromisoformat(f"{match[1]}T{match[2]}")
    return Period(at, at + dt.timedelta(seconds=1), "I")


def _range(text: str) -> Period | None:
    begin, slash, length = text.partition("/")
    match = _DURATION.fullmatch(length) if slash else None
    if match is None or not any(match.groups()):
        return None
    first = _gregorian(begin) or _instant(begin)
    if first is None:
        return None
    years, months, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    end = _plus_months(first.start, years * 12 + months)
    end += dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return Period(first.start, end, "I")


def _plus_months(at: dt.datetime, months: int) -> dt.datetime:
    total = at.month - 1 + months
    year, month = at.year + total // 12, total % 12 + 1
    if year == 10_000 and month == 1:
        return _END_OF_TIME
    day = min(at.day, _days_in(year, month))
    return at.replace(year=year, month=month, day=day)


def _days_in(year: int, month: int) -> int:
    following = dt.date(year + month // 12, month % 12 + 1, 1) if year < 9999 or month < 12 else dt.date.max
    return (following - dt.timedelta(days=1)).day if following != dt.date.max else 31
