"""The structure set of SDMX-ML 2.1: maps with local references inside one maintainable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree

from sdmx_hub.formats.structure_set import DESCRIPTORS
from sdmx_hub.formats.structure_xml.parts import Attr, Children, Local, Ref, Refs
from sdmx_hub.formats.structure_xml.schemes import Kit
from sdmx_hub.formats.structure_xml.shape import Edition, Element, Node, Shape, read_shape, shape, write_shape
from sdmx_hub.model.artefact import Document


@dataclass(frozen=True)
class Mapped:
    """A component on one side of a component map: a reference that says which list it stands in."""

    tag: str
    key: str

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the reference with its list and kind."""
        said: dict[str, Any] = node[self.key]
        given = {"id": said["id"], "containerID": DESCRIPTORS[said["kind"]], "class": said["kind"]}
        etree.SubElement(edition.add(element, self.tag), "Ref", given | {"package": "datastructure"})

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the id; the kind is known by the structure."""
        child = element.find(edition.tag(self.tag))
        identifier = edition.references.read_local(child) if child is not None else None
        node[self.key] = {"id": identifier or "", "kind": "Dimension"}


_VALUES = Children("ValueMapping", "values", (Attr("source", "source"), Attr("target", "target")), within="ValueMap")
_MAPPING = ("RepresentationMapping", (Local("CodelistMap", "codelistMap"), _VALUES))


class Mapping:
    """How a component map maps values: by a codelist map of the same set, or value by value."""

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write what there is of it."""
        tag, parts = _MAPPING
        if "codelistMap" in node or node.get("values"):
            write_shape(edition.add(element, tag), node, parts, edition)

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read it beside the components."""
        child = element.find(edition.tag(_MAPPING[0]))
        if child is not None:
            node.update(read_shape(child, _MAPPING[1], edition))


class Maps:
    """The maps of a structure set, each under its name in 2.1."""

    def __init__(self, shapes: dict[str, Shape]) -> None:
        self._shapes = shapes

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write every map by the shape of its name."""
        for name, inner in node.get("maps", ()):
            write_shape(edition.add(element, name), inner, self._shapes[name], edition)

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read every map with its name."""
        names = {edition.tag(name): name for name in self._shapes}
        node["maps"] = [
            (names[child.tag], read_shape(child, self._shapes[names[child.tag]], edition))
            for child in element
            if child.tag in names
        ]


def structure_set(one: Kit) -> Shape:
    """A structure set."""
    notes = one.annotations

    def items(tag: str, scheme: str | None) -> Shape:
        pair = shape(notes, Local("Source", "source"), Local("Target", "target"))
        return shape(
            one.named, Ref("Source", "source", scheme), Ref("Target", "target", scheme), Children(tag, "pairs", pair)
        )

    component = shape(notes, Mapped("Source", "source"), Mapped("Target", "target"), (Mapping(),))
    structures = shape(
        one.named, Ref("Source", "source"), Ref("Target", "target"), Children("ComponentMap", "components", component)
    )
    shapes = {
        "OrganisationSchemeMap": items("OrganisationMap", None),
        "CategorySchemeMap": items("CategoryMap", "CategoryScheme"),
        "CodelistMap": items("CodeMap", "Codelist"),
        "ConceptSchemeMap": items("ConceptMap", "ConceptScheme"),
        "ReportingTaxonomyMap": items("ReportingCategoryMap", "ReportingTaxonomy"),
        "HybridCodelistMap": items("HybridCodeMap", None),
        "StructureMap": structures,
    }
    return shape(one.maintainable, Refs("RelatedStructure", "related"), (Maps(shapes),))
