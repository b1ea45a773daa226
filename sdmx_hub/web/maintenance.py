"""Maintenance of structures over HTTP: POST, PUT and DELETE (SDMX REST v2.2, *Maintenance*), with a key only.

The standard documents it for v2; under v1 the same is done in SDMX-ML 2.1. Every answer about artefacts is a
SubmitStructureResponse; a request that cannot be read is refused as any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request

from sdmx_hub.errors import BadQuery, BadRequest, NotAcceptable
from sdmx_hub.formats.message_schema import check_message_schema
from sdmx_hub.formats.negotiate import choose_format
from sdmx_hub.formats.registry_xml import write_submission
from sdmx_hub.formats.structure_reading import read_structures
from sdmx_hub.formats.table import Api
from sdmx_hub.load.maintenance import PREFIX_LENGTH, Conditions, Submission, check_names, submit
from sdmx_hub.load.withdrawal import withdraw
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.message import Action, Header
from sdmx_hub.model.submission import SubmissionResult, status_of_all
from sdmx_hub.model.urn import Ref, Urn, parse_urn
from sdmx_hub.query.parameters import Parameters, read_target
from sdmx_hub.query.request import ANY, StructureQuery
from sdmx_hub.query.text import choose, parse_flag
from sdmx_hub.query.versions import parse_version
from sdmx_hub.store.keys import STRUCTURES
from sdmx_hub.web.access import require_key
from sdmx_hub.web.hub import current_hub, current_visit
from sdmx_hub.web.negotiation import raw_query
from sdmx_hub.web.rest import Family, Parts

_ACTIONS = {action.name.lower(): action for action in (Action.APPEND, Action.MERGE, Action.REPLACE)}

fmr = Blueprint("fmr", __name__)


@dataclass(frozen=True, kw_only=True)
class _Wish:
    """What a request says beside its artefacts."""

    dry_run: bool
    together: bool
    conditions: Conditions


def maintain_structures(family: Family, parts: Parts) -> Response:
    """Create and update by POST, update one artefact by PUT, delete one artefact or item by DELETE."""
    key = require_key(STRUCTURES)
    found, parameters = read_target(parts, raw_query())
    wish = _read_wish(parameters)
    if request.method == "DELETE":
        return _delete(family, _one(family, parts), wish, key.actor)
    named = _one(family, parts) if request.method == "PUT" else None
    artefacts = _read_body()
    _check_schema(request.get_data())
    if named is not None:
        _check_named(artefacts, named)
        wish = _Wish(
            dry_run=wish.dry_run,
            together=True,
            conditions=Conditions(states=wish.conditions.states, must_exist=True),
        )
    else:
        _check_classes(family, found, parts, artefacts)
    return _submit(family.api, artefacts, wish, Action.REPLACE, key.actor)


@fmr.post("/ws/secure/sdmxapi/rest")
def submit_as_fmr() -> Response:
    """Store what Fusion Metadata Registry's clients send: ``Action`` says Append, Merge or Replace; all or none."""
    key = require_key(STRUCTURES)
    told = request.headers.get("Action", Action.REPLACE.name).strip()
    action = _ACTIONS[choose(told.lower(), "Action", tuple(_ACTIONS))]
    _, parameters = read_target((), raw_query())
    wish = _read_wish(parameters)
    together = _Wish(dry_run=wish.dry_run, together=True, conditions=wish.conditions)
    return _submit("v2", _read_body(), together, action, key.actor)


def _submit(api: Api, artefacts: tuple[Artefact, ...], wish: _Wish, action: Action, actor: str) -> Response:
    hub = current_hub()
    order = Submission(artefacts=artefacts, action=action, together=wish.together, conditions=wish.conditions)
    results = submit(order, hub.registry, actor=actor, now=hub.now(), dry_run=wish.dry_run)
    return _answer(api, results)


def _delete(family: Family, urn: Urn, wish: _Wish, actor: str) -> Response:
    hub = current_hub()
    results = withdraw(urn, hub.registry, actor=actor, now=hub.now(), conditions=wish.conditions, dry_run=wish.dry_run)
    return _answer(family.api, results)


def _read_body() -> tuple[Artefact, ...]:
    """Read the artefacts of the body, whatever structure format it is in. Raises Malformed, BadQuery."""
    artefacts = read_structures(request.get_data())
    if not artefacts:
        raise BadQuery("maintain-nothing")
    check_names(artefacts)
    return artefacts


def _check_schema(data: bytes) -> None:
    """Refuse a message that breaks the schema of its format. Raises BadQuery with the first place."""
    for error in check_message_schema(data):
        raise BadQuery("maintain-schema", place=str(error.line or error.path), why=error.text)


