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
_CHUNK = 1 << 20
_BUFFER = 1 << 22
"""Bytes the engine reads at once; a longer line is left to the careful reader too."""
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
    names = [f"'c{position}'" for position in range(1, grid.width + 1)]
    declared = ", ".join(f"{name}: 'VARCHAR'" for name in names)
    options = (
        f"header = false, auto_detect = false, parallel = false, skip = {first_row - 1}, buffer_size = {_BUFFER}, "
        f"delim = {literal(grid.source.delimiter)}, quote = {literal(quote)}, escape = {literal(quote)}, "
        f"columns = {{{declared}}}, force_not_null = [{', '.join(names)}]"
    )
    cells = "".join(f", c{position}" for position in positions)
    below = "" if last_row is None else f" WHERE {SOURCE_ROW} <= {last_row}"
    read = (
        f"SELECT row_number() OVER () + {first_row - 1} AS {SOURCE_ROW}{cells} "
        f"FROM read_csv({literal(str(grid.path))}, {options})"
    )
    try:
        counted = connection.execute(f"INSERT INTO {table} SELECT * FROM ({read}){below}").fetchone()
        if last_row is not None:
            counted = connection.execute(f"SELECT count(*) FROM ({read})").fetchone()
    except duckdb.Error:
        counted = None
    is_plain = counted == (lines - first_row + 1,)
    connection.execute(f"DELETE FROM {table}" + (f" WHERE NOT ({where})" if is_plain else ""))
    return is_plain


def _plain_lines(grid: CsvGrid) -> tuple[int, str] | None:
    """Count the lines of a file that may be plain, and tell the quote it has; None of one that is not plain."""
    path = grid.path
    quote, delimiter = grid.source.quote or '"', grid.source.delimiter
    if grid.codec.name != "utf-8-sig" or path.stat().st_size < SMALLEST or _GLOB & set(str(path)):
        return None
    if len(quote.encode()) > 1 or len(delimiter.encode()) > 1 or not quote.isprintable():
        return None
    lines, is_quoted = 0, False
    sign, between, whole = quote.encode(), delimiter.encode(), _whole_cells(quote, delimiter)
    is_windows: bool | None = None
    for block in _blocks(path):
        count, returns = block.count(b"\n"), block.count(b"\r")
        if b"\0" in block or returns not in {0, count} or (returns and returns != block.count(b"\r\n")):
            return None
        if count and is_windows not in {None, bool(returns)}:
            return None
        is_windows = bool(returns) if count else is_windows
        if sign in block:
            is_quoted = True
            if not grid.source.quote or not (_are_whole(block, sign, between) or sign not in whole.sub(b"", block)):
                return None
        lines += count + (not block.endswith(b"\n"))
    return lines, quote if is_quoted else ""


def _are_whole(block: bytes, sign: bytes, between: bytes) -> bool:
    """Tell quickly whether quotes stand around whole cells on one line; False also where a cell holds a quote."""
    parts = block.split(sign)
    cells, outside = len(parts) // 2, sign.join(parts[::2])
    if len(parts) % 2 == 0 or outside.count(b"\n") != block.count(b"\n"):
        return False
    before = outside.count(between + sign) + outside.count(b"\n" + sign) + outside.startswith(sign)
    after = sum(outside.count(sign + end) for end in (between, b"\n", b"\r\n")) + outside.endswith(sign)
    return before == after == cells


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
            cut = chunk.rfind(b"\n") + 1
            if cut:
                yield rest + chunk[:cut]
                rest = chunk[cut:]
            else:
                rest += chunk
            if len(rest) > _LONGEST:
                break
        else:
            if rest:
                yield rest
            return
    yield b"\0"
