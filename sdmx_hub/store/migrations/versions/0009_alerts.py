"""The health of sources as alerts saw it, sources switched off, and alerts that wait."""

import sqlalchemy as sa
from alembic import op

from sdmx_hub.store.tables import Instant

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "source_state",
        sa.Column("source", sa.String(60), primary_key=True),
        sa.Column("disabled_at", Instant),
        sa.Column("health", sa.String(20)),
        sa.Column("cause", sa.String(120), nullable=False),
        sa.Column("changed_at", Instant),
    )
    op.create_table(
        "alert",
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
    )
    op.create_index("alert_due", "alert", ["state", "due_at"])
