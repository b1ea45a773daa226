"""``sdmx-hub scheduler``: the process that makes due slots into runs and works them off."""

from __future__ import annotations

import datetime as dt
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

import click

from sdmx_hub.cli.context import DONE, FAILED, PARTIAL, HubContext, json_option, pass_hub, show, tell
from sdmx_hub.cli.harvest_report import make_parts
from sdmx_hub.cli.source_health import make_alert_deliverer, make_watch
from sdmx_hub.cli.subscription import make_deliverer
from sdmx_hub.errors import Conflict, TryAgain
from sdmx_hub.harvest.clock import utc_now
from sdmx_hub.harvest.presence import Present
from sdmx_hub.harvest.schedule import Scheduler
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.language import sentence
from sdmx_hub.load.embargo import release_due
from sdmx_hub.load.report import LoadReport
from sdmx_hub.quality.pilot_keeper import PilotKeeper
from sdmx_hub.quality.refresh import MirrorKeeper
from sdmx_hub.store.ledger import run_json
from sdmx_hub.store.run_rows import GOOD, Run
from sdmx_hub.store.workers import Workers

EMBARGO_SECONDS = 45
"""How often embargoes are looked at: more often than ``load.embargo.AHEAD``."""

MIRROR_SECONDS = 30
"""How often the two sides of corridors are looked at."""

PILOT_SECONDS = 15
"""How often pilots are looked at."""

NOTIFY_SECONDS = 5
"""How often notifications are looked at."""

WATCH_SECONDS = 20
"""How often the health of sources is looked at."""


@click.command()
@click.option("--once", is_flag=True, help="Queue and work off what is due now, then leave.")
@click.option("--timer-only", is_flag=True, help="Queue, and leave the visits to workers.")
@json_option
@pass_hub
def scheduler(hub: HubContext, *, once: bool, timer_only: bool, as_json: bool) -> None:
    r"""Visit partners when their slots are due, and release what embargoes held back, until stopped.

    Also delivers the notifications of subscriptions and the alerts on the health of sources, and publishes the mirror
    comparison and the indicators of pilots anew when what they are made of has changed. SIGINT and SIGTERM stop it.

    Any number of schedulers may run on one database: each slot is worked off once. A run under way when the scheduler
    is stopped goes back to the queue. With --timer-only it visits nobody: see sdmx-hub worker.

    \b
    Examples:
      sdmx-hub --home office scheduler
      sdmx-hub --home office scheduler --once --json
    """
    closing = threading.Event()
    worker = Worker(parts=make_parts(hub), closing=closing)
    most = 0 if timer_only else None
    done: list[Run] = []

    def work() -> None:
        for run in worker.work_off(most=most):
            done.append(run)
            tell(f"{run.source} {run.flow} {run.state.value}: {run.outcome.verdict.text(hub.language)}")
        if not once:
            done.clear()
        end_embargoes()
        mirror()
        measure()
        notify()
        watch()

    end_embargoes = _every(EMBARGO_SECONDS, lambda: _release_due(hub))
    keeper = MirrorKeeper(hub.database, hub.registry, hub.observations)
    mirror = _every(MIRROR_SECONDS, lambda: _compare(hub, keeper))
    pilots = PilotKeeper(hub.database, hub.registry, hub.observations)
    measure = _every(PILOT_SECONDS, lambda: _measure(hub, pilots))
    notify = _every(NOTIFY_SECONDS, lambda: _notify(hub))
    watch = _every(WATCH_SECONDS, lambda: _watch(hub))
    process = Scheduler(
        sources=worker.parts.sources,
        runs=worker.parts.runs,
        work=work,
        closing=closing,
    )
    if once:
        queued = process.run_once()
        report_runs(hub, {"queued": [run.id for run in queued]}, done, as_json=as_json)
    close_on_signal(closing)
    with Present(Workers(hub.database), worker.name, "scheduler", worker.parts.clock):
        tell(sentence("scheduler-started", hub.language))
        process.run_forever()


def _every(seconds: float, act: Callable[[], None]) -> Callable[[], None]:
    """Make ``act`` something that may be called all the time and happens once in ``seconds``."""
    last = -seconds

    def now_and_then() -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            act()

    return now_and_then


def _release_due(hub: HubContext) -> None:
    """Release what embargoes held back; a dataflow that somebody else is loading waits for the next time."""
    try:
        release_due(hub.observations, hub.registry.snapshot(), actor="scheduler", now=dt.datetime.now(dt.UTC))
    except (TryAgain, Conflict) as refusal:
        tell(refusal.text(hub.language))


def _compare(hub: HubContext, keeper: MirrorKeeper) -> None:
    """Publish the mirror comparison when either side has changed."""
    _publish(hub, lambda now: [report for report in (keeper.refresh(now),) if report is not None], "mirror-released")


def _measure(hub: HubContext, keeper: PilotKeeper) -> None:
    """Publish the indicators of pilots when anything has changed."""
    _publish(hub, keeper.refresh, "pilot-released")


def _publish(hub: HubContext, refresh: Callable[[dt.datetime], Iterable[LoadReport]], key: str) -> None:
    """Publish what the hub measured, and tell each release; what is refused waits for the next time."""
    try:
        reports = refresh(dt.datetime.now(dt.UTC))
    except (TryAgain, Conflict) as refusal:
        tell(refusal.text(hub.language))
        return
    for report in reports:
        if report.release_id is not None:
            counts = {name: getattr(report, name) for name in ("added", "revised", "deleted", "unchanged")}
            tell(sentence(key, hub.language, **counts))


def _watch(hub: HubContext) -> None:
    """Look at the health of the sources, and deliver the alerts that are due."""
    make_watch(hub).look(now=utc_now())
    deliverer = make_alert_deliverer(hub)
    deliverer.deliver_due(utc_now)
    deliverer.alerts.forget(now=utc_now())


def _notify(hub: HubContext) -> None:
    """Deliver the notifications that are due, and forget those that ended long ago."""
    deliverer = make_deliverer(hub)
    deliverer.deliver_due(utc_now)
    deliverer.outbox.forget(now=utc_now())


def close_on_signal(closing: threading.Event) -> None:
    """Let SIGINT and SIGTERM end the work between two steps."""

    def close(*_: Any) -> None:
        closing.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, close)


def report_runs(hub: HubContext, more: Mapping[str, Any], done: list[Run], *, as_json: bool) -> NoReturn:
    """Show what became of the runs and leave by the exit code that tells."""
    answer: dict[str, Any] = {**more, "runs": [run_json(run, hub.language) for run in done]}
    show(answer, as_json=as_json, text=lambda: "\n".join(f"{run['id']} {run['verdict']}" for run in answer["runs"]))
    bad = sum(run.state not in GOOD for run in done)
    sys.exit(DONE if not bad else FAILED if bad == len(done) else PARTIAL)
