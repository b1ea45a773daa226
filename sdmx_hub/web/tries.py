"""Wrong keys are counted by address: after some, the door stays shut for a while, whatever the next key is."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

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
        """How long the door stays shut for an address; 0 when it is open."""
        with self._lock:
            began, count = self._wrong.get(address, (0.0, 0))
            left = began + WINDOW_SECONDS - self._clock()
            return int(left) + 1 if count >= MOST_WRONG and left > 0 else 0

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
