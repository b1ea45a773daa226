"""The beginning of a table, whatever kind of file it stands in, and its last rows: all that is ever looked at."""

from __future__ import annotations

import codecs
import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook

from sdmx_hub.errors import BadRequest, Malformed
from sdmx_hub.mapping.guess.delimited import guess_delimiter
from sdmx_hub.mapping.guess.encoding import guess_encoding
from sdmx_hub.mapping.rules import SourceRule
from sdmx_hub.mapping.table import HEAD_ROWS
from sdmx_hub.mapping.table_workbook import WorkbookGrid
from sdmx_hub.sandbox import run_limited

MOST_BYTES = 8 << 20
"""Bytes of a delimited file looked at."""
TAIL_BYTES = 64 << 10
MOST_CELLS = 2_000_000
"""Cells looked at, blank ones counted."""
MOST_ROWS = 50_000
MOST_SHEETS = 12
"""Sheets of a workbook looked at, where none is named."""
_WORKBOOKS = {".xlsx": "xlsx", ".xlsm": "xlsx", ".xls": "xls", ".ods": "ods"}

Row = tuple[int, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Rows from the top with their numbers, the rows at the end of a file too long for them, and how it is read.

    It has the shape of ``mapping.table.Grid``. ``source`` are keys of the mapping's ``source``; ``others`` the
    encodings or sheets that might be meant instead.
    """

    file: str
    rows: tuple[Row, ...]
    width: int
    source: dict[str, Any]
    tail: tuple[tuple[str, ...], ...] = ()
    is_whole: bool = True
    sheet: str | None = None
    others: tuple[str, ...] = ()
    first_column: int = 1
    head: Sequence[tuple[int, Sequence[str]]] = field(default=(), repr=False)

    def batches(self, positions: Sequence[int], first_row: int, last_row: int | None) -> Iterator[pa.RecordBatch]:
        """Give nothing: a sample is looked at, and only a load draws rows."""
        return iter(())


def read_samples(path: Path, sheet: str | None, *, encoding: str | None = None) -> list[Sample]:
    """Read the beginning of a file; of a workbook whose sheet is not named, of each of its first sheets.

    Raises BadTable and BadRequest when it cannot be read as a table.
    """
    kind = _WORKBOOKS.get(path.suffix.lower())
    if kind is None:
        return [_delimited(path, encoding)]
    names = [sheet] if sheet is not None else run_limited(sheet_names, str(path))[:MOST_SHEETS]
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-map-") as folder:
        return [_sheet(path, kind, name, Path(folder)) for name in names]


def sheet_names(path: str) -> list[str]:
    """Names of the sheets of a workbook, in order; runs in the child process. Raises Malformed."""
    try:
        return list(CalamineWorkbook.from_path(path).sheet_names)
    except CalamineError as error:
        raise Malformed("workbook-unreadable", why=str(error)) from error


def _sheet(path: Path, kind: str, sheet: str, folder: Path) -> Sample:
    source = SourceRule(line="", licence="", format=kind, sheet=int(sheet) if sheet.isdigit() else sheet)
    grid = WorkbookGrid(path, source, folder)
    most = _most_rows(grid.width)
    rows: list[Row] = []
    is_whole = True
    for batch in grid.batches(range(1, grid.width + 1), 1, None):
        columns = [column.to_pylist() for column in batch.columns]
        rows += [(number, tuple(cells)) for number, *cells in zip(*columns, strict=True)]
        if len(rows) > most:
            is_whole = False
            break
    return _sample(path, rows[:most], {"format": kind, "sheet": grid.sheet}, is_whole=is_whole, sheet=grid.sheet)


def _delimited(path: Path, encoding: str | None) -> Sample:
    with path.open("rb") as stream:
        data = stream.read(MOST_BYTES + 1)
    is_whole = len(data) <= MOST_BYTES
    if not is_whole:
        data = data[: data.rfind(b"\n") + 1] or data[:MOST_BYTES]
    guessed = guess_encoding(data)
    name = encoding or guessed.name
    text = codecs.getincrementaldecoder("utf-8-sig" if name == "utf-8" else name)("replace").decode(data)
    delimiter = guess_delimiter(text[: 1 << 20])
    source: dict[str, Any] = {"format": "csv", "encoding": name, "delimiter": delimiter}
    records = _records(text, delimiter)
    first = list(islice(records, 100))
    most = _most_rows(max(map(len, first), default=1))
    rows = [(number, tuple(cells)) for number, cells in enumerate([*first, *islice(records, most)], start=1)]
    is_whole = is_whole and len(rows) < most
    tail = () if is_whole else _tail(path, name, delimiter)
    others = () if encoding else guessed.others
    return _sample(path, rows, source, is_whole=is_whole, tail=tail, others=others)


def _sample(path: Path, rows: list[Row], source: dict[str, Any], **more: Any) -> Sample:
    kept = tuple((number, cells) for number, cells in rows if any(cell.strip() for cell in cells))
    width = max((len(cells) for _, cells in kept), default=0)
    return Sample(file=path.name, rows=kept, width=width, source=source, head=tuple(rows[:HEAD_ROWS]), **more)


def _most_rows(width: int) -> int:
    return min(MOST_ROWS, max(MOST_CELLS // max(width, 1), 50))


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise BadRequest("guess-not-delimited", why=str(error)) from error


def _tail(path: Path, encoding: str, delimiter: str) -> tuple[tuple[str, ...], ...]:
    with path.open("rb") as stream:
        stream.seek(max(path.stat().st_size - TAIL_BYTES, 0))
        data = stream.read()
    text = data[data.find(b"\n") + 1 :].decode(encoding, "replace")
    return tuple(tuple(cells) for cells in _records(text, delimiter) if any(cell.strip() for cell in cells))
