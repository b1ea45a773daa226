"""Checks a mapping against the structure it is for, before any file is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from sdmx_hub.mapping.groups import check_groups
from sdmx_hub.mapping.reading_source import WORKBOOKS
from sdmx_hub.mapping.resolve import known_codes
from sdmx_hub.mapping.rules import SKIP, ComponentRule, TableMapping
from sdmx_hub.mapping.schema_faults import nearest
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.codelist import Codelist
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.structure import Attribute, Component, DataStructure
from sdmx_hub.model.urn import Ref, Urn

PROVIDERS = Urn("DataProviderScheme", Ref("ILMH", "DATA_PROVIDERS", "1.0"))
DEFAULTS = {"OBS_STATUS": "A", "CONF_STATUS": "F", "UNIT_MULT": "0", "DECIMALS": "0"}
"""What these attributes are when the mapping does not name them."""


class Artefacts(Protocol):
    """Where artefacts are found: the registry's snapshot, or files."""

    def find(self, urn: Urn, /) -> Artefact | None:
        """Find an artefact, or nothing."""

    def codelist(self, urn: Urn, /) -> Codelist:
        """View a codelist that is there."""


def codelist_of(component: Component, artefacts: Artefacts) -> Codelist | None:
    """The codes a component may have; None for an uncoded one, or a list that is not there."""
    urn = component.representation.codelist
    return artefacts.codelist(urn) if urn and artefacts.find(urn) else None


def filled_in(mapping: TableMapping, structure: DataStructure) -> dict[str, str]:
    """The constants of the mapping with those it leaves to the hub: ``rest``, defaults, provider, source, licence.

    The licence stands in SOURCE_DETAIL, after the source line: the attribute LICENCE describes the whole dataset, and a
    dataflow holds the data of several providers.
    """
    given = {key: rule.constant for key, rule in mapping.components.items() if rule.constant is not None}
    left: dict[str, str] = DEFAULTS | {
        "DATA_PROVIDER": mapping.provider,
        "SOURCE_DETAIL": f"{mapping.source.line} ({mapping.source.licence})",
    }
    if mapping.rest is not None:
        left |= dict.fromkeys(structure.dimension_ids, mapping.rest)
    return given | {
        key: value for key, value in left.items() if key in structure.components and key not in mapping.components
    }


def check_mapping(mapping: TableMapping, structure: DataStructure, artefacts: Artefacts) -> list[Finding]:
    """Find what the mapping says that the structure and the codelists do not know, and what it forgets."""
    return [
        *_provider(mapping, artefacts),
        *_source(mapping),
        *_unknown(mapping, structure),
        *_forgotten(mapping, structure),
        *_codes(mapping, structure, artefacts),
        *check_groups(mapping, artefacts),
    ]


def _provider(mapping: TableMapping, artefacts: Artefacts) -> Iterator[Finding]:
    scheme = artefacts.find(PROVIDERS)
    known = [item["id"] for item in scheme.items] if scheme else []
    if scheme and mapping.provider not in known:
        near = nearest(mapping.provider, known)
        yield mapping.finding("MAP-PROVIDER", "provider", value=mapping.provider, suggestion=near)


def _source(mapping: TableMapping) -> Iterator[Finding]:
    source = mapping.source
    for key in ("sheet", "range") if source.format not in WORKBOOKS else ():
        if getattr(source, key) is not None:
            yield mapping.finding("MAP-SHEET", "source", key, key=key, format=source.format)
    for component_id, rule in mapping.components.items():
        if rule.number and rule.number.decimal is not None and rule.number.decimal in rule.number.thousands:
            yield mapping.finding("MAP-SIGNS", "components", component_id, sign=rule.number.decimal)


