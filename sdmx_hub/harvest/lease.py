"""Holding a run: a thread renews the lease while the work goes on, and the work asks at every step whether it may."""

from __future__ import annotations

import datetime as dt
import logging
import threading

from sdmx_hub.errors import TryAgain
from sdmx_hub.harvest.background import Background
from sdmx_hub.harvest.clock import Clock
from sdmx_hub.store.database import DatabaseAway
from sdmx_hub.store.run_rows import Run
from sdmx_hub.store.runs import LeaseLost, Runs

log = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=60)
"""How long a worker may be silent before another takes its run over."""


class Stopped(TryAgain):
    """A person asked the run to stop."""


class Interrupted(TryAgain):
    """The worker itself is shutting down; the run goes back to the queue."""


class Hold(Background):
    """A claimed run, its lease renewed three times in each of its lengths until the block is left."""

    def __init__(
        self,
        runs: Runs,
        run: Run,
        clock: Clock,
        *,
        lease: dt.timedelta = LEASE,
        closing: threading.Event | None = None,
    ) -> None:
        super().__init__(f"lease-{run.id}")
        self.run = run
        self._runs = runs
        self._clock = clock
        self._lease = lease
        self._closing = closing or threading.Event()
        self._stopped = False
        self._lost: LeaseLost | None = None

    def _go_on(self) -> None:
        while not self._left.wait(self._lease.total_seconds() / 3):
            try:
                self._beat()
            except LeaseLost as error:
                self._lost = error
                return
            except DatabaseAway as error:  # tried again; the lease may run out meanwhile, and that is safe
                log.warning("run %s: %s", self.run.id, error)

    def _beat(self) -> None:
        if self._runs.heartbeat(self.run, now=self._clock.now(), lease=self._lease):
            self._stopped = True

    def check(self) -> None:
        """Raise LeaseLost, Stopped or Interrupted when the work must not go on."""
        if self._lost is not None:
            raise self._lost
        if self._stopped:
            raise Stopped("harvest-stopped")
        if self._closing.is_set():
            raise Interrupted("harvest-queued")

    def confirm(self) -> None:
        """Renew now and check: the last step before something is published."""
        self._beat()
        self.check()

    def wait(self, seconds: float) -> None:
        """Wait, asking every second whether to go on."""
        while seconds > 0:
            self.check()
            self._clock.sleep(min(1.0, seconds))
            seconds -= 1.0
        self._beat()
        self.check()
