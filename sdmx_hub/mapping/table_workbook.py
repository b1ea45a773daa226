"""The grid of a workbook's sheet: the child process takes it apart, and its Arrow file is read from there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sdmx_hub.errors import Malformed, NotFound, TooLarge
from sdmx_hub.mapping.rules import SourceRule
from sdmx_hub.mapping.table import HEAD_ROWS, bad_table
from sdmx_hub.mapping.workbook import extract_sheet
from sdmx_hub.model.finding import Where
from sdmx_hub.model.rows import SOURCE_ROW
from sdmx_hub.sandbox import run_limited


class WorkbookGrid:
    """A grid over one sheet. ``folder`` is where its Arrow file is put; it must outlive the grid."""

    def __init__(self, path: Path, source: SourceRule, folder: Path) -> None:
        self.file = path.name
        self.target = folder / "sheet.arrows"
        decimal = source.decimal or "."
        try:
            told = run_limited(extract_sheet, str(path), source.sheet, source.range, decimal, str(self.target))
        except (Malformed, TooLarge, NotFound) as error:
            raise bad_table(error.key, Where(file=self.file), **error.params) from error
        self.sheet: str | None = str(told["sheet"])
        self.first_column = int(told["first_column"])
        self.width = int(told["width"])
        self.head = self._head()

    def _head(self) -> list[tuple[int, list[str]]]:
        head: list[tuple[int, list[str]]] = []
        for batch in self._all():
            rows = batch.column(SOURCE_ROW).to_pylist()
            cells = zip(*(column.to_pylist() for column in batch.columns[1:]), strict=True)
            head.extend((row, list(texts)) for row, texts in zip(rows, cells, strict=False))
            if len(head) >= HEAD_ROWS:
                break
        return head[:HEAD_ROWS]

    def _all(self) -> Iterator[pa.RecordBatch]:
        with pa.OSFile(str(self.target), "rb") as stream, pa.ipc.open_stream(stream) as reader:
            yield from reader

    def batches(self, positions: Sequence[int], first_row: int, last_row: int | None) -> Iterator[pa.RecordBatch]:
        """Draw the rows of the columns asked for; empty rows are left to the reader of the batches."""
        names = [SOURCE_ROW, *(f"c{position}" for position in positions)]
        for batch in self._all():
            rows = batch.column(SOURCE_ROW)
            wanted = pc.greater_equal(rows, first_row)
            if last_row is not None:
                wanted = pc.and_(wanted, pc.less_equal(rows, last_row))
            kept = batch.select(names).filter(wanted)
            if kept.num_rows:
                yield kept
