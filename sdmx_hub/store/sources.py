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


class Sources(Documents[StoredSource]):
    """The sources of a hub; the runs of one that is removed stay in the ledger."""

    table = SOURCE
    kind = "source"
    unknown = "harvest-source-unknown"

    def select(self, *, enabled: bool = False) -> tuple[StoredSource, ...]:
        """Select all sources, or those that are switched on, by id."""
        off = sa.select(SOURCE_STATE.c.source).where(SOURCE_STATE.c.disabled_at.is_not(None))
        return self._select(*([SOURCE.c.id.not_in(off)] if enabled else []))

    def _read(self, row: Mapping[Any, Any]) -> StoredSource:
        since = {name: dt.datetime.fromisoformat(at) for name, at in json.loads(row["since"]).items()}
        kept = {name: row[name] for name in ("id", "document", "sha256", "origin", "added_at", "changed_at")}
        return StoredSource(**kept, since=since)

    def _more(self, found: Any, document: str, now: dt.datetime) -> Mapping[str, Any]:
        return {"since": _since(found, document, now)}

    def _forget(self, connection: Connection, key: str) -> None:
        connection.execute(sa.delete(SOURCE_STATE).where(SOURCE_STATE.c.source == key))


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
