"""Opens the table a mapping describes, whatever kind of file it stands in, and brings it into the engine as text."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb

from sdmx_hub.mapping.reading_source import BROUGHT, WORKBOOKS
from sdmx_hub.mapping.rules import SourceRule, TableMapping
from sdmx_hub.mapping.table import Column, Grid, NamedGrid, Table, TableFile, bad_table, make_table, name_table
from sdmx_hub.mapping.table_arrow import ArrowGrid
from sdmx_hub.mapping.table_csv import CsvGrid
from sdmx_hub.mapping.table_csv_plain import load_plain
from sdmx_hub.mapping.table_fixed import FixedGrid
from sdmx_hub.mapping.table_joined import join_tables
from sdmx_hub.mapping.table_json import JsonGrid
from sdmx_hub.mapping.table_jsonstat import JsonStatGrid
from sdmx_hub.mapping.table_statistics import open_statistics
from sdmx_hub.mapping.table_workbook import WorkbookGrid
from sdmx_hub.model.finding import Where
from sdmx_hub.model.rows import SOURCE_ROW


def _open_brought(file: TableFile, source: SourceRule, _: Path) -> ArrowGrid:
    if not file.is_brought:
        raise bad_table("TABLE-NOT-BROUGHT", Where(file=file.shown), format=source.format)
    return ArrowGrid(file.path, file.shown)


Open = Callable[[TableFile, SourceRule, Path], Grid]
GRIDS: Mapping[str, Open] = {
    "csv": lambda file, source, _: CsvGrid(file.path, source),
    "tsv": lambda file, source, _: CsvGrid(file.path, source),
    **dict.fromkeys(WORKBOOKS, lambda file, source, folder: WorkbookGrid(file.path, source, folder)),
}
"""How each format is opened whose headings stand in rows."""
NAMED: Mapping[str, Callable[[TableFile, SourceRule, Path], NamedGrid]] = {
    "fixed": lambda file, source, _: FixedGrid(file.path, source),
    "json": lambda file, source, _: JsonGrid(file.path, source),
    "jsonstat": lambda file, source, _: JsonStatGrid(file.path, source),
    "sav": open_statistics,
    "dta": open_statistics,
    **dict.fromkeys(BROUGHT, _open_brought),
}
"""How each format is opened whose columns have names without rows of headings."""


def open_tables(mapping: TableMapping, files: Sequence[TableFile], folder: Path) -> Table:
    """Open the files a table stands in as one table. Raises BadTable."""
    tables = []
    for number, file in enumerate(files):
        own = folder / str(number)
        own.mkdir()
        tables.append(dataclasses.replace(open_table(mapping, file, own), period=file.period))
    return join_tables(tables)


def open_table(mapping: TableMapping, file: TableFile, folder: Path) -> Table:
    """Open ``file`` as the mapping says and read its headings. ``folder`` takes temporary files. Raises BadTable."""
    source = mapping.source
    if source.format in NAMED:
        named = NAMED[source.format](file, source, folder)
        if named.names:
            return name_table(named, (source.header_row or 1) - 1 + (source.header_rows if source.header_row else 0))
        return _with_headings(mapping, named)
    return _with_headings(mapping, GRIDS[source.format](file, source, folder))


def _with_headings(mapping: TableMapping, grid: Grid) -> Table:
    source = mapping.source
    first = grid.head[0][0] if grid.head else 1
    header_row = first if source.header_row is None else source.header_row
    fill_right = mapping.unpivot is None or mapping.unpivot.fill_right
    return make_table(grid, header_row, source.header_rows, fill_right=fill_right)


def load_table(
    table: Table, columns: Sequence[Column], last_row: int | None, connection: duckdb.DuckDBPyConnection, name: str
) -> None:
    """Bring ``columns`` of all rows below the headings into the temporary table ``name``, blank rows left out."""
    positions = [column.position for column in columns]
    names = [column.name for column in columns]
    declared = "".join(f", {column} VARCHAR" for column in names)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({SOURCE_ROW} BIGINT{declared})")
    tests = [*(f"{column} >= '!'" for column in names[:1]), *(f"trim({column}) <> ''" for column in names)]
    not_blank = " OR ".join(tests) or "true"  # the first test alone does for nearly all rows, and costs least
    grid = table.grid
    if isinstance(grid, CsvGrid) and load_plain(
        grid, positions, table.first_row, last_row, connection, table=name, where=not_blank
    ):
        return
    for batch in grid.batches(positions, table.first_row, last_row):
        connection.register("_batch", batch)
        try:
            connection.execute(f"INSERT INTO {name} SELECT * FROM _batch WHERE {not_blank}")
        finally:
            connection.unregister("_batch")
