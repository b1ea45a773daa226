"""``sdmx-hub worker``: a process that only works off runs, beside any number of others, or jobs of a Dask cluster."""

from __future__ import annotations

import socket
import threading
from typing import Any

import click

from sdmx_hub.cli.context import HubContext, json_option, pass_hub, tell
from sdmx_hub.cli.harvest_report import make_parts
from sdmx_hub.cli.jobs_cluster import import_cluster, require_cluster
from sdmx_hub.cli.node import open_node
from sdmx_hub.cli.scheduler import WATCH_SECONDS, close_on_signal, report_runs
from sdmx_hub.cli.source_health import watch
from sdmx_hub.errors import BadRequest, ConfigurationError
from sdmx_hub.harvest.parts import worker_name
from sdmx_hub.harvest.presence import Present
from sdmx_hub.harvest.standing import Beside, Standing, check_shared
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.jobs.address import Place, is_loopback, parse_place
from sdmx_hub.language import sentence
from sdmx_hub.store.identity import read_identity
from sdmx_hub.store.run_rows import Run
from sdmx_hub.store.workers import WORKER_ROLE, Workers

_LONGEST_NAME = 100


@click.command()
@click.option("--once", is_flag=True, help="Work off what is due now, then leave.")
@click.option("--name", default="", help="What the ledger calls this worker; machine, process and thread unless told.")
@click.option(
    "--dask",
    default="",
    metavar="ADDRESS",
    help="Do jobs of this Dask scheduler; that of the setting jobs unless told.",
)
@click.option("--host", default="", help="Address at which other Dask workers and the scheduler reach this one.")
@json_option
@pass_hub
def worker(hub: HubContext, *, once: bool, name: str, dask: str, host: str, as_json: bool) -> None:
    r"""Work off the runs that a scheduler has queued, one at a time, until stopped.

    Any number of workers may run, each run is worked off by one of them. On several machines they need a database in
    PostgreSQL, observations and raw bytes that all of them see, and the mapping files at the same path; with SQLite
    they must be on one machine. Their clocks must agree to within seconds. SIGINT and SIGTERM stop a worker; the run it
    holds goes back to the queue. Let one scheduler queue: sdmx-hub scheduler --timer-only.

    With --dask, or where the setting jobs names a Dask scheduler, the worker does what that hands out: visits,
    compaction, the mirror comparison, pilots, embargoes. It reads settings and secrets on its own machine.

    \b
    Examples:
      sdmx-hub --home office worker
      sdmx-hub --home office worker --once --json
      sdmx-hub --home office worker --name east-2
      sdmx-hub --home office worker --dask tls://jobs.office.example:8786
    """
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise BadRequest("worker-name", most=_LONGEST_NAME)
    place = require_cluster(hub, dask) if dask else parse_place(hub.settings)
    closing = threading.Event()
    mine = Worker(parts=make_parts(hub), closing=closing, name=name or worker_name())
    check_shared(mine, socket.gethostname())
    if once:
        report_runs(hub, {}, mine.work_off(), as_json=as_json)
    present = Present(Workers(hub.database), mine.name, WORKER_ROLE, mine.parts.clock)
    with present, Beside({lambda: watch(hub): WATCH_SECONDS}):
        tell(sentence("worker-started", hub.language, name=mine.name))
        if place.cluster:
            _work_for(hub, place, closing, mine.name, host)
            return
        close_on_signal(closing)
        Standing(worker=mine, tell=lambda run: _tell(hub, run)).run_forever()


def _work_for(hub: HubContext, place: Place, closing: threading.Event, name: str, host: str) -> None:
    """Do jobs of a cluster until stopped; a door to other machines is opened by certificates, or where it is meant."""
    if host and not is_loopback(host) and place.tls is None and not hub.settings.jobs_open:
        raise ConfigurationError("jobs-open", jobs=f"tcp://{host}")
    cluster = import_cluster()
    open_node(hub, closing, name)
    member = cluster.Member(place=place, hub=read_identity(hub.database), name=name, host=host)
    cluster.run_worker(member, closing)


def _tell(hub: HubContext, run: Run) -> Any:
    tell(f"{run.source} {run.flow} {run.state.value}: {run.outcome.verdict.text(hub.language)}")
