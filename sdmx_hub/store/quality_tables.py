"""The tables of quality: what people said of the differences between two ends of a corridor."""

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
