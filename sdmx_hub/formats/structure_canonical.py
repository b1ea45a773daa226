"""The canonical form of an artefact document, so that equal content is equal whatever format it came in.

An artefact is its SDMX-JSON 2.1 object (SDMX 3.1). That schema leaves freedom; every structure reader ends here, and
takes it away:

- a localised text is there twice, ``names`` with all languages and ``name`` with the best for English readers;
- what equals its default is left out (``isExternalReference``, ``isPartial``, ``maxOccurs`` 1 …), but ``usage`` of
  attributes and measures and ``include`` of a cube region are always said;
- a measure relationship is left out where there is one measure, which is what it then means anyway;
- codelists of geography say their ``geoType``, which their class says already;
- dimensions have their ``position``, counted from 1, and the lists of components their fixed ids;
- the version is always said, 1.0 where a message leaves it out;
- links to oneself are left out, and links that are attributes in SDMX-ML come first;
- values of regions and members of code selections are objects, ``{"value": …}``;
- a moment without a time zone is taken as UTC, which the schema wants to be said;
- an availability constraint is named, although it is no artefact in SDMX 3.1, so that earlier editions can carry it;
- a text with nothing in it but blanks, and an empty list, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sdmx_hub.formats.structure_constraint import identify
from sdmx_hub.language import localised
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import ArtefactClass

Node = dict[str, Any]

LOCALISED = {
    "name": "names",
    "description": "descriptions",
    "text": "texts",
    "department": "departments",
    "role": "roles",
    "condition": "conditions",
}
"""Localised texts: best match and the key of all translations."""

_DEFAULTS: Mapping[str, object] = {
    "isExternalReference": False,
    "isPartial": False,
    "isPartialLanguage": False,
    "hasFormalLevels": False,
    "evolvingStructure": False,
    "include": True,
    "removePrefix": False,
    "cascadeValues": False,
    "isInclusive": True,
    "isRegEx": False,
    "isMultiLingual": False,
    "minOccurs": 1,
    "maxOccurs": 1,
    "isPresentational": False,
    "role": "Allowed",
}
_LISTS = {
    "dimensionList": "DimensionDescriptor",
    "attributeList": "AttributeDescriptor",
    "measureList": "MeasureDescriptor",
    "metadataAttributeList": "MetadataAttributeDescriptor",
}
ATTRIBUTE_LINKS = {"external": "structureURL", "service": "serviceURL", "uri": "uri"}
"""Relations of the links that are attributes in SDMX-ML: where an external artefact is kept, the service that gives it,
and the page that tells more."""
IDENTIFICATION = {
    "AvailabilityConstraint": frozenset({"id", "agencyID", "version", "name", "names", "description", "descriptions"})
}
"""What the hub keeps of a class to name it, and SDMX 3.1 has no place for."""
_MOMENTS = frozenset({"validFrom", "validTo", "period", "startTime", "endTime"})
_LARGEST = 2**53
"""From here on whole numbers of JSON are not exact."""
_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?")
_MEMBERS = {"attributeList": ("attributes", "metadataAttributeUsages"), "measureList": ("measures",)}
_KEPT_EMPTY = frozenset({"dataflow", "observation", "genericDataflow"})


def make_artefact(artefact_class: ArtefactClass, document: Mapping[str, Any], *, final: bool = False) -> Artefact:
    """Make an artefact of any SDMX-JSON 2.1 object, in canonical form; ``final`` counts where the version is silent."""
    tidy = canonical(document)
    tidy.setdefault("version", "1.0")
    refine = _REFINED.get(artefact_class.name)
    if refine is not None:
        refine(tidy)
    artefact = Artefact(artefact_class, tidy)
    return Artefact(artefact_class, tidy, final=True) if final and not artefact.is_final else artefact


def canonical(node: Mapping[str, Any]) -> Node:
    """Bring one object, and all below it, into canonical form; the argument is not changed."""
    tidy = {key: value for key, value in _walk(node) if not _is_default(key, value)}
    for single, many in LOCALISED.items():
        _localise(tidy, single, many)
    return tidy


def _walk(node: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if key == "links":
            links = [canonical(link) for link in value if not (link.get("rel") == "self" and "urn" in link)]
            if links:
                yield key, sorted(links, key=_rank)
        elif isinstance(value, Mapping):
            inner = dict(value) if key in LOCALISED.values() else canonical(value)
            if inner or key in _KEPT_EMPTY:
                yield key, inner
        elif isinstance(value, list | tuple):
            items = [canonical(item) if isinstance(item, Mapping) else item for item in value]
            if items or key in _KEPT_EMPTY:
                yield key, [_plain(key, item) for item in items]
        elif value is not None:
            yield key, _scalar(key, value)


def _rank(link: Mapping[str, Any]) -> int:
    """The place of a link among those of its element; others keep their order behind those that can be attributes."""
    relations = [*ATTRIBUTE_LINKS]
    return relations.index(link["rel"]) if is_attribute_link(link) else len(relations)


def is_attribute_link(link: Mapping[str, Any]) -> bool:
    """Tell whether an attribute of SDMX-ML can say all of a link."""
    return link.get("rel") in ATTRIBUTE_LINKS and not link.keys() & {"urn", "type"}


def _scalar(key: str, value: Any) -> Any:
    """Write whole numbers without a fraction, as far as JSON has them, and moments with their zone."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST:
        return int(value)
    return f"{value}Z" if key in _MOMENTS and isinstance(value, str) and _LOCAL.fullmatch(value) else value


