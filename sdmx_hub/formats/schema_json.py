"""JSON schema of SDMX-JSON data for one structure and dimension at the observation.

A message says in its own ``structures`` which values it holds and only counts them in its ``dataSets``. So the schema
is the official one of data messages, and on top of it what ``structures`` may list: these components in these places,
and of coded components these codes. SDMX-JSON 2.0 and 2.1, data messages.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

import orjson

from sdmx_hub.formats.schema_xsd import Schema
from sdmx_hub.model.structure import Attachment

_DRAFT = "https://json-schema.org/draft/2019-09/schema"
_OFFICIAL = {
    "2.0": "https://json.sdmx.org/2.0.0/sdmx-json-data-schema.json",
    "2.1": "https://json.sdmx.org/2.1/sdmx-json-data-schema.json",
}
JsonSchema = dict[str, object]


def _write(edition: str, schema: Schema) -> bytes:
    ids = schema.structure.components
    coded = {one: found for one in ids if (found := _codes(schema, one)) is not None}
    document: JsonSchema = {
        "$schema": _DRAFT,
        "$id": schema.namespace,
        "title": f"Data of {schema.context}",
        "allOf": [{"$ref": _OFFICIAL[edition]}],
        "properties": {"data": {"properties": {"structures": {"items": {"$ref": "#/$defs/structure"}}}}},
        "$defs": {"structure": {"properties": _structure(schema, coded)}, **coded},
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


write_v2_0 = functools.partial(_write, "2.0")
"""Write the schema of SDMX-JSON 2.0 data."""
write_v2_1 = functools.partial(_write, "2.1")
"""Write the schema of SDMX-JSON 2.1 data."""


def _codes(schema: Schema, identifier: str) -> JsonSchema | None:
    """What a coded component may list; in a deletion only dimensions mean their values."""
    codelist = schema.codelist(identifier)
    if codelist is None or (schema.deletion and identifier not in schema.structure.key_ids):
        return None
    return {"properties": {"values": {"items": {"properties": {"id": {"enum": list(codelist.codes)}}}}}}


def _structure(schema: Schema, coded: Iterable[str]) -> JsonSchema:
    structure = schema.structure
    groups = {Attachment.GROUP, Attachment.DIMENSIONS}
    by_dimensions = [each.id for each in structure.attributes if each.attached_to in groups]
    listed = functools.partial(_listed, frozenset(coded))
    return {
        "dimensions": {
            "properties": {
                "dataSet": listed(structure.key_ids),
                "series": listed(schema.series_ids),
                "observation": listed(schema.observation_ids),
            }
        },
        "measures": {"properties": {"observation": listed(each.id for each in structure.measures)}},
        "attributes": {
            "properties": {
                "dataSet": listed(each.id for each in structure.attributes),
                "dimensionGroup": listed(by_dimensions),
                "series": listed(by_dimensions),
                "observation": listed(each.id for each in structure.attributes),
            }
        },
    }


def _listed(coded: frozenset[str], ids: Iterable[str]) -> JsonSchema:
    """A list of components: these alone, the coded ones with their codes."""
    allowed = list(ids)
    rules = [
        {"if": {"properties": {"id": {"const": one}}}, "then": {"$ref": f"#/$defs/{one}"}}
        for one in allowed
        if one in coded
    ]
    item: JsonSchema = {"properties": {"id": {"enum": allowed}}} if allowed else {"not": {}}
    return {"items": item | ({"allOf": rules} if rules else {})}
