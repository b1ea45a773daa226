"""The tables of the control database. Migrations create them; this is what the code speaks to.

Instants are text of fixed width (``2026-01-31T09:30:00.000000Z``), so that they sort and compare alike everywhere.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

METADATA = sa.MetaData()


class Instant(sa.types.TypeDecorator[dt.datetime]):
    """An aware instant, kept in UTC with microseconds."""

    impl = sa.String(27)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> str | None:
        """Write the instant as text; a naive one raises ValueError."""
        return None if value is None else instant_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> dt.datetime | None:
        """Read the instant back."""
        return None if value is None else dt.datetime.fromisoformat(value)


def instant_text(at: dt.datetime) -> str:
    """Write an aware instant as the tables keep it; a naive one raises ValueError."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _key() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


COUNTER = sa.Table(
    "counter",
    METADATA,
    sa.Column("name", sa.String(50), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

ARTEFACT = sa.Table(
    "artefact",
    METADATA,
    _key(),
    sa.Column("class_name", sa.String(60), nullable=False),
    sa.Column("agency_id", sa.String(255), nullable=False),
    sa.Column("artefact_id", sa.String(255), nullable=False),
    sa.Column("version", sa.String(60), nullable=False),
    sa.Column("final", sa.Boolean, nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("saved_at", Instant, nullable=False),
    sa.Column("removed_at", Instant),
    sa.Index(
        "artefact_current",
        "class_name",
        "agency_id",
        "artefact_id",
        "version",
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    ),
)

RELEASE = sa.Table(
    "release",
    METADATA,
    _key(),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("actor", sa.String(255), nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("reason", sa.Text),
)

SEGMENT = sa.Table(
    "segment",
    METADATA,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
)

CHAIN = sa.Table(
    "chain",
    METADATA,
    _key(),
    sa.Column("dataflow", sa.String(600), nullable=False),
    sa.Column("audience", sa.String(255), nullable=False),
    sa.Column("release_id", sa.Integer, sa.ForeignKey("release.id"), nullable=False),
    sa.Column("visible_from", Instant, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Index("chain_current", "dataflow", "audience", "id"),
)
"""One state of one dataflow for one audience, whose manifest rows name the segments; the newest visible one counts."""

MANIFEST = sa.Table(
    "manifest",
    METADATA,
    sa.Column("chain_id", sa.Integer, sa.ForeignKey("chain.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("sha256", sa.String(64), sa.ForeignKey("segment.sha256"), nullable=False),
    sa.Column("since", sa.Integer, sa.ForeignKey("release.id"), nullable=False),
)

CHANGE = sa.Table(
    "change",
    METADATA,
    sa.Column("release_id", sa.Integer, sa.ForeignKey("release.id"), primary_key=True),
    sa.Column("dataflow", sa.String(600), primary_key=True),
    sa.Column("audience", sa.String(255), primary_key=True),
    sa.Column("visible_from", Instant, nullable=False),
    sa.Column("added", sa.BigInteger, nullable=False),
    sa.Column("revised", sa.BigInteger, nullable=False),
    sa.Column("deleted", sa.BigInteger, nullable=False),
    sa.Column("unchanged", sa.BigInteger, nullable=False),
)
"""What a release did to a dataflow, as an audience sees it, and from when on; not there when it did nothing."""

LINEAGE = sa.Table(
    "lineage",
    METADATA,
    _key(),
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
    sa.Index("lineage_release", "release_id"),
)

AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", sa.String(255), nullable=False),
    sa.Column("action", sa.String(60), nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

LEASE = sa.Table(
    "lease",
    METADATA,
    sa.Column("name", sa.String(700), primary_key=True),
    sa.Column("holder", sa.String(255), nullable=False),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
)

API_KEY = sa.Table(
    "api_key",
    METADATA,
    sa.Column("prefix", sa.String(32), primary_key=True),
    sa.Column("secret_sha256", sa.String(64), nullable=False),
    sa.Column("principal", sa.String(255), nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("revoked_at", Instant),
    sa.Column("last_used_at", Instant),
)
