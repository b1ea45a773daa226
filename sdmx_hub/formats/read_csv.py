"""What the readers of SDMX-CSV share: the header line, the table of text, labels and sub-fields.

Every cell stays the text that was sent: ``NA`` is Namibia and ``007`` has its zeros. Records are counted as a
spreadsheet shows them, the header being row 1.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import duckdb

from sdmx_hub.errors import Malformed, TooLarge
from sdmx_hub.formats.read_cells import sub_fields_sql
from sdmx_hub.formats.read_csv_table import Records
from sdmx_hub.model.finding import Finding, Where
from sdmx_hub.model.rows import SOURCE_ROW, literal
from sdmx_hub.model.structure import Component, DataStructure

HEADER_BYTES = 65_536
MOST_COLUMNS = 300
_HEADING = re.compile(r"([A-Za-z_][A-Za-z0-9_@$.-]*)(\[[^\]]*\]|\[\])?(?:: .*)?", re.DOTALL)
_SUB_FIELDS = ";"
"""What parts sub-fields where the heading does not say so."""
_DECIMAL_COMMA = r"[+-]?[0-9]+,[0-9]+"


@dataclass(frozen=True, kw_only=True)
class Heading:
    """One column: the text of its heading, the component id in it, what stands in brackets, if a name follows."""

    text: str
    id: str
    brackets: str | None = None
    labelled: bool = False


@dataclass(frozen=True, kw_only=True)
class CsvTable:
    """An SDMX-CSV file as a table of the engine, one column per heading (by position) and ``_row``."""

    name: str
    headings: tuple[Heading, ...]
    delimiter: str
    findings: tuple[Finding, ...] = ()
    positions: Mapping[str, int] = field(default_factory=dict)

    def column(self, identifier: str) -> str | None:
        """The SQL name of the column of a heading's id, or None."""
        position = self.positions.get(identifier)
        return None if position is None else f"c{position}"


def read_table(path: Path, connection: duckdb.DuckDBPyConnection) -> CsvTable:
    """Spool an SDMX-CSV file. Raises Malformed for a broken heading and TooLarge for too many columns."""
    headings, delimiter = read_headings(path)
    records = Records(path, [f"c{position}" for position in range(len(headings))], delimiter)
    table = records.spool(connection)
    positions = {heading.id: place for place, heading in reversed(list(enumerate(headings)))}
    return CsvTable(
        name=table,
        headings=headings,
        delimiter=delimiter,
        findings=tuple(
            _ragged(row, actual, text, len(headings)) for row, actual, text in records.ragged if text.strip()
        ),
        positions=positions,
    )


def read_headings(path: Path) -> tuple[tuple[Heading, ...], str]:
    """Read the first record and the separator between columns, which is what follows the first heading."""
    with path.open("rb") as stream:
        head = stream.read(HEADER_BYTES).removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="replace")
    first = re.match(r'"[^"]*"|[A-Z]+\[.\]|[^,;\t|\r\n"]*', head)
    delimiter = head[first.end() : first.end() + 1] if first else ""
    if delimiter not in {",", ";", "\t", "|"}:
        raise Malformed("csv-heading", text=head[:60].splitlines()[0] if head.strip() else "")
    cells = next(csv.reader(head.splitlines(keepends=True), delimiter=delimiter))
    if len(cells) > MOST_COLUMNS:
        raise TooLarge("csv-columns", count=len(cells), most=MOST_COLUMNS)
    return tuple(map(parse_heading, cells)), delimiter


def parse_heading(text: str) -> Heading:
    """Read one heading: ``ID``, ``ID: Name``, ``ID[]``, ``ID[en;fr]``; anything else is a name and its own id."""
    match = _HEADING.fullmatch(text.strip())
    if match is None:
        return Heading(text=text, id=text)
    return Heading(text=text, id=match[1], brackets=match[2], labelled=": " in text)


def _ragged(row: int, actual: int, text: str, expected: int) -> Finding:
    return Finding(
        code="CSV-RAGGED",
        where=Where(row=row or None),
        source_value=text[:200],
        params={"actual": actual, "expected": expected},
    )


