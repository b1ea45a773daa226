"""Structure sets, metadata structures and processes as objects of SDMX-JSON 1.0, out and in.

Where SDMX-ML 2.1 refers inside a message by id, this format has whole URNs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sdmx_hub.errors import BadRequest
from sdmx_hub.formats.structure_metadata_v2_1 import TYPES, join_structure, part_id, split_structure
from sdmx_hub.formats.structure_set import read_set
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.classes import CLASS_BY_NAME, PREFIX
from sdmx_hub.model.urn import Urn, parse_urn

Node = dict[str, Any]
_PAIRS = {
    "CodelistMap": ("codelistMaps", "codeMaps"),
    "ConceptSchemeMap": ("conceptSchemeMaps", "conceptMaps"),
    "CategorySchemeMap": ("categorySchemeMaps", "categoryMaps"),
    "OrganisationSchemeMap": ("organisationSchemeMaps", "organisationMaps"),
    "ReportingTaxonomyMap": ("reportingTaxonomyMaps", "reportingCategoryMaps"),
    "HybridCodelistMap": ("hybridCodelistMaps", "hybridCodeMaps"),
}
"""Maps of items: the collection of each, and the key of its pairs."""


def structure_set_out(artefact: Artefact) -> Node:
    """A structure set, its maps in a collection of each kind."""
    node = {key: value for key, value in artefact.document.items() if key not in {"maps", "related"}}
    if artefact.document.get("related"):
        node["relatedStructures"] = artefact.document["related"]
    for name, inner in artefact.document.get("maps", ()):
        if name == "StructureMap":
            node.setdefault("structureMaps", []).append(_structure_map_out(inner, artefact))
        else:
            collection, key = _PAIRS[name]
            node.setdefault(collection, []).append(_items_out(inner, key))
    return node


def _items_out(inner: Document, key: str) -> Node:
    pairs = [
        dict(pair) | {side: _item_urn(inner[side], pair[side]) for side in ("source", "target")}
        for pair in inner["pairs"]
    ]
    return {name: value for name, value in inner.items() if name != "pairs"} | {key: pairs}


def _item_urn(scheme: str, item_id: str) -> str:
    urn = parse_urn(scheme)
    return str(Urn(CLASS_BY_NAME[urn.class_name].item_class or "", urn.ref, item_id))


def _structure_map_out(inner: Document, artefact: Artefact) -> Node:
    maps = []
    for given in inner["components"]:
        component: Node = {side: _component_urn(inner[side], given[side]) for side in ("source", "target")}
        if "codelistMap" in given:
            urn = f"{PREFIX}mapping.CodelistMap={artefact.ref}.{given['codelistMap']}"
            component["representationMapping"] = {"codelistMap": urn}
        elif given.get("values"):
            component["representationMapping"] = {"valueMap": {"valueMappings": given["values"]}}
        maps.append(component | ({"annotations": given["annotations"]} if "annotations" in given else {}))
    return {key: value for key, value in inner.items() if key != "components"} | {"componentMaps": maps}


def _component_urn(structure: str, said: Document) -> str:
    urn = parse_urn(structure)
    kind = "DataAttribute" if said["kind"] == "Attribute" else said["kind"]
    return f"{PREFIX}datastructure.{kind}={urn.ref}.{said['id']}"


def structure_set_in(node: Node) -> Iterator[tuple[str, Node]]:
    """The maps of a structure set."""
    node.pop("relatedStructures", None)
    node["maps"] = [("StructureMap", _structure_map_in(one)) for one in node.pop("structureMaps", ())]
    for name, (collection, key) in _PAIRS.items():
        for inner in node.pop(collection, ()):
            pairs = [
                pair | {side: _last(pair.get(side, "")) for side in ("source", "target")} for pair in inner.pop(key, ())
            ]
            node["maps"].append((name, inner | {"pairs": pairs}))
    yield from read_set(node)


def _structure_map_in(inner: Node) -> Node:
    components = []
    for given in inner.pop("componentMaps", ()):
        component: Node = {
            side: {"id": _last(given.get(side, "")), "kind": "Dimension"} for side in ("source", "target")
        }
        mapping = given.get("representationMapping", {})
        if "codelistMap" in mapping:
            component["codelistMap"] = _last(mapping["codelistMap"])
        elif "valueMap" in mapping:
            component["values"] = mapping["valueMap"].get("valueMappings", [])
        components.append(component | ({"annotations": given["annotations"]} if "annotations" in given else {}))
    return inner | {"components": components}


def _last(urn: str) -> str:
    """The id a URN ends with, nested ones whole; a plain id is itself."""
    try:
        return parse_urn(urn).item_id or urn
    except BadRequest:
        return urn.rpartition(").")[2]


def metadata_structure_out(artefact: Artefact) -> Node:
    """A metadata structure, its targets in a collection of each kind."""
    document = split_structure(artefact.document)
    components = document.get("metadataStructureComponents")
    if not components:
        return document
    head = f"{PREFIX}metadatastructure.MetadataTarget={artefact.ref}."
    reports = [
        {"id": report["id"], "metadataAttributes": [_plain(one) for one in report["metadataAttributes"]]}
        | {"metadataTargets": [head + target for target in report["targets"]]}
        for report in components["reports"]
    ]
    targets = [_target_out(target) for target in components["targets"]]
    return document | {"metadataStructureComponents": {"metadataTargets": targets, "reportStructures": reports}}


def _plain(attribute: Document) -> Node:
    node = dict(attribute)
    local = node.get("localRepresentation", {})
    if "format" in local:
        kept = {key: value for key, value in local["format"].items() if key != "sentinelValues"}
        if kept.get("dataType") == "GeospatialInformation":
            kept["dataType"] = "String"
        node["localRepresentation"] = {"format": kept}
    if "metadataAttributes" in node:
        node["metadataAttributes"] = [_plain(one) for one in node["metadataAttributes"]]
    return node


def _target_out(target: Document) -> Node:
    node: Node = {"id": target["id"]}
    for part in target["parts"]:
        shown = {key: part[key] for key in ("id", "objectType") if key in part}
        shown["localRepresentation"] = {"format": {"dataType": TYPES[part["kind"]]}}
        node.setdefault(_collection(part["kind"]), []).append(shown)
    return node


def _collection(kind: str) -> str:
    return f"{kind[0].lower()}{kind[1:]}s"


def metadata_structure_in(node: Node) -> Node:
    """A metadata structure as one list of attributes."""
    components = node.get("metadataStructureComponents")
    if not components:
        return node
    targets = [
        {
            "id": target.get("id", ""),
            "parts": [
                {"kind": kind, "id": part.get("id", part_id(kind))}
                | ({"objectType": part["objectType"]} if "objectType" in part else {})
                for kind in TYPES
                for part in target.get(_collection(kind), ())
            ],
        }
        for target in components.get("metadataTargets", ())
    ]
    reports = components.get("reportStructures", [])
    return join_structure(node | {"metadataStructureComponents": {"targets": targets, "reports": reports}})


def process_out(artefact: Artefact) -> Node:
    """A process, the steps its transitions lead to told by URN."""
    head = f"{PREFIX}process.ProcessStep={artefact.ref}."
    return _with_steps(artefact.document, lambda target: head + target)


def process_in(node: Node) -> Node:
    """A process, the steps its transitions lead to told by id."""
    return _with_steps(node, _last)


def _with_steps(node: Document, said: Callable[[str], str]) -> Node:
    shown = dict(node)
    if "transitions" in shown:
        shown["transitions"] = [one | {"targetStep": said(one["targetStep"])} for one in shown["transitions"]]
    if "processSteps" in shown:
        shown["processSteps"] = [_with_steps(step, said) for step in shown["processSteps"]]
    return shown
