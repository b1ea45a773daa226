"""Doing a job: the same whether it came from the next line, another process or another machine."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping

from sdmx_hub.errors import Conflict, NotFound, TryAgain
from sdmx_hub.harvest.parts import Parts, worker_name
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.jobs.job import AGAIN, BUSY, DONE, FAILED, KEEPING, VISITS, Job, Result
from sdmx_hub.language import sentence
from sdmx_hub.load.embargo import release_due
from sdmx_hub.load.report import LoadReport
from sdmx_hub.model.urn import Urn, parse_ref
from sdmx_hub.quality.pilot_keeper import PilotKeeper
from sdmx_hub.quality.refresh import MirrorKeeper
from sdmx_hub.store.database import DatabaseAway

HARVEST, COMPACT, MIRROR, PILOTS, EMBARGOES = "harvest", "compact", "mirror", "pilots", "embargoes"
_COUNTS = ("added", "revised", "deleted", "unchanged")
log = logging.getLogger(__name__)


class Doer:
    """Does the jobs of one hub in this process; ``closing`` tells it to give the run it holds back to the queue."""

    def __init__(self, parts: Parts, *, closing: threading.Event, name: str = "") -> None:
        self.parts, self.closing = parts, closing
        self.name = name or worker_name()
        self._lanes = {lane: threading.Lock() for lane in (VISITS, KEEPING)}
        self._mirror = MirrorKeeper(parts.database, parts.registry, parts.observations)
        self._pilots = PilotKeeper(parts.database, parts.registry, parts.observations)

    def do(self, job: Job) -> Result:
        """Do a job, one visit and one other at a time. Whatever happens is a result; exceptions do not travel well."""
        with self._lanes[VISITS if job.kind == HARVEST else KEEPING]:
            return self._do(job)

    @contextlib.contextmanager
    def idle(self) -> Iterator[None]:
        """Wait until nothing is done here, and let nothing begin before the block is left."""
        with self._lanes[VISITS], self._lanes[KEEPING]:
            yield

    def _do(self, job: Job) -> Result:
        if self.closing.is_set():
            return Result(key=job.key, state=AGAIN)
        try:
            return Result(key=job.key, state=DONE, told=tuple(_KINDS[job.kind](self, job.subject)))
        except _Busy:
            return Result(key=job.key, state=BUSY)
        except (TryAgain, Conflict) as refusal:
            return Result(key=job.key, state=AGAIN, told=(refusal.text(self._language),))
        except DatabaseAway as error:  # it may come back; what was done is in it, or was not done
            log.warning("%s: %s", job.key, error)
            return Result(key=job.key, state=AGAIN)
        except Exception as error:  # a fault of one job is told to whoever asked, and keeps no other from being done
            log.exception("%s", job.key)
            return Result(key=job.key, state=FAILED, told=(f"{type(error).__name__}: {error}"[:300],))

    @property
    def _language(self) -> str:
        return self.parts.settings.language

    def _harvest(self, run_id: str) -> Iterable[str]:
        worker = Worker(parts=self.parts, closing=self.closing, name=self.name)
        try:
            run = worker.work_on(int(run_id))
        except (TryAgain, NotFound) as refusal:  # held by another, ended meanwhile, or its partner is being asked
            raise _Busy from refusal
        return [f"{run.source} {run.flow} {run.state.value}: {run.outcome.verdict.text(self._language)}"]

    def _compact(self, dataflow: str) -> Iterable[str]:
        artefacts, ref = self.parts.registry.snapshot(), parse_ref(dataflow)
        self.parts.observations.compact(ref, artefacts.structure_of(Urn("Dataflow", ref)), actor="upkeep")
        return [sentence("upkeep-compacted", self._language, dataflow=dataflow)]

    def _compare(self, _: str) -> Iterable[str]:
        report = self._mirror.refresh(self.parts.clock.now())
        return self._releases([report] if report else [], "mirror-released")

    def _measure(self, _: str) -> Iterable[str]:
        return self._releases(self._pilots.refresh(self.parts.clock.now()), "pilot-released")

    def _releases(self, reports: Iterable[LoadReport], key: str) -> Iterable[str]:
        return [
            sentence(key, self._language, **{name: getattr(report, name) for name in _COUNTS})
            for report in reports
            if report.release_id is not None
        ]

    def _end_embargoes(self, _: str) -> Iterable[str]:
        artefacts = self.parts.registry.snapshot()
        release_due(self.parts.observations, artefacts, actor="scheduler", now=self.parts.clock.now())
        return ()


class _Busy(Exception):
    """Somebody else holds the run, or it has ended."""


_KINDS: Mapping[str, Callable[[Doer, str], Iterable[str]]] = {
    HARVEST: Doer._harvest,
    COMPACT: Doer._compact,
    MIRROR: Doer._compare,
    PILOTS: Doer._measure,
    EMBARGOES: Doer._end_embargoes,
}
