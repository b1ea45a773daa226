"""Large delimited files of the plainest kind, read by the engine itself: the same rows, several times as fast.

Plain means: UTF-8, no quotes, line ends of one kind, as many cells in each row as there are columns, no blank lines.
What is not plain, or turns out not to be, is left to ``table_csv``, which says what is wrong and where.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from sdmx_hub.mapping.table_csv import CsvGrid
from sdmx_hub.model.rows import SOURCE_ROW, literal

SMALLEST = 4 << 20
"""Bytes of the smallest file worth it."""
_CHUNK = 1 << 22
_GLOB = frozenset("*?[")


def load_plain(
    grid: CsvGrid,
    positions: Sequence[int],
    first_row: int,
    last_row: int | None,
    connection: duckdb.DuckDBPyConnection,
    *,
    table: str,
    where: str,
) -> bool:
    """Fill ``table`` with the rows that pass ``where``; False, and an empty table, when the file is not plain."""
    lines = _plain_lines(grid)
    if lines is None:
        return False
    declared = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(1, grid.width + 1))
    options = (
        f"header = false, auto_detect = false, parallel = false, skip = {first_row - 1}, "
        f"delim = {literal(grid.source.delimiter)}, quote = '', escape = '', columns = {{{declared}}}"
    )
    cells = ", ".join(f"coalesce(c{position}, '') AS c{position}" for position in positions)
    below = "" if last_row is None else f" AND {SOURCE_ROW} <= {last_row}"
    read = (
        f"SELECT row_number() OVER () + {first_row - 1} AS {SOURCE_ROW}, {cells} "
        f"FROM read_csv({literal(str(grid.path))}, {options})"
    )
    try:
        connection.execute(f"INSERT INTO {table} SELECT * FROM ({read}) WHERE ({where}){below}")
        counted = connection.execute(f"SELECT count(*) FROM read_csv({literal(str(grid.path))}, {options})").fetchone()
    except duckdb.Error:
        connection.execute(f"DELETE FROM {table}")
        return False
    if counted != (lines - first_row + 1,):
        connection.execute(f"DELETE FROM {table}")
        return False
    return True


def _plain_lines(grid: CsvGrid) -> int | None:
    """Count the lines of a file that may be plain; None of one that is not."""
    path = grid.path
    quote = grid.source.quote.encode() or b'"'
    if grid.codec.name != "utf-8-sig" or path.stat().st_size < SMALLEST or _GLOB & set(str(path)):
        return None
    if len(quote) > 1 or len(grid.source.delimiter.encode()) > 1:
        return None
    return _count_lines(path, quote)


def _count_lines(path: Path, quote: bytes) -> int | None:
    lines = returns = pairs = 0
    last = b""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if quote in chunk or b"\0" in chunk:
                return None
            lines += chunk.count(b"\n")
            returns += chunk.count(b"\r")
            pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(b"\n"))
            last = chunk[-1:]
    if returns != pairs or (returns and returns != lines):
        return None
    return lines + (last != b"\n")
