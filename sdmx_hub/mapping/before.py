"""The first rows of a table as they stand in the file, kept to be shown beside what they become."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import duckdb

from sdmx_hub.mapping import compile as sql
from sdmx_hub.mapping.binding import Binding
from sdmx_hub.model.rows import SOURCE_ROW

_BEFORE = "_before"


class Fate(enum.StrEnum):
    """What became of a row: all of it is observations, something in it is wrong, or the mapping leaves it out."""

    MAPPED = "mapped"
    REJECTED = "rejected"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, kw_only=True)
class SourceRow:
    """One row: its number (as ``_row`` of the observations), the texts of its cells, what became of it."""

    number: int
    cells: tuple[str, ...]
    fate: Fate


@dataclass(frozen=True, kw_only=True)
class Before:
    """The first rows of a table, with the headings of the columns the mapping reads."""

    headings: tuple[str, ...] = ()
    rows: tuple[SourceRow, ...] = ()


def keep_rows(binding: Binding, connection: duckdb.DuckDBPyConnection, most: int) -> None:
    """Keep the first rows of the source table, before it is worked on."""
    columns = ", ".join([SOURCE_ROW, *(column.name for column in binding.columns)])
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_BEFORE} AS SELECT {columns} FROM {sql.SOURCE} WHERE {SOURCE_ROW} IN "
        f"(SELECT {SOURCE_ROW} FROM ({sql.chosen(binding)}) ORDER BY 1 LIMIT {most})"
    )


def read_rows(binding: Binding, connection: duckdb.DuckDBPyConnection) -> Before:
    """Read the rows kept, with what became of each, from the table of mapped cells before rows are added up."""
    columns = ", ".join(f"coalesce(b.{column.name}, '')" for column in binding.columns)
    found = connection.execute(
        f"SELECT b.{SOURCE_ROW}, coalesce(m.bad, false), coalesce(m.skipped, true){', ' if columns else ''}{columns} "
        f"FROM {_BEFORE} AS b LEFT JOIN (SELECT {SOURCE_ROW}, bool_or(_bad AND NOT _skip) AS bad, bool_and(_skip) "
        f"AS skipped FROM {sql.MAPPED} SEMI JOIN {_BEFORE} USING ({SOURCE_ROW}) GROUP BY 1) AS m USING ({SOURCE_ROW}) "
        "ORDER BY 1"
    ).fetchall()
    rows = tuple(
        SourceRow(
            number=number,
            cells=tuple(cells),
            fate=Fate.REJECTED if bad else Fate.LEFT_OUT if skipped else Fate.MAPPED,
        )
        for number, bad, skipped, *cells in found
    )
    return Before(headings=tuple(column.shown for column in binding.columns), rows=rows)
