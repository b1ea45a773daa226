"""Upkeep of the observation store: check what is there, collect what nobody refers to, fold deltas into a base."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from sdmx_hub.errors import TryAgain
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref
from sdmx_hub.store.audit import append_audit, check_audit
from sdmx_hub.store.database import Database
from sdmx_hub.store.files import digest, discard, store_file
from sdmx_hub.store.manifest import Link, Version, add_chain, find_newest
from sdmx_hub.store.releases import note_segment
from sdmx_hub.store.segments import SUFFIX
from sdmx_hub.store.staging import LOG_SUFFIX, MOST_CHANGED, MOST_DELTAS, Workshop, rows_in
from sdmx_hub.store.state import State, open_state
from sdmx_hub.store.tables import CHAIN, LINEAGE, MANIFEST, SEGMENT
from sdmx_hub.store.writing import rewrite_base


def check_files(database: Database, workshop: Workshop) -> list[Finding]:
    """Hold every file against the control database: there, of its hash, of its count; and tell of files nobody knows.

    Also recomputes the audit log.
    """
    with database.reading() as connection:
        counts = {row.sha256: row.rows for row in connection.execute(sa.select(SEGMENT.c.sha256, SEGMENT.c.rows))}
        living = set(connection.execute(sa.select(MANIFEST.c.sha256)).scalars())
        logs = set(connection.execute(sa.select(LINEAGE.c.log_sha256)).scalars())
    findings = check_audit(database)
    for sha256 in sorted(living):
        path = workshop.segments / f"{sha256}{SUFFIX}"
        findings += _check_file(path, sha256) or list(_check_count(workshop, sha256, counts[sha256]))
    for sha256 in sorted(logs):
        findings += _check_file(workshop.log / f"{sha256}{LOG_SUFFIX}", sha256)
    known = {f"{name}{SUFFIX}" for name in living} | {f"{name}{LOG_SUFFIX}" for name in logs}
    for path in _files(workshop):
        if path.name not in known:
            findings.append(Finding(code="file-orphan", severity=Severity.INFO, where=Where(file=path.name)))
    return findings


def _check_file(path: Path, sha256: str) -> list[Finding]:
    if not path.exists():
        return [Finding(code="file-missing", where=Where(file=path.name))]
    if digest(path) != sha256:
        return [Finding(code="file-damaged", where=Where(file=path.name))]
    return []


def _check_count(workshop: Workshop, sha256: str, expected: int) -> Iterator[Finding]:
    connection = workshop.engine.cursor()
    segment = workshop.engine.attach([sha256], connection)[0]
    found = rows_in(segment.alias, workshop.engine)
    if found != expected:
        where = Where(file=f"{sha256}{SUFFIX}")
        yield Finding(code="file-count", where=where, params={"expected": expected, "found": found})


def _files(workshop: Workshop) -> list[Path]:
    folders = (workshop.segments, workshop.log, workshop.temporary)
    return [path for folder in folders if folder.exists() for path in sorted(folder.iterdir()) if path.is_file()]


def collect_files(
    database: Database, workshop: Workshop, *, now: dt.datetime, grace: dt.timedelta, dry_run: bool = False
) -> tuple[str, ...]:
    """Remove the files nobody can be reading: in no chain that was current within ``grace``, and older than that.

    Logs that a release refers to stay. Returns the names of the files removed, or that a ``dry_run`` would remove.
    """
    with database.transaction() as connection:
        later = CHAIN.alias()
        is_past = (
            sa.select(later.c.id)
            .where(later.c.dataflow == CHAIN.c.dataflow, later.c.audience == CHAIN.c.audience, later.c.id > CHAIN.c.id)
            .where(later.c.visible_from <= now - grace, later.c.made_at <= now - grace)
            .exists()
        )
        past = list(connection.execute(sa.select(CHAIN.c.id).where(is_past)).scalars())
        living = set(connection.execute(sa.select(MANIFEST.c.sha256).where(MANIFEST.c.chain_id.not_in(past))).scalars())
        if not dry_run:
            connection.execute(sa.delete(MANIFEST).where(MANIFEST.c.chain_id.in_(past)))
            connection.execute(sa.delete(CHAIN).where(CHAIN.c.id.in_(past)))
            connection.execute(sa.delete(SEGMENT).where(SEGMENT.c.sha256.not_in(sa.select(MANIFEST.c.sha256))))
        logs = set(connection.execute(sa.select(LINEAGE.c.log_sha256)).scalars())
    known = {f"{name}{SUFFIX}" for name in living} | {f"{name}{LOG_SUFFIX}" for name in logs}
    oldest = (now - grace).timestamp()
    removed = [path for path in _files(workshop) if path.name not in known and path.stat().st_mtime <= oldest]
    for path in [] if dry_run else removed:
        discard(path)
    return tuple(path.name for path in removed)


def wants_compaction(workshop: Workshop, version: Version) -> bool:
    """Tell whether the deltas of a version are too many or too large."""
    if len(version.links) == 1:
        return False
    connection = workshop.engine.cursor()
    state = open_state(workshop.engine, version, connection)
    base, *deltas = (rows_in(segment.alias, workshop.engine) for segment in state.segments)
    return len(deltas) > MOST_DELTAS or sum(deltas) > MOST_CHANGED * base


def compact_chain(
    database: Database,
    workshop: Workshop,
    dataflow: Ref,
    structure: DataStructure,
    audiences: tuple[str, ...],
    *,
    actor: str,
    now: dt.datetime,
) -> None:
    """Fold the newest chains of a dataflow into bases. What is visible, and its history, stays as it is.

    Raises TryAgain when somebody released meanwhile.
    """
    with database.reading() as connection:
        found = {audience: find_newest(connection, dataflow, audience) for audience in audiences}
    newest = {audience: version for audience, version in found.items() if version and len(version.links) > 1}
    written = {}
    for version in newest.values():
        if version.links not in written:
            reader = workshop.engine.cursor()
            state = open_state(workshop.engine, version, reader)
            path = rewrite_base(reader, structure, state, workshop.temporary)
            rows = _living_rows(state, workshop)
            written[version.links] = (store_file(path, workshop.segments, SUFFIX), rows)
    with database.transaction() as connection:
        for audience, version in newest.items():
            current = find_newest(connection, dataflow, audience)
            if current is None or current.chain_id != version.chain_id:
                raise TryAgain("release-overtaken", dataflow=dataflow)
            stored, rows = written[version.links]
            note_segment(connection, stored, kind="base", rows=rows, now=now)
            links = (Link(stored.sha256, version.release_id),)
            compacted = Version(**{**vars(version), "links": links})
            add_chain(connection, compacted, now=now, rows=rows)
        if newest:
            append_audit(connection, at=now, actor=actor, action="compact", subject=str(dataflow))


def _living_rows(state: State, workshop: Workshop) -> int:
    parts = " UNION ALL ".join(state.living(lambda _: "1"))
    row = workshop.engine.cursor().execute(f"SELECT count(*) FROM ({parts})").fetchone() if parts else None
    return int(row[0]) if row else 0
