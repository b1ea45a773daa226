"""What is not likely beside what the hub holds: jumps from the period before (V15), sexes that were there (V16).

Jumps are told once for an indicator and a period, sexes once for a file.
"""

from __future__ import annotations

from collections.abc import Iterator

from sdmx_hub.load.checks.plausible import is_sex_free, order_of_period
from sdmx_hub.load.checks.sums import additive
from sdmx_hub.load.checks.terms import STATUS, UNIT, VALUE, VIEW, Checking, scaled_number
from sdmx_hub.load.flows import Flow
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import SOURCE_ROW, literal, open_reader, quoted
from sdmx_hub.model.units import NOT_ADDITIVE
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import TIME, ComponentFilter, Condition, DataQuery, Operator
from sdmx_hub.sharing.audiences import INTERNAL
from sdmx_hub.store.observations import Observations

_MOST = 20
_HELD, _SENT, _ORDERS = "_held", "_sent_numbers", "_orders_held"
_INDICATOR, _SEX = "INDICATOR", "SEX"
_ABOUT = ("REF_AREA", _INDICATOR)


def check_earlier(flow: Flow, observations: Observations) -> Iterator[Finding]:
    """V15-HELD: values many times those held for the period before, or a small part of them; and V16.

    Jumps only where the file itself has no value for that period; a declared break is none.
    """
    if flow.action is Action.DELETE or observations.version(flow.dataflow.ref, INTERNAL) is None:
        return
    checking = Checking(flow.rows, flow.terms)
    if not checking.has(VALUE, UNIT, *flow.structure.key_ids) or checking.codes(UNIT) <= NOT_ADDITIVE:
        return
    off = flow.terms.thresholds.off
    if "V16" not in off and not flow.terms.thresholds.sexes:
        yield from _sexes(checking, flow, observations)
    time = flow.structure.time_dimension
    if time is not None and "V15" not in off and _hold_earlier(checking, flow, observations, time.id):
        yield from _jumps(checking, time.id)


def _sexes(checking: Checking, flow: Flow, observations: Observations) -> Iterator[Finding]:
    """V16: totals of persons without any sexes, of areas and indicators for which the hub holds women and men."""
    if _SEX not in flow.structure.dimension_ids or not is_sex_free(checking):
        return
    if checking.codes(_SEX) != {"_T"} or "PS" not in checking.codes(UNIT):
        return
    about = [one for one in _ABOUT if one in flow.structure.dimension_ids]
    filters = tuple(
        ComponentFilter.of(one, tuple((Condition(Operator.EQUAL, code),) for code in sorted(checking.codes(one))))
        for one in about
    )
    plan = plan_data(DataQuery(filters=filters), flow.structure)
    held = observations.availability(flow.dataflow.ref, flow.structure, plan, audience=INTERNAL).codes[_SEX]
    if {"F", "M"} <= set(held):
        count, row = checking.one(
            f"SELECT count(*), min({SOURCE_ROW}) FROM {VIEW} WHERE {checking.live} AND {quoted(VALUE)} IS NOT NULL "
            f"AND {quoted(UNIT)} = 'PS'"
        )
        if count:
            yield checking.finding(
                "V16", row=row, column=_SEX, count=count, severity=Severity.WARNING, missing=count, whole=count
            )


def _hold_earlier(checking: Checking, flow: Flow, observations: Observations, time_id: str) -> bool:
    """Bring what is held for the periods just before those sent to where the rows are; False for nothing."""
    plan = plan_data(DataQuery(), flow.structure)
    held = observations.availability(flow.dataflow.ref, flow.structure, plan, audience=INTERNAL).codes[time_id]
    orders = {text: order for text in checking.codes(time_id) if (order := order_of_period(text)) is not None}
    wanted = {order - 1 for order in orders.values()}
    before = {text: order for text in held if (order := order_of_period(text)) in wanted and order is not None}
    if not before:
        return False
    listed = ", ".join(f"({literal(text)}, {order})" for text, order in (orders | before).items())
    checking.connection.execute(f"CREATE OR REPLACE TEMP TABLE {_ORDERS} AS FROM (VALUES {listed}) AS o(text, place)")
    conditions = tuple((Condition(Operator.EQUAL, text),) for text in before)
    query = DataQuery(filters=(ComponentFilter.of(TIME, conditions),))
    rows = observations.open_rows(
        flow.dataflow.ref, flow.structure, plan_data(query, flow.structure), audience=INTERNAL
    )
    columns = ", ".join(f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}" for name in rows.columns)
    try:
        reader = open_reader(rows.connection, f"SELECT {columns} FROM ({rows.sql})", rows.params)
        checking.connection.register(f"{_HELD}_rows", reader)
        checking.connection.execute(f"CREATE OR REPLACE TEMP TABLE {_HELD} AS SELECT * FROM {_HELD}_rows")
        checking.connection.unregister(f"{_HELD}_rows")
    finally:
        rows.close()
    return True


def _jumps(checking: Checking, time_id: str) -> Iterator[Finding]:
    series = [key for key in checking.structure.key_ids if key != time_id]
    key = "concat_ws('.', " + ", ".join(f"coalesce(CAST(v.{quoted(one)} AS VARCHAR), '')" for one in series) + ")"
    group = f"CAST(v.{quoted(_INDICATOR)} AS VARCHAR)" if _INDICATOR in series else "''"
    jump, least = checking.terms.thresholds.jump, checking.terms.thresholds.jump_from
    is_break = f"CAST({quoted(STATUS)} AS VARCHAR) = 'B'" if checking.has(STATUS) else "false"
    multiplied = scaled_number(checking)

    def numbered(source: str, more: str) -> str:
        return (
            f"SELECT {key} AS series, {group} AS what, o.text AS period, o.place AS turn, {multiplied} AS number{more} "
            f"FROM {source} AS v JOIN {_ORDERS} AS o ON o.text = CAST(v.{quoted(time_id)} AS VARCHAR)"
        )

    sent = numbered(VIEW, f", {SOURCE_ROW} AS row, {is_break} AS broken")
    checking.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_SENT} AS {sent} WHERE {checking.live} AND {additive(checking)}"
    )
    found = checking.connection.execute(
        f"SELECT s.what, s.period, count(*), min(s.row), arg_max(s.number, w), arg_max(h.number, w), "
        f"arg_max(s.series, w) FROM {_SENT} AS s "
        f"JOIN ({numbered(_HELD, '')}) AS h ON h.series = s.series AND h.turn + 1 = s.turn, "
        "LATERAL (SELECT abs(ln(greatest(s.number, 1e-9) / h.number)) AS w) "
        f"WHERE h.number >= {least} AND NOT coalesce(s.broken, false) "
        f"AND (s.number > {jump} * h.number OR s.number * {jump} < h.number) "
        f"AND NOT EXISTS (SELECT 1 FROM {_SENT} AS e WHERE e.series = s.series AND e.turn = h.turn) "
        f"GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT {_MOST}"
    ).fetchall()
    for what, period, count, row, number, before, place in found:
        yield checking.finding(
            "V15-HELD", row=row, column=VALUE, value=f"{number:g}", count=count, severity=Severity.WARNING,
            params={"count": count}, what=what, before=f"{before:g}", period=period, place=place, jump=f"{jump:g}",
        )  # fmt: skip
