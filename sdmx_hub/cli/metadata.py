"""``sdmx-hub metadata``: reference metadata, how they get in and out."""

from __future__ import annotations

import datetime as dt
import getpass
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from sdmx_hub.cli.context import FINDINGS, HubContext, json_option, pass_hub, show, tell
from sdmx_hub.cli.structure_texts import finding_lines, report_text
from sdmx_hub.errors import BadRequest, HubError, NotFound
from sdmx_hub.formats.metadata_writers import METADATA_WRITERS
from sdmx_hub.language import localised, sentence
from sdmx_hub.load.artefacts import pack_root
from sdmx_hub.load.metadata import check_sets, load_sets, locate_pack_sets, locate_sets
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.finding import Finding, Where, has_errors
from sdmx_hub.model.message import Header
from sdmx_hub.model.metadata import MetadataMessage
from sdmx_hub.model.urn import Urn, parse_urn
from sdmx_hub.publish.metadata import open_metadata
from sdmx_hub.query.metadata import parse_metadata_v2

_PREFIX = "metadata-"
FORMATS = tuple(name.removeprefix(_PREFIX) for name in METADATA_WRITERS)
_CONTEXTS = ("metadataset", "metadataflow", "structure")
_WHAT = click.argument("what", nargs=-1, required=True)


@click.group()
def metadata() -> None:
    r"""Reference metadata: what is told about data and structures, against a metadata structure.

    A metadata set is named by its provider, id and version (ILMH/MDS_RGT_OSH/1.0.0; parts left out or * mean all, ~ the
    latest version), by its URN, or as REST v2 asks: metadataflow/ILMH/MDF_ABOUT or structure/dataflow/ILMH/DF_RGT_OSH.
    """


@metadata.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--pack", is_flag=True, help="Load the metadata sets that come with the hub.")
@click.option("--dry-run", is_flag=True, help="Check and compare, but store nothing.")
@json_option
@pass_hub
def load(hub: HubContext, files: tuple[Path, ...], *, pack: bool, dry_run: bool, as_json: bool) -> None:
    r"""Load metadata sets, files or folders of them: all or nothing.

    Messages may be SDMX-JSON 2.0 or 2.1, SDMX-ML 2.1 (generic), 3.0 or 3.1, SDMX-CSV 2.0 or 2.1. Nothing is stored when
    a finding is an error; exits with 3 then.

    \b
    Examples:
      sdmx-hub metadata load --pack
      sdmx-hub metadata load about-injuries.json --dry-run
      sdmx-hub metadata load notes.csv --json
    """
    if not files and not pack:
        raise BadRequest("metadata-nothing")
    artefacts = hub.registry.snapshot()
    located = (*(locate_pack_sets(pack_root(), artefacts) if pack else ()), *locate_sets(files, artefacts))
    report = load_sets(located, hub.metadata, artefacts, actor=_actor(), now=_now(), dry_run=dry_run)
    show(report.as_json(hub.language), as_json=as_json, text=lambda: report_text(report, hub.language, dry_run=dry_run))
    if has_errors(report.findings):
        sys.exit(FINDINGS)


@metadata.command("list")
@click.argument("what", required=False, default="*")
@json_option
@pass_hub
def list_(hub: HubContext, what: str, *, as_json: bool) -> None:
    r"""List metadata sets: reference, name, what they are about.

    \b
    Examples:
      sdmx-hub metadata list
      sdmx-hub metadata list structure/dataflow/ILMH/DF_RGT_OSH
      sdmx-hub metadata list "ILMH/*/*" --json
    """
    try:
        found = _select(hub, [what])
    except NotFound:
        found = ()
    rows = [_row(one, hub.language) for one in found]
    lines = [f"{row['ref']:<40} {row['name']}  → {', '.join(row['targets'])}" for row in rows]
    nothing = sentence("metadata-empty", hub.language)
    show({"metadata_sets": rows}, as_json=as_json, text=lambda: "\n".join(lines) or nothing)


@metadata.command("show")
@_WHAT
@json_option
@pass_hub
def show_(hub: HubContext, what: tuple[str, ...], *, as_json: bool) -> None:
    r"""Show metadata sets: what they are about and what they tell. JSON shows the document.

    \b
    Examples:
      sdmx-hub metadata show ILMH/MDS_RGT_OSH
      sdmx-hub --lang fr metadata show structure/dataflow/ILMH/DF_RGT_OSH
      sdmx-hub metadata show ILMH/MDS_RGT_OSH/1.0.0 --json
    """
    found = _select(hub, what)
    shown = {"metadata_sets": [{"urn": str(one.urn), "document": one.document} for one in found]}
    text = "\n\n".join("\n".join(_describe(one, hub.language)) for one in found)
    show(shown, as_json=as_json, text=text)


