"""Artefacts, releases with their manifests and lineage, audit, leases and keys."""

import sqlalchemy as sa
from alembic import op

from sdmx_hub.store.tables import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "counter",
        sa.Column("name", sa.String(50), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "artefact",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("class_name", sa.String(60), nullable=False),
        sa.Column("agency_id", sa.String(255), nullable=False),
        sa.Column("artefact_id", sa.String(255), nullable=False),
        sa.Column("version", sa.String(60), nullable=False),
        sa.Column("final", sa.Boolean, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("saved_at", Instant, nullable=False),
        sa.Column("removed_at", Instant),
    )
    op.create_index(
        "artefact_current",
        "artefact",
        ["class_name", "agency_id", "artefact_id", "version"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "release",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("reason", sa.Text),
    )
    op.create_table(
        "segment",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
    )
    op.create_table(
        "chain",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("dataflow", sa.String(600), nullable=False),
        sa.Column("audience", sa.String(255), nullable=False),
        sa.Column("release_id", sa.Integer, sa.ForeignKey("release.id"), nullable=False),
        sa.Column("visible_from", Instant, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
    )
    op.create_index("chain_current", "chain", ["dataflow", "audience", "id"])
    op.create_table(
        "manifest",
        sa.Column("chain_id", sa.Integer, sa.ForeignKey("chain.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("sha256", sa.String(64), sa.ForeignKey("segment.sha256"), nullable=False),
        sa.Column("since", sa.Integer, sa.ForeignKey("release.id"), nullable=False),
    )
    op.create_table(
        "change",
        sa.Column("release_id", sa.Integer, sa.ForeignKey("release.id"), primary_key=True),
        sa.Column("dataflow", sa.String(600), primary_key=True),
        sa.Column("audience", sa.String(255), primary_key=True),
        sa.Column("visible_from", Instant, nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.Column("revised", sa.BigInteger, nullable=False),
        sa.Column("deleted", sa.BigInteger, nullable=False),
        sa.Column("unchanged", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "lineage",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("release_id", sa.Integer, sa.ForeignKey("release.id"), nullable=False),
        sa.Column("dataflow", sa.String(600), nullable=False),
        sa.Column("audience", sa.String(255), nullable=False),
        sa.Column("structure", sa.String(600), nullable=False),
        sa.Column("action", sa.String(1), nullable=False),
        sa.Column("log_sha256", sa.String(64), nullable=False),
        sa.Column("log_rows", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("raw_sha256", sa.String(64)),
        sa.Column("mapping", sa.Text),
        sa.Column("details", sa.Text, nullable=False),
    )
    op.create_index("lineage_release", "lineage", ["release_id"])
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(700), primary_key=True),
        sa.Column("holder", sa.String(255), nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
    )
    op.create_table(
        "api_key",
        sa.Column("prefix", sa.String(32), primary_key=True),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("principal", sa.String(255), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant),
        sa.Column("revoked_at", Instant),
        sa.Column("last_used_at", Instant),
    )
