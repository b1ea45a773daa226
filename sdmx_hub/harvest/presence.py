"""Being heard of: a thread that says every few seconds that this process is there, until the block is left."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Self

from sdmx_hub.harvest.background import Background
from sdmx_hub.harvest.clock import Clock
from sdmx_hub.store.database import DatabaseAway
from sdmx_hub.store.workers import Presence, Workers

BEAT_SECONDS = 10.0
log = logging.getLogger(__name__)


class Present(Background):
    """A scheduler or worker that can be heard of while the block lasts; ``note`` is what else it says of itself."""

    def __init__(
        self, workers: Workers, name: str, role: str, clock: Clock, *, note: Callable[[], str] = lambda: ""
    ) -> None:
        super().__init__("presence")
        self._workers, self._note = workers, note
        self._name, self._role, self._clock = name, role, clock
        self._started = clock.now()

    def __enter__(self) -> Self:
        self._beat()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        try:
            self._workers.leave(self._name, now=self._clock.now())
        except DatabaseAway as away:  # it will be forgotten by itself
            log.warning("heartbeat: %s", away)

    def _go_on(self) -> None:
        while not self._left.wait(BEAT_SECONDS):
            try:
                self._beat()
            except DatabaseAway as error:  # the database is away: it may come back
                log.warning("heartbeat: %s", error)

    def _beat(self) -> None:
        self._workers.beat(
            Presence(
                name=self._name,
                role=self._role,
                machine=socket.gethostname(),
                started_at=self._started,
                heartbeat_at=self._clock.now(),
                note=self._note(),
            )
        )
