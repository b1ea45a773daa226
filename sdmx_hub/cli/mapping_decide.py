"""``sdmx-hub map suggest``, ``accept``, ``reject``, ``undo``: codes for texts that have none, decided by a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from sdmx_hub.cli.context import FINDINGS, USAGE, HubContext, json_option, pass_hub, show
from sdmx_hub.cli.mapping_apply import applied
from sdmx_hub.cli.mapping_faults import usable
from sdmx_hub.cli.structure_select import acting_person
from sdmx_hub.cli.table_files import files_argument
from sdmx_hub.errors import BadRequest
from sdmx_hub.language import sentence
from sdmx_hub.load.artefacts import pack_root
from sdmx_hub.mapping.deciding import Plan
from sdmx_hub.mapping.decisions import read_confirmations
from sdmx_hub.mapping.gap_suggestions import SuggestedGap, kept_codes, suggest_gaps
from sdmx_hub.mapping.rules import TableMapping

_PATH = click.Path(path_type=Path, dir_okay=False, exists=True)
_MAPPING = click.argument("mapping_file", metavar="MAPPING", type=_PATH)
_LEARN = click.option(
    "--learn-from",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of more mappings to learn from; may be repeated.",
)
_BY = click.option("--by", "actor", help="Who decides; the user of this computer unless told.")
_DRY = click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
_FILE = click.option("--file", type=_PATH, help="The table, where the command has to look at it.")


@click.command("suggest")
@files_argument
@click.option("--mapping", "mapping_file", type=_PATH, required=True, help="The mapping file.")
@click.option("--top", type=click.IntRange(1, 20), default=3, show_default=True, help="Suggestions for each text.")
@_LEARN
@json_option
@pass_hub
@click.pass_context
def suggest(
    ctx: click.Context,
    hub: HubContext,
    /,
    *,
    files: tuple[Path, ...],
    params: tuple[str, ...],
    mapping_file: Path,
    top: int,
    folders: tuple[Path, ...],
    as_json: bool,
) -> None:
    r"""Rank codes for every text of FILE that has none, the widest gaps first.

    Each code comes with a score and the reason: its names in all languages, ids of other classifications, what other
    offices confirmed, words and spelling. Nothing is changed. Exit code 3 when there are texts without a code.

    \b
    sdmx-hub map suggest emigrants.csv --mapping emigrants.yaml
    sdmx-hub map suggest emigrants.csv --mapping emigrants.yaml --top 5 --json
    """
    mapping, found, _ = _suggested(hub, files, mapping_file, folders, most=top, params=params)
    value = {"mapping": mapping.id, "gaps": [one.as_json(hub.language) for one in found]}
    nothing = sentence("suggest-nothing", hub.language)
    show(value, as_json=as_json, text=lambda: "\n".join(_gap_lines(found, hub.language)) or nothing)
    ctx.exit(FINDINGS if found else 0)


@click.command("accept")
@_MAPPING
@click.argument("component", required=False)
@click.argument("text", required=False)
@click.argument("code", required=False)
@click.option("--all-above", "score", type=click.FloatRange(0.5, 1), help="Every clear suggestion of at least SCORE.")
@_FILE
@click.option("--yes", is_flag=True, help="Write what --all-above lists.")
@_BY
@_LEARN
@_DRY
@json_option
@pass_hub
@click.pass_context
def accept(
    ctx: click.Context,
    hub: HubContext,
    /,
    *,
    mapping_file: Path,
    component: str | None,
    text: str | None,
    code: str | None,
    score: float | None,
    file: Path | None,
    yes: bool,
    actor: str | None,
    folders: tuple[Path, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    r"""Give TEXT of COMPONENT the code CODE: in the code table of MAPPING, and with who and when in decisions.csv.

    Nothing else in the mapping file changes. --all-above lists every suggestion of at least that score that no other
    comes near, and writes them only with --yes; without it nothing is written and the exit code is 2.

    \b
    sdmx-hub map accept emigrants.yaml COUNTERPART_AREA "Tchad" TCD
    sdmx-hub map accept emigrants.yaml --all-above 0.95 --file emigrants.csv
    sdmx-hub map accept emigrants.yaml --all-above 0.95 --file emigrants.csv --yes
    """
    plan = _plan(hub, mapping_file, actor)
    if score is not None and file is not None and component is None:
        _accept_clear(hub, plan, file, score, folders)
        if plan.decisions and not yes and not dry_run:
            _show_plan(hub, plan, as_json=as_json, written=False)
            told = sentence("decision-needs-yes", hub.language, count=len(plan.decisions), score=score)
            click.echo(told, err=True)
            ctx.exit(USAGE)
    elif score is None and component is not None and text is not None and code is not None:
        keep = None
        if file is not None:
            with applied(hub, (file,), mapping_file) as (_, _, mapped):
                keep = kept_codes(mapped, component)
        plan.accept(component, text, code, keep=keep)
    else:
        raise BadRequest("decision-arguments")
    _finish(hub, plan, dry_run=dry_run, as_json=as_json)


@click.command("reject")
@_MAPPING
@click.argument("component")
@click.argument("text")
@click.argument("code")
@_BY
@_DRY
@json_option
@pass_hub
def reject(
    hub: HubContext,
    /,
    *,
    mapping_file: Path,
    component: str,
    text: str,
    code: str,
    actor: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    r"""Say that TEXT of COMPONENT is not CODE: it is not suggested to this office again, and less to others.

    \b
    sdmx-hub map reject emigrants.yaml COUNTERPART_AREA "Congo" COD
    """
    plan = _plan(hub, mapping_file, actor)
    plan.reject(component, text, code)
    _finish(hub, plan, dry_run=dry_run, as_json=as_json)


@click.command("undo")
@_MAPPING
@click.argument("component", required=False)
@click.argument("text", required=False)
@_BY
@_DRY
@json_option
@pass_hub
def undo(
    hub: HubContext,
    /,
    *,
    mapping_file: Path,
    component: str | None,
    text: str | None,
    actor: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    r"""Take the latest decision back (about TEXT of COMPONENT, where told); the mapping is as before it.

    \b
    sdmx-hub map undo emigrants.yaml
    sdmx-hub map undo emigrants.yaml COUNTERPART_AREA "Tchad"
    """
    plan = _plan(hub, mapping_file, actor)
    plan.undo(component, text)
    _finish(hub, plan, dry_run=dry_run, as_json=as_json)


def _plan(hub: HubContext, mapping_file: Path, actor: str | None) -> Plan:
    now = dt.datetime.now(dt.UTC)
    with usable(hub):
        return Plan(mapping_file, hub.registry.snapshot(), actor=actor or acting_person(), now=now)


def _suggested(
    hub: HubContext,
    files: Sequence[Path],
    mapping_file: Path,
    folders: Sequence[Path],
    *,
    most: int = 5,
    params: Sequence[str] = (),
) -> tuple[TableMapping, tuple[SuggestedGap, ...], dict[str, dict[str, str]]]:
    """The gaps with their suggestions, and of each component the texts that have codes."""
    with applied(hub, files, mapping_file, params) as (mapping, _, mapped):
        artefacts = hub.registry.snapshot()
        places = list(_places(hub, mapping_file, mapping, folders))
        confirmed = read_confirmations(places, artefacts, but=mapping.id)
        found = suggest_gaps(mapped, mapping, artefacts, confirmed, most=most)
        kept = {one.gap.component_id: dict(kept_codes(mapped, one.gap.component_id)) for one in found}
    return mapping, found, kept


def _places(hub: HubContext, mapping_file: Path, mapping: TableMapping, more: Iterable[Path]) -> Iterator[Path]:
    """Where decisions of offices are: the mappings shipped, those of the hub's home, and those beside this one."""
    folder = mapping_file.resolve().parent
    yield from (place for place in (pack_root() / "mappings", hub.home / "mappings") if place.is_dir())
    yield folder.parent if folder.name == mapping.provider else folder
    yield from more


