"""The 2.1 view of artefacts: what SDMX-ML 2.1 and SDMX-JSON 1.0 are written from.

Codelist extensions are resolved where the inherited list is in the message; data structures have their first measure
and no array attributes; value lists become text, codelists of places codelists like others; hierarchies and maps are
put into what holds them in 2.1; what would have the identity of another is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sdmx_hub.formats.structure_codelist import resolve_codelist
from sdmx_hub.formats.structure_names_v2_1 import NAMES_IN_2_1
from sdmx_hub.formats.structure_set import MAPS, Find, collect_sets
from sdmx_hub.formats.structure_version import plain_version
from sdmx_hub.formats.structure_xml import data_structure_v2_1, hierarchy_v2_1
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME, GENERAL
from sdmx_hub.model.structure import BrokenStructure

_WRAPPED = MAPS | {"Hierarchy"}


def view_2_1(artefacts: Iterable[Artefact], beside: Iterable[Artefact] = ()) -> tuple[Artefact, ...]:
    """Give the artefacts as 2.1 knows them; structure sets and hierarchical codelists come last.

    What is ``beside`` is looked at where an artefact refers to it.
    """
    listed = _distinct(list(artefacts))
    find: Find = {artefact.urn: artefact for artefact in (*beside, *listed)}.get
    plain = [_seen(artefact, find) for artefact in listed if artefact.artefact_class.name not in _WRAPPED]
    hierarchies = [artefact for artefact in listed if artefact.artefact_class.name == "Hierarchy"]
    return (*plain, *hierarchy_v2_1.collect(hierarchies), *collect_sets(listed, find))


def _distinct(artefacts: list[Artefact]) -> list[Artefact]:
    """Leave out what would have the identity of another: 2.1 knows no ``2.0.0-draft`` beside ``2.0.0``."""
    chosen: dict[tuple[str, str, str, str], Artefact] = {}
    for artefact in artefacts:
        ref, name = artefact.ref, artefact.artefact_class.name
        named = name if name in MAPS else NAMES_IN_2_1.get(GENERAL.get(name, name), name)
        key = (named, ref.agency_id, ref.id, plain_version(ref.version))
        if key not in chosen or ref.version == key[-1] != chosen[key].ref.version:
            chosen[key] = artefact
    kept = set(map(id, chosen.values()))
    return [artefact for artefact in artefacts if id(artefact) in kept]


def _seen(given: Artefact, find: Find) -> Artefact:
    artefact = _plain_codelist(given, find) if given.artefact_class.name in _GEOGRAPHY else given
    view = _VIEWS.get(artefact.artefact_class.name)
    return artefact if view is None else view(artefact, find)


def _resolved(artefact: Artefact, find: Find) -> Artefact:
    try:
        return resolve_codelist(artefact, find)
    except BrokenStructure:
        return artefact


_GEOGRAPHY = {"GeographicCodelist": "value", "GeoGridCodelist": "geoCell"}
"""Codelists of places, and what a code says of its place; elsewhere they are referred to as codelists."""


def _plain_codelist(artefact: Artefact, find: Find) -> Artefact:
    """A codelist of places as a codelist like others."""
    whole = _resolved(artefact, find)
    place = _GEOGRAPHY[artefact.artefact_class.name]
    own = {artefact.artefact_class.items, "geoType", "gridDefinition"}
    document = {key: value for key, value in whole.document.items() if key not in own}
    codes = [{key: value for key, value in code.items() if key != place} for code in whole.items]
    return Artefact(CLASS_BY_NAME["Codelist"], document | ({"codes": codes} if codes else {}), artefact.final)


def _uncoded(artefact: Artefact, _find: Find) -> Artefact:
    """Concepts without value lists."""
    concepts = [_concept(concept) for concept in artefact.items]
    return _with(artefact, {"concepts": concepts} if concepts else {})


def _concept(concept: Any) -> Any:
    shown = data_structure_v2_1.without_value_list(concept, "coreRepresentation")
    return (
        shown
        if shown.get("coreRepresentation", True)
        else {k: v for k, v in shown.items() if k != "coreRepresentation"}
    )


def _one_measure(artefact: Artefact, find: Find) -> Artefact:
    components = data_structure_v2_1.components_in_2_1(artefact, find)
    if components is not None:
        return _with(artefact, {"dataStructureComponents": components})
    bare = {key: value for key, value in artefact.document.items() if key != "dataStructureComponents"}
    return Artefact(artefact.artefact_class, bare, artefact.final)


def _whole_categorisation(artefact: Artefact, _find: Find) -> Artefact:
    """Source and target, or neither: half of it is no categorisation in 2.1."""
    if {"source", "target"} <= set(artefact.document):
        return artefact
    document = {key: value for key, value in artefact.document.items() if key not in {"source", "target"}}
    return Artefact(artefact.artefact_class, document, artefact.final)


def _with_vtl_version(artefact: Artefact, _find: Find) -> Artefact:
    return _with(artefact, {"vtlVersion": artefact.document.get("vtlVersion", VTL_VERSION)})


VTL_VERSION = "2.0"
"""What is written where a VTL scheme does not say its version: the schema of 2.1 wants one."""


def _with(artefact: Artefact, more: Mapping[str, Any]) -> Artefact:
    return Artefact(artefact.artefact_class, dict(artefact.document) | dict(more), artefact.final)


_VIEWS: Mapping[str, Callable[[Artefact, Find], Artefact]] = {
    "Categorisation": _whole_categorisation,
    "Codelist": _resolved,
    "ConceptScheme": _uncoded,
    "DataStructure": _one_measure,
} | dict.fromkeys(
    (
        "TransformationScheme",
        "RulesetScheme",
        "UserDefinedOperatorScheme",
        "CustomTypeScheme",
        "NamePersonalisationScheme",
    ),
    _with_vtl_version,
)
