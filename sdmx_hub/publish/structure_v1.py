"""Artefacts by the names they have in REST v1, which knows them as SDMX 2.1 does.

A version is a number there: a draft is found by the number it is a draft of. Hierarchies stand in hierarchical
codelists and maps in structure sets, which may hold several and have an id of their own then; a map of which 2.1 can
say nothing is not there at all.
"""

from __future__ import annotations

import weakref
from collections.abc import Collection, Mapping

from sdmx_hub.formats.structure_set import MAPS, MARKER, collect_sets
from sdmx_hub.formats.structure_version import plain_version
from sdmx_hub.formats.structure_wrapped import find_note
from sdmx_hub.formats.structure_xml import hierarchy_v2_1
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import ArtefactClass
from sdmx_hub.model.urn import Urn
from sdmx_hub.query.request import ANY
from sdmx_hub.query.versions import parse_version
from sdmx_hub.store.artefacts import Artefacts

_MARKERS: Mapping[str, str] = {"Hierarchy": hierarchy_v2_1.MARKER, **dict.fromkeys(MAPS, MARKER)}
"""The annotation that names what is around one of several, by class."""


def select_v1(
    artefacts: Artefacts,
    artefact_class: ArtefactClass,
    agency_ids: Collection[str],
    ids: Collection[str],
    versions: Collection[str],
) -> tuple[Artefact, ...]:
    """Select as ``Artefacts.select`` does, by the names of v1; of a draft and what it became, the later one counts."""
    stored_ids = (ANY,) if artefact_class.name in _MARKERS else ids
    found = artefacts.select(artefact_class, agency_ids, stored_ids, versions)
    drafts = [
        draft
        for draft in artefacts.select(artefact_class, agency_ids, stored_ids)
        if "-" in draft.ref.version and plain_version(draft.ref.version) in versions
    ]
    numbered = {(one.ref.agency_id, one.ref.id, plain_version(one.ref.version)): one for one in (*drafts, *found)}
    named = (one for one in numbered.values() if ANY in ids or _id_around(one) in ids)
    return tuple(sorted((one for one in named if is_known(one, artefacts)), key=_place))


def is_known(artefact: Artefact, artefacts: Artefacts) -> bool:
    """Tell whether REST v1 has a resource for an artefact, and SDMX 2.1 something to say of it."""
    row = artefact.artefact_class
    if not row.resources_v1:
        return False
    if row.name not in MAPS or artefact.is_stub:
        return True
    return any(
        found.document["maps"] or found.document["related"] for found in collect_sets([artefact], artefacts.find)
    )


def _id_around(artefact: Artefact) -> str:
    marker = _MARKERS.get(artefact.artefact_class.name)
    note = find_note(artefact.document, marker) if marker else None
    return str(note["title"]) if note is not None else artefact.ref.id


def _place(artefact: Artefact) -> tuple[str, str, tuple[object, ...]]:
    version = parse_version(artefact.ref.version)
    return artefact.ref.agency_id, artefact.ref.id, version.precedence if version else ()


_COMPANIONS: weakref.WeakKeyDictionary[Artefacts, Mapping[Urn, frozenset[Urn]]] = weakref.WeakKeyDictionary()


def companions(urn: Urn, artefacts: Artefacts) -> frozenset[Urn]:
    """What stands in the same artefact of SDMX 2.1, itself included."""
    if artefacts not in _COMPANIONS:
        _COMPANIONS[artefacts] = _together(artefacts)
    return _COMPANIONS[artefacts].get(urn, frozenset({urn}))


def _together(artefacts: Artefacts) -> Mapping[Urn, frozenset[Urn]]:
    groups: dict[tuple[str, str, str, str], set[Urn]] = {}
    for artefact in artefacts:
        marker = _MARKERS.get(artefact.artefact_class.name)
        if marker and find_note(artefact.document, marker):
            key = (marker, artefact.ref.agency_id, _id_around(artefact), artefact.ref.version)
            groups.setdefault(key, set()).add(artefact.urn)
    return {urn: frozenset(group) for group in groups.values() for urn in group}
