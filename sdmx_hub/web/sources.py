"""Sources of harvests as records, under ``/api/sources``: the documents ``source add`` takes, by the same checks."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, request

from sdmx_hub.errors import NotAllowed, NotAuthenticated
from sdmx_hub.harvest.health import Health, health_json
from sdmx_hub.harvest.health_facts import HealthReader
from sdmx_hub.harvest.source_desk import MOST_BYTES, Kept, keep_source
from sdmx_hub.language import localised
from sdmx_hub.store.alerts import Alerts
from sdmx_hub.store.keys import ADMIN, OPERATE
from sdmx_hub.store.run_rows import short_instant
from sdmx_hub.store.sources import Sources, StoredSource
from sdmx_hub.web.access import find_key, require_key
from sdmx_hub.web.hub import Hub, Visit, current_visit
from sdmx_hub.web.site import answer_bytes, dump_json

sources = Blueprint("sources", __name__, url_prefix="/api/sources")


def health_reader(hub: Hub) -> HealthReader:
    """What reads the health of the sources of a hub."""
    return HealthReader(database=hub.database, registry=hub.registry, observations=hub.observations)


@sources.get("")
def list_sources() -> Response:
    """Give all sources with their health, for who may operate or administer."""
    _require_reader()
    visit = current_visit()
    found = {one.source: one for one in health_reader(visit.hub).read_all(now=visit.now)}
    rows = [_row(stored, found[stored.id], visit) for stored in Sources(visit.hub.database).select()]
    return _json({"sources": rows})


@sources.post("")
def add_source() -> Response:
    """Add a source: 201 when it is kept, 422 with every fault, its line and path, when it is not."""
    return _keep(None, new=True)


@sources.get("/<source_id>")
def get_source(source_id: str) -> Response:
    """Give one source: its document, where it came from, its health."""
    _require_reader()
    visit = current_visit()
    return _json(_whole(Sources(visit.hub.database).get(source_id), visit))


@sources.put("/<source_id>")
def put_source(source_id: str) -> Response:
    """Add or replace a source: 201, 200, or 422 with every fault."""
    return _keep(source_id, new=False)


@sources.delete("/<source_id>")
def remove_source(source_id: str) -> Response:
    """Forget a source; its runs stay in the ledger, what it brought stays published."""
    key, visit = require_key(ADMIN), current_visit()
    Sources(visit.hub.database).remove(source_id, actor=key.actor, now=visit.now)
    return _json({"removed": source_id})


@sources.post("/<source_id>/disable")
def disable_source(source_id: str) -> Response:
    """Switch a source off: no visits are queued."""
    return _switch(source_id, on=False)


@sources.post("/<source_id>/enable")
def enable_source(source_id: str) -> Response:
    """Switch a source on again."""
    return _switch(source_id, on=True)


def _switch(source_id: str, *, on: bool) -> Response:
    key, visit = require_key(ADMIN), current_visit()
    changed = Alerts(visit.hub.database).switch(source_id, on=on, actor=key.actor, now=visit.now)
    return _json({"id": source_id, "disabled": not on, "changed": changed})


def _keep(source_id: str | None, *, new: bool) -> Response:
    key, visit = require_key(ADMIN), current_visit()
    body = request.stream.read(MOST_BYTES + 1)
    stored = Sources(visit.hub.database)
    kept = keep_source(stored, body, visit.artefacts, asked=source_id, new=new, actor=key.actor, now=visit.now)
    return _json(_report(kept, visit), 422 if kept.source is None else 201 if kept.created else 200)


def _report(kept: Kept, visit: Visit) -> dict[str, Any]:
    found = [finding.as_json(visit.language) for finding in kept.findings]
    told = {"kept": kept.source is not None, "changed": kept.changed, "findings": found}
    return told | ({"source": _whole(kept.source, visit)} if kept.source else {})


def _require_reader() -> None:
    """Let keys to operate or to administer pass. Raises NotAuthenticated, NotAllowed, TooManyTries."""
    key = find_key()
    if key is None:
        raise NotAuthenticated("web-key-missing")
    if not key.scopes & {ADMIN, OPERATE}:
        raise NotAllowed("web-scope", scope=OPERATE)


def _row(stored: StoredSource, health: Health, visit: Visit) -> dict[str, Any]:
    document = json.loads(stored.document)
    return {
        "id": stored.id,
        "title": localised(document["title"], visit.language),
        "endpoint": document.get("endpoint"),
        "sha256": stored.sha256,
        "origin": stored.origin,
        "added": short_instant(stored.added_at),
        "changed": short_instant(stored.changed_at),
        **health_json(health, visit.language),
    }


def _whole(stored: StoredSource, visit: Visit) -> dict[str, Any]:
    health = health_reader(visit.hub).read(stored.id, now=visit.now)
    return {**_row(stored, health, visit), "document": json.loads(stored.document)}


def _json(content: dict[str, Any], status: int = 200) -> Response:
    response = answer_bytes(dump_json(content), "application/json", status)
    response.headers["Vary"] = "Authorization, Accept-Language, Accept-Encoding"
    response.headers["Cache-Control"] = "private, no-store"
    return response
