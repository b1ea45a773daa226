"""Partial item schemes: the same artefact with some of its items only, and marked so."""

from __future__ import annotations

from collections.abc import Collection

from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.structure import Code, Codelist


def with_parents(codelist: Codelist, codes: Collection[str]) -> frozenset[str]:
    """The codes, and every parent above them."""
    kept: set[str] = set()
    for code in codes:
        above: str | None = code
        while above is not None and above in codelist.codes and above not in kept:
            kept.add(above)
            above = codelist.codes[above].parent
    return frozenset(kept)


def partial_codelist(artefact: Artefact, codelist: Codelist, codes: Collection[str]) -> Artefact:
    """Keep some codes and their parents, inherited codes resolved."""
    kept = with_parents(codelist, codes)
    key = artefact.artefact_class.items or "codes"
    own = {item["id"]: item for item in artefact.items}
    items = [own.get(code.id) or _item(code) for code in codelist.codes.values() if code.id in kept]
    return _part(artefact, key, items, is_whole=len(kept) == len(codelist.codes))


def partial_scheme(artefact: Artefact, ids: Collection[str]) -> Artefact:
    """Keep some items of a flat scheme."""
    kept = [item for item in artefact.items if item["id"] in ids]
    return _part(artefact, artefact.artefact_class.items or "", kept, is_whole=len(kept) == len(artefact.items))


def _part(artefact: Artefact, key: str, items: list[Document], *, is_whole: bool) -> Artefact:
    document = {name: value for name, value in artefact.document.items() if name != "codelistExtensions"}
    marked = {} if is_whole else {"isPartial": True}
    return Artefact(artefact.artefact_class, document | {key: items} | marked, artefact.final)


def _item(code: Code) -> Document:
    name = next(iter(code.names.values()), code.id)
    item: dict[str, object] = {"id": code.id, "name": name, "names": dict(code.names)}
    return item | ({"parent": code.parent} if code.parent else {})
