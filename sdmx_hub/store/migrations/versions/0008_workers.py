"""Who works for the hub and was last heard of when, and since when each flow of a source has its timetable."""

import sqlalchemy as sa
from alembic import op

from sdmx_hub.store.tables import Instant

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("source", sa.Column("since", sa.Text, nullable=False, server_default="{}"))
    op.create_table(
        "harvest_worker",
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("machine", sa.String(255), nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("heartbeat_at", Instant, nullable=False),
    )
