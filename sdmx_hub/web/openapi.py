"""``/openapi.json``: the API described from the tables it runs on, and where it differs from the standard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from flask import Blueprint, Response

from sdmx_hub import __version__
from sdmx_hub.formats.table import Api, Kind, formats_of
from sdmx_hub.query.metadata import MetadataDetail
from sdmx_hub.query.request import AVAILABILITY_REFERENCES, Detail, Mode, References
from sdmx_hub.web.errors import STATUSES
from sdmx_hub.web.hub import base_url, current_hub
from sdmx_hub.web.openapi_queries import query_paths
from sdmx_hub.web.openapi_registrations import REGISTRY_RESOURCES, registration_paths, subscription_paths
from sdmx_hub.web.openapi_registry import fmr_paths, maintenance_paths
from sdmx_hub.web.openapi_runs import run_paths
from sdmx_hub.web.openapi_slots import slot
from sdmx_hub.web.openapi_sources import KEY_REFUSED, source_paths
from sdmx_hub.web.rest import Family
from sdmx_hub.web.rest_v1 import V1
from sdmx_hub.web.rest_v2 import V2
from sdmx_hub.web.site import answer_bytes, dump_json

description = Blueprint("description", __name__)

Document = dict[str, Any]

DEVIATIONS = (
    "Every format is offered on both editions of the API; */* means SDMX-ML (2.1 on v1, 3.0 on v2).",
    "all, ALL and * are one wildcard; trailing slashes are accepted; strict=1 refuses parameters that are not known.",
    "format= (with formatVersion=), lang= and compression= beat the headers; &format= glued to the path is understood.",
    "A key made only of dots is shortened by many clients before it is sent: write all or *.",
    "Reference metadata are about structures: v1 finds them with the key all; they are written under /api with a key.",
    "Structures and registrations are written with a key.",
    "Queries of data and availability can be posted, as a form or as JSON; Range: values=0-999 gives a part of the "
    "data, HEAD their number.",
)

_DATA_V1 = ("startPeriod", "endPeriod", "updatedAfter", "firstNObservations", "lastNObservations", "detail")
_DATA_V2 = ("attributes", "measures", "updatedAfter", "asOf", "firstNObservations", "lastNObservations", "offset")
_DATA_BOTH = ("dimensionAtObservation", "includeHistory")
_METADATA = ("detail", "asOf")
_ANSWER = ("format", "lang", "compression")
_ENUMS: Mapping[str, tuple[str, ...]] = {
    "mode": tuple(Mode),
    "compression": ("gzip", "zstd", "identity"),
    "lang": ("en", "fr", "es", "all"),
}
_DETAILS: Mapping[Kind, Iterable[str]] = {"structure": Detail, "metadata": MetadataDetail}
_COUNTS = frozenset({"firstNObservations", "lastNObservations", "offset", "limit"})
_OPTIONAL_SLOTS = "Slots at the end may be left out."


@description.get("/openapi.json")
def openapi() -> Response:
    """Describe the API, OpenAPI 3.1."""
    settings = current_hub().settings
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": settings.hub_name,
            "version": __version__,
            "description": "\n\n".join(DEVIATIONS),
            "license": {"name": settings.licence},
        },
        "servers": [{"url": base_url()}],
        "paths": _merged(
            *_paths(V1, _SLOTS_V1),
            *query_paths(V1, _paths(V1, _SLOTS_V1)),
            *maintenance_paths(V1),
            *_paths(V2, _SLOTS_V2),
            *query_paths(V2, _paths(V2, _SLOTS_V2)),
            *maintenance_paths(V2),
            *registration_paths(V2),
            *subscription_paths(V2),
            *fmr_paths(V2),
            *_api_paths(),
        ),
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "hub_…"}}},
    }
    return answer_bytes(dump_json(document), "application/json")


_SLOTS_V1: Mapping[str, tuple[Kind, tuple[str, ...], tuple[str, ...]]] = {
    "data": ("data", ("flowRef", "key", "providerRef"), (*_DATA_V1, *_DATA_BOTH)),
    "availableconstraint": (
        "availability",
        ("flowRef", "key", "providerRef", "componentID"),
        ("mode", "references", "startPeriod", "endPeriod", "updatedAfter"),
    ),
    "schema": (
        "schema",
        ("context", "agencyID", "resourceID", "version"),
        ("dimensionAtObservation", "explicitMeasure"),
    ),
    "metadata": ("metadata", ("flowRef", "key", "providerRef"), ()),
}
_SLOTS_V2: Mapping[str, tuple[Kind, tuple[str, ...], tuple[str, ...]]] = {
    "data": (
        "data",
        ("context", "agencyID", "resourceID", "version", "key"),
        (*_DATA_V2, "limit", "sort", "reportingYearStartDay", *_DATA_BOTH),
    ),
    "availability": (
        "availability",
        ("context", "agencyID", "resourceID", "version", "key", "componentID"),
        ("mode", "references", "updatedAfter", "reportingYearStartDay"),
    ),
    "schema": (
        "schema",
        ("context", "agencyID", "resourceID", "version"),
        ("dimensionAtObservation", "deletion", "asOf"),
    ),
    "structure": (
        "structure",
        ("artefactType", "agencyID", "resourceID", "version", "itemID"),
        ("detail", "references", "asOf"),
    ),
    "metadata/metadataset": ("metadata", ("providerID", "metadatasetID", "version"), _METADATA),
    "metadata/metadataflow": ("metadata", ("agencyID", "resourceID", "version", "providerRef"), _METADATA),
    "metadata/structure": ("metadata", ("artefactType", "agencyID", "resourceID", "version"), _METADATA),
}
_STRUCTURE_V1: tuple[Kind, tuple[str, ...], tuple[str, ...]] = (
    "structure",
    ("agencyID", "resourceID", "version", "itemID"),
    ("detail", "references"),
)


def _paths(
    family: Family, known: Mapping[str, tuple[Kind, tuple[str, ...], tuple[str, ...]]]
) -> Iterable[tuple[str, Document]]:
    for resource in family.views:
        if resource in REGISTRY_RESOURCES:
            continue
        rows = {place: row for place, row in known.items() if place.partition("/")[0] == resource}
        for place, (kind, slots, parameters) in (rows or {resource: _STRUCTURE_V1}).items():
            path = f"{family.prefix}/{place}/" + "/".join(f"{{{slot}}}" for slot in slots)
            yield path, {"get": _operation(family.api, kind, slots, parameters)}


def _operation(api: Api, kind: Kind, slots: tuple[str, ...], parameters: tuple[str, ...]) -> Document:
    found = [
        *(slot(name, api) for name in slots),
        *(_parameter(name, kind) for name in (*parameters, *_ANSWER)),
    ]
    if api == "v2" and kind in {"data", "availability"}:
        found.append({"name": "c", "in": "query", "style": "deepObject", "explode": True, "schema": {"type": "object"}})
    offered = [row for row in formats_of(kind, api) if row.syntax != "html"]
    content = {row.content_type: {"schema": {"type": "string"}} for row in offered}
    return {
        "description": _OPTIONAL_SLOTS,
        "parameters": found,
        "responses": {"200": {"description": "Found", "content": content}, "304": _said("Not modified")}
        | {str(status): _said(name) for status, name in _refusals(api)},
    }


def _parameter(name: str, kind: Kind) -> Document:
    schema: Document = {"type": "integer", "minimum": 0} if name in _COUNTS else {"type": "string"}
    if name in _ENUMS:
        schema["enum"] = list(_ENUMS[name])
    if name == "detail" and kind in _DETAILS:
        schema["enum"] = list(_DETAILS[kind])
    if name == "references":
        words = AVAILABILITY_REFERENCES if kind == "availability" else tuple(References)
        schema["examples"] = ["none", *words]
    return {"name": name, "in": "query", "schema": schema}


def _refusals(api: Api | Literal["plain"]) -> Iterable[tuple[int, str]]:
    named: dict[int, list[str]] = {}
    for row in STATUSES:
        named.setdefault(getattr(row, api), []).append(row.refusal.__name__)
    return ((status, ", ".join(names)) for status, names in sorted(named.items()))


def _merged(*paths: tuple[str, Document]) -> Document:
    """Bring together what different tables say of one path."""
    found: dict[str, Document] = {}
    for path, operations in paths:
        found.setdefault(path, {}).update(operations)
    return found


def _said(text: str) -> Document:
    return {"description": text}


def _api_paths() -> Iterable[tuple[str, Document]]:
    key: list[dict[str, list[str]]] = [{"key": []}]
    file = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    refused = {str(status): _said(name) for status, name in _refusals("plain")}
    done = {"200": _said("Done"), "422": _said("Done nothing: the findings say why")} | refused
    report = [{"name": "report", "in": "query", "schema": {"type": "string", "enum": ["json", "html", "xlsx"]}}]
    for path in ("/api/load", "/api/check"):
        yield path, {"post": {"security": key, "parameters": report, "requestBody": file, "responses": done}}
    yield "/api/structures", {"post": {"security": key, "requestBody": file, "responses": done}}
    yield "/api/metadata", {"post": {"security": key, "requestBody": file, "responses": done}}
    named = [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}]
    yield "/api/metadata/{name}", {"delete": {"security": key, "parameters": named, "responses": done}}
    yield "/api/releases", {"get": {"responses": {"200": _said("Releases, newest first")}}}
    yield "/api/harvest/runs", {"get": {"responses": {"200": _said("Runs, newest first"), **KEY_REFUSED}}}
    yield from source_paths()
    yield from run_paths()
