"""Jobs done on a Dask cluster: the only module that knows ``distributed``.

Dask decides which worker does a job, and finds another when one is gone; that a job is done once is none of its
business. A worker holds the hub open and offers *resources* named after it, one for each lane, so that the jobs of a
hub go to workers of that hub alone, and each has one visit and one other job at a time, whoever else is on the cluster.
What a cluster forgets is found in the control database and asked for again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dask.config
import distributed
from distributed import Client, Future, Scheduler, Security, Worker

from sdmx_hub.errors import TryAgain
from sdmx_hub.harvest.clock import utc_now
from sdmx_hub.jobs.address import Place, is_loopback
from sdmx_hub.jobs.job import FAILED, KEEPING, LOST, VISITS, Condition, Planned, Result, read_result
from sdmx_hub.jobs.runner import Do
from sdmx_hub.store.run_rows import short_instant

CONNECT_SECONDS = 5.0
FIRST_WAIT, LONGEST_WAIT = 2.0, 120.0
"""How long a cluster that does not answer is left before it is tried again, at first and at most."""
LOOK_SECONDS = 5.0
"""How often it is asked whether it has workers."""
LOOPBACK = "127.0.0.1:0"
log = logging.getLogger(__name__)
QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.tick.limit": "10s",
    "distributed.admin.system-monitor.interval": "10s",
}
"""Dask looks at its own stack a hundred times a second, to show it on a page nobody opens here."""
dask.config.set(QUIET)
logging.getLogger("distributed").setLevel(logging.WARNING)  # it tells of every connection
logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what it says, this module says in a sentence


def resource_of(hub: int) -> str:
    """What workers of a hub offer, and its jobs want, in front of the lane."""
    return f"sdmx-hub-{hub}"


def resources_of(hub: int) -> dict[str, float]:
    """What a worker of a hub offers."""
    return {f"{resource_of(hub)}-{lane}": 1 for lane in (VISITS, KEEPING)}


def _security(place: Place) -> Security | None:
    """Certificates both ways: who has none of the same authority is not talked to."""
    if place.tls is None:
        return None
    mine = (place.tls.certificate_file, place.tls.key_file)
    roles = ("scheduler", "worker", "client")
    pairs = {f"tls_{role}_{name}": file for role in roles for name, file in zip(("cert", "key"), mine, strict=True)}
    return Security(tls_ca_file=place.tls.ca_file, require_encryption=True, **pairs)


class Cluster:
    """Jobs done by the workers of a Dask cluster. A thread of its own keeps the connection; nobody waits for it."""

    def __init__(self, place: Place, do: Do, *, hub: int) -> None:
        self._place, self._do, self._resource = place, do, resource_of(hub)
        self._client: Client | None = None
        self._futures: dict[str, Future[Any]] = {}
        self._lost: list[str] = []
        self._lock = threading.Lock()
        self._ended, self._leaving = threading.Event(), threading.Event()
        params = {"address": place.cluster, "why": "-"}
        self._condition = Condition(where=place.cluster, trouble="jobs-connecting", params=params, since=_now())
        self._thread = threading.Thread(target=self._keep, name="jobs", daemon=True)
        self._thread.start()

    def is_ready(self) -> bool:
        """Tell whether the cluster answers."""
        client = self._client
        return client is not None and client.status == "running"

    def submit(self, planned: Planned) -> bool:
        """Hand a job to the cluster; False while there is none."""
        job = planned.job
        with self._lock:
            if self._client is None or not self.is_ready():
                return False
            future = self._client.submit(
                self._do,
                job.kind,
                job.subject,
                job.version,
                key=f"{self._resource}-{job.key}",
                pure=False,
                priority=int(planned.lane == KEEPING),
                resources={f"{self._resource}-{planned.lane}": 1},
            )
            self._futures[job.key] = future
        future.add_done_callback(lambda _: self._ended.set())
        return True

    def collect(self) -> Sequence[tuple[str, Result]]:
        """Give the jobs that ended, and those that were lost with the connection."""
        self._ended.clear()
        with self._lock:
            lost, self._lost = self._lost, []
            ended = [(key, future) for key, future in self._futures.items() if future.status != "pending"]
            for key, _ in ended:
                del self._futures[key]
        gone = [(key, Result(key=key, state=LOST)) for key in lost]
        return [*gone, *((key, _result(key, future)) for key, future in ended)]

    def wait(self, seconds: float) -> None:
        """Wait until a job has ended."""
        self._ended.wait(seconds)

    def condition(self) -> Condition:
        """Tell whether the cluster answers, and whether it has workers for this hub."""
        return self._condition

    def connect(self, seconds: float) -> None:
        """Wait until the cluster answers. Raises TryAgain when it does not."""
        until = time.monotonic() + seconds
        while self._client is None:
            if time.monotonic() > until:
                raise TryAgain("jobs-away", **self._condition.params)
            self._leaving.wait(0.05)

    def close(self) -> None:
        """Leave; what workers hold they go on with, under the lease of the run."""
        self._leaving.set()
        self._thread.join()
        with self._lock:
            self._drop()

    def _keep(self) -> None:
        """Connect, look after the connection, and connect again, waiting longer each time it cannot be had."""
        wait = FIRST_WAIT
        while not self._leaving.is_set():
            try:
                client = Client(
                    self._place.cluster,
                    timeout=CONNECT_SECONDS,
                    security=_security(self._place),
                    set_as_default=False,
                    name="sdmx-hub",
                )
            except (OSError, ValueError) as error:
                self._note("jobs-away", address=self._place.cluster, why=_told(error))
                self._leaving.wait(wait)
                wait = min(wait * 2, LONGEST_WAIT)
                continue
            wait = FIRST_WAIT
            with self._lock:
                self._client = client
            self._look_after(client)
            with self._lock:
                self._drop()

    def _look_after(self, client: Client) -> None:
        while not self._leaving.is_set() and client.status == "running":
            try:
                count = len(workers_of(client, self._resource))
            except (OSError, TimeoutError) as error:
                log.warning("jobs: %s", _told(error))
                return
            self._note("" if count else "jobs-no-workers", workers=count, address=self._place.cluster)
            for _ in range(int(LOOK_SECONDS / 0.25)):
                if client.status != "running" or self._leaving.wait(0.25):
                    return

    def _note(self, trouble: str, *, workers: int | None = None, **params: Any) -> None:
        if trouble != self._condition.trouble:
            if trouble:
                log.warning("jobs: %s", TryAgain(trouble, **params))
            else:
                log.info("jobs: %s answers again", self._place.cluster)
        since = self._condition.since if trouble == self._condition.trouble else _now()
        self._condition = Condition(
            where=self._place.cluster, trouble=trouble, params=params, since=since, workers=workers
        )

    def _drop(self) -> None:
        """Let the connection go; whoever asked is told that what was asked for is lost."""
        self._lost += list(self._futures)
        self._futures.clear()
        if self._client is not None:
            self._client.close(timeout=1)
            self._client = None
        self._ended.set()


def _now() -> str:
    return short_instant(utc_now())


def _told(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _result(key: str, future: Future[Any]) -> Result:
    """How a job ended that is no longer pending."""
    if future.status == "finished":
        try:
            return read_result(future.result(timeout=CONNECT_SECONDS))
        except (OSError, TimeoutError, distributed.CancelledError):  # lost between its end and here
            return Result(key=key, state=LOST)
    if future.status == "error":
        return Result(key=key, state=FAILED, told=(_told(future.exception(timeout=CONNECT_SECONDS)),))
    return Result(key=key, state=LOST)


def workers_of(client: Client, resource: str) -> list[dict[str, Any]]:
    """The workers that offer a resource, as the cluster tells of them."""
    found = client.scheduler_info(n_workers=-1)["workers"].values()
    return [one for one in found if f"{resource}-{VISITS}" in one.get("resources", {})]


def read_cluster(place: Place, hub: int) -> dict[str, Any]:
    """Read who is on a cluster for a hub and what each does. Raises TryAgain when it does not answer."""
    resource = resource_of(hub)
    try:
        with Client(place.cluster, timeout=CONNECT_SECONDS, security=_security(place), set_as_default=False) as client:
            doing = client.processing()
            return {
                "resource": resource,
                "workers": [
                    {
                        "name": str(one["name"]),
                        "address": address,
                        "jobs": [str(key).removeprefix(f"{resource}-") for key in doing.get(address, ())],
                    }
                    for address, one in client.scheduler_info(n_workers=-1)["workers"].items()
                    if f"{resource}-{VISITS}" in one.get("resources", {})
                ],
            }
    except (OSError, ValueError) as error:
        raise TryAgain("jobs-away", address=place.cluster, why=_told(error)) from error


@contextlib.contextmanager
def _scratch() -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="sdmx-hub-jobs-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, kw_only=True)
class Member:
    """A worker of a cluster: which one, for which hub, and what it is called there.

    It listens at ``host``: unless told otherwise at loopback for a cluster of this machine, else at the address by
    which this machine reaches the cluster.
    """

    place: Place
    hub: int
    name: str
    host: str = ""

    def make(self, folder: str) -> Worker:
        """Make it, with ``folder`` for what Dask puts aside."""
        return Worker(
            self.place.cluster,
            nthreads=2,
            name=self.name,
            host=self.host or ("127.0.0.1" if is_loopback(self.place.host) else None),
            resources=resources_of(self.hub),
            security=_security(self.place),
            dashboard_address=LOOPBACK,
            memory_limit=0,
            local_directory=folder,
        )


def run_worker(member: Member, closing: threading.Event) -> None:
    """Do jobs of a cluster until a signal comes; one that is away is waited for.

    ``closing`` is set then, for what is under way, which ends its step.
    """
    with _scratch() as folder:
        asyncio.run(_work(member, closing, folder))


async def _work(member: Member, closing: threading.Event, folder: str) -> None:
    told = _closed_by_signal(closing)
    while not told.is_set():
        await _until_over(member.make(folder), told)
        if not told.is_set():
            _tell_away(member.name, member.place.cluster)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(told.wait(), FIRST_WAIT)


async def _until_over(worker: Worker, told: asyncio.Event) -> None:
    """Keep a worker until it is told to leave or its cluster goes; it begins by waiting for the cluster."""
    begun = asyncio.ensure_future(worker.start())
    leave = asyncio.ensure_future(told.wait())
    try:
        done, _ = await asyncio.wait({begun, leave}, return_when=asyncio.FIRST_COMPLETED, timeout=CONNECT_SECONDS)
        if not done:
            _tell_away(worker.name, worker.scheduler.address)
            await asyncio.wait({begun, leave}, return_when=asyncio.FIRST_COMPLETED)
        if begun.done() and begun.exception() is not None:
            log.warning("%s", begun.exception())
        elif begun.done():
            over = asyncio.ensure_future(worker.finished())
            await asyncio.wait({over, leave}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leave.cancel()
        begun.cancel()
        await asyncio.gather(leave, begun, return_exceptions=True)
        await worker.close()


def _tell_away(name: object, address: str) -> None:
    log.warning("worker %s: %s", name, TryAgain("jobs-away", address=address, why="-"))


def _closed_by_signal(closing: threading.Event) -> asyncio.Event:
    """Set both events when a signal comes: the one work asks at each step, and the one the loop waits for."""
    told, loop = asyncio.Event(), asyncio.get_running_loop()

    def close() -> None:
        closing.set()
        told.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, close)
    return told


def run_scheduler(place: Place, *, host: str, begun: Callable[[str], None]) -> None:
    """Run the scheduler of a cluster until a signal comes: it hands jobs to workers and knows nothing of them."""
    asyncio.run(_schedule(place, host, begun))


async def _schedule(place: Place, host: str, begun: Callable[[str], None]) -> None:
    told = _closed_by_signal(threading.Event())
    scheme = "tls" if place.tls else "tcp"
    async with Scheduler(
        host=f"{scheme}://{host}",
        port=place.port,
        security=_security(place),
        dashboard_address=LOOPBACK,
        dashboard=False,
    ) as scheduler:
        begun(scheduler.address)
        await told.wait()
