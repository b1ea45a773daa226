"""How the objects of SDMX-JSON 1.0 differ from canonical documents: one pair of functions a class, out and in.

The information model is that of SDMX 2.1, so that the shapes begin where those of SDMX-ML 2.1 do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sdmx_hub.errors import BadRequest
from sdmx_hub.formats.structure_constraint_v2_1 import ATTACHMENT, as_agreement_today
from sdmx_hub.formats.structure_json_v1_0_constraints import constraint_in, constraint_out, metadata_constraint_out
from sdmx_hub.formats.structure_json_v1_0_maps import (
    metadata_structure_in,
    metadata_structure_out,
    process_in,
    process_out,
    structure_set_in,
    structure_set_out,
)
from sdmx_hub.formats.structure_metadata_v2_1 import join_flow, split_flow
from sdmx_hub.formats.structure_xml import data_structure_v2_1, hierarchy_v2_1, iso_reference
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.classes import CLASS_BY_COLLECTION
from sdmx_hub.model.urn import Urn, parse_urn

Node = dict[str, Any]
_VALUE = "OBS_VALUE"
_STATUS = {"mandatory": "Mandatory", "optional": "Conditional"}
_PARENT_URNS = {"ConceptScheme": "concepts", "OrganisationUnitScheme": "organisationUnits"}


def _structure_out(artefact: Artefact) -> Node:
    document = data_structure_v2_1.outward(artefact)
    components = document.get("dataStructureComponents")
    if not components:
        return document
    listed = dict(components["dimensionList"])
    every = listed.pop("dimensions", [])
    time = listed.pop("timeDimension", None)
    plain = [one for one in every if not data_structure_v2_1.measure_scheme(one)]
    listed["dimensions"] = [_simple(one) | {"type": "Dimension"} for one in plain]
    measured = [one for one in every if data_structure_v2_1.measure_scheme(one)]
    if measured:
        listed["measureDimensions"] = [_measured(one) for one in measured]
    if time:
        listed["timeDimensions"] = [_simple(time) | {"type": "TimeDimension"}]
    shown = dict(components) | {"dimensionList": listed}
    around = dict(components["measureList"])
    measure = _simple(around.pop("measure"), "usage")
    shown["measureList"] = around | {"primaryMeasure": measure}
    if "attributeList" in components:
        attributes = [_attribute_out(one) for one in components["attributeList"]["attributes"]]
        shown["attributeList"] = dict(components["attributeList"]) | {"attributes": attributes}
    return document | {"dataStructureComponents": shown}


def _measured(dimension: Document) -> Node:
    scheme = data_structure_v2_1.measure_scheme(dimension)
    plain = data_structure_v2_1.without_scheme(dimension)
    kept = plain if plain["annotations"] else {key: value for key, value in plain.items() if key != "annotations"}
    return kept | {"type": "MeasureDimension", "localRepresentation": {"enumeration": scheme}}


def _simple(component: Document, *without: str) -> Node:
    """A component without what only SDMX 3 knows of representations."""
    node = {key: value for key, value in component.items() if key not in without}
    local = node.get("localRepresentation")
    if local:
        plain = {key: value for key, value in local.items() if key not in {"minOccurs", "maxOccurs"}}
        if "format" in plain:
            newer = {"isMultiLingual", "sentinelValues"}
            plain["format"] = {key: value for key, value in plain["format"].items() if key not in newer}
            if plain["format"].get("dataType") in {"XHTML", "GeospatialInformation"}:
                plain["format"]["dataType"] = "String"
        node["localRepresentation"] = plain
    return node


def _attribute_out(attribute: Document) -> Node:
    relation = dict(attribute["attributeRelationship"])
    relation.pop("areDimensionsOptional", None)
    if "dataflow" in relation:
        relation = {"none": {}}
    elif "observation" in relation:
        relation = {"primaryMeasure": _VALUE}
    node = _simple(attribute, "usage", "measureRelationship")
    return node | {"assignmentStatus": _STATUS[attribute.get("usage", "optional")], "attributeRelationship": relation}


def _structure_in(node: Node) -> Node:
    components = node.get("dataStructureComponents")
    if not components:
        return node
    listed = components["dimensionList"]
    measured = [
        data_structure_v2_1.with_scheme(one, one.get("localRepresentation", {}).get("enumeration", ""))
        for one in listed.pop("measureDimensions", ())
    ]
    listed["dimensions"] = sorted((*listed.get("dimensions", ()), *measured), key=lambda one: one.get("position", 0))
    for dimension in (*listed["dimensions"], *listed.get("timeDimensions", ())):
        dimension.pop("type", None)
        dimension.pop("position", None)
    measures = components.get("measureList", {})
    if "primaryMeasure" in measures:
        measures["measures"] = [{"id": _VALUE, **measures.pop("primaryMeasure")}]
    for attribute in components.get("attributeList", {}).get("attributes", ()):
        attribute["usage"] = "mandatory" if attribute.pop("assignmentStatus", None) == "Mandatory" else "optional"
        attribute["attributeRelationship"] = _relation_in(attribute.get("attributeRelationship", {}))
    return node


def _relation_in(relation: Document) -> Node:
    if "primaryMeasure" in relation:
        return {"observation": {}}
    if "none" in relation or not relation:
        return {"dataflow": {}}
    return {key: value for key, value in relation.items() if key != "attachmentGroups"}


def _hierarchy_out(artefact: Artefact) -> Node:
    node = dict(artefact.document)
    included = node.pop("included", ())
    if included:
        node["includedCodelists"] = {entry["alias"]: entry["codelist"] for entry in included}
    level = str(Urn("Hierarchy", artefact.ref)).replace(".Hierarchy=", ".Level=")
    node["hierarchies"] = [
        _leveled(hierarchy, f"{level}.{hierarchy['id']}.") for hierarchy in node.get("hierarchies", ())
    ]
    return node if node["hierarchies"] else {key: value for key, value in node.items() if key != "hierarchies"}


def _leveled(hierarchy: Document, prefix: str) -> Node:
    shown = {key: value for key, value in hierarchy.items() if key not in {"hasFormalLevels", "hierarchicalCodes"}}
    codes = [_code_out(code, prefix) for code in hierarchy.get("hierarchicalCodes", ())]
    return shown | {"leveled": hierarchy.get("hasFormalLevels", False), "hierarchicalCodes": codes}


def _code_out(code: Document, prefix: str) -> Node:
    below = [_code_out(one, prefix) for one in code.get("hierarchicalCodes", ())]
    node = dict(code) | ({"level": prefix + code["level"]} if "level" in code else {})
    return node | ({"hierarchicalCodes": below} if below else {})


def _hierarchy_in(node: Node) -> Iterator[tuple[str, Node]]:
    included = node.pop("includedCodelists", {})
    node["included"] = [{"alias": alias, "codelist": urn} for alias, urn in included.items()]
    for hierarchy in node.get("hierarchies", ()):
        hierarchy["hasFormalLevels"] = hierarchy.pop("leveled", False)
        for code in _flat(hierarchy.get("hierarchicalCodes", ())):
            code.pop("version", None)
            if "codelistAliasRef" in code:
                code["alias"] = code.pop("codelistAliasRef")
            if "level" in code:
                code["level"] = code["level"].rpartition(".")[2]
    yield from hierarchy_v2_1.inward(node)


def _flat(codes: Any) -> Iterator[Node]:
    for code in codes:
        yield code
        yield from _flat(code.get("hierarchicalCodes", ()))


def _agreement_out(artefact: Artefact) -> Node:
    return _swapped(artefact.document, "dataflow", "structureUsage")


def _swapped(document: Document, old: str, new: str) -> Node:
    return {new if key == old else key: value for key, value in document.items()}


def _scheme_out(artefact: Artefact) -> Node:
    """Items whose parent is told by URN; concepts also without what only SDMX 3 knows."""
    row = artefact.artefact_class
    key = _PARENT_URNS[row.name]
    node = iso_reference.outward(artefact) if row.name == "ConceptScheme" else dict(artefact.document)
    node[key] = [_item_out(item, artefact) for item in node.get(key, ())]
    return node if node[key] else {name: value for name, value in node.items() if name != key}


def _item_out(item: Document, artefact: Artefact) -> Node:
    node = dict(item)
    if "parent" in node:
        node["parent"] = str(Urn(artefact.artefact_class.item_class or "", artefact.ref, node["parent"]))
    core = node.get("coreRepresentation")
    if core:
        plain = {key: value for key, value in core.items() if key not in {"minOccurs", "maxOccurs"}}
        if "format" in plain:
            plain["format"] = {key: value for key, value in plain["format"].items() if key != "sentinelValues"}
            if plain["format"].get("dataType") == "GeospatialInformation":
                plain["format"]["dataType"] = "String"
        node["coreRepresentation"] = plain
    return node


OUTWARD: Mapping[str, Callable[[Artefact], Node]] = {
    "DataStructure": _structure_out,
    "DataConstraint": constraint_out,
    "AvailabilityConstraint": constraint_out,
    "MetadataConstraint": metadata_constraint_out,
    "MetadataStructure": metadata_structure_out,
    "Metadataflow": lambda artefact: split_flow(artefact.document),
    "StructureMap": structure_set_out,
    "Process": process_out,
    "Hierarchy": _hierarchy_out,
    "ProvisionAgreement": _agreement_out,
    "ConceptScheme": _scheme_out,
    "OrganisationUnitScheme": _scheme_out,
}


def inward(collection: str, node: Node) -> Iterator[tuple[str, Node]]:
    """What an object of a collection of 1.0 stands for: classes and documents."""
    node.pop("isFinal", None)
    if collection == "contentConstraints":
        yield from constraint_in(node, node.pop("type", "Actual"))
    elif collection == "attachmentConstraints":
        yield from constraint_in(node, ATTACHMENT)
    elif collection == "structureSets":
        yield from structure_set_in(node)
    elif collection == "provisionAgreements":
        yield from as_agreement_today(_swapped(node, "structureUsage", "dataflow"))
    elif collection == "hierarchicalCodelists":
        yield from _hierarchy_in(node)
    else:
        name = CLASS_BY_COLLECTION[collection].name
        yield name, _INWARD.get(name, dict)(node)


def _concepts_in(node: Node) -> Node:
    for concept in node.get("concepts", ()):
        said = concept.pop("isoConceptReference", None)  # a URN here, three parts in SDMX 3
        if isinstance(said, str):
            concept.update(_iso_reference(said))
    _parents_in("concepts", node)
    return next(iter(iso_reference.inward(node)))[1]


def _iso_reference(text: str) -> Node:
    try:
        urn = parse_urn(text)
    except BadRequest:
        return {}
    parts = {"conceptAgency": urn.ref.agency_id, "conceptSchemeID": urn.ref.id, "conceptID": urn.item_id or ""}
    return {"isoConceptReference": parts}


def _parents_in(key: str, node: Node) -> Node:
    for item in node.get(key, ()):
        if "parent" in item:
            item["parent"] = item["parent"].rpartition(".")[2]
    return node


_INWARD: Mapping[str, Callable[[Node], Node]] = {
    "DataStructure": _structure_in,
    "MetadataStructure": metadata_structure_in,
    "Metadataflow": join_flow,
    "Process": process_in,
    "ConceptScheme": _concepts_in,
    "OrganisationUnitScheme": lambda node: _parents_in("organisationUnits", node),
}
