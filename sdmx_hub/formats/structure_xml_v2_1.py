"""SDMX-ML 2.1 structure messages, read and written.

What 2.1 cannot carry:

| Canonical (SDMX 3.1) | In 2.1 | On the way back |
|---|---|---|
| the ISO reference of a concept | an annotation, as common readers stop at the element | restored |
| codelist extensions | resolved where the inherited list is in the message, else dropped | own and inherited codes |
| hierarchy | a hierarchical codelist of the same id with one hierarchy | restored |
| availability constraint | a content constraint of type Actual, its counts as annotations | restored, and named |
| a measure that is not OBS_VALUE, and its usage | the primary measure OBS_VALUE | OBS_VALUE, optional |
| further measures | attributes of the observation | attributes |
| value lists as representation of components | text | text |
| types XHTML (of components), GeospatialInformation | String | String |
| multi-lingual, multi-valued components; sentinel values | dropped | absent |
| ``value`` of annotations, all URLs but the first; links of items and artefacts | dropped | absent |
| several values of one component in a data key | one key for each combination | several keys |
| validity of values, annotations of regions and keys, removed prefixes | dropped | absent |
| ``dimensionConstraint``, ``evolvingStructure``, ``isPartialLanguage``, ``metadata`` | dropped | absent |
| versions with an extension or wildcard (``1.0.0-draft``, ``1+.0.0``) | the numbers alone | the numbers |
| ``decimals``, ``minLength``, ``maxLength`` of 0 | dropped: the schema wants positive numbers | absent |
| maps, value and geographic lists, hierarchy associations, classes of reference metadata | left out | |

What 2.1 has and SDMX 3 has not: ``isFinal`` is kept beside the document, a measure dimension becomes a dimension with
an annotation MEASURE_DIMENSION and comes back as it was. Structure sets, metadata structures, metadataflows and
attachment constraints are refused when read (``NotBuilt``); data sources, release calendars, reference periods and
attachment groups are dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sdmx_hub.formats.structure_codelist import resolve_codelist
from sdmx_hub.formats.structure_constraint import as_availability, as_data_constraint, split_keys
from sdmx_hub.formats.structure_xml import data_structure_v2_1, hierarchy_v2_1, iso_reference, schemes
from sdmx_hub.formats.structure_xml.constraints_v3 import DATA_ATTACHMENT
from sdmx_hub.formats.structure_xml.edition_v3 import row
from sdmx_hub.formats.structure_xml.message import ClassRow, read_message, write_message
from sdmx_hub.formats.structure_xml.parts import Attr, Children, Edition, Node, Ref, Shape, shape
from sdmx_hub.formats.structure_xml.references import RefReferences, plain_version
from sdmx_hub.formats.structure_xml.schemes import Kit
from sdmx_hub.formats.structure_xml.shared import (
    NAMES,
    KeyValues,
    Links,
    Values,
    notes,
    representation,
    text_format,
    time_range,
)
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.message import StructureMessage
from sdmx_hub.model.structure import BrokenStructure

NAMES_IN_2_1 = {name: name for name in (
    "AgencyScheme", "DataProviderScheme", "DataConsumerScheme", "OrganisationUnitScheme", "Codelist", "ConceptScheme",
    "DataStructure", "Dataflow", "MetadataStructure", "Metadataflow", "CategoryScheme", "Categorisation",
    "ReportingTaxonomy", "ProvisionAgreement", "Process", "TransformationScheme", "RulesetScheme",
    "UserDefinedOperatorScheme", "CustomTypeScheme", "NamePersonalisationScheme", "VtlMappingScheme",
)} | {"DataConstraint": "ContentConstraint", "Hierarchy": "HierarchicalCodelist"}  # fmt: skip
"""Classes a ``Ref`` can name, and their names in 2.1."""

_BASE = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
EDITION = Edition(
    version="2.1",
    namespaces={name: f"{_BASE}/{name}" for name in ("message", "structure", "common")},
    references=RefReferences(NAMES_IN_2_1),
)


def read(data: bytes) -> tuple[Artefact, ...]:
    """Read the artefacts of a message, in canonical form. Raises Malformed, and NotBuilt for classes of 2.1 alone."""
    return read_message(data, EDITION, ROWS)


def write(message: StructureMessage) -> bytes:
    """Write a message; classes 2.1 does not have are left out."""
    known = {artefact.urn: artefact for artefact in message.artefacts}
    artefacts = tuple(_resolved(artefact, known.get) for artefact in message.artefacts)
    return write_message(StructureMessage(message.header, artefacts), EDITION, ROWS)


def _resolved(artefact: Artefact, find: Callable[[Any], Artefact | None]) -> Artefact:
    try:
        return resolve_codelist(artefact, find)
    except BrokenStructure:
        return artefact


_NOTES = notes(with_value=False)
_CONCEPT = representation(
    (Ref("Enumeration", "enumeration", "Codelist"),),
    text_format({"GeospatialInformation": "String"}, multilingual=True, sentinels=False),
    occurs=False,
)
_KIT = Kit(
    annotations=_NOTES,
    annotated=_NOTES,
    maintainable=shape(
        Attr("id", "id"),
        Attr("urn", "urn"),
        Attr("agencyID", "agencyID"),
        Attr("version", "version"),
        Attr("validFrom", "validFrom"),
        Attr("validTo", "validTo"),
        Attr("isFinal", "isFinal", "bool"),
        Attr("isExternalReference", "isExternalReference", "bool"),
        Links(attributes=True),
        _NOTES,
        NAMES,
    ),
    concept=_CONCEPT,
)


def _outward(artefact: Artefact) -> Node:
    return _said(artefact, artefact.document)


def _said(artefact: Artefact, document: Any) -> Node:
    version = plain_version(document.get("version", "1.0"))
    return dict(document) | {"version": version, "isFinal": artefact.is_final}


def _row(
    name: str,
    within: str,
    body: Shape,
    *,
    outward: Callable[[Artefact], Node] = lambda artefact: dict(artefact.document),
    inward: Callable[[Node], Iterator[tuple[str, Node]]] | None = None,
    tag: str | None = None,
) -> ClassRow:
    plain = row(name, within, body)
    return ClassRow(
        name=name,
        within=within,
        tag=tag or name,
        shape=body,
        outward=lambda artefact: _said(artefact, outward(artefact)),
        inward=inward or plain.inward,
        named=tag,
    )


def _organisations(tag: str, key: str) -> ClassRow:
    return _row(f"{tag}Scheme", "OrganisationSchemes", schemes.organisations(_KIT, tag, key))


def _constraint() -> Shape:
    own = (Attr("id", "id"), Attr("include", "include", "bool"))
    value = Values("common:Value", (Attr("cascadeValues", "cascadeValues", "cascade"),))
    selection = shape(own, value, time_range(with_validity=False, prefix="common:"))
    key = (Children("common:KeyValue", "keyValues", (Attr("id", "id"), KeyValues("common:Value"))),)
    region = (
        Attr("include", "include", "bool"),
        Children("common:KeyValue", "keyValues", selection),
        Children("common:Attribute", "components", selection),
    )
    return shape(
        _KIT.maintainable,
        Attr("type", "type"),
        DATA_ATTACHMENT,
        Children("DataKeySet", "dataKeySets", (Attr("isIncluded", "isIncluded", "bool"), Children("Key", "keys", key))),
        Children("CubeRegion", "cubeRegions", region),
    )


def _constraint_inward(node: Node) -> Iterator[tuple[str, Node]]:
    if node.pop("type", "Actual") == "Actual":
        yield "AvailabilityConstraint", as_availability(node)
    else:
        yield "DataConstraint", node


def _allowed(artefact: Artefact) -> Node:
    return split_keys(artefact.document) | {"type": "Allowed"}


def _actual(artefact: Artefact) -> Node:
    return as_data_constraint(artefact.document) | {"type": "Actual"}


def _structure_inward(node: Node) -> Iterator[tuple[str, Node]]:
    yield "DataStructure", data_structure_v2_1.inward(node)


def _usage(name: str) -> Shape:
    return shape(_KIT.maintainable, Ref("Structure", "structure", name))


_AGREEMENT = shape(
    _KIT.maintainable,
    Ref("StructureUsage", "dataflow", "Dataflow"),
    Ref("DataProvider", "dataProvider", "DataProvider"),
)
_CODELIST = _KIT.scheme("Code", "codes", shape(_KIT.item("Code"), schemes.PARENT))

ROWS = (
    _organisations("Agency", "agencies"),
    _organisations("DataConsumer", "dataConsumers"),
    _organisations("DataProvider", "dataProviders"),
    _organisations("OrganisationUnit", "organisationUnits"),
    _row("Dataflow", "Dataflows", _usage("DataStructure")),
    _row("CategoryScheme", "CategorySchemes", schemes.categories(_KIT)),
    _row("Categorisation", "Categorisations", schemes.categorisation(_KIT)),
    _row("Codelist", "Codelists", _CODELIST),
    _row(
        "Hierarchy",
        "HierarchicalCodelists",
        hierarchy_v2_1.hierarchical_codelist(_KIT),
        outward=hierarchy_v2_1.outward,
        inward=hierarchy_v2_1.inward,
        tag="HierarchicalCodelist",
    ),
    _row(
        "ConceptScheme",
        "Concepts",
        schemes.concepts(_KIT),
        outward=iso_reference.outward,
        inward=iso_reference.inward,
    ),
    _row(
        "DataStructure",
        "DataStructures",
        data_structure_v2_1.data_structure(_KIT),
        outward=data_structure_v2_1.outward,
        inward=_structure_inward,
    ),
    _row("ReportingTaxonomy", "ReportingTaxonomies", schemes.reporting_taxonomy(_KIT)),
    _row("Process", "Processes", schemes.process(_KIT)),
    _row(
        "DataConstraint",
        "Constraints",
        _constraint(),
        outward=_allowed,
        inward=_constraint_inward,
        tag="ContentConstraint",
    ),
    _row(
        "AvailabilityConstraint",
        "Constraints",
        _constraint(),
        outward=_actual,
        inward=_constraint_inward,
        tag="ContentConstraint",
    ),
    _row("ProvisionAgreement", "ProvisionAgreements", _AGREEMENT),
    _row("CustomTypeScheme", "CustomTypes", schemes.custom_types(_KIT)),
    _row("VtlMappingScheme", "VtlMappings", schemes.vtl_mappings(_KIT)),
    _row("NamePersonalisationScheme", "NamePersonalisations", schemes.personalisations(_KIT)),
    _row("RulesetScheme", "Rulesets", schemes.rulesets(_KIT)),
    _row("TransformationScheme", "Transformations", schemes.transformations(_KIT)),
    _row("UserDefinedOperatorScheme", "UserDefinedOperators", schemes.operators(_KIT)),
)
"""How each class is written, in the order of the containers. Metadataflows wait for the metadata structures."""
