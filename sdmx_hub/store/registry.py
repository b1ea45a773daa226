"""The registry: saves and removes artefacts, keeps every earlier state, and hands out snapshots of all of them."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection, Row

from sdmx_hub.errors import Conflict, TryAgain
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.message import Action
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.audit import append_audit
from sdmx_hub.store.counter import Counter, last_change
from sdmx_hub.store.database import Database
from sdmx_hub.store.difference import difference_text
from sdmx_hub.store.metadata_references import find_reference
from sdmx_hub.store.outbox import note_structures
from sdmx_hub.store.tables import ARTEFACT, CHAIN

_REVISION = Counter("registry")
_PARENTS_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class SaveReport:
    """What became of the artefacts of one save, in the order they came."""

    added: tuple[Urn, ...]
    changed: tuple[Urn, ...]
    unchanged: tuple[Urn, ...]


class Registry:
    """The artefacts of a hub, shared between threads; the next snapshot sees what other processes saved."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._current = Artefacts(())
        self._read: dict[int, Artefact] = {}

    def snapshot(self, *, as_of: dt.datetime | None = None) -> Artefacts:
        """Give all artefacts as they are now, read again only when something changed; or as they were at ``as_of``."""
        with self._database.reading() as connection:
            if as_of is not None:
                return Artefacts(self._artefacts(connection, as_of))
            revision = _REVISION.read(connection)
            with self._lock:
                if revision != self._current.revision:
                    self._current = Artefacts(
                        self._artefacts(connection, None), revision=revision, changed=last_change(connection, ARTEFACT)
                    )
                return self._current

    def _artefacts(self, connection: Connection, as_of: dt.datetime | None) -> list[Artefact]:
        """Read the artefacts of one moment; documents already read are not parsed again."""
        there: sa.ColumnElement[bool] = ARTEFACT.c.removed_at.is_(None)
        if as_of is not None:
            there = sa.and_(ARTEFACT.c.saved_at <= as_of, sa.or_(there, ARTEFACT.c.removed_at > as_of))
        wanted = list(connection.execute(sa.select(ARTEFACT.c.id).where(there).order_by(ARTEFACT.c.id)).scalars())
        missing = [key for key in wanted if key not in self._read]
        read = dict(self._read)
        for rows in _portions(missing):
            for row in connection.execute(sa.select(ARTEFACT).where(ARTEFACT.c.id.in_(rows))):
                read[row.id] = _artefact(row)
        if as_of is None:
            self._read = {key: read[key] for key in wanted}
        return [read[key] for key in wanted]

    def save(
        self, artefacts: Iterable[Artefact], *, actor: str, now: dt.datetime, revision: int | None = None
    ) -> SaveReport:
        """Save all or none. Raises Conflict, with the difference, when one contradicts a final artefact.

        With ``revision``, raises TryAgain when the registry is no longer at it.
        """
        report: dict[str, list[Urn]] = {"added": [], "changed": [], "unchanged": []}
        with self._database.transaction() as connection:
            _check_revision(connection, revision)
            for artefact in _distinct(artefacts):
                report[_save(connection, artefact, now)].append(artefact.urn)
            done = report["added"] + report["changed"]
            if done:
                _REVISION.bump(connection)
                for urn in done:
                    append_audit(connection, at=now, actor=actor, action="structure-save", subject=str(urn))
                note_structures(connection, report["added"], Action.APPEND, now=now)
                note_structures(connection, report["changed"], Action.REPLACE, now=now)
        return SaveReport(**{key: tuple(urns) for key, urns in report.items()})

    def remove(self, urn: Urn, *, actor: str, now: dt.datetime, revision: int | None = None) -> None:
        """Remove an artefact; its history stays. Raises NotFound, and Conflict when something refers to it.

        With ``revision``, raises TryAgain when the registry is no longer at it.
        """
        with self._database.transaction() as connection:
            _check_revision(connection, revision)
            artefacts = Artefacts(self._artefacts(connection, None))
            artefact = artefacts.get(urn)
            parents = [parent.urn for parent in artefacts.parents(artefact.urn)]
            if parents:
                shown = ", ".join(str(parent) for parent in parents[:_PARENTS_SHOWN])
                raise Conflict("artefact-referenced", urn=artefact.urn, parents=shown)
            if told := find_reference(connection, artefact.urn):
                raise Conflict("artefact-referenced", urn=artefact.urn, parents=f"MetadataSet {told}")
            if artefact.artefact_class.name == "Dataflow" and _has_data(connection, artefact):
                raise Conflict("artefact-has-data", urn=artefact.urn)
            connection.execute(sa.update(ARTEFACT).where(*_is_current(artefact)).values(removed_at=now))
            _REVISION.bump(connection)
            append_audit(connection, at=now, actor=actor, action="structure-remove", subject=str(artefact.urn))
            note_structures(connection, [artefact.urn], Action.DELETE, now=now)

    def history(self, urn: Urn) -> tuple[tuple[dt.datetime, dt.datetime | None, Artefact], ...]:
        """Every state an artefact had, oldest first: from when, until when (None: still), and the artefact."""
        ref = urn.artefact.ref
        query = sa.select(ARTEFACT).where(
            ARTEFACT.c.class_name == urn.artefact.class_name,
            ARTEFACT.c.agency_id == ref.agency_id,
            ARTEFACT.c.artefact_id == ref.id,
            ARTEFACT.c.version == ref.version,
        )
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(ARTEFACT.c.id)).all()
        return tuple((row.saved_at, row.removed_at, _artefact(row)) for row in rows)


