"""The clock of a worker: what time it is and how to wait, both passed in so that tests can run years in a second."""

from __future__ import annotations

import datetime as dt
import email.utils
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


def parse_http_date(text: str) -> dt.datetime | None:
    """Read a date as HTTP headers write it, aware; None for anything else, numbers no calendar knows included."""
    try:
        found = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
