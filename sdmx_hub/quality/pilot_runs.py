"""What the ledger of harvests tells of a pilot: which visit was about which period, and how it went.

A visit in a round that a person began for a period is about that period. One that repeats another, or takes the next
file of a folder, is about what that one was about. Any other is about the last period that had ended when it was due.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from sdmx_hub.load.doubts import HOLDING
from sdmx_hub.model.finding import Severity
from sdmx_hub.quality.pilot import Participant, PilotFlow, Plan
from sdmx_hub.quality.pilot_file import flow_ids, mechanism_of
from sdmx_hub.store.database import Database
from sdmx_hub.store.pilots import Pilots
from sdmx_hub.store.run_rows import GOOD, MECHANISM, OPEN, Request, Run, State
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.sources import Sources
from sdmx_hub.store.visit_facts import select_deeds, select_requests

MOST_RUNS = 100_000
OK = 200
_FILE = "file"
"""Purpose of a request that is a file of a folder."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One visit of the pilot that ended."""

    run: Run
    participant: Participant
    flow: PilotFlow
    period: str
    mechanism: str
    requests: tuple[Request, ...]
    deeds: tuple[str, ...] = ()
    """What persons did about it, as the audit log calls it."""

    @property
    def is_good(self) -> bool:
        """Tell whether it lost nothing."""
        return self.run.state in GOOD

    @property
    def errors(self) -> int:
        """Observations with a blocking error; at most those received.

        Doubts are none: they hold a load for a person. A row with several errors counts once, unless an error is told
        of many rows at once.
        """
        found = [one for one in self.run.outcome.findings if one.severity is Severity.ERROR and one.code not in HOLDING]
        rows = {one.where.row for one in found if one.count == 1 and one.where.row is not None}
        others = sum(one.count for one in found if one.count > 1 or one.where.row is None)
        return min(len(rows) + others, self.run.outcome.received)

    @property
    def format(self) -> str:
        """What the figures came as: the media type that was declared, the ending of a file; "" for nothing."""
        answer = self.answer
        if answer is None or answer.status != OK or not self.is_good:
            return ""
        headers = json.loads(answer.answer).get("headers", {}) if answer.answer else {}
        suffix = PurePosixPath(urlsplit(answer.url).path).suffix.removeprefix(".").lower()
        return str(headers.get("content-type") or suffix).removeprefix("application/vnd.sdmx.")

    @property
    def _asked(self) -> list[Request]:
        return [one for one in self.requests if one.purpose.startswith("data") or one.purpose == _FILE]

    @property
    def answer(self) -> Request | None:
        """The request for the data itself, or the file that was taken; None when it was not reached."""
        return self._asked[-1] if self._asked else None

    @property
    def answer_status(self) -> int | None:
        """What was answered to it."""
        return self.answer.status if self.answer else None

    @property
    def has_file(self) -> bool:
        """Tell whether a file of a folder was taken."""
        return any(one.purpose == _FILE for one in self.requests)

    @property
    def data_bytes(self) -> int:
        """What came of the data themselves."""
        return sum(one.bytes for one in self._asked)

    @property
    def bytes(self) -> int:
        """What came over the wire."""
        return sum(request.bytes for request in self.requests)

    @property
    def seconds(self) -> float | None:
        """How long it took; None where it waited for a person."""
        run = self.run
        if run.decision or run.finished_at is None or run.started_at is None:
            return None
        return (run.finished_at - run.started_at).total_seconds()


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
        return participant.mechanism or mechanism_of(self.sources.get(participant.source, {}))


def source_documents(database: Database) -> dict[str, Mapping[str, Any]]:
    """The sources the hub knows, as their files say them."""
    return {stored.id: json.loads(stored.document) for stored in Sources(database).select()}


def read_ledger(database: Database, plan: Plan, *, now: dt.datetime) -> Ledger:
    """Read the visits to the participants whose slot is not after ``now``."""
    runs, sources = Runs(database), source_documents(database)
    rounds = Pilots(database).rounds(plan.id)
    named = {one.slot: one.period for one in rounds}
    found: list[tuple[Run, Participant, PilotFlow, str]] = []
    last_good: dict[tuple[str, str], dt.datetime] = {}
    for flow, participant, flow_id in _visited(plan, sources):
        listed = runs.select(source=participant.source, flow=flow_id, limit=MOST_RUNS)
        periods = _periods(listed, named, plan)
        found += [
            (run, participant, flow, periods[run.id]) for run in listed if run.id in periods and _counts(run, now)
        ]
        good = runs.last_good(participant.source, flow_id)
        if good is not None and good.started_at is not None:
            last_good[participant.source, str(flow.dataflow)] = good.started_at
    ids = [run.id for run, *_ in found]
    requests, deeds = select_requests(database, ids), select_deeds(database, ids)
    ledger = Ledger(plan=plan, attempts=(), sources=sources, last_good=last_good, rounds=len(rounds))
    attempts = [
        Attempt(
            run=run,
            participant=participant,
            flow=flow,
            period=period,
            mechanism=run.plan.get(MECHANISM) or ledger.mechanism(participant),
            requests=requests.get(run.id, ()),
            deeds=deeds.get(run.id, ()),
        )
        for run, participant, flow, period in found
    ]
    attempts.sort(key=lambda one: (one.run.slot, one.run.id))
    return replace(ledger, attempts=tuple(attempts))


def _visited(plan: Plan, sources: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[PilotFlow, Participant, str]]:
    """The flows of the participants, with the names the ledger has for them."""
    for flow in plan.flows:
        for participant in flow.participants:
            for flow_id in flow_ids(sources.get(participant.source, {"flows": ()}), str(flow.dataflow)):
                yield flow, participant, flow_id


def _periods(runs: Iterable[Run], named: Mapping[dt.datetime, str], plan: Plan) -> dict[int, str]:
    """The period each run of a flow is about; none for those before the first."""
    periods: dict[int, str] = {}
    for run in sorted(runs, key=lambda one: one.id):
        period = named.get(run.slot) or periods.get(run.follows or 0) or plan.period_of(run.slot)
        if period is not None:
            periods[run.id] = period
    return periods


def _counts(run: Run, now: dt.datetime) -> bool:
    """Tell whether a run was an attempt: it was made, and for real."""
    return run.slot <= now and not run.dry_run and run.state not in {*OPEN, State.SUPERSEDED}
