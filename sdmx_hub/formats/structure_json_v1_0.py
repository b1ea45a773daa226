"""SDMX-JSON 1.0 structure messages: the information model of SDMX 2.1 in JSON, read and written.

What it cannot carry is what SDMX-ML 2.1 cannot (see ``structure_xml_v2_1``), and process and VTL artefacts, which are
left out. The ISO reference of a concept travels as an annotation. ``isFinal`` is kept beside the document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from sdmx_hub.errors import Malformed, NotBuilt
from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.formats.structure_codelist import resolve_codelist
from sdmx_hub.formats.structure_json_v1_0_shapes import OUTWARD, inward
from sdmx_hub.formats.structure_json_v2_1 import load_message, write_meta
from sdmx_hub.formats.structure_xml.references import plain_version
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_COLLECTION, CLASS_BY_NAME
from sdmx_hub.model.message import StructureMessage
from sdmx_hub.model.structure import BrokenStructure
from sdmx_hub.model.urn import Urn

SCHEMA = "https://json.sdmx.org/1.0/sdmx-json-structure-schema.json"
Node = dict[str, Any]
_NEWER = frozenset({"isPartialLanguage", "codelistExtensions", "dimensionConstraint", "evolvingStructure", "metadata"})
_LEFT_OUT = frozenset({"structureSets", "metadataStructures", "metadataflows", "attachmentConstraints", "processes"})


def read(data: bytes) -> tuple[Artefact, ...]:
    """Read the artefacts of a message, in canonical form. Raises Malformed, and NotBuilt for classes of 2.1 alone."""
    return tuple(
        make_artefact(CLASS_BY_NAME[name], document, final=bool(node.get("isFinal")))
        for collection, items in load_message(data)["data"].items()
        for node in _nodes(collection, items)
        for name, document in inward(collection, _renamed(node, _TODAY))
    )


def write(message: StructureMessage) -> bytes:
    """Write a message; classes the format does not have are left out."""
    known = {artefact.urn: artefact for artefact in message.artefacts}
    data: dict[str, list[Node]] = {}
    for name, collection in _COLLECTIONS.items():
        shown = [_shown(one, known.get) for one in message.artefacts if one.artefact_class.name == name]
        if shown:
            data.setdefault(collection, []).extend(shown)
    meta = write_meta(message.header, message.artefacts, SCHEMA)
    if "contentLanguages" in meta:
        meta["contentLanguages"] = [language.lower() for language in meta["contentLanguages"]]
    return orjson.dumps({"meta": meta, "data": data})


_COLLECTIONS = {
    name: CLASS_BY_NAME[name].collection
    for name in (
        "DataStructure",
        "CategoryScheme",
        "ConceptScheme",
        "Codelist",
        "AgencyScheme",
        "DataProviderScheme",
        "DataConsumerScheme",
        "OrganisationUnitScheme",
        "Dataflow",
        "ReportingTaxonomy",
        "ProvisionAgreement",
        "Categorisation",
    )
} | {
    "Hierarchy": "hierarchicalCodelists",
    "DataConstraint": "contentConstraints",
    "AvailabilityConstraint": "contentConstraints",
}
_URN_NAMES = {"contentConstraints": "ContentConstraint", "hierarchicalCodelists": "HierarchicalCodelist"}
_OLD = {"format": "textFormat", "dataType": "textType"}
_TODAY = {old: new for new, old in _OLD.items()}


def _nodes(collection: str, items: Any) -> list[Node]:
    if collection in _LEFT_OUT:
        raise NotBuilt("structures-json-class", name=collection)
    known = collection in CLASS_BY_COLLECTION or collection in _COLLECTIONS.values()
    if not known or not isinstance(items, list):
        raise Malformed("structures-json-collection", name=collection)
    for position, item in enumerate(items):
        if (
            not isinstance(item, dict)
            or not isinstance(item.get("id"), str)
            or not isinstance(item.get("agencyID"), str)
        ):
            raise Malformed("structures-json-artefact", path=f"/data/{collection}/{position}")
    return items


def _renamed(node: Any, names: Mapping[str, str]) -> Any:
    """Rename keys at every depth, but not those of translations."""
    if isinstance(node, Mapping):
        return {names.get(key, key): _renamed(value, names) for key, value in node.items()}
    return [_renamed(item, names) for item in node] if isinstance(node, list | tuple) else node


def _shown(artefact: Artefact, find: Callable[[Urn], Artefact | None]) -> Node:
    name = artefact.artefact_class.name
    collection = _COLLECTIONS[name]
    whole = _resolved(artefact, find)
    said = OUTWARD[name](whole) if name in OUTWARD else whole.document
    node: Node = _renamed(_without_values(said), _OLD)
    urn = str(artefact.urn).replace(f".{name}=", f".{_URN_NAMES.get(collection, name)}=", 1)
    shown = {key: value for key, value in node.items() if key not in _NEWER}
    return shown | {
        "version": plain_version(shown.get("version", "1.0")),
        "isFinal": artefact.is_final,
        "links": [{"rel": "self", "urn": urn}, *shown.get("links", ())],
    }


def _resolved(artefact: Artefact, find: Callable[[Urn], Artefact | None]) -> Artefact:
    try:
        return resolve_codelist(artefact, find)
    except BrokenStructure:
        return artefact


def _without_values(node: Any) -> Any:
    """Leave out the ``value`` of annotations, which 1.0 does not know."""
    if isinstance(node, Mapping):
        return {
            key: [{k: v for k, v in note.items() if k != "value"} for note in value]
            if key == "annotations"
            else _without_values(value)
            for key, value in node.items()
        }
    return [_without_values(item) for item in node] if isinstance(node, list | tuple) else node
