"""What is known of sources besides their files: whether they are switched off, how they fare, who is to be told.

A change of health and the alerts that tell of it are written in one transaction, so that of any number of workers that
see the change one tells of it, once for each address; the same cause is told once a day, however often it comes back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.errors import NotFound
from sdmx_hub.store.alert_tables import ALERT, SOURCE_STATE
from sdmx_hub.store.audit import append_audit
from sdmx_hub.store.database import Database
from sdmx_hub.store.harvest_tables import SOURCE
from sdmx_hub.store.outbox import FAILED, HOLD, KEPT, MOST_ATTEMPTS, SENT, WAITING, next_wait

HTTP, MAIL = "http", "mail"


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One alert for one address; ``document`` is what it says, ready to be sent."""

    id: int
    source: str
    cause: str
    channel: str
    address: str
    document: Mapping[str, Any]
    made_at: dt.datetime
    attempts: int


@dataclass(frozen=True, kw_only=True)
class Noted:
    """The health of a source as alerts last saw it."""

    health: str
    cause: str
    changed_at: dt.datetime


class Alerts:
    """The health of sources as last seen, and the alerts of a hub."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def disabled(self) -> frozenset[str]:
        """The sources that are switched off."""
        query = sa.select(SOURCE_STATE.c.source).where(SOURCE_STATE.c.disabled_at.is_not(None))
        with self._database.reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def switch(self, source: str, *, on: bool, actor: str, now: dt.datetime) -> bool:
        """Switch a source on or off; tell whether it was the other way. Raises NotFound."""
        with self._database.transaction() as connection:
            there = sa.select(SOURCE.c.id).where(SOURCE.c.id == source, SOURCE.c.removed_at.is_(None))
            if connection.execute(there).first() is None:
                raise NotFound("harvest-source-unknown", source=source)
            row = _row(connection, source)
            if (row.disabled_at is None) == on:
                return False
            changed = sa.update(SOURCE_STATE).where(SOURCE_STATE.c.source == source)
            connection.execute(changed.values(disabled_at=None if on else now))
            action = "source-enable" if on else "source-disable"
            append_audit(connection, at=now, actor=actor, action=action, subject=source)
        return True

    def noted(self) -> Mapping[str, Noted]:
        """The health of each source as last seen."""
        query = sa.select(SOURCE_STATE).where(SOURCE_STATE.c.health.is_not(None))
        with self._database.reading() as connection:
            return {
                row.source: Noted(health=row.health, cause=row.cause, changed_at=row.changed_at)
                for row in connection.execute(query)
            }

    def note(
        self,
        source: str,
        *,
        before: Noted | None,
        health: str,
        cause: str,
        document: Mapping[str, Any],
        addresses: Iterable[tuple[str, str]],
        now: dt.datetime,
    ) -> int:
        """Note that a source that was as ``before`` is otherwise now, and put in an alert for each address.

        Gives how many alerts were put in: none when somebody else has noted a change meanwhile.
        """
        with self._database.transaction() as connection:
            row = _row(connection, source)
            known = (row.health, row.cause) if row.health is not None else None
            if known != ((before.health, before.cause) if before else None):
                return 0
            changed = sa.update(SOURCE_STATE).where(SOURCE_STATE.c.source == source)
            connection.execute(changed.values(health=health, cause=cause, changed_at=now))
            return sum(_put(connection, (source, cause), address, document, now) for address in addresses)

    def put(
        self,
        source: str,
        cause: str,
        document: Mapping[str, Any],
        addresses: Iterable[tuple[str, str]],
        now: dt.datetime,
    ) -> int:
        """Put in an alert whatever the health is (a test); give how many."""
        with self._database.transaction() as connection:
            return sum(_put(connection, (source, cause), address, document, now) for address in addresses)

    def take(self, *, now: dt.datetime) -> Alert | None:
        """Take the alert that is due longest, and hold it; None when none is."""
        with self._database.transaction() as connection:
            due = sa.select(ALERT).where(ALERT.c.state == WAITING, ALERT.c.due_at <= now)
            row = connection.execute(due.order_by(ALERT.c.due_at, ALERT.c.id).limit(1)).first()
            if row is None:
                return None
            held = sa.update(ALERT).where(ALERT.c.id == row.id)
            connection.execute(held.values(due_at=now + HOLD, attempts=row.attempts + 1))
            return Alert(
                id=row.id,
                source=row.source,
                cause=row.cause,
                channel=row.channel,
                address=row.address,
                document=orjson.loads(row.document),
                made_at=row.made_at,
                attempts=row.attempts + 1,
            )

    def finish(self, alert: Alert, *, now: dt.datetime) -> None:
        """Note that an alert was delivered."""
        self._end(alert, SENT, now=now)

    def postpone(self, alert: Alert, failure: str, *, now: dt.datetime) -> None:
        """Note that it was not; the next try comes later and later, and after the last one there is none."""
        if alert.attempts >= MOST_ATTEMPTS:
            self._end(alert, FAILED, now=now, failure=failure)
            return
        tried = sa.update(ALERT).where(ALERT.c.id == alert.id, ALERT.c.state == WAITING)
        with self._database.transaction() as connection:
            connection.execute(tried.values(due_at=now + next_wait(alert.attempts), failure=failure[:500]))

    def _end(self, alert: Alert, state: str, *, now: dt.datetime, failure: str = "") -> None:
        ended = sa.update(ALERT).where(ALERT.c.id == alert.id, ALERT.c.state == WAITING)
        with self._database.transaction() as connection:
            connection.execute(ended.values(state=state, ended_at=now, failure=failure[:500]))

    def select(self, source: str | None = None, *, limit: int = 50) -> list[dict[str, Any]]:
        """The alerts of a source or of all, newest first."""
        query = sa.select(ALERT).order_by(ALERT.c.id.desc()).limit(limit)
        query = query if source is None else query.where(ALERT.c.source == source)
        names = ("id", "source", "cause", "channel", "address", "state", "attempts", "failure")
        with self._database.reading() as connection:
            return [
                {name: getattr(row, name) for name in names} | {"made": row.made_at.isoformat()}
                for row in connection.execute(query)
            ]

    def forget(self, *, now: dt.datetime) -> int:
        """Remove what ended long ago; give how many."""
        with self._database.transaction() as connection:
            return connection.execute(sa.delete(ALERT).where(ALERT.c.ended_at < now - KEPT)).rowcount


def _row(connection: Connection, source: str) -> Any:
    """The state of a source, made when there is none yet."""
    query = sa.select(SOURCE_STATE).where(SOURCE_STATE.c.source == source).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        connection.execute(sa.insert(SOURCE_STATE).values(source=source, cause=""))
        row = connection.execute(query).one()
    return row


def _put(
    connection: Connection,
    about: tuple[str, str],
    address: tuple[str, str],
    document: Mapping[str, Any],
    now: dt.datetime,
) -> int:
    """Put in an alert ``about`` a source and a cause, unless there is one today."""
    day = now.astimezone(dt.UTC).date().isoformat()
    once = dict(zip(("source", "cause", "day", "channel", "address"), (*about, day, *address), strict=True))
    same = sa.select(ALERT.c.id).where(*(ALERT.c[name] == value for name, value in once.items()))
    if connection.execute(same).first() is not None:
        return 0
    text = orjson.dumps(dict(document)).decode()
    rest = {"document": text, "made_at": now, "state": WAITING, "due_at": now, "attempts": 0, "failure": ""}
    connection.execute(sa.insert(ALERT).values(**once, **rest))
    return 1
