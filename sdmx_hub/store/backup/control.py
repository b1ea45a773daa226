"""The control tables as one file of JSON lines, compressed, the same from either kind of database.

A table is one line that names it and its columns, then a line for each row. A row is what the database keeps, before
any type of ours reads it, so that a table of an earlier shape can be filled as it was and migrated afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson
import sqlalchemy as sa
import zstandard
from sqlalchemy import Connection

from sdmx_hub.errors import Malformed
from sdmx_hub.store import alert_tables, harvest_tables, metadata_tables, quality_tables, registry_tables, workers
from sdmx_hub.store.database import known_revisions, upgrade_tables
from sdmx_hub.store.files import digest, flush
from sdmx_hub.store.tables import METADATA

SUFFIX = ".jsonl.zst"
TABLE_MODULES = (alert_tables, harvest_tables, metadata_tables, quality_tables, registry_tables, workers)
"""Whoever has tables, so that ``METADATA`` knows all."""
_LEVEL = 3
_BATCH = 500
_LONGEST_LINE = 256_000_000
_HIGHEST_RATIO = 2_000
"""Repeated documents compress well; more than this is no control database."""
_MOST_UNCHECKED = 100_000_000


@dataclass(frozen=True, kw_only=True)
class Control:
    """What was written: hash and bytes of the file, bytes before compression, rows by table."""

    sha256: str
    bytes: int
    unpacked_bytes: int
    tables: Mapping[str, int]


def write_control(connection: Connection, path: Path) -> Control:
    """Write all control tables as ``connection`` sees them; flushed when it returns."""
    counts: dict[str, int] = {}
    unpacked = 0
    with path.open("xb") as file, zstandard.ZstdCompressor(level=_LEVEL).stream_writer(file, closefd=False) as stream:
        for table in METADATA.sorted_tables:
            name, columns = str(table.name), [str(column.name) for column in table.columns]
            unpacked += _write(stream, {"table": name, "columns": columns})
            counts[name] = 0
            for row in _rows(connection, table):
                unpacked += _write(stream, list(row))
                counts[name] += 1
    flush(path)
    return Control(sha256=digest(path), bytes=path.stat().st_size, unpacked_bytes=unpacked, tables=counts)


def _rows(connection: Connection, table: sa.Table) -> Iterator[Sequence[Any]]:
    columns = [sa.column(one.name, sa.Boolean if isinstance(one.type, sa.Boolean) else None) for one in table.columns]
    keys: list[sa.ColumnClause[Any]] = [sa.column(one.name) for one in table.primary_key.columns]
    query = sa.select(*columns).select_from(sa.table(table.name, *columns)).order_by(*keys)
    yield from connection.execution_options(yield_per=_BATCH).execute(query)


def _write(stream: Any, value: Any) -> int:
    line = orjson.dumps(value) + b"\n"
    stream.write(line)
    return len(line)


def load_control(connection: Connection, path: Path, revision: str, counts: Mapping[str, int]) -> None:
    """Make the tables of ``revision``, fill them from a file, and bring them to this release's shape.

    ``connection`` is within a writing transaction of a database without tables. Raises Malformed for a file that is not
    what ``write_control`` writes or has not ``counts`` rows.
    """
    if revision not in known_revisions():
        raise Malformed("backup-newer", revision=revision)
    upgrade_tables(connection, revision)
    tables = _reflected(connection)
    for table in reversed(tables.values()):
        connection.execute(sa.delete(table))  # what the migrations put there, the file has too
    found: dict[str, int] = {}
    for name, columns, rows in _sections(path):
        if name not in tables or set(columns) != set(tables[name].columns.keys()) or name in found:
            raise Malformed("backup-damaged", file=path.name, why=f"table {name[:60]}")
        table = tables[name]
        found[name] = 0
        for batch in _batches(rows, len(columns), path):
            _insert(connection, table, columns, batch, path)
            found[name] += len(batch)
    if found != dict(counts):
        raise Malformed("backup-damaged", file=path.name, why="rows")
    _set_sequences(connection, tables.values())
    upgrade_tables(connection)


def _reflected(connection: Connection) -> dict[str, sa.Table]:
    metadata = sa.MetaData()
    metadata.reflect(connection)
    return {table.name: table for table in metadata.sorted_tables if table.name != "alembic_version"}


def _insert(
    connection: Connection, table: sa.Table, columns: Sequence[str], rows: Sequence[Sequence[Any]], path: Path
) -> None:
    values = [dict(zip(columns, row, strict=True)) for row in rows]
    try:
        connection.execute(sa.insert(table), values)
    except sa.exc.SQLAlchemyError as error:
        # Rows of another type, twice, or referring to nothing: no hub wrote them.
        raise Malformed("backup-damaged", file=path.name, why=f"{table.name}: {type(error).__name__}") from error


def _set_sequences(connection: Connection, tables: Iterable[sa.Table]) -> None:
    """Let PostgreSQL number on after the rows that brought their numbers; SQLite looks by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        for column in table.primary_key.columns:
            sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
            highest = sa.select(sa.func.max(column)).scalar_subquery()
            if connection.execute(sa.select(sequence)).scalar() and connection.execute(sa.select(highest)).scalar():
                connection.execute(sa.select(sa.func.setval(sequence, highest)))


_Section = tuple[str, list[str], Iterator[list[Any]]]


def _sections(path: Path) -> Iterator[_Section]:
    """Each table with its columns and rows; the rows must be drawn before the next table."""
    lines = _lines(path)
    head: Any = next(lines, None)

    def rows() -> Iterator[list[Any]]:
        nonlocal head
        for line in lines:
            if isinstance(line, dict):
                head = line
                return
            yield line
        head = None

    while head is not None:
        if not isinstance(head, dict) or not _is_head(head):
            raise Malformed("backup-damaged", file=path.name, why="JSON")
        yield head["table"], head["columns"], rows()


def _is_head(line: Mapping[str, Any]) -> bool:
    columns = line.get("columns")
    is_listed = isinstance(columns, list) and all(isinstance(one, str) for one in columns)
    return isinstance(line.get("table"), str) and is_listed


def _batches(rows: Iterator[list[Any]], width: int, path: Path) -> Iterator[list[list[Any]]]:
    batch: list[list[Any]] = []
    for row in rows:
        if not isinstance(row, list) or len(row) != width or any(isinstance(cell, list | dict) for cell in row):
            raise Malformed("backup-damaged", file=path.name, why="JSON")
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _lines(path: Path) -> Iterator[Any]:
    most = max(_MOST_UNCHECKED, _HIGHEST_RATIO * path.stat().st_size)
    try:
        with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
            yield from (orjson.loads(line) for line in _split(stream, most, path))
    except (zstandard.ZstdError, orjson.JSONDecodeError) as error:
        raise Malformed("backup-damaged", file=path.name, why=type(error).__name__) from error


def _split(stream: IO[bytes], most: int, path: Path) -> Iterator[bytes]:
    """The lines of a stream, none longer and all no longer together than they may be."""
    rest, total = b"", 0
    while chunk := stream.read(1 << 20):
        total += len(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        if total > most or len(rest) > _LONGEST_LINE:
            raise Malformed("backup-bomb", file=path.name)
        yield from lines
    if rest:
        raise Malformed("backup-damaged", file=path.name, why="EOF")
