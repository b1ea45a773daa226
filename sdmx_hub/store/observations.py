"""Observations: the door of the observation store. Stage, release; open (``reading``); go back; keep in order."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa

from sdmx_hub.errors import NotFound
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import Rows
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref
from sdmx_hub.query.plan import Plan
from sdmx_hub.store.blobs import LOG, SEGMENTS, Blobs, LocalBlobs, log_name
from sdmx_hub.store.changes import Scope
from sdmx_hub.store.checking import Told, check_files, find_lacking, nobody
from sdmx_hub.store.database import Database
from sdmx_hub.store.lease import Lease, free_lease, take_lease, this_process
from sdmx_hub.store.manifest import Version, at_release, find_newest
from sdmx_hub.store.reading import Reader
from sdmx_hub.store.releases import ROLLBACK, Fence, Lineage, Release, publish
from sdmx_hub.store.segments import Engine
from sdmx_hub.store.select import empty_rows, select_rows, selected_columns
from sdmx_hub.store.staging import SMALL, Staged, Workshop
from sdmx_hub.store.state import open_state
from sdmx_hub.store.tables import CHANGE, LINEAGE
from sdmx_hub.store.upkeep import collect_files, compact_chain, wants_compaction

LEASE_LASTS = dt.timedelta(minutes=30)
GRACE = dt.timedelta(hours=24)


def utc_now() -> dt.datetime:
    """The moment, in UTC."""
    return dt.datetime.now(dt.UTC)


class Observations(Reader):
    """The observations of a hub: files in ``blobs``, what they mean in ``database``. Safe to share between threads.

    ``root`` is where this machine works on them, and keeps them when no ``blobs`` are given. ``memory_limit`` and
    ``threads`` are for reading, per process; staging has its own engine with ``work_memory``. Datasets of up to
    ``small`` observations are written anew by each release. Segments that nobody reads stay attached while all attached
    ones have up to ``keep_bytes`` (0: any number).
    """

    def __init__(
        self,
        database: Database,
        root: Path,
        *,
        blobs: Blobs | None = None,
        keep_bytes: int = 0,
        memory_limit: str = "192MB",
        threads: int = 2,
        work_memory: str = "512MB",
        small: int = SMALL,
        clock: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        self.root = root.resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self._work_memory, self._threads, self._small = work_memory, threads, small
        self.blobs = blobs or LocalBlobs({kind: self.root / kind for kind in (SEGMENTS, LOG)})
        self.blobs.held_in.mkdir(parents=True, exist_ok=True)
        engine = Engine(self.blobs, self._spill(), memory_limit=memory_limit, threads=threads, keep_bytes=keep_bytes)
        super().__init__(database, engine, clock)

    def close(self) -> None:
        """Give the engine and its memory back."""
        self._engine.close()

    # the way in

    def stage(
        self,
        dataflow: Ref,
        structure: DataStructure,
        rows_by_audience: Mapping[str, Rows],
        *,
        scope: Scope | None = None,
        action: Action = Action.APPEND,
        holder: str = "load",
        rehearse: bool = False,
        is_exact: bool = False,
    ) -> Staged:
        """Write what a load brings and compute what it changes; nothing becomes visible.

        Takes the write lease of the dataflow until ``release`` or ``discard``; ``rehearse`` takes none and is for
        looking only. ``scope`` belongs to a replacement: what it covers and is not sent is deleted; ``{}`` is the whole
        dataflow, None nothing. ``is_exact`` takes the rows as they are, even where they contradict each other about a
        series. The rows are read several times by their own connection, which must be allowed to write under ``root``.
        Raises TryAgain (lease taken), Malformed (a key twice), Conflict (other dimensions than before).
        """
        lease = None if rehearse else self._take_lease(dataflow, holder)
        try:
            with self._database.reading() as connection:
                before = {audience: find_newest(connection, dataflow, audience) for audience in rows_by_audience}
            workshop = self._workshop()
            try:
                views = workshop.stage_views(
                    before, structure, rows_by_audience, scope=scope, action=action, is_exact=is_exact
                )
            finally:
                workshop.engine.close()
        except BaseException:
            if lease is not None:
                free_lease(self._database, lease, now=self._clock())
            raise
        return Staged(dataflow=dataflow, structure=structure, action=action, views=views, lease=lease)

    def release(
        self,
        staged: Sequence[Staged],
        lineage: Lineage,
        *,
        actor: str,
        now: dt.datetime,
        visible_from: Mapping[str, dt.datetime] | None = None,
        reason: str | None = None,
        fence: Fence | None = None,
    ) -> Release | None:
        """Make staged loads visible together; None when they change nothing. See ``store.releases.publish``."""
        return publish(
            self._database,
            staged,
            lineage,
            actor=actor,
            now=now,
            visible_from=visible_from,
            reason=reason,
            fence=fence,
        )

    def discard(self, staged: Staged) -> None:
        """Give up a staged load; its files are collected in time."""
        if staged.lease is not None:
            free_lease(self._database, staged.lease, now=self._clock())

    def rollback(
        self, release_id: int, dataflow: Ref, structure: DataStructure, *, actor: str, now: dt.datetime, reason: str
    ) -> Release | None:
        """Publish a dataflow again as it was after ``release_id``, as a new release; None when nothing differs.

        Raises NotFound when that release is not one of the dataflow's.
        """
        workshop = self._workshop()
        try:
            rows = self._rows_after(release_id, dataflow, structure, workshop.engine)
            staged = self.stage(dataflow, structure, rows, scope={}, action=Action.REPLACE, holder=actor, is_exact=True)
        finally:
            workshop.engine.close()
        lineage = Lineage(source=f"release {release_id}")
        return publish(self._database, [staged], lineage, actor=actor, now=now, kind=ROLLBACK, reason=reason)

    # upkeep

    @contextlib.contextmanager
    def workshop(self) -> Iterator[Workshop]:
        """Open a place to write files in, for whoever changes more than a release does."""
        workshop = self._workshop()
        try:
            yield workshop
        finally:
            workshop.engine.close()

    def check(self, *, quick: bool = False, told: Told = nobody) -> list[Finding]:
        """Hold the files and the audit log against the control database; findings for whatever does not fit.

        ``quick`` only looks whether the files are there. Else all of them are read, and ``told`` is told of the bytes.
        """
        if quick:
            return find_lacking(self._database, self.blobs)
        workshop = self._workshop()
        try:
            return check_files(self._database, workshop, told)
        finally:
            workshop.engine.close()

    def find_missing(self) -> str | None:
        """Find a file of what was released last that is not where this machine looks for it; None when all are."""
        query = sa.select(LINEAGE.c.log_sha256).order_by(LINEAGE.c.release_id.desc()).limit(1)
        with self._database.reading() as connection:
            sha256 = connection.execute(query).scalar()
        return log_name(sha256) if sha256 and not self.blobs.exists(log_name(sha256)) else None

    def collect(self, *, now: dt.datetime, grace: dt.timedelta = GRACE, dry_run: bool = False) -> tuple[str, ...]:
        """Remove files nobody can be reading any more; returns their names. A ``dry_run`` removes nothing."""
        removed = collect_files(self._database, self._workshop(), now=now, grace=grace, dry_run=dry_run)
        if not dry_run:
            self.blobs.prune()
        return removed

    def wants_compaction(self, dataflow: Ref) -> bool:
        """Tell whether the deltas of a dataflow are worth folding into a base."""
        with self._database.reading() as connection:
            found = [find_newest(connection, dataflow, audience) for audience in self.audiences(dataflow)]
        workshop = self._workshop()
        try:
            return any(wants_compaction(workshop, version) for version in found if version)
        finally:
            workshop.engine.close()

    def compact(
        self, dataflow: Ref, structure: DataStructure, *, actor: str = "compaction", now: dt.datetime | None = None
    ) -> None:
        """Fold the deltas of a dataflow into a base; what is visible, and its history, stays. Raises TryAgain."""
        lease = self._take_lease(dataflow, actor)
        workshop = self._workshop()
        try:
            compact_chain(
                self._database,
                workshop,
                dataflow,
                structure,
                self.audiences(dataflow),
                actor=actor,
                now=now or self._clock(),
            )
        finally:
            workshop.engine.close()
            free_lease(self._database, lease, now=self._clock())

    def _rows_after(self, release_id: int, dataflow: Ref, structure: DataStructure, engine: Engine) -> dict[str, Rows]:
        """The rows of each audience as they were after a release; one and the same value where they are the same."""
        with self._database.reading() as connection:
            newest = {audience: find_newest(connection, dataflow, audience) for audience in self.audiences(dataflow)}
            after = CHANGE.c.release_id <= release_id
            then = {audience: at_release(connection, version, after) for audience, version in newest.items() if version}
        if all(version is None for version in then.values()):
            raise NotFound("release-unknown", release=release_id, dataflow=dataflow)
        known: dict[object, Rows] = {}
        for version in then.values():
            state_of = (version.links, version.release_id) if version else None
            if state_of not in known:
                known[state_of] = _whole(structure, version, engine)
        return {
            audience: known[(version.links, version.release_id) if version else None]
            for audience, version in then.items()
        }

    def _take_lease(self, dataflow: Ref, holder: str) -> Lease:
        name, now = f"dataflow {dataflow}", self._clock()
        return take_lease(self._database, name, holder=this_process(holder), now=now, lasts=LEASE_LASTS)

    def _workshop(self) -> Workshop:
        engine = Engine(self.blobs, self._spill(), memory_limit=self._work_memory, threads=self._threads, locked=False)
        return Workshop(
            engine=engine,
            blobs=self.blobs,
            temporary=self.root / "tmp",
            small=self._small,
        )

    def _spill(self) -> Path:
        return self.root / "spill"


def _whole(structure: DataStructure, version: Version | None, engine: Engine) -> Rows:
    """All rows of a version."""
    plan = Plan(
        structure=structure,
        measure_ids=tuple(measure.id for measure in structure.measures),
        attribute_ids=tuple(attribute.id for attribute in structure.attributes),
        dimension_at_observation=structure.key_ids[-1],
    )
    connection = engine.cursor()
    if version is None:
        return empty_rows(connection, selected_columns(plan))
    return select_rows(plan, open_state(engine, version, connection), connection)
