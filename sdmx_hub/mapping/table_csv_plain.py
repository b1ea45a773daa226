"""Large delimited files of the plainest kind, read by the engine itself: the same rows, several times as fast.

Plain means: UTF-8, quotes around whole cells only, line ends of one kind and none within a cell, as many cells in each
row as there are columns, no blank lines.
What is not plain, or turns out not to be, is left to ``table_csv``, which says what is wrong and where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from sdmx_hub.mapping.table_csv import CsvGrid
from sdmx_hub.model.rows import SOURCE_ROW, literal

SMALLEST = 4 << 20
"""Bytes of the smallest file worth it."""
_CHUNK = 1 << 22
_LONGEST = 1 << 24
"""Bytes of the longest line of a plain file."""
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
    found = _plain_lines(grid)
    if found is None:
        return False
    lines, quote = found
    declared = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(1, grid.width + 1))
    options = (
        f"header = false, auto_detect = false, parallel = false, skip = {first_row - 1}, "
        f"delim = {literal(grid.source.delimiter)}, quote = {literal(quote)}, escape = {literal(quote)}, "
        f"columns = {{{declared}}}"
    )
    cells = ", ".join(f"coalesce(c{position}, '') AS c{position}" for position in positions)
    below = "" if last_row is None else f" AND {SOURCE_ROW} <= {last_row}"
    read = (
        f"SELECT row_number() OVER () + {first_row - 1} AS {SOURCE_ROW}, {cells} "
        f"FROM read_csv({literal(str(grid.path))}, {options})"
    )
    try:
        connection.execute(f"INSERT INTO {table} SELECT * FROM ({read}) WHERE ({where}){below}")
        counted = connection.execute(f"SELECT max({SOURCE_ROW}) - {first_row - 1} FROM {table}").fetchone()
        if counted != (lines - first_row + 1,):  # the last row is blank, or not wanted
            counted = connection.execute(f"SELECT count(*) FROM ({read})").fetchone()
    except duckdb.Error:
        connection.execute(f"DELETE FROM {table}")
        return False
    if counted != (lines - first_row + 1,):
        connection.execute(f"DELETE FROM {table}")
        return False
    return True


def _plain_lines(grid: CsvGrid) -> tuple[int, str] | None:
    """Count the lines of a file that may be plain, and tell the quote it has; None of one that is not plain."""
    path = grid.path
    quote, delimiter = grid.source.quote or '"', grid.source.delimiter
    if grid.codec.name != "utf-8-sig" or path.stat().st_size < SMALLEST or _GLOB & set(str(path)):
        return None
    if len(quote.encode()) > 1 or len(delimiter.encode()) > 1 or not quote.isprintable():
        return None
    lines, is_quoted = 0, False
    whole = _whole_cells(quote, delimiter)
    is_windows: bool | None = None
    for block in _blocks(path):
        count, returns = block.count(b"\n"), block.count(b"\r")
        if b"\0" in block or returns not in {0, count} or returns != block.count(b"\r\n"):
            return None
        if count and is_windows not in {None, bool(returns)}:
            return None
        is_windows = bool(returns) if count else is_windows
        if quote.encode() in block:
            is_quoted = True
            if not grid.source.quote or quote.encode() in whole.sub(b"", block):
                return None
        lines += count + (not block.endswith(b"\n"))
    return lines, quote if is_quoted else ""


def _whole_cells(quote: str, delimiter: str) -> re.Pattern[bytes]:
    """The pattern of a cell in quotes, on one line, with nothing between the quotes and the ends of the cell."""
    sign, between = re.escape(quote), re.escape(delimiter)
    pattern = f"(?:^|(?<={between})){sign}(?:[^{sign}\\n]++|{sign}{sign})*+{sign}(?={between}|\\r?$)"
    return re.compile(pattern.encode(), re.MULTILINE)


def _blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a file in blocks that end with a line; of one with a longer line than any table has, a zero."""
    rest = b""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            head, mark, tail = chunk.rpartition(b"\n")
            if mark:
                yield rest + head + mark
                rest = tail
            else:
                rest += tail
            if len(rest) > _LONGEST:
                break
        else:
            if rest:
                yield rest
            return
    yield b"\0"
