"""SDMX-JSON 2.0 structure messages (SDMX 3.0): nearly the canonical format.

What 2.0 cannot carry:

| Canonical (SDMX 3.1) | In 2.0 | On the way back |
|---|---|---|
| availability constraint | a data constraint of role Actual, its counts as annotations | restored, and named |
| several values of one component in a data key | one key for each combination | several keys |
| ``dimensionConstraint``, ``evolvingStructure``, ``isPartialLanguage`` | dropped | absent |

What 2.0 has and 3.1 has no place for (release calendars, data sources of constraints) is dropped when read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.formats.structure_constraint import as_availability, as_data_constraint, split_keys
from sdmx_hub.formats.structure_json_v2_1 import read_objects, self_link, with_defaults, write_meta
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.classes import CLASS_BY_NAME, CLASSES, ArtefactClass
from sdmx_hub.model.message import StructureMessage

SCHEMA = "https://json.sdmx.org/2.0.0/sdmx-json-structure-schema.json"
Node = dict[str, Any]
_NEWER = frozenset({"dimensionConstraint", "evolvingStructure", "isPartialLanguage"})
_GONE = frozenset({"role", "releaseCalendar"})
_SOURCES = frozenset({"simpleDataSources", "queryableDataSources", "metadataSets"})
_IRREGULAR = {tag.lower(): tag for tag in ("en-GB-oed", "sgn-BE-FR", "sgn-BE-NL", "sgn-CH-DE")}
"""Language tags the schema of 2.0 spells with capitals; all others it knows in small letters only."""


def read(data: bytes) -> tuple[Artefact, ...]:
    """Read the artefacts of a message, in canonical form. Raises Malformed."""
    return read_objects(data, _artefact)


def write(message: StructureMessage) -> bytes:
    """Write a message: collections in the order of the class table, each artefact with a link that says its URN."""
    data: dict[str, list[Node]] = {}
    for artefact in message.artefacts:
        name = _NAMED.get(artefact.artefact_class.name, artefact.artefact_class.name)
        data.setdefault(CLASS_BY_NAME[name].collection, []).append(_shown(artefact, CLASS_BY_NAME[name]))
    ordered = {row.collection: data[row.collection] for row in CLASSES if row.collection in data}
    meta = write_meta(message.header, message.artefacts, SCHEMA)
    if "contentLanguages" in meta:
        meta["contentLanguages"] = [
            _IRREGULAR.get(small, small) for small in dict.fromkeys(tag.lower() for tag in meta["contentLanguages"])
        ]
    return orjson.dumps({"meta": meta, "data": ordered})


def _artefact(row: ArtefactClass, document: Node) -> Artefact:
    if row.name not in {"DataConstraint", "MetadataConstraint"}:
        return make_artefact(row, document)
    kept = {key: value for key, value in document.items() if key not in _GONE}
    attachment = document.get("constraintAttachment")
    if attachment:
        kept["constraintAttachment"] = {key: value for key, value in attachment.items() if key not in _SOURCES}
    if document.get("role") == "Actual":
        return make_artefact(CLASS_BY_NAME["AvailabilityConstraint"], as_availability(kept))
    return make_artefact(row, kept)


_NAMED = {"AvailabilityConstraint": "DataConstraint"}
_SHAPED: Mapping[str, Callable[[Document], Node]] = {
    "DataConstraint": lambda document: split_keys(document) | {"role": "Allowed"},
    "AvailabilityConstraint": lambda document: as_data_constraint(document) | {"role": "Actual"},
    "MetadataConstraint": lambda document: dict(document) | {"role": "Allowed"},
}


def _shown(artefact: Artefact, row: ArtefactClass) -> Node:
    shape = _SHAPED.get(artefact.artefact_class.name)
    given = artefact.document if shape is None else shape(artefact.document)
    role = {"role": given["role"]} if "role" in given else {}
    same = artefact if shape is None else make_artefact(row, given)
    shown = {key: value for key, value in same.document.items() if key not in _NEWER}
    return with_defaults(shown) | role | {"links": [_link(same), *shown.get("links", ())]}


def _link(artefact: Artefact) -> dict[str, str]:
    """The link to oneself; the schema of 2.0 spells one class another way there."""
    link = self_link(artefact)
    return link | {"urn": link["urn"].replace(".ValueList=", ".Valuelist=")}