def _distinct(artefacts: Iterable[Artefact]) -> list[Artefact]:
    found: dict[Urn, Artefact] = {}
    for artefact in artefacts:
        twin = found.setdefault(artefact.urn, artefact)
        if twin.fingerprint != artefact.fingerprint:
            raise Conflict("artefact-twice", urn=artefact.urn)
    return list(found.values())


def _save(connection: Connection, artefact: Artefact, now: dt.datetime) -> str:
    row = connection.execute(sa.select(ARTEFACT).where(*_is_current(artefact))).first()
    if row is not None:
        if row.fingerprint == artefact.fingerprint and (row.final or not artefact.final):
            return "unchanged"
        if row.fingerprint != artefact.fingerprint and _artefact(row).is_final:
            shown = difference_text(orjson.loads(row.document), artefact.document)
            raise Conflict("artefact-final", urn=artefact.urn, difference=shown)
        connection.execute(sa.update(ARTEFACT).where(ARTEFACT.c.id == row.id).values(removed_at=now))
    connection.execute(
        sa.insert(ARTEFACT).values(
            class_name=artefact.artefact_class.name,
            agency_id=artefact.ref.agency_id,
            artefact_id=artefact.ref.id,
            version=artefact.ref.version,
            final=artefact.final,
            fingerprint=artefact.fingerprint,
            document=orjson.dumps(artefact.document).decode(),
            saved_at=now,
        )
    )
    return "added" if row is None else "changed"


def _is_current(artefact: Artefact) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ARTEFACT.c.class_name == artefact.artefact_class.name,
        ARTEFACT.c.agency_id == artefact.ref.agency_id,
        ARTEFACT.c.artefact_id == artefact.ref.id,
        ARTEFACT.c.version == artefact.ref.version,
        ARTEFACT.c.removed_at.is_(None),
    )


def _artefact(row: Row[tuple[object, ...]]) -> Artefact:
    return Artefact(CLASS_BY_NAME[row.class_name], orjson.loads(row.document), row.final)


def _has_data(connection: Connection, artefact: Artefact) -> bool:
    query = sa.select(CHAIN.c.id).where(CHAIN.c.dataflow == str(artefact.ref)).limit(1)
    return connection.execute(query).first() is not None


def _check_revision(connection: Connection, revision: int | None) -> None:
    if revision is not None and _REVISION.read(connection) != revision:
        raise TryAgain("registry-changed")


def _portions(keys: Sequence[int], size: int = 500) -> Iterable[Sequence[int]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))
