"""Data of SDMX-JSON 2.0: flat, by series, with any dimension at the observation."""

from __future__ import annotations

from pathlib import Path

import duckdb

from sdmx_hub.formats.read_data import FindStructure, ReadData
from sdmx_hub.formats.read_json import read_message
from sdmx_hub.formats.read_json_extract import Layout

LAYOUT = Layout(structures="data.structures.item", datasets="data.dataSets", header="meta")


def read(path: Path, find: FindStructure, connection: duckdb.DuckDBPyConnection) -> ReadData:
    """Read a message. Raises Malformed with line and column, NotFound for an unknown structure, TooLarge."""
    return read_message(path, find, connection, LAYOUT)
