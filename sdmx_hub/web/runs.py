"""Runs of harvests under ``/api``: begun, decided on, repeated, stopped; and the notices of partners.

What a request asks for is written down; the work is done by whichever worker takes the run.
"""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Mapping
from typing import Any

import orjson
from flask import Blueprint, Response, request

from sdmx_hub.errors import BadRequest, NotFound, TooLarge
from sdmx_hub.harvest.breaker import FORCE
from sdmx_hub.harvest.notices import queue_noticed, read_token
from sdmx_hub.harvest.source import Source, parse_stored
from sdmx_hub.query.text import shown
from sdmx_hub.store import decisions
from sdmx_hub.store.keys import OPERATE
from sdmx_hub.store.ledger import run_json
from sdmx_hub.store.run_rows import Run, Slot, Trigger
from sdmx_hub.store.sources import Sources
from sdmx_hub.web.access import require_key
from sdmx_hub.web.errors import refuse_large_body
from sdmx_hub.web.hub import Visit, current_visit
from sdmx_hub.web.site import answer_bytes, dump_json

runs = Blueprint("runs", __name__, url_prefix="/api")
LONGEST_NOTICE = 1 << 20
LONGEST_ASKED = 1 << 16
_NAMES = ("source", "flow", "full", "dry_run", "force", "reason")
_EXAMPLE = '{"source": "SEN_ANSD", "full": true}'
_YES_NO = {**dict.fromkeys(("1", "true", "yes"), True), **dict.fromkeys(("", "0", "false", "no"), False)}
_RUN = "/harvest/runs/<int(max=9223372036854775807):run_id>"


@runs.post("/harvest/run")
def run_now() -> Response:
    """Queue a visit to a source now: ``source``, and if wanted ``flow``, ``full``, ``dry_run``, ``force``. 202."""
    key, visit = require_key(OPERATE), current_visit()
    source = _source(visit, _text("source", required=True) or "")
    wanted = _text("flow")
    flows = [flow for flow in source.flows if wanted in {None, flow.id}]
    if not flows:
        raise NotFound("harvest-flow-unknown", source=source.id, flow=shown(wanted or ""))
    queued = []
    for flow in flows:
        slot = Slot(
            source=source.id,
            flow=flow.id,
            slot=visit.now,
            host=source.place.authority,
            trigger=Trigger.MANUAL,
            full=_flag("full"),
            dry_run=_flag("dry_run"),
            plan={FORCE: True} if _flag("force") else {},
        )
        queued.append(decisions.queue_slot(visit.hub.database, slot, actor=key.actor, now=visit.now))
    return _told(visit, queued, 202)


@runs.post(f"{_RUN}/approve")
def approve(run_id: int) -> Response:
    """Let a held run be loaded (``reason``, ``force``): 202, or 409 when it is not held or the data moved on."""
    key, visit = require_key(OPERATE), current_visit()
    run = decisions.approve(
        visit.hub.database,
        run_id,
        actor=key.actor,
        now=visit.now,
        reason=_text("reason") or "",
        force=_flag("force"),
    )
    return _told(visit, [run], 202)


@runs.post(f"{_RUN}/reject")
def reject(run_id: int) -> Response:
    """Turn a held run down; ``reason`` is required."""
    key, visit = require_key(OPERATE), current_visit()
    reason = _text("reason") or ""
    return _told(visit, [decisions.reject(visit.hub.database, run_id, actor=key.actor, now=visit.now, reason=reason)])


@runs.post(f"{_RUN}/retry")
def retry(run_id: int) -> Response:
    """Queue a run that has ended once more: 202; 200 with the repetition that waits or is under way already."""
    key, visit = require_key(OPERATE), current_visit()
    again = decisions.queue_retry(visit.hub.database, run_id, actor=key.actor, now=visit.now)
    return _told(visit, [again.run], 202 if again.is_new else 200)


