"""SDMX-JSON reference metadata, what 2.0 and 2.1 share: reading, and how a set is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.metadata_canonical import check_depth, make_metadata_set
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.message import Header
from sdmx_hub.model.metadata import MetadataAttribute, MetadataMessage, Path

Node = dict[str, Any]
_NUMBERS = frozenset({"Numeric", "Long", "Short", "Float", "Double", "Integer", "Count"})
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
"""Numbers JSON writes and reads back as they are; others stay text."""
_IDENTIFIED = ("id", "agencyID")


def read(data: bytes) -> tuple[Artefact, ...]:
    """Read the sets of a message, in canonical form. Raises Malformed."""
    try:
        message = json.loads(data, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise Malformed("structures-json", why=str(error)) from error
    if not isinstance(message, dict) or not isinstance(message.get("data"), dict):
        raise Malformed("structures-json-data")
    sets = message["data"].get("metadataSets", [])
    if not isinstance(sets, list):
        raise Malformed("structures-json-artefact", path="/data/metadataSets")
    return tuple(_read_set(item, f"/data/metadataSets/{position}") for position, item in enumerate(sets))


def _read_set(item: Any, path: str) -> Artefact:
    if not isinstance(item, dict) or not all(isinstance(item.get(key), str) for key in _IDENTIFIED):
        raise Malformed("structures-json-artefact", path=path)
    for key, fits in _SHAPES.items():
        if key in item and not fits(item[key]):
            raise Malformed("structures-json-artefact", path=f"{path}/{key}")
    _check_attributes(item.get("attributes", []), f"{path}/attributes")
    return make_metadata_set(item)


def _are_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_value(value: Any) -> bool:
    """Tell whether this is a value; several in a list are more than the schema takes, and met."""
    plain = value is None or isinstance(value, str | bool) or _are_texts(value)
    return plain or (isinstance(value, list) and all(not isinstance(one, list) and _is_value(one) for one in value))


_SHAPES: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("version", "name", "description", "metadataflow", "metadataProvisionAgreement"), _is_text),
    **dict.fromkeys(("names", "descriptions"), _are_texts),
    **dict.fromkeys(("links", "annotations"), _are_objects),
    "targets": lambda value: isinstance(value, list) and all(map(_is_text, value)),
}
"""What is worked with before the schema has its say."""


def _check_attributes(listed: Any, path: str, depth: int = 1) -> None:
    """Make sure attributes are such; the schema says the rest. Raises Malformed."""
    check_depth(depth)
    if not isinstance(listed, list):
        raise Malformed("structures-json-artefact", path=path)
    for position, item in enumerate(listed):
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            raise Malformed("structures-json-artefact", path=f"{path}/{position}")
        if not _is_value(item.get("value")) or not _are_objects(item.get("annotations", [])):
            raise Malformed("structures-json-artefact", path=f"{path}/{position}")
        _check_attributes(item.get("attributes", []), f"{path}/{position}/attributes", depth + 1)


def shown_set(metadata_set: Artefact, message: MetadataMessage) -> Node:
    """One set as the message tells it: numbers and flags as such, where the metadata structure says so."""
    structure = message.structures.get(metadata_set.urn)
    known = structure.by_path if structure else {}
    shown = dict(metadata_set.document)
    shown["attributes"] = list(_shown(shown.get("attributes", ()), known, ()))
    return shown


def _shown(listed: Any, known: Mapping[Path, MetadataAttribute], above: Path) -> Iterator[Node]:
    for attribute in listed:
        path = (*above, attribute["id"])
        shown = dict(attribute)
        if isinstance(shown.get("value"), str):
            shown["value"] = _typed(shown["value"], known.get(path))
        if "attributes" in shown:
            shown["attributes"] = list(_shown(shown["attributes"], known, path))
        yield shown


def _typed(text: str, attribute: MetadataAttribute | None) -> str | int | float | bool:
    if attribute is None or attribute.representation.is_coded:
        return text
    kind = attribute.representation.text_type
    if kind == "Boolean" and text in {"true", "false"}:
        return text == "true"
    if kind in _NUMBERS and _NUMBER.fullmatch(text):
        number = json.loads(text)
        return number if json.dumps(number) == text else text
    return text


def write_meta(header: Header, sets: tuple[Artefact, ...]) -> Node:
    """Write the ``meta`` object."""
    sender: Node = {"id": header.sender_id}
    if header.sender_names:
        sender |= {"name": next(iter(header.sender_names.values())), "names": dict(header.sender_names)}
    meta: Node = {
        "id": header.id,
        "test": header.test,
        "prepared": header.prepared.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    languages = list(dict.fromkeys(language for one in sets for language in _languages(one.document)))
    return meta | ({"contentLanguages": languages} if languages else {}) | {"sender": sender}


def _languages(document: Document) -> Iterator[str]:
    for key in ("names", "descriptions"):
        yield from document.get(key, ())
    yield from _spoken(document.get("attributes", ()))


def _spoken(listed: Any) -> Iterator[str]:
    for attribute in listed:
        if isinstance(attribute.get("value"), Mapping):
            yield from attribute["value"]
        yield from _spoken(attribute.get("attributes", ()))
