"""The tables of registrations, of subscriptions, and of the notifications that wait to be delivered."""

from __future__ import annotations

import sqlalchemy as sa

from sdmx_hub.store.tables import METADATA, Instant

REGISTRATION = sa.Table(
    "registration",
    METADATA,
    sa.Column("id", sa.String(255), primary_key=True),
    sa.Column("provision_agreement", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("removed_at", Instant),
)

SUBSCRIPTION = sa.Table(
    "subscription",
    METADATA,
    sa.Column("id", sa.String(255), primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("added_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("removed_at", Instant),
)

OUTBOX = sa.Table(
    "outbox",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("subscription_id", sa.String(255), sa.ForeignKey("subscription.id"), nullable=False),
    sa.Column("channel", sa.String(10), nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("failure", sa.Text, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Index("outbox_due", "state", "due_at"),
    sa.Index("outbox_subscription", "subscription_id", "id"),
)
"""One notification for one address, written in the transaction of the change it tells of."""
