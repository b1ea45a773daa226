"""What one text of a column may mean beyond one code: dated codes, declared splits, groups with members of their own.

These are the values of ``codes``, ``splits`` and ``groups`` in a mapping. A text keeps the code the mapping gives it
unless weights are declared (M07); a code may hold for a part of the time only (M22); a group of areas whose members are
not those of the shared hierarchy says which they are (M21).
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sdmx_hub.errors import BadRequest
from sdmx_hub.model.period import parse_period

_FIRST, _LAST = parse_period("0001").start, parse_period("9998").end


@dataclass(frozen=True, kw_only=True)
class DatedCode:
    """A code that holds for periods that begin within ``valid_from`` and ``valid_to``, both included; None is open."""

    code: str
    valid_from: str | None = None
    valid_to: str | None = None

    def holds(self, period: str) -> bool:
        """Tell whether the code holds for a period; one that cannot be read is held by an undated code only."""
        if self.valid_from is None and self.valid_to is None:
            return True
        try:
            start = parse_period(period).start
        except BadRequest:
            return False
        first, beyond = self.span
        return first <= start < beyond

    @property
    def span(self) -> tuple[dt.datetime, dt.datetime]:
        """First instant and first instant beyond. Raises BadRequest for a date that does not exist."""
        first = parse_period(self.valid_from).start if self.valid_from else _FIRST
        beyond = parse_period(self.valid_to).end if self.valid_to else _LAST
        return first, beyond

    @property
    def shown(self) -> str:
        """The code with its time, for a message: ``MRO (… – 2017)``."""
        if self.valid_from is None and self.valid_to is None:
            return self.code
        return f"{self.code} ({self.valid_from or '…'} – {self.valid_to or '…'})"


def overlap(codes: Sequence[DatedCode]) -> tuple[DatedCode, DatedCode] | None:
    """Find two codes of one text that hold at the same time. Raises BadRequest for a date that does not exist."""
    ordered = sorted(codes, key=lambda one: one.span)
    for one, following in itertools.pairwise(ordered):
        if one.span[1] > following.span[0]:
            return one, following
    return None


@dataclass(frozen=True)
class SplitRule:
    """A text divided among several codes by declared weights, which add up to one."""

    weights: Mapping[str, Decimal]

    @property
    def is_whole(self) -> bool:
        """Tell whether the weights add up to one."""
        return sum(self.weights.values()) == 1

    @property
    def shown(self) -> str:
        """The weights, for a comment: ``P 0.6, Q 0.4``."""
        return ", ".join(f"{code} {weight}" for code, weight in self.weights.items())


@dataclass(frozen=True, kw_only=True)
class GroupRule:
    """A group of areas with members of its own: ``members``, or those of the group ``like``, with and without some."""

    code: str
    like: str | None = None
    members: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Tell whether the members differ from those of ``like``."""
        return bool(self.also or self.without or self.members)

    @property
    def shown(self) -> str:
        """The members, for a comment: ``G_ECOWAS + MRT − SEN``."""
        if self.members:
            return ", ".join(self.members)
        added = "".join(f" + {code}" for code in self.also)
        return f"{self.like or ''}{added}{''.join(f' − {code}' for code in self.without)}"
