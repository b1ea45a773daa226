"""A worker: claims runs one after the other, visits, and writes how it ended."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import duckdb

from sdmx_hub.errors import HubError, StorageAway, TryAgain
from sdmx_hub.harvest.after import call_after
from sdmx_hub.harvest.asking import Postponed
from sdmx_hub.harvest.breaker import find_pause, note_outcome
from sdmx_hub.harvest.lease import Hold, Interrupted, Stopped
from sdmx_hub.harvest.parts import Parts, worker_name
from sdmx_hub.harvest.recover import recover_outcome
from sdmx_hub.harvest.replay import load_approved
from sdmx_hub.harvest.source import Flow, Source, parse_stored
from sdmx_hub.harvest.visit import failed, run_visit
from sdmx_hub.model.paths import hide_paths
from sdmx_hub.store.hosts import Hosts
from sdmx_hub.store.run_rows import APPROVED, Outcome, Run, State, Verdict
from sdmx_hub.store.runs import LeaseLost

log = logging.getLogger(__name__)
AWAY = dt.timedelta(seconds=30)
"""How long a run waits when the object store does not answer."""

Visit = Callable[[Parts, Source, Flow, Hold], Outcome]
"""What is done with a run that is held: ``visit.run_visit``."""


@dataclass(frozen=True, kw_only=True)
class Worker:
    """Works off runs. ``closing`` tells it to give the run it holds back to the queue."""

    parts: Parts
    name: str = field(default_factory=worker_name)
    closing: threading.Event = field(default_factory=threading.Event)
    visit: Visit = run_visit

    def work_off(self, *, most: int | None = None) -> list[Run]:
        """Run whatever is due, until nothing is or ``most`` are done; give the runs that ended."""
        done: list[Run] = []
        while not self.closing.is_set() and (most is None or len(done) < most):
            run = self.parts.runs.claim(self.name, now=self.parts.clock.now(), lease=self.parts.lease)
            if run is None:
                break
            ended = self._run(run)
            if ended is not None:
                done.append(ended)
        return done

    def work_on(self, run_id: int) -> Run:
        """Run the one named. Raises TryAgain when it cannot be had now; the run stays queued."""
        run = self.parts.runs.claim(self.name, now=self.parts.clock.now(), lease=self.parts.lease, run_id=run_id)
        if run is None:
            raise TryAgain("harvest-busy", run=run_id)
        return self._run(run) or self.parts.runs.get(run_id)

    def _run(self, run: Run) -> Run | None:
        """Hold a claimed run and work on it; None when another worker has taken it over."""
        runs, now = self.parts.runs, self.parts.clock.now
        hold = Hold(runs, run, self.parts.clock, lease=self.parts.lease, closing=self.closing)
        try:
            with hold:
                outcome = self._outcome(run, hold)
            ended = runs.finish(run, outcome, now=now())
        except Postponed as error:
            return self._defer(run, error.until, Verdict(error.key, error.params))
        except StorageAway as error:
            return self._defer(run, now() + AWAY, Verdict(error.key, error.params))
        except Interrupted:
            return self._defer(run, now(), Verdict("harvest-queued"))
        except LeaseLost as error:
            log.warning("run %s: %s", run.id, error)
            return None
        call_after(self.parts, ended)
        return ended

    def _defer(self, run: Run, until: dt.datetime, verdict: Verdict) -> Run | None:
        """Put a run back into the queue; None when another worker has taken it over."""
        try:
            return self.parts.runs.defer(run, until=until, verdict=verdict)
        except LeaseLost as error:
            log.warning("run %s: %s", run.id, error)
            return None

    def _visit(self, run: Run, source: Source, flow: Flow, hold: Hold) -> Outcome:
        """Load what was approved; else visit, unless the host is left alone, and note whether it was reached."""
        if run.decision == APPROVED:
            return load_approved(self.parts, source, flow, hold)
        hosts, now = Hosts(self.parts.database), self.parts.clock.now
        outcome = find_pause(hosts, run, now())
        if outcome is None:
            outcome = self.visit(self.parts, source, flow, hold)
            note_outcome(hosts, self.parts.runs, source, run, outcome, now=now())
        return outcome

    def _outcome(self, run: Run, hold: Hold) -> Outcome:
        try:
            stored = self.parts.sources.get(run.source)
            source = parse_stored(stored.document, stored.sha256)
            flow = source.flow(run.flow)
            recovered = recover_outcome(self.parts, run, flow)
            return recovered or self._visit(run, source, flow, hold)
        except Stopped as error:
            return Outcome(state=State.FAILED, verdict=Verdict(error.key))
        except (Postponed, Interrupted, LeaseLost, StorageAway):
            raise
        except HubError as error:
            return failed(error)
        except (OSError, duckdb.Error, MemoryError) as error:  # a full disk, a broken engine: told, not raised
            log.exception("run %s", run.id)
            why = f"{type(error).__name__}: {hide_paths(str(error).splitlines()[0])[:200] if str(error) else ''}"
            return Outcome(state=State.FAILED, verdict=Verdict("harvest-failed", {"why": why}))
