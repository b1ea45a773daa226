"""``sdmx-hub harvest``: visit partners now, and read the ledger of all visits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from sdmx_hub.cli.actor import actor
from sdmx_hub.cli.changes import harvest_diff
from sdmx_hub.cli.context import HubContext, json_option, pass_hub, show, tell
from sdmx_hub.cli.decisions import DECISIONS
from sdmx_hub.cli.harvest_report import make_parts, report_runs, run_line, run_lines
from sdmx_hub.errors import ConfigurationError, NotFound
from sdmx_hub.language import sentence
from sdmx_hub.store.decisions import queue_slot
from sdmx_hub.store.ledger import list_runs, show_run
from sdmx_hub.store.run_rows import Run, Slot, State
from sdmx_hub.store.sources import Sources

if TYPE_CHECKING:
    from sdmx_hub.harvest.source import Flow, Source
    from sdmx_hub.harvest.worker import Worker

_STATES = [state.value for state in State]


@click.group()
def harvest() -> None:
    r"""Visits to partners: begin one, list them, look into one, stop or repeat it.

    \b
    Examples:
      sdmx-hub harvest run SEN_ANSD
      sdmx-hub harvest list --state held
      sdmx-hub harvest show 17
    """


harvest.add_command(harvest_diff)


@harvest.command()
@click.argument("source_id", required=False, metavar="[SOURCE]")
@click.option("--flow", "flow_id", help="Only this flow of the source.")
@click.option("--full", is_flag=True, help="Ask for everything and compare, whatever the mechanism says.")
@click.option("--dry-run", is_flag=True, help="Ask and check; load nothing.")
@click.option("--force", is_flag=True, help="Ask a host too that is left alone because it did not answer.")
@json_option
@pass_hub
def run(
    hub: HubContext,
    source_id: str | None,
    *,
    flow_id: str | None,
    full: bool,
    dry_run: bool,
    force: bool,
    as_json: bool,
) -> None:
    r"""Visit a source now, or all of them.

    Exits with 0 when every flow succeeded or is unchanged, 4 when some did not, else with 69 when the partner could
    not be reached, 3 when the checks found errors or a person must decide, 1 otherwise.

    \b
    Examples:
      sdmx-hub harvest run SEN_ANSD
      sdmx-hub harvest run SEN_ANSD --full --dry-run --json
    """
    from sdmx_hub.harvest.breaker import FORCE  # noqa: PLC0415 - heavy, and few commands need it
    from sdmx_hub.harvest.schedule import asked_slot  # noqa: PLC0415
    from sdmx_hub.harvest.worker import Worker  # noqa: PLC0415

    wanted = _wanted(hub, source_id, flow_id)
    parts = make_parts(hub)
    worker = Worker(parts=parts)
    plan = {FORCE: True} if force else {}
    done = []
    for source, flow in wanted:
        slot = asked_slot(source, flow, parts.clock.now())
        done.append(_run(hub, worker, replace(slot, full=full, dry_run=dry_run, plan=plan)))
    report_runs(hub, done, as_json=as_json)


def _wanted(hub: HubContext, source_id: str | None, flow_id: str | None) -> list[tuple[Source, Flow]]:
    """The flows asked for. Raises NotFound when no source has the flow."""
    sources = _sources(hub, source_id)
    found = [(source, flow) for source in sources for flow in source.flows if flow_id in {None, flow.id}]
    if flow_id is not None and not found:
        raise NotFound("harvest-flow-unknown", source=source_id or "*", flow=flow_id)
    return found


def _sources(hub: HubContext, source_id: str | None) -> list[Source]:
    from sdmx_hub.harvest.source import parse_stored  # noqa: PLC0415 - heavy, and few commands need it

    sources = Sources(hub.database)
    found = [sources.get(source_id)] if source_id else sources.select()
    if not found:
        raise ConfigurationError("source-none")
    return [parse_stored(stored.document, stored.sha256) for stored in found]


def _run(hub: HubContext, worker: Worker, slot: Slot) -> Run:
    tell(f"{slot.source} {slot.flow}")
    queued = queue_slot(hub.database, slot, actor=actor(), now=worker.parts.clock.now())
    return worker.work_on(queued.id)


@harvest.command("list")
@click.option("--source", "source_id", help="Only this source.")
@click.option("--state", "states", multiple=True, type=click.Choice(_STATES), help="Only runs in this state.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many.")
@json_option
@pass_hub
def list_(hub: HubContext, source_id: str | None, *, states: tuple[str, ...], limit: int, as_json: bool) -> None:
    r"""List runs, newest first.

    \b
    Examples:
      sdmx-hub harvest list
      sdmx-hub harvest list --source SEN_ANSD --state failed --state held --limit 5
      sdmx-hub harvest list --json
    """
    wanted = [State(state) for state in states]
    answer = list_runs(hub.database, source=source_id, states=wanted, limit=limit, language=hub.language)
    none = sentence("harvest-none", hub.language)
    show(answer, as_json=as_json, text=lambda: "\n".join(run_line(run) for run in answer["runs"]) or none)


@harvest.command("show")
@click.argument("run_id", type=int, metavar="RUN")
@json_option
@pass_hub
def show_(hub: HubContext, run_id: int, *, as_json: bool) -> None:
    r"""Show one run: its requests, what it found, what it changed.

    \b
    Examples:
      sdmx-hub harvest show 17
      sdmx-hub --lang fr harvest show 17 --json
    """
    answer = show_run(hub.database, run_id, hub.language)

    def text() -> str:
        asked = [
            f"  {request['purpose']:<10} {request['status'] or request['failure']}  {request['bytes']} B  "
            f"{request['milliseconds']} ms  ×{request['tries']}  {request['url']}"
            for request in answer["requests"]
        ]
        parts = [
            f"  {part['part'] or '*':<40} {part['bytes']} B  {part['raw_sha256'] or part['state']}"
            for part in answer["parts"]
        ]
        return "\n".join([run_lines(answer, hub.language), *asked, *parts])

    show(answer, as_json=as_json, text=text)


for decision in DECISIONS:
    harvest.add_command(decision)
