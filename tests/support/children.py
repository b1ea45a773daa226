"""Processes of tests: children of one that has imported what they need, so that they start soon."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["sdmx_hub.cli.load", "tests.acceptance.dying", "tests.store.crashing"])
SECONDS = 60


def run_child(function: Callable[..., object], *arguments: object) -> int | None:
    """Run a function of a module in a process of its own; gives how that ended: minus the signal that killed it."""
    child = CONTEXT.Process(target=function, args=arguments)
    child.start()
    child.join(SECONDS)
    ended = child.exitcode
    child.kill()
    child.join()
    child.close()
    return ended
