"""The scheduler: makes due slots into rows, and wakes at the next one. APScheduler is the alarm clock, nothing more.

Any number of schedulers may run: whether a slot exists is decided in the database. What becomes of slots that were
missed, the source says (``catch_up``): the latest is run and stands for the others, or each is run, or none.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import itertools
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sdmx_hub.errors import HubError
from sdmx_hub.harvest.clock import utc_now
from sdmx_hub.harvest.slots import due_slots, next_slot
from sdmx_hub.harvest.source import ALL, NONE, Flow, Source, parse_stored
from sdmx_hub.store.database import DatabaseAway
from sdmx_hub.store.run_rows import Run, Slot, Trigger
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.sources import Sources, StoredSource

LONGEST_NAP = dt.timedelta(seconds=15)
"""The scheduler looks at least so often: sources change, and leases of dead workers run out."""
LOOK_SECONDS = 1.0
"""How often it looks at how the work goes."""
ON_TIME = dt.timedelta(minutes=1)
"""A slot looked at so soon after it was due was not missed."""
AT_ONCE = 100
"""So many missed slots of a flow are made into rows at a time: of ``all`` the first, the next time the next."""
log = logging.getLogger(__name__)
_read = functools.lru_cache(maxsize=1000)(parse_stored)


def queue_due(sources: Sources, runs: Runs, *, now: dt.datetime) -> list[Run]:
    """Make every due slot of every flow into a row; give the runs that were queued."""
    queued = []
    parsed = list(_parsed(sources.select(enabled=True)))
    last = runs.last_slots((source.id, flow.id) for _, source in parsed for flow in source.flows)
    for stored, source in parsed:
        for flow in source.flows:
            begun = stored.since.get(flow.id, stored.added_at)
            since = max(begun, last.get((source.id, flow.id), begun))
            queued += _queue_flow(source, flow, runs, since=since, now=now)
    return queued


def _queue_flow(source: Source, flow: Flow, runs: Runs, *, since: dt.datetime, now: dt.datetime) -> list[Run]:
    """Make the slots of a flow after ``since`` into rows, by the rule of its source for those that were missed."""
    if source.catch_up == ALL:
        first = itertools.islice(source.schedule.between(since, now), AT_ONCE)
        slots = [slot_of(source, flow, at) for at in first]
        return runs.queue_every(slots, now=now) if slots else []
    slots = [slot_of(source, flow, at) for at in due_slots(source.schedule, since, now, AT_ONCE)]
    if not slots:
        return []
    if source.catch_up == NONE and now - slots[-1].slot > ON_TIME:
        runs.leave_out(slots, now=now)
        return []
    run = runs.queue_latest(slots, now=now)
    return [run] if run is not None else []


def next_due(sources: Sources, *, now: dt.datetime) -> dt.datetime | None:
    """The next slot of any flow; None when there is none."""
    found = [next_slot(source.schedule, now) for _, source in _parsed(sources.select(enabled=True))]
    return min((at for at in found if at is not None), default=None)


def _parsed(stored: Iterable[StoredSource]) -> Iterator[tuple[StoredSource, Source]]:
    """Read what is stored; a source that cannot be read keeps no other from being visited."""
    for one in stored:
        try:
            yield one, _read(one.document, one.sha256)
        except HubError as error:
            log.error("source %s: %s", one.id, error)  # noqa: TRY400 - a refusal says what is wrong; no trace needed


def slot_of(source: Source, flow: Flow, at: dt.datetime) -> Slot:
    """The row a slot becomes: not to be begun before its share of the jitter has passed."""
    seed = hashlib.sha256(f"{source.id} {flow.id} {at.isoformat()}".encode()).digest()
    share = int.from_bytes(seed[:4], "big") / 2**32
    wait = dt.timedelta(seconds=round(source.jitter_seconds * share))
    return Slot(source=source.id, flow=flow.id, slot=at, host=source.place.authority, not_before=at + wait)


def asked_slot(source: Source, flow: Flow, at: dt.datetime, trigger: Trigger = Trigger.MANUAL) -> Slot:
    """The row of a visit somebody asks for: at a moment no schedule can name, so that it never takes one's place."""
    moment = at if at.microsecond else at + dt.timedelta(microseconds=1)
    return Slot(
        source=source.id, flow=flow.id, slot=moment, not_before=at, host=source.place.authority, trigger=trigger
    )


@dataclass(frozen=True, kw_only=True)
class Scheduler:
    """The scheduler process: ``work`` has done what is due, and waits for none of it but in ``run_once``."""

    sources: Sources
    runs: Runs
    work: Callable[[], object]
    closing: threading.Event
    now: Callable[[], dt.datetime] = utc_now

    def run_once(self) -> list[Run]:
        """Queue what is due now and work it off; give what was queued."""
        queued = queue_due(self.sources, self.runs, now=self.now())
        self.work()
        return queued

    def run_forever(self) -> None:
        """Wake at every slot, and look after the work, until ``closing`` is set."""
        from apscheduler.executors.pool import ThreadPoolExecutor  # noqa: PLC0415 - whoever asks for one visit needs none
        from apscheduler.schedulers.background import BackgroundScheduler  # noqa: PLC0415
        from apscheduler.triggers.date import DateTrigger  # noqa: PLC0415

        alarm = BackgroundScheduler(
            timezone=dt.UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        woken = threading.Event()

        def wake() -> None:
            nap = LONGEST_NAP
            try:
                queue_due(self.sources, self.runs, now=self.now())
                nap = self._nap()
            except DatabaseAway as error:  # the database is away: looked at again after the longest nap
                log.warning("scheduler: %s", error)
            finally:
                woken.set()
                alarm.add_job(wake, DateTrigger(utc_now() + nap), id="wake", replace_existing=True)

        alarm.start()
        alarm.add_job(wake, DateTrigger(utc_now()), id="wake")
        try:
            while not self.closing.is_set():
                self._look(woken)
        finally:
            # Waiting inside ``shutdown`` would hold the lock that a waking job needs to set its next alarm.
            alarm.shutdown(wait=False)

    def _look(self, woken: threading.Event) -> None:
        """Look after the work once, then wait for a slot, or for a moment."""
        try:
            self.work()
        except DatabaseAway as error:  # it may come back; what is due stands in it
            log.warning("scheduler: %s", error)
        woken.wait(LOOK_SECONDS)
        woken.clear()

    def _nap(self) -> dt.timedelta:
        now = self.now()
        due = next_due(self.sources, now=now)
        return LONGEST_NAP if due is None else min(max(due - now, dt.timedelta(milliseconds=50)), LONGEST_NAP)
