"""The parts shapes are made of: each ties one attribute or element to one key of the document, in both directions."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sdmx_hub.formats.structure_xml.shape import (
    LANG,
    Edition,
    Element,
    Node,
    Shape,
    read_shape,
    write_shape,
)
from sdmx_hub.model.artefact import Document, texts
from sdmx_hub.model.classes import CLASS_BY_ITEM, GENERAL, PREFIX

_LARGEST = 2**53
"""From here on whole numbers of JSON are not exact."""


def _whole(value: str) -> int:
    number = int(value)
    if abs(number) >= _LARGEST:
        raise ValueError(f"{value[:40]} is too large")
    return number


def _number(value: str) -> int | float:
    number = Decimal(value)
    if not math.isfinite(float(number)):
        raise ValueError(f"{value[:40]} is no number")
    return int(number) if abs(number) < _LARGEST and number == number.to_integral_value() else float(number)


def _occurs(value: str) -> int | str:
    return value if value == "unbounded" else _whole(value)


READERS: Mapping[str, Callable[[str], Any]] = {
    "text": str,
    "bool": lambda value: value in {"true", "1"},
    "int": _whole,
    "number": _number,
    "occurs": _occurs,
    "cascade": lambda value: value if value == "excluderoot" else value in {"true", "1"},
}


def shown(value: object) -> str:
    """Write a value of JSON as XML does: booleans in small letters, numbers without exponent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(Decimal(str(value)), "f") if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Attr:
    """An attribute. ``least`` leaves out numbers the XML schema has no place for; ``fixed`` is written when absent."""

    name: str
    key: str
    kind: str = "text"
    least: int | None = None
    fixed: str | None = None

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the value, or what is fixed."""
        value = node.get(self.key)
        if value is None or (self.least is not None and value < self.least):
            if self.fixed is not None:
                element.set(self.name, self.fixed)
            return
        element.set(self.name, shown(value))

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the value."""
        value = element.get(self.name)
        if value is not None:
            node[self.key] = READERS[self.kind](value if self.kind == "text" else value.strip())


@dataclass(frozen=True)
class Text:
    """A child element whose text is the value."""

    tag: str
    key: str
    kind: str = "text"

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the text."""
        if self.key in node:
            edition.add(element, self.tag).text = shown(node[self.key])

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the text."""
        child = element.find(edition.tag(self.tag))
        if child is not None:
            node[self.key] = READERS[self.kind](child.text or "")


@dataclass(frozen=True)
class Texts:
    """A child element for each text of a list, ``within`` a common parent where there is one.

    Blanks around a text are dropped, unless it is ``exact``.
    """

    tag: str
    key: str
    within: str | None = None
    exact: bool = False

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the texts in order."""
        listed = node.get(self.key)
        if listed:
            parent = edition.add(element, self.within) if self.within else element
            for text in listed:
                edition.add(parent, self.tag).text = text

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the texts in order."""
        path = "/".join(edition.tag(name) for name in (self.within, self.tag) if name)
        listed = [child.text or "" for child in element.iterfind(path)]
        found = listed if self.exact else [text.strip() for text in listed]
        if found:
            node[self.key] = found


@dataclass(frozen=True)
class Localised:
    """A child element for each language; a missing ``xml:lang`` means English, as the schemas say."""

    tag: str
    key: str

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write every language."""
        for language, text in texts(node, self.key).items():
            child = edition.add(element, self.tag)
            child.set(LANG, language)
            child.text = text

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read every language; the first text of a language counts."""
        spoken: dict[str, str] = {}
        for child in element.iterfind(edition.tag(self.tag)):
            if child.text and child.text.strip():
                spoken.setdefault(child.get(LANG) or "en", child.text)
        if spoken:
            node[f"{self.key}s"] = spoken


