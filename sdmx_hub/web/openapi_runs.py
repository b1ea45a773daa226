"""What may be done with runs of harvests, for ``/openapi.json``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Document = dict[str, Any]

_KEY: list[dict[str, list[str]]] = [{"key": []}]
_REFUSED: Document = {
    "400": {"description": "Something is missing, or cannot be read"},
    "401": {"description": "No key, or a wrong one"},
    "403": {"description": "Not allowed by the key"},
    "404": {"description": "No such source, flow or run"},
    "409": {"description": "The run is in another state, or the data have moved on"},
    "413": {"description": "The body is too large"},
    "429": {"description": "Too many wrong keys: wait"},
    "503": {"description": "Somebody else is writing: try again"},
}
_VERBS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("approve", "202", "Will be loaded: the bytes that were held", ("reason", "force")),
    ("reject", "200", "Turned down", ("reason",)),
    ("retry", "202", "Queued once more", ()),
    ("stop", "200", "Stopped, or told to stop at its next step", ()),
)


def run_paths() -> Iterable[tuple[str, Document]]:
    """Describe decisions on runs, visits now, and notices of partners."""
    run = [{"name": "run", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}]
    for verb, status, said, names in _VERBS:
        operation = _operation(status, said, names)
        if verb == "retry":
            operation["responses"]["200"] = {**operation["responses"]["202"], "description": "Repeated already"}
        yield f"/api/harvest/runs/{{run}}/{verb}", {"parameters": run, "post": operation}
    wanted = ("source", "flow", "full", "dry_run", "force")
    yield "/api/harvest/run", {"post": _operation("202", "Queued", wanted)}
    source = [{"name": "source", "in": "path", "required": True, "schema": {"type": "string"}}]
    notified = _operation("202", "Queued: the flows the notice names, or all", ())
    notified["parameters"] = [{"name": "token", "in": "query", "schema": {"type": "string"}}]
    notified["description"] = "The token of the source as bearer, or in the address for those who can do no other."
    yield "/api/notify/{source}", {"parameters": source, "post": notified}


def _operation(status: str, said: str, names: Iterable[str]) -> Document:
    told = {"description": said, "content": {"application/json": {"schema": {"type": "object"}}}}
    operation: Document = {"security": _KEY, "responses": {status: told, **_REFUSED}}
    properties = {name: {"type": "boolean" if name in _FLAGS else "string"} for name in names}
    if properties:
        body = {"type": "object", "properties": properties}
        operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return operation


_FLAGS = frozenset({"full", "dry_run", "force"})
