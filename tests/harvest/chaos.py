"""A partner in trouble: a real hub behind a server that spoils its answers, and the hub that harvests it.

What the partner truly holds is known at every moment, so that whatever the harvesting hub says can be held against it.
Time is virtual; the connection between the two is a real one, on loopback.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import email.utils
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sdmx_hub.harvest.lease import Hold
from sdmx_hub.harvest.parts import Parts
from sdmx_hub.harvest.schedule import queue_due
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.store.decisions import approve
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.run_rows import GOOD, OPEN, Outcome, Run, State
from sdmx_hub.web.app import create_app
from tests.harvest.hubs import Hub, Row, observation
from tests.harvest.partner import Partner, Reply, Seen, run_partner
from tests.harvest.virtual import VirtualTime

CSV = "application/vnd.sdmx.data+csv;version=2.0.0"
JSON = "application/vnd.sdmx.data+json;version=2.0.0"
XML = "application/vnd.sdmx.data+xml;version=3.0.0"
HOUR = 3600.0
LEASE = dt.timedelta(minutes=1)
LIMITS = (
    "{tries: 2, seconds: 2, idle_seconds: 1, connect_seconds: 2, bytes: 300000, unpacked_bytes: 3000000, ratio: 100,"
    " most_deleted_percent: 50, breaker: 0}"
)
_PASSED_ON = ("Content-Type", "ETag", "Last-Modified", "Retry-After")


class Crash(BaseException):
    """The worker is gone: nothing below may catch this."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request, and the answers an honest partner has for it."""

    world: World
    seen: Seen
    good: Reply
    number: int
    """How many such requests the fault has seen before this one."""

    @property
    def is_delta(self) -> bool:
        return "updatedAfter" in self.seen.path

    def whole(self, accept: str = CSV) -> Reply:
        """The whole flow, whatever was asked."""
        return self.world.honest(self.seen.path.partition("?")[0], {"Accept": accept})

    def since(self, moment: dt.datetime) -> Reply:
        """What has changed since a moment, whatever was asked."""
        path = self.seen.path.partition("?")[0]
        written = moment.strftime("%Y-%m-%dT%H%%3A%M%%3A%SZ")
        return self.world.honest(f"{path}?updatedAfter={written}", {"Accept": CSV})

    @property
    def earlier(self) -> Reply:
        """The whole flow as it was before the partner's last change."""
        return self.world.earlier


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What a partner does wrong, and how the run may end.

    ``lies`` marks what no receiver can tell from the truth; ``slow`` what costs seconds of real waiting; ``at`` the
    kind of request that is spoilt; ``mechanism`` the one it is shown with.
    """

    name: str
    spoil: Callable[[Asked], Reply]
    states: frozenset[State]
    verdicts: frozenset[str]
    at: str = "data"
    mechanism: str = "pull"
    lies: bool = False
    slow: bool = False


@dataclass
class World:
    """The two hubs, the line between them, and what is wrong with it."""

    time: VirtualTime
    theirs: Hub
    ours: Hub
    partner: Partner
    fault: Fault | None = None
    count: int = 0
    earlier: Reply = field(default_factory=Reply)
    used: str = ""
    spoilt: int = 0

    def __post_init__(self) -> None:
        theirs = self.theirs
        app = create_app(
            database=theirs.database,
            registry=theirs.registry,
            observations=theirs.observations,
            settings=theirs.settings,
            now=theirs.time.now,
        )
        self._client = app.test_client()
        self.partner.live = self._answer

    def honest(self, path: str, headers: dict[str, str]) -> Reply:
        """What the partner's hub answers."""
        answer = self._client.get(path, headers=headers)
        kept = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
        date = email.utils.format_datetime(self.time.now().replace(microsecond=0), usegmt=True)
        body = b"" if answer.status_code == 304 else answer.data
        return Reply(answer.status_code, body, {**kept, "Date": date})

    def _answer(self, seen: Seen) -> Reply:
        names = {"accept": "Accept", "if-none-match": "If-None-Match", "if-modified-since": "If-Modified-Since"}
        good = self.honest(seen.path, {name: seen.headers[key] for key, name in names.items() if key in seen.headers})
        fault = self.fault
        if fault is None or (fault.at != "all" and f"/{fault.at}/" not in seen.path):
            return good
        asked = Asked(world=self, seen=seen, good=good, number=self.spoilt)
        self.spoilt += 1
        return fault.spoil(asked)

    def use(self, mechanism: str, *, days: int = 1, full_every: int = 2) -> None:
        """Describe the partner to our hub; another description (by ``days``) asks for everything again."""
        wanted = f"{mechanism} {days} {full_every}"
        if self.used == wanted:
            return
        self.ours.add_source(
            f"{self.partner.url}/sdmx/v2",
            mechanism=mechanism,
            full_every=full_every,
            limits=LIMITS,
            due=f"{{days_after_period: {days}}}",
        )
        self.used = wanted

    def publish(self, rows: list[Row]) -> None:
        """Let the partner hold these rows."""
        self.earlier = self.honest("/sdmx/v2/data/dataflow/TEST/DF/1.0.0/*", {"Accept": CSV})
        self.theirs.publish(rows)

    def change(self) -> None:
        """Let the partner revise one observation, add one and delete one."""
        self.count += 1
        self.publish(rows_of(self.count))

    @property
    def truth(self) -> list[Row]:
        """What the partner holds now."""
        return self.theirs.held()

    def slot(self, crash: str | None = None) -> list[Run]:
        """Let the next slot come, and work it off as the scheduler does; gives the runs that ended.

        The worker dies at ``crash``: at a step of the run, instead of its release, or before it writes down the end.
        """
        self.time.at = self.time.at.replace(minute=5, second=0, microsecond=0) + dt.timedelta(hours=1)
        parts = replace(self.ours.parts(), lease=LEASE)
        queue_due(parts.sources, parts.runs, now=self.time.now())
        worker = _Mortal(parts=_mortal(parts, crash), name="worker", dies=crash == "finish")
        ended: list[Run] = []
        with contextlib.suppress(Crash):
            ended = worker.work_off()
        self.time.pass_by(2 * LEASE.total_seconds())
        return ended

    @property
    def open_runs(self) -> tuple[Run, ...]:
        return self.ours.runs.select(states=OPEN)

    def settle(self) -> bool:
        """Two slots without faults: tell whether our hub then holds what the partner holds."""
        self.fault = None
        for _ in range(2):
            if self.ours.held() == self.truth and not self.open_runs:
                return True
            self.slot()
        return self.ours.held() == self.truth and not self.open_runs

    def approve(self, finding: str) -> bool:
        """Let a person approve the last run, if this doubt holds it; then tell what ``settle`` does."""
        last = self.ours.runs.select(limit=1)[0]
        if last.state is not State.HELD or last.outcome.verdict.key != finding:
            return False
        approve(self.ours.database, last.id, actor="person:ana", now=self.time.now(), reason="the partner was asked")
        return self.settle()


