"""What a component filter means for one value: the definition the store's SQL is held to.

An absent value satisfies ``ne`` and ``nc`` and nothing else. Numbers compare as IEEE doubles, whatever their text
(``1.10`` is ``1.1``); a text that is no number, and the ``NaN`` that marks a value as intentionally missing, are
unequal to every number and neither smaller nor greater. Codes and texts compare by code point, periods as in
``query.periods``. A cell of several values, or languages, satisfies a condition when one of its texts does, ``ne`` and
``nc`` when all do: ``A+B`` is a cell that holds A and holds B (REST v2.2, data queries: "attributes with multiple
values").
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

from sdmx_hub.model.cells import read_cell
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
NEGATIVE = frozenset({Operator.NOT_EQUAL, Operator.NOT_CONTAINS})
"""What absent values satisfy, and cells of several values only when each of them does."""


class Kind(enum.StrEnum):
    """How the values of a component compare."""

    TEXT = "text"
    NUMBER = "number"
    PERIOD = "period"


@dataclass(frozen=True)
class PlannedFilter:
    """A filter on one component of the structure, time left out (see ``Plan.periods``).

    ``kind`` says how ``eq ne lt le gt ge`` compare; their values are known to be of that kind. The other operators look
    at the text. Unless ``is_plain``, a cell may hold several texts (see ``model.cells``).
    """

    component_id: str
    any_of: AnyOf
    kind: Kind = Kind.TEXT
    is_plain: bool = True

    @functools.cached_property
    def _listed(self) -> frozenset[str]:
        """The texts wanted by themselves: a list of codes may be long and is looked up, not gone through."""
        if not self._is_looked_up:
            return frozenset()
        return frozenset(all_of[0].value for all_of in self.any_of if is_plain(all_of))

    @functools.cached_property
    def _others(self) -> AnyOf:
        return tuple(all_of for all_of in self.any_of if not (self._is_looked_up and is_plain(all_of)))

    @property
    def _is_looked_up(self) -> bool:
        return self.kind is Kind.TEXT and self.is_plain

    def matches(self, text: str | None) -> bool:
        """Tell whether a value is wanted."""
        if text in self._listed:
            return True
        return any(all(self._holds(condition, text) for condition in all_of) for all_of in self._others)

    def _holds(self, condition: Condition, text: str | None) -> bool:
        if text is None:
            return condition.operator in NEGATIVE
        if self.is_plain:
            return self._holds_of(condition, text)
        held = (self._holds_of(condition, one) for one in cell_texts(text))
        return all(held) if condition.operator in NEGATIVE else any(held)

    def _holds_of(self, condition: Condition, text: str) -> bool:
        compare = _TEXTS.get(condition.operator)
        if compare:
            return compare(text, condition.value)
        if self.kind is Kind.PERIOD:
            return period_holds(condition, text)
        if self.kind is Kind.NUMBER:
            return _number_holds(condition, text)
        return _COMPARES[condition.operator](text, condition.value)


def cell_texts(cell: str) -> tuple[str, ...]:
    """List every text of a cell: each value, in each of its languages."""
    values = ((one,) if isinstance(one, str) else one.values() for one in read_cell(cell))
    return tuple(text for texts in values for text in texts)


def is_number(text: str) -> bool:
    """Tell whether a text is a number: digits, a point, an exponent; no blanks, no NaN."""
    return _NUMBER.fullmatch(text) is not None


def _number_holds(condition: Condition, text: str) -> bool:
    found = float(text) if is_number(text) else math.nan
    return _COMPARES[condition.operator](found, float(condition.value))
