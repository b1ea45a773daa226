"""Ids that must be different besides those of items: of components, levels, maps and steps, as the XML schemas ask."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator, Mapping, Sequence

from sdmx_hub.load.artefact_checks import Located
from sdmx_hub.model.artefact import Document
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.structure import FindArtefact

Scopes = Iterator[tuple[str, Sequence[str]]]
"""A place in an artefact, and the ids that must differ there."""


def check_ids(located: Sequence[Located], _find: FindArtefact) -> Iterator[Finding]:
    """The components of a structure, the levels of a hierarchy … have ids of their own."""
    for one in located:
        scopes = _SCOPES.get(one.artefact.artefact_class.name)
        for path, ids in scopes(one.artefact.document) if scopes else ():
            for identifier, count in collections.Counter(ids).items():
                if count > 1:
                    place = one.where(f"{path}/{identifier}")
                    yield Finding(code="ART-ITEM-TWICE", where=place, params={"id": identifier}, count=count)


def _components(document: Document) -> Scopes:
    components = document.get("dataStructureComponents", {})
    dimensions = components.get("dimensionList", {})
    time = [dimensions["timeDimension"]] if "timeDimension" in dimensions else []
    listed = [
        *components.get("groups", ()),
        *dimensions.get("dimensions", ()),
        *time,
        *components.get("attributeList", {}).get("attributes", ()),
        *components.get("measureList", {}).get("measures", ()),
    ]
    yield "", _ids(listed)


def _metadata_attributes(document: Document) -> Scopes:
    listed = document.get("metadataStructureComponents", {}).get("metadataAttributeList", {})
    yield from _nested(listed, "metadataAttributes", "/metadataStructureComponents")


def _nested(node: Document, key: str, path: str) -> Scopes:
    inner = node.get(key, ())
    if inner:
        yield path, _ids(inner)
    for one in inner:
        yield from _nested(one, key, f"{path}/{one.get('id')}")


def _levels(document: Document) -> Scopes:
    found, node = [], document
    while "level" in node:
        node = node["level"]
        found.append(node["id"])
    yield "/level", found


def _maps(document: Document) -> Scopes:
    for key in ("epochMaps", "datePatternMaps"):
        yield f"/{key}", _ids(document.get(key, ()))


def _transitions(document: Document) -> Scopes:
    for step in document.get("processSteps", ()):
        yield f"/{step['id']}", _ids(step.get("transitions", ()))
        yield from _transitions(step)


def _aliases(document: Document) -> Scopes:
    yield "/vtlMappings", [mapping["alias"] for mapping in document.get("vtlMappings", ())]


def _ids(listed: Sequence[Document]) -> list[str]:
    return [one["id"] for one in listed if "id" in one]


_SCOPES: Mapping[str, Callable[[Document], Scopes]] = {
    "DataStructure": _components,
    "MetadataStructure": _metadata_attributes,
    "Hierarchy": _levels,
    "StructureMap": _maps,
    "Process": _transitions,
    "VtlMappingScheme": _aliases,
}
