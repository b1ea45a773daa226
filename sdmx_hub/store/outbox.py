"""The outbox: notifications written in the transaction of the change they tell of, and taken out one by one.

Nothing is told that did not happen, and nothing that happened is forgotten: a row waits until it was delivered, was
tried too often, or its subscription ended. Who takes a row holds it for a while; a deliverer that dies lets it go.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.model.message import Action
from sdmx_hub.model.registration import OWN, Registration
from sdmx_hub.model.subscription import Event, Subscription, read_event, read_subscription
from sdmx_hub.model.urn import Ref, Urn, parse_urn
from sdmx_hub.store.database import Database
from sdmx_hub.store.registry_tables import OUTBOX, SUBSCRIPTION
from sdmx_hub.store.tables import ARTEFACT

WAITING, SENT, FAILED, DROPPED = "waiting", "sent", "failed", "dropped"
MOST_ATTEMPTS = 10
HOLD = dt.timedelta(minutes=5)
_FIRST_WAIT = dt.timedelta(seconds=30)
_LONGEST_WAIT = dt.timedelta(hours=6)
KEPT = dt.timedelta(days=90)
"""How long ended notifications are kept."""


@dataclass(frozen=True, kw_only=True)
class Notification:
    """One event for one address."""

    id: int
    subscription: Subscription
    channel: str
    address: str
    event: Event
    attempts: int


@dataclass(frozen=True, kw_only=True)
class _Agreement:
    urn: Urn
    dataflow: Urn
    provider: str


def note_structures(connection: Connection, urns: Iterable[Urn], action: Action, *, now: dt.datetime) -> None:
    """Tell subscribers that artefacts changed."""
    wanted = [one for one in _active(connection, now) if one.structures is not None]
    if not wanted:
        return
    for urn in urns:
        event = Event(at=now, action=action, urn=str(urn))
        for subscription in wanted:
            if subscription.structures and subscription.structures.covers(urn):
                _put(connection, subscription, event, now=now, due_at=now)


def note_registration(connection: Connection, registration: Registration, action: Action, *, now: dt.datetime) -> None:
    """Tell subscribers that a registration changed."""
    wanted = [one for one in _active(connection, now) if one.data is not None]
    if not wanted:
        return
    event = Event(at=now, action=action, registration=registration.as_json())
    agreement = _agreements(connection).get(registration.provision_agreement)
    urns = _urns(connection, agreement) if agreement else {registration.provision_agreement}
    provider = agreement.provider if agreement else ""
    for one in wanted:
        if one.data and one.data.covers(registration_id=registration.id, provider=provider, urns=urns):
            _put(connection, one, event, now=now, due_at=now)


def note_release(connection: Connection, dataflow: Ref, *, now: dt.datetime, visible_from: dt.datetime) -> None:
    """Tell subscribers that data were released, not before everybody may see them.

    Who asked for the dataflow, its structure or everything is told once, of the dataflow; who asked for registrations,
    agreements or providers, of each of these.
    """
    wanted = [one for one in _active(connection, now) if one.data is not None]
    if not wanted:
        return
    flow = Urn("Dataflow", dataflow)
    above = {flow, *_structures(connection, flow)}
    agreements = [one for one in _agreements(connection).values() if one.dataflow == flow]
    for subscription in wanted:
        data = subscription.data
        if data is None:
            continue
        if data.covers(registration_id="", provider="", urns=above):
            event = Event(at=visible_from, action=Action.REPLACE, urn=str(flow))
            _put(connection, subscription, event, now=now, due_at=visible_from)
            continue
        for agreement in agreements:
            own = own_id(agreement.urn.ref)
            if data.covers(registration_id=own, provider=agreement.provider, urns={agreement.urn}):
                shown = {"id": own, "provisionAgreement": str(agreement.urn), "lastUpdated": visible_from.isoformat()}
                event = Event(at=visible_from, action=Action.REPLACE, registration=shown)
                _put(connection, subscription, event, now=now, due_at=visible_from)


def own_id(ref: Ref) -> str:
    """The id of the hub's own registration of an agreement; the same for ever."""
    text = f"{ref.agency_id}_{ref.id}_{ref.version}"
    return OWN + "".join(sign if sign.isalnum() or sign in "_@$-" else "-" for sign in text)


def _active(connection: Connection, now: dt.datetime) -> list[Subscription]:
    query = sa.select(SUBSCRIPTION.c.document).where(SUBSCRIPTION.c.removed_at.is_(None)).order_by(SUBSCRIPTION.c.id)
    found = (read_subscription(orjson.loads(text)) for text in connection.execute(query).scalars())
    return [one for one in found if one.is_valid(now)]


def _agreements(connection: Connection) -> dict[Urn, _Agreement]:
    found = {}
    for document in _documents(connection, "ProvisionAgreement"):
        if document.get("dataflow") and document.get("dataProvider"):
            ref = Ref(document["agencyID"], document["id"], document.get("version", "1.0"))
            urn = Urn("ProvisionAgreement", ref)
            dataflow = parse_urn(document["dataflow"])
            found[urn] = _Agreement(urn=urn, dataflow=dataflow, provider=document["dataProvider"])
    return found


def _urns(connection: Connection, agreement: _Agreement) -> set[Urn]:
    return {agreement.urn, agreement.dataflow, *_structures(connection, agreement.dataflow)}


