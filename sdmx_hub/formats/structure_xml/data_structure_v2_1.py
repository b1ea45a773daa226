"""The data structure of SDMX-ML 2.1: one primary measure, measure dimensions, assignment status, ``Ref`` everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sdmx_hub.formats.structure_wrapped import find_note
from sdmx_hub.formats.structure_xml.parts import Attr, Child, Children, Local, Ref, Refs
from sdmx_hub.formats.structure_xml.schemes import Kit
from sdmx_hub.formats.structure_xml.shape import Edition, Element, Node, Shape, read_shape, shape, write_shape
from sdmx_hub.formats.structure_xml.shared import representation, text_format
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.urn import Urn, parse_urn

_NEWER = {"XHTML": "String", "GeospatialInformation": "String"}
_SIMPLE = text_format(_NEWER, multilingual=False, sentinels=False)
_KEY = representation((Ref("Enumeration", "enumeration", "Codelist"),), _SIMPLE, occurs=False)
MEASURE_DIMENSION = "MEASURE_DIMENSION"
"""Type of the annotation that keeps the concept scheme of a measure dimension, which SDMX 3 does not have."""
_VALUE = "OBS_VALUE"
_FALLBACK = "urn:sdmx:org.sdmx.infomodel.conceptscheme.Concept=SDMX:CROSS_DOMAIN_CONCEPTS(2.0).OBS_VALUE"
_STATUS = {"mandatory": "Mandatory", "optional": "Conditional"}
_BY_CONSTRAINT = "GROUP_BY_CONSTRAINT"
_YEAR = "REPORTING_YEAR_START_DAY"


def data_structure(one: Kit) -> Shape:
    """A data structure."""
    roles = Refs("ConceptRole", "conceptRoles", "Concept")
    position = Attr("position", "position", "int")
    dimension = shape(_component(one), position, roles)
    time = shape(_component(one), position)
    dimensions = shape(
        one.identified,
        Dimensions(dimension),
        Child("TimeDimension", "timeDimension", time),
    )
    group = shape(Attr("id", "id"), one.annotations, (GroupDimensions(),))
    attribute = shape(_component(one), AssignmentStatus(), roles, _RELATION)
    components = (
        Child("DimensionList", "dimensionList", dimensions),
        Children("Group", "groups", group),
        Child("AttributeList", "attributeList", shape(one.identified, Attributes(attribute))),
        Child("MeasureList", "measureList", shape(one.identified, Child("PrimaryMeasure", "measure", _component(one)))),
    )
    return shape(one.maintainable, Child("DataStructureComponents", "dataStructureComponents", components))


def _component(one: Kit) -> Shape:
    return shape(
        one.identified,
        Ref("ConceptIdentity", "conceptIdentity", "Concept"),
        Child("LocalRepresentation", "localRepresentation", _KEY),
    )


class Dimensions:
    """Dimensions and measure dimensions in the order they are declared."""

    def __init__(self, inner: Shape) -> None:
        self._inner = inner

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write a dimension whose annotation says so as a measure dimension."""
        for dimension in node.get("dimensions", ()):
            scheme = measure_scheme(dimension)
            child = edition.add(element, "MeasureDimension" if scheme else "Dimension")
            write_shape(child, without_scheme(dimension) if scheme else dimension, self._inner, edition)
            if scheme:
                place = edition.add(edition.add(child, "LocalRepresentation"), "Enumeration")
                edition.references.write(place, scheme)

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read a measure dimension as a dimension of text with an annotation."""
        plain, measure = edition.tag("Dimension"), edition.tag("MeasureDimension")
        dimensions = []
        for child in element.iterchildren(plain, measure):
            dimension = read_shape(child, self._inner, edition)
            if child.tag == measure:
                place = child.find(f"{edition.tag('LocalRepresentation')}/{edition.tag('Enumeration')}")
                scheme = edition.references.read(place, "ConceptScheme") if place is not None else None
                dimension = with_scheme(dimension, scheme or "")
            dimensions.append(dimension)
        if dimensions:
            node["dimensions"] = dimensions


def measure_scheme(dimension: Document) -> str | None:
    """The concept scheme of a dimension that was a measure dimension in 2.1."""
    notes = (note for note in dimension.get("annotations", ()) if note.get("type") == MEASURE_DIMENSION)
    return next((note.get("title") for note in notes), None)


def with_scheme(dimension: Document, scheme: str) -> Node:
    """A measure dimension as a dimension of text that remembers its scheme."""
    note = {"type": MEASURE_DIMENSION, "title": scheme}
    return dict(dimension) | {
        "annotations": [*dimension.get("annotations", ()), note],
        "localRepresentation": {"format": {"dataType": "String"}},
    }


def without_scheme(dimension: Document) -> Node:
    """The measure dimension without what stands for its scheme."""
    kept = [note for note in dimension.get("annotations", ()) if note.get("type") != MEASURE_DIMENSION]
    return {key: value for key, value in dimension.items() if key != "localRepresentation"} | {"annotations": kept}


class GroupDimensions:
    """The dimensions of a group, or the attachment constraint that says its keys.

    SDMX 3 knows only dimensions: a group of a constraint has all of them, and an annotation with the constraint.
    """

    _listed = Local("DimensionReference", "groupDimensions", is_list=True, within="GroupDimension")

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the constraint where there was one."""
        if (note := find_note(node, _BY_CONSTRAINT)) is not None:
            place = edition.add(element, "AttachmentConstraint")
            edition.references.write(place, note["title"])
            for reference in place:
                reference.set("class", "AttachmentConstraint")
        else:
            self._listed.write(element, node, edition)

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read either."""
        self._listed.read(element, node, edition)
        place = element.find(edition.tag("AttachmentConstraint"))
        urn = edition.references.read(place, "AttachmentConstraint") if place is not None else None
        if urn and find_note(node, _BY_CONSTRAINT) is None:
            node["annotations"] = [*node.get("annotations", ()), {"type": _BY_CONSTRAINT, "title": urn}]


def _group_dimensions(components: Node) -> None:
    every = [one["id"] for one in components.get("dimensionList", {}).get("dimensions", ()) if "id" in one]
    for group in components.get("groups", ()):
        group.setdefault("groupDimensions", every)


class AssignmentStatus:
    """Whether an attribute must be given."""

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the status."""
        element.set("assignmentStatus", _STATUS[node.get("usage", "optional")])

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the status."""
        node["usage"] = "mandatory" if element.get("assignmentStatus") == "Mandatory" else "optional"


class Observed:
    """An attribute of the observation relates to the primary measure."""

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the reference to the primary measure."""
        if "observation" in node:
            edition.references.write_local(edition.add(element, "PrimaryMeasure"), _VALUE)

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the relation to the observation."""
        if element.find(edition.tag("PrimaryMeasure")) is not None:
            node["observation"] = {}


_RELATION = Child(
    "AttributeRelationship",
    "attributeRelationship",
    (
        Child("None", "dataflow", (), kept=True),
        Local("Dimension", "dimensions", is_list=True),
        Local("Group", "group"),
        Observed(),
    ),
)


class Attributes:
    """Attributes; the start of the reporting year may have an element of its own.

    It is read from either, and written as an attribute like others: common readers stop at its own element.
    """

    def __init__(self, inner: Shape) -> None:
        self._inner = inner

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the attributes in order."""
        for attribute in node.get("attributes", ()):
            write_shape(edition.add(element, "Attribute"), attribute, self._inner, edition)

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the attributes in order."""
        year = edition.tag("ReportingYearStartDay")
        attributes = []
        for child in element.iterchildren(edition.tag("Attribute"), year):
            attribute = read_shape(child, self._inner, edition)
            if child.tag == year:
                attribute.setdefault("id", _YEAR)
                attribute.setdefault("localRepresentation", {"format": {"dataType": "MonthDay"}})
            attributes.append(attribute)
        if attributes:
            node["attributes"] = attributes


def components_in_2_1(artefact: Artefact, find: Callable[[Urn], Artefact | None]) -> Node | None:
    """The components 2.1 can say: the first measure, no array attributes, no value lists, no metadata attributes."""
    given = artefact.document.get("dataStructureComponents") or {}
    listed = given.get("dimensionList", {})
    if not (listed.get("dimensions") or listed.get("timeDimension")):
        return None
    components = dict(given)
    measures = list(given.get("measureList", {}).get("measures", ())) or [{"conceptIdentity": _FALLBACK}]
    first = without_value_list(measures[0], _LOCAL)
    components["measureList"] = _listed(given.get("measureList", {}), "measures", [first])
    components.pop("attributeList", None)
    attributes = [
        without_value_list(one, _LOCAL)
        for one in given.get("attributeList", {}).get("attributes", ())
        if not _is_array(one, find)
    ]
    if attributes:
        components["attributeList"] = _listed(given["attributeList"], "attributes", attributes)
    return components


def _listed(given: Document, key: str, members: list[Node]) -> Node:
    return {name: given[name] for name in ("id", "annotations", "links") if name in given} | {key: members}


_LOCAL = "localRepresentation"


def _is_array(component: Document, find: Callable[[Urn], Artefact | None]) -> bool:
    """Tell whether a component may hold several values, by its own representation or that of its concept."""
    local = component.get(_LOCAL)
    if local is None:
        urn = parse_urn(component["conceptIdentity"])
        scheme = find(urn.artefact)
        concept = next((one for one in scheme.items if one["id"] == urn.item_id), {}) if scheme else {}
        local = concept.get("coreRepresentation", {})
    return bool(local.get("maxOccurs", 1) != 1)


def outward(artefact: Artefact) -> Node:
    """Shape the document for 2.1: the measure OBS_VALUE, a time position, groups that say what they are made of."""
    document = dict(artefact.document)
    components: Node = dict(document.get("dataStructureComponents", {}))
    if not components:
        return document
    listed = dict(components.get("dimensionList", {}))
    if "timeDimension" in listed:
        listed["timeDimension"] = listed["timeDimension"] | {"position": len(listed.get("dimensions", ())) + 1}
    components["dimensionList"] = listed
    around = dict(components["measureList"])
    (measure,) = around.pop("measures")
    components["measureList"] = {"id": "MeasureDescriptor", **around, "measure": dict(measure) | {"id": _VALUE}}
    return document | {"dataStructureComponents": components}


def inward(node: Node) -> Node:
    """Bring back the list of measures, and leave out what SDMX 3 derives."""
    components = node.get("dataStructureComponents", {})
    _group_dimensions(components)
    time = components.get("dimensionList", {}).get("timeDimension")
    if time:
        time.pop("position", None)
    measure = components.get("measureList", {}).pop("measure", None)
    if measure:
        components["measureList"]["measures"] = [{"id": _VALUE, **measure}]
    return node


def without_value_list(component: Document, key: str) -> Node:
    """A value list has no place in 2.1: text remains. ``key`` is where the representation stands."""
    local: Any = component.get(key, {})
    if "enumeration" in local and parse_urn(local["enumeration"]).class_name == "ValueList":
        return dict(component) | {key: {"format": {"dataType": "String"}}}
    return dict(component)
