"""The pace of requests: how long a partner must still be left alone, from when it was asked before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sdmx_hub.harvest.dialect.record import Rate

HOUR = dt.timedelta(hours=1)
"""No limit looks further back."""


def wait_of(rate: Rate, sent: Sequence[dt.datetime], now: dt.datetime) -> float:
    """Seconds to wait before the next request, ``sent`` being the moments of those before, in any order."""
    before = sorted(sent)
    waits = [0.0]
    if rate.seconds and before:
        waits.append(rate.seconds - (now - before[-1]).total_seconds())
    for most, window in ((rate.minute, 60.0), (rate.hour, 3600.0)):
        if most and len(before) >= most:
            waits.append(window - (now - before[-most]).total_seconds())
    return max(waits)
