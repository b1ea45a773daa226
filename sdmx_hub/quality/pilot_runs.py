"""What the ledger of harvests tells of a pilot: which visit was about which period, and how the mechanisms compare."""

from __future__ import annotations

import datetime as dt
import json
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sdmx_hub.model.finding import Severity
from sdmx_hub.quality.pilot import Participant, PilotFlow, Plan
from sdmx_hub.quality.pilot_file import flow_ids
from sdmx_hub.store.database import Database
from sdmx_hub.store.pilots import Pilots
from sdmx_hub.store.run_rows import GOOD, OPEN, Request, Run, State
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.sources import Sources

DEFAULT_MECHANISM = "conditional"
MOST_RUNS = 100_000
NOT_MODIFIED = 304


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One visit of the pilot that ended."""

    run: Run
    participant: Participant
    flow: PilotFlow
    period: str
    mechanism: str
    requests: tuple[Request, ...]

    @property
    def is_good(self) -> bool:
        """Tell whether it lost nothing."""
        return self.run.state in GOOD

    @property
    def errors(self) -> int:
        """Observations with an error; at most those received."""
        found = sum(one.count for one in self.run.outcome.findings if one.severity is Severity.ERROR)
        return min(found, self.run.outcome.received)

    @property
    def answer(self) -> Request | None:
        """The request for the data itself; None when it was not reached."""
        asked = [request for request in self.requests if request.purpose.startswith("data")]
        return asked[-1] if asked else None

    @property
    def bytes(self) -> int:
        """What came over the wire."""
        return sum(request.bytes for request in self.requests)

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        run = self.run
        return (run.finished_at - run.started_at).total_seconds() if run.finished_at and run.started_at else None


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """The visits of one pilot, oldest first, and what its sources say of themselves."""

    plan: Plan
    attempts: tuple[Attempt, ...]
    sources: Mapping[str, Mapping[str, Any]]
    last_good: Mapping[tuple[str, str], dt.datetime] = field(default_factory=dict)
    rounds: int = 0

    def of(self, flow: PilotFlow, period: str, participant: Participant | None = None) -> list[Attempt]:
        """The visits about a period of a flow."""
        return [
            one
            for one in self.attempts
            if one.flow is flow and one.period == period and participant in {None, one.participant}
        ]

    def uptime(self, flow: PilotFlow, period: str, participant: Participant | None = None) -> tuple[int, int]:
        """Good visits, and attempted ones."""
        found = self.of(flow, period, participant)
        return sum(one.is_good for one in found), len(found)

    def due(self, participant: Participant, period: str) -> dt.date | None:
        """The agreed day: of the calendar, else of the source."""
        entry = self.plan.entry(period)
        if entry.due is not None:
            return entry.due
        days = self.sources.get(participant.source, {}).get("due", {}).get("days_after_period")
        return None if days is None else entry.last_day + dt.timedelta(days=int(days))

    def provider(self, participant: Participant, flow: PilotFlow) -> str:
        """Who the data are from, as the source tells; else the source."""
        for one in self.sources.get(participant.source, {}).get("flows", ()):
            if one["dataflow"] == str(flow.dataflow) and one.get("provider"):
                return str(one["provider"]).rpartition(",")[2]
        return participant.source

    def mechanism(self, participant: Participant) -> str:
        """How it shares: as the plan says, else the source."""
        return participant.mechanism or _mechanism(self.sources.get(participant.source, {}))


def _mechanism(source: Mapping[str, Any]) -> str:
    default = "file" if source.get("api") == "file" else DEFAULT_MECHANISM
    return str(source.get("mechanism", default))


def source_documents(database: Database) -> dict[str, Mapping[str, Any]]:
    """The sources the hub knows, as their files say them."""
    return {stored.id: json.loads(stored.document) for stored in Sources(database).select()}


def read_ledger(database: Database, plan: Plan, *, now: dt.datetime) -> Ledger:
    """Read the visits to the participants whose slot is not after ``now``."""
    runs, sources = Runs(database), source_documents(database)
    rounds = Pilots(database).rounds(plan.id)
    named = {one.slot: one.period for one in rounds}
    attempts: list[Attempt] = []
    last_good: dict[tuple[str, str], dt.datetime] = {}
    ledger = Ledger(plan=plan, attempts=(), sources=sources)
    for flow in plan.flows:
        for participant in flow.participants:
            for flow_id in flow_ids(sources.get(participant.source, {"flows": ()}), str(flow.dataflow)):
                for run in runs.select(source=participant.source, flow=flow_id, limit=MOST_RUNS):
                    period = named.get(run.slot) or plan.period_of(run.slot)
                    if period is None or not _counts(run, now):
                        continue
                    attempts.append(
                        Attempt(
                            run=run,
                            participant=participant,
                            flow=flow,
                            period=period,
                            mechanism=ledger.mechanism(participant),
                            requests=runs.requests(run.id),
                        )
                    )
                good = runs.last_good(participant.source, flow_id)
                if good is not None and good.started_at is not None:
                    last_good[participant.source, str(flow.dataflow)] = good.started_at
    attempts.sort(key=lambda one: (one.run.slot, one.run.id))
    return Ledger(plan=plan, attempts=tuple(attempts), sources=sources, last_good=last_good, rounds=len(rounds))


def _counts(run: Run, now: dt.datetime) -> bool:
    """Tell whether a run was an attempt: it was made, and for real."""
    return run.slot <= now and not run.dry_run and run.state not in {*OPEN, State.SUPERSEDED}


def compare_mechanisms(attempts: Iterable[Attempt]) -> list[dict[str, Any]]:
    """What each mechanism did, side by side.

    ``missed_deletes`` are the deletions only a full comparison found, after visits that asked for changes alone.
    """
    by_mechanism: dict[str, list[Attempt]] = {}
    for one in attempts:
        by_mechanism.setdefault(one.mechanism, []).append(one)
    return [_compared(mechanism, by_mechanism[mechanism]) for mechanism in sorted(by_mechanism)]


def _compared(mechanism: str, found: list[Attempt]) -> dict[str, Any]:
    seconds = [one.seconds for one in found if one.seconds is not None]
    answers = [one.answer for one in found if one.answer is not None]
    outcomes = [one.run.outcome for one in found]
    return {
        "mechanism": mechanism,
        "attempted": len(found),
        "good": sum(one.is_good for one in found),
        "success": round(100 * sum(one.is_good for one in found) / len(found), 1),
        "median_seconds": round(statistics.median(seconds), 3) if seconds else None,
        "bytes": sum(one.bytes for one in found),
        "observations": sum(outcome.received for outcome in outcomes),
        "not_modified": round(100 * sum(one.status == NOT_MODIFIED for one in answers) / len(answers), 1)
        if answers
        else None,
        "changed": sum(outcome.added + outcome.revised + outcome.deleted for outcome in outcomes),
        "missed_deletes": _missed(found),
    }


def _missed(found: list[Attempt]) -> int:
    """Deletions found by a full comparison of a delta source, the first visit apart."""
    seen: set[tuple[str, str]] = set()
    missed = 0
    for one in found:
        key = (one.run.source, one.run.flow)
        if one.is_good and one.run.full and key in seen and one.mechanism == "delta":
            missed += one.run.outcome.deleted
        if one.is_good:
            seen.add(key)
    return missed
