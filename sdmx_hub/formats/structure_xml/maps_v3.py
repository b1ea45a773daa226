"""Shapes of the mapping classes of SDMX-ML 3: structure maps, representation maps, maps of item schemes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sdmx_hub.formats.structure_xml.parts import Attr, Child, Children, Ref, Text, Texts
from sdmx_hub.formats.structure_xml.schemes import Kit
from sdmx_hub.formats.structure_xml.shape import Edition, Element, Node, Shape, shape
from sdmx_hub.model.artefact import Document


class MappedValue:
    """The text of a source value; its qualifiers are attributes."""

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the value as text."""
        element.text = node["value"]

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the text."""
        node["value"] = element.text or ""


_MAPPED: Shape = (
    Attr("isRegEx", "isRegEx", "bool"),
    Attr("startIndex", "startIndex", "int"),
    Attr("endIndex", "endIndex", "int"),
    MappedValue(),
)


@dataclass(frozen=True)
class Validity:
    """The validity of a mapping: a date in XML, a date and time in the document."""

    name: str

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the date."""
        if self.name in node:
            element.set(self.name, node[self.name].partition("T")[0])

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the date as the moment it begins, in UTC."""
        value = element.get(self.name)
        if value:
            node[self.name] = value if "T" in value else f"{value}T00:00:00Z"


_VALID: Shape = (Validity("validFrom"), Validity("validTo"))


@dataclass(frozen=True)
class Sides:
    """What a representation map maps from or to: codelists and data types, in order."""

    side: str
    key: str

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write each part of the side."""
        for part in node.get(self.key, ()):
            if "codelist" in part:
                edition.references.write(edition.add(element, f"{self.side}Codelist"), part["codelist"])
            else:
                edition.add(element, f"{self.side}DataType").text = part["dataType"]

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the parts in document order."""
        codelist, data_type = edition.tag(f"{self.side}Codelist"), edition.tag(f"{self.side}DataType")
        parts = []
        for child in element.iterchildren(codelist, data_type):
            if child.tag == codelist:
                parts.append({"codelist": edition.references.read(child, "Codelist")})
            else:
                parts.append({"dataType": (child.text or "").strip()})
        if parts:
            node[self.key] = parts


def representation_map(one: Kit) -> Shape:
    """A representation map."""
    mapping = shape(
        _VALID,
        one.annotations,
        Children("SourceValue", "sourceValues", _MAPPED),
        Texts("TargetValue", "targetValues", exact=True),
    )
    return shape(
        one.maintainable,
        Sides("Source", "source"),
        Sides("Target", "target"),
        Children("RepresentationMapping", "representationMappings", mapping),
    )


class MappedComponents:
    """Pairs of components a date map reads and writes."""

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write source and target in turns."""
        for pair in node.get("mappedComponents", ()):
            edition.add(element, "Source").text = pair["source"]
            edition.add(element, "Target").text = pair["target"]

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the pairs."""
        texts = [
            [(child.text or "").strip() for child in element.iterfind(edition.tag(tag))] for tag in ("Source", "Target")
        ]
        node["mappedComponents"] = [
            {"source": source, "target": target} for source, target in zip(*texts, strict=False)
        ]


def structure_map(one: Kit) -> Shape:
    """A structure map."""
    dates = shape(
        Attr("resolvePeriod", "resolvePeriod"),
        one.identified,
        MappedComponents(),
        Text("FrequencyDimension", "frequencyDimension"),
        Texts("MappedFrequencies", "mappedFrequencies"),
        Text("TargetFrequencyID", "targetFrequencyID"),
    )
    frequency = shape(one.identified, Text("FrequencyId", "frequencyId"), Text("DatePattern", "datePattern"))
    component = shape(
        one.annotations,
        Texts("Source", "source"),
        Texts("Target", "target"),
        Ref("RepresentationMap", "representationMap", "RepresentationMap"),
    )
    fixed = shape(
        one.annotations, Text("Source", "source"), Text("Target", "target"), Texts("Value", "values", exact=True)
    )
    epoch = shape(Attr("basePeriod", "basePeriod"), Attr("epochPeriod", "epochPeriod"), dates)
    pattern = shape(Attr("sourcePattern", "sourcePattern"), Attr("locale", "locale"), dates)
    return shape(
        one.maintainable,
        Ref("Source", "source"),
        Ref("Target", "target"),
        Children("EpochMap", "epochMaps", epoch),
        Children("DatePatternMap", "datePatternMaps", pattern),
        Children("FrequencyFormatMapping", "frequencyFormatMappings", frequency),
        Children("ComponentMap", "componentMaps", component),
        Children("FixedValueMap", "fixedValueMaps", fixed),
    )


def scheme_map(one: Kit) -> Shape:
    """A map between the items of two schemes."""
    mapping = shape(
        _VALID, one.annotations, Child("SourceValue", "sourceValue", _MAPPED), Text("TargetValue", "targetValue")
    )
    return shape(
        one.maintainable, Ref("Source", "source"), Ref("Target", "target"), Children("ItemMap", "itemMaps", mapping)
    )


MAP_ROWS: tuple[tuple[str, str, Callable[[Kit], Shape]], ...] = (
    ("CategorySchemeMap", "CategorySchemeMaps", scheme_map),
    ("ConceptSchemeMap", "ConceptSchemeMaps", scheme_map),
    ("OrganisationSchemeMap", "OrganisationSchemeMaps", scheme_map),
    ("ReportingTaxonomyMap", "ReportingTaxonomyMaps", scheme_map),
    ("RepresentationMap", "RepresentationMaps", representation_map),
    ("StructureMap", "StructureMaps", structure_map),
)
"""Class, container and shape."""
