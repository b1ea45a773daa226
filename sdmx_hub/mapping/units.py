"""Units (M17): values brought to one multiplier, and money brought across a redenomination; both exactly.

A redenomination changes the name of money, not what it buys: figures before it are divided by a fixed number, the first
figure after it is a break (OBS_STATUS B) and says in PRE_BREAK_VALUE what it would have been in the old money.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sdmx_hub.errors import BadRequest
from sdmx_hub.mapping.figures import COMMENT, GOOD, NUMBER, STATUS, TIMES, Bench, commented, read_times
from sdmx_hub.mapping.reading import MEASURE
from sdmx_hub.mapping.rules import Redenomination
from sdmx_hub.mapping.totals import written
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.period import parse_period
from sdmx_hub.model.rows import literal, quoted

UNIT, MULTIPLIER, BEFORE = "UNIT_MEASURE", "UNIT_MULT", "PRE_BREAK_VALUE"
_MOST_DIGITS = 15
_PLAIN = r"[+-]?[0-9]*\.?[0-9]*"
"""A number without exponent."""


def convert_units(bench: Bench) -> Iterator[Finding]:
    """Bring values to the common multiplier, then across each redenomination."""
    rule = bench.binding.mapping.units
    if rule is None:
        return
    if rule.common_mult is not None and bench.need(MEASURE, MULTIPLIER):
        yield from _bring_together(bench, rule.common_mult)
    for one in rule.redenominations:
        yield from _redenominate(bench, one)


def _bring_together(bench: Bench, wanted: int) -> Iterator[Finding]:
    steps = (
        f"SELECT id, value, CASE WHEN abs(places) <= {_MOST_DIGITS} AND regexp_full_match(figure, {literal(_PLAIN)}) "
        "THEN concat(CASE WHEN starts_with(figure, '-') AND digits <> '0' THEN '-' END, digits) END AS moved, "
        "figure IS NOT NULL AND moved IS NULL AS lost "
        f"FROM ({_with_point_moved(bench, wanted)})"
    )
    bench.change(steps, bad="s.lost", more={MEASURE: "s.moved", MULTIPLIER: literal(str(wanted))})
    yield from bench.find("M17-MULT", "lost")


def _with_point_moved(bench: Bench, wanted: int) -> str:
    """SQL: each figure, and its ``digits`` with the point moved ``places`` to the right: as text, so none is lost."""
    given = (
        f"SELECT rowid AS id, {quoted(MULTIPLIER)} AS value, {quoted(MEASURE)} AS figure, "
        f"TRY_CAST({quoted(MULTIPLIER)} AS INTEGER) - ({wanted}) AS places, "
        f"least(greatest(places, 0), {_MOST_DIGITS}) AS up, least(greatest(-places, 0), {_MOST_DIGITS}) AS down, "
        "split_part(ltrim(figure, '+-'), '.', 1) AS whole, split_part(ltrim(figure, '+-'), '.', 2) AS part "
        f"FROM {bench.table} WHERE {GOOD}"
    )
    longer = (
        "SELECT *, concat(whole, rpad(left(part, up), up, '0')) AS before, substr(part, up + 1) AS after, "
        f"lpad(before, greatest(length(before), down)::INTEGER, '0') AS filled FROM ({given})"
    )
    return (
        "SELECT *, concat_ws('.', coalesce(nullif(ltrim(left(filled, length(filled) - down), '0'), ''), '0'), "
        f"nullif(rtrim(concat(right(filled, down), after), '0'), '')) AS digits FROM ({longer})"
    )


def _times(factor: Decimal) -> str:
    """SQL: the figure times a number, written exactly."""
    places = max(0, -int(factor.as_tuple().exponent))
    return written(f"{NUMBER} * {factor:f}::DECIMAL(18, {places})")


def _redenominate(bench: Bench, rule: Redenomination) -> Iterator[Finding]:
    time = read_times(bench)
    if time is None or not bench.need(MEASURE, UNIT, STATUS, COMMENT):
        return
    has_before = bench.need(BEFORE)
    try:
        since = literal(parse_period(rule.since).start.isoformat())
    except BadRequest:
        return  # told when the mapping was read
    unit = quoted(UNIT)
    is_old, is_new = f"{unit} = {literal(rule.old)}", f"{unit} = {literal(rule.new)}"
    joined = f"{bench.table} AS t LEFT JOIN {TIMES} AS w ON w.text = t.{quoted(time)}"
    keys = ", ".join(bench.others(time, UNIT)) or "1"
    factor = Decimal(1) / Decimal(rule.divide_by)
    steps = (
        f"SELECT t.rowid AS id, {unit} AS value, {quoted(time)} AS period, {is_old} AS is_old, "
        f"start >= {since} AS late, "
        f"coalesce(CASE WHEN {is_old} THEN start >= {since} ELSE start < {since} END, true) AS wrong, "
        f"{_times(round(factor, 12).normalize())} AS less, {_times(Decimal(rule.divide_by))} AS more, "
        f"{quoted(MEASURE)} IS NOT NULL AND row_number() OVER (PARTITION BY {keys}, start >= {since}, "
        f"{quoted(MEASURE)} IS NULL ORDER BY start) = 1 AND (start = {since} OR "
        f"count(*) FILTER (start < {since}) OVER (PARTITION BY {keys}) > 0) AS first "
        f"FROM {joined} WHERE {GOOD} AND ({is_old} OR {is_new})"
    )
    note = bench.say("mapping-money", old=rule.old, new=rule.new, number=rule.divide_by)
    breaks = "s.first AND s.late"
    converts = "s.is_old" if rule.convert else "false"
    more = {
        MEASURE: f"CASE WHEN {converts} THEN s.less ELSE t.{quoted(MEASURE)} END",
        UNIT: f"CASE WHEN {converts} THEN {literal(rule.new)} ELSE t.{unit} END",
        STATUS: f"CASE WHEN {breaks} THEN 'B' ELSE t.{quoted(STATUS)} END",
        COMMENT: f"CASE WHEN {breaks} OR {converts} THEN {commented(note)} ELSE t.{quoted(COMMENT)} END",
    }
    if has_before:
        more[BEFORE] = f"CASE WHEN {breaks} THEN s.more ELSE t.{quoted(BEFORE)} END"
    bench.change(steps, bad="s.wrong", more=more)
    yield from bench.find("M17-MONEY", "wrong", old=rule.old, new=rule.new, since=rule.since)
