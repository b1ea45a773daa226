"""A load that kills its own process at a named point."""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable
from pathlib import Path

from sdmx_hub.store import files, releases, staging, writing
from sdmx_hub.store.database import open_database
from sdmx_hub.store.observations import Observations
from tests.store.cube import load, series_rows

BEFORE = ("SN F 2020 1", "SN F 2021 2", "SN M 2020 3")
AFTER = ("SN F 2020 9", "SN F 2021 2", "SN M 2021 4")
POINTS: dict[str, tuple[object, str, bool]] = {
    # where it dies: the module, the function, and whether after it rather than before
    "rows spooled": (staging, "write_incoming", True),
    "log written": (staging.Workshop, "_write_log", True),
    "segment written": (writing, "_create_base", True),
    "file not flushed": (files, "flush", False),
    "file not renamed": (files, "rename", False),
    "file renamed": (files, "rename", True),
    "staged": (staging.Workshop, "stage_views", True),
    "release begun": (releases, "check_lease", True),
    "manifest half written": (releases, "add_chain", True),
    "not committed": (releases, "_audit", True),
    "released": (Observations, "release", True),
}


def _dying(function: Callable[..., object], *, after: bool) -> Callable[..., object]:
    @functools.wraps(function)
    def die(*args: object, **more: object) -> object:
        if after:
            function(*args, **more)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    return die


def crash(url: str, root: str, point: str, small: int) -> None:
    """Load, and die at ``point``."""
    owner, name, after = POINTS[point]
    setattr(owner, name, _dying(getattr(owner, name), after=after))
    staging.MOST_CHANGED = 1000
    observations = Observations(open_database(url), Path(root), small=small, threads=1)
    rows = series_rows(*AFTER)
    load(observations, {"internal": rows, "public": rows}, at=2)
