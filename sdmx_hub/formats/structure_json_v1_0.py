"""SDMX-JSON 1.0 structure messages: the information model of SDMX 2.1 in JSON, every class of it read and written.

It has no place for VTL; what else it cannot carry is told in ``docs/conformance.md``, with that of SDMX-ML 2.1. The ISO
reference of a concept travels as an annotation. ``isFinal`` is kept beside the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.formats.structure_constraint_v2_1 import is_attachment
from sdmx_hub.formats.structure_json_v1_0_shapes import OUTWARD, inward
from sdmx_hub.formats.structure_json_v2_1 import load_message, write_meta
from sdmx_hub.formats.structure_metadata_v2_1 import with_targets
from sdmx_hub.formats.structure_names_v2_1 import urn_in_2_1, urn_today
from sdmx_hub.formats.structure_set import without_copies
from sdmx_hub.formats.structure_shape import shaped
from sdmx_hub.formats.structure_version import plain_version
from sdmx_hub.formats.structure_view_v2_1 import view_2_1
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME, PREFIX
from sdmx_hub.model.message import StructureMessage

SCHEMA = "https://json.sdmx.org/1.0/sdmx-json-structure-schema.json"
Node = dict[str, Any]
_NEWER = frozenset({"isPartialLanguage", "codelistExtensions", "dimensionConstraint", "evolvingStructure", "metadata"})


def read(data: bytes) -> tuple[Artefact, ...]:
    """Read the artefacts of a message, in canonical form. Raises Malformed."""
    message = load_message(data)["data"]
    with shaped("/data"):
        return tuple(with_targets(without_copies(_read(message))))


def _read(message: Mapping[str, Any]) -> Iterator[Artefact]:
    for collection, items in message.items():
        for position, node in enumerate(_nodes(collection, items)):
            with shaped(f"/data/{collection}/{position}"):
                for name, document in inward(collection, _renamed(node, _TODAY, urn_today)):
                    yield make_artefact(CLASS_BY_NAME[name], document, final=bool(node.get("isFinal")))


def write(message: StructureMessage) -> bytes:
    """Write a message; classes the format does not have are left out."""
    data: dict[str, list[Node]] = {}
    for artefact in view_2_1(message.artefacts, message.beside):
        collection = _collection(artefact)
        if collection is not None:
            data.setdefault(collection, []).append(_shown(artefact, collection))
    ordered = {collection: data[collection] for collection in _ORDER if collection in data}
    meta = write_meta(message.header, message.artefacts, SCHEMA)
    if "contentLanguages" in meta:
        meta["contentLanguages"] = [language.lower() for language in meta["contentLanguages"]]
    return orjson.dumps({"meta": meta, "data": ordered})


_COLLECTIONS = {
    name: CLASS_BY_NAME[name].collection
    for name in (
        "DataStructure",
        "MetadataStructure",
        "CategoryScheme",
        "ConceptScheme",
        "Codelist",
        "AgencyScheme",
        "DataProviderScheme",
        "DataConsumerScheme",
        "OrganisationUnitScheme",
        "Dataflow",
        "Metadataflow",
        "ReportingTaxonomy",
        "ProvisionAgreement",
        "Process",
        "Categorisation",
    )
} | {
    "Hierarchy": "hierarchicalCodelists",
    "StructureMap": "structureSets",
    "DataConstraint": "contentConstraints",
    "MetadataConstraint": "contentConstraints",
    "AvailabilityConstraint": "contentConstraints",
}
_ATTACHMENTS = "attachmentConstraints"
_ORDER = (*dict.fromkeys(_COLLECTIONS.values()), _ATTACHMENTS)
_URN_NAMES = {
    "contentConstraints": "registry.ContentConstraint",
    _ATTACHMENTS: "registry.AttachmentConstraint",
    "hierarchicalCodelists": "codelist.HierarchicalCodelist",
    "structureSets": "mapping.StructureSet",
}


def _collection(artefact: Artefact) -> str | None:
    name = artefact.artefact_class.name
    return _ATTACHMENTS if name == "DataConstraint" and is_attachment(artefact) else _COLLECTIONS.get(name)


_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
"""How an address begins that is not relative; the schema of 1.0 wants those."""
_OLD = {"format": "textFormat", "dataType": "textType"}
_TODAY = {old: new for new, old in _OLD.items()}


def _nodes(collection: str, items: Any) -> list[Node]:
    if collection not in _ORDER or not isinstance(items, list):
        raise Malformed("structures-json-collection", name=collection)
    for position, item in enumerate(items):
        if (
            not isinstance(item, dict)
            or not isinstance(item.get("id"), str)
            or not isinstance(item.get("agencyID"), str)
        ):
            raise Malformed("structures-json-artefact", path=f"/data/{collection}/{position}")
    return items


def _renamed(node: Any, names: Mapping[str, str], urn: Callable[[str], str]) -> Any:
    """Rename keys, and classes in URNs, at every depth; annotations stay as they are."""
    if isinstance(node, Mapping):
        return {
            names.get(key, key): value if key == "annotations" else _renamed(value, names, urn)
            for key, value in node.items()
        }
    if isinstance(node, list | tuple):
        return [_renamed(item, names, urn) for item in node]
    return urn(node) if isinstance(node, str) and node.startswith(PREFIX) else node


def _shown(artefact: Artefact, collection: str) -> Node:
    name = artefact.artefact_class.name
    said = OUTWARD[name](artefact) if name in OUTWARD else artefact.document
    shown: Node = {key: value for key, value in _without_newer(said).items() if key not in _NEWER}
    named = _URN_NAMES.get(collection, f"{artefact.artefact_class.package}.{name}")
    renamed: Node = _renamed(shown, _OLD, urn_in_2_1)
    return renamed | {
        "version": plain_version(shown.get("version", "1.0")),
        "isFinal": artefact.is_final,
        "links": [{"rel": "self", "urn": f"{PREFIX}{named}={artefact.ref}"}, *shown.get("links", ())],
    }


def _without_newer(node: Any) -> Any:
    """Leave out, at every depth, what 1.0 does not know: the ``value`` of annotations, and links that are no URI."""
    if isinstance(node, list | tuple):
        return [_without_newer(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    kept = {key: _without_newer(value) for key, value in node.items()}
    if "annotations" in kept:
        kept["annotations"] = [
            {key: value for key, value in one.items() if key != "value"} for one in kept["annotations"]
        ]
    if "links" in kept:
        kept["links"] = [link for link in kept["links"] if _URI.match(link.get("href", "urn:"))]
    return {key: value for key, value in kept.items() if value or key not in {"links", "annotations"}}
