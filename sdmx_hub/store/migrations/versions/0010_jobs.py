"""Schedulers that left, what those at work say of themselves, and a number by which a hub is known to its workers."""

import secrets

import sqlalchemy as sa
from alembic import op

from sdmx_hub.store.tables import COUNTER, Instant

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("harvest_worker", sa.Column("left_at", Instant))
    op.add_column("harvest_worker", sa.Column("note", sa.Text, nullable=False, server_default=""))
    op.execute(sa.insert(COUNTER).values(name="hub", value=secrets.randbelow(2**62)))