def _is_default(key: str, value: object) -> bool:
    return key in _DEFAULTS and type(value) is type(_DEFAULTS[key]) and value == _DEFAULTS[key]


def _plain(key: str, item: Any) -> Any:
    """Write a member of a code selection always as an object, and a sentinel value always as text."""
    if key == "sentinelValues":
        return item | {"value": str(item["value"])}
    return {"value": item} if key == "memberValues" and isinstance(item, str) else item


def _localise(tidy: Node, single: str, many: str) -> None:
    names = tidy.get(many)
    if names is None and isinstance(tidy.get(single), str):
        names = {"en": tidy[single]}
    if isinstance(names, Mapping):
        spoken = {language: text for language, text in names.items() if text.strip()}
        if spoken:
            tidy |= {many: spoken, single: localised(spoken)}
        else:
            tidy.pop(many, None)
            tidy.pop(single, None)


def _refine_data_structure(document: Node) -> None:
    components = document.get("dataStructureComponents")
    if not components:
        return
    _refine_lists(components)
    dimensions = components.get("dimensionList", {})
    _refine_dimensions(dimensions)
    measures = components.get("measureList", {}).get("measures", ())
    attributes = components.get("attributeList", {}).get("attributes", ())
    for component in (*measures, *attributes):
        component.setdefault("usage", "optional")
    for attribute in attributes if len(measures) <= 1 else ():
        attribute.pop("measureRelationship", None)
    for described in (*attributes, *components.get("attributeList", {}).get("metadataAttributeUsages", ())):
        _refine_relationship(described.get("attributeRelationship", {}))
    for component in (*dimensions.get("dimensions", ()), *measures, *attributes):
        if "conceptIdentity" in component:
            component.setdefault("id", component["conceptIdentity"].rpartition(").")[2])


def _refine_lists(components: Node) -> None:
    """Leave out lists without members, and name the others as the model does."""
    for key, members in _MEMBERS.items():
        if key in components and not any(member in components[key] for member in members):
            del components[key]
    for key, identifier in _LISTS.items():
        if key in components:
            components[key]["id"] = identifier


def _refine_relationship(relationship: Node) -> None:
    """Say for each dimension whether it is optional, and nothing where none is."""
    optional = relationship.pop("areDimensionsOptional", ())
    if any(optional):
        count = len(relationship.get("dimensions", ()))
        relationship["areDimensionsOptional"] = [*optional, *(False,) * count][:count]


def _refine_constraint(document: Node) -> None:
    regions = document.get("cubeRegions", ())
    for region in (*regions, *([document["cubeRegion"]] if "cubeRegion" in document else ())):
        region.setdefault("include", True)
        _refine_values(region)
    for keys in document.get("dataKeySets", ()):
        for value in (value for key in keys.get("keys", ()) for value in key.get("keyValues", ())):
            if len(value.get("values", ())) == 1:
                value["value"] = value.pop("values")[0]
        for key in keys.get("keys", ()):
            _refine_values({"components": key.get("components", ())})


def _refine_availability(document: Node) -> None:
    _refine_constraint(document)
    if "names" in document:
        document.setdefault("version", "1.0")
    else:
        document |= identify(document) | {
            key: document[key] for key in ("id", "agencyID", "version") if key in document
        }
        _localise(document, "name", "names")


def _refine_dimensions(listed: Node) -> None:
    for position, dimension in enumerate(listed.get("dimensions", ()), start=1):
        dimension["position"] = position
    if listed.get("timeDimensions"):  # met in the wild
        listed["timeDimension"] = listed.pop("timeDimensions")[0]
    if "timeDimension" in listed:
        time = listed["timeDimension"]
        time["id"] = "TIME_PERIOD"
        time.setdefault("localRepresentation", {"format": {"dataType": "ObservationalTimePeriod"}})


def _refine_values(region: Node) -> None:
    for part in (*region.get("keyValues", ()), *region.get("components", ())):
        if "values" in part:
            part["values"] = [{"value": value} if isinstance(value, str) else value for value in part["values"]]


def _refine_metadata_constraint(document: Node) -> None:
    for region in document.get("metadataTargetRegions", ()):
        region.setdefault("include", True)
        _refine_values(region)


def _refine_metadata_structure(document: Node) -> None:
    components = document.get("metadataStructureComponents", {})
    if "metadataAttributeList" in components:
        components["metadataAttributeList"]["id"] = _LISTS["metadataAttributeList"]


_REFINED: Mapping[str, Callable[[Node], None]] = {
    "DataStructure": _refine_data_structure,
    "MetadataStructure": _refine_metadata_structure,
    "DataConstraint": _refine_constraint,
    "AvailabilityConstraint": _refine_availability,
    "MetadataConstraint": _refine_metadata_constraint,
    "GeographicCodelist": lambda document: document.update(geoType="GeographicCodelist"),
    "GeoGridCodelist": lambda document: document.update(geoType="GeoGridCodelist"),
}