@dataclass(frozen=True)
class Ref:
    """A reference to an artefact or an item of one."""

    tag: str
    key: str
    class_name: str | None = None
    is_list: bool = False

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the reference or references."""
        value = node.get(self.key)
        for urn in (value or ()) if self.is_list else [value]:
            if urn:
                edition.references.write(edition.add(element, self.tag), urn)

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the reference or references."""
        children = element.iterfind(edition.tag(self.tag))
        found = [urn for child in children if (urn := edition.references.read(child, self.class_name))]
        if found:
            node[self.key] = found if self.is_list else found[0]


def Refs(tag: str, key: str, class_name: str | None = None) -> Ref:  # noqa: N802 - a part like the others
    """References to several artefacts."""
    return Ref(tag, key, class_name, is_list=True)


@dataclass(frozen=True)
class Local:
    """The id of something in the same artefact; ``within`` is the element around each id, where there is one."""

    tag: str
    key: str
    is_list: bool = False
    within: str | None = None

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the id or ids."""
        value = node.get(self.key)
        for identifier in (value or ()) if self.is_list else [value]:
            if identifier:
                parent = edition.add(element, self.within) if self.within else element
                edition.references.write_local(edition.add(parent, self.tag), identifier)

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the id or ids."""
        path = "/".join(edition.tag(name) for name in (self.within, self.tag) if name)
        found = [text for child in element.iterfind(path) if (text := edition.references.read_local(child))]
        if found:
            node[self.key] = found if self.is_list else found[0]


@dataclass(frozen=True)
class Child:
    """A child element with a shape of its own; ``kept`` writes and reads it even when empty."""

    tag: str
    key: str
    shape: Shape
    kept: bool = False

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the child."""
        inner = node.get(self.key)
        if inner or (self.kept and inner is not None):
            write_shape(edition.add(element, self.tag), inner, self.shape, edition)

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the child."""
        child = element.find(edition.tag(self.tag))
        if child is not None:
            inner = read_shape(child, self.shape, edition)
            if inner or self.kept:
                node[self.key] = inner


@dataclass(frozen=True)
class Children:
    """Child elements of one shape, ``within`` a common parent where there is one."""

    tag: str
    key: str
    shape: Shape
    within: str | None = None

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the children in order."""
        items = node.get(self.key)
        if items:
            parent = edition.add(element, self.within) if self.within else element
            for item in items:
                write_shape(edition.add(parent, self.tag), item, self.shape, edition)

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the children in order."""
        path = "/".join(edition.tag(name) for name in (self.within, self.tag) if name)
        found = [read_shape(child, self.shape, edition) for child in element.iterfind(path)]
        if found:
            node[self.key] = found


@dataclass(frozen=True)
class Nested:
    """Child elements of the shape they stand in themselves: categories in categories, hierarchical codes."""

    tag: str
    key: str
    shape: Callable[[], Shape]

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the children in order."""
        self._children.write(element, node, edition)

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the children in order."""
        self._children.read(element, node, edition)

    @functools.cached_property
    def _children(self) -> Children:
        return Children(self.tag, self.key, self.shape())


@dataclass(frozen=True)
class NestedChild:
    """One child of the shape it stands in itself: a level in a level."""

    tag: str
    key: str
    shape: Callable[[], Shape]

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the child."""
        if node.get(self.key):
            Child(self.tag, self.key, self.shape()).write(element, node, edition)

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the child."""
        if element.find(edition.tag(self.tag)) is not None:
            Child(self.tag, self.key, self.shape()).read(element, node, edition)


_UNNAMED = frozenset({"VtlMapping"})
"""Item classes that have another name in URNs for each kind of what they map."""


@dataclass(frozen=True)
class ItemUrn:
    """The URN of an item, made of that of the scheme or item around it; what is read is not kept."""

    class_name: str

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the URN where the element around has one."""
        parent = element.getparent()
        above = parent.get("urn") if parent is not None and self.class_name not in _UNNAMED else None
        if above:
            package = CLASS_BY_ITEM[self.class_name].package
            name = GENERAL.get(self.class_name, self.class_name)
            element.set("urn", f"{PREFIX}{package}.{name}={above.partition('=')[2]}.{node['id']}")

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read nothing."""
