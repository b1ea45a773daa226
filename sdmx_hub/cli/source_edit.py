"""Parts of ``sdmx-hub source``: sources changed in an editor or by single values, and drafts of new ones."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from sdmx_hub.cli.actor import actor
from sdmx_hub.cli.address import check_typed
from sdmx_hub.cli.context import FINDINGS, HubContext, json_option, pass_hub, show
from sdmx_hub.cli.harvest_report import finding_line
from sdmx_hub.errors import BadRequest, Conflict
from sdmx_hub.harvest.clock import utc_now
from sdmx_hub.harvest.source_draft import Draft, ask_hub, draft_from_hub, draft_from_registration, find_registration
from sdmx_hub.harvest.source_file import SourceFile, read_source_text
from sdmx_hub.harvest.source_known import check_known
from sdmx_hub.harvest.source_registry import ask_registry
from sdmx_hub.language import sentence
from sdmx_hub.mapping.document import parse_document
from sdmx_hub.model.finding import has_errors
from sdmx_hub.store.registrations import Registrations
from sdmx_hub.store.sources import Sources


@click.command()
@click.argument("source_id", metavar="SOURCE")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change this alone; VALUE is YAML, none removes it.",
)
@json_option
@pass_hub
def edit(hub: HubContext, source_id: str, *, changes: tuple[str, ...], as_json: bool) -> None:
    r"""Change a source in your editor ($EDITOR), or single values of it; the checks are those of source add.

    Nothing of a source with errors is kept; exits with 3 then.

    \b
    Examples:
      sdmx-hub source edit SEN_ANSD
      sdmx-hub source edit SEN_ANSD --set mechanism=delta --set "schedule={every: 2 hours}"
    """
    stored = Sources(hub.database).get(source_id)
    document = json.loads(stored.document)
    text = json.dumps(_changed(document, changes) if changes else document, ensure_ascii=False, indent=2) + "\n"
    if not changes:
        edited = click.edit(text, extension=".yaml")
        if edited is None:
            same = {"id": source_id, "kept": True, "changed": False}
            show(same, as_json=as_json, text=sentence("source-not-edited", hub.language))
            return
        text = edited
    file = read_source_text(text, Path(f"{source_id}.yaml"))
    _keep(hub, source_id, stored.origin, file, as_json=as_json)


def _keep(hub: HubContext, source_id: str, origin: str, file: SourceFile, *, as_json: bool) -> None:
    is_kept = file.source is not None and not has_errors(file.findings)
    if file.source is not None and file.source.id != source_id:
        raise BadRequest("source-id-differs", id=file.source.id, asked=source_id)
    findings = [*file.findings, *check_known(file, hub.registry.snapshot(), name=f"{source_id}.yaml")]
    now = utc_now()
    changed = is_kept and Sources(hub.database).save(
        source_id, file.text, file.sha256, origin=origin, actor=actor(), now=now
    )
    answer: dict[str, Any] = {
        "id": source_id,
        "kept": is_kept,
        "changed": changed,
        "findings": [finding.as_json(hub.language) for finding in findings],
    }
    key = "source-refused" if not is_kept else "source-added" if changed else "source-same"
    lines = [f"  {finding_line(finding, hub.language)}" for finding in findings]
    said = sentence(key, hub.language, source=source_id, count=len(lines))
    show(answer, as_json=as_json, text="\n".join([said, *lines]))
    if not is_kept:
        sys.exit(FINDINGS)


def _changed(document: dict[str, Any], changes: tuple[str, ...]) -> dict[str, Any]:
    """Put single values into a document. Raises BadRequest for what is no path of it."""
    for change in changes:
        path, mark, text = change.partition("=")
        *above, last = path.strip().split(".")
        place: Any = document
        for name in above:
            place = place.setdefault(name, {}) if isinstance(place, dict) else None
        if not mark or not isinstance(place, dict):
            raise BadRequest("configuration", where=change[:100], why="PATH=VALUE")
        read = parse_document(text)
        if read.findings:
            raise BadRequest("configuration", where=change[:100], why=read.findings[0].text(language="en"))
        place.pop(last, None)
        if text.strip():
            place[last] = read.value
    return document


def write_draft(
    hub: HubContext, output: Path | None, *, from_hub: str | None, from_registration: str | None, registry: str | None
) -> Path:
    """Write the draft of a source.

    Raises BadRequest for what is no address, Conflict when the file is there, and as the drafts do.
    """
    for address in filter(None, (from_hub, registry)):
        check_typed(address)
    if from_hub:
        draft = draft_from_hub(ask_hub(from_hub, hub.settings), from_hub)
    elif registry:
        found, agreements = ask_registry(registry, from_registration or "", hub.settings)
        draft = draft_from_registration(found, agreements)
    else:
        draft = _registered(hub, from_registration or "")
    path = output or Path(f"{draft.id}.yaml")
    if path.exists():
        raise Conflict("source-file-there", path=path)
    path.write_text(draft.text, encoding="utf-8")
    return path


def _registered(hub: HubContext, name: str) -> Draft:
    found = find_registration(name, Registrations(hub.database).select())
    return draft_from_registration(found, hub.registry.snapshot())
