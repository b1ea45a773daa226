"""Partial item schemes: the same artefact with the items in use only, and marked so."""

from __future__ import annotations

from collections.abc import Collection

from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.codelist import Code, Codelist
from sdmx_hub.publish.structure_detail import keep_items


def partial_codelist(artefact: Artefact, codelist: Codelist, codes: Collection[str]) -> Artefact:
    """Keep some codes and their parents; ``codelist`` is the view of the artefact, inherited codes included."""
    return keep_items(_resolved(artefact, codelist), codes)


def partial_scheme(artefact: Artefact, ids: Collection[str]) -> Artefact:
    """Keep some items of a scheme, and what lies above them."""
    return keep_items(artefact, ids)


def _resolved(artefact: Artefact, codelist: Codelist) -> Artefact:
    """Write inherited codes out."""
    if not artefact.document.get("codelistExtensions"):
        return artefact
    own = {item["id"]: item for item in artefact.items}
    items = [own.get(code.id) or _item(code) for code in codelist.codes.values()]
    document = {name: value for name, value in artefact.document.items() if name != "codelistExtensions"}
    return Artefact(
        artefact.artefact_class, document | {artefact.artefact_class.items or "codes": items}, artefact.final
    )


def _item(code: Code) -> dict[str, object]:
    name = next(iter(code.names.values()), code.id)
    item: dict[str, object] = {"id": code.id, "name": name, "names": dict(code.names)}
    return item | ({"parent": code.parent} if code.parent else {})
