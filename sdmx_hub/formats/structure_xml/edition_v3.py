"""Shapes of SDMX-ML 3, common to 3.0 and 3.1; what is different comes in from the module of the edition (``Own``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sdmx_hub.formats.structure_xml import iso_reference, schemes
from sdmx_hub.formats.structure_xml.data_structure_v3 import CONCEPT, data_structure, metadata_structure
from sdmx_hub.formats.structure_xml.maps_v3 import MAP_ROWS
from sdmx_hub.formats.structure_xml.message import ClassRow
from sdmx_hub.formats.structure_xml.parts import Attr, Child, Children, Local, Nested, NestedChild, Ref, Refs, Text
from sdmx_hub.formats.structure_xml.references import UrnReferences
from sdmx_hub.formats.structure_xml.schemes import Kit
from sdmx_hub.formats.structure_xml.shape import Edition, Element, Node, Shape, shape
from sdmx_hub.formats.structure_xml.shared import (
    CODED,
    NAMES,
    Links,
    notes,
)
from sdmx_hub.model.artefact import Artefact, Document


@dataclass(frozen=True, kw_only=True)
class Own:
    """What 3.0 and 3.1 do not share.

    ``maintainable``, ``dataflow``, ``data_structure``: further parts of those; ``unversioned``: classes without
    version, besides the organisation schemes.
    """

    maintainable: Shape = ()
    dataflow: Shape = ()
    data_structure: Shape = ()
    unversioned: frozenset[str] = frozenset()


def edition(version: str) -> Edition:
    """The namespaces of an edition, named by its version."""
    base = f"http://www.sdmx.org/resources/sdmxml/schemas/v{version.replace('.', '_')}"
    spaces = {name: f"{base}/{name}" for name in ("message", "structure", "common")}
    return Edition(version=version, namespaces=spaces, references=UrnReferences())


def kit(own: Own, *, with_version: bool = True) -> Kit:
    """What every element begins with."""
    noted = notes(with_value=True)
    annotated = shape(noted, Links(elements=True, uri=True))
    return Kit(
        annotations=noted,
        annotated=annotated,
        maintainable=shape(
            Attr("id", "id"),
            Attr("urn", "urn"),
            Attr("agencyID", "agencyID"),
            Attr("version", "version") if with_version else (),
            Attr("validFrom", "validFrom"),
            Attr("validTo", "validTo"),
            Attr("isExternalReference", "isExternalReference", "bool"),
            own.maintainable,
            noted,
            Links(elements=True, attributes=True, uri=True),
            NAMES,
        ),
        concept=CONCEPT,
    )


def unchanged(artefact: Artefact) -> Node:
    """The document as it is."""
    return dict(artefact.document)


def row(name: str, within: str, body: Shape) -> ClassRow:
    """A class written as its document is."""

    def same(node: Node) -> Iterator[tuple[str, Node]]:
        yield name, node

    return ClassRow(name=name, within=within, tag=name, shape=body, outward=unchanged, inward=same)


def make_rows(own: Own, constraints: Iterable[ClassRow]) -> tuple[ClassRow, ...]:
    """All classes in the order of the containers of SDMX-ML 3, which is that of the alphabet."""
    one, unversioned = kit(own), kit(own, with_version=False)

    def organisations(tag: str, key: str) -> ClassRow:
        return row(f"{tag}Scheme", f"{tag}Schemes", schemes.organisations(unversioned, tag, key))

    rows = (
        organisations("Agency", "agencies"),
        row("Categorisation", "Categorisations", schemes.categorisation(
            unversioned if "Categorisation" in own.unversioned else one
        )),
        row("CategoryScheme", "CategorySchemes", schemes.categories(one)),
        row("Codelist", "Codelists", _codelist(one)),
        replace(
            row("ConceptScheme", "ConceptSchemes", schemes.concepts(one)),
            outward=iso_reference.outward,
            inward=iso_reference.inward,
        ),
        row("CustomTypeScheme", "CustomTypeSchemes", schemes.custom_types(one)),
        organisations("DataConsumer", "dataConsumers"),
        row("Dataflow", "Dataflows", shape(
            one.maintainable, Ref("Structure", "structure", "DataStructure"), own.dataflow
        )),
        organisations("DataProvider", "dataProviders"),
        row("DataStructure", "DataStructures", data_structure(one, own.data_structure)),
        replace(row("GeographicCodelist", "GeographicCodelists", _geographic(one)), named="Codelist"),
        replace(row("GeoGridCodelist", "GeoGridCodelists", _grid(one)), named="Codelist"),
        row("Hierarchy", "Hierarchies", _hierarchy(one)),
        row("HierarchyAssociation", "HierarchyAssociations", _hierarchy_association(one)),
        row("Metadataflow", "Metadataflows", shape(
            one.maintainable, Ref("Structure", "structure", "MetadataStructure"), Refs("Target", "targets")
        )),
        organisations("MetadataProvider", "metadataProviders"),
        row("MetadataProvisionAgreement", "MetadataProvisionAgreements", shape(
            one.maintainable,
            Ref("Metadataflow", "metadataflow"),
            Ref("MetadataProvider", "metadataProvider"),
            Refs("Target", "targets"),
        )),
        row("MetadataStructure", "MetadataStructures", metadata_structure(one)),
        row("NamePersonalisationScheme", "NamePersonalisationSchemes", schemes.personalisations(one)),
        organisations("OrganisationUnit", "organisationUnits"),
        row("Process", "Processes", schemes.process(one)),
        row("ProvisionAgreement", "ProvisionAgreements", shape(
            one.maintainable, Ref("Dataflow", "dataflow"), Ref("DataProvider", "dataProvider")
        )),
        row("ReportingTaxonomy", "ReportingTaxonomies", schemes.reporting_taxonomy(one)),
        row("RulesetScheme", "RulesetSchemes", schemes.rulesets(one)),
        row("TransformationScheme", "TransformationSchemes", schemes.transformations(one)),
        row("UserDefinedOperatorScheme", "UserDefinedOperatorSchemes", schemes.operators(one)),
        row("ValueList", "ValueLists", _value_list(one)),
        row("VtlMappingScheme", "VtlMappingSchemes", schemes.vtl_mappings(one)),
        *(row(name, within, body(one)) for name, within, body in MAP_ROWS),
        *constraints,
    )  # fmt: skip
    return tuple(sorted(rows, key=lambda one: one.within.lower()))


class Member:
    """A member of a code selection: exact, or with a wildcard."""

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write exact members first, then those with a wildcard."""
        for member in node.get("memberValues", ()):
            child = edition.add(element, "MemberValue")
            child.text = member["value"]
            if "cascadeValues" in member:
                child.set("cascadeValues", str(member["cascadeValues"]).replace("True", "true"))
        for pattern in node.get("wildcardedMemberValues", ()):
            edition.add(element, "MemberValue").text = pattern

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read a member with ``%`` as a wildcard."""
        for child in element.iterfind(edition.tag("MemberValue")):
            text, cascade = (child.text or "").strip(), child.get("cascadeValues", "false")
            if "%" in text:
                node.setdefault("wildcardedMemberValues", []).append(text)
            else:
                said = (
                    {}
                    if cascade in {"false", "0"}
                    else {"cascadeValues": cascade if cascade == "excluderoot" else True}
                )
                node.setdefault("memberValues", []).append({"value": text, **said})


_SELECTION: Shape = (Member(),)
_EXTENSIONS = Children(
    "CodelistExtension",
    "codelistExtensions",
    (
        Attr("prefix", "prefix"),
        Ref("Codelist", "codelist", "Codelist"),
        Child("InclusiveCodeSelection", "inclusiveCodeSelection", _SELECTION),
        Child("ExclusiveCodeSelection", "exclusiveCodeSelection", _SELECTION),
    ),
)


def _codelist(one: Kit) -> Shape:
    return shape(one.scheme("Code", "codes", shape(one.item("Code"), Local("Parent", "parent"))), _EXTENSIONS)


def _geographic(one: Kit) -> Shape:
    code = shape(one.item("GeoFeatureSetCode"), Attr("value", "value"), Local("Parent", "parent"))
    body = one.scheme("GeoFeatureSetCode", "geoFeatureSetCodes", code)
    return shape(Attr("geoType", "geoType", fixed="GeographicCodelist"), body, _EXTENSIONS)


def _grid(one: Kit) -> Shape:
    code = shape(one.item("GeoGridCode"), Local("Parent", "parent"), Text("GeoCell", "geoCell"))
    body = one.scheme("GeoGridCode", "geoGridCodes", code)
    geo_type = Attr("geoType", "geoType", fixed="GeoGridCodelist")
    return shape(geo_type, body, _EXTENSIONS, Text("GridDefinition", "gridDefinition"))


def _value_list(one: Kit) -> Shape:
    item = shape(Attr("id", "id"), one.annotations, NAMES)
    return shape(one.maintainable, Children("ValueItem", "valueItems", item))


def _hierarchy(one: Kit) -> Shape:
    def level() -> Shape:
        return shape(one.named, Child("CodingFormat", "codingFormat", CODED), NestedChild("Level", "level", level))

    def code() -> Shape:
        return shape(
            Attr("id", "id"),
            Attr("validFrom", "validFrom"),
            Attr("validTo", "validTo"),
            one.annotated,
            Ref("Code", "code", "Code"),
            Nested("HierarchicalCode", "hierarchicalCodes", code),
            Local("Level", "level"),
        )

    return shape(
        one.maintainable,
        Attr("hasFormalLevels", "hasFormalLevels", "bool", fixed="false"),
        Child("Level", "level", level()),
        Children("HierarchicalCode", "hierarchicalCodes", code()),
    )


def _hierarchy_association(one: Kit) -> Shape:
    return shape(
        one.maintainable,
        Ref("LinkedHierarchy", "linkedHierarchy", "Hierarchy"),
        Ref("LinkedObject", "linkedObject"),
        Ref("ContextObject", "contextObject"),
    )
