"""What refers to what, as each edition of REST counts it: the edges of the graph of references, kept for each moment.

In REST v2 an artefact refers to what its URNs name (all that a wildcard covers) and to the scheme that defines its
agency. REST v1 knows artefacts as SDMX 2.1 does: what that edition cannot say is no reference, a map of values belongs
to the structure set that uses it, and only VTL schemes refer to the scheme of their agency.
"""

from __future__ import annotations

import enum
import functools
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sdmx_hub.formats.structure_set import MAPS, collect_sets
from sdmx_hub.formats.structure_view_v2_1 import view_2_1
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.publish.structure_v1 import companions, is_known
from sdmx_hub.store.artefacts import Artefacts

_TOP = "SDMX"
"""The agency whose scheme defines the agencies without a dot in their id."""
_LATER = {"DataStructure": {"metadata"}, "Metadataflow": {"targets"}}
"""Keys that hold references which SDMX 2.1 does not know, by class."""
VTL_CLASSES = frozenset(
    {
        "TransformationScheme",
        "RulesetScheme",
        "UserDefinedOperatorScheme",
        "CustomTypeScheme",
        "NamePersonalisationScheme",
        "VtlMappingScheme",
    }
)
"""The classes that refer to the scheme of their agency in REST v1 too."""


class Edition(enum.StrEnum):
    """Whose references are meant: those of REST v1 or v2."""

    V1 = "v1"
    V2 = "v2"


@dataclass(frozen=True)
class Edges:
    """The references between the artefacts of one moment."""

    artefacts: Artefacts
    edition: Edition

    def children(self, artefact: Artefact) -> frozenset[Urn]:
        """What an artefact refers to, in the form it is given: resolved, or cut to some items."""
        return self._whole(_REFERRED[self.edition](artefact, self.artefacts)) - {artefact.urn}

    def parents(self, urn: Urn) -> frozenset[Urn]:
        """What refers to an artefact."""
        return self._whole(_backwards(self.artefacts, self.edition).get(urn, ()))

    def _whole(self, urns: Iterable[Urn]) -> frozenset[Urn]:
        """Together with what SDMX 2.1 puts into the same artefact."""
        if self.edition is Edition.V2:
            return frozenset(urns)
        return frozenset(one for urn in urns for one in companions(urn, self.artefacts))


_BACKWARDS: weakref.WeakKeyDictionary[Artefacts, dict[Edition, Mapping[Urn, frozenset[Urn]]]] = (
    weakref.WeakKeyDictionary()
)
"""The edges read backwards, as long as the moment they belong to."""


def _backwards(artefacts: Artefacts, edition: Edition) -> Mapping[Urn, frozenset[Urn]]:
    known = _BACKWARDS.setdefault(artefacts, {})
    if edition not in known:
        edges = Edges(artefacts, edition)
        found: dict[Urn, set[Urn]] = {}
        for artefact in artefacts:
            for child in edges.children(artefact):
                found.setdefault(child, set()).add(artefact.urn)
        known[edition] = {child: frozenset(parents) for child, parents in found.items()}
    return known[edition]


def _of_v2(artefact: Artefact, artefacts: Artefacts) -> Iterator[Urn]:
    yield from _covered(artefact.references, artefacts)
    yield from home(artefact.urn, artefacts)


def _of_v1(artefact: Artefact, artefacts: Artefacts) -> Iterator[Urn]:
    if not is_known(artefact, artefacts):
        return
    within_set = artefact.artefact_class.name in MAPS
    for shown in _seen(artefact, artefacts):
        for urn in _covered(shown.references, artefacts):
            if not (within_set and urn.class_name in MAPS) and is_known(artefacts.get(urn), artefacts):
                yield urn
    if artefact.artefact_class.name in VTL_CLASSES:
        yield from home(artefact.urn, artefacts)


def _seen(artefact: Artefact, artefacts: Artefacts) -> Iterable[Artefact]:
    """The artefact as SDMX 2.1 knows it."""
    name = artefact.artefact_class.name
    if artefact.is_stub:
        return (artefact,)
    if name in MAPS:
        return collect_sets([artefact], artefacts.find)
    known = {key: value for key, value in artefact.document.items() if key not in _LATER.get(name, ())}
    return view_2_1([Artefact(artefact.artefact_class, known, artefact.final)])


_REFERRED: Mapping[Edition, Callable[[Artefact, Artefacts], Iterator[Urn]]] = {
    Edition.V1: _of_v1,
    Edition.V2: _of_v2,
}


def _covered(references: Iterable[Urn], artefacts: Artefacts) -> Iterator[Urn]:
    for reference in references:
        for found in artefacts.cover(reference):
            yield found.urn


def home(urn: Urn, artefacts: Artefacts) -> tuple[Urn, ...]:
    """The agency scheme in which the agency of an artefact is defined, if it is there."""
    scheme = artefacts.find(_home(urn.ref.agency_id))
    return (scheme.urn,) if scheme else ()


@functools.lru_cache(maxsize=1024)
def _home(agency_id: str) -> Urn:
    return Urn("AgencyScheme", Ref(agency_id.rpartition(".")[0] or _TOP, "AGENCIES", "1.0"))
