"""``sdmx-hub jobs``: who does the work of the scheduler, what is under way, and a Dask scheduler to hand it out."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import click

from sdmx_hub.cli.context import HubContext, json_option, pass_hub, show
from sdmx_hub.cli.jobs_cluster import import_cluster, require_cluster
from sdmx_hub.errors import TryAgain
from sdmx_hub.harvest.clock import utc_now
from sdmx_hub.jobs.address import parse_place
from sdmx_hub.language import sentence
from sdmx_hub.store.identity import read_identity
from sdmx_hub.store.run_rows import State
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.workers import Presence, Workers


@click.group()
def jobs() -> None:
    r"""See who does the work of the scheduler, and start a Dask scheduler that hands it out.

    \b
    Examples:
      sdmx-hub --home office jobs list --json
      sdmx-hub --home office jobs serve
    """


@jobs.command("list")
@json_option
@pass_hub
def list_(hub: HubContext, *, as_json: bool) -> None:
    r"""List schedulers and workers, the jobs under way and the visits that are held.

    \b
    Examples:
      sdmx-hub --home office jobs list
    """
    now = utc_now()
    answer = {
        "where": hub.settings.jobs,
        "present": [_present(one, now) for one in Workers(hub.database).select()],
        "running": [
            {"run": run.id, "source": run.source, "flow": run.flow, "holder": run.holder}
            for run in Runs(hub.database).select(states=[State.RUNNING])
        ],
        "cluster": _cluster(hub),
    }
    show(answer, as_json=as_json, text=lambda: _table(answer, hub.language))


def _present(one: Presence, now: dt.datetime) -> dict[str, Any]:
    note = json.loads(one.note) if one.note else {}
    return {**one.as_json(now), "jobs": note.get("in_flight", []), "trouble": note.get("jobs", {}).get("trouble", "")}


def _cluster(hub: HubContext) -> dict[str, Any] | None:
    """Who is on the cluster, as its scheduler tells; None where there is none."""
    place = parse_place(hub.settings)
    if not place.cluster:
        return None
    try:
        found: dict[str, Any] = import_cluster().read_cluster(place, read_identity(hub.database))
    except TryAgain as error:
        return {"answers": False, "why": error.text(hub.language), "workers": []}
    return {"answers": True, **found}


def _table(answer: dict[str, Any], language: str) -> str:
    lines = [
        f"{one['role']:<10} {one['name']:<40} {one['heartbeat']} {'' if one['alive'] else '?'} {' '.join(one['jobs'])}"
        for one in answer["present"]
    ] or [sentence("jobs-nobody", language)]
    lines += [f"run {one['run']:<6} {one['source']} {one['flow']}  {one['holder']}" for one in answer["running"]]
    cluster = answer["cluster"] or {"workers": []}
    lines += [cluster["why"]] if cluster.get("why") else []
    lines += [f"dask       {one['name']:<40} {one['address']} {' '.join(one['jobs'])}" for one in cluster["workers"]]
    return "\n".join(line.rstrip() for line in lines)


@jobs.command()
@click.option(
    "--dask", default="", metavar="ADDRESS", help="Where to listen; the address of the setting jobs unless told."
)
@pass_hub
def serve(hub: HubContext, *, dask: str) -> None:
    r"""Run the Dask scheduler that hands jobs to workers, until stopped. It holds no hub and no data.

    \b
    Examples:
      sdmx-hub --home office jobs serve --dask tcp://127.0.0.1:8786
    """
    place = require_cluster(hub, dask)
    import_cluster().run_scheduler(
        place,
        host=place.host,
        begun=lambda address: click.echo(sentence("jobs-serving", hub.language, address=address)),
    )
