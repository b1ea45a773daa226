"""Generic data of SDMX-ML 2.1, with series or flat."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from sdmx_hub.formats import read_xml_generic
from sdmx_hub.formats.read_data import PRIMARY_MEASURE, FindStructure, ReadData, primary_measure
from sdmx_hub.formats.read_xml import Described, read_message
from sdmx_hub.sandbox import run_limited


def read(path: Path, find: FindStructure, connection: duckdb.DuckDBPyConnection) -> ReadData:
    """Read a message. Raises Malformed with line and column, NotFound for an unknown structure, TooLarge."""
    return read_message(path, find, connection, extract_generic, has_primary=True)


def extract_generic(path: Path, names: list[str], folder: Path, described: Described) -> Mapping[str, Any]:
    """Extract series, observations and groups."""
    structure = described.structure
    at_observation = described.at_observation
    if at_observation not in structure.components and structure.time_dimension:
        at_observation = structure.time_dimension.id
    measure = primary_measure(structure) or PRIMARY_MEASURE
    return run_limited(read_xml_generic.extract, path, names, folder, at_observation, measure)
