"""Sources of harvests and what their runs changed, for ``/openapi.json``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Document = dict[str, Any]

_CHANGES: Document = {
    "application/vnd.sdmx.data+csv;version=2.0.0": {"schema": {"type": "string"}},
    "application/json": {"schema": {"type": "object"}},
}


def source_paths() -> Iterable[tuple[str, Document]]:
    """Describe the ledger of observations."""
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
                    "404": {"description": "No such run"},
                },
            }
        },
    )
