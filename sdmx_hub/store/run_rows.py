"""A harvest run as a value, and as a row of the control database."""

from __future__ import annotations

import datetime as dt
import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.errors import NotFound
from sdmx_hub.language import sentence
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.store.harvest_tables import RUN


class State(enum.StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    UNCHANGED = "unchanged"
    HELD = "held"
    FAILED = "failed"
    SUPERSEDED = "superseded"


GOOD = (State.SUCCEEDED, State.UNCHANGED)
OPEN = (State.QUEUED, State.RUNNING)


class Trigger(enum.StrEnum):
    """Why a run exists."""

    SCHEDULE = "schedule"
    MANUAL = "manual"
    RETRY = "retry"
    NOTICE = "notice"
    """The partner said that something is new, or a file lies in the folder."""


PARTS = "parts"
"""In the plan of a run: the parts a question too large for one answer was split into."""
NOTICE = "notice"
"""In the plan of a run: the notice it answers, as ``received`` and, where the partner told it, ``published``."""
MECHANISM = "mechanism"
"""In the plan of a run: how its partner was asked."""
APPROVED, REJECTED = "approved", "rejected"
"""What a person may decide about a held run."""


@dataclass(frozen=True)
class Verdict:
    """How a run ended, in one sentence: a catalogue key and what fills it."""

    key: str
    params: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: str = "en") -> str:
        """Say it in ``language``."""
        return sentence(self.key, language, **self.params)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request of a run, its tries counted together; ``status`` None means no answer came."""

    sent_at: dt.datetime
    purpose: str
    url: str
    status: int | None
    bytes: int
    milliseconds: int
    tries: int
    raw_sha256: str | None = None
    failure: str = ""
    answer: str = ""
    """What of the answer is not in its body, as JSON: the headers that matter, and how a refusal began."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended. ``memory`` is what the next run of the flow wants to know (ETag, clock of the partner …)."""

    state: State
    verdict: Verdict
    received: int = 0
    added: int = 0
    revised: int = 0
    deleted: int = 0
    unchanged: int = 0
    findings: tuple[Finding, ...] = ()
    release_id: int | None = None
    memory: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One visit to a flow of a source, as the ledger knows it. Instants are aware, in UTC."""

    id: int
    source: str
    flow: str
    slot: dt.datetime
    trigger: Trigger
    full: bool
    dry_run: bool
    host: str
    follows: int | None
    queued_at: dt.datetime
    not_before: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    holder: str | None
    token: int
    expires_at: dt.datetime | None
    heartbeat_at: dt.datetime | None
    stop_requested: bool
    attempts: int
    outcome: Outcome
    plan: Mapping[str, Any] = field(default_factory=dict)
    """What the run works by, kept for whoever takes it over: what is asked for, in which parts, on what it builds."""
    decision: str = ""
    decided_by: str | None = None
    decided_at: dt.datetime | None = None
    reason: str = ""

    @property
    def state(self) -> State:
        """Where the run is."""
        return self.outcome.state


@dataclass(frozen=True, kw_only=True)
class Slot:
    """What is to be queued: one slot of one flow."""

    source: str
    flow: str
    slot: dt.datetime
    host: str
    trigger: Trigger = Trigger.SCHEDULE
    full: bool = False
    dry_run: bool = False
    follows: int | None = None
    not_before: dt.datetime | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)


def select_run(connection: Connection, run_id: int) -> Run:
    """Select one run inside a transaction. Raises NotFound."""
    row = connection.execute(sa.select(RUN).where(RUN.c.id == run_id)).first()
    if row is None:
        raise NotFound("harvest-run-unknown", run=run_id)
    return read_run(row)


def read_run(row: Any) -> Run:
    """Read a row of the table."""
    values = dict(row._mapping)
    verdict = json.loads(values.pop("verdict"))
    outcome = Outcome(
        state=State(values.pop("state")),
        verdict=Verdict(verdict["key"], verdict["params"]),
        findings=tuple(_read_finding(item) for item in json.loads(values.pop("findings"))),
        memory=json.loads(values.pop("memory")),
        **{name: values.pop(name) for name in ("received", "added", "revised", "deleted", "unchanged", "release_id")},
    )
    plan = json.loads(values.pop("plan"))
    return Run(outcome=outcome, trigger=Trigger(values.pop("trigger")), plan=plan, **values)


def outcome_values(outcome: Outcome) -> dict[str, Any]:
    """Write the columns an outcome fills; state and verdict apart."""
    return {
        "received": outcome.received,
        "added": outcome.added,
        "revised": outcome.revised,
        "deleted": outcome.deleted,
        "unchanged": outcome.unchanged,
        "release_id": outcome.release_id,
        "findings": json.dumps([_finding_json(finding) for finding in outcome.findings], ensure_ascii=False),
        "memory": json.dumps(dict(outcome.memory), ensure_ascii=False),
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    params = {key: value if isinstance(value, int | float) else str(value) for key, value in finding.params.items()}
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "where": {key: value for key, value in vars(finding.where).items() if value is not None},
        "source_value": finding.source_value,
        "params": params,
        "suggestion": finding.suggestion,
        "count": finding.count,
    }


def _read_finding(item: Mapping[str, Any]) -> Finding:
    return Finding(**{**item, "severity": Severity(item["severity"]), "where": Where(**item["where"])})


def verdict_text(verdict: Verdict) -> str:
    """Write a verdict as the table keeps it."""
    params = {key: value if isinstance(value, int | float) else str(value) for key, value in verdict.params.items()}
    return json.dumps({"key": verdict.key, "params": params}, ensure_ascii=False)


def plan_text(plan: Mapping[str, Any]) -> str:
    """Write a plan as the table keeps it."""
    return json.dumps(dict(plan), ensure_ascii=False)


def short_instant(at: dt.datetime) -> str:
    """Write an instant for people and messages: UTC, whole seconds."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
