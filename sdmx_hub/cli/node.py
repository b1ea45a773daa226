"""A process that does jobs somebody else hands out: the hub it holds open, and the one function that is called.

``do`` is all that travels, by its name, with three short texts; the hub it works on is that of the process it is called
in. A process that did not open one itself (a worker started by Dask's own command) opens the one that its environment
names, as every command does: SDMX_HUB_HOME, SDMX_HUB_CONFIG and the settings.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path

from sdmx_hub.cli.context import HubContext
from sdmx_hub.cli.harvest_report import make_parts
from sdmx_hub.config import Settings, read_settings
from sdmx_hub.errors import ConfigurationError
from sdmx_hub.jobs.doer import Doer
from sdmx_hub.jobs.job import Job

_opened: dict[str, Doer] = {}


def do(kind: str, subject: str, version: str) -> dict[str, object]:
    """Do a job with the hub of this process."""
    doer = _opened.get("hub") or _open_named()
    return doer.do(Job(kind, subject, version)).as_json()


def open_node(hub: HubContext, closing: threading.Event, name: str = "") -> Doer:
    """Make ``hub`` the one of this process."""
    doer = Doer(make_parts(hub), closing=closing, name=name)
    _opened["hub"] = doer
    return doer


def begin(told: Connection, home: Path, settings: Settings) -> None:
    """Open the hub in a process beside a scheduler; signals are the scheduler's, which tells it when to close.

    ``told`` ends then, and when the scheduler was killed; in that case the process leaves as soon as its job has ended.
    """
    closing = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    doer = open_node(HubContext(home=home, settings=settings), closing)

    def listen() -> None:
        told.poll(None)
        closing.set()
        parent = parent_process()
        if parent is not None and not parent.is_alive():
            with doer.idle():
                os._exit(1)

    threading.Thread(target=listen, daemon=True).start()


@functools.cache
def _open_named() -> Doer:
    named = os.environ.get("SDMX_HUB_HOME")
    if not named:
        raise ConfigurationError("home-missing", home="SDMX_HUB_HOME")
    home = Path(named)
    config = os.environ.get("SDMX_HUB_CONFIG")
    default = home / "hub.toml"
    settings = read_settings(Path(config) if config else (default if default.is_file() else None))
    return open_node(HubContext(home=home, settings=settings), threading.Event())
