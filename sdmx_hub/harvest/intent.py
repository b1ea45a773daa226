"""What a visit asks for: everything, everything if it changed, or what changed since the last good run."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sdmx_hub.harvest.clock import parse_http_date
from sdmx_hub.harvest.fetch import Answer
from sdmx_hub.harvest.source import Flow, Source
from sdmx_hub.store.run_rows import Run
from sdmx_hub.store.runs import Runs

_TOLERANCE = dt.timedelta(seconds=2)
"""A Date header counts whole seconds and travels; a smaller difference is no difference."""
_LONGEST_LAG = dt.timedelta(days=7)
_LONGEST_VALIDATOR = 1000


@dataclass(frozen=True, kw_only=True)
class Intent:
    """One visit's plan. ``memory`` is what the last good run left, empty when it does not count any more."""

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
    memory = last.outcome.memory if last else {}
    if last is None or last.started_at is None or memory.get("recipe") != recipe_of(source, flow):
        return Intent(full=True)
    due = source.full_every > 0 and runs.good_since_full(source.id, flow.id) >= source.full_every - 1
    if run.full or source.mechanism == "pull" or due:
        return Intent(full=True, memory=memory)
    if source.mechanism == "delta" and source.dialect.delta == "updatedAfter":
        lag = memory.get("behind", 0)
        if lag is None:  # a clock that tells no time cannot say what is new
            return Intent(full=True, memory=memory)
        behind = dt.timedelta(seconds=float(lag))
        return Intent(full=False, updated_after=last.started_at - behind, memory=memory)
    names = {"If-None-Match": "etag", "If-Modified-Since": "last_modified"}
    validators = {header: str(memory[name]) for header, name in names.items() if memory.get(name)}
    return Intent(full=True, validators=validators, memory=memory)


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
