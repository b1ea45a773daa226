"""The hierarchical codelist of SDMX-ML 2.1: a maintainable around hierarchies, which are maintainable in SDMX 3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sdmx_hub.formats.structure_xml.parts import (
    Attr,
    Child,
    Children,
    Edition,
    Element,
    Local,
    Nested,
    NestedChild,
    Node,
    Ref,
    Shape,
    Text,
    shape,
)
from sdmx_hub.formats.structure_xml.schemes import Kit
from sdmx_hub.formats.structure_xml.shared import CODED
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.urn import Urn, parse_urn

_INNER = ("names", "name", "descriptions", "description", "hasFormalLevels", "level", "hierarchicalCodes")


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


def outward(artefact: Artefact) -> Node:
    """Put the hierarchy into a hierarchical codelist of the same id and names."""
    document = artefact.document
    around = {
        key: value for key, value in document.items() if key not in {"hasFormalLevels", "level", "hierarchicalCodes"}
    }
    if artefact.is_stub:
        return around
    inner: Node = {"id": artefact.ref.id} | {key: document[key] for key in _INNER if key in document}
    lists = dict.fromkeys(parse_urn(code["code"]).artefact for code in _flat(document.get("hierarchicalCodes", ())))
    return around | {"included": _aliases(list(lists)), "hierarchies": [inner]}


def _aliases(codelists: list[Urn]) -> list[Node]:
    ids = [urn.ref.id for urn in codelists]
    return [
        {"codelist": str(urn), "alias": urn.ref.id if ids.count(urn.ref.id) == 1 else f"{urn.ref.id}_{number}"}
        for number, urn in enumerate(codelists, start=1)
    ]


def inward(node: Node) -> Iterator[tuple[str, Node]]:
    """Give each hierarchy as an artefact of its own id, with agency, version and validity of the codelist around."""
    aliases = {entry.get("alias"): entry["codelist"] for entry in node.pop("included", ())}
    hierarchies = node.pop("hierarchies", None)
    if hierarchies is None:
        yield "Hierarchy", node
        return
    for hierarchy in hierarchies:
        for code in _flat(hierarchy.get("hierarchicalCodes", ())):
            _resolve(code, aliases)
        notes = [*(node.get("annotations", ()) if len(hierarchies) == 1 else ()), *hierarchy.pop("annotations", ())]
        around = {key: value for key, value in node.items() if key not in _INNER}
        yield "Hierarchy", around | hierarchy | {"annotations": notes}


def _resolve(code: Node, aliases: dict[Any, str]) -> None:
    alias, identifier = code.pop("alias", None), code.pop("codeID", None)
    codelist = aliases.get(alias)
    if codelist and identifier:
        code["code"] = codelist.replace(".Codelist=", ".Code=", 1) + f".{identifier}"


def _flat(codes: Any) -> Iterator[Any]:
    for code in codes:
        yield code
        yield from _flat(code.get("hierarchicalCodes", ()))
