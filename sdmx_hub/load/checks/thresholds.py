"""From where on a figure is told: what a mapping may set otherwise, and the warnings it may switch off."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Thresholds of the rules that have one.

    ``jump``: a value this many times the one before, or a fraction of it, is told when the one before is at least
    ``jump_from`` (V15). ``rate_tolerance``: percent by which a rate may differ from what its parts give, beside half a
    unit of its last digit (V14). ``services``: services an average of the cheapest needs (V18). ``sexes``: a table
    without any sexes is told of too (V16). ``off``: rules not told.
    """

    jump: float = 3
    jump_from: float = 50
    rate_tolerance: float = 0.5
    services: int = 3
    sexes: bool = False
    off: frozenset[str] = frozenset()
