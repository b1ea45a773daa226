"""Documents that people write as files, kept by their id with the hash of the file; what is removed keeps its row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.errors import NotFound
from sdmx_hub.store.audit import append_audit
from sdmx_hub.store.database import Database


@dataclass(frozen=True, kw_only=True)
class Documents:
    """The documents of one kind (``source``, ``pilot``) in their table; ``unknown`` is the refusal of an id nobody has.

    ``more`` gives further columns from the row that was found, if any, the document and the moment; ``forget`` is done
    with a removal, in its transaction.
    """

    database: Database
    table: sa.Table
    kind: str
    unknown: str
    more: Callable[[Any, str, dt.datetime], Mapping[str, Any]] = lambda found, document, now: {}
    forget: Callable[[Connection, str], None] = lambda connection, key: None

    def save(self, key: str, document: str, sha256: str, *, origin: str, actor: str, now: dt.datetime) -> bool:
        """Add a document or replace it; tell whether anything changed."""
        columns = self.table.c
        values = {"document": document, "sha256": sha256, "origin": origin, "changed_at": now, "removed_at": None}
        with self.database.transaction() as connection:
            found = connection.execute(sa.select(self.table).where(columns.id == key)).first()
            if found and found.removed_at is None and (found.document, found.sha256) == (document, sha256):
                return False
            values |= self.more(found, document, now)
            if found:
                values |= {} if found.removed_at is None else {"added_at": now}
                connection.execute(sa.update(self.table).where(columns.id == key).values(**values))
            else:
                connection.execute(sa.insert(self.table).values(id=key, added_at=now, **values))
            self._note(connection, "save", key, {"sha256": sha256}, actor=actor, now=now)
        return True

    def remove(self, key: str, *, actor: str, now: dt.datetime) -> None:
        """Forget a document. Raises NotFound."""
        columns = self.table.c
        with self.database.transaction() as connection:
            there = sa.update(self.table).where(columns.id == key, columns.removed_at.is_(None))
            if connection.execute(there.values(removed_at=now)).rowcount == 0:
                raise self.missing(key)
            self.forget(connection, key)
            self._note(connection, "remove", key, {}, actor=actor, now=now)

    def missing(self, key: str) -> NotFound:
        """The refusal of an id nobody has."""
        return NotFound(self.unknown, **{self.kind: key})

    def _note(
        self, connection: Connection, act: str, key: str, detail: Mapping[str, Any], *, actor: str, now: dt.datetime
    ) -> None:
        append_audit(connection, at=now, actor=actor, action=f"{self.kind}-{act}", subject=key, detail=detail)
