"""Releases: the one transaction in which staged files become what audiences see."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.errors import Conflict, TryAgain
from sdmx_hub.model.urn import Ref, parse_ref
from sdmx_hub.store.audit import append_audit
from sdmx_hub.store.blobs import Stored
from sdmx_hub.store.changes import Counts
from sdmx_hub.store.database import Database
from sdmx_hub.store.lease import check_lease, free
from sdmx_hub.store.manifest import PUBLIC, Link, Version, add_chain, find_newest
from sdmx_hub.store.outbox import note_release
from sdmx_hub.store.staging import Staged, View
from sdmx_hub.store.tables import CHAIN, CHANGE, LINEAGE, RELEASE, SEGMENT

LOAD, ROLLBACK, PURGE = "load", "rollback", "purge"
_TICK = dt.timedelta(microseconds=1)
Fence = Callable[[Connection, int], None]
"""Called with the transaction and the number of the release; what it raises undoes both."""


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """Where a load came from: a name of its source, the hash of the raw bytes, the mapping, and whatever else tells."""

    source: str
    raw_sha256: str | None = None
    mapping: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a release did to a dataflow, as an audience sees it."""

    dataflow: Ref
    audience: str
    visible_from: dt.datetime
    counts: Counts


@dataclass(frozen=True, kw_only=True)
class Release:
    """One act of publishing: dataflows released together become visible together."""

    id: int
    kind: str
    actor: str
    made_at: dt.datetime
    reason: str | None
    changes: tuple[Change, ...]


def publish(
    database: Database,
    staged: Sequence[Staged],
    lineage: Lineage,
    *,
    actor: str,
    now: dt.datetime,
    visible_from: Mapping[str, dt.datetime] | None = None,
    kind: str = LOAD,
    reason: str | None = None,
    fence: Fence | None = None,
) -> Release | None:
    """Make staged loads visible, all in one transaction; None, and nothing written, when they change nothing.

    ``visible_from`` may hold an audience back until a moment; no job has to run then. Raises TryAgain when a lease was
    lost or somebody else released meanwhile, Conflict when an earlier release of the dataflow is still held back.
    """
    with database.transaction() as connection:
        for one in staged:
            if one.lease is not None:
                check_lease(connection, one.lease)
                free(connection, one.lease, now=now)
        if all(one.is_empty for one in staged):
            return None
        noted = sa.insert(RELEASE).values(kind=kind, actor=actor, made_at=now, reason=reason)
        key = connection.execute(noted.returning(RELEASE.c.id)).scalar_one()
        changes = []
        for one in staged:
            for audience, view in one.views.items():
                if view.segment is not None:
                    moment = (visible_from or {}).get(audience, now)
                    changes.append(
                        _publish_view(connection, one, audience, view, release_id=key, moment=moment, now=now)
                    )
            _add_lineage(connection, one, lineage, key)
        release = Release(id=key, kind=kind, actor=actor, made_at=now, reason=reason, changes=tuple(changes))
        _audit(connection, release, staged, lineage)
        for change in changes:
            if change.audience == PUBLIC:
                note_release(connection, change.dataflow, now=now, visible_from=max(change.visible_from, now))
        if fence is not None:
            fence(connection, key)
        return release


def _publish_view(
    connection: Connection,
    staged: Staged,
    audience: str,
    view: View,
    *,
    release_id: int,
    moment: dt.datetime,
    now: dt.datetime,
) -> Change:
    newest = find_newest(connection, staged.dataflow, audience)
    if (newest.chain_id if newest else None) != (view.before.chain_id if view.before else None):
        raise TryAgain("release-overtaken", dataflow=staged.dataflow)
    if newest is not None and newest.visible_from >= moment:
        if newest.visible_from > now + dt.timedelta(minutes=1) and not _clock_was_ahead(connection, newest, now):
            raise Conflict("release-pending", dataflow=staged.dataflow, moment=newest.visible_from.isoformat())
        moment = newest.visible_from + _TICK  # a clock set back: time never goes back here
    note_segment(connection, view.segment, kind="base" if view.is_base else "delta", rows=view.segment_rows, now=now)
    link = Link(view.segment.sha256 if view.segment else "", release_id)
    links = (link,) if view.is_base or newest is None else (*newest.links, link)
    version = Version(
        dataflow=staged.dataflow,
        audience=audience,
        chain_id=0,
        links=links,
        release_id=release_id,
        visible_from=moment,
    )
    add_chain(connection, version, now=now, rows=view.rows)
    connection.execute(
        sa.insert(CHANGE).values(
            release_id=release_id,
            dataflow=str(staged.dataflow),
            audience=audience,
            visible_from=moment,
            **vars(view.counts),
        )
    )
    return Change(dataflow=staged.dataflow, audience=audience, visible_from=moment, counts=view.counts)


