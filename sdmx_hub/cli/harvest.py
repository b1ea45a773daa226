"""``sdmx-hub harvest``: visit partners now, and read the ledger of all visits."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import click

from sdmx_hub.cli.changes import harvest_diff
from sdmx_hub.cli.context import (
    DONE,
    FAILED,
    FINDINGS,
    PARTIAL,
    UNAVAILABLE,
    HubContext,
    json_option,
    pass_hub,
    show,
    tell,
)
from sdmx_hub.errors import ConfigurationError, Conflict
from sdmx_hub.harvest.parts import Parts, raw_folder
from sdmx_hub.harvest.raw import RawStore
from sdmx_hub.harvest.source import Source, parse_stored
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.language import sentence
from sdmx_hub.store.ledger import list_runs, run_json, show_run
from sdmx_hub.store.run_rows import GOOD, OPEN, Run, Slot, State, Trigger
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.sources import Sources

_UNREACHABLE = {
    "fetch-timeout",
    "fetch-no-connection",
    "fetch-unknown-host",
    "fetch-broken",
    "fetch-cut",
    "harvest-status",
}
_STATES = [state.value for state in State]


@click.group()
def harvest() -> None:
    """Visits to partners: begin one, list them, look into one, stop or repeat it."""


harvest.add_command(harvest_diff)


def make_parts(hub: HubContext) -> Parts:
    """Put together what a worker works with; a person at a terminal is told of each step."""
    return Parts(
        database=hub.database,
        registry=hub.registry,
        observations=hub.observations,
        raw=RawStore(raw_folder(hub.home)),
        settings=hub.settings,
        step=lambda key: tell(sentence(key, hub.language)),
    )


@harvest.command()
@click.argument("source_id", required=False, metavar="[SOURCE]")
@click.option("--flow", "flow_id", help="Only this flow of the source.")
@click.option("--full", is_flag=True, help="Ask for everything and compare, whatever the mechanism says.")
@click.option("--dry-run", is_flag=True, help="Ask and check; load nothing.")
@json_option
@pass_hub
def run(
    hub: HubContext, source_id: str | None, *, flow_id: str | None, full: bool, dry_run: bool, as_json: bool
) -> None:
    r"""Visit a source now, or all of them.

    Exits with 0 when every flow succeeded or is unchanged, 4 when some did not, else with 69 when the partner could
    not be reached, 3 when the checks found errors or a person must decide, 1 otherwise.

    \b
    Examples:
      sdmx-hub harvest run SEN_ANSD
      sdmx-hub harvest run SEN_ANSD --full --dry-run --json
    """
    parts = make_parts(hub)
    worker = Worker(parts=parts)
    done = []
    for source in _sources(hub, source_id):
        for flow in source.flows:
            if flow_id in {None, flow.id}:
                slot = Slot(
                    source=source.id,
                    flow=flow.id,
                    slot=parts.clock.now(),
                    host=source.place.authority,
                    trigger=Trigger.MANUAL,
                    full=full,
                    dry_run=dry_run,
                )
                done.append(_run(hub, worker, slot))
    _report(hub, done, as_json=as_json)


def _sources(hub: HubContext, source_id: str | None) -> list[Source]:
    sources = Sources(hub.database)
    found = [sources.get(source_id)] if source_id else sources.select()
    if not found:
        raise ConfigurationError("source-none")
    return [parse_stored(stored.document, stored.sha256) for stored in found]


def _run(hub: HubContext, worker: Worker, slot: Slot) -> Run:
    tell(f"{slot.source} {slot.flow}")
    queued = Runs(hub.database).queue(slot, now=worker.parts.clock.now())
    if queued is None:
        raise Conflict("harvest-slot-taken", source=slot.source, flow=slot.flow)
    return worker.work_on(queued.id)


def _report(hub: HubContext, done: list[Run], *, as_json: bool) -> None:
    answer = {"runs": [show_run(hub.database, one.id, hub.language) for one in done]}
    show(answer, as_json=as_json, text=lambda: "\n".join(_lines(one) for one in answer["runs"]))
    sys.exit(_exit_code(done))


def _exit_code(done: list[Run]) -> int:
    bad = [one for one in done if one.state not in GOOD]
    if not bad:
        return DONE
    if len(bad) < len(done):
        return PARTIAL
    verdicts = {one.outcome.verdict.key for one in bad}
    if verdicts <= _UNREACHABLE:
        return UNAVAILABLE
    return FINDINGS if any(one.outcome.findings or one.state is State.HELD for one in bad) else FAILED


def _lines(run: dict[str, Any]) -> str:
    head = _line(run)
    found = [
        f"  {finding['severity']} {finding['code']}: {finding['message']}"
        + (f" (×{finding['count']})" if "count" in finding else "")
        for finding in run["finding_list"]
    ]
    return "\n".join([head, *found])


def _line(run: dict[str, Any]) -> str:
    return f"{run['id']:>6}  {run['slot']}  {run['source']:<16} {run['flow']:<20} {run['state']:<10} {run['verdict']}"


@harvest.command("list")
@click.option("--source", "source_id", help="Only this source.")
@click.option("--state", "states", multiple=True, type=click.Choice(_STATES), help="Only runs in this state.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many.")
@json_option
@pass_hub
def list_(hub: HubContext, source_id: str | None, *, states: tuple[str, ...], limit: int, as_json: bool) -> None:
    """List runs, newest first."""
    wanted = [State(state) for state in states]
    answer = list_runs(hub.database, source=source_id, states=wanted, limit=limit, language=hub.language)
    none = sentence("harvest-none", hub.language)
    show(answer, as_json=as_json, text=lambda: "\n".join(_line(run) for run in answer["runs"]) or none)


@harvest.command("show")
@click.argument("run_id", type=int, metavar="RUN")
@json_option
@pass_hub
def show_(hub: HubContext, run_id: int, *, as_json: bool) -> None:
    """Show one run: its requests, what it found, what it changed."""
    answer = show_run(hub.database, run_id, hub.language)

    def text() -> str:
        asked = [
            f"  {request['purpose']:<10} {request['status'] or request['failure']}  {request['bytes']} B  "
            f"{request['milliseconds']} ms  ×{request['tries']}  {request['url']}"
            for request in answer["requests"]
        ]
        return "\n".join([_lines(answer), *asked])

    show(answer, as_json=as_json, text=text)


@harvest.command()
@click.argument("run_id", type=int, metavar="RUN")
@json_option
@pass_hub
def retry(hub: HubContext, run_id: int, *, as_json: bool) -> None:
    """Repeat a run that has ended, as a new run that names it."""
    runs = Runs(hub.database)
    earlier = runs.get(run_id)
    if earlier.state in OPEN:
        raise Conflict("harvest-run-open", run=run_id, state=earlier.state)
    parts = make_parts(hub)
    slot = Slot(
        source=earlier.source,
        flow=earlier.flow,
        slot=parts.clock.now(),
        host=earlier.host,
        trigger=Trigger.RETRY,
        full=earlier.full,
        dry_run=earlier.dry_run,
        follows=earlier.id,
    )
    _report(hub, [_run(hub, Worker(parts=parts), slot)], as_json=as_json)


@harvest.command()
@click.argument("run_id", type=int, metavar="RUN")
@json_option
@pass_hub
def stop(hub: HubContext, run_id: int, *, as_json: bool) -> None:
    """Stop a run: a queued one at once, a running one at its next step. Nothing is loaded then."""
    stopped = Runs(hub.database).stop(run_id, now=dt.datetime.now(dt.UTC))
    answer = run_json(stopped, hub.language)
    show(answer, as_json=as_json, text=lambda: _line(answer))
