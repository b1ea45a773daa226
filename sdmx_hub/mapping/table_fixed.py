"""Text of fixed width: each column is so many characters from a place in the line, whatever stands around it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sdmx_hub.mapping.rules import SourceRule
from sdmx_hub.mapping.table import HEAD_ROWS
from sdmx_hub.mapping.table_csv import CsvGrid
from sdmx_hub.model.rows import SOURCE_ROW

_BATCH = 50_000
_NEVER = "\x1f"


class FixedGrid:
    """A grid over the lines of a file; characters no column covers are not read."""

    def __init__(self, path: Path, source: SourceRule) -> None:
        self._text = CsvGrid(path, dataclasses.replace(source, delimiter=_NEVER, quote="", header_row=0))
        self.columns = source.columns
        self.names = [column.name for column in self.columns if column.name]
        self.file = path.name
        self.sheet: str | None = None
        self.first_column = 1
        self.width = len(self.columns)
        self.head = [(row, self._cells(line)) for row, line in islice(self._lines(), HEAD_ROWS)]

    def _lines(self) -> Iterator[tuple[int, str]]:
        for row, line in enumerate(self._text.lines(), start=1):
            yield row, line.rstrip("\r\n\x1a")

    def _cells(self, line: str) -> list[str]:
        return [line[one.start - 1 : one.start - 1 + one.width].strip() for one in self.columns]

    def batches(self, positions: Sequence[int], first_row: int, last_row: int | None) -> Iterator[pa.RecordBatch]:
        """Draw the rows, cut by the engine's own functions; blank lines left out."""
        names = [SOURCE_ROW, *(f"c{position}" for position in positions)]
        lines = islice(self._lines(), first_row - 1, last_row)
        while chunk := list(islice(lines, _BATCH)):
            kept = [(row, line) for row, line in chunk if line.strip()]
            if not kept:
                continue
            rows, texts = zip(*kept, strict=True)
            whole = pa.array(texts, pa.string())
            cells = [self._cut(whole, position) for position in positions]
            yield pa.record_batch([pa.array(rows, pa.int64()), *cells], names=names)

    def _cut(self, lines: pa.Array, position: int) -> pa.Array:
        column = self.columns[position - 1]
        first = column.start - 1
        return pc.utf8_trim_whitespace(pc.utf8_slice_codeunits(lines, first, first + column.width))
