"""A clock that goes only when told, or when somebody waits."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from sdmx_hub.harvest.clock import Clock

BEGIN = dt.datetime(2026, 2, 1, 6, 0, tzinfo=dt.UTC)


@dataclass
class VirtualTime:
    """Time that passes by waiting; ``waits`` is what was waited for, whole waits added up by ``waited``."""

    at: dt.datetime = BEGIN
    waits: list[float] = field(default_factory=list)

    def now(self) -> dt.datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        self.at += dt.timedelta(seconds=seconds)

    @property
    def waited(self) -> float:
        return sum(self.waits)

    @property
    def clock(self) -> Clock:
        return Clock(now=self.now, sleep=self.sleep, chance=lambda: 0.0)
