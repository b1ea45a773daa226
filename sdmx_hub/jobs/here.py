"""Jobs done on this machine: in threads of this process, or in processes beside it."""

from __future__ import annotations

import logging
import multiprocessing
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from sdmx_hub.jobs.job import FAILED, KEEPING, LOST, VISITS, Condition, Planned, Result, read_result
from sdmx_hub.jobs.runner import Do

log = logging.getLogger(__name__)


class Threads:
    """Threads of this process: one for visits and one for everything else, so that neither waits for the other."""

    where = ""

    def __init__(self, do: Do, closing: threading.Event) -> None:
        self._do, self._closing = do, closing
        self._ended = threading.Event()
        self._futures: dict[str, Future[dict[str, object]]] = {}
        self._lanes = self._make_lanes()

    def _make_lanes(self) -> Mapping[str, Executor]:
        return {lane: ThreadPoolExecutor(1, thread_name_prefix=lane) for lane in (VISITS, KEEPING)}

    def connect(self, seconds: float) -> None:
        """Nothing has to be waited for."""

    def is_ready(self) -> bool:
        """Always."""
        return not self._closing.is_set()

    def submit(self, planned: Planned) -> bool:
        """Have a job done in its lane, after those before it."""
        job = planned.job
        try:
            future = self._lanes[planned.lane].submit(self._do, job.kind, job.subject, job.version)
        except BrokenProcessPool:  # a process died; what it did is found in the control database
            self._lanes = self._make_lanes()
            future = self._lanes[planned.lane].submit(self._do, job.kind, job.subject, job.version)
        self._futures[job.key] = future
        future.add_done_callback(lambda _: self._ended.set())
        return True

    def collect(self) -> Sequence[tuple[str, Result]]:
        """Give the jobs that ended."""
        self._ended.clear()
        ended = [key for key, future in self._futures.items() if future.done()]
        return [(key, _result(key, self._futures.pop(key))) for key in ended]

    def wait(self, seconds: float) -> None:
        """Wait until a job has ended."""
        self._ended.wait(seconds)

    def condition(self) -> Condition:
        """Nothing can be wrong that this process would live to tell."""
        return Condition(where=self.where)

    def close(self) -> None:
        """Let what is under way end its step, and forget the rest."""
        self._closing.set()
        for lane in {id(lane): lane for lane in self._lanes.values()}.values():
            lane.shutdown(wait=True, cancel_futures=True)


class Processes(Threads):
    """Processes beside this one, each with the hub open; ``begin`` opens it there and is given when to close."""

    def __init__(self, do: Do, closing: threading.Event, count: int, begin: Callable[..., None], *given: Any) -> None:
        self._count, self._begin, self._given = count, begin, given
        self._context = multiprocessing.get_context("spawn")
        self._listens, self._tells = self._context.Pipe(
            duplex=False
        )  # closed, it tells them all, and so does our death
        self.where = f"processes:{count}"
        super().__init__(do, closing)

    def _make_lanes(self) -> Mapping[str, Executor]:
        given = (self._listens, *self._given)
        pool = ProcessPoolExecutor(self._count, mp_context=self._context, initializer=self._begin, initargs=given)
        return dict.fromkeys((VISITS, KEEPING), pool)

    def close(self) -> None:
        """Tell the processes to end their step, and wait for them."""
        self._tells.close()
        super().close()
        self._listens.close()


def _result(key: str, future: Future[dict[str, object]]) -> Result:
    if future.cancelled():
        return Result(key=key, state=LOST)
    error = future.exception()
    if isinstance(error, BrokenProcessPool):
        return Result(key=key, state=LOST)
    if error is not None:
        log.error("%s", key, exc_info=error)
        return Result(key=key, state=FAILED, told=(f"{type(error).__name__}: {error}"[:300],))
    return read_result(future.result())
