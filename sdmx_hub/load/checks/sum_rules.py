"""Rules of sums, and the SQL by which rows are looked at for one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sdmx_hub.load.checks.terms import UNIT, VALUE, VIEW, Checking, key_hash, number_of
from sdmx_hub.model.rows import SOURCE_ROW, literal, quoted
from sdmx_hub.model.units import COUNT_UNITS, NOT_ADDITIVE


@dataclass(frozen=True, kw_only=True)
class SumRule:
    """``total`` of the components is the sum of ``required`` and whatever of ``optional`` is there.

    Each part gives a code for each of ``components``. Without ``required`` every other code counts, and none is missed.
    ``tolerance`` None means: nothing for counts, half a unit of rounding for each part otherwise.
    """

    components: tuple[str, ...]
    total: tuple[str, ...]
    required: tuple[tuple[str, ...], ...] = ()
    optional: tuple[tuple[str, ...], ...] = ()
    tolerance: Decimal | None = None
    only_additive: bool = True
    without_margins: bool = False


class RuleSql:
    """The SQL of one rule."""

    def __init__(self, checking: Checking, rule: SumRule) -> None:
        self.rule = rule
        time = checking.structure.time_dimension
        self.along_time = time is not None and time.id in rule.components
        left_out = {*rule.components, "FREQ"} if self.along_time else set(rule.components)
        self.others = [key for key in checking.structure.key_ids if key not in left_out]
        self.total = self._is((rule.total,))
        self.required = self._is(rule.required) if rule.required else f"NOT {self.total}"
        self.part = f"({self.required} OR {self._is(rule.optional)})" if rule.optional else self.required
        margins = [f"{quoted(one)} = {literal(code)}" for one, code in zip(rule.components, rule.total, strict=True)]
        self.margin = f"(({' OR '.join(margins)}) AND NOT {self.total})"
        self.has_fractions = not (checking.has(UNIT) and checking.codes(UNIT) <= COUNT_UNITS)
        self.scope = f"{checking.live} AND {additive(checking)}" if rule.only_additive else checking.live
        self.value = number_of(VALUE)

    def _is(self, codes: Sequence[tuple[str, ...]]) -> str:
        """The row is one of some combinations of codes."""
        if len(self.rule.components) == 1:
            return f"{quoted(self.rule.components[0])} IN ({', '.join(literal(code) for (code,) in codes)})"
        by_component = [sorted(set(one)) for one in zip(*codes, strict=True)]
        if len(set(codes)) == math.prod(map(len, by_component)):  # each with each: quicker one by one
            listed_each = (", ".join(map(literal, one)) for one in by_component)
            pairs = zip(self.rule.components, listed_each, strict=True)
            return f"({' AND '.join(f'{quoted(name)} IN ({listed})' for name, listed in pairs)})"
        columns = ", ".join(map(quoted, self.rule.components))
        listed = ", ".join("(" + ", ".join(map(literal, one)) + ")" for one in codes)
        return f"({columns}) IN ({listed})"

    def groups(self, by: Sequence[str] = ()) -> str:
        """One row for each group with a stated total: what the parts give, how many are missing, and where ``by``."""
        wanted = len(self.rule.required)  # a key comes once, or is an error of its own: rows are parts
        part, value = self.part, self.value
        unit, decimals = "NULL", "0"
        if self.rule.only_additive:
            unit = f"any_value(CAST({UNIT} AS VARCHAR))"
        if self.has_fractions:
            decimals = f"max(length(split_part(CAST({VALUE} AS VARCHAR), '.', 2)))"
        margins = f" AND count(*) FILTER ({self.margin}) = 0" if self.rule.without_margins else ""
        told = "".join(f"any_value(CAST({quoted(one)} AS VARCHAR)) AS {quoted(one)}, " for one in by)
        return (
            f"SELECT {key_hash(self.others)} AS place, {told}max({value}) FILTER ({self.total}) AS stated, "
            f"sum({value}) FILTER ({part}) AS parts, "
            f"count(*) FILTER ({part}) - count({value}) FILTER ({part}) "
            f"+ greatest({wanted} - count(*) FILTER ({self.required}), 0) AS missing, "
            f"count(*) FILTER ({part}) AS many, min({SOURCE_ROW}) FILTER ({self.total}) AS row, {unit} AS unit, "
            f"{decimals} AS decimals FROM {VIEW} WHERE {self.scope} AND ({self.total} OR {part}"
            f"{f' OR {self.margin}' if self.rule.without_margins else ''}) GROUP BY place "
            f"HAVING stated IS NOT NULL AND many > 0 AND count(*) FILTER ({self.total}) = 1{margins}"
        )


def additive(checking: Checking) -> str:
    """Write SQL: the value can be added up. Only what there is of units and statistics is asked for."""
    tests = []
    if checking.values(UNIT) & NOT_ADDITIVE:
        units = ", ".join(literal(unit) for unit in sorted(NOT_ADDITIVE))
        tests.append(f"coalesce(CAST({UNIT} AS VARCHAR), '') NOT IN ({units})")
    if checking.has("STATISTIC") and not checking.values("STATISTIC") <= {"_T", "_Z", None}:
        tests.append("coalesce(CAST(STATISTIC AS VARCHAR), '_Z') IN ('_T', '_Z')")
    return " AND ".join(tests) or "true"
