"""The ledger of harvests as lists and pages show it: one shape for the command line, the API and the pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from sdmx_hub.store.database import Database
from sdmx_hub.store.run_rows import Request, Run, State, short_instant
from sdmx_hub.store.runs import Runs


def list_runs(
    database: Database,
    *,
    source: str | None = None,
    states: Iterable[State] = (),
    limit: int = 100,
    before: int | None = None,
    language: str = "en",
) -> dict[str, Any]:
    """List runs, newest slot first."""
    runs = Runs(database).select(source=source, states=states, limit=limit, before=before)
    return {"runs": [run_json(run, language) for run in runs]}


def show_run(database: Database, run_id: int, language: str = "en") -> dict[str, Any]:
    """Show one run with its requests and findings. Raises NotFound."""
    runs = Runs(database)
    run = runs.get(run_id)
    return {
        **run_json(run, language),
        "host": run.host,
        "queued": _text(run.queued_at),
        "not_before": _text(run.not_before),
        "holder": run.holder,
        "attempts": run.attempts,
        "heartbeat": _text(run.heartbeat_at),
        "lease_until": _text(run.expires_at),
        "finding_list": [finding.as_json(language) for finding in run.outcome.findings],
        "requests": [_request_json(request) for request in runs.requests(run_id)],
    }


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
