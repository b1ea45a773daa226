"""Running totals of a year (M15) become the figures of its months, quarters or semesters: each less the one before."""

from __future__ import annotations

from collections.abc import Iterator

from sdmx_hub.mapping.figures import COMMENT, GOOD, NUMBER, STATUS, TIMES, Bench, commented, read_times
from sdmx_hub.mapping.reading import MEASURE
from sdmx_hub.mapping.totals import written
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.rows import quoted


def decumulate(bench: Bench) -> Iterator[Finding]:
    """Take the period before off each figure. Whatever falls, lacks the period before, or is no part of a year is told.

    With ``gaps: missing`` a figure without the period before is missing (OBS_STATUS O) and a warning; else an error.
    """
    component = bench.binding.mapping.components.get(MEASURE)
    rule = component.number if component else None
    if rule is None or rule.cumulative is None:
        return
    time = read_times(bench)
    if time is None or not bench.need(MEASURE, STATUS, COMMENT):
        return
    keys = ", ".join([*bench.others(time), "year"])
    before = f"OVER (PARTITION BY {keys} ORDER BY place)"
    refused = rule.cumulative == "refuse"
    value = quoted(MEASURE)
    steps = (
        f"SELECT t.rowid AS id, {quoted(time)} AS period, place, {value} AS value, {NUMBER} AS number, "
        f"lag({value}) {before} AS earlier, lag({NUMBER}) {before} AS previous, "
        f"coalesce(lag(place) {before} = place - 1, false) AS follows "
        f"FROM {bench.table} AS t LEFT JOIN {TIMES} AS w ON w.text = t.{quoted(time)} WHERE {GOOD}"
    )
    steps = (
        f"SELECT id, period, value, earlier, CASE WHEN place IS NULL THEN 'period' WHEN place = 1 OR value IS NULL "
        "THEN 'keep' WHEN NOT follows OR previous IS NULL THEN 'gap' WHEN number < previous THEN 'falls' "
        f"ELSE 'less' END AS kind, {written('number - previous')} AS less FROM ({steps})"
    )
    wrong = "('period', 'falls', 'gap')" if refused else "('period', 'falls')"
    bench.change(
        steps,
        bad=f"s.kind IN {wrong}",
        more={
            MEASURE: f"CASE s.kind WHEN 'less' THEN s.less WHEN 'gap' THEN NULL ELSE t.{value} END",
            STATUS: f"CASE s.kind WHEN 'gap' THEN 'O' ELSE t.{quoted(STATUS)} END",
            COMMENT: f"CASE s.kind WHEN 'gap' THEN {commented(bench.say('mapping-gap'))} ELSE t.{quoted(COMMENT)} END",
        },
    )
    yield from bench.find("M15-PERIOD", "kind = 'period'", shown="s.period")
    yield from bench.find("M15-NEGATIVE", "kind = 'falls'")
    yield from bench.find("M15-GAP", "kind = 'gap'", severity=Severity.ERROR if refused else Severity.WARNING)
