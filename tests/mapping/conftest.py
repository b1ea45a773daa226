from __future__ import annotations

import functools
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import duckdb
import pytest

from sdmx_hub.load.artefacts import pack_root, read_pack
from sdmx_hub.mapping import table_statistics, table_workbook
from sdmx_hub.mapping.apply import Mapped, apply_mapping
from sdmx_hub.mapping.guess import sample
from sdmx_hub.mapping.reading import parse_mapping, read_mapping
from sdmx_hub.mapping.rules import TableMapping
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts
from tests.mapping.tables import MAPPINGS, changed
from tests.support.commands import type_command
from tests.support.engine import connect
from tests.support.homes import make_office
from tests.support.parsing import parse_in

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def artefacts() -> Artefacts:
    return Artefacts(read_pack(pack_root()))


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Type a command at a hub that holds the structures."""
    return functools.partial(type_command, make_office(tmp_path_factory.mktemp("office")))


@pytest.fixture
def parse_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse workbooks and surveys in this process; that they are parsed in a child is for ``test_hostile`` to show."""
    parse_in(monkeypatch, sample, table_workbook, table_statistics)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as opened:
        yield opened


@pytest.fixture(scope="session")
def shipped_once(artefacts: Artefacts) -> Callable[..., Mapped]:
    """Apply a mapping that comes with the hub to a sample, once for all tests: to its own unless ``file`` is told."""

    @functools.cache
    def applied(name: str, file: str) -> Mapped:
        place = MAPPINGS / name
        [table] = (place.parent / "samples").glob(file or f"{place.name}.*")
        mapping = read_mapping(place.with_suffix(".yaml"))
        structure = artefacts.structure_of(Urn("Dataflow", mapping.dataflow))
        return apply_mapping(mapping, table, structure, artefacts, connect())

    return lambda name, file="": applied(name, file)


@pytest.fixture
def apply(artefacts: Artefacts, connection: duckdb.DuckDBPyConnection) -> Callable[..., Mapped]:
    """Apply a mapping (a file, a text or a value) to a file."""

    def applied(mapping: Path | str | TableMapping, file: Path) -> Mapped:
        if isinstance(mapping, Path):
            mapping = read_mapping(mapping)
        elif isinstance(mapping, str):
            mapping = parse_mapping(mapping, file="test.yaml")
        structure = artefacts.structure_of(Urn("Dataflow", mapping.dataflow))
        return apply_mapping(mapping, file, structure, artefacts, connection)

    return applied


@pytest.fixture
def apply_text(apply: Callable[..., Mapped], tmp_path: Path) -> Callable[..., Mapped]:
    """Apply MINIMAL, with texts in it replaced, to a table given as text or bytes."""

    def applied(table: str | bytes, changes: Mapping[str, str] | None = None, name: str = "table.csv") -> Mapped:
        file = tmp_path / name
        file.write_bytes(table.encode() if isinstance(table, str) else table)
        return apply(changed(changes or {}), file)

    return applied
