"""``sdmx-hub structures``: what the registry holds, and how it gets in and out."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from sdmx_hub.cli.context import FINDINGS, HubContext, json_option, pass_hub, show, tell
from sdmx_hub.cli.structure_select import acting_person, select_named
from sdmx_hub.cli.structure_texts import describe, finding_lines, report_text, row_of
from sdmx_hub.cli.structure_versions import diff, history, restore
from sdmx_hub.errors import BadRequest, HubError, NotFound
from sdmx_hub.formats import (
    codelist_csv,
    structure_json_v1_0,
    structure_json_v2_0,
    structure_json_v2_1,
    structure_xml_v2_1,
    structure_xml_v3_0,
    structure_xml_v3_1,
)
from sdmx_hub.language import sentence
from sdmx_hub.load.artefacts import (
    check_artefact_files,
    check_messages,
    check_pack,
    load_artefacts,
    locate_files,
    locate_pack,
    pack_root,
)
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.finding import Finding, Where, has_errors
from sdmx_hub.model.message import Header, StructureMessage
from sdmx_hub.model.urn import Urn
from sdmx_hub.query.request import Detail
from sdmx_hub.store.artefacts import Artefacts

WRITERS: dict[str, Callable[[StructureMessage], bytes]] = {
    "json-2.1": structure_json_v2_1.write,
    "json-2.0": structure_json_v2_0.write,
    "json-1.0": structure_json_v1_0.write,
    "xml-2.1": structure_xml_v2_1.write,
    "xml-3.0": structure_xml_v3_0.write,
    "xml-3.1": structure_xml_v3_1.write,
}
"""What ``export`` writes, beside ``csv`` for one codelist."""
_WITHOUT_EXTENSIONS = frozenset({"json-1.0", "xml-2.1"})
"""Formats in which inherited codes must be written out."""

_WHAT = click.argument("what", nargs=-1, required=True)


@click.group()
def structures() -> None:
    r"""Codelists, concepts, data structures, dataflows and all other artefacts of the registry.

    An artefact is named as in REST v2 (codelist/ILMH/CL_AREA/1.0.0; parts left out or * mean all, ~ the latest version)
    or by its URN.
    """


_lenient = click.option(
    "--lenient", is_flag=True, help="Warn where a message breaks the schema of its format, instead of refusing it."
)


@structures.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--pack", is_flag=True, help="Load the structures that come with the hub.")
@click.option("--dry-run", is_flag=True, help="Check and compare, but store nothing.")
@click.option(
    "--allow-missing", is_flag=True, help="Warn of references to what is not known, instead of refusing them."
)
@_lenient
@json_option
@pass_hub
def load(
    hub: HubContext,
    files: tuple[Path, ...],
    *,
    pack: bool,
    dry_run: bool,
    allow_missing: bool,
    lenient: bool,
    as_json: bool,
) -> None:
    r"""Load structure messages, codelist CSVs or a folder: all or nothing.

    Messages may be SDMX-ML 2.1, 3.0, 3.1 or SDMX-JSON 1.0, 2.0, 2.1. Says what is new, changed and unchanged. Nothing
    is stored when a finding is an error; exits with 3 then.

    \b
    Examples:
      sdmx-hub structures load --pack
      sdmx-hub structures load structure.xml --dry-run
      sdmx-hub structures load codelists/ILMH/CL_AREA-1.0.0.csv --json
    """
    if not files and not pack:
        raise BadRequest("structures-nothing")
    located = (*(locate_pack(pack_root()) if pack else ()), *locate_files(files))
    tell(sentence("structures-checking", hub.language, count=len(located)))
    now = dt.datetime.now(dt.UTC)
    report = load_artefacts(
        located,
        hub.registry,
        actor=acting_person(),
        now=now,
        dry_run=dry_run,
        allow_missing=allow_missing,
        found=check_messages(files, lenient=lenient),
    )
    show(report.as_json(hub.language), as_json=as_json, text=lambda: report_text(report, hub.language, dry_run=dry_run))
    if has_errors(report.findings):
        sys.exit(FINDINGS)


@structures.command("list")
@click.argument("what", required=False, default="*")
@json_option
@pass_hub
def list_(hub: HubContext, what: str, *, as_json: bool) -> None:
    r"""List artefacts: class, reference, name.

    \b
    Examples:
      sdmx-hub structures list
      sdmx-hub structures list dataflow/ILMH
      sdmx-hub structures list codelist/SDMX/CL_SEX/* --json
    """
    try:
        found = select_named(hub.registry.snapshot(), [what], "none", Detail.ALL_STUBS)
    except NotFound:
        found = ()
    rows = [row_of(artefact, hub.language) for artefact in found]
    lines = [f"{row['class']:<22} {row['ref']:<45} {row['name']}" for row in rows]
    nothing = sentence("structures-empty", hub.language)
    show({"artefacts": rows}, as_json=as_json, text=lambda: "\n".join(lines) or nothing)


@structures.command("show")
@_WHAT
@json_option
@pass_hub
def show_(hub: HubContext, what: tuple[str, ...], *, as_json: bool) -> None:
    r"""Show artefacts: names, what they refer to and what refers to them, items as a tree. JSON shows the document.

    \b
    Examples:
      sdmx-hub structures show codelist/SDMX/CL_SEX
      sdmx-hub --lang fr structures show datastructure/ILMH/ILM_FLOW/1.0.0
      sdmx-hub structures show "urn:sdmx:org.sdmx.infomodel.codelist.Codelist=SDMX:CL_SEX(2.1)" --json
    """
    artefacts = hub.registry.snapshot()
    found = select_named(artefacts, what, "none", Detail.FULL)
    shown = {"artefacts": [{"urn": str(artefact.urn), "document": artefact.document} for artefact in found]}
    text = "\n\n".join("\n".join(describe(artefact, artefacts, hub.language)) for artefact in found)
    show(shown, as_json=as_json, text=text)


@structures.command()
@_WHAT
@click.option(
    "--format",
    "format_",
    type=click.Choice([*WRITERS, "csv"]),
    default="json-2.1",
    show_default=True,
    help="What to write.",
)
@click.option(
    "--references",
    default="none",
    show_default=True,
    help="What comes along: none, children, descendants, all … or classes.",
)
@click.option(
    "--detail",
    type=click.Choice([one.value for one in Detail]),
    default=Detail.RAW.value,
    show_default=True,
    help="How much.",
)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="File to write; standard output else."
)
@pass_hub
def export(
    hub: HubContext, what: tuple[str, ...], *, format_: str, references: str, detail: str, output: Path | None
) -> None:
    r"""Write artefacts as a structure message, or one codelist as CSV.

    \b
    Examples:
      sdmx-hub structures export dataflow/ILMH/DF_FLOW_POP --references descendants --format xml-2.1 -o flow.xml
      sdmx-hub structures export codelist/ILMH/CL_AREA --format csv > areas.csv
      sdmx-hub structures export "*" --format json-2.0 -o everything.json
    """
    chosen = Detail.FULL if format_ in _WITHOUT_EXTENSIONS and detail == Detail.RAW else Detail(detail)
    found = select_named(hub.registry.snapshot(), what, references, chosen)
    content = _written(found, format_)
    if output is None:
        click.echo(content, nl=False)
    else:
        output.write_bytes(content)
        tell(sentence("structures-exported", hub.language, count=len(found), file=output))


@structures.command()
@_WHAT
@json_option
@pass_hub
def remove(hub: HubContext, what: tuple[str, ...], *, as_json: bool) -> None:
    r"""Remove artefacts nothing refers to; their history stays. Each must be named exactly.

    \b
    Examples:
      sdmx-hub structures remove codelist/ILMH/CL_OLD/1.0.0
    """
    artefacts = hub.registry.snapshot()
    removed: list[Urn] = []
    for name in what:
        (artefact, *others) = select_named(artefacts, [name], "none", Detail.RAW)
        if others:
            raise BadRequest("structures-several", what=name, count=len(others) + 1)
        hub.registry.remove(artefact.urn, actor=acting_person(), now=dt.datetime.now(dt.UTC))
        removed.append(artefact.urn)
    lines = [sentence("structures-removed", hub.language, urn=str(urn)) for urn in removed]
    show({"removed": [str(urn) for urn in removed]}, as_json=as_json, text="\n".join(lines))


@structures.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@_lenient
@json_option
@pass_hub
def check(hub: HubContext, path: Path | None, *, lenient: bool, as_json: bool) -> None:
    r"""Check a folder laid out as the hub's own structures (the default), or a structure file. Needs no home.

    Exits with 3 when a finding is an error.

    \b
    Examples:
      sdmx-hub structures check
      sdmx-hub structures check structure.xml --json
    """
    findings = _check(path, lenient=lenient)
    shown = {"findings": [finding.as_json(hub.language) for finding in findings]}
    good = sentence("structures-good", hub.language, what=str(path or pack_root()))
    show(shown, as_json=as_json, text=lambda: "\n".join(finding_lines(findings, hub.language)) or good)
    if has_errors(findings):
        sys.exit(FINDINGS)


def _check(path: Path | None, *, lenient: bool) -> tuple[Finding, ...]:
    if path is None or path.is_dir():
        return check_pack(path or pack_root())
    try:
        located = locate_files([path])
    except NotFound:
        raise
    except HubError as error:
        return (Finding(code=error.key, where=Where(file=str(path)), params=error.params),)
    return (*check_messages([path], lenient=lenient), *check_artefact_files(located, Artefacts(())))


def _written(found: Sequence[Artefact], format_: str) -> bytes:
    if format_ != "csv":
        header = Header(
            id=f"EXPORT{dt.datetime.now(dt.UTC):%Y%m%d%H%M%S}", prepared=dt.datetime.now(dt.UTC), sender_id="HUB"
        )
        return WRITERS[format_](StructureMessage(header, tuple(found)))
    if len(found) != 1 or found[0].artefact_class is not codelist_csv.CODELIST:
        raise BadRequest("structures-csv-one", count=len(found))
    return codelist_csv.write(found[0])


for _command in (diff, history, restore):
    structures.add_command(_command)
