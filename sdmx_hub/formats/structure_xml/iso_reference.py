"""The reference of a concept to its ISO 11179 concept, as XML carries it: an annotation.

The schemas have an element for it (``ISOConceptReference``), but common readers of SDMX-ML, sdmx1 and pysdmx among
them, stop at it. It is read where it stands, and written as an annotation nobody stumbles over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sdmx_hub.formats.structure_xml.shape import Node
from sdmx_hub.model.artefact import Artefact, Document

_TYPE = "ISO_CONCEPT_REFERENCE"
_KEYS = ("conceptAgency", "conceptSchemeID", "conceptID")


def outward(artefact: Artefact) -> Node:
    """Shape a concept scheme for XML."""
    return dict(artefact.document) | {"concepts": [_noted(concept) for concept in artefact.items]}


def inward(node: Node) -> Iterator[tuple[str, Node]]:
    """Bring the references back."""
    for concept in node.get("concepts", ()):
        notes = concept.get("annotations", [])
        found = next((note["title"].split(":") for note in notes if _is_reference(note)), None)
        if found and len(found) == len(_KEYS):
            concept["isoConceptReference"] = dict(zip(_KEYS, found, strict=True))
            concept["annotations"] = [note for note in notes if not _is_reference(note)]
    yield "ConceptScheme", node


def _noted(concept: Document) -> Any:
    reference = concept.get("isoConceptReference")
    if reference is None:
        return concept
    note = {"type": _TYPE, "title": ":".join(reference[key] for key in _KEYS)}
    kept = {key: value for key, value in concept.items() if key != "isoConceptReference"}
    return kept | {"annotations": [*concept.get("annotations", ()), note]}


def _is_reference(note: Document) -> bool:
    return note.get("type") == _TYPE and "title" in note
