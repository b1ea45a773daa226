"""The graph of references around the artefacts that match a structure query.

Edges are the URNs in documents. Two rules of the standard are no URNs: in REST v2 every artefact refers to the agency
scheme that defines its agency; and when the items of a scheme are asked for, only what they refer to is near, and what
refers to them or to the scheme as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.publish.structure_detail import is_cut, item_ids
from sdmx_hub.publish.structure_partial import references_of
from sdmx_hub.store.artefacts import Artefacts

_TOP = "SDMX"
"""The agency whose scheme defines the agencies without a dot in their id."""


class Graph:
    """References between artefacts; ``starts`` are the matching ones, as they are shown."""

    def __init__(
        self,
        artefacts: Artefacts,
        resolve: Callable[[Artefact], Artefact],
        starts: Mapping[Urn, Artefact],
        *,
        agency_schemes: bool,
    ) -> None:
        self.starts = starts
        self._artefacts = artefacts
        self._resolve = resolve
        self._agency_schemes = agency_schemes

    def children(self, urns: Iterable[Urn]) -> set[Urn]:
        """What artefacts refer to."""
        return {child for urn in urns for child in self._children(urn)}

    def parents(self, urns: Iterable[Urn]) -> set[Urn]:
        """What refers to artefacts."""
        return {parent for urn in urns for parent in self._parents(urn)}

    def descendants(self, urns: Iterable[Urn]) -> set[Urn]:
        """Children of children, to any depth."""
        return _closure(urns, self.children)

    def ancestors(self, urns: Iterable[Urn]) -> set[Urn]:
        """Parents of parents, to any depth."""
        return _closure(urns, self.parents)

    def _children(self, urn: Urn) -> set[Urn]:
        artefact = self.starts.get(urn) or self._resolve(self._artefacts.get(urn))
        found = {child.urn for reference in artefact.references if (child := self._artefacts.find(reference))}
        if self._agency_schemes and (home := self._home(urn)):
            found.add(home)
        return found - {urn}

    def _parents(self, urn: Urn) -> set[Urn]:
        parents = self._artefacts.parents(urn)
        start = self.starts.get(urn)
        if start is not None and is_cut(start):
            wanted = {None, *item_ids(start)}
            parents = tuple(parent for parent in parents if self._named(parent, urn) & wanted)
        found = {parent.urn for parent in parents}
        if self._agency_schemes and urn.class_name == "AgencyScheme":
            found |= {artefact.urn for artefact in self._artefacts if self._home(artefact.urn) == urn}
        return found - {urn}

    def _named(self, parent: Artefact, urn: Urn) -> set[str | None]:
        """The items of an artefact another one names; None for the artefact as a whole."""
        return {
            item
            for target, items in references_of(parent).items()
            if (found := self._artefacts.find(target)) and found.urn == urn
            for item in items
        }

    def _home(self, urn: Urn) -> Urn | None:
        """The agency scheme in which the agency of an artefact is defined."""
        above = urn.ref.agency_id.rpartition(".")[0] or _TOP
        scheme = self._artefacts.find(Urn("AgencyScheme", Ref(above, "AGENCIES", "1.0")))
        return scheme.urn if scheme else None


def _closure(urns: Iterable[Urn], step: Callable[[Iterable[Urn]], set[Urn]]) -> set[Urn]:
    found: set[Urn] = set()
    level = set(urns)
    while level:
        level = step(level) - found
        found |= level
    return found
