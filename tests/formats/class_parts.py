"""How the documents of the fixture of every class are written: short words for what all of them share."""

from __future__ import annotations

from typing import Any

from sdmx_hub.model.urn import Ref, Urn

Node = dict[str, Any]
Named = tuple[str, Node]
AGENCY = "TST"
OTHER = "TSX"


def urn(class_name: str, artefact_id: str, item: str | None = None, *, agency: str = AGENCY, v: str = "1.0.0") -> str:
    """The URN of an artefact of the set, or of an item of it."""
    return str(Urn(class_name, Ref(agency, artefact_id, v), item))


def item(item_id: str, en: str, fr: str | None = None, **content: Any) -> Node:
    """An item, or anything else that has an id and names."""
    names = {"en": en} | ({"fr": fr} if fr else {})
    return {"id": item_id, "name": en, "names": names, **content}


def artefact(
    class_name: str, artefact_id: str, en: str, fr: str, *, agency: str = AGENCY, v: str = "1.0.0", **content: Any
) -> Named:
    """A maintainable artefact with the name of its class."""
    return class_name, {**item(artefact_id, en, fr), "agencyID": agency, "version": v, **content}


def described(en: str, fr: str) -> Node:
    """A description in two languages."""
    return {"description": en, "descriptions": {"en": en, "fr": fr}}


def note(note_type: str, title: str, **content: Any) -> Node:
    """An annotation."""
    return {"id": f"N_{note_type}", "type": note_type, "title": title, **content}


def concept(concept_id: str, *, scheme: str = "CS_TEST", agency: str = AGENCY) -> str:
    """The URN of a concept."""
    return urn("Concept", scheme, concept_id, agency=agency)
