"""The desk of a scheduler: hands out what is due, once each, and notes how it went. It waits for nobody."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sdmx_hub.jobs.job import DONE, FAILED, LOST, Job, Planned, Result
from sdmx_hub.jobs.planner import Planner
from sdmx_hub.jobs.runner import Runner

REST_SECONDS = 30.0
"""How long a job that did not get done is left before it is asked for again."""
log = logging.getLogger(__name__)

Plan = Callable[[dt.datetime], Iterable[Planned]]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Hands out jobs; ``tell`` is told how each went."""

    planner: Planner
    runner: Runner
    tell: Callable[[Job, Result], None]
    _flying: dict[str, Planned] = field(default_factory=dict)
    _resting: dict[str, float] = field(default_factory=dict)

    @property
    def flying(self) -> tuple[str, ...]:
        """The keys of the jobs under way."""
        return tuple(self._flying)

    def round(self, *plans: Plan, now: dt.datetime) -> bool:
        """Take in what has ended, and hand out what is due; tell whether anything is under way."""
        for key, result in self.runner.collect():
            self._end(self._flying.pop(key), result)
        if not self.runner.is_ready():
            return bool(self._flying)
        alone = {one.alone for one in self._flying.values() if one.alone}
        for planned in (one for plan in plans for one in plan(now)):
            key = planned.job.key
            if key in self._flying or planned.alone in alone or self._resting.get(key, 0) > time.monotonic():
                continue
            if not self.runner.submit(planned):
                break
            self._flying[key] = planned
            alone |= {planned.alone} - {""}
        return bool(self._flying)

    def run_out(self, *plans: Plan, now: Callable[[], dt.datetime]) -> None:
        """Have everything done that is due, and come back when it is."""
        while self.round(*plans, now=now()):
            self.runner.wait(1.0)

    def _end(self, planned: Planned, result: Result) -> None:
        for key in [key for key, until in self._resting.items() if until <= time.monotonic()]:
            del self._resting[key]
        if result.state == FAILED:
            log.error("%s: %s", result.key, "; ".join(result.told))
        if result.state not in {DONE, LOST}:
            self._resting[result.key] = time.monotonic() + REST_SECONDS
        self.planner.settle(planned, result.state)
        self.tell(planned.job, result)