def _read_wish(parameters: Parameters) -> _Wish:
    return _Wish(
        dry_run=parse_flag(parameters.get("dryRun", "false") or "true", "dryRun"),
        together=parse_flag(parameters.get("atomic", "false") or "true", "atomic"),
        conditions=Conditions(states=_states(), must_be_new=request.headers.get("If-None-Match", "").strip() == "*"),
    )


def _states() -> frozenset[str] | None:
    """The states of artefacts ``If-Match`` admits: what our ETags begin with."""
    header = request.headers.get("If-Match")
    if header is None:
        return None
    tags = [tag.strip().strip('"') for tag in header.split(",")]
    for tag in tags:
        if tag != "*" and len(tag.partition("-")[0]) != PREFIX_LENGTH:
            raise BadRequest("maintain-precondition", found=tag[:100])
    return frozenset(tag.partition("-")[0] for tag in tags)


def _one(family: Family, parts: Parts) -> Urn:
    """The one artefact, or item, the address names. Raises BadRequest when it names another number of them."""
    query = family.parse_structure(parts, "")
    versions = [version for version in query.versions if parse_version(version)]
    sizes = (query.artefact_classes, query.agency_ids, query.ids, query.versions)
    if any(len(one) != 1 for one in sizes) or len(versions) != 1 or len(query.item_ids) > 1:
        raise BadRequest("maintain-one")
    row = query.artefact_classes[0]
    ref = Ref(query.agency_ids[0], query.ids[0], versions[0])
    if ANY in {ref.agency_id, ref.id}:
        raise BadRequest("maintain-one")
    if query.item_ids:
        return Urn(row.item_class or row.name, ref, query.item_ids[0])
    return Urn(row.name, ref)


def _check_named(artefacts: Sequence[Artefact], named: Urn) -> None:
    """Make sure a PUT holds what its address names. Raises BadQuery."""
    if named.item_id is not None:
        raise BadRequest("maintain-one")
    for artefact in artefacts:
        if artefact.urn != named or len(artefacts) != 1:
            raise BadQuery("maintain-mismatch", found=artefact.urn, asked=named)


def _check_classes(family: Family, found: Sequence[str], parts: Parts, artefacts: Sequence[Artefact]) -> None:
    """Make sure a POST holds only what its address names, as far as that names a type. Raises BadQuery, BadRequest."""
    if not found or found[0] in {"", ANY}:
        return
    if any(found[1:]):
        raise BadRequest("maintain-one")
    classes = family.parse_structure([found[0]], "").artefact_classes
    for artefact in artefacts:
        if artefact.artefact_class not in classes:
            raise BadQuery("maintain-mismatch", found=artefact.urn, asked=found[0])


def _answer(api: Api, results: tuple[SubmissionResult, ...]) -> Response:
    try:
        chosen = choose_format("registry", accept=request.headers.get("Accept"), format_param=None, api=api)
    except NotAcceptable:  # the standard: the default, where what is accepted is not offered
        chosen = choose_format("registry", accept=None, format_param=None, api=api)
    body = write_submission(results, make_header("SUBMISSION"), chosen.format.version)
    response = Response(body, status_of_all(results), content_type=chosen.content_type)
    response.headers["Cache-Control"] = "no-store"
    if len(results) == 1 and not results[0].is_refused and results[0].fingerprint:
        response.headers["ETag"] = f'"{results[0].fingerprint[:PREFIX_LENGTH]}"'
    created = [result for result in results if result.code == 201]
    if len(created) == 1:
        response.headers["Location"] = _location(api, created[0].urn)
    return response


def make_header(kind: str) -> Header:
    """Make the header of an answer of the registry."""
    visit = current_visit()
    settings = visit.hub.settings
    return Header(
        id=f"{settings.hub_id}-{kind}-{visit.now:%Y%m%d%H%M%S%f}",
        prepared=visit.now,
        sender_id=settings.hub_id,
        sender_names={"en": settings.hub_name},
    )


def _location(api: Api, text: str) -> str:
    urn = parse_urn(text)
    row = urn.artefact_class
    ref = urn.ref
    base = current_visit().base_url
    if api == "v1" and row.resources_v1:
        return f"{base}/sdmx/v1/{row.resources_v1[0]}/{ref.agency_id}/{ref.id}/{ref.version}"
    return f"{base}/sdmx/v2/structure/{row.resource or '*'}/{ref.agency_id}/{ref.id}/{ref.version}"


def entity_of(query: StructureQuery) -> str | None:
    """The state of the one artefact a query names whole, for its ETag; None when it names several, or a part."""
    exact = (query.artefact_classes, query.agency_ids, query.ids, query.versions)
    if any(len(one) != 1 for one in exact) or query.item_ids or query.as_of:
        return None
    artefacts = current_visit().artefacts
    found = artefacts.select(query.artefact_classes[0], query.agency_ids, query.ids, query.versions)
    return found[0].fingerprint[:PREFIX_LENGTH] if len(found) == 1 else None