@dataclass(frozen=True, kw_only=True)
class _Mortal(Worker):
    """A worker that may die when the work is done and not yet written down."""

    dies: bool = False

    def _outcome(self, run: Run, hold: Hold) -> Outcome:
        outcome = super()._outcome(run, hold)
        if self.dies:
            raise Crash
        return outcome


class _NoRelease:
    """Observations of a worker that dies when it is about to release."""

    def __init__(self, observations: Observations) -> None:
        self._observations = observations

    def __getattr__(self, name: str) -> Any:
        return getattr(self._observations, name)

    def release(self, *_: object, **__: object) -> None:
        raise Crash


def _mortal(parts: Parts, crash: str | None) -> Parts:
    def step(key: str) -> None:
        if key == crash:
            raise Crash

    if crash == "release":
        return replace(parts, observations=_NoRelease(parts.observations))  # type: ignore[arg-type]
    return replace(parts, step=step)


def rows_of(count: int) -> list[Row]:
    """The partner's observations after so many changes."""
    fixed = [observation("SEN", str(year), f"{year - 2000}.50", COMMENT="été") for year in range(2010, 2020)]
    revised = observation("SEN", "2020", str(1000 + count), status="E", COMMENT="révisé")
    moving = observation("MLI", str(2000 + count % 20), str(count), sex="M")
    return [*fixed, revised, moving]


@contextmanager
def run_world(folder: Path) -> Iterator[World]:
    """Run the two hubs until the block is left."""
    time = VirtualTime()
    with ExitStack() as stack:
        hubs = [Hub(folder / name, time) for name in ("theirs", "ours")]
        for hub in hubs:
            stack.callback(hub.close)
        partner = stack.enter_context(run_partner())
        world = World(time, *hubs, partner)
        world.change()
        yield world


def is_good(run: Run) -> bool:
    """Tell whether a run calls itself a success."""
    return run.state in GOOD
