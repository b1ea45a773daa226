"""The table of readers: which module reads which kind of data message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from sdmx_hub.formats import (
    read_csv_v1,
    read_csv_v2,
    read_json_v1,
    read_json_v2,
    read_json_v2_1,
    read_xml_v2_1,
    read_xml_v2_1_generic,
    read_xml_v3_0,
    read_xml_v3_1,
)
from sdmx_hub.formats.read_data import FindStructure, ReadData
from sdmx_hub.formats.sniff import Kind, require_data_message

Read = Callable[[Path, FindStructure, duckdb.DuckDBPyConnection], ReadData]

READERS: Mapping[Kind, Read] = {
    Kind.CSV_V1: read_csv_v1.read,
    Kind.CSV_V2: read_csv_v2.read,
    Kind.XML_V2_1_SPECIFIC: read_xml_v2_1.read,
    Kind.XML_V2_1_GENERIC: read_xml_v2_1_generic.read,
    Kind.XML_V3_0: read_xml_v3_0.read,
    Kind.XML_V3_1: read_xml_v3_1.read,
    Kind.JSON_V1: read_json_v1.read,
    Kind.JSON_V2: read_json_v2.read,
    Kind.JSON_V2_1: read_json_v2_1.read,
}


def read_data(path: Path, find: FindStructure, connection: duckdb.DuckDBPyConnection) -> ReadData:
    """Read a data message of any kind there is a reader for.

    Raises Malformed for anything else (naming what it is), NotFound for an unknown structure, TooLarge.
    """
    return READERS[require_data_message(path)](path, find, connection)
