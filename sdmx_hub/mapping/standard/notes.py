"""What a mapping file says about a load as a whole, kept with a StructureMap as annotations that others pass over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sdmx_hub.mapping.rules import TableMapping
from sdmx_hub.model.artefact import Document

TYPE = "SDMX_HUB_MAPPING"


def write_notes(mapping: TableMapping) -> list[dict[str, str]]:
    """Annotations of provider, action, scope, language, source line and licence."""
    said = {
        "provider": mapping.provider,
        "action": mapping.action.name.lower(),
        "scope": " ".join(mapping.scope),
        "language": mapping.language,
        "line": mapping.source.line,
        "licence": mapping.source.licence,
    }
    return [{"id": key.upper(), "type": TYPE, "title": value} for key, value in said.items() if value]


def read_notes(document: Document) -> Mapping[str, str]:
    """What the annotations of a StructureMap say, by key."""
    return dict(_notes(document))


def _notes(document: Document) -> Iterator[tuple[str, str]]:
    for one in document.get("annotations", ()):
        if one.get("type") == TYPE and "id" in one:
            yield one["id"].lower(), one.get("title", "")
