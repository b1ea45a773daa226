"""Registrations over HTTP: queries for everybody, changes with a key (SDMX REST v2.2, *Data registration queries*)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from flask import Response, request

from sdmx_hub.errors import BadRequest, Conflict, HubError, NoResults, NotAcceptable
from sdmx_hub.formats.negotiate import Chosen, choose_format
from sdmx_hub.formats.registry_registrations import (
    RegistrationQuestion,
    RegistrationRequest,
    RegistrationResult,
    read_message,
    write_query_response,
    write_submit_response,
)
from sdmx_hub.model.message import Action, Header
from sdmx_hub.model.registration import Registration
from sdmx_hub.model.submission import Told
from sdmx_hub.model.urn import Urn
from sdmx_hub.publish.registrations import own_registrations, select_registrations
from sdmx_hub.query.parameters import read_target
from sdmx_hub.query.registrations import CONTEXTS, RegistrationQuery, parse_registration
from sdmx_hub.query.text import parse_id
from sdmx_hub.store.keys import STRUCTURES
from sdmx_hub.store.registrations import Registrations
from sdmx_hub.web.access import require_key
from sdmx_hub.web.conditional import make_validators
from sdmx_hub.web.errors import status_of
from sdmx_hub.web.hub import Visit, current_visit
from sdmx_hub.web.maintenance import make_header
from sdmx_hub.web.negotiation import raw_query, read_asked
from sdmx_hub.web.rest import Family, Parts


def get_registrations(family: Family, parts: Parts) -> Response:
    """Answer a registration query."""
    query = parse_registration(parts, raw_query())
    asked = read_asked("registry", family.api, parts)
    visit = current_visit()
    found = select_registrations(query, _all(family, visit), visit.artefacts)
    state = hashlib.sha256(repr(found).encode()).hexdigest()
    changed = max((one.updated_at for one in found if one.updated_at), default=None)
    validators = make_validators((request.full_path, state, *asked.parts), changed)
    if known := asked.known(validators):
        return known
    settings = visit.hub.settings
    header = Header(
        id=f"{settings.hub_id}-{validators.digest[:16]}",
        prepared=validators.last_modified or visit.now,
        sender_id=settings.hub_id,
        sender_names={"en": settings.hub_name},
    )
    body = write_query_response(found, header, asked.chosen.format.version)
    return asked.send([body], validators, "registrations")


def change_registrations(family: Family, parts: Parts) -> Response:
    """Take the requests of a message, or delete one registration; a QueryRegistrationRequest is answered too."""
    if request.method == "POST":
        return _post(family)
    key = require_key(STRUCTURES)
    found, _ = read_target(parts, raw_query())
    if request.method != "DELETE" or len(found) != 2 or found[0] != "id":
        raise BadRequest("registration-address")
    visit = current_visit()
    chosen = choose_registry_format(family)
    removed = Registrations(visit.hub.database).remove(
        parse_id(found[1], "registrationId", "abcd"), actor=key.actor, now=visit.now
    )
    told = (Told("registration-removed", {"id": removed.id}),)
    return _answer([RegistrationResult(registration=removed, code=200, told=told)], chosen)


def _post(family: Family) -> Response:
    """Take requests, or answer a question; bodies are read only of who has a key."""
    key = require_key(STRUCTURES)
    message = read_message(request.get_data(cache=False))
    if isinstance(message, RegistrationQuestion):
        return _answer_question(family, message)
    if not message:
        raise BadRequest("registration-nothing")
    visit = current_visit()
    return _answer([_change(one, visit, key.actor) for one in message], choose_registry_format(family))


def _answer_question(family: Family, question: RegistrationQuestion) -> Response:
    visit = current_visit()
    query = _as_query(question.about)
    try:
        found: Sequence[Registration] = select_registrations(query, _all(family, visit), visit.artefacts)
    except NoResults:
        found = ()
    chosen = choose_registry_format(family)
    body = write_query_response(found, make_header("REGISTRATIONS"), chosen.format.version)
    return send_registry(body, 200, chosen)


def _as_query(about: Urn | None) -> RegistrationQuery:
    if about is None:
        return RegistrationQuery()
    if about.class_name == "DataProvider":
        return RegistrationQuery(of_provider=True, agency_ids=(about.ref.agency_id,), ids=(about.item_id or "",))
    context = CONTEXTS.get(about.class_name.lower())
    if context is None:
        raise NoResults("registration-none")
    ref = about.ref
    return RegistrationQuery(context=context, agency_ids=(ref.agency_id,), ids=(ref.id,), versions=(ref.version,))


def _change(one: RegistrationRequest, visit: Visit, actor: str) -> RegistrationResult:
    """Carry one request out. A refusal is a result: others of the same message are not concerned."""
    try:
        done, code, key = _done(one, visit, actor)
    except HubError as error:
        told = (Told(error.key, error.params),)
        shown = replace(one.registration, updated_at=None)
        return RegistrationResult(registration=shown, code=status_of(error).plain, told=told)
    return RegistrationResult(registration=done, code=code, told=(Told(key, {"id": done.id}),))


def _done(one: RegistrationRequest, visit: Visit, actor: str) -> tuple[Registration, int, str]:
    store = Registrations(visit.hub.database)
    registration = one.registration
    if one.action is Action.DELETE:
        return store.remove(registration.id, actor=actor, now=visit.now), 200, "registration-removed"
    if visit.artefacts.find(registration.provision_agreement) is None:
        raise Conflict("registration-unknown-agreement", urn=registration.provision_agreement)
    if one.action is Action.REPLACE:
        return store.replace(registration, actor=actor, now=visit.now), 200, "registration-replaced"
    return store.add(registration, actor=actor, now=visit.now), 201, "registration-added"


def _all(family: Family, visit: Visit) -> tuple[Registration, ...]:
    own = own_registrations(
        visit.artefacts,
        visit.hub.observations,
        audience=visit.audience,
        now=visit.now,
        data_url=visit.base_url + family.prefix,
    )
    return (*own, *Registrations(visit.hub.database).select())


def choose_registry_format(family: Family) -> Chosen:
    """Choose the edition of an answer; the default where what is accepted is not offered, as for structures."""
    try:
        return choose_format("registry", accept=request.headers.get("Accept"), format_param=None, api=family.api)
    except NotAcceptable:
        return choose_format("registry", accept=None, format_param=None, api=family.api)


def _answer(results: Sequence[RegistrationResult], chosen: Chosen) -> Response:
    body = write_submit_response(results, make_header("REGISTRATIONS"), chosen.format.version)
    return send_registry(body, status_of_changes(one.code for one in results), chosen)


def status_of_changes(codes: Iterable[int]) -> int:
    """The HTTP status of several changes: 201 when something is new, 207 when only some were refused."""
    found = set(codes)
    refused = {code for code in found if code >= 400}
    if not refused:
        return 201 if 201 in found else 200
    if refused != found:
        return 207
    return refused.pop() if len(refused) == 1 else 409


def send_registry(body: bytes, status: int, chosen: Chosen) -> Response:
    """Send a registry message that nobody may keep."""
    response = Response(body, status, content_type=chosen.content_type)
    response.headers["Cache-Control"] = "no-store"
    return response
