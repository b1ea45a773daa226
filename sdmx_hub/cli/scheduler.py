"""``sdmx-hub scheduler``: makes due slots into runs, and has them and whatever else is due done."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Mapping
from typing import Any, NoReturn

import click

from sdmx_hub.cli.context import DONE, FAILED, PARTIAL, HubContext, json_option, pass_hub, show, tell
from sdmx_hub.cli.jobs_place import make_runner
from sdmx_hub.cli.source_health import watch
from sdmx_hub.cli.subscription import make_deliverer
from sdmx_hub.harvest.clock import utc_now
from sdmx_hub.harvest.presence import Present
from sdmx_hub.harvest.schedule import LOOK_SECONDS, Scheduler
from sdmx_hub.harvest.standing import Beside
from sdmx_hub.jobs.desk import Desk
from sdmx_hub.jobs.doer import HARVEST
from sdmx_hub.jobs.job import Job, Result
from sdmx_hub.jobs.planner import Planner
from sdmx_hub.language import sentence
from sdmx_hub.store.ledger import run_json
from sdmx_hub.store.run_rows import GOOD, OPEN, Run
from sdmx_hub.store.workers import SCHEDULER, TIMER, Workers

ANSWER_SECONDS = 10.0
"""How long ``--once`` waits for a cluster."""

NOTIFY_SECONDS = 5
"""How often notifications are looked at."""

WATCH_SECONDS = 20
"""How often the health of sources, and of the hub itself, is looked at."""


@click.command()
@click.option("--once", is_flag=True, help="Queue and work off what is due now, then leave.")
@click.option("--timer-only", is_flag=True, help="Queue, and leave the visits to workers.")
@json_option
@pass_hub
def scheduler(hub: HubContext, *, once: bool, timer_only: bool, as_json: bool) -> None:
    r"""Visit partners when their slots are due, and release what embargoes held back, until stopped.

    Also delivers the notifications of subscriptions and the alerts on the health of sources, publishes the mirror
    comparison and the indicators of pilots anew when what they are made of has changed, and folds releases together
    that have become many. SIGINT and SIGTERM stop it.

    Where this is done the setting jobs says: in this process, in processes beside it, or by the workers of a Dask
    cluster. Any number of schedulers may run on one database: each slot is worked off once. A run under way when the
    scheduler is stopped goes back to the queue. With --timer-only it visits nobody: see sdmx-hub worker.

    \b
    Examples:
      sdmx-hub --home office scheduler
      sdmx-hub --home office scheduler --once --json
    """
    closing = threading.Event()
    doer, runner = make_runner(hub, closing)
    parts, done = doer.parts, list[int]()

    def told(job: Job, result: Result) -> None:
        if once and job.kind == HARVEST:
            done.append(int(job.subject))
        for text in result.told:
            tell(text)

    planner = Planner(parts)
    desk = Desk(planner=planner, runner=runner, tell=told)
    plans = (planner.keeping,) if timer_only else (planner.visits, planner.keeping)

    def work() -> None:
        if not once:
            while desk.round(*plans, now=utc_now()) and not closing.is_set():
                runner.wait(LOOK_SECONDS)
            return
        runner.connect(ANSWER_SECONDS)
        for plan in plans:
            desk.run_out(plan, now=utc_now)
        _notify(hub)
        watch(hub)

    process = Scheduler(sources=parts.sources, runs=parts.runs, work=work, closing=closing)

    def note() -> str:
        return json.dumps({"jobs": runner.condition().as_json(), "in_flight": list(desk.flying)}, default=str)

    role = TIMER if once else SCHEDULER
    try:
        with Present(Workers(hub.database), doer.name, role, parts.clock, note=note):
            if once:
                queued = process.run_once()
                runs = [run for run in (parts.runs.get(one) for one in done) if run.state not in OPEN]
                report_runs(hub, {"queued": [run.id for run in queued]}, runs, as_json=as_json)
            close_on_signal(closing)
            tell(sentence("scheduler-started", hub.language))
            with Beside({lambda: _notify(hub): NOTIFY_SECONDS, lambda: watch(hub): WATCH_SECONDS}):
                process.run_forever()
    finally:
        runner.close()


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
