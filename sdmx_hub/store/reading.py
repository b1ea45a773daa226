"""What is read of the observations: versions and their rows, what changed, what there is, where it came from."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sdmx_hub.errors import NotFound
from sdmx_hub.model.rows import Rows
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref
from sdmx_hub.query.plan import Plan
from sdmx_hub.store.availability import Availability, find_availability
from sdmx_hub.store.database import Database
from sdmx_hub.store.history import NEXT, change_columns, select_changes
from sdmx_hub.store.manifest import INTERNAL, PUBLIC, Link, Version, at_release, find_version, releases_of
from sdmx_hub.store.profile import Profiles
from sdmx_hub.store.releases import Release, select_lineage, select_releases
from sdmx_hub.store.segments import Engine
from sdmx_hub.store.select import empty_rows, select_deleted, select_keys, select_rows, selected_columns
from sdmx_hub.store.staging import Staged
from sdmx_hub.store.state import open_state
from sdmx_hub.store.tables import CHAIN, CHANGE


@dataclass(frozen=True, kw_only=True)
class Vintage:
    """What one release brought and took away, within a plan: ``rows`` valid from its moment, ``deleted`` until it."""

    release_id: int
    visible_from: dt.datetime
    rows: Rows
    deleted: Rows


class Reader:
    """Reads observations with ``engine``, as ``database`` says what they mean. Safe to share between threads."""

    def __init__(self, database: Database, engine: Engine, clock: Callable[[], dt.datetime]) -> None:
        self._database, self._engine, self._clock = database, engine, clock
        self._profiles = Profiles()

    def version(
        self, dataflow: Ref, audience: str = PUBLIC, *, as_of: dt.datetime | None = None, now: dt.datetime | None = None
    ) -> Version | None:
        """Find what an audience sees of a dataflow, now or ``as_of`` an earlier moment; None for nothing yet."""
        with self._database.reading() as connection:
            return find_version(connection, dataflow, audience, now=now or self._clock(), as_of=as_of)

    def audiences(self, dataflow: Ref) -> tuple[str, ...]:
        """The audiences for which a dataflow was ever released."""
        query = sa.select(CHAIN.c.audience).where(CHAIN.c.dataflow == str(dataflow)).distinct()
        with self._database.reading() as connection:
            return tuple(sorted(connection.execute(query).scalars()))

    def open_rows(
        self,
        dataflow: Ref,
        structure: DataStructure,
        plan: Plan,
        *,
        audience: str = PUBLIC,
        version: Version | None = None,
    ) -> Rows:
        """Open what a plan asks for, still to be drawn; ``version`` is what ``plan.as_of`` says unless it is given.

        With ``plan.updated_after`` only what was added or revised since; what was deleted is in ``open_deleted``.
        The rows have a connection of their own: close them.
        """
        version = version or self.version(dataflow, audience, as_of=plan.as_of)
        connection = self._engine.cursor()
        if version is None:
            return empty_rows(connection, selected_columns(plan))
        state = open_state(self._engine, version, connection)
        return select_rows(plan, state, connection, since=self._release_at(version, plan.updated_after))

    def open_keys(self, plan: Plan, version: Version) -> Rows:
        """Open the keys of what ``open_rows`` gives, unordered and before offset and limit, to be counted."""
        connection = self._engine.cursor()
        state = open_state(self._engine, version, connection)
        return select_keys(plan, state, connection, since=self._release_at(version, plan.updated_after))

    def open_deleted(
        self,
        dataflow: Ref,
        structure: DataStructure,
        plan: Plan,
        *,
        audience: str = PUBLIC,
        version: Version | None = None,
    ) -> Rows:
        """Open the keys, within the keys and periods of a plan, that were deleted since ``plan.updated_after``."""
        version = version or self.version(dataflow, audience, as_of=plan.as_of)
        connection = self._engine.cursor()
        since = self._release_at(version, plan.updated_after) if version else None
        if version is None or since is None:
            return empty_rows(connection, structure.key_ids)
        return select_deleted(plan, open_state(self._engine, version, connection), connection, since=since)

    def open_history(
        self,
        dataflow: Ref,
        structure: DataStructure,
        plan: Plan,
        *,
        audience: str = PUBLIC,
        version: Version | None = None,
    ) -> Iterator[Vintage]:
        """Open, release by release, oldest first, what each brought and deleted within a plan."""
        version = version or self.version(dataflow, audience, as_of=plan.as_of)
        if version is None:
            return
        with self._database.reading() as connection:
            releases = releases_of(connection, version)
        earlier = 0
        for release_id, moment in releases:
            then = dataclasses.replace(version, release_id=release_id, visible_from=moment)
            brought, gone = self._engine.cursor(), self._engine.cursor()
            yield Vintage(
                release_id=release_id,
                visible_from=moment,
                rows=select_rows(plan, open_state(self._engine, then, brought), brought, since=earlier),
                deleted=select_deleted(plan, open_state(self._engine, then, gone), gone, since=earlier),
            )
            earlier = release_id

    def open_changes(
        self, dataflow: Ref, structure: DataStructure, release_id: int, *, audience: str = INTERNAL
    ) -> Rows:
        """Open what a release changed: ``_change`` (A, R, D), the key, ``old.`` and ``new.`` each other component."""
        version = self.version(dataflow, audience)
        if version is None:
            raise NotFound("release-unknown", release=release_id, dataflow=dataflow)
        then = dataclasses.replace(version, release_id=release_id)
        connection = self._engine.cursor()
        return select_changes(structure, open_state(self._engine, then, connection), connection)

    def open_staged_changes(self, staged: Staged, audience: str) -> Rows:
        """Open what a staged load would change for an audience, in the shape of ``open_changes``."""
        view = staged.views[audience]
        connection = self._engine.cursor()
        if view.segment is None:
            return empty_rows(connection, change_columns(staged.structure))
        links = (*(view.before.links if view.before and not view.is_base else ()), Link(view.segment.sha256, NEXT))
        version = Version(
            dataflow=staged.dataflow,
            audience=audience,
            chain_id=0,
            links=links,
            release_id=NEXT,
            visible_from=self._clock(),
        )
        return select_changes(staged.structure, open_state(self._engine, version, connection), connection)

    def availability(
        self,
        dataflow: Ref,
        structure: DataStructure,
        plan: Plan,
        *,
        audience: str = PUBLIC,
        version: Version | None = None,
    ) -> Availability:
        """Tell what there is within a plan: codes per dimension, periods, numbers of observations and series."""
        version = version or self.version(dataflow, audience, as_of=plan.as_of)
        if version is None:
            return Availability(codes=dict.fromkeys(structure.key_ids, ()), observations=0, series=0)
        connection = self._engine.cursor()
        try:
            state = open_state(self._engine, version, connection)
            since = self._release_at(version, plan.updated_after)
            return find_availability(plan, state, connection, self._profiles, since=since)
        finally:
            connection.close()

    def releases(
        self, dataflow: Ref | None = None, *, release_id: int | None = None, limit: int = 100
    ) -> tuple[Release, ...]:
        """Select releases, newest first."""
        return select_releases(self._database, dataflow=dataflow, release_id=release_id, limit=limit)

    def lineage(self, release_id: int) -> tuple[Mapping[str, Any], ...]:
        """Select where the rows of a release came from."""
        return select_lineage(self._database, release_id)

    def _release_at(self, version: Version, moment: dt.datetime | None) -> int | None:
        """The last release an audience could see at ``moment`` (0: none yet); None when no moment is asked."""
        if moment is None:
            return None
        with self._database.reading() as connection:
            then = at_release(connection, version, CHANGE.c.visible_from <= moment)
        return then.release_id if then else 0
