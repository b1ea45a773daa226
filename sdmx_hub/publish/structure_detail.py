"""How much of an artefact is shown: stubs, and schemes cut to some of their items."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.formats.structure_xml.shared import STRUCTURE_LINK
from sdmx_hub.model.artefact import Artefact, Document

_STUB = ("id", "agencyID", "version", "name", "names", "validFrom", "validTo")
_COMPLETE = (*_STUB, "description", "descriptions", "annotations")
_WITHOUT_FLAG = frozenset({"ValueList", "Hierarchy", "Process"})
"""Classes of items whose artefact cannot be marked partial."""


_ALSO = {
    "ProvisionAgreement": ("dataflow", "dataProvider"),
    "RepresentationMap": ("source", "target"),
    "MetadataProvisionAgreement": ("metadataflow", "metadataProvider"),
    "Metadataflow": ("targets",),
}
"""What the schemas of SDMX ask of an artefact even when it is a stub."""

Address = Callable[[Artefact], str]
"""Where the whole of an artefact is."""


def make_stub(artefact: Artefact, complete: bool, address: Address | None) -> Artefact:
    """Keep identification and names (and, if ``complete``, descriptions and annotations); the rest is elsewhere.

    The schemas let no hierarchy be empty: the first of its codes stays, without those below it.
    """
    row = artefact.artefact_class
    wanted = (*(_COMPLETE if complete else _STUB), *_ALSO.get(row.name, ()))
    kept = {key: artefact.document[key] for key in wanted if key in artefact.document}
    if row.name == "Hierarchy" and row.items and artefact.items:
        kept[row.items] = [{key: value for key, value in artefact.items[0].items() if key != row.items}]
    links = [{"rel": STRUCTURE_LINK, "href": address(artefact)}] if address else []
    document = kept | {"isExternalReference": True, "links": links}
    return make_artefact(row, document, final=artefact.final)


def cut_to_items(artefact: Artefact, wanted: Collection[str]) -> Artefact | None:
    """Keep some items of a scheme, nested ones with their ancestors; None when it has none of them.

    An id that no item at the top has is looked for below it, as some clients leave out the ids above.

    In REST v1 a hierarchical codelist is asked for its hierarchies: an artefact named by its own id is kept whole.
    """
    if artefact.artefact_class.name == "Hierarchy" and artefact.ref.id in wanted:
        return artefact
    key = artefact.artefact_class.items
    kept = list(_cut(artefact.items, key, frozenset(_paths(artefact, wanted)), "")) if key else []
    return _with_items(artefact, kept) if kept else None


def _paths(artefact: Artefact, wanted: Collection[str]) -> Iterator[str]:
    at_top = {item["id"] for item in artefact.items}
    for identifier in wanted:
        if identifier in at_top or not _is_nested(artefact):
            yield identifier
        else:
            yield from (path for path in item_ids(artefact) if f".{path}".endswith(f".{identifier}"))


def keep_items(artefact: Artefact, wanted: Collection[str]) -> Artefact:
    """Keep some items of a scheme, together with all that lies above them, by parent or by nesting."""
    key = artefact.artefact_class.items or ""
    parents = {item["id"]: item["parent"] for item in artefact.items if "parent" in item}
    above = {ancestor for identifier in wanted for ancestor in _above(identifier, parents)}
    kept = list(_cut(artefact.items, key, frozenset(wanted) | above, ""))
    return artefact if len(kept) == len(artefact.items) and not _is_nested(artefact) else _with_items(artefact, kept)


def is_cut(artefact: Artefact) -> bool:
    """Tell whether only some items are there."""
    return bool(artefact.document.get("isPartial"))


def item_ids(artefact: Artefact) -> frozenset[str]:
    """The ids of all items, nested ones with dots."""
    key = artefact.artefact_class.items
    return frozenset(_ids(artefact.items, key, "")) if key else frozenset()


def _with_items(artefact: Artefact, items: list[Any]) -> Artefact:
    row = artefact.artefact_class
    document = dict(artefact.document) | {row.items or "": items}
    if row.name not in _WITHOUT_FLAG:
        document["isPartial"] = True
    return make_artefact(row, document, final=artefact.final)


def _cut(items: Iterable[Document], key: str, wanted: frozenset[str], prefix: str) -> Iterator[dict[str, Any]]:
    for item in items:
        path = prefix + item["id"]
        below = list(_cut(item.get(key, ()), key, wanted, f"{path}."))
        if path in wanted or below:
            yield {name: value for name, value in item.items() if name != key} | ({key: below} if below else {})


def _is_nested(artefact: Artefact) -> bool:
    key = artefact.artefact_class.items or ""
    return any(key in item for item in artefact.items)


def _above(identifier: str, parents: dict[str, str]) -> Iterator[str]:
    seen: set[str] = set()
    while identifier in parents and identifier not in seen:
        seen.add(identifier)
        identifier = parents[identifier]
        yield identifier


def _ids(items: Iterable[Document], key: str, prefix: str) -> Iterator[str]:
    for item in items:
        path = prefix + item["id"]
        yield path
        yield from _ids(item.get(key, ()), key, f"{path}.")


def address_v1(base_url: str, artefact: Artefact) -> str:
    """The address of an artefact in REST v1; classes v1 does not know are found as any structure."""
    resource = next(iter(artefact.artefact_class.resources_v1), "structure")
    return f"{base_url.rstrip('/')}/{resource}/{_path(artefact)}"


def address_v2(base_url: str, artefact: Artefact) -> str:
    """The address of an artefact in REST v2."""
    resource = artefact.artefact_class.resource or "*"
    return f"{base_url.rstrip('/')}/structure/{resource}/{_path(artefact)}"


def _path(artefact: Artefact) -> str:
    return f"{artefact.ref.agency_id}/{artefact.ref.id}/{artefact.ref.version}"
