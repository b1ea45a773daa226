"""The data structure and the metadata structure of SDMX-ML 3."""

from __future__ import annotations

from sdmx_hub.formats.structure_xml.parts import Attr, Child, Children, Local, Nested, Ref, Refs, Text, Texts
from sdmx_hub.formats.structure_xml.schemes import Kit
from sdmx_hub.formats.structure_xml.shape import Edition, Element, Node, Shape, shape
from sdmx_hub.formats.structure_xml.shared import Links, representation, text_format
from sdmx_hub.model.artefact import Document

_BASIC = text_format({}, multilingual=True, sentinels=True)
_SIMPLE = text_format({"XHTML": "String"}, multilingual=False, sentinels=True)
_CODES = (Ref("Enumeration", "enumeration", "Codelist"),)
CONCEPT = representation(_CODES, _BASIC, occurs=True)
"""The representation of a concept, an attribute or a measure."""
_KEY = representation(_CODES, _SIMPLE, occurs=False)


class DimensionRelation:
    """The dimensions an attribute depends on, each perhaps optional."""

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write a child for each dimension."""
        optional = node.get("areDimensionsOptional", [])
        for position, identifier in enumerate(node.get("dimensions", ())):
            child = edition.add(element, "Dimension")
            child.text = identifier
            if position < len(optional) and optional[position]:
                child.set("optional", "true")

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the dimensions; the second list is only there when one is optional."""
        children = element.findall(edition.tag("Dimension"))
        if children:
            node["dimensions"] = [(child.text or "").strip() for child in children]
            optional = [child.get("optional") in {"true", "1"} for child in children]
            if any(optional):
                node["areDimensionsOptional"] = optional


_RELATION = Child(
    "AttributeRelationship",
    "attributeRelationship",
    (
        Child("Dataflow", "dataflow", (), kept=True),
        DimensionRelation(),
        Text("Group", "group"),
        Child("Observation", "observation", (), kept=True),
    ),
)


def _component(one: Kit, representation: Shape) -> Shape:
    return shape(
        one.identified,
        Ref("ConceptIdentity", "conceptIdentity", "Concept"),
        Child("LocalRepresentation", "localRepresentation", representation),
    )


def data_structure(one: Kit, own: Shape) -> Shape:
    """A data structure; ``own`` are further parts of the edition."""
    roles = Refs("ConceptRole", "conceptRoles", "Concept")
    dimension = shape(_component(one, _KEY), Attr("position", "position", "int"), roles)
    dimensions = shape(
        one.identified,
        Children("Dimension", "dimensions", dimension),
        Child("TimeDimension", "timeDimension", _component(one, _KEY)),
    )
    group = shape(
        Attr("id", "id"),
        one.annotations,
        Local("DimensionReference", "groupDimensions", is_list=True, within="GroupDimension"),
    )
    attribute = shape(
        _component(one, CONCEPT),
        Attr("usage", "usage"),
        roles,
        _RELATION,
        Texts("Measure", "measureRelationship", within="MeasureRelationship"),
    )
    usage = shape(
        one.annotations,
        Links(elements=True, most=1),
        Text("MetadataAttributeReference", "metadataAttributeReference"),
        _RELATION,
    )
    attributes = shape(
        one.identified,
        Children("Attribute", "attributes", attribute),
        Children("MetadataAttributeUsage", "metadataAttributeUsages", usage),
    )
    measure = shape(_component(one, CONCEPT), Attr("usage", "usage"), roles)
    components = (
        Child("DimensionList", "dimensionList", dimensions),
        Children("Group", "groups", group),
        Child("AttributeList", "attributeList", attributes),
        Child("MeasureList", "measureList", shape(one.identified, Children("Measure", "measures", measure))),
    )
    return shape(
        own,
        one.maintainable,
        Child("DataStructureComponents", "dataStructureComponents", components),
        Ref("Metadata", "metadata", "MetadataStructure"),
    )


def metadata_structure(one: Kit) -> Shape:
    """A metadata structure."""
    plain = representation(_CODES, _BASIC, occurs=False)

    def attribute() -> Shape:
        return shape(
            _component(one, plain),
            Attr("minOccurs", "minOccurs", "int"),
            Attr("maxOccurs", "maxOccurs", "occurs"),
            Attr("isPresentational", "isPresentational", "bool"),
            Nested("MetadataAttribute", "metadataAttributes", attribute),
        )

    listed = shape(one.identified, Children("MetadataAttribute", "metadataAttributes", attribute()))
    components = (Child("MetadataAttributeList", "metadataAttributeList", listed),)
    return shape(one.maintainable, Child("MetadataStructureComponents", "metadataStructureComponents", components))
