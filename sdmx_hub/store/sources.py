"""Sources as their owner wrote them, kept in the control database so that every scheduler and worker sees the same."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.model.urn import parse_ref
from sdmx_hub.store.alert_tables import SOURCE_STATE
from sdmx_hub.store.database import Database
from sdmx_hub.store.documents import Documents
from sdmx_hub.store.harvest_tables import SOURCE
from sdmx_hub.store.tables import instant_text


@dataclass(frozen=True, kw_only=True)
class StoredSource:
    """One source: ``document`` is its checked JSON text, ``sha256`` the hash of the file it came from.

    ``since`` tells for each flow since when it has the timetable it has: no slot before that is due.
    """

    id: str
    document: str
    sha256: str
    origin: str
    added_at: dt.datetime
    changed_at: dt.datetime
    since: Mapping[str, dt.datetime] = field(default_factory=dict)


class Sources:
    """The sources of a hub."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._documents = Documents(
            database=database,
            table=SOURCE,
            kind="source",
            unknown="harvest-source-unknown",
            more=lambda found, document, now: {"since": _since(found, document, now)},
            forget=_forget_state,
        )

    def save(self, source_id: str, document: str, sha256: str, *, origin: str, actor: str, now: dt.datetime) -> bool:
        """Add a source or replace what is kept of it; tell whether anything changed."""
        return self._documents.save(source_id, document, sha256, origin=origin, actor=actor, now=now)

    def remove(self, source_id: str, *, actor: str, now: dt.datetime) -> None:
        """Forget a source; its runs stay in the ledger. Raises NotFound."""
        self._documents.remove(source_id, actor=actor, now=now)

    def get(self, source_id: str) -> StoredSource:
        """Get one source. Raises NotFound."""
        found = [source for source in self.select() if source.id == source_id]
        if not found:
            raise self._documents.missing(source_id)
        return found[0]

    def select(self, *, enabled: bool = False) -> tuple[StoredSource, ...]:
        """Select all sources, or those that are switched on, by id."""
        query = sa.select(SOURCE).where(SOURCE.c.removed_at.is_(None)).order_by(SOURCE.c.id)
        if enabled:
            off = sa.select(SOURCE_STATE.c.source).where(SOURCE_STATE.c.disabled_at.is_not(None))
            query = query.where(SOURCE.c.id.not_in(off))
        with self._database.reading() as connection:
            return tuple(
                StoredSource(
                    id=row.id,
                    document=row.document,
                    sha256=row.sha256,
                    origin=row.origin,
                    added_at=row.added_at,
                    changed_at=row.changed_at,
                    since={name: dt.datetime.fromisoformat(at) for name, at in json.loads(row.since).items()},
                )
                for row in connection.execute(query)
            )


def _forget_state(connection: Connection, source_id: str) -> None:
    connection.execute(sa.delete(SOURCE_STATE).where(SOURCE_STATE.c.source == source_id))


def _since(found: Any, document: str, now: dt.datetime) -> str:
    """Since when each flow has its timetable: from now on, but for what was there and keeps it."""
    new = json.loads(document)
    old = json.loads(found.document) if found and found.removed_at is None else {}
    kept: dict[str, str] = {}
    if old and _timetable(old) == _timetable(new):
        kept = dict.fromkeys(_flow_ids(old), instant_text(found.added_at)) | json.loads(found.since)
    return json.dumps({name: kept.get(name, instant_text(now)) for name in _flow_ids(new)})


def _timetable(document: Mapping[str, Any]) -> tuple[object, ...]:
    """What of a source decides when its slots are."""
    schedule = document.get("schedule", {})
    return schedule.get("every"), schedule.get("cron"), schedule.get("zone", "UTC")


def _flow_ids(document: Mapping[str, Any]) -> list[str]:
    return [flow.get("id") or parse_ref(flow["dataflow"]).id for flow in document.get("flows", ())]
