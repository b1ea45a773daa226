"""A first look at sums, for what is nearly always so: totals that are there are the sum of their parts.

It reads totals and parts once and keeps little. Only where a sum may be wrong does the full look follow, which has all
there is to tell of it. On the way it sees whether any part is more than its total.
"""

from __future__ import annotations

from dataclasses import dataclass

from sdmx_hub.load.checks.order import find_order
from sdmx_hub.load.checks.sum_rules import RuleSql
from sdmx_hub.load.checks.terms import UNIT, VALUE, VIEW, Checking, key_hash
from sdmx_hub.model.rows import SOURCE_ROW, quoted
from sdmx_hub.model.units import COUNT_UNITS

_ABOVE, _DECIMALS = "above", "decimals"


@dataclass(frozen=True, kw_only=True)
class Scan:
    """How many sums cannot be told, the row and the group of the first, and whether any other may be wrong."""

    skipped: int = 0
    row: int | None = None
    place: int | None = None
    may_be_wrong: bool = False


@dataclass(frozen=True, kw_only=True)
class Above:
    """Whether any of some ``parts`` of a component is more than its ``whole``."""

    component_id: str
    whole: str
    parts: frozenset[str]
    is_any: bool


def scan_sums(checking: Checking, sql: RuleSql) -> Scan | None:
    """Look at the sums of a rule; None where keys may come twice, or be alike but for what the rule leaves out."""
    if find_order(checking) is None or sql.along_time:
        return None
    place, scope = key_hash(sql.others), f"FROM {VIEW} WHERE {sql.scope}"
    totals = f"SELECT {place} AS place, {sql.value} AS stated, {SOURCE_ROW} AS row {scope} AND {sql.total}"
    if sql.rule.without_margins:
        totals = f"SELECT * FROM ({totals}) ANTI JOIN (SELECT {place} AS place {scope} AND {sql.margin}) USING (place)"
        if not checking.all(f"SELECT 1 FROM ({totals}) WHERE stated IS NOT NULL LIMIT 1"):
            return Scan()
    required = f"count(*) FILTER ({sql.required})" if sql.rule.optional else "count(*)"
    parts = (
        f"SELECT {place} AS place, sum({sql.value}) AS parts, count(*) AS many, max({sql.value}) AS most, "
        f"count(*) - count({sql.value}) + greatest({len(sql.rule.required)} - {required}, 0) AS missing "
        f"{scope} AND {sql.part} GROUP BY ALL"
    )
    slack = checking.terms.rounding or 0
    skipped, row, first, other, wrong, above = checking.one(
        "SELECT count(*) FILTER (missing > 0), min(row) FILTER (missing > 0), "
        "arg_min(place, row) FILTER (missing > 0), any_value(place) FILTER (missing > 0), "
        f"count(*) FILTER (missing = 0 AND abs(stated - parts) > {_least(checking, sql)}), "
        f"count(*) FILTER (most > stated + {slack}) FROM ({totals}) JOIN ({parts}) USING (place) "
        "WHERE stated IS NOT NULL"
    )
    _keep_above(checking, sql, is_any=bool(above))
    return Scan(skipped=skipped, row=row, place=other if first is None else first, may_be_wrong=bool(wrong))


def find_above(checking: Checking, component_id: str, whole: str, parts: frozenset[str]) -> bool | None:
    """Tell whether any of the parts is more than its whole; None where not all of them were looked at."""
    kept = [
        one for one in _kept(checking) if (one.component_id, one.whole) == (component_id, whole) and one.parts & parts
    ]
    if not frozenset[str]().union(*(one.parts for one in kept)) >= parts:
        return None
    return any(one.is_any for one in kept)


def _keep_above(checking: Checking, sql: RuleSql, *, is_any: bool) -> None:
    rule = sql.rule
    if rule.only_additive and len(rule.components) == 1:
        parts = frozenset(code for (code,) in (*rule.required, *rule.optional))
        above = Above(component_id=rule.components[0], whole=rule.total[0], parts=parts, is_any=is_any)
        checking.found[_ABOVE] = (*_kept(checking), above)


def _kept(checking: Checking) -> tuple[Above, ...]:
    kept = checking.found.get(_ABOVE, ())
    return kept if isinstance(kept, tuple) else ()


def _least(checking: Checking, sql: RuleSql) -> str:
    """SQL: what any total may differ by, whatever its own unit and digits: beyond it a closer look is worth it."""
    rule = sql.rule
    decimals = _decimals(checking) if sql.has_fractions else 0
    least = f"0.5 * pow(10, -{decimals}) * (many + 1)"
    if rule.only_additive and checking.codes(UNIT) & COUNT_UNITS:
        least = "0"
    if rule.tolerance is not None:
        least = f"{rule.tolerance}"
    elif checking.terms.rounding is not None:
        least = f"greatest({least}, 0.5 * {checking.terms.rounding} * (many + 1))"
    return f"({least} + 1e-12 * abs(stated))"


def _decimals(checking: Checking) -> int:
    """The most digits any value has behind its point. Looked up once."""
    if _DECIMALS not in checking.found:
        text = f"CAST({quoted(VALUE)} AS VARCHAR)"
        digits = f"CASE WHEN contains({text}, '.') THEN length({text}) - instr({text}, '.') END"
        (most,) = checking.one(f"SELECT coalesce(max({digits}), 0) FROM {VIEW} WHERE {checking.live}")
        checking.found[_DECIMALS] = most
    found = checking.found[_DECIMALS]
    return found if isinstance(found, int) else 0
