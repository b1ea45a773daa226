"""Times that are no periods of SDMX yet: by a pattern, or as a number of units since a moment, at a frequency.

The frequency is declared or the code another component has beside it. A time that is longer than a period of that
frequency becomes its last, first or middle one (``resolve``); the last unless told (Technical Notes §13.7).
"""

from __future__ import annotations

import datetime as dt

from sdmx_hub.errors import BadRequest
from sdmx_hub.mapping.date_patterns import parse_pattern
from sdmx_hub.mapping.value_rules import DateRule
from sdmx_hub.model.period import Period, parse_period

UNITS = {"day": 86_400_000_000_000, "second": 1_000_000_000, "millisecond": 1_000_000, "microsecond": 1_000,
         "nanosecond": 1}  # fmt: skip
"""Units of an epoch, in nanoseconds."""
_RANK = "ASTQMWDI"
"""Frequencies from the longest period to the shortest."""
_SAME = {"B": "D", "H": "I", "N": "I"}


def check_date(rule: DateRule) -> None:
    """Refuse a pattern or a base that cannot be read. Raises BadRequest."""
    if rule.pattern is not None:
        parse_pattern(rule.pattern, rule.locale)
    if rule.base is not None:
        parse_period(rule.base)


def read_date(text: str, rule: DateRule, frequency: str) -> str | None:
    """Read one text as a period; ``frequency`` is the code beside it, days where it is not known."""
    span = parse_pattern(rule.pattern, rule.locale).read(text) if rule.pattern is not None else _since(text, rule)
    if span is None:
        return None
    return written(span, rule.frequency or frequency or "D", rule.resolve)


def _since(text: str, rule: DateRule) -> Period | None:
    """A number of units since the base, as the second it falls in."""
    try:
        base = parse_period(rule.base or "1970").start
        at = base + dt.timedelta(microseconds=int(text) * UNITS[rule.unit] // 1_000)
    except (ValueError, OverflowError, BadRequest):
        return None
    return Period(at, at + dt.timedelta(seconds=1), "I")


def written(span: Period, frequency: str, resolve: str) -> str | None:
    """Write the period of a frequency a span of time stands for; None for a frequency that is not known."""
    kind = _SAME.get(frequency, frequency)
    if kind not in _RANK:
        return None
    at = span.start
    if _RANK.index(_SAME.get(span.frequency, span.frequency)) < _RANK.index(kind):
        last = span.end - dt.timedelta(seconds=1)
        at = {"start": span.start, "end": last, "mid": span.start + (span.end - span.start) / 2}[resolve]
    return _period(at, kind)


def _period(at: dt.datetime, kind: str) -> str:
    if kind in "STQ":
        months = {"S": 6, "T": 4, "Q": 3}[kind]
        return f"{at.year:04}-{kind}{(at.month - 1) // months + 1}"
    if kind == "W":
        year, week, _ = at.isocalendar()
        return f"{year:04}-W{week:02}"
    if kind == "I":
        return at.isoformat(timespec="seconds")
    return at.date().isoformat()[: {"A": 4, "M": 7, "D": 10}[kind]]
