"""Small answers kept in memory, by the digest of everything their bytes depend on: they never grow stale.

What many ask for (the newest figures, an availability, a codelist) is written once a version. The oldest used goes
first when the memory is full.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

LARGEST = 512 * 1024
MEMORY = 24 * 1024 * 1024


@dataclass(frozen=True)
class Kept:
    """The body of an answer as it was sent, and what it is called when it is saved."""

    body: bytes
    name: str


class Answers:
    """Bodies by digest, safe between threads, never more than ``memory`` bytes together."""

    def __init__(self, *, memory: int = MEMORY, largest: int = LARGEST) -> None:
        self._memory, self._largest = memory, largest
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._size = 0

    def find(self, digest: str) -> Kept | None:
        """Find the answer kept under a digest."""
        with self._lock:
            found = self._kept.get(digest)
            if found is not None:
                self._kept.move_to_end(digest)
            return found

    def keep(self, digest: str, kept: Kept) -> None:
        """Keep an answer, unless it is too large."""
        if len(kept.body) > self._largest:
            return
        with self._lock:
            before = self._kept.pop(digest, None)
            self._size += len(kept.body) - (len(before.body) if before else 0)
            self._kept[digest] = kept
            while self._size > self._memory:
                _, oldest = self._kept.popitem(last=False)
                self._size -= len(oldest.body)
