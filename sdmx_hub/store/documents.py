"""Documents that people write as files, kept by their id with the hash of the file; what is removed keeps its row."""

from __future__ import annotations

import abc
import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.errors import NotFound
from sdmx_hub.store.audit import append_audit
from sdmx_hub.store.database import Database

Stored = TypeVar("Stored")
"""One document with what is kept beside it."""


class Documents(abc.ABC, Generic[Stored]):
    """The documents of one kind (as ``source``) in their table; ``unknown`` is the refusal of an id nobody has."""

    table: ClassVar[sa.Table]
    kind: ClassVar[str]
    unknown: ClassVar[str]

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, key: str, document: str, sha256: str, *, origin: str, actor: str, now: dt.datetime) -> bool:
        """Add a document or replace it; tell whether anything changed.

        ``document`` is its checked JSON text, ``sha256`` the hash of the file, ``origin`` where that came from.
        """
        columns = self.table.c
        values = {"document": document, "sha256": sha256, "origin": origin, "changed_at": now, "removed_at": None}
        with self._database.transaction() as connection:
            found = connection.execute(sa.select(self.table).where(columns.id == key)).first()
            if found and found.removed_at is None and (found.document, found.sha256) == (document, sha256):
                return False
            values |= self._more(found, document, now)
            if found:
                values |= {} if found.removed_at is None else {"added_at": now}
                connection.execute(sa.update(self.table).where(columns.id == key).values(**values))
            else:
                connection.execute(sa.insert(self.table).values(id=key, added_at=now, **values))
            self._note(connection, "save", key, {"sha256": sha256}, actor=actor, now=now)
        return True

    def remove(self, key: str, *, actor: str, now: dt.datetime) -> None:
        """Forget a document; what refers to it stays. Raises NotFound."""
        columns = self.table.c
        with self._database.transaction() as connection:
            there = sa.update(self.table).where(columns.id == key, columns.removed_at.is_(None))
            if connection.execute(there.values(removed_at=now)).rowcount == 0:
                raise self._missing(key)
            self._forget(connection, key)
            self._note(connection, "remove", key, {}, actor=actor, now=now)

    def get(self, key: str) -> Stored:
        """Get one document. Raises NotFound."""
        for found in self._select(self.table.c.id == key):
            return found
        raise self._missing(key)

    def _select(self, *conditions: sa.ColumnElement[bool]) -> tuple[Stored, ...]:
        """Select the documents that are there and meet ``conditions``, by id."""
        query = sa.select(self.table).where(self.table.c.removed_at.is_(None), *conditions).order_by(self.table.c.id)
        with self._database.reading() as connection:
            return tuple(self._read(row) for row in connection.execute(query).mappings())

    @abc.abstractmethod
    def _read(self, row: Mapping[Any, Any]) -> Stored:
        """Read a row of the table."""

    def _more(self, found: Any, document: str, now: dt.datetime) -> Mapping[str, Any]:
        """Further columns, from the row that was found, if any, the new document and the moment."""
        return {}

    def _forget(self, connection: Connection, key: str) -> None:
        """What else a removal does, in its transaction."""

    def _missing(self, key: str) -> NotFound:
        return NotFound(self.unknown, **{self.kind: key})

    def _note(
        self, connection: Connection, act: str, key: str, detail: Mapping[str, Any], *, actor: str, now: dt.datetime
    ) -> None:
        append_audit(connection, at=now, actor=actor, action=f"{self.kind}-{act}", subject=key, detail=detail)
