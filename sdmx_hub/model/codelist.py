"""Typed views of codelists and value lists: their codes, those of the lists they extend included (SDMX 3.1, §4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sdmx_hub.model.artefact import Artefact, Document, texts
from sdmx_hub.model.structure import BrokenStructure, FindArtefact
from sdmx_hub.model.urn import Ref, parse_urn


@dataclass(frozen=True, kw_only=True)
class Code:
    """A code with its parent in the same list."""

    id: str
    names: Mapping[str, str]
    parent: str | None = None


@dataclass(frozen=True, kw_only=True)
class Codelist:
    """The codes of a codelist (or value list) by id, in order, inherited ones included."""

    ref: Ref
    codes: Mapping[str, Code]


def read_codelist(artefact: Artefact, find: FindArtefact) -> Codelist:
    """View a Codelist or ValueList, codelist extensions resolved (inherited codes first, own codes win)."""
    codes: dict[str, Code] = {}
    for extension in artefact.document.get("codelistExtensions", ()):
        base = find(parse_urn(extension["codelist"]))
        if base is None:
            raise BrokenStructure("structure-broken", what=str(artefact.urn), why=f"{extension['codelist']} is missing")
        codes |= _inherited(read_codelist(base, find), extension)
    for item in artefact.items:
        codes[item["id"]] = Code(id=item["id"], names=texts(item, "name"), parent=item.get("parent"))
    return Codelist(ref=artefact.ref, codes=codes)


def _inherited(base: Codelist, extension: Document) -> dict[str, Code]:
    prefix = extension.get("prefix", "")
    included = _selected(extension.get("inclusiveCodeSelection"), base)
    excluded = _selected(extension.get("exclusiveCodeSelection"), base)
    chosen = [
        code
        for code in base.codes.values()
        if (included is None or code.id in included) and not (excluded and code.id in excluded)
    ]
    kept = {code.id for code in chosen}
    return {
        prefix + code.id: Code(
            id=prefix + code.id,
            names=code.names,
            parent=prefix + code.parent if code.parent in kept and code.parent else None,
        )
        for code in chosen
    }


def _selected(selection: Document | None, base: Codelist) -> frozenset[str] | None:
    """Codes named by a selection: exact ids, ``%`` wildcards, and cascades to descendants."""
    if not selection:
        return None
    chosen: set[str] = set()
    patterns = ({"value": pattern} for pattern in selection.get("wildcardedMemberValues", ()))
    for member in (*selection.get("memberValues", ()), *patterns):
        value, cascade = member["value"], member.get("cascadeValues", False)
        roots = {code for code in base.codes if _like(code, value)}
        below = _descendants(base, roots) if cascade else set()
        chosen |= below if cascade == "excluderoot" else roots | below
    return frozenset(chosen)


def _like(code: str, pattern: str) -> bool:
    head, wildcard, tail = pattern.partition("%")
    return (
        (code.startswith(head) and code.endswith(tail) and len(code) >= len(head) + len(tail))
        if wildcard
        else code == pattern
    )


def _descendants(base: Codelist, roots: set[str]) -> set[str]:
    found: set[str] = set()
    level = roots
    while level:
        level = {code.id for code in base.codes.values() if code.parent in level} - found - roots
        found |= level
    return found
