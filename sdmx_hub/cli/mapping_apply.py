"""How the commands under ``sdmx-hub map`` apply a mapping in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from sdmx_hub.cli.context import HubContext
from sdmx_hub.cli.mapping_faults import usable
from sdmx_hub.cli.table_files import table_files
from sdmx_hub.load.message_table import message_tables
from sdmx_hub.mapping.apply import Mapped, apply_to_files
from sdmx_hub.mapping.reading import read_mapping
from sdmx_hub.mapping.rules import TableMapping
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Urn


def _limits(hub: HubContext, spill: str) -> dict[str, str | bool | int | float | list[str]]:
    """What the engine may use; what does not fit is written to the folder ``spill``."""
    return {
        "memory_limit": hub.settings.memory_limit,
        "threads": hub.settings.engine_threads,
        "temp_directory": spill,
    }


@contextmanager
def applied(
    hub: HubContext, typed: Sequence[Path], mapping_file: Path, params: Sequence[str] = (), *, show: int = 0
) -> Iterator[tuple[TableMapping, DataStructure, Mapped]]:
    """Apply a mapping in memory to the files typed, or to what it reads itself where there are none.

    So many rows as ``show`` are kept as they stand in the table.
    """
    with usable(hub):
        mapping = read_mapping(mapping_file)
    artefacts = hub.registry.snapshot()
    structure = artefacts.structure_of(Urn("Dataflow", mapping.dataflow))
    with (
        tempfile.TemporaryDirectory(prefix="sdmx-hub-map-") as spill,
        table_files(hub, typed, mapping_file, params) as files,
        message_tables(mapping, files, artefacts) as tables,
        duckdb.connect(config=_limits(hub, spill)) as connection,
    ):
        yield mapping, structure, apply_to_files(mapping, tables, structure, artefacts, connection, show=show)