def _clock_was_ahead(connection: Connection, newest: Version, now: dt.datetime) -> bool:
    """Tell whether the newest version was made later than now: then it is not held back, the clock was set back."""
    made: dt.datetime = connection.execute(sa.select(CHAIN.c.made_at).where(CHAIN.c.id == newest.chain_id)).scalar_one()
    return made > now


def note_segment(connection: Connection, stored: Stored | None, *, kind: str, rows: int, now: dt.datetime) -> None:
    """Note a segment that became part of a manifest."""
    if stored is None:
        return
    known = connection.execute(sa.select(SEGMENT.c.sha256).where(SEGMENT.c.sha256 == stored.sha256)).first()
    if known is None:
        connection.execute(
            sa.insert(SEGMENT).values(sha256=stored.sha256, kind=kind, rows=rows, bytes=stored.bytes, made_at=now)
        )


def _add_lineage(connection: Connection, staged: Staged, lineage: Lineage, release_id: int) -> None:
    for audience, view in staged.views.items():
        connection.execute(
            sa.insert(LINEAGE).values(
                release_id=release_id,
                dataflow=str(staged.dataflow),
                audience=audience,
                structure=str(staged.structure.ref),
                action=staged.action.value,
                log_sha256=view.log.sha256,
                log_rows=view.log_rows,
                source=lineage.source,
                raw_sha256=lineage.raw_sha256,
                mapping=lineage.mapping,
                details=json.dumps(dict(lineage.details), sort_keys=True, ensure_ascii=False, default=str),
            )
        )


def _audit(connection: Connection, release: Release, staged: Sequence[Staged], lineage: Lineage) -> None:
    for one in staged:
        segments = {audience: view.segment.sha256 for audience, view in one.views.items() if view.segment}
        append_audit(
            connection,
            at=release.made_at,
            actor=release.actor,
            action=f"release-{release.kind}",
            subject=str(one.dataflow),
            detail={
                "release": release.id,
                "reason": release.reason,
                "source": lineage.source,
                "raw": lineage.raw_sha256,
                "segments": segments,
                "counts": vars(one.counts),
            },
        )


def select_releases(
    database: Database, *, dataflow: Ref | None = None, release_id: int | None = None, limit: int = 100
) -> tuple[Release, ...]:
    """Select releases, newest first."""
    query = sa.select(RELEASE).order_by(RELEASE.c.id.desc()).limit(limit)
    if release_id is not None:
        query = query.where(RELEASE.c.id == release_id)
    if dataflow is not None:
        query = query.where(
            RELEASE.c.id.in_(sa.select(LINEAGE.c.release_id).where(LINEAGE.c.dataflow == str(dataflow)))
        )
    with database.reading() as connection:
        rows = connection.execute(query).all()
        changes = _changes_of(connection, [row.id for row in rows])
    return tuple(
        Release(
            id=row.id,
            kind=row.kind,
            actor=row.actor,
            made_at=row.made_at,
            reason=row.reason,
            changes=tuple(changes.get(row.id, ())),
        )
        for row in rows
    )


def select_lineage(database: Database, release_id: int) -> tuple[Mapping[str, Any], ...]:
    """Select where the rows of a release came from: one mapping a dataflow and audience, columns of the table."""
    query = sa.select(LINEAGE).where(LINEAGE.c.release_id == release_id).order_by(LINEAGE.c.id)
    with database.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return tuple({**row, "details": json.loads(row["details"])} for row in rows)


def _changes_of(connection: Connection, ids: Sequence[int]) -> dict[int, list[Change]]:
    found: dict[int, list[Change]] = {}
    query = sa.select(CHANGE).where(CHANGE.c.release_id.in_(ids)).order_by(CHANGE.c.dataflow, CHANGE.c.audience)
    for row in connection.execute(query):
        change = Change(
            dataflow=parse_ref(row.dataflow),
            audience=row.audience,
            visible_from=row.visible_from,
            counts=Counts(added=row.added, revised=row.revised, deleted=row.deleted, unchanged=row.unchanged),
        )
        found.setdefault(row.release_id, []).append(change)
    return found
