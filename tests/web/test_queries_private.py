"""Sizes, ranges, refusals and availability tell the public nothing of rows it may not see, not even that they exist."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from sdmx_hub.config import Settings
from sdmx_hub.load.artefacts import pack_root, read_pack
from sdmx_hub.model.message import Action
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.database import open_database
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.registry import Registry
from sdmx_hub.store.releases import Lineage
from tests.web.conftest import FLOW, RELEASED, Parts, make_clock, stock_rows

DATA = "/sdmx/v2/data/dataflow/ILMH/DF_STOCK_POP/1.0.0"
THERE = DATA.replace("data", "availability", 1)
SEEN = "SEX <> 'F' AND REF_AREA <> 'ESP'"
"""What the public may see; the internal audience of one of the two hubs has more."""


def make_two(home: Path, *, has_hidden: bool) -> Parts:
    database = open_database(f"sqlite:///{home / 'control.db'}")
    database.migrate()
    registry = Registry(database)
    registry.save(read_pack(pack_root()), actor="test", now=RELEASED)
    clock = make_clock()
    observations = Observations(database, home / "observations", clock=clock)
    structure = registry.snapshot().structure_of(Urn("Dataflow", FLOW))
    whole = stock_rows(structure)
    public = dataclasses.replace(whole, sql=f"SELECT * FROM ({whole.sql}) WHERE {SEEN}")  # noqa: S608 - constants
    views = {"public": public, "internal": whole if has_hidden else public}
    staged = observations.stage(FLOW, structure, views, scope={}, action=Action.REPLACE)
    observations.release([staged], Lineage(source="x"), actor="test", now=RELEASED)
    settings = Settings(base_url="", max_observations=20)
    return Parts(database, registry, observations, settings, home, clock)


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FlaskClient, FlaskClient]]:
    made = [make_two(tmp_path_factory.mktemp("two"), has_hidden=has_hidden) for has_hidden in (True, False)]
    yield made[0].app().test_client(), made[1].app().test_client()
    for parts in made:
        parts.close()


ASKED = [
    ("HEAD", f"{DATA}?limit=15", {}, None),
    ("HEAD", f"{DATA}?measures=none&attributes=none", {}, None),
    ("HEAD", f"{DATA}/A.ESP", {}, None),
    ("GET", DATA, {}, None),
    ("GET", f"{DATA}/A.ESP", {}, None),
    ("GET", f"{DATA}?format=csv", {"Range": "values=10-19"}, None),
    ("GET", f"{DATA}?format=csv", {"Range": "values=100-"}, None),
    ("GET", f"{DATA}?c[SEX]=F", {}, None),
    ("POST", f"{DATA}?format=csv", {}, "key=A.FRA&lastNObservations=1"),
    ("GET", THERE, {}, None),
    ("GET", f"{THERE}/A.FRA?mode=available&references=all", {}, None),
    ("GET", f"{THERE}/*/SEX?format=structure-json-2.1", {}, None),
    ("POST", THERE, {}, "c[SEX]=M"),
]


@pytest.mark.parametrize(("method", "path", "headers", "body"), ASKED)
def test_an_answer_is_the_same_whether_or_not_there_are_hidden_rows(
    clients: tuple[FlaskClient, FlaskClient], method: str, path: str, headers: dict[str, str], body: str | None
) -> None:
    content_type = "application/x-www-form-urlencoded" if body else None
    first, second = (
        one.open(path, method=method, headers=headers, data=body, content_type=content_type) for one in clients
    )
    assert first.status_code == second.status_code
    assert first.data == second.data
    assert sorted(first.headers) == sorted(second.headers)
    assert all(code not in first.data for code in (b">ESP<", b'"ESP"', b",ESP,", b" ESP "))
