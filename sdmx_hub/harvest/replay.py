"""Repeating a run from what was kept: to load what a person approved, or to see that the same comes out again.

A replay is a whole visit in a hub of its own that lives as long as it: it begins with the dataflow as it was before the
run, is answered by the ledger, and publishes nothing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdmx_hub.errors import Conflict
from sdmx_hub.harvest.clock import Clock
from sdmx_hub.harvest.lease import Hold
from sdmx_hub.harvest.loading import LOGS
from sdmx_hub.harvest.parts import Parts
from sdmx_hub.harvest.recorded import recorded
from sdmx_hub.harvest.source import Flow, Source, parse_stored
from sdmx_hub.harvest.visit import run_visit
from sdmx_hub.load.doubts import HOLDING
from sdmx_hub.model.finding import Severity
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.blobs import LOG, copy_blob, log_name
from sdmx_hub.store.copying import copy_state
from sdmx_hub.store.database import open_database
from sdmx_hub.store.decisions import BASE
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.run_rows import OPEN, REJECTED, Outcome, Run, Slot, State, Verdict

_COUNTS = ("received", "added", "revised", "deleted", "unchanged")
_ADOPTED = "harvest-structure-adopted"
_LEASE = dt.timedelta(days=1)


def load_approved(parts: Parts, source: Source, flow: Flow, hold: Hold) -> Outcome:
    """Load what was held, from the bytes that were kept; only the doubts it was held for are passed over."""
    run = hold.run
    held_for = {one.code for one in run.outcome.findings if one.severity is Severity.ERROR} & HOLDING
    asker = recorded(parts, source, run, hold, parts.runs)
    outcome = run_visit(parts, source, flow, hold, asker=asker, accepted=frozenset(held_for))
    if outcome.verdict.key != "harvest-succeeded":
        return outcome
    verdict = Verdict("harvest-approved-loaded", {"actor": run.decided_by or "", **outcome.verdict.params})
    return dataclasses.replace(outcome, verdict=verdict)


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What a repetition came to, beside what the ledger says; ``differences`` names what is not the same."""

    run: Run
    outcome: Outcome
    source_changed: bool
    differences: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Tell whether the same came out."""
        return not self.differences

    def as_json(self, language: str = "en") -> dict[str, Any]:
        """Shape the replay for JSON."""
        return {
            "run": self.run.id,
            "equal": self.is_equal,
            "differences": list(self.differences),
            "source_changed": self.source_changed,
            "recorded": _told(self.run.outcome, language),
            "replayed": _told(self.outcome, language),
        }


def _told(outcome: Outcome, language: str) -> dict[str, Any]:
    return {
        "state": outcome.state.value,
        "verdict": outcome.verdict.text(language),
        **{name: getattr(outcome, name) for name in _COUNTS},
        "findings": [finding.as_json(language) for finding in outcome.findings],
    }


def replay_run(parts: Parts, run_id: int) -> Replay:
    """Repeat a run offline. Raises NotFound for bytes that are gone, Conflict for a run that asked nothing."""
    run = parts.runs.get(run_id)
    if run.state in OPEN or run.state is State.SUPERSEDED or "intent" not in run.plan:
        raise Conflict("harvest-not-replayable", run=run_id, state=run.state)
    stored = parts.sources.get(run.source)
    source = dataclasses.replace(parse_stored(stored.document, stored.sha256), adopts_structures=False)
    flow = source.flow(run.flow)
    with _own_hub(parts, run, flow) as (own, copy):
        hold = Hold(own.runs, copy, own.clock, lease=_LEASE)
        asker = recorded(own, source, run, hold, parts.runs)
        accepted = {one.code for one in run.outcome.findings if one.severity is Severity.WARNING} & HOLDING
        outcome = run_visit(own, source, flow, hold, asker=asker, accepted=frozenset(accepted))
    changed = run.started_at is not None and stored.changed_at > run.started_at
    return Replay(run=run, outcome=outcome, source_changed=changed, differences=tuple(_differences(run, outcome)))


def _differences(run: Run, outcome: Outcome) -> Iterator[str]:
    """Name what differs. A run that a person turned down was held; approval says nothing of what was asked."""
    was = run.outcome
    state = State.HELD if run.decision == REJECTED else was.state
    if outcome.state is not state:
        yield "state"
    if state is State.FAILED and outcome.verdict.key != was.verdict.key:
        yield "verdict"
    yield from (name for name in _COUNTS if getattr(was, name) != getattr(outcome, name))
    if _counted(was) != _counted(outcome):
        yield "findings"


def _counted(outcome: Outcome) -> Mapping[str, int]:
    return Counter({one.code: one.count for one in outcome.findings if one.code != _ADOPTED})


@contextlib.contextmanager
def _own_hub(parts: Parts, run: Run, flow: Flow) -> Iterator[tuple[Parts, Run]]:
    """A hub in a folder that is gone afterwards: the dataflow as it was, and the run, claimed by us."""
    at = run.started_at or run.queued_at
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-replay-") as folder:
        database = open_database(f"sqlite:///{folder}/control.db")
        database.migrate()
        observations = Observations(database, Path(folder) / "observations", clock=lambda: at)
        clock = Clock(now=lambda: at, sleep=lambda _: None)
        own = dataclasses.replace(
            parts, database=database, observations=observations, clock=clock, lease=_LEASE, after=()
        )
        try:
            _bring(parts, own, run, flow, at)
            slot = Slot(
                source=run.source,
                flow=run.flow,
                slot=run.slot,
                host=run.host,
                trigger=run.trigger,
                full=run.full,
                dry_run=run.dry_run,
                not_before=at,
                plan=run.plan,
            )
            queued = own.runs.queue(slot, now=at)
            copy = own.runs.claim("replay", now=at, lease=_LEASE, run_id=queued.id if queued else None)
            if copy is None:
                raise Conflict("harvest-not-replayable", run=run.id, state=run.state)
            yield own, copy
        finally:
            observations.close()
            database.close()


def _bring(parts: Parts, own: Parts, run: Run, flow: Flow, at: dt.datetime) -> None:
    """Bring the dataflow as it was before the run, and the logs of what the source had brought."""
    for sha256 in run.plan["intent"]["memory"].get(LOGS, ()):
        theirs, ours, name = parts.observations.blobs, own.observations.blobs, log_name(sha256)
        if theirs.exists(name):
            draft = ours.draft(LOG)
            copy_blob(theirs, name, draft)
            ours.put(draft, name)
    base = run.plan.get(BASE)
    if base is None:
        return
    structure = parts.registry.snapshot().structure_of(Urn("Dataflow", flow.dataflow))
    copy_state(parts.observations, own.observations, flow.dataflow, structure, base, now=at)
