"""Rows of texts in Arrow's form: what a database, a message or a statistics file held, brought into a file of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sdmx_hub.model.rows import SOURCE_ROW

_COMPRESSED = pa.ipc.IpcWriteOptions(compression="zstd")


def write_texts(target: Path, names: Sequence[str], batches: Iterable[Sequence[pa.Array]]) -> int:
    """Write batches of columns of texts and count their rows; an absent cell is the empty text.

    Columns may share a name, as those of a query may: in the file they are numbered, and the names are told aside.
    """
    fields = [pa.field(f"c{place}", pa.string(), metadata={"name": name}) for place, name in enumerate(names, start=1)]
    schema = pa.schema(fields)
    count = 0
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_stream(sink, schema, options=_COMPRESSED) as writer:
        for columns in batches:
            batch = pa.record_batch([pc.fill_null(column, "") for column in columns], schema=schema)
            writer.write_batch(batch)
            count += batch.num_rows
    return count


class ArrowGrid:
    """A grid over a file of ``write_texts``; rows are numbered as they come."""

    def __init__(self, path: Path, file: str) -> None:
        self.path = path
        self.file = file
        self.sheet: str | None = None
        self.first_column = 1
        self.head: list[tuple[int, list[str]]] = []
        with pa.OSFile(str(path), "rb") as stream, pa.ipc.open_stream(stream) as reader:
            self.names = [(field.metadata or {})[b"name"].decode() for field in reader.schema]
        self.width = len(self.names)

    def batches(self, positions: Sequence[int], first_row: int, last_row: int | None) -> Iterator[pa.RecordBatch]:
        """Draw the rows of the columns asked for."""
        names = [f"c{position}" for position in positions]
        row = 1
        with pa.OSFile(str(self.path), "rb") as stream, pa.ipc.open_stream(stream) as reader:
            for batch in reader:
                first, past = max(first_row - row, 0), batch.num_rows if last_row is None else last_row - row + 1
                kept = batch.select(names).slice(first, max(min(past, batch.num_rows) - first, 0))
                if kept.num_rows:
                    rows = pa.array(range(row + first, row + first + kept.num_rows), pa.int64())
                    yield pa.record_batch([rows, *kept.columns], names=[SOURCE_ROW, *names])
                row += batch.num_rows
