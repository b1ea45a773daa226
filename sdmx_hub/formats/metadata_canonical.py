"""The canonical form of a metadata set, so that equal content is equal whatever format it came in.

A metadata set is its SDMX-JSON 2.1 object (SDMX 3.1). Every reader ends here, and what that schema leaves open is taken
away: what ``structure_canonical`` evens out in all artefacts, and besides

- every value is text, or texts by language: ``3`` is ``"3"``, ``true`` is ``"true"``, nothing is left out;
- several values of one attribute are that attribute several times, beside each other;
- an attribute with neither value nor attributes of its own is left out, and so is the version 1.0, which says nothing;
- a message's ``action`` and an attribute's ``format`` are not kept: the one is for the moment, the other in the MSD.

With the metadata structure at hand (``order_attributes``) attributes come in its order, structured text is tidied, and
a text in one language is just the text where the structure knows no languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.structure_canonical import canonical
from sdmx_hub.formats.xhtml import tidy_xhtml
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.classes import METADATA_SET
from sdmx_hub.model.metadata import MetadataAttribute, MetadataStructure

Node = dict[str, Any]
_DROPPED = frozenset({"action", "format"})
_UNSAID = frozenset({"1.0", ""})
DEEPEST = 30
"""So deep may attributes be nested; no metadata structure in use comes near it."""


def check_depth(depth: int) -> None:
    """Refuse attributes nested deeper than anybody needs. Raises Malformed."""
    if depth > DEEPEST:
        raise Malformed("metadata-depth", most=DEEPEST)


def make_metadata_set(document: Mapping[str, Any]) -> Artefact:
    """Make a metadata set of any SDMX-JSON 2.1 object, in canonical form."""
    rest = {key: value for key, value in document.items() if key != "attributes" and key not in _DROPPED}
    tidy = canonical(rest)
    tidy["links"] = [link for link in tidy.pop("links", ()) if link.get("rel") != "self"]
    if not tidy["links"]:
        del tidy["links"]
    if str(tidy.get("version", "")) in _UNSAID:
        tidy.pop("version", None)
    attributes = list(_attributes(document.get("attributes", ())))
    if attributes:
        tidy["attributes"] = attributes
    return Artefact(METADATA_SET, tidy)


def _attributes(listed: Iterable[Mapping[str, Any]]) -> Iterator[Node]:
    for attribute in listed:
        value = attribute.get("value")
        values = value if isinstance(value, list | tuple) and value else [value]
        for position, one in enumerate(values):
            made = _attribute(attribute if position == 0 else {"id": attribute["id"]}, one)
            if made.keys() & {"value", "attributes"}:
                yield made


def _attribute(attribute: Mapping[str, Any], value: Any) -> Node:
    made: Node = {"id": attribute["id"]}
    text = _value(value)
    if text is not None:
        made["value"] = text
    below = list(_attributes(attribute.get("attributes", ())))
    if below:
        made["attributes"] = below
    if attribute.get("annotations"):
        made["annotations"] = [canonical(note) for note in attribute["annotations"]]
    return made


def _value(value: Any) -> str | dict[str, str] | None:
    if isinstance(value, Mapping):
        spoken = {language: str(text) for language, text in value.items() if text}
        return spoken or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def order_attributes(metadata_set: Artefact, structure: MetadataStructure) -> Artefact:
    """Put attributes in the order of the metadata structure, and tidy structured text that can be read."""
    document = dict(metadata_set.document)
    if "attributes" in document:
        document["attributes"] = _ordered(document["attributes"], structure.attributes)
    return Artefact(METADATA_SET, document)


def _ordered(listed: Sequence[Document], known: Sequence[MetadataAttribute]) -> list[Node]:
    places = {attribute.id: position for position, attribute in enumerate(known)}
    by_id = {attribute.id: attribute for attribute in known}
    found = [_settled(one, by_id.get(one["id"])) for one in listed]
    return sorted(found, key=lambda one: places.get(one["id"], len(places)))


def _settled(reported: Document, attribute: MetadataAttribute | None) -> Node:
    made = dict(reported)
    if attribute is None:
        return made
    if "attributes" in made:
        made["attributes"] = _ordered(made["attributes"], attribute.attributes)
    value = made.get("value")
    if isinstance(value, Mapping) and len(value) == 1 and not attribute.is_multilingual:
        (value,) = value.values()  # XML has no other way to write structured text
        made["value"] = value
    if attribute.is_xhtml and value is not None:
        made["value"] = (
            {language: _tidied(text) for language, text in value.items()}
            if isinstance(value, Mapping)
            else _tidied(value)
        )
    return made


def _tidied(text: str) -> str:
    """Tidy structured text; what cannot be read stays for the checks to tell."""
    try:
        return tidy_xhtml(text)
    except Malformed:
        return text