def select_components(
    table: CsvTable,
    structure: DataStructure,
    known: frozenset[str],
    separator: str | None = None,
    *,
    called: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Write the SQL of each component that has a column.

    Labels (``F: Female``) are cut off, a decimal comma of a ``;`` file becomes a point, and columns with sub-fields are
    unpacked. ``known`` are the headings of the format itself, ``separator`` is what parts sub-fields, ``called``
    the ids of components by headings that say them otherwise.
    """
    selected: dict[str, str] = {}
    for position, heading in enumerate(table.headings):
        component = structure.components.get(called.get(heading.id, heading.id))
        if component is not None and heading.id not in known and component.id not in selected:
            selected[component.id] = _cell_sql(table, structure, component, position, separator or _SUB_FIELDS)
    return selected


def _cell_sql(table: CsvTable, structure: DataStructure, component: Component, position: int, separator: str) -> str:
    sql, heading, representation = f"c{position}", table.headings[position], component.representation
    if heading.brackets and not representation.is_plain:
        return sub_fields_sql(sql, representation, separator, heading.brackets[1:-1], labelled=heading.labelled)
    is_measure = any(component is measure for measure in structure.measures)
    if heading.labelled and (representation.is_coded or is_measure or component is structure.time_dimension):
        sql = f"split_part({sql}, ': ', 1)"
    if is_measure and table.delimiter == ";":
        point = f"replace({sql}, ',', '.')"
        sql = f"CASE WHEN regexp_full_match({sql}, {literal(_DECIMAL_COMMA)}) THEN {point} ELSE {sql} END"
    if heading.brackets and re.fullmatch(r"\[[a-z-]+\]", heading.brackets):
        sql = f"regexp_replace({sql}, '^[a-z-]+:', '')"
    return sql


OLD = "OLD_"
"""Begins the columns that tell what a component was before: for people, as differences are written."""


def check_headings(table: CsvTable, structure: DataStructure, known: frozenset[str]) -> Iterator[Finding]:
    """Find columns that belong to no component, and columns given twice."""
    seen: set[str] = set()
    named = "STRUCTURE_NAME" in seen or any(heading.id == "STRUCTURE_NAME" for heading in table.headings)
    before = ""
    for heading in table.headings:
        is_component = heading.id in structure.components
        if not is_component and heading.id.removeprefix(OLD) in structure.components:
            continue
        is_name = named and not is_component and (before in structure.components or before in known)
        if heading.id in seen and (is_component or heading.id in known):
            yield Finding(code="CSV-TWICE", where=Where(row=1, column=heading.id), params={"column": heading.id})
        elif not is_component and heading.id not in known and not is_name:
            yield Finding(
                code="CSV-COLUMN",
                where=Where(row=1, column=heading.text),
                params={"column": heading.text, "structure": structure.ref},
            )
        seen.add(heading.id)
        before = heading.id


def check_sub_fields(
    table: CsvTable, structure: DataStructure, connection: duckdb.DuckDBPyConnection, separator: str | None
) -> Iterator[Finding]:
    """Find cells that hold several values where the structure allows one."""
    if separator is None:
        return
    for position, heading in enumerate(table.headings):
        component = structure.components.get(heading.id)
        if not heading.brackets or component is None or not component.representation.is_plain:
            continue
        found = connection.execute(
            f"SELECT count(*), min({SOURCE_ROW}), arg_min(c{position}, {SOURCE_ROW}) FROM {table.name} "
            f"WHERE contains(c{position}, ?)",
            [separator],
        ).fetchone()
        if found and found[0]:
            yield Finding(
                code="CSV-SUBFIELDS",
                where=Where(row=found[1], column=heading.id),
                source_value=found[2],
                params={"column": heading.id},
                count=found[0],
            )


def distinct(connection: duckdb.DuckDBPyConnection, table: str, *expressions: str) -> list[tuple[str | None, ...]]:
    """List the distinct combinations of some expressions, by first appearance."""
    listed = ", ".join(expressions)
    found = connection.execute(
        f"SELECT {listed}, min({SOURCE_ROW}) AS place FROM {table} GROUP BY {listed} ORDER BY place"
    ).fetchall()
    return [row[:-1] for row in found]
