"""Shapes and parts that all editions share: annotations, names, contacts, representations, constraints' values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sdmx_hub.formats.structure_canonical import ATTRIBUTE_LINKS, is_attribute_link
from sdmx_hub.formats.structure_xml.parts import READERS, Attr, Child, Children, ItemUrn, Localised, Text, Texts, shown
from sdmx_hub.formats.structure_xml.shape import LANG, Edition, Element, Node, Shape, read_shape, shape, write_shape
from sdmx_hub.model.artefact import Document

STRUCTURE_LINK = "external"
"""The relation of the link that tells where an external artefact is kept."""
NOTE_LINK = "related"
"""The relation of the link an annotation's URL becomes."""


@dataclass(frozen=True)
class NoteLinks:
    """The URLs of an annotation; SDMX 2.1 has place for one (``only_first``), SDMX 3 for one a language."""

    only_first: bool = False

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the links that have an address."""
        links = [link for link in node.get("links", ()) if "href" in link]
        for link in links[:1] if self.only_first else links:
            child = edition.add(element, "common:AnnotationURL")
            child.text = link["href"]
            if "hreflang" in link and not self.only_first:
                child.set(LANG, link["hreflang"])

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the addresses."""
        links = []
        for child in element.iterfind(edition.tag("common:AnnotationURL")):
            language = {"hreflang": child.get(LANG)} if child.get(LANG) else {}
            links.append({"rel": NOTE_LINK, "href": (child.text or "").strip(), **language})
        if links:
            node["links"] = links


@dataclass(frozen=True)
class Links:
    """Links: some relations are attributes here, others are elements where there are such, ``most`` of them."""

    elements: bool = False
    attributes: bool = False
    uri: bool = False
    most: int | None = None

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write each link in its place."""
        others = []
        for link in (link for link in node.get("links", ()) if "href" in link):
            attribute = self._relations.get(link["rel"]) if is_attribute_link(link) else None
            if attribute and attribute not in element.attrib:
                element.set(attribute, link["href"])
            else:
                others.append(link)
        for link in others[: self.most] if self.elements else ():
            child = edition.add(element, "common:Link")
            given = {"rel": link["rel"], "url": link["href"], "urn": link.get("urn"), "type": link.get("type")}
            child.attrib.update({name: value for name, value in given.items() if value is not None})

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read both kinds."""
        links = list(node.get("links", ()))
        for relation, attribute in self._relations.items():
            if element.get(attribute):
                links.append({"rel": relation, "href": element.get(attribute)})
        for child in element.iterfind(edition.tag("common:Link")) if self.elements else ():
            given = {
                "rel": child.get("rel"),
                "href": child.get("url"),
                "urn": child.get("urn"),
                "type": child.get("type"),
            }
            links.append({key: value for key, value in given.items() if value is not None})
        if links:
            node["links"] = links

    @property
    def _relations(self) -> Mapping[str, str]:
        """The relations that are attributes here, and which."""
        shown = {"uri": self.uri, "external": self.attributes, "service": self.attributes}
        return {relation: name for relation, name in ATTRIBUTE_LINKS.items() if shown[relation]}


def notes(*, with_value: bool) -> Shape:
    """The annotations of anything annotable; SDMX 3 adds the value and several URLs."""
    inner = shape(
        Attr("id", "id"),
        Text("common:AnnotationTitle", "title"),
        Text("common:AnnotationType", "type"),
        NoteLinks(only_first=not with_value),
        Localised("common:AnnotationText", "text"),
        Text("common:AnnotationValue", "value") if with_value else (),
    )
    return (Children("common:Annotation", "annotations", inner, within="common:Annotations"),)


NAMES: Shape = (Localised("common:Name", "name"), Localised("common:Description", "description"))

CONTACT: Shape = (
    Attr("id", "id"),
    Localised("common:Name", "name"),
    Localised("Department", "department"),
    Localised("Role", "role"),
    Texts("Telephone", "telephones"),
    Texts("Fax", "faxes"),
    Texts("X400", "x400s"),
    Texts("URI", "uris"),
    Texts("Email", "emails"),
)
CONTACTS = Children("Contact", "contacts", CONTACT)

