"""Structure-specific data of SDMX-ML 2.1."""

from __future__ import annotations

from pathlib import Path

import duckdb

from sdmx_hub.formats.read_data import FindStructure, ReadData
from sdmx_hub.formats.read_xml import read_message


def read(path: Path, find: FindStructure, connection: duckdb.DuckDBPyConnection) -> ReadData:
    """Read a message. Raises Malformed with line and column, NotFound for an unknown structure, TooLarge."""
    return read_message(path, find, connection, has_primary=True)
