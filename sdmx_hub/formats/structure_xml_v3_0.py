"""SDMX-ML 3.0 structure messages: every class of the artefact table, read and written.

What 3.0 cannot carry:

| Canonical (SDMX 3.1) | In 3.0 | On the way back |
|---|---|---|
| the ISO reference of a concept | an annotation, as common readers stop at the element | restored |
| a parent code the schema forbids (``_T``, ``0``) | an annotation of type PARENT_CODE | restored |
| availability constraint | a data constraint of role Actual, its counts as annotations | restored, and named |
| several regions that allow, or exclude, in one constraint | one that holds those that allow; one that excludes | one |
| several values of one component in a data key (3.1) | one key for each combination | several keys |
| ``dimensionConstraint``, ``evolvingStructure``, ``isPartialLanguage`` | dropped | absent |
| ``decimals``, ``minLength``, ``maxLength`` of 0 | dropped: the schema wants positive numbers | absent |
| the time of day in the validity of a mapping | the date alone | midnight, UTC |
| links without an address | dropped | absent |
| title, language and ``uri`` of a link; of an annotation's also URN and type; links of groups | dropped | absent |
| all links but the first of a metadata attribute usage | dropped | absent |
| annotations of a metadata target region; properties of one's own (``x-…``) | dropped | absent |

What 3.0 has and 3.1 has no place for (release calendars, data sources of constraints) is dropped when read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sdmx_hub.formats.structure_constraint import as_availability, as_data_constraint, merge_regions, split_keys
from sdmx_hub.formats.structure_xml.constraints_v3 import (
    DATA_ATTACHMENT,
    METADATA_ATTACHMENT,
    regions,
    target_regions,
)
from sdmx_hub.formats.structure_xml.edition_v3 import Own, edition, kit, make_rows, row
from sdmx_hub.formats.structure_xml.message import ClassRow, read_message, write_message
from sdmx_hub.formats.structure_xml.parts import Attr
from sdmx_hub.formats.structure_xml.shape import Node, shape
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.message import StructureMessage

EDITION = edition("3.0")
_OWN = Own()
_KIT = kit(_OWN)
_PARENT = "PARENT_CODE"
_NCNAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def read(data: bytes) -> tuple[Artefact, ...]:
    """Read the artefacts of a message, in canonical form. Raises Malformed."""
    return read_message(data, EDITION, ROWS)


def write(message: StructureMessage) -> bytes:
    """Write a message."""
    return write_message(message, EDITION, ROWS)


def _codelist_outward(artefact: Artefact) -> Node:
    key = artefact.artefact_class.items or ""
    return dict(artefact.document) | {key: [_with_note(code) for code in artefact.items]}


def _with_note(code: Any) -> Any:
    parent = code.get("parent")
    if parent is None or _NCNAME.fullmatch(parent):
        return code
    kept = {key: value for key, value in code.items() if key != "parent"}
    return kept | {"annotations": [*code.get("annotations", ()), {"type": _PARENT, "title": parent}]}


def _codelist_row(given: ClassRow) -> ClassRow:
    key = CLASS_BY_NAME[given.name].items or ""

    def inward(node: Node) -> Iterator[tuple[str, Node]]:
        for code in node.get(key, ()):
            notes = code.get("annotations", [])
            parents = [note["title"] for note in notes if note.get("type") == _PARENT]
            if parents:
                code["parent"] = parents[0]
                code["annotations"] = [note for note in notes if note.get("type") != _PARENT]
        yield given.name, node

    return replace(given, outward=_codelist_outward, inward=inward)


def _constraint_inward(node: Node) -> Iterator[tuple[str, Node]]:
    if node.pop("role", "Allowed") == "Actual":
        yield "AvailabilityConstraint", as_availability(node)
    else:
        yield "DataConstraint", node


def _constraint_rows() -> tuple[ClassRow, ...]:
    body = shape(_KIT.maintainable, Attr("role", "role"), DATA_ATTACHMENT, regions(_KIT))
    data = ClassRow(
        name="DataConstraint",
        within="DataConstraints",
        tag="DataConstraint",
        shape=body,
        outward=lambda artefact: split_keys(merge_regions(artefact.document)) | {"role": "Allowed"},
        inward=_constraint_inward,
    )
    available = replace(
        data,
        name="AvailabilityConstraint",
        named="DataConstraint",
        outward=lambda artefact: as_data_constraint(artefact.document) | {"role": "Actual"},
    )
    metadata_body = shape(_KIT.maintainable, Attr("role", "role"), METADATA_ATTACHMENT, target_regions(_KIT))
    metadata = replace(
        row("MetadataConstraint", "MetadataConstraints", metadata_body),
        outward=lambda artefact: merge_regions(artefact.document, "metadataTargetRegions") | {"role": "Allowed"},
    )
    return data, available, metadata


_CODELISTS = frozenset({"Codelist", "GeographicCodelist", "GeoGridCodelist"})
ROWS = tuple(
    _codelist_row(given) if given.name in _CODELISTS else given for given in make_rows(_OWN, _constraint_rows())
)
"""How each class is written, in the order of the containers."""
