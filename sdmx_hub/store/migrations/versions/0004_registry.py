"""Registrations, subscriptions, and the notifications that wait to be delivered."""

import sqlalchemy as sa
from alembic import op

from sdmx_hub.store.tables import Instant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "registration",
        sa.Column("id", sa.String(255), primary_key=True),
        sa.Column("provision_agreement", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.Column("removed_at", Instant),
    )
    op.create_table(
        "subscription",
        sa.Column("id", sa.String(255), primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("added_at", Instant, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("removed_at", Instant),
    )
    op.create_table(
        "outbox",
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
    )
    op.create_index("outbox_due", "outbox", ["state", "due_at"])
    op.create_index("outbox_subscription", "outbox", ["subscription_id", "id"])
