"""What a visit asks for: everything, everything if it changed, or what changed since the last good run."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sdmx_hub.harvest.answer import Answer
from sdmx_hub.harvest.clock import parse_http_date
from sdmx_hub.harvest.loading import LOGS
from sdmx_hub.harvest.source import FILES, Flow, Source
from sdmx_hub.load.doubts import MODIFIED
from sdmx_hub.model.finding import Finding
from sdmx_hub.store.run_rows import MECHANISM, NOTICE, PARTS, Run
from sdmx_hub.store.runs import Runs

_TOLERANCE = dt.timedelta(seconds=2)
"""A Date header counts whole seconds and travels; a smaller difference is no difference."""
_LONGEST_LAG = dt.timedelta(days=7)
_LONGEST_VALIDATOR = 1000
VALIDATORS = {"If-None-Match": "etag", "If-Modified-Since": "last-modified"}
"""What is sent back, and the header it came in."""
DATAFLOW = "dataflow"
"""What the next run remembers: the dataflow here that the rest speaks of."""


@dataclass(frozen=True, kw_only=True)
class Intent:
    """One visit's plan. ``memory`` is what the last good run left, as far as it still counts."""

    full: bool
    updated_after: dt.datetime | None = None
    validators: Mapping[str, str] = field(default_factory=dict)
    memory: Mapping[str, Any] = field(default_factory=dict)


def plan_visit(run: Run, source: Source, flow: Flow, runs: Runs) -> Intent:
    """Decide what to ask for.

    Everything is asked for and compared when the run says so, when there is nothing to build on (no good run yet, or
    the source or its mapping has changed since), by mechanism ``pull``, and every ``full_every``-th run. A partner
    whose dialect knows no ``updatedAfter`` is asked for everything, if it has changed, by ``delta`` too.
    """
    last = runs.last_good(source.id, flow.id)
    memory = {**(last.outcome.memory if last else {}), DATAFLOW: str(flow.dataflow)}
    if last is None or last.started_at is None or memory.get("recipe") != recipe_of(source, flow):
        return Intent(full=True, memory=_lasting(last, flow))
    due = source.full_every > 0 and runs.good_since_full(source.id, flow.id) >= source.full_every - 1
    if run.full or source.mechanism == "pull" or due:
        return Intent(full=True, memory=memory)
    if source.mechanism in {"delta", "subscription"} and source.dialect.delta == "updatedAfter":
        lag = memory.get("behind", 0)
        if lag is None:  # a clock that tells no time cannot say what is new
            return Intent(full=True, memory=memory)
        behind = dt.timedelta(seconds=float(lag))
        return Intent(full=False, updated_after=last.started_at - behind, memory=memory)
    kept = {header: memory.get(name.replace("-", "_")) for header, name in VALIDATORS.items()}
    validators = {header: str(value) for header, value in kept.items() if value}
    return Intent(full=True, validators=validators, memory=memory)


def _lasting(last: Run | None, flow: Flow) -> dict[str, Any]:
    """What outlasts a change of the source: what it has brought into our dataflow, or it could never be deleted."""
    memory = last.outcome.memory if last else {}
    same = memory.get(DATAFLOW) == str(flow.dataflow)
    return {DATAFLOW: str(flow.dataflow), **({LOGS: memory[LOGS]} if same and LOGS in memory else {})}


def plan_run(run: Run, source: Source, flow: Flow, runs: Runs, *, repeats: bool) -> tuple[Intent, dict[str, Any]]:
    """Decide what to ask for, and write the plan of the run.

    A run that repeats, and one that has parts and still builds on the same, goes by the plan it has.
    """
    last = runs.last_good(source.id, flow.id)
    basis = {"recipe": recipe_of(source, flow), "builds_on": last.id if last else None}
    same = all(run.plan.get(name) == value for name, value in basis.items())
    if "intent" in run.plan and (repeats or (same and PARTS in run.plan)):
        return _read_intent(run.plan["intent"]), dict(run.plan)
    intent = plan_visit(run, source, flow, runs)
    kept = {name: run.plan[name] for name in ("force", "begun", NOTICE) if name in run.plan}
    mechanism = FILES if source.api == FILES else source.mechanism
    return intent, {**kept, **basis, MECHANISM: mechanism, "intent": _intent_json(intent)}


def _intent_json(intent: Intent) -> dict[str, Any]:
    since = intent.updated_after
    return {
        "full": intent.full,
        "updated_after": since.isoformat() if since else None,
        "validators": dict(intent.validators),
        "memory": dict(intent.memory),
    }


def _read_intent(item: Mapping[str, Any]) -> Intent:
    since = item["updated_after"]
    return Intent(**{**item, "updated_after": dt.datetime.fromisoformat(since) if since else None})


def check_modified(answer: Answer, intent: Intent) -> list[Finding]:
    """HOLD-MODIFIED: a full answer says it is older than what was taken last."""
    was, becomes = str(intent.memory.get("last_modified") or ""), answer.headers.get("last-modified", "")
    earlier, later = parse_http_date(becomes), parse_http_date(was)
    if intent.updated_after is not None or earlier is None or later is None or earlier >= later:
        return []
    return [Finding(code=MODIFIED, params={"was": was, "becomes": becomes})]


def recipe_of(source: Source, flow: Flow) -> str:
    """A hash over everything that decides what an answer becomes here: the source and the mapping of the flow."""
    mapping = Path(flow.mapping) if flow.mapping else None
    text = mapping.read_bytes() if mapping and mapping.is_file() else b""
    return hashlib.sha256(source.sha256.encode() + text).hexdigest()


def remember(answer: Answer, intent: Intent, recipe: str, now: dt.datetime) -> dict[str, Any]:
    """What the next run of the flow wants to know.

    ``behind`` is how many seconds the partner's clock lags ours: what it stamps now carries an earlier time. None for
    a clock that tells no time.
    """
    lag = _lag(answer, now)
    kept = {name: intent.memory.get(name) for name in ("etag", "last_modified")}
    if answer.status == 200 and intent.updated_after is None:
        kept = {"etag": validator(answer, "etag"), "last_modified": validator(answer, "last-modified")}
    return {**intent.memory, **kept, "recipe": recipe, "behind": lag}


def validator(answer: Answer, name: str) -> str | None:
    """A header the next run may send back: printable ASCII of a sensible length, or it would spoil every request."""
    value = answer.headers.get(name, "")
    return value if 0 < len(value) <= _LONGEST_VALIDATOR and value.isascii() and value.isprintable() else None


def _lag(answer: Answer, now: dt.datetime) -> float | None:
    """Seconds the partner's clock lags ours; None when it lags so much that it tells no time."""
    theirs = parse_http_date(answer.headers.get("date", ""))
    lag = dt.timedelta(0) if theirs is None else now - theirs
    if lag > _LONGEST_LAG:
        return None
    return lag.total_seconds() if lag > _TOLERANCE else 0.0
