"""Purge: release without the values, rewrite what holds them, remove what cannot be rewritten, wipe the rest."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.errors import Conflict, TryAgain
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import Rows
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import DataQuery
from sdmx_hub.store.audit import append_audit
from sdmx_hub.store.blobs import KINDS, LOG, SEGMENTS, Blobs, log_name, raw_name, segment_name
from sdmx_hub.store.database import Database
from sdmx_hub.store.harvest_tables import REQUEST, RUN
from sdmx_hub.store.lease import BACKUP, Lease, check_free, free_lease, take_lease, this_process
from sdmx_hub.store.manifest import Link, Version, add_chain, find_newest
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.purge.order import Order
from sdmx_hub.store.purge.received import find_received, forget_received
from sdmx_hub.store.purge.rows import Found, Rewritten, count_rows, find_logs, rewrite_chain, rewrite_logs
from sdmx_hub.store.releases import PURGE, Lineage, note_segment, publish
from sdmx_hub.store.select import select_rows
from sdmx_hub.store.staging import Workshop
from sdmx_hub.store.state import open_state
from sdmx_hub.store.tables import CHAIN, LEASE, LINEAGE, MANIFEST, SEGMENT
from sdmx_hub.store.upkeep import left_over

LASTS = dt.timedelta(hours=6)
_DATAFLOW = "dataflow "


@dataclass(frozen=True, kw_only=True)
class Purged:
    """What was, or would be, taken out.

    ``living`` observations and ``ended`` earlier versions of the audience that sees most; files: ``logs`` written anew,
    ``received`` removed. ``release_id`` is that of the release by which harvesters are told; None when nobody saw any
    of it any more.
    """

    living: int
    ended: int
    logs: int
    received: int
    release_id: int | None = None


def plan_purge(order: Order, observations: Observations, database: Database, *, now: dt.datetime) -> Purged:
    """Tell what a purge would take out; nothing is changed. Raises BadQuery."""
    order.check()
    with observations.workshop() as workshop:
        found = _found(order, _newest(order, observations, database), workshop)
        logs = find_logs(order, database, workshop)
        received = find_received(order, database, observations.blobs, logs, before=now)
    return Purged(living=found.living, ended=found.ended, logs=len(logs), received=len(received))


def purge(
    order: Order, observations: Observations, database: Database, *, actor: str, reason: str, now: dt.datetime
) -> Purged:
    """Take values out of everything the hub keeps.

    One that was killed is made good by the next. Raises BadQuery, TryAgain while a backup is made or anything is being
    loaded, Conflict when a release of the dataflow waits for its moment.
    """
    order.check()
    with _alone(database, now), observations.workshop() as workshop:
        newest = _newest(order, observations, database)
        found = _found(order, newest, workshop)
        released = _release(order, observations, database, workshop, actor=actor, reason=reason, now=now)
        with _holding(order, database, now):
            logs = rewrite_logs(order, database, workshop)
            received = find_received(order, database, observations.blobs, frozenset(logs), before=now)
            newest = _newest(order, observations, database)
            chains = _rewrite(order, newest, workshop, now)
            done = Purged(
                living=found.living,
                ended=found.ended,
                logs=len(logs),
                received=len(received),
                release_id=released,
            )
            with database.transaction() as connection:
                gone = _switch(connection, order, newest, chains, now)
                _point_to(connection, logs)
                forget_received(connection, order, received)
                _note(connection, order, done, actor=actor, reason=reason, now=now)
            gone |= {*map(log_name, logs), *map(raw_name, received)} - _named(database)
            _remove(observations.blobs, gone | _orphans(observations.blobs, database, now))
            _sweep(workshop, now)
    _wipe(database)
    return done


@contextlib.contextmanager
def _alone(database: Database, now: dt.datetime) -> Iterator[None]:
    """Nobody copies, collects or loads meanwhile, so that files nobody refers to are nobody's."""
    lease = take_lease(database, BACKUP, holder=this_process("purge"), now=now, lasts=LASTS)
    try:
        with database.reading() as connection:
            names = list(connection.execute(sa.select(LEASE.c.name).where(LEASE.c.name != BACKUP)).scalars())
            for name in names:
                check_free(connection, name, now=now)
        yield
    finally:
        free_lease(database, lease, now=now)


@contextlib.contextmanager
def _holding(order: Order, database: Database, now: dt.datetime) -> Iterator[Lease]:
    name = f"{_DATAFLOW}{order.dataflow}"
    lease = take_lease(database, name, holder=this_process("purge"), now=now, lasts=LASTS)
    try:
        yield lease
    finally:
        free_lease(database, lease, now=now)


def _newest(order: Order, observations: Observations, database: Database) -> dict[str, Version]:
    audiences = observations.audiences(order.dataflow)
    with database.reading() as connection:
        found = {audience: find_newest(connection, order.dataflow, audience) for audience in audiences}
    return {audience: version for audience, version in found.items() if version is not None}


def _found(order: Order, newest: Mapping[str, Version], workshop: Workshop) -> Found:
    """What the audience that sees most of it sees."""
    counted = {version.links: count_rows(order, version, workshop) for version in newest.values()}
    living = max((one.living for one in counted.values()), default=0)
    return Found(living=living, ended=max((one.ended for one in counted.values()), default=0))


