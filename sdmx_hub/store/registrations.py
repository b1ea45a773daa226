"""Registrations: who serves the data of which provision agreement, and where."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import replace

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.errors import Conflict, NotFound
from sdmx_hub.model.message import Action
from sdmx_hub.model.registration import Registration, read_registration
from sdmx_hub.store.audit import append_audit
from sdmx_hub.store.database import Database
from sdmx_hub.store.outbox import note_registration
from sdmx_hub.store.registry_tables import REGISTRATION

_ACTIONS = {
    "registration-add": Action.APPEND,
    "registration-replace": Action.REPLACE,
    "registration-remove": Action.DELETE,
}


class Registrations:
    """The registrations others made at this hub."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, registration: Registration, *, actor: str, now: dt.datetime) -> Registration:
        """Add one, under a new id unless it brings one. Raises Conflict when the id is taken, BadQuery."""
        registration.check()
        with self._database.transaction() as connection:
            key = registration.id or secrets.token_hex(8)
            row = connection.execute(sa.select(REGISTRATION).where(REGISTRATION.c.id == key)).first()
            if row is not None and row.removed_at is None:
                raise Conflict("registration-taken", id=key)
            if row is not None:
                connection.execute(sa.delete(REGISTRATION).where(REGISTRATION.c.id == key))
            stored = replace(registration, id=key, updated_at=now)
            connection.execute(sa.insert(REGISTRATION).values(**_row(stored, now)))
            _note(connection, stored, "registration-add", actor=actor, now=now)
        return stored

    def replace(self, registration: Registration, *, actor: str, now: dt.datetime) -> Registration:
        """Replace the one of the same id. Raises NotFound, BadQuery."""
        registration.check()
        stored = replace(registration, updated_at=now)
        with self._database.transaction() as connection:
            changed = connection.execute(sa.update(REGISTRATION).where(*_is(stored.id)).values(**_row(stored, now)))
            if changed.rowcount == 0:
                raise NotFound("registration-missing", id=registration.id)
            _note(connection, stored, "registration-replace", actor=actor, now=now)
        return stored

    def remove(self, key: str, *, actor: str, now: dt.datetime) -> Registration:
        """Remove one; give what it was. Raises NotFound."""
        with self._database.transaction() as connection:
            row = connection.execute(sa.select(REGISTRATION).where(*_is(key))).first()
            if row is None:
                raise NotFound("registration-missing", id=key)
            connection.execute(sa.update(REGISTRATION).where(REGISTRATION.c.id == key).values(removed_at=now))
            stored = read_registration(orjson.loads(row.document))
            _note(connection, stored, "registration-remove", actor=actor, now=now)
        return stored

    def select(self) -> tuple[Registration, ...]:
        """All of them, by id."""
        query = (
            sa.select(REGISTRATION.c.document).where(REGISTRATION.c.removed_at.is_(None)).order_by(REGISTRATION.c.id)
        )
        with self._database.reading() as connection:
            return tuple(read_registration(orjson.loads(text)) for text in connection.execute(query).scalars())

    def get(self, key: str) -> Registration:
        """One of them. Raises NotFound."""
        with self._database.reading() as connection:
            text = connection.execute(sa.select(REGISTRATION.c.document).where(*_is(key))).scalar()
        if text is None:
            raise NotFound("registration-missing", id=key)
        return read_registration(orjson.loads(text))


def _is(key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return REGISTRATION.c.id == key, REGISTRATION.c.removed_at.is_(None)


def _row(registration: Registration, now: dt.datetime) -> dict[str, object]:
    return {
        "id": registration.id,
        "provision_agreement": str(registration.provision_agreement),
        "document": orjson.dumps(registration.as_json()).decode(),
        "updated_at": now,
    }


def _note(connection: Connection, stored: Registration, action: str, *, actor: str, now: dt.datetime) -> None:
    note_registration(connection, stored, _ACTIONS[action], now=now)
    append_audit(connection, at=now, actor=actor, action=action, subject=stored.id, detail=stored.as_json())
