"""The tables of what is known of the health of sources, and of the alerts that wait to be delivered."""

from __future__ import annotations

import sqlalchemy as sa

from sdmx_hub.store.tables import METADATA, Instant

SOURCE_STATE = sa.Table(
    "source_state",
    METADATA,
    sa.Column("source", sa.String(60), primary_key=True),
    sa.Column("disabled_at", Instant),
    sa.Column("health", sa.String(20)),
    sa.Column("cause", sa.String(120), nullable=False),
    sa.Column("changed_at", Instant),
)
"""Of a source: since when it is switched off, and its health as alerts last saw it."""

ALERT = sa.Table(
    "alert",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("source", sa.String(60), nullable=False),
    sa.Column("cause", sa.String(120), nullable=False),
    sa.Column("day", sa.String(10), nullable=False),
    sa.Column("channel", sa.String(10), nullable=False),
    sa.Column("address", sa.String(500), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("failure", sa.Text, nullable=False),
    sa.Column("ended_at", Instant),
    sa.UniqueConstraint("source", "cause", "day", "channel", "address", name="alert_once"),
    sa.Index("alert_due", "state", "due_at"),
)
"""One alert for one address, written in the transaction of the change it tells of; one a cause and day."""
