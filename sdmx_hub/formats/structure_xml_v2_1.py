"""SDMX-ML 2.1 structure messages: every class that edition has, read and written.

What 2.1 cannot carry of an artefact, and what it calls otherwise, is one table each in ``docs/conformance.md``. Written
is the 2.1 view (``structure_view_v2_1``); what 2.1 holds together, and SDMX 3 keeps apart, is taken apart and put
together by ``structure_wrapped``. What 2.1 has and SDMX 3 has not becomes an annotation, and so comes back. The ISO
reference of a concept is an annotation too, as common readers stop at its element. ``isFinal`` is kept beside the
document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from sdmx_hub.formats.structure_constraint_v2_1 import (
    ATTACHMENT,
    actual,
    allowed,
    allowed_metadata,
    as_agreement_today,
    as_constraint_today,
    is_attachment,
)
from sdmx_hub.formats.structure_metadata_v2_1 import (
    join_flow,
    join_structure,
    split_flow,
    split_structure,
    with_targets,
)
from sdmx_hub.formats.structure_names_v2_1 import NAMES_IN_2_1, SYNONYMS_OF_2_1, urn_today
from sdmx_hub.formats.structure_set import read_set, without_copies
from sdmx_hub.formats.structure_version import plain_version
from sdmx_hub.formats.structure_view_v2_1 import VTL_VERSION, view_2_1
from sdmx_hub.formats.structure_xml import data_structure_v2_1, hierarchy_v2_1, iso_reference, schemes
from sdmx_hub.formats.structure_xml.constraints_v2_1 import attachment_constraint, content_constraint
from sdmx_hub.formats.structure_xml.edition_v3 import row
from sdmx_hub.formats.structure_xml.maps_v2_1 import structure_set
from sdmx_hub.formats.structure_xml.message import ClassRow, read_message, write_message
from sdmx_hub.formats.structure_xml.metadata_v2_1 import metadata_structure
from sdmx_hub.formats.structure_xml.parts import Attr, Ref
from sdmx_hub.formats.structure_xml.references import RefReferences
from sdmx_hub.formats.structure_xml.schemes import Kit
from sdmx_hub.formats.structure_xml.shape import Edition, Node, Shape, shape
from sdmx_hub.formats.structure_xml.shared import (
    NAMES,
    Links,
    notes,
    representation,
    text_format,
)
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.message import StructureMessage

_BASE = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
EDITION = Edition(
    version="2.1",
    namespaces={name: f"{_BASE}/{name}" for name in ("message", "structure", "common")},
    references=RefReferences(NAMES_IN_2_1, SYNONYMS_OF_2_1, urn_today),
)


def read(data: bytes) -> tuple[Artefact, ...]:
    """Read the artefacts of a message, in canonical form. Raises Malformed."""
    return tuple(with_targets(without_copies(read_message(data, EDITION, ROWS))))


def write(message: StructureMessage) -> bytes:
    """Write a message; classes 2.1 does not have are left out."""
    seen = view_2_1(message.artefacts, message.beside)
    return write_message(StructureMessage(message.header, seen), EDITION, ROWS)


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


def _constraint_inward(node: Node) -> Iterator[tuple[str, Node]]:
    yield from as_constraint_today(node, node.pop("type", "Actual"))


def _attachment_inward(node: Node) -> Iterator[tuple[str, Node]]:
    yield from as_constraint_today(node, ATTACHMENT)


def _actual(artefact: Artefact) -> Node:
    return actual(artefact.document) | {"type": "Actual"}


def _constraint_row(name: str, outward: Callable[[Artefact], Node]) -> ClassRow:
    body = content_constraint(_KIT)
    return _row(name, "Constraints", body, outward=outward, inward=_constraint_inward, tag="ContentConstraint")


def _structure_inward(node: Node) -> Iterator[tuple[str, Node]]:
    yield "DataStructure", data_structure_v2_1.inward(node)


def _usage(name: str) -> Shape:
    return shape(_KIT.maintainable, Ref("Structure", "structure", name))


_AGREEMENT = shape(
    _KIT.maintainable,
    Ref("StructureUsage", "dataflow", "Dataflow"),
    Ref("DataProvider", "dataProvider", "DataProvider"),
)


def _vtl(name: str, within: str, body: Shape) -> ClassRow:
    """A VTL scheme; the schema wants its version even of a stub."""

    def outward(artefact: Artefact) -> Node:
        return {"vtlVersion": VTL_VERSION} | dict(artefact.document)

    def inward(node: Node) -> Iterator[tuple[str, Node]]:
        yield (
            name,
            {key: value for key, value in node.items() if key != "vtlVersion" or "isExternalReference" not in node},
        )

    return _row(name, within, body, outward=outward, inward=inward)


_CODELIST = _KIT.scheme("Code", "codes", shape(_KIT.item("Code"), schemes.PARENT))

ROWS = (
    _organisations("Agency", "agencies"),
    _organisations("DataConsumer", "dataConsumers"),
    _organisations("DataProvider", "dataProviders"),
    _organisations("OrganisationUnit", "organisationUnits"),
    _row("Dataflow", "Dataflows", _usage("DataStructure")),
    _row(
        "Metadataflow",
        "Metadataflows",
        _usage("MetadataStructure"),
        outward=lambda artefact: split_flow(artefact.document),
        inward=lambda node: iter((("Metadataflow", join_flow(node)),)),
    ),
    _row("CategoryScheme", "CategorySchemes", schemes.categories(_KIT)),
    _row("Categorisation", "Categorisations", schemes.categorisation(_KIT)),
    _row("Codelist", "Codelists", _CODELIST),
    _row(
        "Hierarchy",
        "HierarchicalCodelists",
        hierarchy_v2_1.hierarchical_codelist(_KIT),
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
        "MetadataStructure",
        "MetadataStructures",
        metadata_structure(_KIT),
        outward=lambda artefact: split_structure(artefact.document),
        inward=lambda node: iter((("MetadataStructure", join_structure(node)),)),
    ),
    _row(
        "DataStructure",
        "DataStructures",
        data_structure_v2_1.data_structure(_KIT),
        outward=data_structure_v2_1.outward,
        inward=_structure_inward,
    ),
    replace(
        _row("StructureMap", "StructureSets", structure_set(_KIT), inward=read_set, tag="StructureSet"),
        package="mapping",
    ),
    _row("ReportingTaxonomy", "ReportingTaxonomies", schemes.reporting_taxonomy(_KIT)),
    _row("Process", "Processes", schemes.process(_KIT)),
    replace(
        _row(
            "DataConstraint",
            "Constraints",
            attachment_constraint(_KIT),
            outward=lambda artefact: allowed(artefact.document),
            inward=_attachment_inward,
            tag="AttachmentConstraint",
        ),
        accepts=is_attachment,
    ),
    replace(
        _constraint_row("DataConstraint", lambda artefact: allowed(artefact.document) | {"type": "Allowed"}),
        accepts=lambda artefact: not is_attachment(artefact),
    ),
    _constraint_row("MetadataConstraint", lambda artefact: allowed_metadata(artefact.document) | {"type": "Allowed"}),
    _constraint_row("AvailabilityConstraint", _actual),
    _row("ProvisionAgreement", "ProvisionAgreements", _AGREEMENT, inward=as_agreement_today),
    _vtl("CustomTypeScheme", "CustomTypes", schemes.custom_types(_KIT)),
    _row("VtlMappingScheme", "VtlMappings", schemes.vtl_mappings(_KIT)),
    _vtl("NamePersonalisationScheme", "NamePersonalisations", schemes.personalisations(_KIT)),
    _vtl("RulesetScheme", "Rulesets", schemes.rulesets(_KIT)),
    _vtl("TransformationScheme", "Transformations", schemes.transformations(_KIT)),
    _vtl("UserDefinedOperatorScheme", "UserDefinedOperators", schemes.operators(_KIT)),
)
"""How each class is written, in the order of the containers."""
