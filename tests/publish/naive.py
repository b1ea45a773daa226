"""What data queries mean, once more and without any of the program's own code: rows, texts and dates in plain Python.

Sources: SDMX REST v2.2, data queries; SDMX 3.1 technical notes, §4.2 (reporting periods).
"""

from __future__ import annotations

import calendar
import datetime as dt
import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

Row = Mapping[str, str | None]
Span = tuple[dt.datetime, dt.datetime]
DIMENSIONS = ("FREQ", "REF_AREA", "SEX")
KEYS = (*DIMENSIONS, "TIME_PERIOD")
NUMBERS = ("OBS_VALUE", "SAMPLE")
SEVERAL = ("METHODS", "TITLE")
START_DAY = "REPORTING_YEAR_START_DAY"
MONTHS = {"A": 12, "S": 6, "T": 4, "Q": 3, "M": 1}


@functools.cache
def span_of(text: str, start_day: str) -> Span:
    """The first instant of a period, and the first one behind it."""
    reporting = re.fullmatch(r"(\d{4})-([ASTQMWD])(\d+)", text)
    if reporting:
        year, kind, number = int(reporting[1]), reporting[2], int(reporting[3])
        base = dt.datetime(year, int(start_day[2:4]), int(start_day[5:7]))
        if kind == "W":
            weekday = base.isoweekday()
            monday = base - dt.timedelta(weekday - 1) if weekday <= 4 else base + dt.timedelta(8 - weekday)
            return monday + dt.timedelta(7 * (number - 1)), monday + dt.timedelta(7 * number)
        if kind == "D":
            return base + dt.timedelta(number - 1), base + dt.timedelta(number)
        return plus_months(base, MONTHS[kind] * (number - 1)), plus_months(base, MONTHS[kind] * number)
    if "T" in text:
        moment = dt.datetime.fromisoformat(text)
        return moment, moment + dt.timedelta(seconds=1)
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 3:
        day = dt.datetime(*parts)
        return day, day + dt.timedelta(1)
    first = dt.datetime(parts[0], parts[1] if len(parts) == 2 else 1, 1)
    return first, plus_months(first, 1 if len(parts) == 2 else 12)


def plus_months(date: dt.datetime, months: int) -> dt.datetime:
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    return date.replace(year=year, month=month + 1, day=min(date.day, calendar.monthrange(year, month + 1)[1]))


class Asked:
    """A key segment and a query string of REST v2.2, read in the simplest way there is."""

    def __init__(self, key: str, query: str) -> None:
        self.keys = [one.split(".") for one in key.split(",")]
        pairs = [pair.split("=", 1) for pair in query.split("&") if pair]
        said = {unquote(name): unquote(value) for name, value in pairs}
        self.filters = {name[2:-1]: value for name, value in said.items() if name.startswith("c[")}
        self.start_day = said.get("reportingYearStartDay")
        self.first, self.last = (int(said.get(f"{end}NObservations", 0)) for end in ("first", "last"))
        self.offset = int(said.get("offset", 0))
        self.limit = int(said["limit"]) if "limit" in said else None
        self.sort = [term.partition(":") for term in said.get("sort", "").split("+") if term]
        self.keys_only = said.get("measures") == "none" and said.get("attributes") == "none"

    def wants(self, row: Row, components: Iterable[str] | None = None) -> bool:
        """Tell whether an observation matches, by all filters or by those on some components."""
        return any(in_key(key, row) for key in self.keys) and all(
            any(all(self.holds(name, one, row) for one in group.split("+")) for group in text.split(","))
            for name, text in self.filters.items()
            if components is None or name in components
        )

    def holds(self, name: str, condition: str, row: Row) -> bool:
        prefix, colon, value = condition.partition(":")
        if not colon or prefix not in {"eq", "ne", "lt", "le", "gt", "ge", "co", "nc", "sw", "ew"}:
            prefix, value = "eq", condition
        text = row[name]
        if text is None:
            return prefix in {"ne", "nc"}
        if name not in SEVERAL:
            return self.compares(name, prefix, value, text, row)
        texts = [part.rpartition("\x1e")[2] for item in text.split("\x1d") for part in item.split("\x1f")]
        found = [self.compares(name, prefix, value, one, row) for one in texts]
        return all(found) if prefix in {"ne", "nc"} else any(found)

    def compares(self, name: str, operator: str, value: str, text: str, row: Row) -> bool:
        if operator in {"co", "nc"}:
            return (value in text) == (operator == "co")
        if operator in {"sw", "ew"}:
            return text.startswith(value) if operator == "sw" else text.endswith(value)
        if name == "TIME_PERIOD":
            own = row[START_DAY] or "--01-01"
            (start, end), (first, last) = span_of(text, own), span_of(value, self.start_day or own)
            same = start == first and end == last
            less, more, at_most, at_least = end <= first, start >= last, end <= last, start >= first
        else:
            left, right = (float(text), float(value)) if name in NUMBERS else (text, value)
            same, less, more = left == right, left < right, left > right
            at_most, at_least = less or same, more or same
        found = {"eq": same, "ne": not same, "lt": less, "gt": more, "le": at_most, "ge": at_least}
        return found[operator]

    def answer(self, rows: Iterable[Row]) -> list[Row]:
        """The rows of one dataset of the answer, in order, before offset and limit."""
        found = sorted((row for row in rows if self.wants(row)), key=by_key)
        if self.keys_only:
            found = list({series_of(row): {name: row[name] for name in DIMENSIONS} for row in found}.values())
        elif self.first or self.last:
            found = [row for row in found if self._is_at_an_end(row, found)]
        for name, _, direction in reversed(self.sort):
            found.sort(key=lambda row, name=name: sort_value(row, name), reverse=direction == "desc")
        return found

    def _is_at_an_end(self, row: Row, rows: Sequence[Row]) -> bool:
        series = [one for one in rows if series_of(one) == series_of(row)]
        place = series.index(row)
        return place < self.first or place >= len(series) - self.last

    def page(self, found: Sequence[object]) -> list[object]:
        """The part of a whole answer that offset and limit leave."""
        return list(found[self.offset :][: self.limit])


def in_key(key: Sequence[str], row: Row) -> bool:
    return all(part in {"", "*"} or row[name] in part.split("+") for name, part in zip(DIMENSIONS, key, strict=False))


def series_of(row: Row) -> tuple[str | None, ...]:
    return tuple(row[name] for name in DIMENSIONS)


def key_of(row: Row) -> tuple[str | None, ...]:
    return tuple(row[name] for name in KEYS)


def by_key(row: Row) -> tuple[object, ...]:
    return (*series_of(row), *sort_value(row, "TIME_PERIOD"))


def sort_value(row: Row, name: str) -> tuple[object, ...]:
    if name == "TIME_PERIOD":
        return (*span_of(str(row[name]), "--01-01"), row[name])
    return (row[name],)
