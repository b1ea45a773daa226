"""Structure queries: which artefacts answer, with which of their neighbours, and how much of each is shown.

Matching, neighbours and detail are three straight steps. Neighbours are found on the graph of URN references
(``structure_graph``), so no class has code of its own; the exceptions of the standard are one table each.
"""

from __future__ import annotations

import functools
import hashlib
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from sdmx_hub.errors import NotFound
from sdmx_hub.formats.structure_codelist import resolve_codelist
from sdmx_hub.formats.structure_constraint_v2_1 import is_attachment
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASSES, ArtefactClass
from sdmx_hub.model.urn import Urn
from sdmx_hub.publish.structure_detail import Address, address_v1, address_v2, cut_to_items, make_stub
from sdmx_hub.publish.structure_edges import Edges, Edition
from sdmx_hub.publish.structure_graph import Graph
from sdmx_hub.publish.structure_partial import cut_to_used
from sdmx_hub.publish.structure_v1 import select_v1
from sdmx_hub.query.request import ANY, Detail, References, StructureQuery
from sdmx_hub.store.artefacts import Artefacts

_ORDER = {row.name: position for position, row in enumerate(CLASSES)}
_CONSTRAINTS = frozenset({"DataConstraint", "MetadataConstraint"})
_MANY = 6
"""So many classes are asked for as any class."""
_STUBS = {Detail.ALL_STUBS: False, Detail.ALL_COMPLETE_STUBS: True}
_REFERENCE_STUBS = {Detail.REFERENCE_STUBS: False, Detail.REFERENCE_COMPLETE_STUBS: True}


def open_structures(
    query: StructureQuery, artefacts: Artefacts, *, edition: Edition = Edition.V2, base_url: str = ""
) -> tuple[Artefact, ...]:
    """Answer a structure query (REST v2.2, structure queries): the matching artefacts first, then their neighbours.

    The editions differ in what they count as a reference (``structure_edges``), and in v1 a version is a number: a
    draft is found by the number it is a draft of. Stubs tell where the whole is in the same API, if its ``base_url`` is
    given. Raises NotFound when nothing matches.
    """
    resolve = _as_stored if query.detail is Detail.RAW else functools.partial(_resolved, artefacts)
    choose = Artefacts.select if edition is Edition.V2 else select_v1
    matching = {artefact.urn: artefact for artefact in _matching(query, artefacts, resolve, choose)}
    if not matching:
        raise NotFound("structures-none", what=_asked(query))
    graph = Graph(artefacts, Edges(artefacts, edition), resolve, matching)
    around = {urn: resolve(artefacts.get(urn)) for urn in _neighbours(query, graph) if urn not in matching}
    ordered = dict(sorted(around.items(), key=lambda entry: (_ORDER[entry[0].class_name], entry[0])))
    locate = address_v2 if edition is Edition.V2 else address_v1
    address = functools.partial(locate, base_url) if base_url else None
    if query.detail is Detail.REFERENCE_PARTIAL:
        return (*matching.values(), *cut_to_used(matching, ordered, artefacts))
    return tuple(_detailed(query.detail, matching, ordered, address))


def maps_used(shown: Iterable[Artefact], artefacts: Artefacts) -> tuple[Artefact, ...]:
    """The maps of values that structure maps go by: SDMX 2.1 writes them into the same structure set."""
    named = (
        artefacts.find(urn)
        for artefact in shown
        if artefact.artefact_class.name == "StructureMap" and not artefact.is_stub
        for urn in artefact.references
        if urn.class_name == "RepresentationMap"
    )
    return tuple({found.urn: found for found in named if found is not None}.values())


def structure_version(query: StructureQuery, artefacts: Artefacts) -> str:
    """Name the state of the answer: equal texts mean equal answers, as far as the registry decides them."""
    return hashlib.sha256(f"{artefacts.revision} {query!r}".encode()).hexdigest()[:32]


_RESOLVED: weakref.WeakKeyDictionary[Artefacts, dict[Urn, Artefact]] = weakref.WeakKeyDictionary()
"""Codelists with their inherited codes, kept as long as the moment they belong to."""


def _resolved(artefacts: Artefacts, artefact: Artefact) -> Artefact:
    if not artefact.document.get("codelistExtensions"):
        return artefact
    known = _RESOLVED.setdefault(artefacts, {})
    if artefact.urn not in known:
        known[artefact.urn] = resolve_codelist(artefact, artefacts.find)
    return known[artefact.urn]


def _as_stored(artefact: Artefact) -> Artefact:
    return artefact


_Select = Callable[[Artefacts, ArtefactClass, Collection[str], Collection[str], Collection[str]], tuple[Artefact, ...]]


def _matching(
    query: StructureQuery, artefacts: Artefacts, resolve: Callable[[Artefact], Artefact], choose: _Select
) -> Iterator[Artefact]:
    for row in query.artefact_classes:
        for artefact in choose(artefacts, row, query.agency_ids, query.ids, query.versions):
            if not _plays(artefact, query.roles):
                continue
            whole = resolve(artefact)
            shown = cut_to_items(whole, query.item_ids) if query.item_ids else whole
            if shown is not None:
                yield shown


def _plays(artefact: Artefact, roles: frozenset[str]) -> bool:
    """Tell whether a constraint has one of the roles: what is stored says what is allowed, or attached to what."""
    if not roles or artefact.artefact_class.name not in _CONSTRAINTS:
        return True
    return ("Attachment" if is_attachment(artefact) else "Allowed") in roles


def _neighbours(query: StructureQuery, graph: Graph) -> set[Urn]:
    starts = set(graph.starts)
    found: set[Urn] = set()
    for direction in query.references:
        found |= _DIRECTIONS[direction](graph, starts)
    if query.reference_classes:
        names = {row.name for row in query.reference_classes}
        near = {urn for urn in graph.children(starts) | graph.parents(starts) if urn.class_name in names}
        found |= {urn for urn in near if _plays(graph.shown(urn), query.reference_roles)}
    return found


def _parents_and_siblings(graph: Graph, starts: set[Urn]) -> set[Urn]:
    parents = graph.parents(starts)
    return parents | graph.children(parents)


_DIRECTIONS: Mapping[References, Callable[[Graph, set[Urn]], set[Urn]]] = {
    References.NONE: lambda graph, starts: set(),
    References.PARENTS: Graph.parents,
    References.PARENTS_AND_SIBLINGS: _parents_and_siblings,
    References.ANCESTORS: Graph.ancestors,
    References.CHILDREN: Graph.children,
    References.DESCENDANTS: Graph.descendants,
    References.ALL: lambda graph, starts: _parents_and_siblings(graph, starts) | graph.descendants(starts),
}


def _detailed(
    detail: Detail, matching: dict[Urn, Artefact], around: dict[Urn, Artefact], address: Address | None
) -> Iterable[Artefact]:
    both = {**matching, **around}
    if detail in _STUBS:
        return [make_stub(artefact, _STUBS[detail], address) for artefact in both.values()]
    if detail in _REFERENCE_STUBS:
        stubs = [make_stub(artefact, _REFERENCE_STUBS[detail], address) for artefact in around.values()]
        return [*matching.values(), *stubs]
    return both.values()


def _asked(query: StructureQuery) -> str:
    resources = [row.resource or row.name for row in query.artefact_classes]
    kinds = "|".join(resources) if len(resources) < _MANY else ANY
    parts = (query.agency_ids, query.ids, query.versions, query.item_ids)
    return "/".join([kinds, *(",".join(part) for part in parts if part)])
