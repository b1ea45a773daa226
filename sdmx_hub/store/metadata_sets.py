"""Reference metadata: saves and removes metadata sets, keeps every earlier state, and hands out snapshots.

Sets are few and small, so a snapshot holds them all, as the registry's does; a table of their own keeps them out of
structure queries.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection, Row

from sdmx_hub.errors import Conflict
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import METADATA_SET
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.audit import append_audit
from sdmx_hub.store.counter import Counter, last_change
from sdmx_hub.store.database import Database
from sdmx_hub.store.difference import difference_text
from sdmx_hub.store.metadata_tables import METADATA_SETS
from sdmx_hub.store.registry import SaveReport

_REVISION = Counter("metadata")
_COLUMNS = METADATA_SETS.c


class MetadataSets:
    """The metadata sets of a hub, shared between threads; the next snapshot sees what other processes saved."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._current = Artefacts(())

    def snapshot(self, *, as_of: dt.datetime | None = None) -> Artefacts:
        """Give all sets as they are now, read again only when something changed; or as they were at ``as_of``."""
        with self._database.reading() as connection:
            if as_of is not None:
                return Artefacts(_sets(connection, as_of))
            revision = _REVISION.read(connection)
            with self._lock:
                if revision != self._current.revision:
                    changed = last_change(connection, METADATA_SETS)
                    self._current = Artefacts(_sets(connection, None), revision=revision, changed=changed)
                return self._current

    def save(self, sets: Iterable[Artefact], *, actor: str, now: dt.datetime) -> SaveReport:
        """Save all or none. Raises Conflict, with the difference, when one contradicts a final set."""
        report: dict[str, list[Urn]] = {"added": [], "changed": [], "unchanged": []}
        with self._database.transaction() as connection:
            for one in sets:
                kind = _save(connection, one, now)
                report[kind].append(one.urn)
                if kind != "unchanged":
                    append_audit(connection, at=now, actor=actor, action="metadata-save", subject=str(one.urn))
            if report["added"] or report["changed"]:
                _REVISION.bump(connection)
        return SaveReport(**{key: tuple(urns) for key, urns in report.items()})

    def remove(self, urn: Urn, *, actor: str, now: dt.datetime) -> Urn:
        """Remove a set; its history stays. Raises NotFound."""
        with self._database.transaction() as connection:
            found = Artefacts(_sets(connection, None)).get(urn)
            connection.execute(sa.update(METADATA_SETS).where(*_is_current(found)).values(removed_at=now))
            _REVISION.bump(connection)
            append_audit(connection, at=now, actor=actor, action="metadata-remove", subject=str(found.urn))
        return found.urn

    def history(self, urn: Urn) -> tuple[tuple[dt.datetime, dt.datetime | None, Artefact], ...]:
        """Every state a set had, oldest first: from when, until when (None: still), and the set."""
        query = sa.select(METADATA_SETS).where(*_is_named(urn)).order_by(_COLUMNS.id)
        with self._database.reading() as connection:
            return tuple((row.saved_at, row.removed_at, _artefact(row)) for row in connection.execute(query))


def _sets(connection: Connection, as_of: dt.datetime | None) -> list[Artefact]:
    there: sa.ColumnElement[bool] = _COLUMNS.removed_at.is_(None)
    if as_of is not None:
        there = sa.and_(_COLUMNS.saved_at <= as_of, sa.or_(there, _COLUMNS.removed_at > as_of))
    query = sa.select(METADATA_SETS).where(there).order_by(_COLUMNS.id)
    return [_artefact(row) for row in connection.execute(query)]


def _artefact(row: Row[tuple[object, ...]]) -> Artefact:
    return Artefact(METADATA_SET, orjson.loads(row.document))


def _save(connection: Connection, one: Artefact, now: dt.datetime) -> str:
    row = connection.execute(sa.select(METADATA_SETS).where(*_is_current(one))).first()
    if row is not None:
        if row.fingerprint == one.fingerprint:
            return "unchanged"
        if one.is_final:
            raise Conflict(
                "artefact-final", urn=one.urn, difference=difference_text(orjson.loads(row.document), one.document)
            )
        connection.execute(sa.update(METADATA_SETS).where(_COLUMNS.id == row.id).values(removed_at=now))
    connection.execute(
        sa.insert(METADATA_SETS).values(
            provider_id=one.ref.agency_id,
            set_id=one.ref.id,
            version=one.ref.version,
            fingerprint=one.fingerprint,
            document=orjson.dumps(one.document).decode(),
            saved_at=now,
        )
    )
    return "added" if row is None else "changed"


def _is_named(urn: Urn) -> tuple[sa.ColumnElement[bool], ...]:
    ref = urn.ref
    return (_COLUMNS.provider_id == ref.agency_id, _COLUMNS.set_id == ref.id, _COLUMNS.version == ref.version)


def _is_current(one: Artefact) -> tuple[sa.ColumnElement[bool], ...]:
    return (*_is_named(one.urn), _COLUMNS.removed_at.is_(None))
