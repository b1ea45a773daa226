"""Segments: the immutable DuckDB files observations live in, and the engine that attaches them.

A *base* holds in ``cur`` the rows of one state and in ``hist`` the rows that had ended by then; a *delta* holds in
``cur`` what one release changed on top of the segments before it. Rows are sorted by series key and time. Beside a
column per component there are:

``_vf``    the release that brought the row; NULL for the release this segment came with (not known when it is written)
``_vt``    in ``hist``: the release that ended the row; NULL as above
``_gone``  in a delta: the observation was deleted
``_of, _at``  in a delta: the row it supersedes, as the position of the segment in its chain and the row's number there

Dimensions, time and coded components are ENUMs over the codes of the chain so far: the type of a segment covers those
of the segments before it, in the same order (by code; time by what it means), so that a later type serves for all.

Values stay the text they came as. For 10 million observations of a sparse bilateral cube that costs 9.7 bytes each, 6.9
as unscaled integer and scale and 7.2 as DOUBLE and scale; writing takes as long, and rendering text from the
numbers is slower (1.56 and 1.89 s against 1.52 s), so text wins: nothing can be lost and nothing has to be restored.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from sdmx_hub.errors import BadRequest, Damaged
from sdmx_hub.model.period import parse_period
from sdmx_hub.model.rows import literal, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.store.blobs import Blobs, segment_name
from sdmx_hub.store.files import digest as hash_file

STORAGE_VERSION = "v1.5.0"
"""What DuckDB 1.5 and later can open, whatever release wrote it."""
SUFFIX = ".duckdb"
VALID_FROM, VALID_TO, GONE, OF, AT = "_vf", "_vt", "_gone", "_of", "_at"
NO_CODES = ("",)
"""The dictionary of a component that has no value yet: an ENUM needs one."""
_ATTACHED = 400
"""Segments kept attached when nobody reads them."""

_LAST = dt.datetime(9999, 12, 31)  # noqa: DTZ001 - periods are in the provider's own time
Dictionaries = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Segment:
    """An attached segment; ``columns`` of its ``cur``, the ``dictionaries`` of those that are ENUMs."""

    alias: str
    columns: frozenset[str]
    dictionaries: Dictionaries

    def type_of(self, column: str) -> str:
        """The ENUM type of a column, for SQL."""
        return f"{self.alias}.{quoted(f'e_{column}')}"


class Engine:
    """One in-memory DuckDB with segments of ``blobs`` attached read-only, for one process and all its threads.

    A ``locked`` engine can open nothing but segments and cannot be reconfigured. It is made again after a fork. Of the
    segments nobody reads it keeps up to ``keep`` attached, that together with the others have up to ``keep_bytes`` (0:
    any number).
    """

    def __init__(
        self,
        blobs: Blobs,
        spill: Path,
        *,
        memory_limit: str,
        threads: int,
        locked: bool = True,
        keep: int = _ATTACHED,
        keep_bytes: int = 0,
    ) -> None:
        self._blobs = blobs
        self._spill, self._memory_limit, self._threads = spill, memory_limit, threads
        self._locked, self._keep, self._keep_bytes = locked, keep, keep_bytes
        self._lock = threading.RLock()
        self._process = 0
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._attached: OrderedDict[str, Segment] = OrderedDict()
        self._bytes: dict[str, int] = {}
        self._readers: dict[str, weakref.WeakSet[duckdb.DuckDBPyConnection]] = {}

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Open a cursor of its own for one response."""
        with self._lock:
            return self._open().cursor()

    def attach(self, digests: Sequence[str], reader: duckdb.DuckDBPyConnection) -> tuple[Segment, ...]:
        """Attach segments; they stay attached at least as long as ``reader`` lives.

        While a file is fetched, others go on reading. Raises Damaged, and TryAgain when it cannot be fetched now.
        """
        held: dict[str, Path] = {}
        try:
            for digest in [one for one in dict.fromkeys(digests) if one not in self._attached]:
                held[digest] = self._blobs.hold(segment_name(digest))
            with self._lock:
                connection = self._open()
                found = tuple(self._attach(connection, digest, held, reader) for digest in digests)
                self._detach_idle(connection)
                return found
        finally:
            for digest in held:
                self._blobs.free(segment_name(digest))

    def close(self) -> None:
        """Give everything back."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
                for digest in self._attached:
                    self._blobs.free(segment_name(digest))
                self._forget()
            self._connection = None

    def _attach(
        self,
        connection: duckdb.DuckDBPyConnection,
        digest: str,
        held: dict[str, Path],
        reader: duckdb.DuckDBPyConnection,
    ) -> Segment:
        """Attach one segment unless it is; takes out of ``held`` what is now attached."""
        if digest not in self._attached:
            path = held[digest] if digest in held else self._blobs.hold(segment_name(digest))
            held[digest] = path
            try:
                self._attached[digest] = attach(connection, path, f"s_{digest[:20]}", read_only=True)
            except duckdb.Error as error:
                if hash_file(path) == digest:
                    raise
                raise Damaged("blob-damaged", file=segment_name(digest), where=self._blobs.where) from error
            self._readers[digest], self._bytes[digest] = weakref.WeakSet(), path.stat().st_size
            del held[digest]
        self._attached.move_to_end(digest)
        self._readers[digest].add(reader)
        return self._attached[digest]

    def _detach_idle(self, connection: duckdb.DuckDBPyConnection) -> None:
        for digest in list(self._attached):
            too_large = self._keep_bytes and sum(self._bytes.values()) > self._keep_bytes
            if len(self._attached) <= self._keep and not too_large:
                return
            if not self._readers[digest]:
                connection.execute(f"DETACH {self._attached.pop(digest).alias}")
                del self._readers[digest], self._bytes[digest]
                self._blobs.free(segment_name(digest))

    def _forget(self) -> None:
        self._attached.clear()
        self._readers.clear()
        self._bytes.clear()

    def _open(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None or self._process != os.getpid():
            self._process = os.getpid()
            self._forget()
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> duckdb.DuckDBPyConnection:
        self._spill.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(config={"threads": self._threads, "memory_limit": self._memory_limit})
        connection.execute(f"SET temp_directory = {literal(str(self._spill))}")
        connection.execute("SET autoinstall_known_extensions = false")
        connection.execute("SET autoload_known_extensions = false")
        if self._locked:
            allowed = ", ".join(literal(f"{folder}/") for folder in (self._blobs.held_in, self._spill))
            connection.execute(f"SET allowed_directories = [{allowed}]")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
        return connection


def attach(connection: duckdb.DuckDBPyConnection, path: Path, alias: str, *, read_only: bool) -> Segment:
    """Attach a segment file under ``alias`` and read its columns and dictionaries."""
    option = "READ_ONLY" if read_only else f"STORAGE_VERSION '{STORAGE_VERSION}'"
    connection.execute(f"ATTACH {literal(str(path))} AS {alias} ({option})")
    described = connection.execute(f"DESCRIBE {alias}.cur").fetchall() if read_only else []
    coded = [str(name) for name, kind, *_ in described if str(kind).startswith("ENUM")]
    ranges = ", ".join(f"enum_range(NULL::{alias}.{quoted(f'e_{name}')})" for name in coded)
    values = connection.execute(f"SELECT {ranges}").fetchone() if coded else ()
    return Segment(
        alias=alias,
        columns=frozenset(str(row[0]) for row in described),
        dictionaries={name: tuple(codes) for name, codes in zip(coded, values or (), strict=True)},
    )


def create_types(connection: duckdb.DuckDBPyConnection, alias: str, dictionaries: Dictionaries) -> None:
    """Create the ENUM types of a new segment."""
    for column, codes in dictionaries.items():
        labels = ", ".join(literal(code) for code in codes)
        connection.execute(f"CREATE TYPE {alias}.{quoted(f'e_{column}')} AS ENUM ({labels})")


def coded_ids(structure: DataStructure) -> tuple[str, ...]:
    """The components kept as ENUM: all dimensions, and whatever holds one code at a time."""
    return tuple(
        component.id
        for component in structure.components.values()
        if component.id in structure.key_ids
        or (component.representation.is_coded and component.representation.max_occurs == 1)
    )


def merge_codes(old: tuple[str, ...], new: Iterable[str], *, is_time: bool) -> tuple[str, ...]:
    """Extend a dictionary: the old one as it is when it covers ``new``, else both in order; no codes are a blank."""
    kept = () if old == NO_CODES else old
    added = set(new) - set(kept)
    if not added:
        return old or NO_CODES
    return tuple(sorted(added.union(kept), key=_when if is_time else None))


def _when(text: str) -> tuple[dt.datetime, dt.datetime, str]:
    try:
        period = parse_period(text)
    except BadRequest:
        return _LAST, _LAST, text
    return period.start, period.end, text


def columns_sql(columns: Iterable[str], table: str = "") -> str:
    """List columns, of one table when told, for SQL."""
    prefix = f"{table}." if table else ""
    return ", ".join(f"{prefix}{quoted(column)}" for column in columns)


def numbered(names: Iterable[str], prefix: str) -> Iterator[tuple[str, str]]:
    """Give each name a short one that cannot clash with a component."""
    for position, name in enumerate(names):
        yield f"{prefix}{position}", name
