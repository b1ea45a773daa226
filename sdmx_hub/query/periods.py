"""Filters on time: periods compare as the ranges of instants they cover, never as text.

With P the period asked for and O that of an observation: ``ge`` O begins not before P begins; ``gt`` O begins after P
has ended; ``le`` O ends not after P ends; ``lt`` O has ended when P begins; ``eq`` both are the same range (``2022`` is
``2022-A1`` when the reporting year begins in January). ``co nc sw ew`` look at the text. Thus ``ge:2022-10`` reaches a
reporting year that begins on 1 October 2022, and ``le:2022`` includes December 2022.
"""

from __future__ import annotations

import datetime as dt
import functools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sdmx_hub.errors import BadRequest
from sdmx_hub.model.period import JANUARY_1, Period, parse_period
from sdmx_hub.query.request import AnyOf, Condition, Operator, is_plain

_RANGES: Mapping[Operator, Callable[[Period, Period], bool]] = {
    Operator.EQUAL: lambda found, asked: (found.start, found.end) == (asked.start, asked.end),
    Operator.NOT_EQUAL: lambda found, asked: (found.start, found.end) != (asked.start, asked.end),
    Operator.LESS: lambda found, asked: found.end <= asked.start,
    Operator.LESS_OR_EQUAL: lambda found, asked: found.end <= asked.end,
    Operator.GREATER: lambda found, asked: found.start >= asked.end,
    Operator.GREATER_OR_EQUAL: lambda found, asked: found.start >= asked.start,
}
_Span = tuple[dt.datetime, dt.datetime]
_TEXTS: Mapping[Operator, Callable[[str, str], bool]] = {
    Operator.CONTAINS: operator.contains,
    Operator.NOT_CONTAINS: lambda found, asked: asked not in found,
    Operator.STARTS_WITH: str.startswith,
    Operator.ENDS_WITH: str.endswith,
}


@dataclass(frozen=True)
class PeriodFilter:
    """The conditions on the time dimension.

    ``reporting_year_start_day`` is what the query said of its own reporting periods; without it they are read with the
    start day of the data they are compared with.
    """

    any_of: AnyOf
    reporting_year_start_day: str | None = None

    def matches(self, text: str, start_day: str | None = None) -> bool:
        """Tell whether a period of the data, whose reporting year begins on ``start_day``, is wanted."""
        if _span(_period(text, start_day or JANUARY_1)) in self._listed(start_day):
            return True
        return any(all(self._holds(condition, text, start_day) for condition in all_of) for all_of in self._others)

    def _listed(self, start_day: str | None) -> frozenset[_Span]:
        """The ranges wanted by themselves: a long list of periods is looked up, not gone through."""
        asked = self.reporting_year_start_day or start_day or JANUARY_1
        if asked not in self._spans:
            plain = (_span(_period(all_of[0].value, asked)) for all_of in self.any_of if is_plain(all_of))
            self._spans[asked] = frozenset(span for span in plain if span)
        return self._spans[asked]

    @functools.cached_property
    def _spans(self) -> dict[str, frozenset[_Span]]:
        """What was worked out already, by start day."""
        return {}

    @functools.cached_property
    def _others(self) -> AnyOf:
        return tuple(all_of for all_of in self.any_of if not is_plain(all_of))

    def _holds(self, condition: Condition, text: str, start_day: str | None) -> bool:
        return period_holds(condition, text, start_day or JANUARY_1, self.reporting_year_start_day)


def period_holds(
    condition: Condition, text: str, start_day: str = JANUARY_1, asked_start_day: str | None = None
) -> bool:
    """Tell whether one condition holds of one period; what is no period is unequal to every period."""
    compare = _TEXTS.get(condition.operator)
    if compare:
        return compare(text, condition.value)
    found, asked = _period(text, start_day), _period(condition.value, asked_start_day or start_day)
    if found is None or asked is None:
        return condition.operator is Operator.NOT_EQUAL
    return _RANGES[condition.operator](found, asked)


def is_period(text: str) -> bool:
    """Tell whether a text is a period of any form."""
    return _period(text, JANUARY_1) is not None


def _span(period: Period | None) -> _Span | None:
    return (period.start, period.end) if period else None


@functools.lru_cache(maxsize=65_536)
def _period(text: str, start_day: str) -> Period | None:
    try:
        return parse_period(text, start_day)
    except BadRequest:
        return None
