"""Data of SDMX-JSON 2.1: as in 2.0, flat, by series, with any dimension at the observation."""

from __future__ import annotations

from pathlib import Path

import duckdb

from sdmx_hub.formats.read_data import FindStructure, ReadData
from sdmx_hub.formats.read_json import read_message
from sdmx_hub.formats.read_json_v2 import LAYOUT


def read(path: Path, find: FindStructure, connection: duckdb.DuckDBPyConnection) -> ReadData:
    """Read a message. Raises Malformed with line and column, NotFound for an unknown structure, TooLarge."""
    return read_message(path, find, connection, LAYOUT)
