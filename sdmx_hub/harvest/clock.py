"""The clock of a worker: what time it is and how to wait, both passed in so that tests can run years in a second."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable
from dataclasses import dataclass


def utc_now() -> dt.datetime:
    """Tell the time, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Time, waiting, and the chance that spreads retries (a number from 0 to 1)."""

    now: Callable[[], dt.datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
