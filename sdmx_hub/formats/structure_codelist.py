"""Codelist extension resolved on documents: inherited codes in, the extension out (SDMX 3.1 information model, §4.3).

The view ``model.codelist.read_codelist`` says which codes there are and with which parents; here each keeps its whole
document: every language, annotation and description.
"""

from __future__ import annotations

from typing import Any

from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.codelist import read_codelist
from sdmx_hub.model.structure import FindArtefact
from sdmx_hub.model.urn import parse_urn


def resolve_codelist(artefact: Artefact, find: FindArtefact) -> Artefact:
    """Give the codelist with all its codes and without extensions; others are returned as they are.

    Raises BrokenStructure when an inherited list is missing.
    """
    if not artefact.document.get("codelistExtensions") or artefact.is_stub:
        return artefact
    documents = _documents(artefact, find)
    codes = [_placed(documents[code.id], code.id, code.parent) for code in read_codelist(artefact, find).codes.values()]
    document = {key: value for key, value in artefact.document.items() if key != "codelistExtensions"}
    key = artefact.artefact_class.items or "codes"
    return make_artefact(artefact.artefact_class, document | {key: codes}, final=artefact.final)


def _documents(artefact: Artefact, find: FindArtefact) -> dict[str, Document]:
    """The document of every code, own or inherited, under the id it has in this list."""
    found: dict[str, Document] = {}
    for extension in artefact.document.get("codelistExtensions", ()):
        base = find(parse_urn(extension["codelist"]))
        if base is not None:
            prefix = extension.get("prefix", "")
            found |= {prefix + identifier: code for identifier, code in _documents(base, find).items()}
    return found | {code["id"]: code for code in artefact.items}


def _placed(document: Document, identifier: str, parent: str | None) -> dict[str, Any]:
    placed = {key: value for key, value in document.items() if key not in {"parent", "links"}} | {"id": identifier}
    return placed | ({"parent": parent} if parent else {})
