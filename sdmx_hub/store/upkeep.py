"""Upkeep of the observation store: collect what nobody refers to, fold deltas into a base."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import sqlalchemy as sa

from sdmx_hub.errors import TryAgain
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref
from sdmx_hub.store.audit import append_audit
from sdmx_hub.store.blobs import (
    LOG,
    SEGMENTS,
    file_name,
    log_name,
    segment_name,
    store_file,
)
from sdmx_hub.store.database import Database
from sdmx_hub.store.files import discard
from sdmx_hub.store.lease import BACKUP, check_free
from sdmx_hub.store.manifest import Link, Version, add_chain, find_newest
from sdmx_hub.store.releases import note_segment
from sdmx_hub.store.staging import MOST_CHANGED, MOST_DELTAS, Workshop, rows_in
from sdmx_hub.store.state import State, open_state
from sdmx_hub.store.tables import CHAIN, LINEAGE, MANIFEST, SEGMENT
from sdmx_hub.store.writing import rewrite_base


def left_over(workshop: Workshop) -> list[Path]:
    """The files that loads were writing, or left when they were killed."""
    folder = workshop.temporary
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.exists() else []


def collect_files(
    database: Database, workshop: Workshop, *, now: dt.datetime, grace: dt.timedelta, dry_run: bool = False
) -> tuple[str, ...]:
    """Remove the files nobody can be reading: in no chain that was current within ``grace``, and older than that.

    Logs that a release refers to stay. Returns the names of the files removed, or that a ``dry_run`` would remove.
    Raises TryAgain while a backup copies them.
    """
    with database.transaction() as connection:
        check_free(connection, BACKUP, now=now)
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
    known, oldest = {*map(segment_name, living), *map(log_name, logs)}, now - grace
    stored = [blob for kind in (SEGMENTS, LOG) for blob in workshop.blobs.names(kind)]
    blobs = sorted(blob.name for blob in stored if blob.name not in known and blob.modified <= oldest)
    files = [path for path in left_over(workshop) if path.stat().st_mtime <= oldest.timestamp()]
    for name in [] if dry_run else blobs:
        workshop.blobs.remove(name)
    for path in [] if dry_run else files:
        discard(path)
    return (*map(file_name, blobs), *(path.name for path in files))


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
            written[version.links] = (store_file(workshop.blobs, path, segment_name), rows)
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
