"""Opens the table a mapping describes, whatever kind of file it stands in, and brings it into the engine as text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from sdmx_hub.mapping.rules import TableMapping
from sdmx_hub.mapping.table import Column, Grid, Table, make_table
from sdmx_hub.mapping.table_csv import CsvGrid
from sdmx_hub.mapping.table_csv_plain import load_plain
from sdmx_hub.mapping.table_workbook import WorkbookGrid
from sdmx_hub.model.rows import SOURCE_ROW


def open_table(mapping: TableMapping, path: Path, folder: Path) -> Table:
    """Open ``path`` as the mapping says and read its headings. ``folder`` takes temporary files. Raises BadTable."""
    source = mapping.source
    grid: Grid = CsvGrid(path, source) if source.format == "csv" else WorkbookGrid(path, source, folder)
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
    not_blank = " OR ".join(f"trim({column}) <> ''" for column in names) or "true"
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
