"""The message around the artefacts: parsing without risk, the header, and the containers of each class."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from sdmx_hub.errors import Malformed, NotBuilt
from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.formats.structure_shape import shaped
from sdmx_hub.formats.structure_xml.shape import LANG, Edition, Element, Node, Shape, read_shape, write_shape
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME, PREFIX
from sdmx_hub.model.message import Header, StructureMessage
from sdmx_hub.model.urn import parse_urn

Inward = Callable[[Node], Iterator[tuple[str, Node]]]
Outward = Callable[[Artefact], Node]


@dataclass(frozen=True, kw_only=True)
class ClassRow:
    """How an edition writes one class.

    ``name`` is the class of today, ``named`` the class its URN names in the edition; ``within`` is the container,
    ``tag`` the element. ``outward`` turns an artefact into the node the shape writes, ``inward`` what the shape read
    into the documents (and their classes) it stands for. ``is_maintainable`` is false for what has no identification.
    ``package`` is that of the class, where the edition has another; ``accepts`` tells which artefacts of the class are
    written by this row.
    """

    name: str
    within: str
    tag: str
    shape: Shape
    outward: Outward
    inward: Inward
    named: str | None = None
    is_maintainable: bool = True
    package: str | None = None
    accepts: Callable[[Artefact], bool] = lambda artefact: True

    def urn(self, node: Node) -> str:
        """The URN of an artefact of this class, as the edition writes it."""
        package = self.package or CLASS_BY_NAME[self.name].package
        version = node.get("version", "1.0")
        return f"{PREFIX}{package}.{self.named or self.name}={node['agencyID']}:{node['id']}({version})"


def read_message(data: bytes, edition: Edition, rows: Sequence[ClassRow]) -> tuple[Artefact, ...]:
    """Read every artefact of a message. Raises Malformed, and NotBuilt for a class the edition's table lacks."""
    root = parse(data)
    if root.tag != edition.tag("message:Structure"):
        raise Malformed("structures-xml-root", version=edition.version, found=root.tag)
    by_tag = {(edition.tag(row.within), edition.tag(row.tag)): row for row in rows}
    return tuple(
        artefact
        for structures in root.iterfind(edition.tag("message:Structures"))
        for container in structures
        for element in container
        for artefact in _read_artefact(element, by_tag.get((container.tag, element.tag)), edition)
    )


def _read_artefact(element: Element, row: ClassRow | None, edition: Edition) -> Iterator[Artefact]:
    name = etree.QName(element).localname
    if row is None:
        raise NotBuilt("structures-xml-class", name=name, version=edition.version, line=element.sourceline)
    with shaped(f"{name}, line {element.sourceline}"):
        yield from _make(read_shape(element, row.shape, edition), row, element)


def _make(node: Node, row: ClassRow, element: Element) -> list[Artefact]:
    if row.is_maintainable and not ("id" in node and "agencyID" in node):
        raise Malformed("structures-xml-artefact", name=etree.QName(element).localname, line=element.sourceline)
    urn = node.pop("urn", None)
    if urn and "version" not in node:
        node["version"] = parse_urn(urn).ref.version
    final = bool(node.pop("isFinal", False))
    return [make_artefact(CLASS_BY_NAME[name], document, final=final) for name, document in row.inward(node)]


def write_message(message: StructureMessage, edition: Edition, rows: Sequence[ClassRow]) -> bytes:
    """Write a message, containers in the order of ``rows``; classes without a row are left out."""
    spaces = {prefix[:3]: space for prefix, space in edition.namespaces.items()}
    root = etree.Element(edition.tag("message:Structure"), nsmap=spaces)
    write_header(root, message.header, edition)
    structures = edition.add(root, "message:Structures")
    for row in rows:
        for artefact in message.artefacts:
            if artefact.artefact_class.name == row.name and row.accepts(artefact):
                element = edition.add(_container(structures, row.within, edition), row.tag)
                node = row.outward(artefact)
                write_shape(element, node | {"urn": row.urn(node)} if row.is_maintainable else node, row.shape, edition)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def parse(data: bytes) -> Element:
    """Parse XML without entities, DTD or network; comments and instructions are dropped. Raises Malformed."""
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Malformed("structures-xml", why=str(error)) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Malformed("structures-xml-doctype")
    return root


def _container(structures: Element, name: str, edition: Edition) -> Element:
    found = structures.find(edition.tag(name))
    return edition.add(structures, name) if found is None else found


def write_header(root: Element, header: Header, edition: Edition) -> Element:
    """Write the header of any message: who prepared it and when. Gives it, for what a message adds."""
    element = edition.add(root, "message:Header")
    edition.add(element, "message:ID").text = header.id
    edition.add(element, "message:Test").text = "true" if header.test else "false"
    edition.add(element, "message:Prepared").text = header.prepared.strftime("%Y-%m-%dT%H:%M:%SZ")
    sender = edition.add(element, "message:Sender")
    sender.set("id", header.sender_id)
    for language, text in header.sender_names.items():
        name = edition.add(sender, "common:Name")
        name.set(LANG, language)
        name.text = text
    return element
