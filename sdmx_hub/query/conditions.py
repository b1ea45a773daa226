"""What a component filter means for one value: the definition the store's SQL is held to.

An absent value satisfies ``ne`` and ``nc`` and nothing else. Numbers compare as IEEE doubles, whatever their text
(``1.10`` is ``1.1``); a text that is no number, and the ``NaN`` that marks a value as intentionally missing, are
unequal to every number and neither smaller nor greater. Codes and texts compare by code point, periods as in
``query.periods``.
"""

from __future__ import annotations

import enum
import functools
import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sdmx_hub.query.periods import period_holds
from sdmx_hub.query.request import AnyOf, Condition, Operator, is_plain

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?")
_COMPARES: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: operator.eq,
    Operator.NOT_EQUAL: operator.ne,
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
}
_TEXTS: Mapping[Operator, Callable[[str, str], bool]] = {
    Operator.CONTAINS: operator.contains,
    Operator.NOT_CONTAINS: lambda found, asked: asked not in found,
    Operator.STARTS_WITH: str.startswith,
    Operator.ENDS_WITH: str.endswith,
}
_NEGATIVE = frozenset({Operator.NOT_EQUAL, Operator.NOT_CONTAINS})


class Kind(enum.StrEnum):
    """How the values of a component compare."""

    TEXT = "text"
    NUMBER = "number"
    PERIOD = "period"


@dataclass(frozen=True)
class PlannedFilter:
    """A filter on one component of the structure, time left out (see ``Plan.periods``).

    ``kind`` says how ``eq ne lt le gt ge`` compare; their values are known to be of that kind. The other operators look
    at the text.
    """

    component_id: str
    any_of: AnyOf
    kind: Kind = Kind.TEXT

    @functools.cached_property
    def _listed(self) -> frozenset[str]:
        """The texts wanted by themselves: a list of codes may be long and is looked up, not gone through."""
        if self.kind is not Kind.TEXT:
            return frozenset()
        return frozenset(all_of[0].value for all_of in self.any_of if is_plain(all_of))

    @functools.cached_property
    def _others(self) -> AnyOf:
        return tuple(all_of for all_of in self.any_of if self.kind is not Kind.TEXT or not is_plain(all_of))

    def matches(self, text: str | None) -> bool:
        """Tell whether a value is wanted."""
        if text in self._listed:
            return True
        return any(all(self._holds(condition, text) for condition in all_of) for all_of in self._others)

    def _holds(self, condition: Condition, text: str | None) -> bool:
        if text is None:
            return condition.operator in _NEGATIVE
        compare = _TEXTS.get(condition.operator)
        if compare:
            return compare(text, condition.value)
        if self.kind is Kind.PERIOD:
            return period_holds(condition, text)
        if self.kind is Kind.NUMBER:
            return _number_holds(condition, text)
        return _COMPARES[condition.operator](text, condition.value)


def is_number(text: str) -> bool:
    """Tell whether a text is a number: digits, a point, an exponent; no blanks, no NaN."""
    return _NUMBER.fullmatch(text) is not None


def _number_holds(condition: Condition, text: str) -> bool:
    found = float(text) if is_number(text) else math.nan
    return _COMPARES[condition.operator](found, float(condition.value))
