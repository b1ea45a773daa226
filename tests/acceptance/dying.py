"""The command line, dying by SIGKILL at a named point of a load: ``python -m tests.acceptance.dying POINT WORDS…``."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable

from sdmx_hub.cli import main
from sdmx_hub.load import release
from tests.store.crashing import POINTS as STORE_POINTS

POINTS: dict[str, tuple[object, str, bool]] = {
    # where it dies: the module or class, the function, and whether after it rather than before
    "file kept": (release, "keep_raw", True),
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


if __name__ == "__main__":
    owner, name, after = POINTS[sys.argv[1]]
    setattr(owner, name, _dying(getattr(owner, name), after=after))
    main(sys.argv[2:])