@runs.post(f"{_RUN}/stop")
def stop(run_id: int) -> Response:
    """Stop a run: a queued one at once, a running one at its next step."""
    key, visit = require_key(OPERATE), current_visit()
    return _told(visit, [decisions.stop(visit.hub.database, run_id, actor=key.actor, now=visit.now)])


@runs.post("/notify/<source_id>")
def notify(source_id: str) -> Response:
    """Take the notice of a partner that something is new: the flows it names are visited at once, else all. 202.

    The token of the source comes as ``Authorization: Bearer``, or as ``?token=`` for partners who can only call an
    address, as hubs do that notify subscribers.
    """
    visit = current_visit()
    # A token is what somebody chose, so unlike a key it could be guessed: after many wrong ones none is looked at.
    tries, teller = visit.hub.tries, f"notices {request.remote_addr}"
    source = None if tries.seconds_shut(teller) else _noticed(visit, source_id)
    if source is None:
        raise tries.refusal(teller)
    body = request.stream.read(LONGEST_NOTICE + 1)
    if len(body) > LONGEST_NOTICE:
        raise TooLarge("web-body-too-large", limit=LONGEST_NOTICE)
    return _told(visit, queue_noticed(visit.hub.database, source, body, now=visit.now), 202)


def _noticed(visit: Visit, source_id: str) -> Source | None:
    """The source whose token was sent; None for a wrong token, for no token, and for no source alike."""
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    token = sent.strip() if scheme.lower() == "bearer" else request.args.get("token", "")
    try:
        source = _source(visit, source_id)
    except NotFound:
        return None
    known = read_token(source, os.environ)
    return source if known is not None and hmac.compare_digest(known.reveal().encode(), token.encode()) else None


def _source(visit: Visit, source_id: str) -> Source:
    if not re.fullmatch("[A-Z][A-Z0-9_-]{0,59}", source_id):
        raise NotFound("harvest-source-unknown", source=source_id[:60])
    stored = Sources(visit.hub.database).get(source_id)
    return parse_stored(stored.document, stored.sha256)


def _text(name: str, *, required: bool = False) -> str | None:
    """A text that was asked with. Raises BadRequest when it is none, or is required and missing."""
    value = _asked().get(name)
    if value is None or value == "":
        if required:
            raise BadRequest("web-ask-missing", name=name, example=_EXAMPLE)
        return None
    if not isinstance(value, str):
        raise BadRequest("web-ask-text", name=name)
    return value


def _flag(name: str) -> bool:
    value = _asked().get(name)
    known = _YES_NO.get(str("" if value is None else value).lower())
    if known is None or isinstance(value, dict | list):
        raise BadRequest("web-ask-flag", name=name)
    return known


def _asked() -> Mapping[str, Any]:
    """What was asked with: the JSON object of the body, or its form, before that of the address.

    Raises BadRequest when the body cannot be read, or holds what nobody reads.
    """
    if (request.content_length or 0) > LONGEST_ASKED:
        refuse_large_body(LONGEST_ASKED)
    request.max_content_length = LONGEST_ASKED
    body: Any = {}
    if request.is_json:
        try:
            body = orjson.loads(request.get_data() or b"{}")
        except orjson.JSONDecodeError as error:
            raise BadRequest("web-ask-json", example=_EXAMPLE) from error
        if not isinstance(body, dict):
            raise BadRequest("web-ask-json", example=_EXAMPLE)
    asked = {**request.values.to_dict(), **body}
    for name in asked:
        if name not in _NAMES:
            raise BadRequest("web-ask-unknown", name=shown(name), known=", ".join(_NAMES))
    return asked


def _told(visit: Visit, found: list[Run], status: int = 200) -> Response:
    content = {"runs": [run_json(run, visit.language) for run in found]}
    response = answer_bytes(dump_json(content), "application/json", status)
    response.headers["Cache-Control"] = "private, no-store"
    return response
