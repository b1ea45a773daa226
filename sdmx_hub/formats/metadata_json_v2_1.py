"""SDMX-JSON 2.1 reference metadata messages (SDMX 3.1): the canonical format, read and written without loss."""

from __future__ import annotations

import orjson

from sdmx_hub.formats.metadata_json import read, shown_set, write_meta
from sdmx_hub.model.metadata import MetadataMessage

__all__ = ["SCHEMA", "read", "write"]

SCHEMA = "https://json.sdmx.org/2.1/sdmx-json-metadata-schema.json"


def write(message: MetadataMessage) -> bytes:
    """Write a message."""
    data = {"metadataSets": [shown_set(one, message) for one in message.sets]}
    meta = {"schema": SCHEMA} | write_meta(message.header, message.sets)
    return orjson.dumps({"$schema": SCHEMA, "meta": meta, "data": data})
