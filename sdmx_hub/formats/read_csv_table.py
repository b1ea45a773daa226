"""SDMX-CSV records as a table of the engine, one column per heading (by position) and ``_row``.

Every cell stays the text that was sent. In large files, columns in which the same few texts come again and again are
read as dictionaries and stay so (ENUM): a third of the time, and a fraction of the space. Records that are too long by
empty cells only are mended; other ragged ones are left out and told.
"""

from __future__ import annotations

import csv
import functools
import itertools
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.read_data import code_types, new_table, spool
from sdmx_hub.model.rows import SOURCE_ROW, number_array

BLOCK = 4 << 20
LARGE = 4 * BLOCK
"""Bytes from which on columns of few texts are read as dictionaries."""
HEAD, LOOKED_AT = 1 << 20, 5_000
FEW, MOST_CODES = 500, 20_000
"""Different texts in the first records that make a column one of few, and in the whole file that leave it so."""
MOST_RAGGED = 200
"""Ragged records told one by one; beyond that the file is given up."""

Ragged = tuple[int, int, str]
"""A record of another length than the header: its number, how many cells it has, its text."""
_TEXT = pa.string()
_CODED = pa.dictionary(pa.int32(), pa.string())


@dataclass
class Records:
    """The records of a file, to be drawn in batches; ``ragged`` are those met so far."""

    path: Path
    names: list[str]
    delimiter: str
    ragged: list[Ragged] = field(default_factory=list)

    def spool(self, connection: duckdb.DuckDBPyConnection) -> str:
        """Put all records into a new table of the connection and name it. Raises Malformed."""
        if self.path.stat().st_size < LARGE:
            table = spool(connection, self._schema(()), self._batches(()))
            types: Mapping[str, str] = {}
            mended = self._mend()
        else:
            table, types, mended = self._spool_coded(connection)
        places = ", ".join(f"CAST(? AS {types.get(name, 'VARCHAR')})" for name in self.names)
        for row, cells in mended:
            connection.execute(f"INSERT INTO {table} VALUES ({places}, ?)", [*cells, row])
        blank = " AND ".join(f"{name} IS NULL" for name in self.names)
        connection.execute(f"DELETE FROM {table} WHERE {blank}")  # blank lines
        return table

    def _spool_coded(
        self, connection: duckdb.DuckDBPyConnection
    ) -> tuple[str, Mapping[str, str], list[tuple[int, list[str | None]]]]:
        """Draw the records into a file, with what few texts each column has; then the engine takes them with these."""
        coded = self._choose_coded()
        values: dict[str, set[str]] = {name: set() for name in coded}
        table, stream = new_table(), new_table()
        with tempfile.TemporaryDirectory(prefix="sdmx-hub-") as folder:
            file = str(Path(folder) / "records.arrow")
            with pa.OSFile(file, "wb") as sink, pa.ipc.new_stream(sink, self._schema(coded)) as writer:
                for batch in self._batches(coded):
                    writer.write_batch(batch)
                    for name, texts in values.items():
                        texts.update(batch.column(name).dictionary.to_pylist())
            mended = self._mend()
            for position, name in enumerate(self.names):
                if name in values:
                    values[name].update(cell for _, cells in mended if (cell := cells[position]) is not None)
            few = {name: texts for name, texts in values.items() if len(texts) <= MOST_CODES}
            types = code_types(connection, table, few)
            shown = [f"CAST({name} AS {types[name]}) AS {name}" if name in types else name for name in self.names]
            with pa.memory_map(file) as mapped, pa.ipc.open_stream(mapped) as reader:
                connection.register(stream, reader)
                try:
                    connection.execute(f"CREATE TABLE {table} AS SELECT {', '.join(shown)}, {SOURCE_ROW} FROM {stream}")
                finally:
                    connection.unregister(stream)
        return table, types, mended

    def _choose_coded(self) -> tuple[str, ...]:
        """The columns in which few different texts stand, by the first records."""
        with self.path.open("rb") as stream:
            head = stream.read(HEAD).decode("utf-8", errors="replace")
        records = csv.reader(head.splitlines(keepends=True), delimiter=self.delimiter)
        different: list[set[str]] = [set() for _ in self.names]
        for record in itertools.islice(records, 1, LOOKED_AT):
            for texts, cell in zip(different, record, strict=False):
                texts.add(cell)
        pairs = zip(self.names, different, strict=True)
        return tuple(name for name, texts in pairs if len(texts) <= FEW and texts != {""})

    def _schema(self, coded: tuple[str, ...]) -> pa.Schema:
        columns = [(name, _CODED if name in coded else _TEXT) for name in self.names]
        return pa.schema([*columns, (SOURCE_ROW, pa.int64())])

    def _open(self, coded: tuple[str, ...], ragged: list[Ragged]) -> arrow_csv.CSVStreamingReader:
        try:
            return arrow_csv.open_csv(
                self.path,
                read_options=arrow_csv.ReadOptions(
                    column_names=self.names, skip_rows_after_names=1, block_size=BLOCK, use_threads=False
                ),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=self.delimiter,
                    newlines_in_values=True,
                    ignore_empty_lines=False,
                    invalid_row_handler=functools.partial(_keep_ragged, ragged),
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types={name: _CODED if name in coded else _TEXT for name in self.names},
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid as error:
            raise Malformed("read-broken", why=str(error)[:300]) from error

    def _batches(self, coded: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
        """Draw batches with the number of each record; those left out as ragged keep theirs."""
        reader, schema = self._open(coded, self.ragged), self._schema(coded)
        following, counted = 2, 0
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                return
            except pa.ArrowInvalid as error:
                raise Malformed("read-broken", why=str(error)[:300]) from error
            numbers = np.arange(following, following + batch.num_rows, dtype=np.int64)
            for row, _, _ in self.ragged[counted:]:
                if numbers.size and row <= numbers[-1]:
                    numbers[numbers >= row] += 1
                    counted += 1
            following = int(numbers[-1]) + 1 if numbers.size else following
            yield pa.RecordBatch.from_arrays([*batch.columns, number_array(numbers)], schema=schema)

    def _mend(self) -> list[tuple[int, list[str | None]]]:
        """Take out the ragged records that are too long by empty cells only, which say nothing."""
        mended, left, expected = [], [], len(self.names)
        for row, actual, text in self.ragged:
            cells = next(csv.reader([text], delimiter=self.delimiter), []) if actual > expected else []
            if cells and not any(cells[expected:]):
                mended.append((row, [cell or None for cell in cells[:expected]]))
            else:
                left.append((row, actual, text))
        self.ragged = left
        return mended


def _keep_ragged(ragged: list[Ragged], row: arrow_csv.InvalidRow) -> str:
    if len(ragged) >= MOST_RAGGED:
        return "error"
    ragged.append((row.number or 0, row.actual_columns, row.text))
    return "skip"
