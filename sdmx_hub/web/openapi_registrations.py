"""Registrations and subscriptions for ``/openapi.json``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sdmx_hub.formats.table import formats_of
from sdmx_hub.query.registrations import REGISTRATION
from sdmx_hub.web.openapi_slots import slot
from sdmx_hub.web.rest import Family

Document = dict[str, Any]

REGISTRY_RESOURCES = frozenset({"registration", "subscription"})
"""Resources whose messages are those of the registry, in both directions."""
_CHANGES = {
    "200": "Changed",
    "201": "Added",
    "207": "Some changed, some refused",
    "400": "Cannot be read",
    "401": "No key, or a wrong one",
    "403": "Not allowed by the key",
    "404": "No such id",
    "409": "Against what is there",
    "422": "Cannot be",
}


def registration_paths(family: Family) -> Iterable[tuple[str, Document]]:
    """Describe registrations: queries for everybody, changes with a key."""
    path = f"{family.prefix}/registration"
    yield path, {"get": _query(family, ()), "post": change(family, (), body=True)}
    yield (
        f"{path}/id/{{registrationID}}",
        {
            "get": _query(family, ("registrationID",)),
            "delete": change(family, ("registrationID",), body=False),
        },
    )
    yield f"{path}/provider/{{agencyID}}/{{providerID}}", {"get": _query(family, ("agencyID", "providerID"))}
    whole = ("context", "agencyID", "resourceID", "version")
    yield path + "".join(f"/{{{name}}}" for name in whole), {"get": _query(family, whole)}


def subscription_paths(family: Family) -> Iterable[tuple[str, Document]]:
    """Describe subscriptions: messages alone, with a key."""
    yield f"{family.prefix}/subscription", {"post": change(family, (), body=True)}


def change(family: Family, slots: Iterable[str], *, body: bool) -> Document:
    """Describe an operation that changes something by a registry message or an address."""
    message = _messages(family)
    operation: Document = {
        "security": [{"key": []}],
        "parameters": [slot(name, family.api) for name in slots],
        "responses": {
            status: {"description": text} | ({"content": message} if status[0] == "2" else {})
            for status, text in _CHANGES.items()
        },
    }
    return operation | ({"requestBody": {"required": True, "content": message}} if body else {})


def _query(family: Family, slots: Iterable[str]) -> Document:
    times = ({"name": name, "in": "query", "schema": {"type": "string"}} for name in sorted(REGISTRATION))
    return {
        "parameters": [*(slot(name, family.api) for name in slots), *times],
        "responses": {
            "200": {"description": "Found", "content": _messages(family)},
            "204": {"description": "None"},
            "304": {"description": "Not modified"},
            "400": {"description": "Cannot be read"},
            "404": {"description": "No such id"},
            "406": {"description": "No such format"},
        },
    }


def _messages(family: Family) -> Document:
    return {row.content_type: {"schema": {"type": "string"}} for row in formats_of("registry", family.api)}
