"""Drafts of source files: from what a partner hub tells at ``/sources.json``, or from what was registered somewhere.

A draft is text with what is sure filled in and the rest as it is usual: a visit a day for what has changed, a full
comparison every tenth time. A person looks at it before ``source add``.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from sdmx_hub.config import Settings
from sdmx_hub.errors import HubError, Malformed, NotFound
from sdmx_hub.harvest.answer import Limits
from sdmx_hub.harvest.fetch import Visitor, fetch
from sdmx_hub.harvest.guard import Policy, parse_place
from sdmx_hub.harvest.raw import raw_store_in
from sdmx_hub.model.registration import Registration
from sdmx_hub.model.structure import read_provision_agreement
from sdmx_hub.model.urn import Ref, parse_ref
from sdmx_hub.store.artefacts import Artefacts

PATH = "/sources.json"
_LIMITS = Limits(bytes=10_000_000, unpacked_bytes=20_000_000, seconds=60)
_MOST_FLOWS = 500
_EDITION = re.compile(r"/v(?P<edition>[12])(?:$|/)")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A source to be: ``id`` names its file."""

    id: str
    text: str


def ask_hub(url: str, settings: Settings) -> Mapping[str, Any]:
    """Ask a hub how it is harvested, through the guard. Raises NotAllowed, PartnerUnavailable, Malformed."""
    address = url if url.endswith(".json") else url.rstrip("/") + PATH
    try:
        document = orjson.loads(ask(address, settings, "application/json"))
    except orjson.JSONDecodeError as error:
        raise Malformed("source-draft-none", url=address, why=str(error)[:100]) from error
    if not isinstance(document, dict):
        raise Malformed("source-draft-none", url=address, why="{}?")
    return document


def ask(address: str, settings: Settings, accept: str) -> bytes:
    """Get one small answer of one host, through the guard. Raises NotAllowed, PartnerUnavailable, Malformed."""
    place = parse_place(address)
    policy = Policy(hosts=frozenset({(place.host, place.port)}), allow_local=settings.allow_loopback)
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-draft-") as folder:
        visitor = Visitor(
            policy=policy,
            limits=_LIMITS,
            raw=raw_store_in(Path(folder)),
            home=place,
            user_agent=f"sdmx-hub/{settings.hub_id}",
        )
        answer = fetch(address, visitor, {"Accept": accept})
        if answer.kept is None:
            raise Malformed("source-draft-none", url=address, why=str(answer.status))
        return answer.kept.path.read_bytes()


def draft_from_hub(document: Mapping[str, Any], url: str) -> Draft:
    """Draft the source of a hub from its ``/sources.json``: all its dataflows. Raises Malformed."""
    try:
        hub = document["hub"]
        api = next(one for one in hub["apis"] if one["api"] == "v2")
        flows = [parse_ref(one["dataflow"]) for one in hub["dataflows"]][:_MOST_FLOWS]
        title, endpoint = str(hub["name"]), str(api["url"])
        source_id = source_id_of(str(hub["id"]))
    except (KeyError, TypeError, StopIteration, HubError) as error:
        raise Malformed("source-draft-none", url=url, why=f"{type(error).__name__}: {error}"[:100]) from error
    if not flows:
        raise Malformed("source-draft-none", url=url, why="dataflows: []")
    return _draft(source_id, title, endpoint, "v2", [(flow, None) for flow in flows])


def draft_from_registration(registration: Registration, artefacts: Artefacts) -> Draft:
    """Draft the source of a partner from the service it registered here. Raises NotFound, Malformed."""
    service = registration.queryable
    if service is None or not service.is_rest:
        raise Malformed("source-draft-none", url=registration.simple_url or registration.id, why="REST?")
    agreement = read_provision_agreement(artefacts.get(registration.provision_agreement))
    edition = _EDITION.search(service.data_url)
    api = f"v{edition['edition']}" if edition else "v2"
    provider = agreement.data_provider
    names = artefacts.get(registration.provision_agreement).names
    title = names.get("en") or next(iter(names.values()), registration.id)
    source_id = source_id_of(f"{provider.item_id or agreement.ref.id}_{agreement.dataflow.ref.id}")
    return _draft(source_id, title, service.data_url, api, [(agreement.dataflow.ref, registration.id)])


def find_registration(name: str, registrations: Iterable[Registration]) -> Registration:
    """Find a registration by its id, its URN, or its agreement's URN or reference. Raises NotFound."""
    key = name.rpartition(".")[2] if name.startswith("urn:") and ".Registration=" in name else name
    for one in registrations:
        if key in {one.id, str(one.provision_agreement), str(one.provision_agreement.ref)}:
            return one
        if name.startswith("urn:") and name.endswith(f"={one.id}"):
            return one
    raise NotFound("registration-missing", id=name)


def source_id_of(text: str) -> str:
    """Make an id of a source out of a text."""
    found = re.sub(r"[^A-Z0-9_-]", "_", text.upper()).lstrip("0123456789_-")[:60]
    return found or "PARTNER"


def _draft(source_id: str, title: str, endpoint: str, api: str, flows: Iterable[tuple[Ref, str | None]]) -> Draft:
    lines = [
        f"id: {source_id}",
        f"title: {{en: {_quoted(title)}}}",
        f"endpoint: {_quoted(endpoint.rstrip('/'))}",
        f"api: {api}",
        "mechanism: delta",
        "full_every: 10",
        "schedule: {every: 1 day}",
        "structures: check  # or adopt: take over what is not held here",
        "flows:",
    ]
    for flow, registration in flows:
        lines.append(
            f"  - dataflow: {_quoted(str(flow))}" + (f"  # registration {registration}" if registration else "")
        )
    return Draft(id=source_id, text="\n".join(lines) + "\n")


def _quoted(text: str) -> str:
    """A text as YAML and JSON both write it."""
    return json.dumps(text, ensure_ascii=False)
