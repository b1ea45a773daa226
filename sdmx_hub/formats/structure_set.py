"""Structure sets of SDMX 2.1: the maps of SDMX 3 as that edition knows them, in a form ML and JSON share.

A *map* here is a pair of the name 2.1 has for it (``CodelistMap``) and a node: ``id``, names, ``source`` and
``target`` as URNs, and ``pairs`` of item ids; a structure map has ``components`` instead. What the hub keeps beside:

- ``REPRESENTATION_MAP`` on a component map says the URN (and names) of the representation map it goes by;
- ``COPY_OF`` on a codelist map, that it repeats a representation map which may also stand in a set of its own.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sdmx_hub.formats.structure_wrapped import Wrapped, find_note, unwrap, without_notes, wrap
from sdmx_hub.model.artefact import Artefact, Document, texts
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.urn import Ref, Urn, parse_urn

Node = dict[str, Any]
Map = tuple[str, Node]
Find = Callable[[Urn], Artefact | None]
MARKER = "STRUCTURE_SET"
_BY_MAP = "REPRESENTATION_MAP"
_COPY = "COPY_OF"
SCHEME_MAPS = ("ConceptSchemeMap", "CategorySchemeMap", "OrganisationSchemeMap", "ReportingTaxonomyMap")
MAPS = frozenset({"StructureMap", "RepresentationMap", *SCHEME_MAPS})
"""The classes a structure set holds."""
_CODELIST_MAPS = {"CodelistMap", "HybridCodelistMap"}
_PLAIN = {"value"}


def collect_sets(artefacts: Iterable[Artefact], find: Find) -> Iterator[Artefact]:
    """Give the structure sets that hold the maps among ``artefacts``; each has its maps under ``maps``."""
    for wrapped in wrap((one for one in artefacts if one.artefact_class.name in MAPS), MARKER):
        maps = [] if wrapped.members[0].is_stub else _maps(wrapped, find)
        related = [] if maps or wrapped.members[0].is_stub else _related(wrapped.members)
        node = wrapped.around | {"maps": maps, "related": related}
        yield Artefact(CLASS_BY_NAME["StructureMap"], node, final=wrapped.final)


def _related(members: Iterable[Artefact]) -> list[str]:
    return [
        member.document[side]
        for member in members
        if member.artefact_class.name == "StructureMap"
        for side in ("source", "target")
        if side in member.document
    ]


def _maps(wrapped: Wrapped, find: Find) -> list[Map]:
    found: list[Map] = []
    inner = {id(member): wrapped.inner(member) for member in wrapped.members}
    maps = (member for member in wrapped.members if member.artefact_class.name == "RepresentationMap")
    ids = Ids({member.urn: inner[id(member)]["id"] for member in maps})
    for member in wrapped.members:
        found += _outward(member.artefact_class.name, inner[id(member)], find, ids)
    return found


class Ids:
    """The id each representation map has inside a structure set: its own, unless another has it already."""

    def __init__(self, own: Mapping[Urn, str]) -> None:
        self.own = frozenset(own)
        self._ids = dict(own)

    def __getitem__(self, urn: Urn) -> str:
        if urn not in self._ids:
            taken = set(self._ids.values())
            names = itertools.chain([urn.ref.id], (f"{urn.ref.id}_{number}" for number in itertools.count(2)))
            self._ids[urn] = next(name for name in names if name not in taken)
        return self._ids[urn]


def _outward(name: str, inner: Node, find: Find, ids: Ids) -> Iterator[Map]:
    if name == "StructureMap":
        yield from _structure_map(inner, find, ids)
    elif name == "RepresentationMap":
        yield from _codelist_map(inner)
    elif inner.get("itemMaps") and ".MetadataProviderScheme=" not in f"{inner.get('source')} {inner.get('target')}":
        pairs = [_noted(one, one["sourceValue"]["value"], one["targetValue"]) for one in inner["itemMaps"] if _ok(one)]
        if pairs and "source" in inner and "target" in inner:
            yield name, _named(inner) | {"source": inner["source"], "target": inner["target"], "pairs": pairs}


def _named(inner: Node) -> Node:
    keys = ("id", "name", "names", "description", "descriptions", "annotations")
    return {key: inner[key] for key in keys if key in inner}


_ID = re.compile(r"[A-Za-z0-9_@$-]+(\.[A-Za-z0-9_@$-]+)*")


def _ok(pair: Document) -> bool:
    return _are_ids(pair["sourceValue"]["value"], pair.get("targetValue", "")) and _is_plain(pair["sourceValue"])


def _are_ids(*values: str) -> bool:
    return all(_ID.fullmatch(value) for value in values)


def _is_plain(value: Document) -> bool:
    return set(value) <= _PLAIN or (not value.get("isRegEx") and not {"startIndex", "endIndex"} & set(value))


def _noted(given: Document, source: str, target: str) -> Node:
    notes = given.get("annotations")
    return {"source": source, "target": target, **({"annotations": notes} if notes else {})}


def _pairs(document: Document) -> list[Node]:
    """The mappings of one plain value to one."""
    return [
        _noted(one, one["sourceValues"][0]["value"], one["targetValues"][0])
        for one in document.get("representationMappings", ())
        if len(one["sourceValues"]) == 1 and len(one.get("targetValues", ())) == 1 and _is_plain(one["sourceValues"][0])
    ]


def _sides(document: Document) -> tuple[Document, Document] | None:
    source, target = document.get("source", ()), document.get("target", ())
    return (source[0], target[0]) if len(source) == len(target) == 1 else None


def _codelist_map(document: Document) -> Iterator[Map]:
    sides = _sides(document)
    pairs = [pair for pair in _pairs(document) if _are_ids(pair["source"], pair["target"])]
    if sides and pairs and all(".Codelist=" in side.get("codelist", "") for side in sides):
        source, target = (side["codelist"] for side in sides)
        yield "CodelistMap", _named(dict(document)) | {"source": source, "target": target, "pairs": pairs}


def _structure_map(inner: Node, find: Find, ids: Ids) -> Iterator[Map]:
    if not ("source" in inner and "target" in inner):
        return
    source, target = (_component_kinds(inner[side], find) for side in ("source", "target"))
    components, copies = [], {}
    for given in inner.get("componentMaps", ()):
        if len(given["source"]) != 1 or len(given["target"]) != 1:
            continue
        names = (given["source"][0], given["target"][0])
        notes, values, copy = _representation(given, find, ids)
        component: Node = {"source": _said(names[0], source), "target": _said(names[1], target), **values}
        components.append(component | ({"annotations": notes} if notes else {}))
        if copy is not None and copy.urn not in ids.own:
            copies[copy.urn] = copy
    if components:
        node = _named(inner) | {"source": inner["source"], "target": inner["target"], "components": components}
        yield "StructureMap", node
        for copy in copies.values():
            note = {"type": _COPY, "title": str(copy.urn)}
            document = dict(copy.document) | {"annotations": [*copy.document.get("annotations", ()), note]}
            yield from _codelist_map(document | {"id": ids[copy.urn]})


def _representation(given: Document, find: Find, ids: Ids) -> tuple[list[Node], Node, Artefact | None]:
    """Annotations of a component map, how it maps values, and the codelist map it needs beside it."""
    notes = list(given.get("annotations", ()))
    urn = given.get("representationMap")
    if urn is None:
        return notes, {}, None
    found = find(parse_urn(urn))
    names = {"texts": dict(found.names)} if found is not None and found.names else {}
    notes.append({"type": _BY_MAP, "title": urn, **names})
    if found is None:
        return notes, {}, None
    if any(_codelist_map(found.document)):
        return notes, {"codelistMap": ids[found.urn]}, found
    pairs = _pairs(found.document) if _sides(found.document) else []
    return (
        notes,
        ({"values": [{key: pair[key] for key in ("source", "target")} for pair in pairs]} if pairs else {}),
        None,
    )


_LISTS = {"dimensions": "Dimension", "attributes": "Attribute", "measures": "PrimaryMeasure"}
DESCRIPTORS = {
    "Dimension": "DimensionDescriptor",
    "TimeDimension": "DimensionDescriptor",
    "Attribute": "AttributeDescriptor",
    "PrimaryMeasure": "MeasureDescriptor",
}
"""The list a component of 2.1 stands in, by its kind."""


def _said(component_id: str, kinds: dict[str, str]) -> Node:
    return {"id": component_id, "kind": kinds.get(component_id, "Dimension")}


def _component_kinds(urn: str, find: Find) -> dict[str, str]:
    """What kind of component each id is, as far as the structure is at hand."""
    kinds = {"TIME_PERIOD": "TimeDimension", "OBS_VALUE": "PrimaryMeasure"}
    artefact = find(parse_urn(urn))
    if artefact is not None and "structure" in artefact.document:
        artefact = find(parse_urn(artefact.document["structure"]))
    components = artefact.document.get("dataStructureComponents", {}) if artefact is not None else {}
    for listed in components.values() if isinstance(components, dict) else ():
        for key, kind in _LISTS.items() if isinstance(listed, dict) else ():
            kinds |= {one["id"]: kind for one in listed.get(key, ())}
    return kinds


def read_set(node: Node) -> Iterator[Map]:
    """Give each map of a structure set as the class and document of today; a set without maps gives nothing."""
    found = node.pop("maps", [])
    copies = [one for one in found if find_note(one[1], _COPY)]
    maps = [one for one in found if one not in copies]
    inners = [_document(name, inner, node) for name, inner in maps]
    classes = [_today(name) for name, _ in maps] or ["StructureMap"]
    for name, document in zip(classes, unwrap(node, inners, MARKER), strict=False):
        yield name, document
    for _, inner in copies:
        ref = parse_urn(find_note(inner, _COPY)["title"]).ref
        yield "RepresentationMap", node_of(ref) | _document("CodelistMap", inner, node) | {"id": ref.id}
    for name, inner in maps:
        if name == "StructureMap":
            yield from _value_maps(inner, node)


def node_of(ref: Ref) -> Node:
    """What identifies an artefact, as a document begins."""
    return {"id": ref.id, "agencyID": ref.agency_id, "version": ref.version}


def _today(name: str) -> str:
    return "RepresentationMap" if name in _CODELIST_MAPS else name


def _document(name: str, inner: Node, around: Node) -> Node:
    document = _named(inner)
    if name == "StructureMap":
        maps = [_component_map(one, inner, around) for one in inner.get("components", ())]
        return document | {"source": inner.get("source"), "target": inner.get("target"), "componentMaps": maps}
    if name in _CODELIST_MAPS:
        mappings = [
            _kept(one) | {"sourceValues": [{"value": one["source"]}], "targetValues": [one["target"]]}
            for one in inner.get("pairs", ())
        ]
        source, target = ([_side(inner.get(side))] for side in ("source", "target"))
        return document | {"source": source, "target": target, "representationMappings": mappings}
    pairs = [
        _kept(one) | {"sourceValue": {"value": one["source"]}, "targetValue": one["target"]}
        for one in inner.get("pairs", ())
    ]
    return document | {"source": inner.get("source"), "target": inner.get("target"), "itemMaps": pairs}


def _kept(pair: Document) -> Node:
    return {"annotations": pair["annotations"]} if "annotations" in pair else {}


def _side(urn: str | None) -> Node:
    """A side of a codelist map; the codes of a hierarchical codelist are text."""
    return {"codelist": urn} if urn and ".Codelist=" in urn else {"dataType": "String"}


def _component_map(given: Node, inner: Node, around: Node) -> Node:
    notes = without_notes(given, _BY_MAP)
    said = {"source": [given["source"]["id"]], "target": [given["target"]["id"]]}
    urn = _representation_urn(given, inner, around)
    return said | ({"representationMap": urn} if urn else {}) | ({"annotations": notes} if notes else {})


def _representation_urn(given: Node, inner: Node, around: Node) -> str | None:
    note = find_note(given, _BY_MAP)
    if note is not None:
        return str(note["title"])
    identifier = given.get("codelistMap")
    if identifier is None and given.get("values"):
        identifier = f"{inner['id']}_{given['source']['id']}_{given['target']['id']}"
    ref = Ref(around["agencyID"], identifier, around.get("version", "1.0")) if identifier else None
    return str(Urn("RepresentationMap", ref)) if ref else None


def _value_maps(inner: Node, around: Node) -> Iterator[Map]:
    """Values mapped where they are used: a representation map of texts."""
    for given in inner.get("components", ()):
        urn = _representation_urn(given, inner, around)
        if urn and given.get("values"):
            note = find_note(given, _BY_MAP)
            pairs = [
                {"sourceValues": [{"value": pair["source"]}], "targetValues": [pair["target"]]}
                for pair in given["values"]
            ]
            yield (
                "RepresentationMap",
                node_of(parse_urn(urn).ref)
                | {
                    "annotations": [{"type": _COPY, "title": urn}],
                    "names": (texts(note, "text") if note else {}) or texts(inner, "name") or texts(around, "name"),
                    "source": [{"dataType": "String"}],
                    "target": [{"dataType": "String"}],
                    "representationMappings": pairs,
                },
            )


def without_copies(artefacts: Iterable[Artefact]) -> tuple[Artefact, ...]:
    """Leave out what repeats a representation map that is there itself, or was repeated before."""
    listed = list(artefacts)
    seen = {one.urn for one in listed if not find_note(one.document, _COPY)}
    kept = []
    for one in listed:
        if find_note(one.document, _COPY) is None:
            kept.append(one)
        elif one.urn not in seen:
            seen.add(one.urn)
            notes = without_notes(one.document, _COPY)
            document = {key: value for key, value in one.document.items() if key != "annotations"}
            kept.append(Artefact(one.artefact_class, document | ({"annotations": notes} if notes else {}), one.final))
    return tuple(kept)