def _accept_clear(hub: HubContext, plan: Plan, file: Path, score: float, folders: Sequence[Path]) -> None:
    _, found, kept = _suggested(hub, (file,), plan.file, folders)
    for one in found:
        clear = one.clear(score)
        if clear is not None:
            plan.accept(one.gap.component_id, one.gap.text, clear.code, keep=kept[one.gap.component_id])


def _finish(hub: HubContext, plan: Plan, *, dry_run: bool, as_json: bool) -> None:
    if not dry_run:
        plan.write()
    _show_plan(hub, plan, as_json=as_json, written=not dry_run)
    if dry_run:
        click.echo(sentence("decision-dry", hub.language), err=True)


def _show_plan(hub: HubContext, plan: Plan, *, as_json: bool, written: bool) -> None:
    value = {
        "mapping": plan.mapping.id,
        "written": written and bool(plan.decisions),
        "decisions": [asdict(one) for one in plan.decisions],
        "difference": plan.difference(),
    }
    lines = [
        sentence(f"decision-{one.choice}", hub.language, component=one.component, value=one.text, code=one.code)
        for one in plan.decisions
    ] or [sentence("decision-nothing", hub.language)]
    text = "\n".join([*lines, *([] if written else [plan.difference()])]).rstrip()
    show(value, as_json=as_json, text=text)


def _gap_lines(found: Iterable[SuggestedGap], language: str) -> Iterator[str]:
    for one in found:
        gap = one.gap
        yield sentence(
            "suggest-gap",
            language,
            component=gap.component_id,
            value=gap.text,
            cells=gap.cells,
            amount=f"{gap.value:.15g}",
            row=gap.where.row or "–",
        )
        for each in one.suggestions:
            yield f"    {each.score:.2f}  {each.code:<12} {one.name(each.code, language)} – {each.text(language)}"
        if not one.suggestions:
            yield f"    {sentence('suggest-none', language)}"