def _unknown(mapping: TableMapping, structure: DataStructure) -> Iterator[Finding]:
    known = list(structure.components)
    named = [("components", key) for key in mapping.components]
    named += [("scope", key) for key in mapping.scope]
    dates = [rule.date for rule in mapping.components.values() if rule.date]
    named += [("components", date.frequency_of) for date in dates if date.frequency_of]
    if mapping.percentages and mapping.percentages.component_id:
        named.append(("percentages", mapping.percentages.component_id))
    named += [("totals", rule.component_id) for rule in mapping.totals]
    for place, key in named:
        if key not in structure.components:
            path = (place, key) if place == "components" else (place,)
            near = nearest(key, known)
            yield mapping.finding("MAP-COMPONENT", *path, suggestion=near, key=key, structure=structure.ref)


def _forgotten(mapping: TableMapping, structure: DataStructure) -> Iterator[Finding]:
    given = mapping.components.keys() | filled_in(mapping, structure).keys()
    for component in structure.components.values():
        needed = component.id in structure.key_ids or (isinstance(component, Attribute) and component.is_mandatory)
        if needed and component.id not in given:
            yield mapping.finding("MAP-MISSING", "components", key=component.id, structure=structure.ref)


def _codes(mapping: TableMapping, structure: DataStructure, artefacts: Artefacts) -> Iterator[Finding]:
    for component_id, rule in mapping.components.items():
        component = structure.components.get(component_id)
        codelist = codelist_of(component, artefacts) if component else None
        if codelist is not None:
            yield from _codes_of(mapping, component_id, rule, codelist)
        if rule.map is not None and artefacts.find(rule.map) is None:
            yield mapping.finding("MAP-URN", "components", component_id, "map", urn=rule.map)
    if mapping.rest is not None:
        yield from _rest(mapping, structure, artefacts)
    yield from _statuses(mapping, structure, artefacts)


def _codes_of(mapping: TableMapping, component_id: str, rule: ComponentRule, codelist: Codelist) -> Iterator[Finding]:
    place = ("components", component_id)
    if rule.constant is not None and rule.constant not in codelist.codes:
        yield _no_code(mapping, rule.constant, codelist, *place)
    for key, text, code in _declared(rule):
        if code not in {SKIP, ""} and code not in codelist.codes:
            yield _no_code(mapping, code, codelist, *place, key, text)


def _declared(rule: ComponentRule) -> Iterator[tuple[str, str, str]]:
    """Every code a component's tables give: key of the mapping, text, code."""
    yield from (("codes", text, code) for text, code in rule.codes.items())
    yield from (("codes", text, one.code) for text, listed in rule.dated.items() for one in listed)
    yield from (("rules", str(place), one.code) for place, one in enumerate(rule.rules) if one.code and one.is_literal)
    yield from (("splits", text, code) for text, split in rule.splits.items() for code in split.weights)
    yield from (("groups", text, group.code) for text, group in rule.groups.items())


def _no_code(mapping: TableMapping, code: str, codelist: Codelist, *path: str) -> Finding:
    near = nearest(code, codelist.codes)
    return mapping.finding(
        "MAP-CODE", *path, suggestion=near, code=code, codelist=codelist.ref, known=known_codes(codelist.codes)
    )


def _rest(mapping: TableMapping, structure: DataStructure, artefacts: Artefacts) -> Iterator[Finding]:
    for dimension in structure.dimensions:
        codelist = codelist_of(dimension, artefacts)
        if dimension.id not in mapping.components and codelist and (mapping.rest or "") not in codelist.codes:
            yield mapping.finding("MAP-REST", "rest", key=dimension.id, code=mapping.rest, codelist=codelist.ref)


def _statuses(mapping: TableMapping, structure: DataStructure, artefacts: Artefacts) -> Iterator[Finding]:
    component = structure.components.get("OBS_STATUS")
    codelist = codelist_of(component, artefacts) if component else None
    for component_id, rule in mapping.components.items():
        for text, status in (rule.number.missing if rule.number else {}).items():
            if codelist and status != SKIP and status not in codelist.codes:
                yield _no_code(mapping, status, codelist, "components", component_id, "missing", text)