def _structures(connection: Connection, dataflow: Urn) -> set[Urn]:
    named = (ARTEFACT.c.agency_id == dataflow.ref.agency_id, ARTEFACT.c.artefact_id == dataflow.ref.id)
    documents = _documents(connection, "Dataflow", *named, ARTEFACT.c.version == dataflow.ref.version)
    return {parse_urn(one["structure"]) for one in documents if one.get("structure")}


def _documents(connection: Connection, class_name: str, *narrowed: sa.ColumnElement[bool]) -> list[dict[str, str]]:
    query = sa.select(ARTEFACT.c.document).where(
        ARTEFACT.c.class_name == class_name, ARTEFACT.c.removed_at.is_(None), *narrowed
    )
    return [orjson.loads(text) for text in connection.execute(query.order_by(ARTEFACT.c.id)).scalars()]


def _put(
    connection: Connection, subscription: Subscription, event: Event, *, now: dt.datetime, due_at: dt.datetime
) -> None:
    for channel, address in subscription.addresses:
        connection.execute(
            sa.insert(OUTBOX).values(
                subscription_id=subscription.id,
                channel=channel,
                address=address,
                event=orjson.dumps(event.as_json()).decode(),
                made_at=now,
                state=WAITING,
                due_at=due_at,
                attempts=0,
                failure="",
            )
        )


class Outbox:
    """The notifications of a hub."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, subscription: Subscription, event: Event, *, now: dt.datetime) -> None:
        """Put an event in for one subscription, whatever it selects."""
        with self._database.transaction() as connection:
            _put(connection, subscription, event, now=now, due_at=now)

    def take(self, *, now: dt.datetime) -> Notification | None:
        """Take the notification that is due longest, and hold it; None when none is.

        Those of subscriptions that ended meanwhile are dropped.
        """
        with self._database.transaction() as connection:
            while True:
                due = sa.select(OUTBOX).where(OUTBOX.c.state == WAITING, OUTBOX.c.due_at <= now)
                row = connection.execute(due.order_by(OUTBOX.c.due_at, OUTBOX.c.id).limit(1)).first()
                if row is None:
                    return None
                query = sa.select(SUBSCRIPTION).where(SUBSCRIPTION.c.id == row.subscription_id)
                stored = connection.execute(query).one()
                subscription = read_subscription(orjson.loads(stored.document))
                if stored.removed_at is not None or (row.channel, row.address) not in subscription.addresses:
                    _end(connection, row.id, DROPPED, now=now)
                    continue
                held = sa.update(OUTBOX).where(OUTBOX.c.id == row.id)
                connection.execute(held.values(due_at=now + HOLD, attempts=row.attempts + 1))
                return Notification(
                    id=row.id,
                    subscription=subscription,
                    channel=row.channel,
                    address=row.address,
                    event=read_event(orjson.loads(row.event)),
                    attempts=row.attempts + 1,
                )

    def finish(self, notification: Notification, *, now: dt.datetime) -> None:
        """Note that a notification was delivered."""
        with self._database.transaction() as connection:
            _end(connection, notification.id, SENT, now=now)

    def postpone(self, notification: Notification, failure: str, *, now: dt.datetime) -> None:
        """Note that it was not; the next try comes later and later, and after the last one there is none."""
        with self._database.transaction() as connection:
            if notification.attempts >= MOST_ATTEMPTS:
                _end(connection, notification.id, FAILED, now=now, failure=failure)
                return
            tried = sa.update(OUTBOX).where(OUTBOX.c.id == notification.id, OUTBOX.c.state == WAITING)
            connection.execute(tried.values(due_at=now + next_wait(notification.attempts), failure=failure[:500]))

    def counts(self, ids: Sequence[str]) -> dict[str, dict[str, int]]:
        """How many notifications of each subscription are in each state."""
        query = (
            sa.select(OUTBOX.c.subscription_id, OUTBOX.c.state, sa.func.count())
            .where(OUTBOX.c.subscription_id.in_(ids))
            .group_by(OUTBOX.c.subscription_id, OUTBOX.c.state)
        )
        found: dict[str, dict[str, int]] = {key: {} for key in ids}
        with self._database.reading() as connection:
            for key, state, count in connection.execute(query):
                found[key][state] = count
        return found

    def last_failure(self, key: str) -> str:
        """What went wrong last with a subscription that has undelivered notifications; empty for nothing."""
        query = sa.select(OUTBOX.c.failure).where(
            OUTBOX.c.subscription_id == key, OUTBOX.c.failure != "", OUTBOX.c.state.in_((WAITING, FAILED))
        )
        with self._database.reading() as connection:
            return str(connection.execute(query.order_by(OUTBOX.c.id.desc()).limit(1)).scalar() or "")

    def forget(self, *, now: dt.datetime) -> int:
        """Remove what ended long ago; give how many."""
        with self._database.transaction() as connection:
            return connection.execute(sa.delete(OUTBOX).where(OUTBOX.c.ended_at < now - KEPT)).rowcount


def next_wait(attempts: int) -> dt.timedelta:
    """How long to wait after so many attempts."""
    wait: dt.timedelta = _FIRST_WAIT * 2 ** (attempts - 1)
    return min(wait, _LONGEST_WAIT)


def _end(connection: Connection, key: int, state: str, *, now: dt.datetime, failure: str = "") -> None:
    ended = sa.update(OUTBOX).where(OUTBOX.c.id == key, OUTBOX.c.state == WAITING)
    connection.execute(ended.values(state=state, ended_at=now, failure=failure[:500]))
