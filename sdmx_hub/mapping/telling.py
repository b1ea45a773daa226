"""Tells what is wrong with the texts and numbers of a mapped table: once for each text, with first row and count."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from sdmx_hub.mapping import compile as sql
from sdmx_hub.mapping import numbers
from sdmx_hub.mapping.binding import CELL_COLUMN, Binding
from sdmx_hub.mapping.lookups import Answered
from sdmx_hub.mapping.reading import MEASURE
from sdmx_hub.mapping.resolve import GOOD, Lookup, Outcome, Resolution
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.rows import SOURCE_ROW, quoted

_FINE = {*GOOD, Outcome.SKIPPED}
MOST = 200
"""Different texts told for one component; the rest are counted."""
_NUMBER_CODES = {numbers.UNREADABLE: "NUM-PARSE", numbers.AMBIGUOUS: "NUM-AMBIG", numbers.BLANK: "M05-BLANK"}


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A text that has no code: the cells that say it, the first row, and the sum of their values."""

    component_id: str
    text: str
    resolution: Resolution
    cells: int
    value: float
    where: Where
    suggestion: str | None


def find_gaps(one: Answered, binding: Binding, connection: duckdb.DuckDBPyConnection) -> list[Gap]:
    """Find the texts of a component that have no code, of cells the mapping does not leave out, in order of rows."""
    component_id, table = one.coded.component_id, one.coded.table
    resolved = {use.text: use.resolution for use in one.uses if use.resolution.outcome not in _FINE}
    raw = f"_k_{table}"
    text = sql.evened(f"split_part({raw}, {sql.BETWEEN}, 1)")
    has_measure = MEASURE in binding.components
    value = f"coalesce(sum(TRY_CAST({quoted(MEASURE)} AS DOUBLE)), 0)" if has_measure else "0"
    found = connection.execute(
        f"SELECT {text}, count(*), {value}, min({SOURCE_ROW}), arg_min({CELL_COLUMN}, {SOURCE_ROW}) "
        f"FROM {sql.MAPPED} SEMI JOIN (SELECT raw AS {raw} FROM {table} WHERE flag = {sql.BAD_TEXT}) USING ({raw}) "
        "WHERE NOT _skip GROUP BY 1 ORDER BY 4, 1"
    ).fetchall()
    largest = sorted(found, key=lambda row: -row[1])[:MOST]
    helped = {row[0] for row in (*found[:MOST], *largest)}  # a suggestion takes its time, and nobody reads thousands
    return [
        Gap(
            component_id=component_id,
            text=said,
            resolution=resolved[said],
            cells=cells,
            value=amount,
            where=place(binding, component_id, row, position),
            suggestion=one.lookup.suggest(said, resolved[said], binding.mapping.language) if said in helped else None,
        )
        for said, cells, amount, row, position in found
    ]


def text_findings(gaps: Sequence[Gap], lookup: Lookup, binding: Binding) -> Iterator[Finding]:
    """Tell the gaps of one component; a code that does not exist is told at the line of the mapping that says it."""
    for gap in gaps[:MOST]:
        if gap.resolution.outcome is not Outcome.MAPPING_WRONG:
            yield _text_finding(gap, lookup)
    yield from _more(binding, lookup.component_id, len(gaps))


def _text_finding(gap: Gap, lookup: Lookup) -> Finding:
    resolution, listed = gap.resolution, lookup.codelist
    code = str(resolution.outcome)
    if resolution.outcome is Outcome.AGE_BAND and listed and resolution.band not in listed.codes:
        code = "AGE-BAND-NEW"
    params = {
        "value": gap.text,
        "component": lookup.component_id,
        "code": resolution.code or "",
        "band": resolution.band or "",
        "candidates": ", ".join(resolution.candidates),
        "period": resolution.period or "",
        "codelist": listed.ref if listed else "",
        "pattern": lookup.rule.time.pattern if lookup.rule.time else "",
    }
    return Finding(
        code=code, where=gap.where, source_value=gap.text, params=params, suggestion=gap.suggestion, count=gap.cells
    )


def number_findings(one: sql.Numeric, binding: Binding, connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Tell the cells of a number that hold none, of rows the mapping does not leave out."""
    kind, text = quoted(f"_kind_{one.component_id}"), quoted(f"_text_{one.component_id}")
    found = connection.execute(
        f"SELECT {kind}, {text}, count(*), min({SOURCE_ROW}), arg_min({CELL_COLUMN}, {SOURCE_ROW}) FROM {sql.MAPPED} "
        f"WHERE {kind} IN ({', '.join(map(numbers.word, _NUMBER_CODES))}) AND NOT _skip GROUP BY 1, 2 "
        f"ORDER BY 4, 2 LIMIT {MOST}"
    ).fetchall()
    for word, value, count, row, position in found:
        params = {"value": value, "component": one.component_id, **_signs(one)}
        where = place(binding, one.component_id, row, position)
        yield Finding(code=_NUMBER_CODES[word], where=where, source_value=value, params=params, count=count)
    if len(found) == MOST:
        [(met,)] = connection.execute(
            f"SELECT count(DISTINCT ({kind}, {text})) FROM {sql.MAPPED} "
            f"WHERE {kind} IN ({', '.join(map(numbers.word, _NUMBER_CODES))}) AND NOT _skip"
        ).fetchall()
        yield from _more(binding, one.component_id, met)


def place(binding: Binding, component_id: str, row: int, position: int) -> Where:
    """Say where a text of a component stands: the column of the cell where it is unpivoted, else its own."""
    bounds = binding.components[component_id]
    shown = " | ".join(bound.shown for bound in bounds)
    if any(bound.in_heading for bound in bounds):
        shown = next((column.shown for column in binding.cells if column.position == position), shown)
    return dataclasses.replace(binding.table.place(row), column=shown)


def _more(binding: Binding, component_id: str, met: int) -> Iterator[Finding]:
    if met > MOST:
        there = binding.table.where
        params = {"count": met - MOST, "component": component_id}
        where = Where(file=there.file, sheet=there.sheet)
        yield Finding(code="MAP-MORE", severity=Severity.INFO, where=where, params=params)


def _signs(one: sql.Numeric) -> dict[str, str]:
    thousands = "".join(dict.fromkeys("␣" if sign.isspace() else sign for sign in one.rule.thousands))
    return {"decimal": one.rule.decimal or "–", "thousands": thousands or "–"}
