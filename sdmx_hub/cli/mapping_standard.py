"""``sdmx-hub map export`` and ``map import``: mappings in the form of the standard, both ways."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from sdmx_hub.cli.context import FINDINGS, HubContext, json_option, pass_hub, show
from sdmx_hub.cli.mapping_faults import finding_line, usable
from sdmx_hub.cli.structure_select import acting_person
from sdmx_hub.cli.structures import WRITERS
from sdmx_hub.errors import BadRequest
from sdmx_hub.language import sentence
from sdmx_hub.load.artefact_checks import Located
from sdmx_hub.load.artefacts import load_artefacts
from sdmx_hub.load.structure_map_export import ExportedMaps, export_maps, lost_in
from sdmx_hub.load.structure_maps import find_structure_map, make_from, open_mapping
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.finding import Finding, has_errors
from sdmx_hub.model.message import Header, StructureMessage
from sdmx_hub.model.urn import Urn, parse_ref

_NEW_FILE = click.Path(path_type=Path, dir_okay=False)
_OLD_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command("export")
@click.argument("mapping_file", metavar="MAPPING", type=_OLD_FILE)
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(WRITERS)),
    default="json-2.1",
    show_default=True,
    help="What to write.",
)
@click.option("--output", "-o", type=_NEW_FILE, help="File to write; standard output else.")
@click.option("--publish", is_flag=True, help="Store the artefacts in the registry, all or none.")
@click.option("--agency", help="Agency of the artefacts; that of the provider unless told.")
@click.option("--table", type=_OLD_FILE, help="The table: its texts are listed too, as they are spelt there.")
@click.option("--table-output", type=_NEW_FILE, help="Where to write the table in its source structure, as CSV.")
@json_option
@pass_hub
def export(
    hub: HubContext,
    *,
    mapping_file: Path,
    format_: str,
    output: Path | None,
    publish: bool,
    agency: str | None,
    table: Path | None,
    table_output: Path | None,
    as_json: bool,
) -> None:
    r"""Write MAPPING as StructureMap and RepresentationMaps, with a data structure of the table.

    What the standard cannot say is listed, with the place in the mapping. Ids, agency and version come from the
    mapping: the same mapping always gives the same artefacts.

    \b
    Examples:
      sdmx-hub map export emigrants.yaml --output emigrants.json
      sdmx-hub map export emigrants.yaml --format xml-3.0 --table emigrants.csv -o emigrants.xml
      sdmx-hub map export emigrants.yaml --publish --json
    """
    if table_output is not None and table is None:
        raise BadRequest("map-table-missing")
    artefacts = hub.registry.snapshot()
    with usable(hub):
        mapping = open_mapping(mapping_file, artefacts)
    made = export_maps(mapping, artefacts, agency=agency, table=table, table_output=table_output)
    content = WRITERS[format_](StructureMessage(_header(made), made.artefacts))
    findings = [*made.findings, *lost_in(content, format_, made.artefacts)]
    if publish:
        findings += _published(hub, made.artefacts)
    if output is not None:
        output.write_bytes(content)
    elif not publish and not as_json:
        click.echo(content.decode(), nl=False)
        for finding in findings:
            click.echo(finding_line(finding, hub.language), err=True)
        return
    value = {
        "artefacts": [str(one.urn) for one in made.artefacts],
        "published": publish and not has_errors(findings),
        "findings": [finding.as_json(hub.language) for finding in findings],
    }
    show(value, as_json=as_json, text=lambda: "\n".join(_lines(made.artefacts, findings, hub.language)))
    click.get_current_context().exit(FINDINGS if has_errors(findings) else 0)


def _header(made: ExportedMaps) -> Header:
    return Header(id=made.structure_map.ref.id, prepared=dt.datetime.now(dt.UTC), sender_id="HUB")


def _published(hub: HubContext, artefacts: Sequence[Artefact]) -> tuple[Finding, ...]:
    """Store artefacts as ``structures load`` does."""
    located = [Located(one, None) for one in artefacts]
    now = dt.datetime.now(dt.UTC)
    return load_artefacts(located, hub.registry, actor=acting_person(), now=now).findings


def _lines(artefacts: Sequence[Artefact], findings: Sequence[Finding], language: str) -> Iterator[str]:
    yield from (str(one.urn) for one in artefacts)
    yield from (finding_line(finding, language) for finding in findings)


@click.command("import")
@click.argument("structure_map", metavar="STRUCTUREMAP", type=_NEW_FILE)
@click.option("--output", "-o", type=_NEW_FILE, help="Where to write the mapping; on the screen unless told.")
@click.option("--map", "wanted", help="Id or URN of the structure map, where a message has several.")
@click.option("--dataflow", help="The dataflow, as AGENCY:ID(VERSION), where the map names a structure or another.")
@click.option("--provider", help="Whose data it is; the agency of the map unless told.")
@json_option
@pass_hub
def import_(
    hub: HubContext,
    *,
    structure_map: Path,
    output: Path | None,
    wanted: str | None,
    dataflow: str | None,
    provider: str | None,
    as_json: bool,
) -> None:
    r"""Make a mapping of a StructureMap: a structure message, or a URN of the registry.

    What cannot be run is told, and nothing is written then (exit code 3). "load" and "check" take a StructureMap in
    place of a mapping too.

    \b
    Examples:
      sdmx-hub map import structuremap.json --provider SEN_ANSD --output emigrants.yaml
      sdmx-hub map import "urn:sdmx:org.sdmx.infomodel.structuremapping.StructureMap=ILMH:SM_X(1.0.0)" --json
    """
    if output is not None and output.exists():
        raise BadRequest("guess-exists", file=output)
    artefacts = hub.registry.snapshot()
    found = find_structure_map(structure_map, artefacts, wanted=wanted)
    target = Urn("Dataflow", parse_ref(dataflow)) if dataflow else None
    made = make_from(found, artefacts, dataflow=target, provider=provider)
    told = [finding.as_json(hub.language) for finding in made.findings]
    if output is not None and not has_errors(made.findings):
        output.write_text(made.text, encoding="utf-8")
    lines = [finding_line(finding, hub.language) for finding in made.findings]
    if not has_errors(made.findings):
        written = sentence("map-imported", hub.language, file=output) if output is not None else made.text.rstrip()
        lines = [written, *(lines if output is not None else [f"# {line}" for line in lines])]
    show({"mapping": made.text, "findings": told}, as_json=as_json, text="\n".join(lines))
    click.get_current_context().exit(FINDINGS if has_errors(made.findings) else 0)
