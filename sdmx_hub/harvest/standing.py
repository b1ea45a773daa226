"""A standing worker: works off what is due, waits a moment, looks again, until it is told to leave."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from sdmx_hub.errors import ConfigurationError
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.store.database import DatabaseAway
from sdmx_hub.store.run_rows import Run
from sdmx_hub.store.workers import Workers

LOOK_SECONDS = 2.0
"""How often a worker that has nothing to do looks whether there is something."""
AWAY_SECONDS = 10.0
"""How long it waits when the database does not answer."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A worker in a process of its own; ``tell`` is told of each run that ended."""

    worker: Worker
    tell: Callable[[Run], None]

    def run_forever(self) -> None:
        """Work until the worker is told to close; a database that is away is waited for."""
        closing = self.worker.closing
        while not closing.is_set():
            try:
                done = self.worker.work_off(most=1)
            except DatabaseAway as error:
                log.warning("worker %s: %s", self.worker.name, error)
                closing.wait(AWAY_SECONDS)
                continue
            for run in done:
                self.tell(run)
            if not done:
                closing.wait(LOOK_SECONDS)


def check_shared(worker: Worker, machine: str) -> None:
    """Make sure that this worker sees what the others see.

    Raises ConfigurationError when the database is a file that somebody on another machine works with (the locks of
    SQLite do not reach across machines), or when released observations are not where this machine looks for them.
    """
    parts = worker.parts
    now = parts.clock.now()
    others = [one for one in Workers(parts.database).select() if one.machine != machine and one.is_heard(now)]
    if others and parts.database.is_sqlite:
        raise ConfigurationError("worker-not-shared", other=others[0].name, machine=others[0].machine)
    missing = parts.observations.find_missing()
    if missing is not None:
        raise ConfigurationError("worker-no-observations", file=missing, root=parts.observations.blobs.where)
