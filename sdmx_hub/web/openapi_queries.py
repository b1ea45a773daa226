"""Queries by POST, and sizes by HEAD, for ``/openapi.json``: extensions to the standard (see ``web.posted``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sdmx_hub.web.errors import OBSERVATION_COUNT, SERIES_COUNT
from sdmx_hub.web.posted import FORM, JSON
from sdmx_hub.web.ranges import UNIT
from sdmx_hub.web.rest import Family

Document = dict[str, Any]

RANGES: Mapping[str, Document] = {
    "206": {"description": f"A part of the answer, as Range: {UNIT}=0-999 asked"},
    "416": {"description": "The range begins behind the end"},
}
"""What a data query may be answered besides."""
_VALUE: Document = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_BODY: Document = {
    "type": "object",
    "properties": {"key": _VALUE, "c": {"type": "object", "additionalProperties": _VALUE}},
    "description": "The key and the parameters of the query; c holds the filters on components.",
}


def post_of(get: Document) -> Document:
    """Describe a query by POST from what describes it by GET."""
    responses = {status: said for status, said in get["responses"].items() if status not in {"206", "304", "416"}}
    responses |= {
        "412": {"description": "Not modified since the version that If-None-Match names"},
        "413": {"description": "TooLarge, or a body that is"},
    }
    return {
        "description": "A query too long for an address: answered as the GET it stands for.",
        "parameters": get["parameters"],
        "requestBody": {"content": {FORM: {"schema": {"type": "object"}}, JSON: {"schema": _BODY}}},
        "responses": responses,
    }


def head_of(get: Document) -> Document:
    """Describe what HEAD tells of a data query."""
    counts = {
        OBSERVATION_COUNT: {"description": "Observations of the answer", "schema": {"type": "integer"}},
        SERIES_COUNT: {"description": "Series, where only their keys are asked for", "schema": {"type": "integer"}},
    }
    responses = {status: {"description": said["description"]} for status, said in get["responses"].items()}
    responses["200"] = {"description": "Found", "headers": counts}
    return {
        "description": "The size of an answer alone.",
        "parameters": get["parameters"],
        "responses": responses,
    }


def query_paths(family: Family, paths: Iterable[tuple[str, Document]]) -> Iterable[tuple[str, Document]]:
    """Add POST to the queries that take it, and HEAD to those about data; ``paths`` are described by GET."""
    for path, operations in paths:
        resource = path.removeprefix(f"{family.prefix}/").partition("/")[0]
        if resource not in family.asks:
            continue
        yield path, {"post": post_of(operations["get"])}
        if resource == "data":
            ranged = operations["get"] | {"responses": operations["get"]["responses"] | dict(RANGES)}
            yield path, {"head": head_of(operations["get"]), "get": ranged}
