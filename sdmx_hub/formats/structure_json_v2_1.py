"""SDMX-JSON 2.1 structure messages (SDMX 3.1): the canonical format, read and written without loss.

Nothing is lost but what ``structure_canonical`` evens out, and ``isFinal`` of SDMX 2.1, which SDMX 3 says by the form
of the version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import orjson

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.structure_canonical import IDENTIFICATION, LOCALISED, make_artefact
from sdmx_hub.formats.structure_shape import shaped
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_COLLECTION, CLASSES, GENERAL, ArtefactClass
from sdmx_hub.model.message import Header, StructureMessage
from sdmx_hub.model.urn import Urn

SCHEMA = "https://json.sdmx.org/2.1/sdmx-json-structure-schema.json"
_SUSPECT = re.compile(rb"\\u00[01]|\\[bf]|\\u[fF]{3}|\xef\xbf[\xbe\xbf]")
"""What may be a sign of ``_UNSPEAKABLE`` in the bytes of JSON."""
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def read(data: bytes) -> tuple[Artefact, ...]:
    """Read the artefacts of a message, in canonical form. Raises Malformed."""
    return read_objects(data, make_artefact)


def read_objects(data: bytes, make: Callable[[ArtefactClass, dict[str, Any]], Artefact]) -> tuple[Artefact, ...]:
    """Make an artefact of each object of a message of SDMX-JSON 2.x. Raises Malformed."""
    found = []
    for place, collection, document in objects(load_message(data)):
        with shaped(place):
            found.append(make(CLASS_BY_COLLECTION[collection], document))
    return tuple(found)


def write(message: StructureMessage) -> bytes:
    """Write a message: collections in the order of the class table, each artefact with a link that says its URN."""
    data: dict[str, list[Any]] = {}
    for row in CLASSES:
        found = [_shown(artefact) for artefact in message.artefacts if artefact.artefact_class is row]
        if found:
            data[row.collection] = found
    return orjson.dumps(
        {"$schema": SCHEMA, "meta": write_meta(message.header, message.artefacts, SCHEMA), "data": data}
    )


def load_message(data: bytes) -> Mapping[str, Any]:
    """Parse the bytes of a JSON message; raises Malformed when they are none."""
    try:
        message = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed("structures-json", why=str(error)) from error
    if not isinstance(message, dict) or not isinstance(message.get("data"), dict):
        raise Malformed("structures-json-data")
    if _SUSPECT.search(data):
        _check_signs(message)
    return message


def _check_signs(message: Any) -> None:
    """Refuse texts with signs XML has no place for."""
    waiting = [message]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            waiting += [*node, *node.values()]
        elif isinstance(node, list):
            waiting += node
        elif isinstance(node, str) and (found := _UNSPEAKABLE.search(node)):
            raise Malformed("structures-json-signs", found=repr(node[max(0, found.start() - 20) : found.end() + 20]))


def objects(message: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give each artefact object, its place and the collection it stands in. Raises Malformed for what is none."""
    for collection, items in message["data"].items():
        if collection not in CLASS_BY_COLLECTION:
            raise Malformed("structures-json-collection", name=collection)
        for position, item in enumerate(items if isinstance(items, list) else [items]):
            place = f"/data/{collection}/{position}"
            if not isinstance(item, dict) or not (collection == "availabilityConstraints" or _is_identified(item)):
                raise Malformed("structures-json-artefact", path=place)
            yield place, collection, item


def write_meta(header: Header, artefacts: Iterable[Artefact], schema: str) -> dict[str, Any]:
    """Write the ``meta`` object of SDMX-JSON 2.x."""
    sender: dict[str, Any] = {"id": header.sender_id}
    if header.sender_names:
        sender |= {"name": next(iter(header.sender_names.values())), "names": dict(header.sender_names)}
    meta = {
        "schema": schema,
        "id": header.id,
        "test": header.test,
        "prepared": header.prepared.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    languages = _languages(artefacts)
    return meta | ({"contentLanguages": languages} if languages else {}) | {"sender": sender}


def self_link(artefact: Artefact) -> dict[str, str]:
    """The link by which an artefact says its own URN."""
    name = artefact.artefact_class.name
    return {"rel": "self", "urn": str(Urn(GENERAL.get(name, name), artefact.ref))}


def with_defaults(document: Mapping[str, Any]) -> dict[str, Any]:
    """Say of every metadata attribute how often it occurs and what it is for: some readers do not know the defaults."""
    components = document.get("metadataStructureComponents")
    if not components:
        return dict(document)
    listed = components["metadataAttributeList"]
    attributes = [_said(attribute) for attribute in listed.get("metadataAttributes", ())]
    shown = {"metadataAttributeList": {**listed, "metadataAttributes": attributes}}
    return {**document, "metadataStructureComponents": shown}


def _said(attribute: Mapping[str, Any]) -> dict[str, Any]:
    said = {"minOccurs": 1, "maxOccurs": 1, "isPresentational": False, **attribute}
    if "metadataAttributes" in attribute:
        said["metadataAttributes"] = [_said(inner) for inner in attribute["metadataAttributes"]]
    return said


def _is_identified(item: Mapping[str, Any]) -> bool:
    return all(isinstance(item.get(key, ""), str) for key in ("id", "agencyID", "version")) and (
        "id" in item and "agencyID" in item
    )


def _shown(artefact: Artefact) -> dict[str, Any]:
    hidden = IDENTIFICATION.get(artefact.artefact_class.name)
    if hidden is not None:
        return {key: value for key, value in artefact.document.items() if key not in hidden}
    return with_defaults(artefact.document) | {"links": [self_link(artefact), *artefact.document.get("links", ())]}


def _languages(artefacts: Iterable[Artefact]) -> list[str]:
    found: dict[str, None] = {}
    for artefact in artefacts:
        for many in LOCALISED.values():
            found |= dict.fromkeys(artefact.document.get(many, ()))
    return list(found)
