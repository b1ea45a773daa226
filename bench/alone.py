"""Run a measurement in a process of its own, so that its memory and caches are its own."""

from __future__ import annotations

import multiprocessing
import resource
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a measurement returned, and the most memory its process held, in MB."""

    result: Any
    peak_mb: float


def alone(function: Callable[..., Any], *arguments: Any) -> Measured:
    """Call ``function(*arguments)`` in a fresh process. Raises RuntimeError when that process dies."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(there, function, arguments))
    process.start()
    there.close()
    try:
        measured: Measured = here.recv()
    except EOFError as error:
        raise RuntimeError(f"{function.__name__} died") from error
    finally:
        process.join()
    return measured


def _call(pipe: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    result = function(*arguments)
    pipe.send(Measured(result=result, peak_mb=_peak_mb()))


def _peak_mb() -> float:
    """The most memory this program held; ``ru_maxrss`` alone would count what the parent held when it was started."""
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
