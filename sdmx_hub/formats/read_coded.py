"""Which columns of extracted rows hold the same few texts again and again, and the types (ENUM) they get for it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from sdmx_hub.formats.read_data import code_types, new_table
from sdmx_hub.model.rows import quoted

MANY = 100_000
"""Observations from which on it pays."""
FEW, MOST_CODES = 2_000, 20_000
"""Different texts in the first batch of a column of few, and in all of it."""


def choose_types(
    connection: duckdb.DuckDBPyConnection, table: str, files: list[Path], names: list[str]
) -> dict[str, str]:
    """Make a type for each of those of ``names`` that have few texts in all files; the SQL names of the types."""
    values: dict[str, set[str]] = {name: set() for name in names}
    for file in files:
        for name in _many_in_first_batch(file, names):
            values.pop(name, None)
        for name, texts in _different(connection, file, list(values)).items():
            values[name] |= texts
    return code_types(connection, table, {name: texts for name, texts in values.items() if len(texts) <= MOST_CODES})


def _many_in_first_batch(file: Path, names: list[str]) -> list[str]:
    with pa.memory_map(str(file)) as mapped, pa.ipc.open_stream(mapped) as reader:
        known = [name for name in names if name in reader.schema.names]
        for batch in reader:
            return [name for name in known if pc.count_distinct(batch.column(name)).as_py() > FEW]
    return []


def _different(connection: duckdb.DuckDBPyConnection, file: Path, names: list[str]) -> dict[str, set[str]]:
    stream = new_table()
    with pa.memory_map(str(file)) as mapped, pa.ipc.open_stream(mapped) as reader:
        known = [name for name in names if name in reader.schema.names]
        if not known:
            return {}
        connection.register(stream, reader)
        try:
            lists = ", ".join(f"list(DISTINCT {quoted(name)})" for name in known)
            (found,) = connection.execute(f"SELECT {lists} FROM {stream}").fetchall()
        finally:
            connection.unregister(stream)
    return {name: {text for text in listed or () if text} for name, listed in zip(known, found, strict=True)}
