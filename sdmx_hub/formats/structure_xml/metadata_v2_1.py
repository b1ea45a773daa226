"""The metadata structure of SDMX-ML 2.1: targets and report structures."""

from __future__ import annotations

from sdmx_hub.formats.structure_metadata_v2_1 import TYPES, part_id
from sdmx_hub.formats.structure_xml.parts import Attr, Child, Children, Local, Nested, Ref
from sdmx_hub.formats.structure_xml.schemes import Kit
from sdmx_hub.formats.structure_xml.shape import Edition, Element, Node, Shape, read_shape, shape, write_shape
from sdmx_hub.formats.structure_xml.shared import representation, text_format
from sdmx_hub.model.artefact import Document

_OWN = (Attr("id", "id"), Attr("objectType", "objectType"))


class Parts:
    """The parts of a target, each an element of its kind that says what it holds."""

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write each part with the type of its values."""
        for part in node.get("parts", ()):
            child = edition.add(element, part["kind"])
            write_shape(child, part, _OWN, edition)
            text = edition.add(edition.add(child, "LocalRepresentation"), "TextFormat")
            text.set("textType", TYPES[part["kind"]])

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read kind, id and class of object."""
        kinds = {edition.tag(kind): kind for kind in TYPES}
        node["parts"] = [
            {"kind": kinds[child.tag], "id": part_id(kinds[child.tag]), **read_shape(child, _OWN, edition)}
            for child in element
            if child.tag in kinds
        ]


def metadata_structure(one: Kit) -> Shape:
    """A metadata structure."""
    format_ = text_format({"GeospatialInformation": "String"}, multilingual=True, sentinels=False)
    local = representation((Ref("Enumeration", "enumeration", "Codelist"),), format_, occurs=False)

    def attribute() -> Shape:
        return shape(
            one.identified,
            Attr("minOccurs", "minOccurs", "int"),
            Attr("maxOccurs", "maxOccurs", "occurs"),
            Attr("isPresentational", "isPresentational", "bool"),
            Ref("ConceptIdentity", "conceptIdentity", "Concept"),
            Child("LocalRepresentation", "localRepresentation", local),
            Nested("MetadataAttribute", "metadataAttributes", attribute),
        )

    report = shape(
        one.identified,
        Children("MetadataAttribute", "metadataAttributes", attribute()),
        Local("MetadataTarget", "targets", is_list=True),
    )
    components = (
        Children("MetadataTarget", "targets", shape(one.identified, (Parts(),))),
        Children("ReportStructure", "reports", report),
    )
    return shape(one.maintainable, Child("MetadataStructureComponents", "metadataStructureComponents", components))
