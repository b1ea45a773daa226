"""Versions: which segments make up a dataflow for an audience, now or at an earlier moment."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.model.urn import Ref
from sdmx_hub.store.tables import CHAIN, CHANGE, MANIFEST, instant_text


@dataclass(frozen=True)
class Link:
    """One segment of a chain and the release it came with."""

    sha256: str
    since: int


@dataclass(frozen=True, kw_only=True)
class Version:
    """One state of a dataflow as an audience sees it: the rows of ``links`` as they were after ``release_id``.

    It stays readable, whatever is released meanwhile, until its files are collected after their grace.
    """

    dataflow: Ref
    audience: str
    chain_id: int
    links: tuple[Link, ...]
    release_id: int
    visible_from: dt.datetime

    @property
    def etag(self) -> str:
        """A text that changes exactly when this audience sees something else."""
        told = f"{self.dataflow} {self.audience} {instant_text(self.visible_from)}"
        return hashlib.sha256(told.encode()).hexdigest()[:32]


def find_newest(connection: Connection, dataflow: Ref, audience: str) -> Version | None:
    """Find the newest version, visible or still to become so: what a writer builds on."""
    newest = sa.select(sa.func.max(CHAIN.c.id)).where(*_of(dataflow, audience))
    return _read(connection, newest, dataflow, audience)


def find_version(
    connection: Connection, dataflow: Ref, audience: str, *, now: dt.datetime, as_of: dt.datetime | None = None
) -> Version | None:
    """Find the version visible at ``now``, or the state of it that was visible at ``as_of``; None before the first."""
    visible = sa.select(sa.func.max(CHAIN.c.id)).where(*_of(dataflow, audience), CHAIN.c.visible_from <= now)
    current = _read(connection, visible, dataflow, audience)
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


def _of(dataflow: Ref, audience: str) -> tuple[sa.ColumnElement[bool], ...]:
    return CHAIN.c.dataflow == str(dataflow), CHAIN.c.audience == audience


def _read(connection: Connection, chain_id: sa.Select[tuple[int]], dataflow: Ref, audience: str) -> Version | None:
    query = (
        sa.select(CHAIN, MANIFEST.c.sha256, MANIFEST.c.since)
        .join(MANIFEST, MANIFEST.c.chain_id == CHAIN.c.id)
        .where(CHAIN.c.id == chain_id.scalar_subquery())
        .order_by(MANIFEST.c.position)
    )
    rows = connection.execute(query).all()
    if not rows:
        return None
    return Version(
        dataflow=dataflow,
        audience=audience,
        chain_id=rows[0].id,
        links=tuple(Link(row.sha256, row.since) for row in rows),
        release_id=rows[0].release_id,
        visible_from=rows[0].visible_from,
    )
