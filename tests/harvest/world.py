"""A world of schedulers and workers in virtual time: one acts at a time, and any of them may die at any moment.

Who acts next, how long it takes and who dies is drawn from one seed, so that a world can be lived through again. Death
is an exception nobody catches: the thread ends where it stands, a transaction it was in is undone, its leases stay.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import heapq
import itertools
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection

from sdmx_hub.harvest.clock import Clock
from sdmx_hub.store.database import Database

Body = Callable[["Actor"], None]


class Killed(BaseException):
    """What a process is told by kill -9, or rather is not."""


@dataclass(frozen=True)
class Mortal(Database):
    """A database in whose transactions one may die: before the commit, or right after it."""

    peril: Callable[[str], None]

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        with super().transaction() as connection:
            yield connection
            self.peril("before a commit")
        self.peril("after a commit")


@dataclass
class World:
    """Time, chance, and everybody in it. ``steps`` are hours at which the clock is set, and what it then is off by."""

    begin: dt.datetime
    seed: int
    database: Database
    steps: tuple[tuple[float, float], ...] = ()
    mortality: float = 0.0
    elapsed: float = 0.0
    deaths: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - a world that can be lived through again
        self.baton = threading.Semaphore(0)
        self.queue: list[tuple[float, int, Actor]] = []
        self.count = itertools.count()
        self.over = False

    def now(self) -> dt.datetime:
        hours = [off for at, off in self.steps if at * 3600 <= self.elapsed]
        return self.begin + dt.timedelta(seconds=self.elapsed, hours=hours[-1] if hours else 0)

    def add(self, name: str, body: Body, *, after: float = 0.0) -> None:
        actor = Actor(self, f"{name}.{next(self.count)}", name, body)
        heapq.heappush(self.queue, (self.elapsed + after, next(self.count), actor))

    def live(self, seconds: float) -> None:
        """Let everybody act in the order of time for so long; who dies is born again a little later."""
        until = self.elapsed + seconds
        while self.queue and self.queue[0][0] <= until:
            wake, _, actor = heapq.heappop(self.queue)
            self.elapsed = max(self.elapsed, wake)
            actor.act()
            self.baton.acquire()
            if actor.error is not None:
                raise actor.error
            if actor.thread.is_alive() and not actor.is_dead:
                heapq.heappush(self.queue, (actor.wake, next(self.count), actor))
            elif actor.is_dead:
                self.add(actor.kind, actor.body, after=self.random.uniform(10, 2400))
        self.elapsed = until

    def end(self) -> None:
        """Everybody dies where they stand."""
        self.over = True
        for _, _, actor in self.queue:
            if actor.thread.ident is not None:
                actor.act()
                self.baton.acquire()
        self.queue.clear()
        self.over = False


class Actor:
    """One process: a thread that acts when it is given the baton, and gives it back when it waits."""

    def __init__(self, world: World, name: str, kind: str, body: Body) -> None:
        self.world, self.name, self.kind, self.body = world, name, kind, body
        self.turn = threading.Semaphore(0)
        self.wake = world.elapsed
        self.is_dead = False
        self.error: Exception | None = None
        self.thread = threading.Thread(target=self._live, name=name, daemon=True)

    @property
    def database(self) -> Mortal:
        return Mortal(self.world.database.engine, self.peril)

    @property
    def clock(self) -> Clock:
        return Clock(now=self.world.now, sleep=self.sleep, chance=lambda: 0.0)

    def act(self) -> None:
        if self.thread.ident is None:
            self.thread.start()
        else:
            self.turn.release()

    def _live(self) -> None:
        try:
            self.body(self)
        except Killed:
            self.is_dead = True
        except Exception as error:  # noqa: BLE001 - raised again by the world, in the thread of the test
            self.error = error
        self.world.baton.release()

    def sleep(self, seconds: float) -> None:
        self.wake = self.world.elapsed + seconds
        self.world.baton.release()
        self.turn.acquire()
        self.peril("in its sleep")

    def peril(self, where: str) -> None:
        """Die here, now and then."""
        if self.world.over:
            raise Killed
        if self.world.random.random() < self.world.mortality:
            self.world.deaths.append(f"{self.kind} {where}")
            raise Killed
