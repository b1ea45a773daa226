"""``sdmx-hub worker``: a process that only works off runs, beside any number of others."""

from __future__ import annotations

import socket
import threading
from typing import Any

import click

from sdmx_hub.cli.context import HubContext, json_option, pass_hub, tell
from sdmx_hub.cli.harvest_report import make_parts
from sdmx_hub.cli.scheduler import close_on_signal, report_runs
from sdmx_hub.errors import BadRequest
from sdmx_hub.harvest.parts import worker_name
from sdmx_hub.harvest.presence import Present
from sdmx_hub.harvest.standing import Standing, check_shared
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.language import sentence
from sdmx_hub.store.run_rows import Run
from sdmx_hub.store.workers import Workers

_LONGEST_NAME = 100


@click.command()
@click.option("--once", is_flag=True, help="Work off what is due now, then leave.")
@click.option("--name", default="", help="What the ledger calls this worker; machine, process and thread unless told.")
@json_option
@pass_hub
def worker(hub: HubContext, *, once: bool, name: str, as_json: bool) -> None:
    r"""Work off the runs that a scheduler has queued, one at a time, until stopped.

    Any number of workers may run, each run is worked off by one of them. On several machines they need a database in
    PostgreSQL and a home (observations, raw bytes, mappings) that all of them see at the same path; with SQLite they
    must be on one machine. Their clocks must agree to within seconds. SIGINT and SIGTERM stop a worker; the run it
    holds goes back to the queue. Let one scheduler queue: sdmx-hub scheduler --timer-only.

    \b
    Examples:
      sdmx-hub --home office worker
      sdmx-hub --home office worker --once --json
      sdmx-hub --home office worker --name east-2
    """
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise BadRequest("worker-name", most=_LONGEST_NAME)
    closing = threading.Event()
    mine = Worker(parts=make_parts(hub), closing=closing, name=name or worker_name())
    check_shared(mine, socket.gethostname())
    if once:
        report_runs(hub, {}, mine.work_off(), as_json=as_json)
    close_on_signal(closing)
    with Present(Workers(hub.database), mine.name, "worker", mine.parts.clock):
        tell(sentence("worker-started", hub.language, name=mine.name))
        Standing(worker=mine, tell=lambda run: _tell(hub, run)).run_forever()


def _tell(hub: HubContext, run: Run) -> Any:
    tell(f"{run.source} {run.flow} {run.state.value}: {run.outcome.verdict.text(hub.language)}")
