"""Sources of harvests and what their runs changed, for ``/openapi.json``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Document = dict[str, Any]

_CHANGES: Document = {
    "application/vnd.sdmx.data+csv;version=2.0.0": {"schema": {"type": "string"}},
    "application/json": {"schema": {"type": "object"}},
}
_SOURCE: Document = {"application/json": {"schema": {"type": "object"}}}
_BODY: Document = {
    "description": "The source, as its file is written: YAML or JSON.",
    "required": True,
    "content": {"application/json": {"schema": {"type": "object"}}, "application/yaml": {"schema": {"type": "string"}}},
}
KEY_REFUSED: Document = {
    "401": {"description": "A wrong key"},
    "429": {"description": "Too many wrong keys: wait"},
}
"""What an address refuses that needs no key, and tells more to who has one."""
_REFUSED: Document = {
    "400": {"description": "Cannot be read, or names another source"},
    "401": {"description": "No key, or a wrong one"},
    "403": {"description": "Not allowed by the key"},
    "404": {"description": "No such source"},
    "409": {"description": "There already"},
    "413": {"description": "Too large"},
    "422": {"description": "Not kept: the findings say why, each with its line and path", "content": _SOURCE},
    "429": {"description": "Too many wrong keys: wait"},
    "503": {"description": "Somebody else is writing: try again"},
}


def source_paths() -> Iterable[tuple[str, Document]]:
    """Describe sources, and the ledger of observations."""
    yield (
        "/sources.json",
        {"get": {"responses": {"200": {"description": "How to harvest this hub", "content": _SOURCE}}}},
    )
    named = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    yield (
        "/api/sources",
        {"get": _operation("200", "Sources with their health"), "post": _operation("201", "Kept", _BODY)},
    )
    whole = {
        "get": _operation("200", "The source, its document and its health"),
        "put": _operation("200", "Kept", _BODY) | {"description": "Add or replace; answers 201 when it was added."},
        "delete": _operation("200", "Forgotten; its runs stay in the ledger"),
    }
    yield "/api/sources/{id}", {method: one | {"parameters": named} for method, one in whole.items()}
    for verb, said in (("disable", "Switched off"), ("enable", "Switched on")):
        yield f"/api/sources/{{id}}/{verb}", {"post": _operation("200", said) | {"parameters": named}}
    run = [{"name": "run", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}]
    form = [{"name": "format", "in": "query", "schema": {"type": "string", "enum": ["csv", "json"]}}]
    yield (
        "/api/harvest/runs/{run}/changes",
        {
            "get": {
                "description": "Observations a run added, revised and deleted; all of them with a key to operate.",
                "parameters": run + form,
                "responses": {
                    "200": {"description": "Changes, OLD_… columns last", "content": _CHANGES},
                    "400": {"description": "No such format"},
                    "404": {"description": "No such run"},
                    **KEY_REFUSED,
                },
            }
        },
    )


def _operation(status: str, said: str, body: Document | None = None) -> Document:
    answers = {status: {"description": said, "content": _SOURCE}}
    if body is not None:
        answers |= {other: {"description": "Kept", "content": _SOURCE} for other in ("200", "201")}
    operation: Document = {"security": [{"key": []}], "responses": _REFUSED | answers}
    return operation | ({"requestBody": body} if body is not None else {})
