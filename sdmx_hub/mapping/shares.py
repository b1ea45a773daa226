"""Percentages of a declared total (M16) become figures: rounded, OBS_STATUS E, and how in COMMENT_OBS."""

from __future__ import annotations

from collections.abc import Iterator

from sdmx_hub.mapping.figures import COMMENT, GOOD, STATUS, Bench, commented
from sdmx_hub.mapping.reading import MEASURE
from sdmx_hub.mapping.rules import PercentageRule
from sdmx_hub.mapping.totals import written
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.rows import literal, quoted


def turn_shares(bench: Bench) -> Iterator[Finding]:
    """Turn percentages into figures of their total; one without total, or outside 0 to 100, is told."""
    rule = bench.binding.mapping.percentages
    if rule is None or not bench.need(MEASURE, STATUS, COMMENT):
        return
    if rule.component_id is not None and not bench.need(rule.component_id):
        return
    bench.change(
        _steps(rule, bench),
        bad="s.kind IN ('total', 'range')",
        more={
            MEASURE: f"CASE s.kind WHEN 'share' THEN s.figure ELSE t.{quoted(MEASURE)} END",
            STATUS: f"CASE s.kind WHEN 'share' THEN 'E' ELSE t.{quoted(STATUS)} END",
            COMMENT: f"CASE s.kind WHEN 'share' THEN {commented(_comment())} ELSE t.{quoted(COMMENT)} END",
        },
    )
    yield from bench.find("M16-TOTAL", "kind = 'total'", component=rule.component_id or "", code=rule.total or "")
    yield from bench.find("M16-RANGE", "kind = 'range'")


def _comment() -> str:
    """SQL: ``92 % × 1204``, which every language reads."""
    return "concat(s.value, ' % × ', s.whole)"


def _steps(rule: PercentageRule, bench: Bench) -> str:
    """The rows that are percentages, with their total."""
    value, tests = quoted(MEASURE), [GOOD, f"{quoted(MEASURE)} IS NOT NULL"]
    if rule.signed:
        tests.append("_signed")
    if rule.of is not None or rule.component_id is None:
        whole = literal(rule.of or "0")
    else:
        component = quoted(rule.component_id)
        is_total = f"{component} = {literal(rule.total or '')}"
        part = f"NOT {is_total}"
        if rule.parts:
            part = f"{component} IN ({', '.join(map(literal, rule.parts))})"
        tests.append(f"({part})")
        keys = bench.others(rule.component_id)
        same = " AND ".join(f"o.{key} IS NOT DISTINCT FROM t.{key}" for key in keys) or "true"
        whole = (
            f"(SELECT CASE WHEN count(*) = 1 THEN max(o.{value}) END FROM {bench.table} AS o "
            f"WHERE o.{is_total} AND NOT o._bad AND NOT o._skip AND {same})"
        )
    number = "TRY_CAST(whole AS DECIMAL(20, 8))"
    figure = f"round(({number} * share / 100)::DECIMAL(38, 12), {rule.decimals})"
    return (
        f"SELECT id, value, whole, {written(figure)} AS figure, CASE WHEN share < 0 OR share > 100 THEN 'range' "
        f"WHEN {number} IS NULL THEN 'total' ELSE 'share' END AS kind FROM (SELECT t.rowid AS id, {value} AS value, "
        f"TRY_CAST({value} AS DECIMAL(14, 8)) AS share, {whole} AS whole FROM {bench.table} AS t "
        f"WHERE {' AND '.join(tests)})"
    )
