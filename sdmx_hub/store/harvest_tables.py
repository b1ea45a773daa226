"""The tables of harvests: sources as their owner wrote them, runs, and every request a run made."""

from __future__ import annotations

import sqlalchemy as sa

from sdmx_hub.store.tables import METADATA, Instant

SOURCE = sa.Table(
    "source",
    METADATA,
    sa.Column("id", sa.String(60), primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("added_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("removed_at", Instant),
    sa.Column("since", sa.Text, nullable=False, server_default="{}"),
)

RUN = sa.Table(
    "harvest_run",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("source", sa.String(60), nullable=False),
    sa.Column("flow", sa.String(120), nullable=False),
    sa.Column("slot", Instant, nullable=False),
    sa.Column("trigger", sa.String(20), nullable=False),
    sa.Column("full", sa.Boolean, nullable=False),
    sa.Column("dry_run", sa.Boolean, nullable=False),
    sa.Column("host", sa.String(300), nullable=False),
    sa.Column("follows", sa.Integer),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("queued_at", Instant, nullable=False),
    sa.Column("not_before", Instant, nullable=False),
    sa.Column("started_at", Instant),
    sa.Column("finished_at", Instant),
    sa.Column("holder", sa.String(255)),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("heartbeat_at", Instant),
    sa.Column("stop_requested", sa.Boolean, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("release_id", sa.Integer),
    sa.Column("received", sa.BigInteger, nullable=False),
    sa.Column("added", sa.BigInteger, nullable=False),
    sa.Column("revised", sa.BigInteger, nullable=False),
    sa.Column("deleted", sa.BigInteger, nullable=False),
    sa.Column("unchanged", sa.BigInteger, nullable=False),
    sa.Column("findings", sa.Text, nullable=False),
    sa.Column("memory", sa.Text, nullable=False),
    sa.Column("plan", sa.Text, nullable=False, server_default="{}"),
    sa.Column("decision", sa.String(20), nullable=False, server_default=""),
    sa.Column("decided_by", sa.String(255)),
    sa.Column("decided_at", Instant),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("source", "flow", "slot", name="harvest_run_slot"),
    sa.Index("harvest_run_state", "state", "not_before"),
    sa.Index("harvest_run_flow", "source", "flow", "id"),
)

REQUEST = sa.Table(
    "harvest_request",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("run_id", sa.Integer, sa.ForeignKey("harvest_run.id"), nullable=False),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("sent_at", Instant, nullable=False),
    sa.Column("purpose", sa.String(20), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("milliseconds", sa.Integer, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("raw_sha256", sa.String(64)),
    sa.Column("failure", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=False, server_default=""),
    sa.Index("harvest_request_run", "run_id"),
)

HOST = sa.Table(
    "harvest_host",
    METADATA,
    sa.Column("host", sa.String(300), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("failed_at", Instant, nullable=False),
    sa.Column("until", Instant),
)
