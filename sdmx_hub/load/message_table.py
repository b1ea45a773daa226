"""SDMX messages as tables of a mapping: the components of their structure are the columns, the observations the rows.

Reading messages is for ``formats``, mapping for ``mapping``, and neither knows the other: here a message is read with
the structure it is in, and written as a file of texts that a mapping reads like any other.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from sdmx_hub.errors import BadRequest, Malformed
from sdmx_hub.formats.read_data import ReadData
from sdmx_hub.formats.readers import read_data
from sdmx_hub.load.artefacts import locate_files
from sdmx_hub.load.guard import GuardLimits, open_guarded
from sdmx_hub.mapping.rules import TableMapping
from sdmx_hub.mapping.table import TableFile
from sdmx_hub.mapping.table_arrow import write_texts
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import SOURCE_ROW, open_reader, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts

Find = Callable[[Urn], DataStructure | None]


@contextlib.contextmanager
def message_tables(
    mapping: TableMapping, files: Sequence[TableFile], artefacts: Artefacts, limits: GuardLimits | None = None
) -> Iterator[tuple[TableFile, ...]]:
    """Give the files of a mapping; of one that reads messages, their tables, for as long as the context lasts.

    The structure of a message is the file the mapping names, else one of ``artefacts``. Raises NotFound for a structure
    that is neither, BadRequest for a name that leads out of the folder of the mapping, and what the readers raise.
    """
    if mapping.source.format != "sdmx" or any(file.is_brought for file in files):
        yield tuple(files)
        return
    find = _finder(mapping, artefacts)
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-message-") as folder:
        tables = []
        for number, file in enumerate(files):
            target = Path(folder) / f"{number}.arrows"
            _write_table(file.path, find, target, limits)
            tables.append(TableFile(path=target, name=file.shown, period=file.period, is_brought=True))
        yield tuple(tables)


def _finder(mapping: TableMapping, artefacts: Artefacts) -> Find:
    """Find structures in the file the mapping names, and in what the hub holds."""
    places = [artefacts]
    named = mapping.source.structure
    if named is not None:
        if Path(named).is_absolute() or ".." in Path(named).parts:
            raise BadRequest("files-outside", pattern=named)
        located = locate_files([(mapping.folder or Path()) / named])
        places.insert(0, Artefacts(one.artefact for one in located))

    def find(urn: Urn) -> DataStructure | None:
        holder = next((place for place in places if place.find(urn) is not None), None)
        return holder.structure_of(urn) if holder else None

    return find


def _write_table(path: Path, find: Find, target: Path, limits: GuardLimits | None) -> None:
    with (
        open_guarded(path, limits) as guarded,
        tempfile.TemporaryDirectory(prefix="sdmx-hub-read-") as spill,
        duckdb.connect(config={"memory_limit": "512MB", "threads": 2, "temp_directory": spill}) as connection,
    ):
        message = read_data(guarded.path, find, connection)
        if any(Action.DELETE in dataset.actions for dataset in message.datasets):
            raise Malformed("message-deletes")
        names = list(dict.fromkeys(name for one in message.datasets for name in one.structure.components))
        write_texts(target, names, _batches(message, names))


def _batches(message: ReadData, names: Sequence[str]) -> Iterator[list[pa.Array]]:
    for dataset in message.datasets:
        held = dataset.structure.components
        columns = ", ".join(
            f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}" if name in held else f"'' AS {quoted(name)}"
            for name in names
        )
        query = f"SELECT {columns} FROM ({dataset.rows.sql}) ORDER BY {SOURCE_ROW}"
        for batch in open_reader(dataset.rows.connection, query, dataset.rows.params):
            yield [column.cast(pa.string()) for column in batch.columns]
