"""``sdmx-hub release``: what was published when, and back to an earlier state."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click

from sdmx_hub.cli.changes import release_diff
from sdmx_hub.cli.context import HubContext, json_option, pass_hub, show
from sdmx_hub.cli.dataflow_name import find_ref
from sdmx_hub.cli.load import actor
from sdmx_hub.cli.load_texts import release_json, releases_table, render
from sdmx_hub.cli.purge import release_purge
from sdmx_hub.errors import NotFound
from sdmx_hub.language import sentence
from sdmx_hub.load.embargo import release_due
from sdmx_hub.model.rows import Rows
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.sharing.audiences import INTERNAL
from sdmx_hub.store.releases import Release


@click.group()
def release() -> None:
    r"""Releases: list them, look into one, go back to an earlier state, let embargoes end, purge.

    \b
    Examples:
      sdmx-hub release list
      sdmx-hub release show 3
      sdmx-hub release diff 3 --dataflow "ILMH:DF_FLOW_POP(1.0.0)"
    """


release.add_command(release_diff)
release.add_command(release_purge)


@release.command("list")
@click.option("--dataflow", help="Only releases of this dataflow: AGENCY:ID(VERSION), or its id.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many, newest first.")
@json_option
@pass_hub
def list_(hub: HubContext, dataflow: str | None, limit: int, *, as_json: bool) -> None:
    r"""List releases, newest first, with what each changed.

    \b
    Examples:
      sdmx-hub release list
      sdmx-hub release list --dataflow "ILMH:DF_FLOW_POP(1.0.0)" --limit 5 --json
    """
    found = hub.observations.releases(find_ref(hub.registry.snapshot(), dataflow) if dataflow else None, limit=limit)
    nothing = sentence("release-none", hub.language)
    show(
        {"releases": [release_json(one) for one in found]},
        as_json=as_json,
        text=lambda: render(releases_table(found, hub.language)) if found else nothing,
    )


@release.command("show")
@click.argument("release_id", type=int, metavar="RELEASE")
@click.option("--changes", type=click.IntRange(0, 100_000), default=0, help="Show so many of the changed observations.")
@json_option
@pass_hub
def show_(hub: HubContext, release_id: int, changes: int, *, as_json: bool) -> None:
    r"""Show one release: who, when, from which file, by which mapping, and what changed.

    \b
    Examples:
      sdmx-hub release show 12
      sdmx-hub release show 12 --changes 50 --json
    """
    one = _get(hub, release_id)
    lineage = [dict(row) for row in hub.observations.lineage(release_id)]
    changed = {str(flow): _changes(hub, flow, release_id, changes) for flow in _flows(one)} if changes else {}
    answer = {**release_json(one), "lineage": lineage, **({"observations": changed} if changes else {})}
    show(answer, as_json=as_json, text=lambda: _shown(one, lineage, changed, hub.language))


@release.command()
@click.argument("release_id", type=int, metavar="RELEASE")
@click.option("--dataflow", help="Only this dataflow of the release, as AGENCY:ID(VERSION).")
@click.option("--reason", required=True, help="Why, for the audit log.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_hub
def rollback(hub: HubContext, release_id: int, dataflow: str | None, reason: str, *, yes: bool, as_json: bool) -> None:
    r"""Publish the state after an earlier release again, as a new release; nothing is lost.

    \b
    Examples:
      sdmx-hub release rollback 11 --reason "wrong file in 12"
      sdmx-hub release rollback 11 --dataflow "ILMH:DF_FLOW_POP(1.0.0)" --reason "wrong file" --yes
    """
    one = _get(hub, release_id)
    flows = [find_ref(hub.registry.snapshot(), dataflow)] if dataflow else _flows(one)
    if not yes:
        named = ", ".join(map(str, flows))
        click.confirm(
            sentence("release-confirm", hub.language, release=release_id, dataflow=named), abort=True, err=True
        )
    made = [_roll_back(hub, release_id, flow, reason) for flow in flows]
    done = [new for new in made if new is not None]
    unchanged = sentence("load-unchanged", hub.language)
    show(
        {"releases": [release_json(new) for new in done]},
        as_json=as_json,
        text=lambda: render(releases_table(done, hub.language)) if done else unchanged,
    )


@release.command()
@json_option
@pass_hub
def due(hub: HubContext, *, as_json: bool) -> None:
    r"""Release what embargoes no longer hold back; the scheduler does this every minute.

    \b
    Examples:
      sdmx-hub release due
    """
    now = dt.datetime.now(dt.UTC)
    made = release_due(hub.observations, hub.registry.snapshot(), actor=actor(), now=now)
    nothing = sentence("release-nothing-due", hub.language)
    show(
        {"releases": [release_json(one) for one in made]},
        as_json=as_json,
        text=lambda: render(releases_table(made, hub.language)) if made else nothing,
    )


def _get(hub: HubContext, release_id: int) -> Release:
    found = hub.observations.releases(release_id=release_id)
    if not found:
        raise NotFound("release-missing", release=release_id)
    return found[0]


def _flows(one: Release) -> list[Ref]:
    return list(dict.fromkeys(change.dataflow for change in one.changes))


def _roll_back(hub: HubContext, release_id: int, flow: Ref, reason: str) -> Release | None:
    structure = hub.registry.snapshot().structure_of(Urn("Dataflow", flow))
    return hub.observations.rollback(
        release_id, flow, structure, actor=actor(), now=dt.datetime.now(dt.UTC), reason=reason
    )


def _changes(hub: HubContext, flow: Ref, release_id: int, most: int) -> list[dict[str, Any]]:
    structure = hub.registry.snapshot().structure_of(Urn("Dataflow", flow))
    rows: Rows = hub.observations.open_changes(flow, structure, release_id, audience=INTERNAL)
    try:
        drawn = rows.connection.execute(f"SELECT * FROM ({rows.sql}) LIMIT {most}", list(rows.params)).fetchall()  # noqa: S608 - our own SQL
    finally:
        rows.close()
    return [{name: cell for name, cell in zip(rows.columns, row, strict=True) if cell is not None} for row in drawn]


def _shown(one: Release, lineage: list[dict[str, Any]], changed: dict[str, list[dict[str, Any]]], language: str) -> str:
    lines = [render(releases_table([one], language)), ""]
    lines += [
        sentence(
            "release-lineage",
            language,
            dataflow=row["dataflow"],
            source=row["source"],
            mapping=row["mapping"] or "–",
            sha256=(row["raw_sha256"] or "–")[:12],
        )
        for row in lineage
        if row["audience"] == INTERNAL
    ]
    for flow, rows in changed.items():
        lines += [f"{flow}:", *("  " + " ".join(f"{key}={cell}" for key, cell in row.items()) for row in rows)]
    return "\n".join(lines)
