"""SDMX-ML reference metadata, what the editions share: the message around the sets, and reported values.

A value is one of three elements: ``Value`` (2.1: an attribute) for a text in no language, ``Text`` for a text in
several, ``StructuredText`` for such a text where the metadata structure says XHTML.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from lxml import etree

from sdmx_hub.errors import Malformed, NotBuilt
from sdmx_hub.formats.structure_xml.message import parse
from sdmx_hub.formats.structure_xml.message import write_header as write_message_header
from sdmx_hub.formats.structure_xml.shape import LANG, Edition, Element
from sdmx_hub.formats.xhtml import parse_xhtml, tidy
from sdmx_hub.model.artefact import Document
from sdmx_hub.model.message import Header
from sdmx_hub.model.metadata import MetadataAttribute, Path

Known = Mapping[Path, MetadataAttribute]
ROOT = "message:GenericMetadata"


def open_message(edition: Edition) -> Element:
    """Make the root of a message."""
    spaces = {"mes": "message", "gen": "structure", "com": "common"}
    return etree.Element(edition.tag(ROOT), nsmap={short: edition.namespaces[name] for short, name in spaces.items()})


NameFlow = Callable[[Element, str], None]


def write_header(
    root: Element, header: Header, edition: Edition, flows: Iterable[str], name_flow: NameFlow
) -> dict[str, str]:
    """Write the header, with a structure for each metadataflow; gives the structure ids by flow."""
    element = write_message_header(root, header, edition)
    ids: dict[str, str] = {}
    for flow in dict.fromkeys(flows):
        ids[flow] = f"MDF{len(ids) + 1}"
        structure = edition.add(element, "message:Structure")
        structure.set("structureID", ids[flow])
        name_flow(edition.add(structure, "common:StructureUsage"), flow)
    return ids


def finish(root: Element) -> bytes:
    """Write a message as bytes."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def read_root(data: bytes, edition: Edition) -> Element:
    """Parse a message of an edition. Raises Malformed, and NotBuilt for the structure-specific form of 2.1."""
    root = parse(data)
    if root.tag == edition.tag("message:StructureSpecificMetadata"):
        raise NotBuilt("metadata-specific")
    if root.tag != edition.tag(ROOT):
        raise Malformed("metadata-xml-root", version=edition.version, found=root.tag)
    return root


def write_texts(
    element: Element, value: Mapping[str, str], attribute: MetadataAttribute | None, edition: Edition
) -> None:
    """Write a text in its languages, structured where the metadata structure says so and the text is."""
    for language, text in value.items():
        blocks = _structured(text) if attribute is not None and attribute.is_xhtml else None
        child = edition.add(element, "common:StructuredText" if blocks is not None else "common:Text")
        child.set(LANG, language)
        if blocks is None:
            child.text = text
        else:
            child.text = blocks.text
            child.extend(list(blocks))


def _structured(text: str) -> Element | None:
    try:
        return parse_xhtml(text)
    except Malformed:
        return None


def read_texts(element: Element, edition: Edition) -> dict[str, str]:
    """Read a text in its languages; a missing ``xml:lang`` means English, as the schemas say."""
    plain, structured = edition.tag("common:Text"), edition.tag("common:StructuredText")
    found: dict[str, str] = {}
    for child in element.iterchildren(plain, structured):
        text = (child.text or "") if child.tag == plain else tidy(_unwrapped(child))
        found.setdefault(child.get(LANG) or "en", text)
    return found


def _unwrapped(element: Element) -> Element:
    return parse_xhtml(tidy(element))


def walk(listed: Iterable[Document], above: Path) -> Iterator[tuple[Path, Document]]:
    """Each attribute of a level with its place."""
    for attribute in listed:
        yield (*above, attribute["id"]), attribute


def identified(element: Element) -> dict[str, Any]:
    """Begin a reported attribute by its id. Raises Malformed when it has none."""
    identifier = element.get("id")
    if not identifier:
        raise Malformed("metadata-xml-id", line=element.sourceline)
    return {"id": identifier}
