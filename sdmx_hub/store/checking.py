"""Whether what is stored is what was written: every file against the control database, and the audit log."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from sdmx_hub.errors import Damaged
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.store.audit import check_audit
from sdmx_hub.store.blobs import (
    LOG,
    RAW,
    SEGMENTS,
    Blobs,
    copy_blob,
    digest_in,
    digest_of,
    file_name,
    log_name,
    segment_name,
)
from sdmx_hub.store.database import Database
from sdmx_hub.store.files import discard, temporary
from sdmx_hub.store.segments import attach
from sdmx_hub.store.staging import Workshop
from sdmx_hub.store.tables import LINEAGE, MANIFEST, SEGMENT
from sdmx_hub.store.upkeep import left_over

Told = Callable[[int], None]
"""Told of bytes read."""


def nobody(_bytes: int) -> None:
    """Nobody wants to be told."""


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the control database refers to: the names of segments, with rows and bytes, and those of logs."""

    segments: Mapping[str, tuple[int, int]]
    logs: frozenset[str]


def find_lacking(database: Database, blobs: Blobs) -> list[Finding]:
    """Look whether every file that is referred to is there; none is read."""
    known = _read_known(database)
    there = {blob.name for kind in (SEGMENTS, LOG) for blob in blobs.names(kind)}
    return [_found("file-missing", name) for name in sorted({*known.segments, *known.logs} - there)]


def check_files(database: Database, workshop: Workshop, told: Told = nobody) -> list[Finding]:
    """Hold every file against the control database: there, of its size, hash and count; and tell of those nobody knows.

    Also recomputes the audit log, and the hashes of received bytes.
    """
    known, blobs = _read_known(database), workshop.blobs
    sizes = {blob.name: blob.size for kind in (SEGMENTS, LOG, RAW) for blob in blobs.names(kind)}
    findings = check_audit(database)
    for name in (*sorted(known.segments), *sorted(known.logs), *sorted(one for one in sizes if one.startswith(RAW))):
        findings += _check_file(workshop, name, sizes.get(name), known.segments.get(name))
        told(sizes.get(name, 0))
    left = [name for name in sizes if not (name in known.segments or name in known.logs or name.startswith(RAW))]
    names = (*sorted(map(file_name, left)), *(path.name for path in left_over(workshop)))
    return findings + [Finding(code="file-orphan", severity=Severity.INFO, where=Where(file=name)) for name in names]


def _read_known(database: Database) -> _Known:
    with database.reading() as connection:
        told = connection.execute(sa.select(SEGMENT.c.sha256, SEGMENT.c.rows, SEGMENT.c.bytes))
        segments = {row.sha256: (row.rows, row.bytes) for row in told}
        living = set(connection.execute(sa.select(MANIFEST.c.sha256)).scalars())
        logs = set(connection.execute(sa.select(LINEAGE.c.log_sha256)).scalars())
    return _Known(
        segments={segment_name(sha256): segments[sha256] for sha256 in living}, logs=frozenset(map(log_name, logs))
    )


def _check_file(workshop: Workshop, name: str, size: int | None, told: tuple[int, int] | None) -> list[Finding]:
    if size is None:
        return [_found("file-missing", name)]
    if told is not None and size != told[1]:
        return [_found("file-damaged", name)]
    try:
        return list(_check_content(workshop, name, told))
    except Damaged as error:
        return [_found("file-missing" if error.key == "blob-missing" else "file-damaged", name)]


def _check_content(workshop: Workshop, name: str, told: tuple[int, int] | None) -> Iterator[Finding]:
    if told is None:
        if digest_of(workshop.blobs, name) != digest_in(name):
            yield _found("file-damaged", name)
        return
    expected = told[0]
    with _whole(workshop, name) as path:
        found = _count(workshop, path)
    if found != expected:
        where = Where(file=file_name(name))
        yield Finding(code="file-count", where=where, params={"expected": expected, "found": found})


@contextlib.contextmanager
def _whole(workshop: Workshop, name: str) -> Iterator[Path]:
    """A segment whose hash is right; what comes from elsewhere leaves the cache to those who read."""
    if not workshop.blobs.is_remote:
        if digest_of(workshop.blobs, name) != digest_in(name):
            raise Damaged("blob-damaged", file=name, where=workshop.blobs.where)
        yield workshop.blobs.path(name)
        return
    path = temporary(workshop.temporary, ".duckdb")
    try:
        copy_blob(workshop.blobs, name, path)
        yield path
    finally:
        discard(path)


def _count(workshop: Workshop, path: Path) -> int:
    connection = workshop.engine.cursor()
    segment = attach(connection, path, "counted", read_only=True)
    try:
        row = connection.execute(f"SELECT count(*) FROM {segment.alias}.cur").fetchone()
        return int(row[0]) if row else 0
    finally:
        connection.execute(f"DETACH {segment.alias}")
        connection.close()


def _found(code: str, name: str) -> Finding:
    return Finding(code=code, where=Where(file=file_name(name)))
