"""Backups and restores that kill their own process at a named point."""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable
from pathlib import Path

from sdmx_hub.store.backup import restoring, targets
from tests.store.backed_up import back_up as write
from tests.store.backed_up import make_hub, restore

POINTS: dict[str, tuple[object, str, bool]] = {
    # where it dies: the module, the function, and whether after it rather than before
    "tables made": (restoring, "load_control", True),
    "moved aside": (restoring, "_move_aside", True),
    "moved in": (restoring, "_move_in", True),
    "settings not in place": (restoring, "_open_up", False),
}


def die_at(owner: object, name: str, *, after: bool) -> None:
    """Let a function kill the process."""
    function: Callable[..., object] = getattr(owner, name)

    @functools.wraps(function)
    def die(*args: object, **more: object) -> object:
        if after:
            function(*args, **more)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    setattr(owner, name, die)


def killed_restore(source: str, home: str, url: str, point: str) -> None:
    """Restore over what is there, and die at ``point``."""
    owner, name, after = POINTS[point]
    die_at(owner, name, after=after)
    restore(Path(source), Path(home), url, replaces=True)


def killed_backup(home: str, target: str) -> None:
    """Back up a new hub, and die before it is one."""
    hub = make_hub(Path(home))
    write(hub, Path(target))
    hub.publish([])
    die_at(targets.Folder, "finish", after=False)
    write(hub, Path(target))
