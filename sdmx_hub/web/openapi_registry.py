"""What of the registry is written, for ``/openapi.json``: maintenance of structures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sdmx_hub.formats.table import SDMX, formats_of
from sdmx_hub.web.openapi_registrations import REGISTRY_RESOURCES
from sdmx_hub.web.openapi_slots import slot
from sdmx_hub.web.rest import Family

Document = dict[str, Any]

_SLOTS = ("agencyID", "resourceID", "version")
_RESULTS = {
    "200": "Updated, deleted, or already as sent",
    "201": "Created",
    "207": "Some stored, some refused",
    "404": "Not here",
    "409": "Against the rules of versions, final, or references would be missing or broken",
    "412": "Not in the state If-Match asks for",
    "422": "Not what the address names, or not valid",
}
_REFUSALS = {
    "400": "Cannot be read",
    "401": "No key, or a wrong one",
    "403": "Not allowed by the key",
    "406": "No such format of answer",
    "413": "Too large",
    "429": "Too many wrong keys: wait",
    "503": "Somebody else is writing: try again",
}


def maintenance_paths(family: Family) -> Iterable[tuple[str, Document]]:
    """Describe how structures are written in one edition."""
    for resource in (one for one in family.writes if one not in REGISTRY_RESOURCES):
        path = f"{family.prefix}/{resource}"
        if resource not in family.keeps_resource:
            yield path, {"post": _operation(family, (), body=True)}
            slots: tuple[str, ...] = ("artefactType",)
        else:
            slots = ()
        yield path + _slots(slots), {"post": _operation(family, slots, body=True)}
        whole = (*slots, *_SLOTS)
        delete = _operation(family, whole, body=False)
        yield path + _slots(whole), {"put": _operation(family, whole, body=True), "delete": delete}
        item = (*whole, "itemID")
        yield path + _slots(item), {"delete": _operation(family, item, body=False)}


def fmr_paths(family: Family) -> Iterable[tuple[str, Document]]:
    """Describe the path of the maintenance clients of Fusion Metadata Registry."""
    operation = _operation(family, (), body=True)
    actions = {"type": "string", "enum": ["Append", "Merge", "Replace"], "default": "Replace"}
    operation["parameters"].append({"name": "Action", "in": "header", "schema": actions})
    yield "/ws/secure/sdmxapi/rest", {"post": operation}


def _slots(slots: Iterable[str]) -> str:
    return "".join(f"/{{{slot}}}" for slot in slots)


def _operation(family: Family, slots: tuple[str, ...], *, body: bool) -> Document:
    answer = {row.content_type: {"schema": {"type": "string"}} for row in formats_of("registry", family.api)}
    operation: Document = {
        "security": [{"key": []}],
        "parameters": [
            *(slot(name, family.api) for name in slots),
            {"name": "dryRun", "in": "query", "schema": {"type": "boolean", "default": False}},
            {"name": "atomic", "in": "query", "schema": {"type": "boolean", "default": False}},
            {"name": "If-Match", "in": "header", "schema": {"type": "string"}},
            {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}},
        ],
        "responses": {status: {"description": text, "content": answer} for status, text in _RESULTS.items()}
        | {status: {"description": text} for status, text in _REFUSALS.items()},
    }
    if body:
        types = {
            row.content_type: {"schema": {"type": "string"}}
            for row in formats_of("structure", family.api)
            if row.media_type.startswith(f"{SDMX}structure")
        }
        operation["requestBody"] = {"required": True, "content": types}
    return operation
