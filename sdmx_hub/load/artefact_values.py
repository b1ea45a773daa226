"""Checks of the values artefacts name without a URN: codes in constraints and in representation maps."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sdmx_hub.errors import HubError
from sdmx_hub.load.artefact_checks import Located
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.codelist import read_codelist
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.structure import DataStructure, FindArtefact, read_data_structure
from sdmx_hub.model.urn import Urn, parse_urn


def check_constraints(located: Sequence[Located], find: FindArtefact) -> Iterator[Finding]:
    """The components a constraint names exist in the structure it is attached to, and the values in their codelists."""
    for one in located:
        if one.artefact.artefact_class.name != "DataConstraint":
            continue
        for structure in _structures(one.artefact, find):
            for selection in _selections(one.artefact.document):
                yield from _check_selection(one, selection, structure, find)


def _structures(constraint: Artefact, find: FindArtefact) -> list[DataStructure]:
    """The data structures of everything the constraint is attached to, as far as they are known, once each."""
    attachment = constraint.document.get("constraintAttachment", {})
    urns = [text for key in ("dataStructures", "dataflows", "provisionAgreements") for text in attachment.get(key, ())]
    found: dict[str, DataStructure] = {}
    for text in urns:
        artefact = _structure_of(find(parse_urn(text)), find)
        if artefact is not None:
            try:
                found[str(artefact.urn)] = read_data_structure(artefact, find)
            except HubError:  # told by check_structures
                continue
    return list(found.values())


def _structure_of(artefact: Artefact | None, find: FindArtefact) -> Artefact | None:
    """Follow agreement → dataflow → structure."""
    while artefact is not None and artefact.artefact_class.name != "DataStructure":
        text = artefact.document.get("structure") or artefact.document.get("dataflow")
        artefact = find(parse_urn(text)) if text else None
    return artefact


def _selections(document: Document) -> Iterator[tuple[str, str, list[str]]]:
    """Each selection of values: path, component id, values."""
    for position, region in enumerate(document.get("cubeRegions", ())):
        for part in (*region.get("keyValues", ()), *region.get("components", ())):
            yield f"/cubeRegions/{position}/{part['id']}", part["id"], _plain(part)
    for position, keys in enumerate(document.get("dataKeySets", ())):
        for number, key in enumerate(keys.get("keys", ())):
            for part in (*key.get("keyValues", ()), *key.get("components", ())):
                yield f"/dataKeySets/{position}/{number}/{part['id']}", part["id"], _plain(part)


def _plain(part: Mapping[str, Any]) -> list[str]:
    values = [*part.get("values", ()), *([part["value"]] if "value" in part else ())]
    return [value if isinstance(value, str) else value["value"] for value in values]


def _check_selection(
    one: Located, selection: tuple[str, str, list[str]], structure: DataStructure, find: FindArtefact
) -> Iterator[Finding]:
    path, identifier, values = selection
    component = structure.components.get(identifier)
    if component is None:
        yield Finding(code="ART-COMPONENT", where=one.where(path), source_value=identifier, params={"id": identifier})
        return
    codes = _codes(component.representation.codelist, find)
    if codes is not None:
        yield from _check_values(one, path, values, codes, str(component.representation.codelist))


def _codes(urn: Urn | None, find: FindArtefact) -> Collection[str] | None:
    artefact = find(urn) if urn else None
    if artefact is None or artefact.is_stub or artefact.document.get("isPartial"):
        return None
    try:
        return read_codelist(artefact, find).codes.keys()
    except HubError:  # told by check_references
        return None


def _check_values(
    one: Located, path: str, values: Iterable[str], codes: Collection[str], codelist: str
) -> Iterator[Finding]:
    for value in values:
        if value not in codes and "%" not in value:
            params = {"value": value, "codelist": codelist}
            yield Finding(code="ART-VALUE", where=one.where(path), source_value=value, params=params)


def check_maps(located: Sequence[Located], find: FindArtefact) -> Iterator[Finding]:
    """The values of a representation map exist in its codelists, and each mapping has as many as the map has sides."""
    for one in located:
        if one.artefact.artefact_class.name != "RepresentationMap":
            continue
        document = one.artefact.document
        for side in ("source", "target"):
            sides = [
                _codes(parse_urn(part["codelist"]), find) if "codelist" in part else None
                for part in document.get(side, ())
            ]
            for position, mapping in enumerate(document.get("representationMappings", ())):
                path = f"/representationMappings/{position}/{side}"
                yield from _check_mapping(one, path, mapping.get(f"{side}Values", ()), sides, document.get(side, ()))


def _check_mapping(
    one: Located, path: str, values: Sequence[Any], sides: Sequence[Collection[str] | None], named: Sequence[Document]
) -> Iterator[Finding]:
    if values and len(values) != len(sides):
        params = {"found": len(values), "wanted": len(sides)}
        yield Finding(code="ART-MAP-SIDES", where=one.where(path), params=params)
        return
    for value, codes, part in zip(values, sides, named, strict=False):
        text = value if isinstance(value, str) else value["value"]
        is_pattern = not isinstance(value, str) and bool(value.keys() & {"isRegEx", "startIndex", "endIndex"})
        if codes is not None and not is_pattern:
            yield from _check_values(one, path, [text], codes, part["codelist"])
