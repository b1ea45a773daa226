"""The Arrow files in which the sandboxed readers of SDMX-ML and SDMX-JSON hand over what they found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from sdmx_hub.model.rows import SOURCE_ROW

DATASET, SERIES = "_dataset", "_series"
BATCH = 32_768


def schema_of(names: Sequence[str]) -> pa.Schema:
    """Columns of a file: number of the data set and of the series, row number, then one text per component."""
    numbers = [(DATASET, pa.int64()), (SERIES, pa.int64()), (SOURCE_ROW, pa.int64())]
    return pa.schema([*numbers, *((name, pa.string()) for name in names)])


class Spool:
    """One file being written, batch by batch."""

    def __init__(self, folder: Path, kind: str, names: Sequence[str]) -> None:
        self._schema = schema_of(names)
        self._file = pa.OSFile(str(folder / f"{kind}.arrow"), "wb")
        self._writer = pa.ipc.new_stream(self._file, self._schema)

    def write(self, columns: Sequence[pa.Array]) -> None:
        """Add one batch."""
        self._writer.write_batch(pa.RecordBatch.from_arrays(list(columns), schema=self._schema))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        self._file.close()


class Columns:
    """Rows being gathered column by column, written in batches."""

    def __init__(self, folder: Path, kind: str, names: list[str]) -> None:
        self.spool = Spool(folder, kind, names)
        self.schema = schema_of(names)
        self.names = names
        self.count = 0
        self._rows: list[tuple[int | None, int | None, int | None, dict[str, str]]] = []

    def add(self, dataset: int, series: int | None, row: int | None, values: dict[str, str]) -> None:
        """Add one row: data set, series, row number, texts by component."""
        self.count += 1
        self._rows.append((dataset, series, row, values))
        if len(self._rows) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what has been gathered."""
        rows = self._rows
        numbers = [pa.array([row[place] for row in rows], pa.int64()) for place in range(3)]
        texts = [pa.array([row[3].get(name) for row in rows], pa.string()) for name in self.names]
        self.spool.write([*numbers, *texts])
        self._rows = []

    def close(self) -> None:
        """Write the rest and end the file."""
        self.flush()
        self.spool.__exit__(None, None, None)
