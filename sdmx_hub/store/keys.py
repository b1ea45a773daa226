"""API keys: shown once, kept as hashes, bound to a principal and to what it may do, and revocable at once.

A key is ``hub_<prefix>_<secret>``: the prefix finds its row and names it in lists and in the audit log, the secret has
256 bits, so that its plain SHA-256 is enough to keep.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Row

from sdmx_hub.errors import BadRequest, NotFound
from sdmx_hub.store.audit import append_audit
from sdmx_hub.store.database import Database
from sdmx_hub.store.tables import API_KEY

LOAD, STRUCTURES, OPERATE, ADMIN = "load", "structures", "operate", "admin"
SCOPES = (LOAD, STRUCTURES, OPERATE, ADMIN)
"""What a key may allow: loading data, changing structures, seeing what operators see, changing sources of harvests."""
_KEY = re.compile(r"hub_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
_PRINCIPAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,99}")
_USE_NOTED_EVERY = dt.timedelta(minutes=10)
_NOBODY = "0" * 64


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A key without its secret."""

    prefix: str
    principal: str
    scopes: frozenset[str]
    created_at: dt.datetime
    expires_at: dt.datetime | None = None
    revoked_at: dt.datetime | None = None
    last_used_at: dt.datetime | None = None

    def is_valid(self, now: dt.datetime) -> bool:
        """Tell whether the key opens anything at ``now``."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def actor(self) -> str:
        """How the audit log names who acts by this key."""
        return f"key:{self.prefix}:{self.principal}"


class ApiKeys:
    """The keys of a hub."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        principal: str,
        scopes: Collection[str],
        *,
        actor: str,
        now: dt.datetime,
        expires_at: dt.datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key; the text beside it is shown this once. Raises BadRequest for an unknown scope or principal."""
        unknown = sorted(set(scopes) - set(SCOPES))
        if unknown or not scopes:
            raise BadRequest("key-scope", found=", ".join(unknown), known=", ".join(SCOPES))
        if not _PRINCIPAL.fullmatch(principal):
            raise BadRequest("key-principal", found=principal[:100])
        prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        key = ApiKey(
            prefix=prefix, principal=principal, scopes=frozenset(scopes), created_at=now, expires_at=expires_at
        )
        with self._database.transaction() as connection:
            connection.execute(
                sa.insert(API_KEY).values(
                    prefix=prefix,
                    secret_sha256=_digest(secret),
                    principal=principal,
                    scopes=" ".join(sorted(scopes)),
                    created_at=now,
                    expires_at=expires_at,
                )
            )
            detail = {"principal": principal, "scopes": sorted(scopes)}
            append_audit(connection, at=now, actor=actor, action="key-add", subject=prefix, detail=detail)
        return key, f"hub_{prefix}_{secret}"

    def check(self, text: str, *, now: dt.datetime) -> ApiKey | None:
        """Find the valid key a text is; None for any other text, in the same time whatever is wrong with it."""
        match = _KEY.fullmatch(text)
        prefix, secret = (match[1], match[2]) if match else ("", "")
        with self._database.reading() as connection:
            row = connection.execute(sa.select(API_KEY).where(API_KEY.c.prefix == prefix)).first()
        same = hmac.compare_digest(_digest(secret), row.secret_sha256 if row else _NOBODY)
        if row is None or not same:
            return None
        key = _key(row)
        if not key.is_valid(now):
            return None
        if key.last_used_at is None or now - key.last_used_at > _USE_NOTED_EVERY:
            with self._database.transaction() as connection:
                connection.execute(sa.update(API_KEY).where(API_KEY.c.prefix == prefix).values(last_used_at=now))
        return key

    def select(self) -> tuple[ApiKey, ...]:
        """Select all keys, the newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(API_KEY).order_by(API_KEY.c.created_at.desc())).all()
        return tuple(_key(row) for row in rows)

    def revoke(self, prefix: str, *, actor: str, now: dt.datetime) -> None:
        """Close a key for good; closing it again changes nothing. Raises NotFound."""
        with self._database.transaction() as connection:
            row = connection.execute(sa.select(API_KEY).where(API_KEY.c.prefix == prefix)).first()
            if row is None:
                raise NotFound("key-missing", prefix=prefix[:20])
            if row.revoked_at is None:
                connection.execute(sa.update(API_KEY).where(API_KEY.c.prefix == prefix).values(revoked_at=now))
                append_audit(connection, at=now, actor=actor, action="key-revoke", subject=prefix)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: Row[tuple[object, ...]]) -> ApiKey:
    return ApiKey(
        prefix=row.prefix,
        principal=row.principal,
        scopes=frozenset(row.scopes.split()),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
