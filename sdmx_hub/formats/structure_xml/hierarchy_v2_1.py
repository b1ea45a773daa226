"""The hierarchical codelist of SDMX-ML 2.1: a maintainable around hierarchies, which are maintainable in SDMX 3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sdmx_hub.formats.structure_wrapped import unwrap, wrap
from sdmx_hub.formats.structure_xml.parts import Attr, Child, Children, Local, Nested, NestedChild, Ref, Text
from sdmx_hub.formats.structure_xml.schemes import Kit
from sdmx_hub.formats.structure_xml.shape import Edition, Element, Node, Shape, shape
from sdmx_hub.formats.structure_xml.shared import CODED
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.urn import Urn, parse_urn

MARKER = "HIERARCHICAL_CODELIST"
"""Type of the annotation that keeps what was around one of several hierarchies."""


class Included:
    """The reference a whole element is."""

    def write(self, element: Element, node: Document, edition: Edition) -> None:
        """Write the reference."""
        edition.references.write(element, node["codelist"])

    def read(self, element: Element, node: Node, edition: Edition) -> None:
        """Read the reference."""
        node["codelist"] = edition.references.read(element, "Codelist")


def hierarchical_codelist(one: Kit) -> Shape:
    """A hierarchical codelist."""

    def level() -> Shape:
        return shape(one.named, Child("CodingFormat", "codingFormat", CODED), NestedChild("Level", "level", level))

    def code() -> Shape:
        return shape(
            Attr("id", "id"),
            Attr("validFrom", "validFrom"),
            Attr("validTo", "validTo"),
            one.annotations,
            Ref("Code", "code", "Code"),
            Text("CodelistAliasRef", "alias"),
            Local("CodeID", "codeID"),
            Nested("HierarchicalCode", "hierarchicalCodes", code),
            Local("Level", "level"),
        )

    hierarchy = shape(
        one.named,
        Attr("leveled", "hasFormalLevels", "bool"),
        Children("HierarchicalCode", "hierarchicalCodes", code()),
        Child("Level", "level", level()),
    )
    return shape(
        one.maintainable,
        Children("IncludedCodelist", "included", (Attr("alias", "alias"), Included())),
        Children("Hierarchy", "hierarchies", hierarchy),
    )


def collect(artefacts: Iterable[Artefact]) -> Iterator[Artefact]:
    """Give the hierarchical codelists that hold some hierarchies, under ``hierarchies``."""
    for wrapped in wrap(artefacts, MARKER):
        whole = [member for member in wrapped.members if not member.is_stub]
        inner = [wrapped.inner(member) for member in whole]
        codes = [code["code"] for one in inner for code in _flat(one.get("hierarchicalCodes", ()))]
        lists = list(dict.fromkeys(parse_urn(code).artefact for code in codes))
        node = wrapped.around | {"included": _aliases(lists), "hierarchies": [one for one in inner if _has_codes(one)]}
        yield Artefact(wrapped.members[0].artefact_class, node, final=wrapped.final)


def _has_codes(hierarchy: Document) -> bool:
    return bool(hierarchy.get("hierarchicalCodes"))


def _aliases(codelists: list[Urn]) -> list[Node]:
    ids = [urn.ref.id for urn in codelists]
    return [
        {"codelist": str(urn), "alias": urn.ref.id if ids.count(urn.ref.id) == 1 else f"{urn.ref.id}_{number}"}
        for number, urn in enumerate(codelists, start=1)
    ]


def inward(node: Node) -> Iterator[tuple[str, Node]]:
    """Give each hierarchy as an artefact, with agency, version and validity of the codelist around."""
    aliases = {entry.get("alias"): entry["codelist"] for entry in node.pop("included", ())}
    hierarchies = node.pop("hierarchies", None) or []
    for hierarchy in hierarchies:
        for code in _flat(hierarchy.get("hierarchicalCodes", ())):
            _resolve(code, aliases)
    if hierarchies or node.get("isExternalReference"):
        for document in unwrap(node, hierarchies, MARKER):
            yield "Hierarchy", document
    else:
        yield "Hierarchy", node


def _resolve(code: Node, aliases: dict[Any, str]) -> None:
    alias, identifier = code.pop("alias", None), code.pop("codeID", None)
    codelist = aliases.get(alias)
    if codelist and identifier:
        code["code"] = codelist.replace(".Codelist=", ".Code=", 1) + f".{identifier}"


def _flat(codes: Any) -> Iterator[Any]:
    for code in codes:
        yield code
        yield from _flat(code.get("hierarchicalCodes", ()))
