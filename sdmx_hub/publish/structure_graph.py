"""The graph of references around the artefacts that match a structure query.

When items of a scheme are asked for, only what these items refer to is near, and what refers to them: not what refers
to the scheme as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.urn import Urn
from sdmx_hub.publish.structure_detail import is_cut, item_ids
from sdmx_hub.publish.structure_edges import Edges
from sdmx_hub.publish.structure_partial import references_of
from sdmx_hub.store.artefacts import Artefacts


class Graph:
    """References between artefacts; ``starts`` are the matching ones, as they are shown."""

    def __init__(
        self,
        artefacts: Artefacts,
        edges: Edges,
        resolve: Callable[[Artefact], Artefact],
        starts: Mapping[Urn, Artefact],
    ) -> None:
        self.starts = starts
        self._artefacts = artefacts
        self._edges = edges
        self._resolve = resolve

    def children(self, urns: Iterable[Urn]) -> set[Urn]:
        """What artefacts refer to."""
        return {child for urn in urns for child in self._edges.children(self.shown(urn))}

    def parents(self, urns: Iterable[Urn]) -> set[Urn]:
        """What refers to artefacts."""
        return {parent for urn in urns for parent in self._parents(urn)}

    def descendants(self, urns: Iterable[Urn]) -> set[Urn]:
        """Children of children, to any depth."""
        return _closure(urns, self.children)

    def ancestors(self, urns: Iterable[Urn]) -> set[Urn]:
        """Parents of parents, to any depth."""
        return _closure(urns, self.parents)

    def shown(self, urn: Urn) -> Artefact:
        """An artefact in the form it is looked at: as it matched, or resolved."""
        return self.starts.get(urn) or self._resolve(self._artefacts.get(urn))

    def _parents(self, urn: Urn) -> Iterable[Urn]:
        parents = self._edges.parents(urn)
        start = self.starts.get(urn)
        if start is None or not is_cut(start):
            return parents
        wanted = item_ids(start)
        return {parent for parent in parents if self._named(self._artefacts.get(parent), urn) & wanted}

    def _named(self, parent: Artefact, urn: Urn) -> set[str]:
        """The items of a scheme that an artefact names; an artefact always names its agency."""
        found = {
            item
            for target, items in references_of(parent).items()
            if urn in {one.urn for one in self._artefacts.cover(target)}
            for item in items
            if item is not None
        }
        if urn.class_name == "AgencyScheme":
            found.add(parent.ref.agency_id.rpartition(".")[2])
        return found


def _closure(urns: Iterable[Urn], step: Callable[[Iterable[Urn]], set[Urn]]) -> set[Urn]:
    found: set[Urn] = set()
    level = set(urns)
    while level:
        level = step(level) - found
        found |= level
    return found
