"""What is possible but not likely: jumps from one period to the next (V15), sexes that are missing (V16).

And an average of the cheapest services that rests on too few of them (V18), which is not possible.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sdmx_hub.load.checks.keys import rest
from sdmx_hub.load.checks.order import find_order, order_of_period, series_ids
from sdmx_hub.load.checks.sum_rules import additive
from sdmx_hub.load.checks.terms import (
    MOST,
    STATUS,
    UNIT,
    VALUE,
    VIEW,
    Checking,
    key_hash,
    key_text,
    number_of,
    scaled_number,
)
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.rows import SOURCE_ROW, literal, quoted
from sdmx_hub.model.units import NOT_ADDITIVE

_ORDERS = "_orders"
_SEX, _SERVICES, _SMART = "SEX", "SAMPLE_SIZE", "COST_SMART"


def check_plausible(checking: Checking) -> Iterator[Finding]:
    """V15, V16 and V18."""
    off = checking.terms.thresholds.off
    if "V15" not in off:
        yield from _jumps(checking)
    if "V16" not in off:
        yield from _sexes(checking)
    yield from _services(checking)


def _jumps(checking: Checking) -> Iterator[Finding]:
    """V15: a value many times that of the period before, or a small part of it; a declared break is none."""
    time = checking.structure.time_dimension
    if time is None or not checking.has(VALUE, UNIT, *checking.structure.key_ids):
        return
    if checking.codes(UNIT) <= NOT_ADDITIVE:
        return
    order = find_order(checking)
    if order is not None and order.following is not None:
        found = _jumps_in_order(checking, time.id, order.following)
    else:
        found = _jumps_joined(checking, time.id) if _order_periods(checking, time.id) else []
    jump = checking.terms.thresholds.jump
    for row, number, before, period, shown, _ in found:
        yield checking.finding(
            "V15", row=row, column=VALUE, value=f"{number:g}", severity=Severity.WARNING,
            before=f"{before:g}", period=period, place=shown, jump=f"{jump:g}",
        )  # fmt: skip
    if found:
        yield from rest(checking, VALUE, found[0][5])


def _jumps_in_order(checking: Checking, time_id: str, following: tuple[int, ...]) -> list[tuple[Any, ...]]:
    """The jumps of rows in order: each beside the row before it."""
    if not following:
        return []
    series = series_ids(checking)
    numbered = (
        f"SELECT {SOURCE_ROW}, {key_hash(series)} AS _place, enum_code({quoted(time_id)})::INTEGER AS _turn, "
        f"CASE WHEN {additive(checking)} THEN {scaled_number(checking)} END AS _number, "
        f"{is_break(checking)} AS _break, {', '.join(map(quoted, checking.structure.key_ids))} "
        f"FROM {VIEW} WHERE {checking.live}"
    )
    before = ", ".join(f"lag(_{one}) OVER () AS _{one}_before" for one in ("place", "turn", "number"))
    found = (
        f"SELECT *, count(*) OVER () AS _many FROM (SELECT *, {before} FROM ({numbered})) "
        f"WHERE _place_before = _place AND _turn_before = _turn - 1 AND _turn IN ({', '.join(map(str, following))}) "
        f"AND {_is_jump(checking, '_number', '_number_before')} AND NOT coalesce(_break, false) "
        f"ORDER BY {SOURCE_ROW}, {quoted(time_id)} LIMIT {MOST}"
    )
    return checking.connection.execute(
        f"SELECT {SOURCE_ROW}, _number, _number_before, CAST({quoted(time_id)} AS VARCHAR) AS _period, "
        f"{key_text(series)}, _many FROM ({found}) ORDER BY {SOURCE_ROW}, _period"
    ).fetchall()


def _jumps_joined(checking: Checking, time_id: str) -> list[tuple[Any, ...]]:
    """The jumps of rows in any order: each joined with the row of the period before."""
    series = series_ids(checking)
    numbered = (
        f"SELECT {key_hash(series)} AS place, o.place AS turn, {scaled_number(checking)} AS number, "
        f"{SOURCE_ROW} AS row, {is_break(checking)} AS is_break FROM {VIEW} AS v "
        f"JOIN {_ORDERS} AS o ON o.text = CAST(v.{quoted(time_id)} AS VARCHAR) "
        f"WHERE {checking.live} AND {additive(checking)}"
    )
    checking.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _jumps AS SELECT c.row, c.place, c.turn, c.number, b.number AS earlier, "
        f"count(*) OVER () AS many FROM ({numbered}) AS c "
        f"JOIN (SELECT place, turn + 1 AS turn, number FROM ({numbered})) AS b USING (place, turn) "
        f"WHERE NOT coalesce(c.is_break, false) AND {_is_jump(checking, 'c.number', 'b.number')} "
        f"ORDER BY row LIMIT {MOST}"
    )
    return checking.connection.execute(
        f"SELECT j.row, j.number, j.earlier, CAST(v.{quoted(time_id)} AS VARCHAR), any_value({key_text(series)}), "
        f"any_value(j.many) FROM {VIEW} AS v JOIN {_ORDERS} AS o ON o.text = CAST(v.{quoted(time_id)} AS VARCHAR) "
        f"JOIN _jumps AS j ON j.place = {key_hash(series)} AND j.turn = o.place GROUP BY 1, 2, 3, 4 ORDER BY 1, 4"
    ).fetchall()


def is_break(checking: Checking) -> str:
    """SQL: the row says that a change of method parts it from what was before."""
    is_there = checking.has(STATUS) and "B" in checking.values(STATUS)
    return f"CAST({quoted(STATUS)} AS VARCHAR) = 'B'" if is_there else "false"


def _is_jump(checking: Checking, number: str, before: str) -> str:
    jump, least = checking.terms.thresholds.jump, checking.terms.thresholds.jump_from
    return f"{before} >= {least} AND ({number} > {jump} * {before} OR {number} * {jump} < {before})"


def _order_periods(checking: Checking, time_id: str) -> bool:
    """Number the periods of each frequency in a small table; tell whether any follows another."""
    orders = {text: order for text in checking.codes(time_id) if (order := order_of_period(text)) is not None}
    there = set(orders.values())
    if not any(order + 1 in there for order in there):
        return False
    listed = ", ".join(f"({literal(text)}, {order})" for text, order in orders.items())
    checking.connection.execute(f"CREATE OR REPLACE TEMP TABLE {_ORDERS} AS FROM (VALUES {listed}) AS o(text, place)")
    return True


def _sexes(checking: Checking) -> Iterator[Finding]:
    """V16: persons counted without their sexes, where sex is free; told once for a file.

    A table without any sexes is told of only where its mapping asks for them.
    """
    if not checking.has(VALUE, UNIT, _SEX, *checking.structure.key_ids) or not is_sex_free(checking):
        return
    if "_T" not in checking.codes(_SEX) or "PS" not in checking.codes(UNIT):
        return
    others = [key for key in checking.structure.key_ids if key != _SEX]
    sex = quoted(_SEX)
    count, row, whole = checking.one(
        f"SELECT count(*) FILTER (NOT parted), min(row) FILTER (NOT parted), count(*) FROM ("
        f"SELECT min({SOURCE_ROW}) AS row, bool_or({sex} = 'F') AND bool_or({sex} = 'M') AS parted FROM {VIEW} "
        f"WHERE {checking.live} AND {quoted(UNIT)} = 'PS' GROUP BY {key_hash(others)} "
        f"HAVING bool_or({sex} = '_T' AND {quoted(VALUE)} IS NOT NULL))"
    )
    if count and (count < whole or checking.terms.thresholds.sexes):
        yield checking.finding(
            "V16", row=row, column=_SEX, count=count, severity=Severity.WARNING, missing=count, whole=whole
        )


def is_sex_free(checking: Checking) -> bool:
    """Tell whether no constraint fixes the sex."""
    held = (*checking.terms.constraints, *checking.terms.provider_constraints)
    regions = [region for one in held for region in one.regions if region.include and region.values.get(_SEX)]
    return all(len(region.values[_SEX]) > 1 for region in regions)


def _services(checking: Checking) -> Iterator[Finding]:
    """V18: an average of the cheapest services (SmaRT) rests on at least three; SAMPLE_SIZE says on how many."""
    if not checking.has(VALUE, "INDICATOR") or _SMART not in checking.codes("INDICATOR"):
        return
    least = checking.terms.thresholds.services
    is_smart = f"{quoted('INDICATOR')} = {literal(_SMART)} AND {quoted(VALUE)} IS NOT NULL AND {checking.live}"
    size = number_of(_SERVICES) if checking.has(_SERVICES) else "NULL"
    yield from checking.find(
        "V18", f"{is_smart} AND {size} < {least}", f"{size}::BIGINT", component_id=_SERVICES, least=least
    )
    if "V18-SIZE" in checking.terms.thresholds.off:
        return
    count, row = checking.one(f"SELECT count(*), min({SOURCE_ROW}) FROM {VIEW} WHERE {is_smart} AND {size} IS NULL")
    if count:
        yield checking.finding(
            "V18-SIZE", row=row, column=_SERVICES, count=count, severity=Severity.WARNING, least=least
        )
