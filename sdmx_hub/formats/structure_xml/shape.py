"""What an element of a structure message looks like: a shape of parts, written and read in the manner of an edition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from lxml import etree

from sdmx_hub.model.artefact import Document

Element = etree._Element
Node = dict[str, Any]
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class References(Protocol):
    """How an edition refers to artefacts and to what stands in the same artefact."""

    def write(self, element: Element, urn: str) -> None:
        """Fill ``element`` with a reference."""

    def read(self, element: Element, class_name: str | None) -> str | None:
        """Read a reference as URN; ``class_name`` is the class where the message does not say it."""

    def write_local(self, element: Element, identifier: str) -> None:
        """Fill ``element`` with the id of something in the same artefact."""

    def read_local(self, element: Element) -> str | None:
        """Read the id of something in the same artefact."""


@dataclass(frozen=True, kw_only=True)
class Edition:
    """What an edition of SDMX-ML has of its own."""

    version: str
    namespaces: Mapping[str, str]
    references: References = field(compare=False)

    def tag(self, name: str) -> str:
        """The qualified name of ``common:Name`` or, in the namespace of structures, of ``Codelist``."""
        prefix, _, local = name.rpartition(":")
        return f"{{{self.namespaces[prefix or 'structure']}}}{local}"

    def add(self, parent: Element, name: str) -> Element:
        """Append an empty child."""
        return etree.SubElement(parent, self.tag(name))


class Part(Protocol):
    """One attribute or kind of child."""

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Add to ``element`` what ``node`` says."""

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Add to ``node`` what ``element`` says."""


Shape = tuple[Part, ...]


def write_shape(element: Element, node: Document, shape: Shape, edition: Edition) -> None:
    """Write every part in order."""
    for part in shape:
        part.write(element, node, edition)


def read_shape(element: Element, shape: Shape, edition: Edition) -> Node:
    """Read every part."""
    node: Node = {}
    for part in shape:
        part.read(element, node, edition)
    return node


def shape(*parts: Part | Shape) -> Shape:
    """Put parts, and groups of parts, into one shape."""
    flat: list[Part] = []
    for part in parts:
        flat += part if isinstance(part, tuple) else [part]
    return tuple(flat)
