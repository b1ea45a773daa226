"""Reference metadata: the view of a metadata structure, and the message that carries metadata sets.

A metadata set is an artefact of the class ``MetadataSet`` whose document is its object of SDMX-JSON 2.1. Source of the
shapes: SDMX 3.1 information model, §7 (metadata structure, metadata set).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sdmx_hub.errors import BadRequest
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.message import Header
from sdmx_hub.model.structure import BrokenStructure, FindArtefact, Representation, read_representation
from sdmx_hub.model.urn import Ref, Urn, parse_urn

Path = tuple[str, ...]
"""The place of a metadata attribute: the ids from the top down to it."""


@dataclass(frozen=True, kw_only=True)
class MetadataAttribute:
    """An attribute of a metadata structure. One that is presentational only holds others; ``max_occurs`` None: any."""

    id: str
    concept: Urn
    representation: Representation
    min_occurs: int = 1
    max_occurs: int | None = 1
    is_presentational: bool = False
    attributes: tuple[MetadataAttribute, ...] = ()

    @property
    def is_array(self) -> bool:
        """Tell whether it may be reported several times in one place."""
        return self.max_occurs is None or self.max_occurs > 1

    @property
    def is_multilingual(self) -> bool:
        """Tell whether its value may be a text in several languages."""
        return self.representation.facets.get("isMultiLingual") is True and not self.representation.is_coded

    @property
    def is_xhtml(self) -> bool:
        """Tell whether its value is structured text."""
        return self.representation.text_type == "XHTML" and not self.representation.is_coded


@dataclass(frozen=True, kw_only=True)
class MetadataStructure:
    """The MSD: attributes in order, nested."""

    ref: Ref
    attributes: tuple[MetadataAttribute, ...]

    @functools.cached_property
    def by_path(self) -> Mapping[Path, MetadataAttribute]:
        """Every attribute by its place, parents before children, in order."""
        return dict(_walk(self.attributes, ()))


def _walk(attributes: tuple[MetadataAttribute, ...], above: Path) -> Iterator[tuple[Path, MetadataAttribute]]:
    for attribute in attributes:
        path = (*above, attribute.id)
        yield path, attribute
        yield from _walk(attribute.attributes, path)


def read_metadata_structure(artefact: Artefact, find: FindArtefact) -> MetadataStructure:
    """View a MetadataStructure; representations missing locally come from the concept. Raises BrokenStructure."""
    components = artefact.document.get("metadataStructureComponents")
    if not components:
        raise BrokenStructure("structure-broken", what=str(artefact.urn), why="it has no components")
    listed = components.get("metadataAttributeList", {}).get("metadataAttributes", ())
    return MetadataStructure(ref=artefact.ref, attributes=tuple(_attribute(item, find) for item in listed))


def _attribute(item: Document, find: FindArtefact) -> MetadataAttribute:
    concept = parse_urn(item["conceptIdentity"])
    most = item.get("maxOccurs", 1)
    return MetadataAttribute(
        id=item.get("id") or concept.item_id or concept.ref.id,
        concept=concept,
        representation=read_representation(item, find),
        min_occurs=int(item.get("minOccurs", 1)),
        max_occurs=None if most == "unbounded" else int(most),
        is_presentational=bool(item.get("isPresentational")),
        attributes=tuple(_attribute(below, find) for below in item.get("metadataAttributes", ())),
    )


def find_named(text: str | None, find: FindArtefact) -> Artefact | None:
    """Find what a text names as a URN; None when it is none, or leads to nothing."""
    try:
        return find(parse_urn(text)) if text else None
    except BadRequest:
        return None


def flow_of(metadata_set: Artefact, find: FindArtefact) -> Artefact | None:
    """The metadataflow a set is reported for: named by the set itself, or by the agreement it names."""
    document = metadata_set.document
    if "metadataflow" in document:
        return find_named(document["metadataflow"], find)
    agreement = find_named(document.get("metadataProvisionAgreement"), find)
    return find_named(agreement.document.get("metadataflow"), find) if agreement else None


def structure_of(metadata_set: Artefact, find: FindArtefact) -> MetadataStructure | None:
    """View the metadata structure behind a set; None when the way to it is broken."""
    flow = flow_of(metadata_set, find)
    artefact = find_named(flow.document.get("structure"), find) if flow else None
    if artefact is None or not artefact.document.get("metadataStructureComponents"):
        return None
    return read_metadata_structure(artefact, find)


@dataclass(frozen=True, kw_only=True)
class MetadataMessage:
    """Metadata sets in the order they are to be written; ``find`` looks up what they refer to.

    ``language`` is for labels; values are told in all their languages.
    """

    header: Header
    sets: tuple[Artefact, ...]
    find: FindArtefact
    language: str = "en"

    @functools.cached_property
    def structures(self) -> Mapping[Urn, MetadataStructure | None]:
        """The metadata structure of each set, by the URN of the set."""
        known: dict[Any, MetadataStructure | None] = {}
        found: dict[Urn, MetadataStructure | None] = {}
        for one in self.sets:
            flow = flow_of(one, self.find)
            key = flow.urn if flow else one.urn
            if key not in known:
                known[key] = structure_of(one, self.find)
            found[one.urn] = known[key]
        return found
