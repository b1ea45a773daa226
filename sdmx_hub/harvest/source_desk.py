"""Sources kept on behalf of somebody who is not at the server: the same checks, and nothing of the server given away.

A source may name files of the server (a mapping, a secret) and variables of its environment. Whoever may write there
could name any; over the wire such names are only taken as they are kept already, except for secrets in variables whose
name begins with ``HARVEST_``.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdmx_hub.errors import BadRequest, Conflict, NotFound
from sdmx_hub.harvest.source import parse_stored
from sdmx_hub.harvest.source_file import check_overlap, read_source_text
from sdmx_hub.harvest.source_known import check_known
from sdmx_hub.model.finding import Finding, Where, has_errors
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.sources import Sources, StoredSource

MOST_BYTES = 1_000_000
VARIABLES = "HARVEST_"
ORIGIN = "api"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What became of a document: ``source`` is what is kept now, None when findings kept it out."""

    findings: tuple[Finding, ...]
    source: StoredSource | None = None
    changed: bool = False
    created: bool = False


def keep_source(
    sources: Sources, body: bytes, artefacts: Artefacts, *, asked: str | None, new: bool, actor: str, now: dt.datetime
) -> Kept:
    """Check a document (YAML or JSON) and keep it, as the source ``asked`` where one is named.

    Raises BadRequest for what cannot be read, Conflict when it must be ``new`` and is there.
    """

    def local(document: Mapping[str, Any]) -> Iterator[Finding]:
        kept = _kept(sources, document["id"])
        yield from _local(document, json.loads(kept.document) if kept else {})

    file = read_source_text(_text(body), Path(_name(asked)), first=local)
    findings = list(file.findings)
    if file.source is None or has_errors(findings):
        return Kept(findings=tuple(findings))
    if asked is not None and file.source.id != asked:
        raise BadRequest("source-id-differs", id=file.source.id, asked=asked)
    kept = _kept(sources, file.source.id)
    if new and kept is not None:
        raise Conflict("source-exists", source=file.source.id)
    findings += check_known(file, artefacts, name=_name(asked))
    findings += check_overlap(file.source, [parse_stored(one.document, one.sha256) for one in sources.select()])
    changed = sources.save(file.source.id, file.text, file.sha256, origin=ORIGIN, actor=actor, now=now)
    stored = sources.get(file.source.id)
    return Kept(findings=tuple(findings), source=stored, changed=changed, created=kept is None)


def _name(asked: str | None) -> str:
    return f"{asked or 'source'}.yaml"


def _text(body: bytes) -> str:
    if not body.strip() or len(body) > MOST_BYTES:
        raise BadRequest("source-document", most=MOST_BYTES)
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest("source-document", most=MOST_BYTES) from error


def _kept(sources: Sources, source_id: str) -> StoredSource | None:
    try:
        return sources.get(source_id)
    except NotFound:
        return None


def _local(document: Mapping[str, Any], kept: Mapping[str, Any]) -> Iterator[Finding]:
    """Find what names something on the server and is not kept already, at the same partner."""

    def denied(path: str) -> Finding:
        return Finding(code="source-local", where=Where(path=path), params={"what": path})

    credentials = document.get("credentials")
    if credentials and not str(credentials.get("environment", "")).startswith(VARIABLES):
        names = ("credentials", "endpoint", "hosts")
        if any(document.get(name) != kept.get(name) for name in names):
            yield denied("credentials")
    if document.get("folder") != kept.get("folder") and document.get("folder"):
        yield denied("folder")
    mappings = {flow.get("mapping") for flow in kept.get("flows", ())}
    for position, flow in enumerate(document.get("flows", ())):
        mapping = flow.get("mapping")
        if mapping and not mapping.startswith("urn:") and mapping not in mappings:
            yield denied(f"flows[{position}].mapping")
