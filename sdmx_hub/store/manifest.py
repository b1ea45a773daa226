"""Versions: which segments make up a dataflow for an audience, now or at an earlier moment."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.model.urn import Ref
from sdmx_hub.store.tables import CHAIN, CHANGE, MANIFEST, Instant, instant_text

PUBLIC, INTERNAL = "public", "internal"
"""The audiences every release has."""


@dataclass(frozen=True)
class Link:
    """One segment of a chain and the release it came with."""

    sha256: str
    since: int


@dataclass(frozen=True, kw_only=True)
class Version:
    """One state of a dataflow as an audience sees it: the rows of ``links`` as they were after ``release_id``.

    It stays readable, whatever is released meanwhile, until its files are collected after their grace. ``rows`` is the
    number of its observations, where that is known: of an earlier moment it is not.
    """

    dataflow: Ref
    audience: str
    chain_id: int
    links: tuple[Link, ...]
    release_id: int
    visible_from: dt.datetime
    rows: int | None = None

    @property
    def etag(self) -> str:
        """A text that changes exactly when this audience sees something else."""
        told = f"{self.dataflow} {self.audience} {instant_text(self.visible_from)}"
        return hashlib.sha256(told.encode()).hexdigest()[:32]


def find_newest(connection: Connection, dataflow: Ref, audience: str) -> Version | None:
    """Find the newest version, visible or still to become so: what a writer builds on."""
    return _read(connection, _NEWEST, dataflow, audience)


def find_version(
    connection: Connection, dataflow: Ref, audience: str, *, now: dt.datetime, as_of: dt.datetime | None = None
) -> Version | None:
    """Find the version visible at ``now``, or the state of it that was visible at ``as_of``; None before the first."""
    current = _read(connection, _VISIBLE, dataflow, audience, now=now)
    if current is None or as_of is None or as_of >= current.visible_from:
        return current
    return at_release(connection, current, CHANGE.c.visible_from <= as_of)


def at_release(connection: Connection, version: Version, condition: sa.ColumnElement[bool]) -> Version | None:
    """Go back to the last release, up to that of ``version``, that fulfils a condition on the change table."""
    query = (
        sa.select(CHANGE.c.release_id, CHANGE.c.visible_from)
        .where(CHANGE.c.dataflow == str(version.dataflow), CHANGE.c.audience == version.audience)
        .where(CHANGE.c.release_id <= version.release_id, condition)
        .order_by(CHANGE.c.release_id.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    return Version(
        dataflow=version.dataflow,
        audience=version.audience,
        chain_id=version.chain_id,
        links=version.links,
        release_id=row.release_id,
        visible_from=row.visible_from,
    )


def releases_of(connection: Connection, version: Version) -> list[tuple[int, dt.datetime]]:
    """The releases that changed a dataflow for an audience up to ``version``, oldest first, each with its moment."""
    query = (
        sa.select(CHANGE.c.release_id, CHANGE.c.visible_from)
        .where(CHANGE.c.dataflow == str(version.dataflow), CHANGE.c.audience == version.audience)
        .where(CHANGE.c.release_id <= version.release_id)
        .order_by(CHANGE.c.release_id)
    )
    return [(row.release_id, row.visible_from) for row in connection.execute(query)]


def add_chain(connection: Connection, version: Version, *, now: dt.datetime, rows: int) -> None:
    """Add a state of a dataflow inside a writing transaction; the ``chain_id`` of ``version`` does not count."""
    key = connection.execute(
        sa.insert(CHAIN)
        .values(
            dataflow=str(version.dataflow),
            audience=version.audience,
            release_id=version.release_id,
            visible_from=version.visible_from,
            made_at=now,
            rows=rows,
        )
        .returning(CHAIN.c.id)
    ).scalar_one()
    entries = [
        {"chain_id": key, "position": position, "sha256": link.sha256, "since": link.since}
        for position, link in enumerate(version.links)
    ]
    connection.execute(sa.insert(MANIFEST), entries)


def _read(
    connection: Connection, statement: sa.Select[Any], dataflow: Ref, audience: str, **params: object
) -> Version | None:
    rows = connection.execute(statement, {"dataflow": str(dataflow), "audience": audience, **params}).all()
    if not rows:
        return None
    return Version(
        dataflow=dataflow,
        audience=audience,
        chain_id=rows[0].id,
        links=tuple(Link(row.sha256, row.since) for row in rows),
        release_id=rows[0].release_id,
        visible_from=rows[0].visible_from,
        rows=rows[0].rows,
    )


def _chain(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The newest chain of a dataflow and audience, one row a segment. Made once: each request runs one of these."""
    chosen = sa.select(sa.func.max(CHAIN.c.id)).where(
        CHAIN.c.dataflow == sa.bindparam("dataflow"), CHAIN.c.audience == sa.bindparam("audience"), *conditions
    )
    return (
        sa.select(
            CHAIN.c.id, CHAIN.c.release_id, CHAIN.c.visible_from, CHAIN.c.rows, MANIFEST.c.sha256, MANIFEST.c.since
        )
        .join(MANIFEST, MANIFEST.c.chain_id == CHAIN.c.id)
        .where(CHAIN.c.id == chosen.scalar_subquery())
        .order_by(MANIFEST.c.position)
    )


_NEWEST = _chain()
_VISIBLE = _chain(CHAIN.c.visible_from <= sa.bindparam("now", type_=Instant))
