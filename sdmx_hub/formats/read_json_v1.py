"""Data of SDMX-JSON 1.0: flat, by series, with any dimension at the observation."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from sdmx_hub.formats.read_data import FindStructure, ReadData
from sdmx_hub.formats.read_json import read_message
from sdmx_hub.formats.read_json_extract import Layout
from sdmx_hub.formats.sniff import HEAD

WRAPPED = Layout(structures="data.structure", datasets="data.dataSets", header="meta")
"""SDMX-JSON 1.0 as published."""
BARE = Layout(structures="structure", datasets="dataSets", header="header")
"""The working draft of it, which many services still write."""
_DATA = re.compile(rb'"data"\s*:\s*\{')


def read(path: Path, find: FindStructure, connection: duckdb.DuckDBPyConnection) -> ReadData:
    """Read a message. Raises Malformed with line and column, NotFound for an unknown structure, TooLarge."""
    with path.open("rb") as stream:
        layout = WRAPPED if _DATA.search(stream.read(HEAD)) else BARE
    return read_message(path, find, connection, layout)
