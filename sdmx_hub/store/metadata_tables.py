"""The table of metadata sets: every state of every set, as ``artefact`` keeps those of structures."""

from __future__ import annotations

import sqlalchemy as sa

from sdmx_hub.store.tables import METADATA, Instant

METADATA_SETS = sa.Table(
    "metadata_set",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("provider_id", sa.String(255), nullable=False),
    sa.Column("set_id", sa.String(255), nullable=False),
    sa.Column("version", sa.String(60), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("saved_at", Instant, nullable=False),
    sa.Column("removed_at", Instant),
    sa.Index(
        "metadata_set_current",
        "provider_id",
        "set_id",
        "version",
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    ),
)
