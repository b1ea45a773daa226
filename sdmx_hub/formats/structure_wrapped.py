"""Artefacts of SDMX 3 that stand inside another in SDMX 2.1: hierarchies, and the maps of a structure set.

An artefact is written inside a maintainable of its own id and names, and so comes back. What comes from elsewhere may
hold several, with other ids; then an annotation keeps what the artefact alone does not say:

- one inside: the artefact has the id of what is around it, ``NAMED_WITHIN`` the id and names it has inside;
- several inside: each artefact has its own id, the annotation named by ``marker`` the id and names of what is around.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sdmx_hub.formats.structure_version import plain_version
from sdmx_hub.language import localised
from sdmx_hub.model.artefact import Artefact, Document, texts

Node = dict[str, Any]
NAMED_WITHIN = "NAMED_WITHIN"
_AROUND = frozenset(
    {"id", "agencyID", "version", "isExternalReference", "validFrom", "validTo", "links", "annotations"}
    | {"names", "name", "descriptions", "description"}
)


@dataclass(frozen=True)
class Wrapped:
    """Artefacts that share what is around them: the node around, without them, and the artefacts."""

    around: Node
    members: tuple[Artefact, ...]
    marker: str

    @property
    def final(self) -> bool:
        """Tell whether all are final."""
        return all(member.is_final for member in self.members)

    def inner(self, member: Artefact) -> Node:
        """What a member is inside: its id there, its names, its own content; annotations where it is not alone."""
        document = member.document
        body = {key: value for key, value in document.items() if key not in _AROUND}
        named = find_note(document, NAMED_WITHIN)
        if named is not None:
            return {"id": named["title"], **_named(texts(named, "text") or texts(document, "name")), **body}
        kept = {key: document[key] for key in ("names", "name", "descriptions", "description") if key in document}
        notes = without_notes(document, self.marker, NAMED_WITHIN) if self._is_shared else []
        return {"id": member.ref.id, **kept, **({"annotations": notes} if notes else {}), **body}

    @property
    def _is_shared(self) -> bool:
        return len(self.members) > 1 or find_note(self.members[0].document, self.marker) is not None


def wrap(artefacts: Iterable[Artefact], marker: str) -> Iterator[Wrapped]:
    """Put together what stands in one maintainable of 2.1."""
    groups: dict[tuple[str, str, str], list[Artefact]] = {}
    for artefact in artefacts:
        note = find_note(artefact.document, marker)
        identifier = note["title"] if note is not None else artefact.ref.id
        version = plain_version(artefact.ref.version)
        groups.setdefault((artefact.ref.agency_id, identifier, version), []).append(artefact)
    for (_, identifier, _), members in groups.items():
        yield Wrapped(_around(identifier, members, marker), tuple(members), marker)


def _around(identifier: str, members: list[Artefact], marker: str) -> Node:
    first = members[0].document
    around: Node = {key: value for key, value in first.items() if key in _AROUND} | {"id": identifier}
    note = find_note(first, marker)
    notes = without_notes(first, NAMED_WITHIN)
    if note is not None:
        around = {key: value for key, value in around.items() if key not in {"descriptions", "description"}}
        around |= _named(texts(note, "text") or texts(first, "name"))
    if note is not None or len(members) > 1:
        notes = []
    around.pop("annotations", None)
    return around | ({"annotations": notes} if notes else {})


def _named(names: Mapping[str, str]) -> Node:
    return {"names": dict(names), "name": localised(names)} if names else {}


def unwrap(around: Document, inners: list[Node], marker: str) -> Iterator[Node]:
    """Make the document of each artefact inside; a stub is its own document."""
    outer = {key: value for key, value in around.items() if key in _AROUND | {"isFinal"}}
    if not inners and around.get("isExternalReference"):
        yield outer
    for position, inner in enumerate(inners):
        notes = [*(outer.get("annotations", ()) if position == 0 else ()), *inner.get("annotations", ())]
        if inner.setdefault("id", outer["id"]) == outer["id"] and texts(inner, "name") in ({}, texts(outer, "name")):
            document = {**inner, **outer}
        elif len(inners) == 1:
            notes.append(_note(NAMED_WITHIN, inner))
            document = {**inner, **outer}
        else:
            notes.append(_note(marker, outer))
            document = {**outer, **inner}
            if "descriptions" not in inner:
                document.pop("descriptions", None)
        yield document | {"annotations": notes}


def _note(note_type: str, named: Document) -> Node:
    names = dict(texts(named, "name"))
    return {"type": note_type, "title": named.get("id", ""), **({"texts": names} if names else {})}


def find_note(node: Document, note_type: str) -> Any:
    """The first annotation of a type that has a title, or None."""
    notes = (note for note in node.get("annotations", ()) if note.get("type") == note_type and "title" in note)
    return next(notes, None)


def without_notes(node: Document, *note_types: str) -> list[Any]:
    """The annotations of other types."""
    return [note for note in node.get("annotations", ()) if note.get("type") not in note_types]
