"""The ledger of harvests as lists and pages show it: one shape for the command line, the API and the pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from sdmx_hub.language import sentence
from sdmx_hub.store.database import Database
from sdmx_hub.store.run_rows import GOOD, PARTS, Request, Run, State, short_instant
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.tables import CHANGE

_COUNTS = ("added", "revised", "deleted", "unchanged")


def list_runs(
    database: Database,
    *,
    source: str | None = None,
    states: Iterable[State] = (),
    limit: int = 100,
    before: int | None = None,
    language: str = "en",
    audience: str | None = None,
) -> dict[str, Any]:
    """List runs, newest slot first: for operators as they were, for an ``audience`` as far as it may know.

    An audience learns when a partner was visited and what became visible to it. What a run received, found or did to
    others is left out, and a run that changed nothing for the audience is told as one that changed nothing.
    """
    runs = Runs(database).select(source=source, states=states, limit=limit, before=before)
    if audience is None:
        return {"runs": [run_json(run, language) for run in runs]}
    seen = _seen_by(database, audience, [run.outcome.release_id for run in runs if run.outcome.release_id])
    return {"runs": [_narrowed(run, seen.get(run.outcome.release_id or 0), language) for run in runs]}


def _seen_by(database: Database, audience: str, releases: Iterable[int]) -> dict[int, dict[str, int]]:
    """What releases did as an audience sees it."""
    query = sa.select(CHANGE).where(CHANGE.c.audience == audience, CHANGE.c.release_id.in_(list(releases)))
    with database.reading() as connection:
        return {row.release_id: {name: getattr(row, name) for name in _COUNTS} for row in connection.execute(query)}


def _narrowed(run: Run, seen: dict[str, int] | None, language: str) -> dict[str, Any]:
    changed = seen is not None and any(seen[name] for name in _COUNTS[:3])
    state = State.UNCHANGED if run.state is State.SUCCEEDED and not changed else run.state
    shown = run_json(run, language)
    told = ("id", "source", "flow", "slot", "trigger", "full", "started", "finished")
    good = state in GOOD
    return {
        **{name: shown[name] for name in told},
        "state": state.value,
        "verdict": sentence(f"harvest-state-{state.value}", language),
        **(seen if seen and changed else dict.fromkeys(_COUNTS, 0 if good else None)),
        "findings": 0 if good else None,
    }


def show_run(database: Database, run_id: int, language: str = "en", *, audience: str | None = None) -> dict[str, Any]:
    """Show one run with its requests and findings; to an ``audience`` as in ``list_runs``. Raises NotFound."""
    runs = Runs(database)
    run = runs.get(run_id)
    if audience is not None:
        release = run.outcome.release_id
        seen = _seen_by(database, audience, [release] if release else [])
        return _narrowed(run, seen.get(release or 0), language)
    return {
        **run_json(run, language),
        "host": run.host,
        "queued": _text(run.queued_at),
        "not_before": _text(run.not_before),
        "attempts": run.attempts,
        "lease_until": _text(run.expires_at),
        "finding_list": [finding.as_json(language) for finding in run.outcome.findings],
        "requests": [_request_json(request) for request in runs.requests(run_id)],
        "parts": [_part_json(part) for part in run.plan.get(PARTS, ())],
        "decision": run.decision or None,
        "decided_by": run.decided_by,
        "decided": _text(run.decided_at),
        "reason": run.reason or None,
    }


def _part_json(part: Mapping[str, Any]) -> dict[str, Any]:
    said = [f"{name}={'+'.join(codes)}" for name, codes in part["codes"].items()]
    if part["since"] is not None or part["until"] is not None:
        said.append(f"{part['since'] or '…'}–{part['until'] or '…'}")
    state = "empty" if part["empty"] else "received" if part["sha256"] else "lacking"
    return {"part": ", ".join(said), "state": state, "bytes": part["bytes"], "raw_sha256": part["sha256"]}


def run_json(run: Run, language: str = "en") -> dict[str, Any]:
    """Shape one run; ``findings`` is how many there are."""
    outcome = run.outcome
    return {
        "id": run.id,
        "source": run.source,
        "flow": run.flow,
        "slot": _text(run.slot),
        "trigger": run.trigger.value,
        "state": run.state.value,
        "verdict": outcome.verdict.text(language),
        "verdict_code": outcome.verdict.key,
        "full": run.full,
        "dry_run": run.dry_run,
        "holder": run.holder,
        "heartbeat": _text(run.heartbeat_at),
        "started": _text(run.started_at),
        "finished": _text(run.finished_at),
        "received": outcome.received,
        "added": outcome.added,
        "revised": outcome.revised,
        "deleted": outcome.deleted,
        "unchanged": outcome.unchanged,
        "findings": sum(finding.count for finding in outcome.findings),
        "release": outcome.release_id,
        "follows": run.follows,
    }


def _request_json(request: Request) -> dict[str, Any]:
    return {
        "purpose": request.purpose,
        "url": request.url,
        "status": request.status,
        "bytes": request.bytes,
        "milliseconds": request.milliseconds,
        "tries": request.tries,
        "sent": _text(request.sent_at),
        "raw_sha256": request.raw_sha256,
        "failure": request.failure or None,
    }


def _text(at: dt.datetime | None) -> str | None:
    return None if at is None else short_instant(at)
