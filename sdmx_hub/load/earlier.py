"""What is not likely beside what the hub holds: jumps from the period before (V15), sexes that were there (V16).

Jumps are told once for an indicator and a period, sexes once for a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sdmx_hub.load.checks.order import order_of_period
from sdmx_hub.load.checks.plausible import is_break, is_sex_free
from sdmx_hub.load.checks.sum_rules import additive
from sdmx_hub.load.checks.terms import UNIT, VALUE, VIEW, Checking, key_hash, key_text, scaled_number
from sdmx_hub.load.flows import Flow
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import SOURCE_ROW, literal, open_reader, quoted
from sdmx_hub.model.units import NOT_ADDITIVE
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import ComponentFilter, Condition, DataQuery, Operator
from sdmx_hub.sharing.audiences import INTERNAL
from sdmx_hub.store.observations import Observations

_MOST = 20
_HELD, _WANTED, _ORDERS = "_held", "_wanted", "_orders_held"
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
    if time is not None and "V15" not in off:
        yield from _jumps(checking, flow, observations, time.id)


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


def _jumps(checking: Checking, flow: Flow, observations: Observations, time_id: str) -> Iterator[Finding]:
    """V15-HELD. Only what could be one is looked up: where the file has a value, and none for the period before."""
    series = [key for key in checking.structure.key_ids if key != time_id]
    if not _want_earlier(checking, series, time_id) or not _bring_held(checking, flow, observations, series, time_id):
        return
    jump = checking.terms.thresholds.jump
    shown = key_text([f"d{number}" for number, _ in enumerate(series)])
    found = checking.connection.execute(
        f"SELECT what, period, count(*), min(row), first(told ORDER BY w DESC, row) FROM ("
        f"SELECT s.what, s.period, s.row, abs(ln(greatest(s.number, 1e-9) / h.number)) AS w, "
        f"{{'number': s.number, 'before': h.number, 'series': {shown}}} AS told "
        f"FROM {_WANTED} AS s JOIN {_HELD} AS h ON s.rowid = h.place "
        f"WHERE s.number > {jump} * h.number OR s.number * {jump} < h.number) "
        f"GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT {_MOST}"
    ).fetchall()
    for what, period, count, row, told in found:
        number, before = told["number"], told["before"]
        yield checking.finding(
            "V15-HELD", row=row, column=VALUE, value=f"{number:g}", count=count, severity=Severity.WARNING,
            params={"count": count}, what=what, before=f"{before:g}", period=period, place=told["series"],
            jump=f"{jump:g}",
        )  # fmt: skip


def _want_earlier(checking: Checking, series: Sequence[str], time_id: str) -> bool:
    """Make the table of values for which the file has none of the period before; tell whether there are any."""
    orders = {text: order for text in checking.codes(time_id) if (order := order_of_period(text)) is not None}
    if not orders:
        return False
    _number_periods(checking, orders)
    what = f"CAST({quoted(_INDICATOR)} AS VARCHAR)" if _INDICATOR in series else "''"
    dimensions = ", ".join(f"{quoted(one)} AS d{number}" for number, one in enumerate(series))
    checking.connection.execute(
        f"CREATE OR REPLACE TABLE {_WANTED} AS WITH sent AS ("
        f"SELECT {dimensions}, {key_hash(series)} AS place, o.text AS period, o.place AS turn, {what} AS what, "
        f"{scaled_number(checking)} AS number, {SOURCE_ROW} AS row, {is_break(checking)} AS broken "
        f"FROM {VIEW} JOIN {_ORDERS} AS o ON o.text = CAST({quoted(time_id)} AS VARCHAR) "
        f"WHERE {checking.live} AND {additive(checking)}) "
        "SELECT * EXCLUDE (place, turn, broken), turn - 1 AS before FROM sent AS s "
        "ANTI JOIN (SELECT place, turn + 1 AS turn FROM sent) AS e USING (place, turn) "
        "WHERE number IS NOT NULL AND NOT coalesce(broken, false)"
    )
    return bool(checking.all(f"SELECT 1 FROM {_WANTED} LIMIT 1"))


def _number_periods(checking: Checking, orders: Mapping[str, int]) -> None:
    listed = ", ".join(f"({literal(text)}, {order})" for text, order in orders.items())
    checking.connection.execute(f"CREATE OR REPLACE TEMP TABLE {_ORDERS} AS FROM (VALUES {listed}) AS o(text, place)")


def _bring_held(
    checking: Checking, flow: Flow, observations: Observations, series: Sequence[str], time_id: str
) -> bool:
    """Bring the numbers that are held for the periods before to where the rows are; False for nothing.

    The store is asked for the series that are sent and no others: it passes over whatever else it holds.
    """
    codes = {key: checking.codes(key) for key in series}
    if not all(codes.values()):
        return False
    turns = {int(str(turn)) for (turn,) in checking.all(f"SELECT DISTINCT before FROM {_WANTED}")}
    key = tuple(codes[one] for one in flow.structure.dimension_ids)
    plan = plan_data(DataQuery(keys=(key,)), flow.structure)
    rows = observations.open_rows(flow.dataflow.ref, flow.structure, plan, audience=INTERNAL)
    try:
        texts = rows.coded.get(time_id, ())
        before = {text: order for text in texts if (order := order_of_period(text)) in turns and order is not None}
        if not before:
            return False
        different = [n for n, one in enumerate(series) if len(codes[one]) > 1]
        wanted = ", ".join(["rowid AS place", "before", *(f"d{n}" for n in different)])
        reader = open_reader(checking.connection.cursor(), f"SELECT {wanted} FROM {_WANTED}")
        rows.connection.register(_WANTED, reader)
        same = "".join(f" AND CAST(h.{quoted(series[n])} AS VARCHAR) = w.d{n}" for n in different)
        listed = ", ".join(f"({literal(text)}, {order})" for text, order in before.items())
        number = scaled_number(checking, elsewhere=True)
        held = open_reader(
            rows.connection,
            f"SELECT place, number FROM (SELECT w.place, {number} AS number FROM ({rows.sql}) AS h "
            f"JOIN (VALUES {listed}) AS o(text, turn) ON o.text = CAST(h.{quoted(time_id)} AS VARCHAR) "
            f"JOIN {_WANTED} AS w ON w.before = o.turn{same}) "
            f"WHERE number >= {checking.terms.thresholds.jump_from}",
            rows.params,
        )
        checking.connection.register(f"{_HELD}_rows", held)
        checking.connection.execute(f"CREATE OR REPLACE TEMP TABLE {_HELD} AS SELECT * FROM {_HELD}_rows")
        checking.connection.unregister(f"{_HELD}_rows")
    finally:
        rows.close()
    return True
