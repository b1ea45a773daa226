"""Tells what is wrong with the texts and numbers of a mapped table: once for each text, with first row and count."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from sdmx_hub.mapping import compile as sql
from sdmx_hub.mapping import numbers
from sdmx_hub.mapping.binding import CELL_COLUMN, Binding
from sdmx_hub.mapping.lookups import Answered
from sdmx_hub.mapping.resolve import Lookup, Outcome, Resolution
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.rows import SOURCE_ROW, literal, quoted

MOST = 200
"""Different texts told for one component; the rest are counted."""
_NUMBER_CODES = {numbers.UNREADABLE: "NUM-PARSE", numbers.AMBIGUOUS: "NUM-AMBIG", numbers.BLANK: "M05-BLANK"}


def text_findings(one: Answered, binding: Binding, connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Tell the texts of a component that have no code, of rows the mapping does not leave out."""
    component_id, table = one.coded.component_id, one.coded.table
    resolved = {use.text: use.resolution for use in one.uses}
    raw = f"_k_{table}"
    found = connection.execute(
        f"SELECT {sql.evened(raw)}, count(*), min({SOURCE_ROW}), arg_min({CELL_COLUMN}, {SOURCE_ROW}) "
        f"FROM {sql.MAPPED} SEMI JOIN (SELECT raw AS {raw} FROM {table} WHERE flag = {sql.BAD_TEXT}) USING ({raw}) "
        "WHERE NOT _skip GROUP BY 1 ORDER BY 3, 1"
    ).fetchall()
    for text, count, row, position in found[:MOST]:
        if resolved[text].outcome is not Outcome.MAPPING_WRONG:  # told at the line of the mapping that says it
            where = place(binding, component_id, row, position)
            yield _text_finding(one.lookup, text, resolved[text], where, count=count, language=binding.mapping.language)
    yield from _more(binding, component_id, len(found))


def _text_finding(
    lookup: Lookup, text: str, resolution: Resolution, where: Where, *, count: int, language: str
) -> Finding:
    code = str(resolution.outcome)
    if resolution.outcome is Outcome.AGE_BAND and lookup.codelist and resolution.band not in lookup.codelist.codes:
        code = "AGE-BAND-NEW"
    params = {
        "value": text,
        "component": lookup.component_id,
        "code": resolution.code or "",
        "band": resolution.band or "",
        "candidates": ", ".join(resolution.candidates),
        "codelist": lookup.codelist.ref if lookup.codelist else "",
        "pattern": lookup.rule.time.pattern if lookup.rule.time else "",
    }
    suggestion = lookup.suggest(text, resolution, language)
    return Finding(code=code, where=where, source_value=text, params=params, suggestion=suggestion, count=count)


def number_findings(one: sql.Numeric, binding: Binding, connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Tell the cells of a number that hold none, of rows the mapping does not leave out."""
    kind, text = quoted(f"_kind_{one.component_id}"), quoted(f"_text_{one.component_id}")
    found = connection.execute(
        f"SELECT {kind}, {text}, count(*), min({SOURCE_ROW}), arg_min({CELL_COLUMN}, {SOURCE_ROW}) FROM {sql.MAPPED} "
        f"WHERE {kind} IN ({', '.join(map(literal, _NUMBER_CODES))}) AND NOT _skip GROUP BY 1, 2 ORDER BY 4, 2"
    ).fetchall()
    for word, value, count, row, position in found[:MOST]:
        params = {"value": value, "component": one.component_id, **_signs(one)}
        where = place(binding, one.component_id, row, position)
        yield Finding(code=_NUMBER_CODES[word], where=where, source_value=value, params=params, count=count)
    yield from _more(binding, one.component_id, len(found))


def place(binding: Binding, component_id: str, row: int, position: int) -> Where:
    """Say where a text of a component stands: the column of the cell where it is unpivoted, else its own."""
    bounds = binding.components[component_id]
    shown = " | ".join(bound.shown for bound in bounds)
    if any(bound.in_heading for bound in bounds):
        shown = next((column.shown for column in binding.cells if column.position == position), shown)
    there = binding.table.where
    return Where(file=there.file, sheet=there.sheet, row=row, column=shown)


def _more(binding: Binding, component_id: str, met: int) -> Iterator[Finding]:
    if met > MOST:
        there = binding.table.where
        params = {"count": met - MOST, "component": component_id}
        where = Where(file=there.file, sheet=there.sheet)
        yield Finding(code="MAP-MORE", severity=Severity.INFO, where=where, params=params)


def _signs(one: sql.Numeric) -> dict[str, str]:
    thousands = "".join(dict.fromkeys("␣" if sign.isspace() else sign for sign in one.rule.thousands))
    return {"decimal": one.rule.decimal or "–", "thousands": thousands or "–"}
