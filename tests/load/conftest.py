from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sdmx_hub.formats import read_json, read_xml, read_xml_v2_1_generic
from sdmx_hub.load.artefact_pack import pack_root, read_pack
from sdmx_hub.load.release import load_file
from sdmx_hub.load.report import LoadOrder, LoadReport
from sdmx_hub.load.template import reading
from sdmx_hub.mapping import table_workbook
from sdmx_hub.model.urn import Urn, parse_ref
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import DataQuery
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.blobs import local_blobs
from sdmx_hub.store.database import Database, open_database
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.registry import Registry
from tests.support.parsing import parse_in

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def parse_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse messages and workbooks in this process; that a child does is for the tests of the formats to show."""
    parse_in(monkeypatch, read_json, read_xml, read_xml_v2_1_generic, reading, table_workbook)


@pytest.fixture(scope="session")
def pack() -> Artefacts:
    """The structures that come with the hub."""
    return Artefacts(read_pack(pack_root()))


@pytest.fixture(scope="session")
def _control(tmp_path_factory: pytest.TempPathFactory, pack: Artefacts) -> Path:
    """A control database that holds the structures, made once."""
    file = tmp_path_factory.mktemp("control") / "control.db"
    database = open_database(f"sqlite:///{file}")
    database.migrate()
    Registry(database).save(pack, actor="test", now=NOW)
    database.close()
    return file


@dataclass
class Desk:
    """A hub at which files are loaded; its clock goes on by a minute with every load."""

    home: Path
    database: Database
    observations: Observations
    artefacts: Artefacts
    now: dt.datetime = NOW

    def load(self, path: Path, *, dry_run: bool = False, **order: Any) -> LoadReport:
        self.now += dt.timedelta(minutes=1)
        return load_file(
            LoadOrder(path=path, **order),
            self.artefacts,
            self.observations,
            actor="test",
            now=self.now,
            raw=local_blobs(self.home),
            dry_run=dry_run,
        )

    def rows(self, flow: str, *columns: str, audience: str = "internal", now: dt.datetime | None = None) -> list[Any]:
        """The observations of a dataflow, as tuples of some columns, sorted."""
        ref = parse_ref(flow)
        version = self.observations.version(ref, audience, now=now or self.now)
        if version is None:
            return []
        structure = self.artefacts.structure_of(Urn("Dataflow", ref))
        found = self.observations.open_rows(
            ref, structure, plan_data(DataQuery(), structure), audience=audience, version=version
        )
        try:
            listed = ", ".join(f'CAST("{column}" AS VARCHAR)' for column in columns)
            query = f"SELECT {listed} FROM ({found.sql}) ORDER BY ALL"  # noqa: S608 - columns of the test
            return found.connection.execute(query, list(found.params)).fetchall()
        finally:
            found.close()


@pytest.fixture
def desk(tmp_path: Path, _control: Path, pack: Artefacts) -> Iterator[Desk]:
    """A new hub with the structures and no data."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(_control, home / "control.db")
    database = open_database(f"sqlite:///{home / 'control.db'}")
    observations = Observations(database, home / "observations")
    yield Desk(home=home, database=database, observations=observations, artefacts=pack)
    observations.close()
    database.close()
