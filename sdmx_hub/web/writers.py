"""The writers of structure messages and schemas, by the id of the format in ``formats.table``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from sdmx_hub.formats import (
    schema_json,
    schema_xsd_v2_1,
    schema_xsd_v3,
    structure_json_v1_0,
    structure_json_v2_0,
    structure_json_v2_1,
    structure_xml_v2_1,
    structure_xml_v3_0,
    structure_xml_v3_1,
)
from sdmx_hub.formats.schema_xsd import Schema
from sdmx_hub.model.message import Header, StructureMessage
from sdmx_hub.publish.schema import open_schema, open_schema_structures
from sdmx_hub.query.request import SchemaQuery
from sdmx_hub.store.artefacts import Artefacts

WriteStructures = Callable[[StructureMessage], bytes]
WriteSchema = Callable[[SchemaQuery, Artefacts, Header], bytes]

STRUCTURE_WRITERS: Mapping[str, WriteStructures] = {
    "structure-xml-2.1": structure_xml_v2_1.write,
    "structure-xml-3.0": structure_xml_v3_0.write,
    "structure-xml-3.1": structure_xml_v3_1.write,
    "structure-json-1.0": structure_json_v1_0.write,
    "structure-json-2.0": structure_json_v2_0.write,
    "structure-json-2.1": structure_json_v2_1.write,
}


def _as_schema(write: Callable[[Schema], bytes], query: SchemaQuery, artefacts: Artefacts, _header: Header) -> bytes:
    return write(open_schema(query, artefacts))


def _as_structures(write: WriteStructures, query: SchemaQuery, artefacts: Artefacts, header: Header) -> bytes:
    return write(StructureMessage(header, open_schema_structures(query, artefacts)))


SCHEMA_WRITERS: Mapping[str, WriteSchema] = {
    "schema-xml-2.1": functools.partial(_as_schema, schema_xsd_v2_1.write),
    "schema-xml-3.0": functools.partial(_as_schema, schema_xsd_v3.write_v3_0),
    "schema-xml-3.1": functools.partial(_as_schema, schema_xsd_v3.write_v3_1),
    "schema-json-2.0": functools.partial(_as_schema, schema_json.write_v2_0),
    "schema-json-2.1": functools.partial(_as_schema, schema_json.write_v2_1),
    **{key: functools.partial(_as_structures, write) for key, write in STRUCTURE_WRITERS.items()},
}
