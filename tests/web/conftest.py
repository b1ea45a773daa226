"""A hub with the shipped structures and a few observations, its application, and a real server on loopback."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sdmx_hub.config import Settings
from sdmx_hub.load.artefacts import pack_root, read_pack
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import Rows
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.store.blobs import local_blobs
from sdmx_hub.store.database import Database, open_database
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.registry import Registry
from sdmx_hub.store.releases import Lineage
from sdmx_hub.web.app import create_app
from tests.support.engine import connect
from tests.support.homes import CONTROL, make_database, patterns
from tests.support.serving import serving
from tests.web.browsing import chromium

__all__ = ["chromium"]

NOW = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)
RELEASED = dt.datetime(2026, 11, 20, 8, 0, tzinfo=dt.UTC)
FLOW = Ref("ILMH", "DF_STOCK_POP", "1.0.0")
AREAS, PARTNERS, SEXES, YEARS = ("FRA", "ESP"), ("SEN", "MLI", "COL"), ("_T", "F", "M"), range(2015, 2024)
COUNT = len(AREAS) * len(PARTNERS) * len(SEXES) * len(YEARS) - 1
"""One observation, of Mali in France in 2019, is missing."""


def make_clock() -> Callable[[], dt.datetime]:
    """A clock that moves on by a millisecond whenever somebody looks."""
    ticks = itertools.count()
    return lambda: NOW + dt.timedelta(milliseconds=next(ticks))


class Parts(NamedTuple):
    """The parts a hub is made of."""

    database: Database
    registry: Registry
    observations: Observations
    settings: Settings
    home: Path
    clock: Callable[[], dt.datetime]

    def close(self) -> None:
        self.observations.close()
        self.database.close()

    def app(self) -> Flask:
        return create_app(
            database=self.database,
            registry=self.registry,
            observations=self.observations,
            settings=self.settings,
            raw=local_blobs(self.home),
            now=self.clock,
        )


def stock_rows(structure: DataStructure) -> Rows:
    """Rows of population stocks; totals are the sums of their parts."""
    fixed = {
        "FREQ": "A",
        "INDICATOR": "POP",
        "COUNTERPART_TYPE": "CCT",
        "MIG_CATEGORY": "_T",
        "AGE": "_T",
        "EDUCATION_LEV": "_T",
        "ACTIVITY": "_T",
        "OCCUPATION": "_T",
        "EMP_STATUS": "_T",
        "SOURCE_TYPE": "CEN",
        "UNIT_MEASURE": "PS",
        "CONF_STATUS": "F",
        "UNIT_MULT": "0",
        "DECIMALS": "0",
        "TIME_PER_COLLECT": "A",
        "DATA_PROVIDER": "ILMH",
    }
    made = {
        "REF_AREA": "area",
        "COUNTERPART_AREA": "partner",
        "SEX": "sex",
        "TIME_PERIOD": "year::VARCHAR",
        "OBS_VALUE": "CASE sex WHEN 'F' THEN base WHEN 'M' THEN base + 500 ELSE 2 * base + 500 END",
        "OBS_STATUS": "CASE WHEN year = 2020 THEN 'E' ELSE 'A' END",
        "COMMENT_OBS": "CASE WHEN year = 2020 THEN 'Estimated & revised, “provisional” <2021>' END",
    }
    columns = [
        f'{made.get(one) or (repr(fixed[one]) if one in fixed else "NULL")}::VARCHAR AS "{one}"'
        for one in structure.components
    ]
    sql = f"""SELECT {", ".join(columns)} FROM unnest({list(AREAS)}) a(area), unnest({list(PARTNERS)}) p(partner),
        unnest({list(SEXES)}) s(sex), range({YEARS.start}, {YEARS.stop}) y(year),
        LATERAL (SELECT (year - 2000) * (1000 + ascii(partner) * 7) + ascii(area) AS base)
        WHERE NOT (area = 'FRA' AND partner = 'MLI' AND sex = '_T' AND year = 2019)"""  # noqa: S608 - constants
    return Rows(connection=connect(), sql=sql, columns=tuple(structure.components), is_sorted=False)


def make_hub(home: Path) -> Parts:
    """Make a hub in ``home`` with the shipped structures and one release."""
    shutil.copytree(_pattern(), home, dirs_exist_ok=True)
    return _open(home)


@functools.cache
def _pattern() -> Path:
    """The home of such a hub, made once; every hub begins as a copy of it."""
    home = patterns() / "web"
    make_database(home / CONTROL).close()
    parts = _open(home)
    parts.registry.save(read_pack(pack_root()), actor="test", now=RELEASED)
    structure = parts.registry.snapshot().structure_of(Urn("Dataflow", FLOW))
    views = dict.fromkeys(("public", "internal"), stock_rows(structure))
    staged = parts.observations.stage(FLOW, structure, views, scope={}, action=Action.REPLACE)
    parts.observations.release([staged], Lineage(source="stocks.csv"), actor="test", now=RELEASED)
    parts.close()
    return home


def _open(home: Path) -> Parts:
    database = open_database(f"sqlite:///{home / CONTROL}")
    clock = make_clock()
    observations = Observations(database, home / "observations", clock=clock)
    return Parts(database, Registry(database), observations, Settings(base_url=""), home, clock)


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """A hub for everybody, which nobody changes."""
    made = make_hub(tmp_path_factory.mktemp("hub"))
    yield made
    made.close()


@pytest.fixture
def own_parts(tmp_path: Path) -> Iterator[Parts]:
    """A hub of one's own, to be changed."""
    made = make_hub(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="session")
def app(parts: Parts) -> Flask:
    return parts.app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def live_url(app: Flask) -> Iterator[str]:
    with serving(app) as address:
        yield address
