"""SDMX-JSON 2.0 reference metadata messages (SDMX 3.0).

What 2.0 cannot carry: ``isPartialLanguage``, which is dropped; and its schema knows language tags in small letters only
in the list of languages of the message.
"""

from __future__ import annotations

import orjson

from sdmx_hub.formats.metadata_json import Node, read, shown_set, write_meta
from sdmx_hub.model.metadata import MetadataMessage

__all__ = ["SCHEMA", "read", "write"]

SCHEMA = (
    "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master/metadata-message/tools/schemas/2.0.0/"
    "sdmx-json-metadata-schema.json"
)


def write(message: MetadataMessage) -> bytes:
    """Write a message."""
    sets = [
        {key: value for key, value in shown_set(one, message).items() if key != "isPartialLanguage"}
        for one in message.sets
    ]
    meta: Node = {"schema": SCHEMA} | write_meta(message.header, message.sets)
    if "contentLanguages" in meta:
        meta["contentLanguages"] = [language.lower() for language in meta["contentLanguages"]]
    return orjson.dumps({"meta": meta, "data": {"metadataSets": sets}})
