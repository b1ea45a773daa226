"""Registrations of partners at other registries: which service has the data of a provision agreement.

What a registry says is looked at, never followed: it becomes a draft that a person reads before anything is asked of
the service it names. Registrations are queried by REST v2; v1 has no such queries.
"""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import quote

from sdmx_hub.config import Settings
from sdmx_hub.errors import BadRequest, HubError, Malformed, NotFound
from sdmx_hub.formats.registry_registrations import read_query_response
from sdmx_hub.formats.structure_reading import read_structures
from sdmx_hub.harvest.source_draft import ask, find_registration
from sdmx_hub.model.registration import Registration
from sdmx_hub.model.urn import Ref, parse_ref, parse_urn
from sdmx_hub.store.artefacts import Artefacts

_REGISTRATIONS = "application/vnd.sdmx.registry+xml;version=3.0.0"
_STRUCTURES = "application/vnd.sdmx.structure+json;version=2.0.0"
_ID = re.compile(r"[A-Za-z0-9_@$-]{1,255}")


def ask_registry(url: str, name: str, settings: Settings) -> tuple[Registration, Artefacts]:
    """Ask a registry for one registration, named as ``find_registration`` has it, and for its provision agreement.

    ``url`` is what stands before ``/registration``. Raises NotFound, NotAllowed, PartnerUnavailable, Malformed,
    BadRequest.
    """
    base = url.rstrip("/")
    answer = ask(f"{base}/registration/{_about(name)}", settings, _REGISTRATIONS)
    found = _choose(name, [_checked(one, base) for one in read_query_response(answer)])
    address = f"{base}/structure/provisionagreement/{_path(found.provision_agreement.ref)}"
    artefacts = Artefacts(read_structures(ask(address, settings, _STRUCTURES)))
    if artefacts.find(found.provision_agreement) is None:
        raise Malformed("source-draft-none", url=base, why=str(found.provision_agreement))
    return found, artefacts


def _about(name: str) -> str:
    """The path of a registration query. Raises BadRequest for a name that is none."""
    if name.startswith("urn:") and ".Registration=" in name:
        return f"id/{_id(re.split('[.=:]', name)[-1])}"
    if name.startswith("urn:"):
        urn = parse_urn(name)
        if urn.class_name != "ProvisionAgreement":
            raise BadRequest("registration-agreement", urn=name[:200])
        return f"provisionagreement/{_path(urn.ref)}"
    return f"provisionagreement/{_path(parse_ref(name))}" if ":" in name else f"id/{_id(name)}"


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise BadRequest("registration-id", id=text[:100])
    return text


def _path(ref: Ref) -> str:
    return "/".join(quote(part, safe="") for part in (ref.agency_id, ref.id, ref.version))


def _checked(registration: Registration, url: str) -> Registration:
    """A registration that says nothing but what one may say. Raises Malformed."""
    try:
        replace(registration, id="").check()
        _id(registration.id)
    except HubError as error:
        raise Malformed("source-draft-none", url=url, why=str(error)[:200]) from error
    return registration


def _choose(name: str, found: list[Registration]) -> Registration:
    """The registration that is meant: one that can be harvested, when an agreement has several. Raises NotFound."""
    named = [one for one in found if _names(name, one)]
    served = [one for one in named if one.queryable is not None and one.queryable.is_rest]
    if not named:
        raise NotFound("registration-missing", id=name)
    return (served or named)[0]


def _names(name: str, one: Registration) -> bool:
    try:
        find_registration(name, [one])
    except NotFound:
        return False
    return True
