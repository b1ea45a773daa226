"""Checks of artefacts before they are stored: one function a rule, each gives findings and never raises.

The rules look at a set of artefacts that came together (``Located``: the artefact and the file it came from) and at
what they refer to, found in the set itself or in the registry. The codes of findings begin with ``ART-``.
"""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sdmx_hub.errors import BadRequest, HubError
from sdmx_hub.language import LANGUAGES
from sdmx_hub.model.artefact import Artefact, Document, texts
from sdmx_hub.model.codelist import read_codelist
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.structure import FindArtefact, read_data_structure
from sdmx_hub.model.urn import Urn, parse_urn

_SHOWN = 20
"""So many missing languages, items … of one artefact are told one by one; the rest is counted."""


@dataclass(frozen=True)
class Located:
    """An artefact and the file it came from (None when it did not come from a file)."""

    artefact: Artefact
    file: str | None = None

    def where(self, path: str = "") -> Where:
        """The place of a finding in this artefact."""
        return Where(file=self.file, path=f"{self.artefact.ref}{path}")


Rule = Callable[[Sequence[Located], FindArtefact], Iterator[Finding]]


def check_artefacts(located: Sequence[Located], find: FindArtefact, rules: Iterable[Rule]) -> tuple[Finding, ...]:
    """Apply ``rules``; ``find`` looks up what is referred to, the set itself included."""
    return tuple(finding for rule in rules for finding in rule(located, find))


def check_duplicates(located: Sequence[Located], _find: FindArtefact) -> Iterator[Finding]:
    """Each artefact comes once, and each item id once in its scheme: in its parent, for nested items.

    The ids of a hierarchy are unique in the whole of it, as the XML schemas of SDMX 3 ask.
    """
    seen: dict[Urn, Located] = {}
    for one in located:
        first = seen.setdefault(one.artefact.urn, one)
        if first is not one:
            yield Finding(code="ART-TWICE", where=one.where(), params={"other": first.file or str(first.artefact.ref)})
        items = one.artefact.items
        yield from _duplicate_items(one, list(_flat(items)) if _is_hierarchy(one) else items, "")


def _is_hierarchy(one: Located) -> bool:
    return one.artefact.artefact_class.name == "Hierarchy"


def _flat(items: Iterable[Document]) -> Iterator[Document]:
    for item in items:
        yield {"id": item["id"]}
        yield from _flat(item.get("hierarchicalCodes", ()))


def _duplicate_items(one: Located, items: Sequence[Document], path: str) -> Iterator[Finding]:
    counted = collections.Counter(item["id"] for item in items)
    for identifier, count in counted.items():
        if count > 1:
            place = one.where(f"{path}/{identifier}")
            yield Finding(code="ART-ITEM-TWICE", where=place, params={"id": identifier}, count=count)
    key = one.artefact.artefact_class.items or ""
    for item in items:
        if item.get(key):
            yield from _duplicate_items(one, item[key], f"{path}/{item['id']}")


def check_languages(located: Sequence[Located], _find: FindArtefact) -> Iterator[Finding]:
    """Every name exists in the languages of the hub; a description that is translated at all is translated fully."""
    for one in located:
        missing = list(_untranslated(one.artefact.document, ""))
        for path, kind, languages in missing[:_SHOWN]:
            severity = Severity.ERROR if kind == "name" else Severity.WARNING
            params = {"kind": kind, "languages": ", ".join(languages)}
            yield Finding(code="ART-LANGUAGE", severity=severity, where=one.where(path), params=params)
        if len(missing) > _SHOWN:
            count = len(missing) - _SHOWN
            yield Finding(code="ART-LANGUAGE-MORE", where=one.where(), params={"count": count}, count=count)


def _untranslated(node: Any, path: str) -> Iterator[tuple[str, str, list[str]]]:
    if isinstance(node, Mapping):
        for kind in ("name", "description"):
            spoken = texts(node, kind)
            missing = [language for language in LANGUAGES if language not in spoken]
            if spoken and missing and (kind == "name" or len(spoken) > 1):
                yield path, kind, missing
        for key, value in node.items():
            if key not in _NAMELESS:
                yield from _untranslated(value, path)
    elif isinstance(node, list):
        for position, item in enumerate(node):
            label = item.get("id", position) if isinstance(item, Mapping) else position
            yield from _untranslated(item, f"{path}/{label}")


_NAMELESS = frozenset({"annotations", "links"})


def check_parents(located: Sequence[Located], find: FindArtefact) -> Iterator[Finding]:
    """The parent of a code, concept or unit exists in its scheme, and nothing is its own ancestor."""
    for one in located:
        parents = {item["id"]: item["parent"] for item in one.artefact.items if "parent" in item}
        if not parents:
            continue
        known = _item_ids(one.artefact, find)
        for child, parent in parents.items():
            if known is not None and parent not in known:
                where = one.where(f"/{child}")
                yield Finding(
                    code="ART-PARENT", where=where, source_value=parent, params={"id": child, "parent": parent}
                )
        for identifier in _in_cycle(parents):
            yield Finding(code="ART-CYCLE", where=one.where(f"/{identifier}"), params={"id": identifier})