@metadata.command()
@_WHAT
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="json-2.1",
    show_default=True,
    help="What to write.",
)
@click.option(
    "--labels",
    type=click.Choice(["id", "name", "both"]),
    default="id",
    show_default=True,
    help="Names beside ids, in CSV.",
)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="File to write; standard output else."
)
@pass_hub
def export(hub: HubContext, what: tuple[str, ...], *, format_: str, labels: str, output: Path | None) -> None:
    r"""Write metadata sets as a message.

    \b
    Examples:
      sdmx-hub metadata export ILMH/MDS_RGT_OSH --format xml-3.1 -o notes.xml
      sdmx-hub metadata export "*" --format csv-2.1 --labels both > notes.csv
    """
    found = _select(hub, what)
    header = Header(id=f"EXPORT{_now():%Y%m%d%H%M%S}", prepared=_now(), sender_id=hub.settings.hub_id)
    message = MetadataMessage(header=header, sets=found, find=hub.registry.snapshot().find, language=hub.language)
    content = METADATA_WRITERS[_PREFIX + format_](message, {"labels": labels})
    if output is None:
        click.echo(content, nl=False)
    else:
        output.write_bytes(content)
        tell(sentence("metadata-exported", hub.language, count=len(found), file=output))


@metadata.command()
@_WHAT
@json_option
@pass_hub
def remove(hub: HubContext, what: tuple[str, ...], *, as_json: bool) -> None:
    r"""Remove metadata sets; their history stays. Each must be named exactly.

    \b
    Examples:
      sdmx-hub metadata remove ILMH/MDS_RGT_OSH/1.0.0
    """
    removed: list[Urn] = []
    for name in what:
        found = _select(hub, [name])
        if len(found) != 1:
            raise BadRequest("metadata-one", what=name, count=len(found))
        removed.append(hub.metadata.remove(found[0].urn, actor=_actor(), now=_now()))
    lines = [sentence("metadata-removed", hub.language, urn=str(urn)) for urn in removed]
    show({"removed": [str(urn) for urn in removed]}, as_json=as_json, text="\n".join(lines))


@metadata.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
@pass_hub
def check(hub: HubContext, files: tuple[Path, ...], *, as_json: bool) -> None:
    r"""Check files of metadata sets against the structures of the hub, and store nothing.

    Exits with 3 when a finding is an error.

    \b
    Examples:
      sdmx-hub metadata check notes.xml
      sdmx-hub metadata check metadata/ --json
    """
    findings = _check(hub, files)
    shown = {"findings": [finding.as_json(hub.language) for finding in findings]}
    good = sentence("metadata-good", hub.language, what=", ".join(map(str, files)))
    show(shown, as_json=as_json, text=lambda: "\n".join(finding_lines(findings, hub.language)) or good)
    if has_errors(findings):
        sys.exit(FINDINGS)


def _check(hub: HubContext, files: Sequence[Path]) -> tuple[Finding, ...]:
    artefacts = hub.registry.snapshot()
    try:
        located = locate_sets(files, artefacts)
    except NotFound:
        raise
    except HubError as error:
        where = Where(file=str(error.params.get("at", files[0])))
        return (Finding(code=error.key, where=where, params=error.params),)
    return check_sets(located, artefacts)


def _actor() -> str:
    return f"cli:{getpass.getuser()}"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _select(hub: HubContext, what: Iterable[str]) -> tuple[Artefact, ...]:
    """The sets named, each once, in order. Raises NotFound, BadRequest."""
    sets, artefacts = hub.metadata.snapshot(), hub.registry.snapshot()
    found: dict[Urn, Artefact] = {}
    for name in what:
        query = parse_metadata_v2(_path(name), "")
        found |= {one.urn: one for one in open_metadata(query, sets, artefacts) if one.urn not in found}
    return tuple(found.values())


def _path(name: str) -> list[str]:
    if name.startswith("urn:"):
        ref = parse_urn(name).ref
        return ["metadataset", ref.agency_id, ref.id, ref.version]
    parts = name.strip("/").split("/")
    return parts if parts[0].lower() in _CONTEXTS else ["metadataset", *parts]


def _row(one: Artefact, language: str) -> dict[str, Any]:
    return {
        "ref": str(one.ref),
        "name": localised(one.names, language),
        "targets": [_short(target) for target in one.document.get("targets", ())],
        "urn": str(one.urn),
        "final": one.is_final,
    }


def _short(urn: str) -> str:
    return urn.removeprefix("urn:sdmx:org.sdmx.infomodel.").partition(".")[2]


def _describe(one: Artefact, language: str) -> Iterator[str]:
    """A set for people: names, what it is about, and what it tells as a tree."""
    yield f"{one.ref}  {localised(one.names, language)}"
    targets = ", ".join(_short(target) for target in one.document.get("targets", ()))
    yield f"  {sentence('metadata-about', language, targets=targets)}"
    yield from _tree(one.document.get("attributes", ()), 1, language)


def _tree(listed: Sequence[Mapping[str, Any]], depth: int, language: str) -> Iterator[str]:
    for attribute in listed:
        value = attribute.get("value", "")
        text = localised(value, language) if isinstance(value, Mapping) else value
        yield f"{'  ' * depth}{attribute['id']}{f'  {text}' if text else ''}"
        yield from _tree(attribute.get("attributes", ()), depth + 1, language)
