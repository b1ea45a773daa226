"""The tables of quality: what people said of the differences between two ends of a corridor, and pilots."""

from __future__ import annotations

import sqlalchemy as sa

from sdmx_hub.store.tables import METADATA, Instant

JUDGEMENT = sa.Table(
    "judgement",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("rule", sa.String(60), nullable=False),
    sa.Column("origin", sa.String(20), nullable=False),
    sa.Column("destination", sa.String(20), nullable=False),
    sa.Column("frequency", sa.String(10), nullable=False),
    sa.Column("period", sa.String(40), nullable=False),
    sa.Column("split", sa.String(200), nullable=False),
    sa.Column("cause", sa.String(20), nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("actor", sa.String(255), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("judgement_pair", "rule", "origin", "destination"),
)

PILOT = sa.Table(
    "pilot",
    METADATA,
    sa.Column("id", sa.String(60), primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("added_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("removed_at", Instant),
)

PILOT_ROUND = sa.Table(
    "pilot_round",
    METADATA,
    sa.Column("pilot", sa.String(60), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("slot", Instant, nullable=False),
    sa.Column("period", sa.String(40), nullable=False),
    sa.Column("actor", sa.String(255), nullable=False),
    sa.UniqueConstraint("pilot", "slot", name="pilot_round_slot"),
)
