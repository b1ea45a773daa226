"""A thread that works beside a block, and ends with it."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Background(ABC):
    """Starts a thread when the block is entered; when it is left, ``_left`` is set and the thread waited for."""

    def __init__(self, name: str) -> None:
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self._thread.join()

    @abstractmethod
    def _go_on(self) -> None:
        """Work until ``_left`` is set."""
