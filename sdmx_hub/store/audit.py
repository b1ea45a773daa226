"""The audit log: one row for each thing somebody did, each carrying the hash of the one before.

A row is written in the transaction of what it tells of. Changing or taking out any row but the last breaks the chain of
hashes, and ``check_audit`` finds it; the head, noted elsewhere, guards the last.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.model.finding import Finding, Where
from sdmx_hub.store.database import Database
from sdmx_hub.store.tables import AUDIT, instant_text

_START = "0" * 64


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of the audit log; ``detail`` is what the action adds (counts, hashes, a reason)."""

    seq: int
    at: dt.datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    hash: str


def append_audit(
    connection: Connection,
    *,
    at: dt.datetime,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any] | None = None,
) -> Entry:
    """Add a row inside the writing transaction of ``connection``."""
    last = connection.execute(sa.select(AUDIT.c.seq, AUDIT.c.hash).order_by(AUDIT.c.seq.desc()).limit(1)).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, _START)
    text = json.dumps(detail or {}, sort_keys=True, ensure_ascii=False, default=str)
    digest = _hash(seq, instant_text(at), actor, action, subject, text, previous)
    connection.execute(
        sa.insert(AUDIT).values(
            seq=seq, at=at, actor=actor, action=action, subject=subject, detail=text, previous=previous, hash=digest
        )
    )
    return Entry(seq=seq, at=at, actor=actor, action=action, subject=subject, detail=detail or {}, hash=digest)


def select_audit(database: Database, *, subject: str | None = None, limit: int = 1000) -> tuple[Entry, ...]:
    """Select the newest rows, newest first; of one subject when told."""
    query = sa.select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(limit)
    if subject is not None:
        query = query.where(AUDIT.c.subject == subject)
    with database.reading() as connection:
        return tuple(
            Entry(
                seq=row.seq,
                at=row.at,
                actor=row.actor,
                action=row.action,
                subject=row.subject,
                detail=json.loads(row.detail),
                hash=row.hash,
            )
            for row in connection.execute(query)
        )


def check_audit(database: Database) -> list[Finding]:
    """Recompute the chain of hashes; a finding names the first row that does not fit."""
    with database.reading() as connection:
        return check_chain(connection)


def check_chain(connection: Connection) -> list[Finding]:
    """Do the same within a transaction."""
    previous, expected = _START, 1
    for row in connection.execute(sa.select(AUDIT).order_by(AUDIT.c.seq)):
        digest = _hash(row.seq, instant_text(row.at), row.actor, row.action, row.subject, row.detail, previous)
        if (row.seq, row.previous, row.hash) != (expected, previous, digest):
            return [Finding(code="audit-broken", where=Where(row=expected), params={"seq": expected})]
        previous, expected = row.hash, expected + 1
    return []


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
