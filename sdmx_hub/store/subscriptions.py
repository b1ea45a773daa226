"""Subscriptions: who is to be told of what, and where."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import replace

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.errors import Conflict, NotFound
from sdmx_hub.model.subscription import Subscription, read_subscription
from sdmx_hub.store.audit import append_audit
from sdmx_hub.store.database import Database
from sdmx_hub.store.registry_tables import SUBSCRIPTION


class Subscriptions:
    """The subscriptions of a hub. One may be named by its id, or by the id its subscriber gave it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, subscription: Subscription, *, actor: str, now: dt.datetime) -> Subscription:
        """Add one under a new id. Raises Conflict when its subscriber uses the same id of theirs already."""
        with self._database.transaction() as connection:
            own = subscription.subscriber_id
            if own and any(_is_same(one, subscription) for one in _all(connection)):
                raise Conflict("subscription-taken", id=own)
            stored = replace(subscription, id=secrets.token_hex(8))
            connection.execute(
                sa.insert(SUBSCRIPTION).values(id=stored.id, document=_text(stored), added_at=now, changed_at=now)
            )
            _note(connection, stored, "subscription-add", actor=actor, now=now)
        return stored

    def replace(self, subscription: Subscription, *, actor: str, now: dt.datetime) -> Subscription:
        """Replace the one of the same id, or of the same subscriber's id. Raises NotFound."""
        with self._database.transaction() as connection:
            known = _find(connection, subscription)
            stored = replace(subscription, id=known.id)
            changed = sa.update(SUBSCRIPTION).where(SUBSCRIPTION.c.id == known.id)
            connection.execute(changed.values(document=_text(stored), changed_at=now))
            _note(connection, stored, "subscription-replace", actor=actor, now=now)
        return stored

    def remove(self, subscription: Subscription, *, actor: str, now: dt.datetime) -> Subscription:
        """Remove the one of the same id, or of the same subscriber's id. Raises NotFound."""
        with self._database.transaction() as connection:
            known = _find(connection, subscription)
            connection.execute(sa.update(SUBSCRIPTION).where(SUBSCRIPTION.c.id == known.id).values(removed_at=now))
            _note(connection, known, "subscription-remove", actor=actor, now=now)
        return known

    def select(self) -> tuple[Subscription, ...]:
        """All of them, by id."""
        with self._database.reading() as connection:
            return tuple(_all(connection))

    def get(self, key: str) -> Subscription:
        """The one of an id, or of the id its subscriber gave it. Raises NotFound."""
        found = [one for one in self.select() if key and key in {one.id, one.subscriber_id}]
        if len(found) != 1:
            raise NotFound("subscription-missing", id=key)
        return found[0]


def _find(connection: Connection, wanted: Subscription) -> Subscription:
    for one in _all(connection):
        if (wanted.id and one.id == wanted.id) or (not wanted.id and _is_same(one, wanted)):
            return one
    raise NotFound("subscription-missing", id=wanted.id or wanted.subscriber_id)


def _is_same(one: Subscription, other: Subscription) -> bool:
    named = bool(one.subscriber_id) and one.subscriber_id == other.subscriber_id
    return named and one.organisation == other.organisation


def _all(connection: Connection) -> list[Subscription]:
    query = sa.select(SUBSCRIPTION.c.document).where(SUBSCRIPTION.c.removed_at.is_(None)).order_by(SUBSCRIPTION.c.id)
    return [read_subscription(orjson.loads(text)) for text in connection.execute(query).scalars()]


def _text(subscription: Subscription) -> str:
    return orjson.dumps(subscription.as_json()).decode()


def _note(connection: Connection, stored: Subscription, action: str, *, actor: str, now: dt.datetime) -> None:
    append_audit(connection, at=now, actor=actor, action=action, subject=stored.id, detail=stored.as_json())
