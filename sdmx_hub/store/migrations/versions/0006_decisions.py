"""What persons decided about runs, the plan a run works by, answers as they were, and hosts that are left alone."""

import sqlalchemy as sa
from alembic import op

from sdmx_hub.store.tables import Instant

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("harvest_run", sa.Column("plan", sa.Text, nullable=False, server_default="{}"))
    op.add_column("harvest_run", sa.Column("decision", sa.String(20), nullable=False, server_default=""))
    op.add_column("harvest_run", sa.Column("decided_by", sa.String(255)))
    op.add_column("harvest_run", sa.Column("decided_at", Instant))
    op.add_column("harvest_run", sa.Column("reason", sa.Text, nullable=False, server_default=""))
    op.add_column("harvest_request", sa.Column("answer", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "harvest_host",
        sa.Column("host", sa.String(300), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("failed_at", Instant, nullable=False),
        sa.Column("until", Instant),
    )
