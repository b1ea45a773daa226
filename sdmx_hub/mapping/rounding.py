"""Rounding by the source (M25): told beside every figure, and a figure that is not so rounded is pointed out."""

from __future__ import annotations

from collections.abc import Iterator

from sdmx_hub.mapping.figures import COMMENT, GOOD, NUMBER, Bench, commented
from sdmx_hub.mapping.reading import MEASURE
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.rows import quoted


def tell_rounding(bench: Bench) -> Iterator[Finding]:
    """Say in COMMENT_OBS what the source rounds to; figures that are no multiple of it are a warning."""
    rounding = bench.binding.mapping.rounding
    if rounding is None or not bench.need(MEASURE, COMMENT):
        return
    value = quoted(MEASURE)
    steps = (
        f"SELECT rowid AS id, {value} AS value, {NUMBER} % {rounding}::DECIMAL(20, 8) <> 0 AS exact "
        f"FROM {bench.table} WHERE {GOOD} AND {value} IS NOT NULL"
    )
    bench.change(steps, more={COMMENT: commented(bench.say("mapping-rounded", to=rounding))})
    yield from bench.find("M25-EXACT", "exact", severity=Severity.WARNING, to=rounding)