def _release(
    order: Order,
    observations: Observations,
    database: Database,
    workshop: Workshop,
    *,
    actor: str,
    reason: str,
    now: dt.datetime,
) -> int | None:
    """Release the dataflow without the values; None when they are in none of what is seen now."""
    known: dict[tuple[Link, ...], Rows] = {}
    by_audience = {}
    for audience, version in _newest(order, observations, database).items():
        if version.visible_from > now:
            raise Conflict("release-pending", dataflow=order.dataflow, moment=version.visible_from.isoformat())
        if version.links not in known:
            known[version.links] = _remaining(order, version, workshop)
        by_audience[audience] = known[version.links]
    if not by_audience:
        return None
    staged = observations.stage(
        order.dataflow,
        order.structure,
        by_audience,
        scope={},
        action=Action.REPLACE,
        holder="purge",
        is_exact=True,
    )
    lineage = Lineage(source="purge")
    release = publish(database, [staged], lineage, actor=actor, now=now, kind=PURGE, reason=reason)
    return release.id if release else None


def _remaining(order: Order, version: Version, workshop: Workshop) -> Rows:
    """The rows of a version without what goes, on a connection that may write."""
    plan = plan_data(DataQuery(), order.structure)
    connection = workshop.engine.cursor()
    rows = select_rows(plan, open_state(workshop.engine, version, connection), connection)
    sql = order.remains(rows.sql, rows.columns)
    return dataclasses.replace(rows, sql=sql, coded={}, is_sorted=False)


def _rewrite(
    order: Order, newest: Mapping[str, Version], workshop: Workshop, now: dt.datetime
) -> dict[tuple[Link, ...], Rewritten]:
    """Write each chain anew. Raises TryAgain when somebody brought the values again meanwhile."""
    if any(count_rows(order, version, workshop).living for version in newest.values()):
        raise TryAgain("release-overtaken", dataflow=order.dataflow)
    written: dict[tuple[Link, ...], Rewritten] = {}
    for version in newest.values():
        if version.links not in written:
            written[version.links] = rewrite_chain(order, version, workshop)
    return written


def _switch(
    connection: Connection,
    order: Order,
    newest: Mapping[str, Version],
    chains: Mapping[tuple[Link, ...], Rewritten],
    now: dt.datetime,
) -> set[str]:
    """Let audiences see the new chains, and nothing refer to any other; gives the names of the segments left over."""
    old = list(connection.execute(sa.select(CHAIN.c.id).where(CHAIN.c.dataflow == str(order.dataflow))).scalars())
    links = sa.select(MANIFEST.c.sha256).where(MANIFEST.c.chain_id.in_(old))
    digests = set(connection.execute(links).scalars())
    connection.execute(sa.delete(MANIFEST).where(MANIFEST.c.chain_id.in_(old)))
    for version in newest.values():
        written = chains[version.links]
        note_segment(connection, written.stored, kind="base", rows=written.rows, now=now)
        link = Link(written.stored.sha256, version.release_id)
        add_chain(connection, dataclasses.replace(version, links=(link,)), now=now, rows=written.rows)
    connection.execute(sa.delete(CHAIN).where(CHAIN.c.id.in_(old)))
    living = set(connection.execute(sa.select(MANIFEST.c.sha256)).scalars())
    connection.execute(sa.delete(SEGMENT).where(SEGMENT.c.sha256.not_in(sa.select(MANIFEST.c.sha256))))
    return {segment_name(sha256) for sha256 in digests - living}


def _point_to(connection: Connection, logs: Mapping[str, Link]) -> None:
    for sha256, link in logs.items():
        changed = sa.update(LINEAGE).where(LINEAGE.c.log_sha256 == sha256)
        connection.execute(changed.values(log_sha256=link.sha256, log_rows=link.since))


def _note(connection: Connection, order: Order, done: Purged, *, actor: str, reason: str, now: dt.datetime) -> None:
    """Say in the audit log what was done and why: of keys that go no codes, of values never any."""
    where: Sequence[str] | Mapping[str, Sequence[str]] = {name: sorted(codes) for name, codes in order.where.items()}
    if order.traceless:
        where = sorted(order.where)
    told = {**vars(done), "reason": reason, "where": where, "components": list(order.components)}
    append_audit(connection, at=now, actor=actor, action="purge", subject=str(order.dataflow), detail=told)


def _named(database: Database) -> set[str]:
    """The names of all segments and logs that something refers to."""
    with database.reading() as connection:
        segments = set(connection.execute(sa.select(MANIFEST.c.sha256)).scalars())
        logs = set(connection.execute(sa.select(LINEAGE.c.log_sha256)).scalars())
    return {*map(segment_name, segments), *map(log_name, logs)}


def _orphans(blobs: Blobs, database: Database, now: dt.datetime) -> set[str]:
    """What rehearsed and killed loads left: it may hold anything."""
    named = _named(database)
    kinds = [kind for kind in KINDS if kind in {SEGMENTS, LOG}]
    return {one.name for kind in kinds for one in blobs.names(kind) if one.name not in named and one.modified <= now}


def _remove(blobs: Blobs, names: set[str]) -> None:
    for name in sorted(names):
        blobs.remove(name)


def _sweep(workshop: Workshop, now: dt.datetime) -> None:
    """Remove what loads that were killed had begun to write, and what the engine had spilled for them."""
    spilled = workshop.temporary.parent / "spill"
    files: list[Path] = [*left_over(workshop), *(path for path in spilled.glob("*") if path.is_file())]
    for path in files:
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime <= now.timestamp():
                path.unlink()


def _wipe(database: Database) -> None:
    """Give back the pages of the database in which values may stand still: findings, and how answers began."""
    if database.is_sqlite:
        with contextlib.closing(database.engine.raw_connection()) as connection:
            for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                connection.cursor().execute(statement).close()
        return
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in (RUN, REQUEST):
            connection.exec_driver_sql(f"VACUUM FULL {table.name}")
