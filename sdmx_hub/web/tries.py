"""Wrong keys are counted by address: after some, wrong ones are no longer told from others for a while.

A valid key passes all the same. It has 256 bits, so nobody finds one by trying; and behind a proxy everybody comes from
one address, whose door would otherwise be shut for all by whoever sends ten wrong keys. Every key is looked up and
compared, shut or not, so that the time an answer takes tells nothing.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from sdmx_hub.errors import HubError, NotAuthenticated
from sdmx_hub.web.errors import TooManyTries

MOST_WRONG = 10
WINDOW_SECONDS = 300.0
MOST_ADDRESSES = 10_000


class Tries:
    """Wrong tries by address within the window; the oldest addresses are forgotten first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def seconds_shut(self, address: str) -> int:
        """How long wrong keys of an address are turned away as too many; 0 when they are not."""
        with self._lock:
            began, count = self._wrong.get(address, (0.0, 0))
            left = began + WINDOW_SECONDS - self._clock()
            return int(left) + 1 if count >= MOST_WRONG and left > 0 else 0

    def refusal(self, address: str) -> HubError:
        """What a wrong key of an address is answered with; it is counted unless there were too many already."""
        seconds = self.seconds_shut(address)
        if seconds:
            return TooManyTries("web-too-many-tries", seconds=seconds)
        self.count_wrong(address)
        return NotAuthenticated("web-key-wrong")

    def count_wrong(self, address: str) -> None:
        """Remember a wrong try."""
        with self._lock:
            now = self._clock()
            began, count = self._wrong.get(address, (now, 0))
            if now - began > WINDOW_SECONDS:
                began, count = now, 0
            self._wrong[address] = (began, count + 1)
            self._wrong.move_to_end(address)
            while len(self._wrong) > MOST_ADDRESSES:
                self._wrong.popitem(last=False)
