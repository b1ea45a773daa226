"""``sdmx-hub source``: the partners this hub harvests."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import click

from sdmx_hub.cli.actor import actor
from sdmx_hub.cli.context import FINDINGS, HubContext, json_option, pass_hub, show
from sdmx_hub.cli.harvest_report import finding_line
from sdmx_hub.cli.source_edit import edit, write_draft
from sdmx_hub.cli.source_health import alerts, disable, enable, make_reader
from sdmx_hub.cli.source_probe import list_profiles, probe_partner
from sdmx_hub.errors import BadRequest
from sdmx_hub.harvest.attendance import OK, read_attendance
from sdmx_hub.harvest.health import Health, health_json
from sdmx_hub.harvest.slots import next_slot
from sdmx_hub.harvest.source import Source, parse_stored
from sdmx_hub.harvest.source_file import check_overlap, read_source_file
from sdmx_hub.harvest.source_known import check_known
from sdmx_hub.language import localised, sentence
from sdmx_hub.model.finding import has_errors
from sdmx_hub.store.run_rows import short_instant
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.sources import Sources, StoredSource


@click.group()
def source() -> None:
    r"""Partners this hub harvests: their endpoints, what is taken from them, and when.

    \b
    Examples:
      sdmx-hub source add config/sources/SEN_ANSD.yaml
      sdmx-hub source list
    """


for _command in (alerts, disable, edit, enable, list_profiles, probe_partner):
    source.add_command(_command)


@source.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--from-hub", metavar="URL", help="Write a draft of the source of a hub, from its /sources.json.")
@click.option("--from-registration", metavar="URN", help="Write a draft of what a partner registered here; or its id.")
@click.option(
    "--registry",
    metavar="URL",
    help="Look for that registration there: a partner hub or registry, …/sdmx/v2 or the like.",
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="File of the draft; else ID.yaml.")
@json_option
@pass_hub
def add(
    hub: HubContext,
    files: tuple[Path, ...],
    *,
    from_hub: str | None,
    from_registration: str | None,
    registry: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    r"""Check source files and keep them; a source that is there already is updated.

    Nothing of a file with errors is kept; exits with 3 then. With --from-hub or --from-registration a draft is written
    for you to look at, and nothing is kept.

    \b
    Examples:
      sdmx-hub source add config/sources/SEN_ANSD.yaml
      sdmx-hub source add config/sources/*.yaml --json
      sdmx-hub source add --from-hub https://hub.example.org --output config/sources/HUB.yaml
      sdmx-hub source add --from-registration OFFICE_X
      sdmx-hub source add --from-registration "OFFICE:PA_X(1.0.0)" --registry https://hub.example.org/sdmx/v2
    """
    if sum(map(bool, (files, from_hub, from_registration))) != 1 or (registry and not from_registration):
        raise BadRequest("source-from-one")
    if not files:
        path = write_draft(hub, output, from_hub=from_hub, from_registration=from_registration, registry=registry)
        show({"draft": str(path)}, as_json=as_json, text=sentence("source-draft", hub.language, path=path))
        return
    answers = [_add(hub, path) for path in files]
    show({"sources": answers}, as_json=as_json, text=lambda: "\n".join(_added_line(hub, one) for one in answers))
    if any(not answer["kept"] for answer in answers):
        sys.exit(FINDINGS)


def _add(hub: HubContext, path: Path) -> dict[str, Any]:
    sources = Sources(hub.database)
    file = read_source_file(path)
    findings = list(file.findings)
    changed = False
    if file.source is not None and not has_errors(findings):
        findings += check_known(file, hub.registry.snapshot(), name=path.name)
        findings += check_overlap(file.source, [_parse(stored) for stored in sources.select()])
        changed = sources.save(
            file.source.id, file.text, file.sha256, origin=str(path), actor=actor(), now=dt.datetime.now(dt.UTC)
        )
    return {
        "file": str(path),
        "id": file.source.id if file.source else None,
        "kept": file.source is not None,
        "changed": changed,
        "findings": [finding.as_json(hub.language) for finding in findings],
        "text": [finding_line(finding, hub.language) for finding in findings],
    }


def _added_line(hub: HubContext, answer: dict[str, Any]) -> str:
    key = "source-refused" if not answer["kept"] else "source-added" if answer["changed"] else "source-same"
    head = sentence(key, hub.language, source=answer["id"] or answer["file"], count=len(answer["findings"]))
    return "\n".join([head, *(f"  {line}" for line in answer["text"])])


@source.command("list")
@json_option
@pass_hub
def list_(hub: HubContext, *, as_json: bool) -> None:
    r"""List the sources with their health, last run and next slot, and tell when there is no scheduler.

    \b
    Examples:
      sdmx-hub source list
      sdmx-hub --lang es source list --json
    """
    found = {one.source: one for one in make_reader(hub).read_all(now=dt.datetime.now(dt.UTC))}
    rows = [_row(hub, stored, found[stored.id]) for stored in Sources(hub.database).select()]
    keeper = read_attendance(hub.database, now=dt.datetime.now(dt.UTC))
    answer = {"sources": rows, "scheduler": keeper.as_json(hub.language)}
    lines = [_table(rows, hub.language), *([keeper.reason.text(hub.language)] if keeper.state != OK else [])]
    show(answer, as_json=as_json, text="\n".join(lines))


def _row(hub: HubContext, stored: StoredSource, health: Health) -> dict[str, Any]:
    read = _parse(stored)
    last = Runs(hub.database).select(source=read.id, limit=1)
    due = next_slot(read.schedule, dt.datetime.now(dt.UTC))
    return {
        "id": read.id,
        "title": localised(read.titles, hub.language),
        "endpoint": read.endpoint,
        "api": read.api,
        "mechanism": read.mechanism,
        "flows": [flow.id for flow in read.flows],
        "sha256": read.sha256,
        "last_state": last[0].state.value if last else None,
        "last_slot": short_instant(last[0].slot) if last else None,
        "next_slot": short_instant(due) if due else None,
        **health_json(health, hub.language),
    }


def _table(rows: list[dict[str, Any]], language: str) -> str:
    if not rows:
        return sentence("source-none", language)
    return "\n".join(
        f"{row['id']:<20} {row['health_text']:<18} {row['mechanism']:<12} {row['last_state'] or '-':<10} "
        f"{row['next_slot'] or '-':<21} {row['title']}"
        for row in rows
    )


@source.command("show")
@click.argument("source_id")
@json_option
@pass_hub
def show_(hub: HubContext, source_id: str, *, as_json: bool) -> None:
    r"""Show one source: its file as it was read, where it came from, its hash.

    \b
    Examples:
      sdmx-hub source show SEN_ANSD
      sdmx-hub source show SEN_ANSD --json
    """
    stored = Sources(hub.database).get(source_id)
    read = _parse(stored)
    answer = {
        **_row(hub, stored, make_reader(hub).read(source_id, now=dt.datetime.now(dt.UTC))),
        "origin": stored.origin,
        "added": short_instant(stored.added_at),
        "changed": short_instant(stored.changed_at),
        "format": read.format,
        "full_every": read.full_every,
        "flow_list": [
            {
                "id": flow.id,
                "dataflow": str(flow.dataflow),
                "partner": str(flow.partner),
                "key": ".".join("+".join(sorted(part)) if part else "" for part in flow.key),
                "filters": {name: sorted(codes) for name, codes in flow.filters.items()},
                "mapping": flow.mapping,
            }
            for flow in read.flows
        ],
    }
    show(answer, as_json=as_json, text=lambda: _shown(answer))


def _shown(answer: dict[str, Any]) -> str:
    """What is single as lines; then each flow with its bounds, and how it is."""
    lines = [f"{name:<14} {value}" for name, value in answer.items() if isinstance(value, str | int)]
    reasons = {one["flow"]: one.get("reason") or "" for one in answer.get("flow_health", ())}
    for flow in answer["flow_list"]:
        bounds = [
            flow["key"],
            *(f"{name}={'+'.join(codes)}" for name, codes in flow["filters"].items()),
            flow["mapping"],
        ]
        told = [f"{flow['id']:<20}", flow["dataflow"], *bounds, reasons.get(flow["id"], "")]
        lines.append("  " + "  ".join(one for one in told if one))
    return "\n".join(lines)


@source.command()
@click.argument("source_id")
@pass_hub
def remove(hub: HubContext, source_id: str) -> None:
    r"""Forget a source; its runs stay in the ledger, what it brought stays published.

    \b
    Examples:
      sdmx-hub source remove SEN_ANSD
    """
    Sources(hub.database).remove(source_id, actor=actor(), now=dt.datetime.now(dt.UTC))


def _parse(stored: StoredSource) -> Source:
    return parse_stored(stored.document, stored.sha256)
