"""The command line, dying by SIGKILL at a named point of a load."""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable

from sdmx_hub.cli import main
from sdmx_hub.load import tables
from tests.store.crashing import POINTS as STORE_POINTS

POINTS: dict[str, tuple[object, str, bool]] = {
    # where it dies: the module or class, the function, and whether after it rather than before
    "file kept": (tables, "keep_raw", True),
    **{name: place for name, place in STORE_POINTS.items() if name != "segment written"},  # written for large loads
}


def _dying(function: Callable[..., object], *, after: bool) -> Callable[..., object]:
    @functools.wraps(function)
    def die(*given: object, **named: object) -> object:
        if after:
            function(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    return die


def run_dying(point: str, words: list[str]) -> None:
    """Run a command that dies at ``point``."""
    owner, name, after = POINTS[point]
    setattr(owner, name, _dying(getattr(owner, name), after=after))
    main(words)