_FACETS: Shape = (
    Attr("isSequence", "isSequence", "bool"),
    Attr("interval", "interval", "number"),
    Attr("startValue", "startValue", "number"),
    Attr("endValue", "endValue", "number"),
    Attr("timeInterval", "timeInterval"),
    Attr("startTime", "startTime"),
    Attr("endTime", "endTime"),
    Attr("minLength", "minLength", "int", least=1),
    Attr("maxLength", "maxLength", "int", least=1),
    Attr("minValue", "minValue", "number"),
    Attr("maxValue", "maxValue", "number"),
    Attr("decimals", "decimals", "int", least=1),
    Attr("pattern", "pattern"),
)
_SENTINELS = Children(
    "SentinelValue",
    "sentinelValues",
    (Attr("value", "value"), *NAMES),
)
_WORDS: frozenset[str | None] = frozenset({None, "String", "XHTML"})
"""Types whose values may be said in several languages."""


@dataclass(frozen=True)
class DataTypes:
    """The type of a text format; a type the edition does not know is written as the nearest it knows."""

    replaced: Mapping[str, str]

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the type."""
        if "dataType" in node:
            element.set("textType", self.replaced.get(node["dataType"], node["dataType"]))

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the type."""
        if element.get("textType"):
            node["dataType"] = element.get("textType")


class MultiLingual:
    """Whether texts come in several languages. The default of the schemas is yes; the hub's, as in SDMX 3.1, is no."""

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Say it wherever it could be asked."""
        if node.get("isMultiLingual") or node.get("dataType") in _WORDS:
            element.set("isMultiLingual", shown(bool(node.get("isMultiLingual"))))

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read what is said; nothing said is no."""
        if READERS["bool"](element.get("isMultiLingual", "false")):
            node["isMultiLingual"] = True


CODED: Shape = (DataTypes({}), *_FACETS)
"""The format of codes."""


def text_format(replaced: Mapping[str, str], *, multilingual: bool, sentinels: bool) -> Shape:
    """The text format of a component or concept."""
    return shape(
        DataTypes(replaced),
        _FACETS,
        (MultiLingual(),) if multilingual else (),
        (_SENTINELS,) if sentinels else (),
    )


def representation(enumeration: Shape, formats: Shape, *, occurs: bool) -> Shape:
    """A representation: codes, or a text format; how often, where the edition can say it."""
    return shape(
        (Attr("minOccurs", "minOccurs", "int"), Attr("maxOccurs", "maxOccurs", "occurs")) if occurs else (),
        Child("TextFormat", "format", formats, kept=True),
        enumeration,
        Child("EnumerationFormat", "enumerationFormat", CODED),
    )


@dataclass(frozen=True)
class Values:
    """The values of a selection: the text of an element each, with ``qualifiers`` as attributes."""

    tag: str
    qualifiers: Shape

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write a child for each value."""
        for value in node.get("values", ()):
            child = edition.add(element, self.tag)
            child.text = value["value"]
            write_shape(child, value, self.qualifiers, edition)

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the values."""
        values = [
            {"value": (child.text or "").strip(), **read_shape(child, self.qualifiers, edition)}
            for child in element.iterfind(edition.tag(self.tag))
        ]
        if values:
            node["values"] = values


@dataclass(frozen=True)
class KeyValues:
    """The value of one component in a key, or its values."""

    tag: str = "Value"

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write a child for each value."""
        for value in node.get("values") or [node["value"]]:
            edition.add(element, self.tag).text = value

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the value or values."""
        values = [(child.text or "").strip() for child in element.iterfind(edition.tag(self.tag))]
        if values:
            node["values"] = values


class Period:
    """A period that begins or ends a time range."""

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the period as text."""
        element.text = node["period"]
        if node.get("isInclusive") is False:
            element.set("isInclusive", "false")

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the period and whether it belongs to the range."""
        node["period"] = (element.text or "").strip()
        if element.get("isInclusive") in {"false", "0"}:
            node["isInclusive"] = False


def time_range(*, with_validity: bool, prefix: str = "") -> Child:
    """A time range, open or closed; ``prefix`` names the namespace of its elements (``common:``)."""
    period: Shape = (Period(),)
    validity = (Attr("validFrom", "validFrom"), Attr("validTo", "validTo"))
    return Child(
        f"{prefix}TimeRange",
        "timeRange",
        shape(
            validity if with_validity else (),
            Child(f"{prefix}BeforePeriod", "beforePeriod", period),
            Child(f"{prefix}AfterPeriod", "afterPeriod", period),
            Child(f"{prefix}StartPeriod", "startPeriod", period),
            Child(f"{prefix}EndPeriod", "endPeriod", period),
        ),
    )


def items(tag: str, key: str, class_name: str, inner: Shape) -> Children:
    """The items of a scheme, each with its URN."""
    return Children(tag, key, (Attr("id", "id"), ItemUrn(class_name), *inner))
