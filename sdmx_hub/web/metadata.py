"""Reference metadata over HTTP: the queries of both editions, and their administration under ``/api``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Response

from sdmx_hub.errors import BadRequest
from sdmx_hub.formats.metadata_writers import METADATA_WRITERS
from sdmx_hub.load.artefacts import ArtefactReport
from sdmx_hub.load.metadata import load_sets, locate_sets
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import METADATA_SET
from sdmx_hub.model.metadata import MetadataMessage
from sdmx_hub.model.urn import Ref, Urn, parse_ref
from sdmx_hub.publish.metadata import open_metadata, target_artefact
from sdmx_hub.query.metadata import MetadataQuery, parse_metadata_v1, parse_metadata_v2
from sdmx_hub.web.hub import Visit, current_visit
from sdmx_hub.web.identity import make_header, validate
from sdmx_hub.web.landing import show_query
from sdmx_hub.web.negotiation import raw_query, read_asked
from sdmx_hub.web.rest import Family, Parts, View
from sdmx_hub.web.spoken import speak


def make_view(parse: Callable[[Sequence[str], str], MetadataQuery]) -> View:
    """Make the view of metadata queries whose addresses ``parse`` reads."""

    def get_metadata(family: Family, parts: Parts) -> Response:
        return _answer(parse(parts, raw_query()), family, parts)

    return get_metadata


get_metadata_v1 = make_view(parse_metadata_v1)
get_metadata_v2 = make_view(parse_metadata_v2)


def _answer(query: MetadataQuery, family: Family, parts: Parts) -> Response:
    """Answer a metadata query."""
    asked = read_asked("metadata", family.api, parts)
    visit = current_visit()
    sets = visit.hub.metadata.snapshot(as_of=query.as_of)
    artefacts = visit.hub.registry.snapshot(as_of=query.as_of) if query.as_of else visit.artefacts
    found = open_metadata(query, sets, artefacts)
    if asked.is_page:
        targets = (target_artefact(text, artefacts) for one in found for text in one.document.get("targets", ()))
        flows = {one.urn: one for one in targets if one is not None and one.artefact_class.name == "Dataflow"}
        return show_query("metadata", family.api, visit, flows.values())
    state = (visit.artefacts.revision, *(one.fingerprint for one in found), *asked.parts)
    validators = validate(visit, state, (sets.changed, artefacts.changed))
    if known := asked.known(validators):
        return known
    message = MetadataMessage(
        header=make_header(visit, validators),
        sets=tuple(speak(one, asked.language) for one in found),
        find=artefacts.find,
        language=asked.language,
    )
    body = METADATA_WRITERS[asked.chosen.format.id](message, asked.chosen.params)
    return asked.send([body], validators, _name(found))


def _name(found: Sequence[Artefact]) -> str:
    first = found[0].ref
    return f"{first.agency_id}_{first.id}" if len(found) == 1 else "metadata"


def load_received(path: Path, visit: Visit, *, actor: str, dry_run: bool) -> ArtefactReport:
    """Check and store the sets of a file that was sent, all or none."""
    located = locate_sets([path], visit.artefacts)
    return load_sets(located, visit.hub.metadata, visit.artefacts, actor=actor, now=visit.now, dry_run=dry_run)


def remove_named(text: str, visit: Visit, *, actor: str) -> Urn:
    """Remove the set named ``PROVIDER:ID(VERSION)`` or ``PROVIDER/ID/VERSION``. Raises BadRequest, NotFound."""
    return visit.hub.metadata.remove(Urn(METADATA_SET.name, _ref(text)), actor=actor, now=visit.now)


def _ref(text: str) -> Ref:
    parts = text.strip("/").split("/")
    if len(parts) == 3:
        return parse_ref(f"{parts[0]}:{parts[1]}({parts[2]})")
    if len(parts) != 1:
        raise BadRequest("ref-syntax", text=text[:100])
    return parse_ref(text)
