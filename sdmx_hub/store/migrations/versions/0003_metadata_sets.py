"""Metadata sets."""

import sqlalchemy as sa
from alembic import op

from sdmx_hub.store.tables import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "metadata_set",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("provider_id", sa.String(255), nullable=False),
        sa.Column("set_id", sa.String(255), nullable=False),
        sa.Column("version", sa.String(60), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("saved_at", Instant, nullable=False),
        sa.Column("removed_at", Instant),
    )
    op.create_index(
        "metadata_set_current",
        "metadata_set",
        ["provider_id", "set_id", "version"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
