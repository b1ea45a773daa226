"""What a worker works with: the parts of one hub, its raw store, its clock, and who it says it is."""

from __future__ import annotations

import datetime as dt
import os
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sdmx_hub.config import Settings
from sdmx_hub.harvest.clock import Clock
from sdmx_hub.harvest.fetch import Visitor
from sdmx_hub.harvest.lease import LEASE
from sdmx_hub.harvest.raw import RawStore
from sdmx_hub.harvest.source import Source, read_credentials
from sdmx_hub.store.database import Database
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.registry import Registry
from sdmx_hub.store.run_rows import Run
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.sources import Sources

Step = Callable[[str], None]
"""Told the catalogue key of each step of a run, for whoever watches."""
AfterRun = Callable[["Parts", Run], None]
"""Called with the hub and a run, as the ledger has it, once it has ended (see ``after``)."""


def worker_name() -> str:
    """Name this worker so that a person finds it: host, process, thread."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The hub as harvests see it."""

    database: Database
    registry: Registry
    observations: Observations
    raw: RawStore
    settings: Settings
    clock: Clock = field(default_factory=Clock)
    lease: dt.timedelta = LEASE
    environment: Mapping[str, str] | None = None
    step: Step = lambda _: None
    after: tuple[AfterRun, ...] = ()

    @property
    def runs(self) -> Runs:
        """The runs."""
        return Runs(self.database)

    @property
    def sources(self) -> Sources:
        """The sources."""
        return Sources(self.database)

    def visitor(self, source: Source) -> Visitor:
        """How ``source`` is asked. Raises ConfigurationError when its credential is not there."""
        contact = f" ({self.settings.contact})" if self.settings.contact else ""
        return Visitor(
            policy=source.policy(allow_local=self.settings.allow_loopback),
            limits=source.limits,
            raw=self.raw,
            home=source.place,
            user_agent=source.dialect.user_agent or f"sdmx-hub/{self.settings.hub_id}{contact}",
            credentials=read_credentials(source, self.environment),
        )