def _in_cycle(parents: Mapping[str, str]) -> list[str]:
    """One member of each circle of parents."""
    settled: set[str] = set()
    found: list[str] = []
    for start in parents:
        trail: dict[str, None] = {}
        node: str | None = start
        while node is not None and node not in settled and node not in trail:
            trail[node] = None
            node = parents.get(node)
        if node is not None and node in trail:
            found.append(node)
        settled |= trail.keys()
    return found


def check_references(located: Sequence[Located], find: FindArtefact) -> Iterator[Finding]:
    """Every URN in a document names an artefact that exists and, where it goes on, an item of it."""
    items = functools.cache(lambda urn: _known_items(urn, find))
    for one in located:
        if one.artefact.is_stub:
            continue
        for path, text in _urns(one.artefact.document, ""):
            yield from _check_urn(one, path, text, find, items)


def _check_urn(
    one: Located, path: str, text: str, find: FindArtefact, items: Callable[[Urn], frozenset[str] | None]
) -> Iterator[Finding]:
    try:
        urn = parse_urn(text)
        whole = urn.artefact
    except BadRequest as error:
        if error.key != "urn-class":
            yield Finding(code=error.key, where=one.where(path), source_value=text, params=error.params)
        return
    if "*" in text or whole == one.artefact.urn:
        return
    if find(whole) is None:
        yield Finding(code="ART-MISSING", where=one.where(path), source_value=text, params={"what": str(whole)})
    elif urn.item_id and (known := items(whole)) is not None and urn.item_id not in known:
        params = {"item": urn.item_id, "what": str(whole)}
        yield Finding(code="ART-ITEM-MISSING", where=one.where(path), source_value=text, params=params)


def _urns(node: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, str):
        if node.startswith("urn:sdmx:"):
            yield path, node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if key != "links":
                yield from _urns(value, f"{path}/{key}")
    elif isinstance(node, list):
        for position, item in enumerate(node):
            label = item.get("id", position) if isinstance(item, Mapping) else position
            yield from _urns(item, f"{path}/{label}")


def _known_items(urn: Urn, find: FindArtefact) -> frozenset[str] | None:
    artefact = find(urn)
    return None if artefact is None else _item_ids(artefact, find)


def _item_ids(artefact: Artefact, find: FindArtefact) -> frozenset[str] | None:
    """Ids of all items, nested ones with dots, inherited ones included; None when they are kept elsewhere."""
    if artefact.is_stub or artefact.document.get("isPartial") or artefact.artefact_class.items is None:
        return None
    if artefact.artefact_class.name == "Codelist":
        try:
            return frozenset(read_codelist(artefact, find).codes)
        except HubError:
            return None
    return frozenset(_nested_ids(artefact.items, artefact.artefact_class.items, ""))


def _nested_ids(items: Iterable[Document], key: str, prefix: str) -> Iterator[str]:
    for item in items:
        yield prefix + item["id"]
        yield from _nested_ids(item.get(key, ()), key, f"{prefix}{item['id']}.")


def check_structures(located: Sequence[Located], find: FindArtefact) -> Iterator[Finding]:
    """The ids inside a data structure agree: groups and relationships name what is there."""
    for one in located:
        if one.artefact.artefact_class.name == "DataStructure" and not one.artefact.is_stub:
            try:
                read_data_structure(one.artefact, find)
            except HubError as error:
                yield Finding(code=error.key, where=one.where(), params=error.params)
                continue
            yield from _structure_ids(one)


def _structure_ids(one: Located) -> Iterator[Finding]:
    components = one.artefact.document["dataStructureComponents"]
    listed = components["dimensionList"]
    dimensions = [item["id"] for item in listed.get("dimensions", ())]
    dimensions += ["TIME_PERIOD"] if "timeDimension" in listed else []
    measures = [item["id"] for item in components.get("measureList", {}).get("measures", ())]
    attributes = components.get("attributeList", {}).get("attributes", ())
    groups = {group["id"]: group.get("groupDimensions", ()) for group in components.get("groups", ())}
    for group, members in groups.items():
        yield from _unknown(one, f"/groups/{group}", members, dimensions)
    for item in attributes:
        relationship, place = item.get("attributeRelationship", {}), f"/attributes/{item['id']}"
        yield from _unknown(one, place, relationship.get("dimensions", ()), dimensions)
        yield from _unknown(one, place, filter(None, [relationship.get("group")]), groups)
        yield from _unknown(one, place, item.get("measureRelationship", ()), measures)


def _unknown(one: Located, path: str, named: Iterable[str], known: Iterable[str]) -> Iterator[Finding]:
    for identifier in named:
        if identifier not in known:
            yield Finding(
                code="ART-COMPONENT", where=one.where(path), source_value=identifier, params={"id": identifier}
            )
