"""A standing worker: works off what is due, waits a moment, looks again, until it is told to leave.

Beside its work every process that stays looks at how the hub is (``Beside``), so that people are told of trouble as
long as anybody is there to tell them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sdmx_hub.errors import ConfigurationError, HubError
from sdmx_hub.harvest.background import Background
from sdmx_hub.harvest.parts import Parts
from sdmx_hub.harvest.source import parse_stored
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


class Beside(Background):
    """A thread that does small things every so many seconds, until the block is left; what goes wrong is logged.

    They may wait for others (an address that is told of something), which nothing else then has to.
    """

    def __init__(self, acts: Mapping[Callable[[], object], float]) -> None:
        super().__init__("beside")
        self._due = dict.fromkeys(acts, 0.0)
        self._every = dict(acts)

    def _go_on(self) -> None:
        while True:
            for act in [act for act, at in self._due.items() if at <= time.monotonic()]:
                try:
                    act()
                except Exception:  # one thing that fails keeps no other from being done, nor itself the next time
                    log.exception("%s", getattr(act, "__name__", act))
                self._due[act] = time.monotonic() + self._every[act]
            if self._left.wait(max(0.05, min(self._due.values()) - time.monotonic())):
                return


def check_shared(worker: Worker, machine: str) -> None:
    """Make sure that this worker sees what the others see.

    Raises ConfigurationError when the database is a file that somebody on another machine works with (the locks of
    SQLite do not reach across machines), when released observations are not where this machine looks for them, or when
    a mapping file that a source names is not here while another machine, which may have it, is at work.
    """
    parts = worker.parts
    now = parts.clock.now()
    others = [one for one in Workers(parts.database).select() if one.machine != machine and one.is_heard(now)]
    lacking = _find_lacking(parts) if others else None
    if lacking is not None:
        raise ConfigurationError("worker-no-mapping", source=lacking[0], file=lacking[1], machine=others[0].machine)
    if others and parts.database.is_sqlite:
        raise ConfigurationError("worker-not-shared", other=others[0].name, machine=others[0].machine)
    missing = parts.observations.find_missing()
    if missing is not None:
        raise ConfigurationError("worker-no-observations", file=missing, root=parts.observations.blobs.where)


def _find_lacking(parts: Parts) -> tuple[str, str] | None:
    """Find a source that names a mapping file which is not on this machine."""
    for stored in parts.sources.select(enabled=True):
        try:
            flows = parse_stored(stored.document, stored.sha256).flows
        except HubError:  # told where sources are read
            continue
        lacking = [flow.mapping for flow in flows if flow.mapping and not Path(flow.mapping).is_file()]
        if lacking:
            return stored.id, lacking[0]
    return None
