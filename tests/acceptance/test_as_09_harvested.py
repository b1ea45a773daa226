"""AS-09 at a hub that harvests: the partner's placements come by pull, by condition and by delta, and read the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from sdmx_hub.config import Settings
from sdmx_hub.store.database import open_database
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.registry import Registry
from sdmx_hub.web.app import create_app
from tests.acceptance.hubs import CSV_1, CSV_2, MAPPINGS, data_path, rows_of
from tests.acceptance.test_as_09 import QUERY, WHAT, assert_as_stated
from tests.support.commands import type_command
from tests.support.homes import make_office
from tests.support.serving import serving

RETURN = MAPPINGS / "GHA_LD" / "samples" / "placements_agencies.csv"
SOURCE = """\
id: {id}
title: {{en: Labour Department of Ghana}}
endpoint: {endpoint}/sdmx/v2
api: v2
mechanism: pull
full_every: 0
schedule: {{every: 1 day}}
flows:
  - dataflow: ILMH:DF_PES_VAC(1.0.0)
    filters: {{REF_AREA: [{area}]}}
"""


@contextmanager
def opened(home: Path) -> Iterator[Any]:
    """The web application of a home."""
    database = open_database(f"sqlite:///{home / 'control.db'}")
    observations = Observations(database, home / "observations")
    try:
        yield create_app(
            database=database, registry=Registry(database), observations=observations, settings=Settings(hub_id="TEST")
        )
    finally:
        observations.close()
        database.close()


def publish(home: Path, text: str) -> None:
    """The partner loads a return of its agencies."""
    path = home / "return.csv"
    path.write_text(text, encoding="utf-8")
    mapping = MAPPINGS / "GHA_LD" / "placements_agencies.yaml"
    done = type_command(home, "load", path, "--mapping", mapping, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def ministry(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A hub that has visited Ghana five times and Lesotho's part of it once; gives how each visit ended.

    At first the agencies had told 390 placements abroad for 2013, and nothing of 2014; then they revised their return.
    """
    folder = tmp_path_factory.mktemp("harvested")
    ghana, ours = make_office(folder / "ghana"), make_office(folder / "ours")
    with (ours / "hub.toml").open("a", encoding="utf-8") as file:
        file.write("allow_loopback = true\n")
    final = RETURN.read_text(encoding="utf-8")
    publish(ghana, final.replace("396", "390").replace("494", ""))
    with opened(ghana) as app, serving(app) as partner:
        for name, area in (("GHANA", "GHA"), ("LESOTHO", "LSO")):
            (folder / f"{name}.yaml").write_text(SOURCE.format(id=name, endpoint=partner, area=area), encoding="utf-8")
            assert type_command(ours, "source", "add", folder / f"{name}.yaml").returncode == 0

        def visit(source: str = "GHANA", **changes: str) -> dict[str, Any]:
            for key, value in changes.items():
                assert type_command(ours, "source", "edit", source, "--set", f"{key}={value}").returncode == 0
            done = type_command(ours, "harvest", "run", source, "--json")
            assert done.returncode == 0, done.stdout + done.stderr
            (run,) = json.loads(done.stdout)["runs"]
            shown: dict[str, Any] = json.loads(type_command(ours, "harvest", "show", str(run["id"]), "--json").stdout)
            return shown

        visits = {"pull": visit(), "the first by condition": visit(mechanism="conditional"), "conditional": visit()}
        visits["the first by delta"] = visit(mechanism="delta")
        early = type_command(ours, "table", WHAT.format(QUERY), "--derive", "totals,shares", "--json").stdout
        publish(ghana, final)
        visits |= {"delta": visit(), "Lesotho": visit("LESOTHO")}
    return ours, visits | {"early table": json.loads(early)}


@pytest.fixture(scope="module")
def client(ministry: tuple[Path, dict[str, Any]]) -> Iterator[FlaskClient]:
    with opened(ministry[0]) as app:
        yield app.test_client()


VISITS = {
    "pull": ("succeeded", "harvest-succeeded", 200, 12, (12, 0, 0)),
    "the first by condition": ("unchanged", "harvest-unchanged", 200, 12, (0, 0, 0)),  # the source has changed
    "conditional": ("unchanged", "harvest-not-modified", 304, 0, (0, 0, 0)),
    "the first by delta": ("unchanged", "harvest-unchanged", 200, 12, (0, 0, 0)),
    "delta": ("succeeded", "harvest-succeeded", 200, 2, (0, 2, 0)),
    "Lesotho": ("unchanged", "harvest-nothing", 204, 0, (0, 0, 0)),
}


@pytest.mark.parametrize(("visit", "expected"), VISITS.items())
def test_each_way_of_asking_brings_what_it_should(ministry, visit, expected) -> None:
    run = ministry[1][visit]
    counts = tuple(run[name] for name in ("added", "revised", "deleted"))
    (asked,) = [request for request in run["requests"] if request["purpose"] == "data"]
    assert (run["state"], run["verdict_code"], asked["status"], run["received"], counts) == expected


def test_nothing_there_is_said_as_nothing_and_releases_nothing(ministry) -> None:
    run = ministry[1]["Lesotho"]
    assert (run["state"], run["release"]) == ("unchanged", None)
    assert run["verdict"] == "The partner has no observations, and we hold none from it."


def test_the_table_is_as_stated_once_the_revised_return_has_come(ministry) -> None:
    home, visits = ministry
    with pytest.raises(AssertionError):
        assert_as_stated(visits["early table"])
    done = type_command(home, "table", WHAT.format(QUERY), "--derive", "totals,shares", "--json")
    assert_as_stated(json.loads(done.stdout))


def test_a_missing_return_is_missing_here_too_and_never_nought(client: FlaskClient) -> None:
    rows = rows_of(client.get(data_path("v2", "DF_PES_VAC", query=QUERY), headers={"Accept": CSV_2}).data)
    missing = {(row["TIME_PERIOD"], row["COUNTERPART_AREA"], row["SEX"]) for row in rows if row["OBS_STATUS"] == "L"}
    assert missing == {
        (year, area, sex) for year, area in (("2013", "W2"), ("2013", "W1"), ("2014", "W1")) for sex in "MF"
    }
    assert {row["OBS_VALUE"] for row in rows if row["OBS_STATUS"] == "L"} == {""}
    assert "0" not in {row["OBS_VALUE"] for row in rows}


def test_a_country_nobody_told_of_is_not_found(client: FlaskClient, ministry) -> None:
    answer = client.get(data_path("v1", "DF_PES_VAC", "A.LSO.PLACE.CWK.........."), headers={"Accept": CSV_1})
    assert answer.status_code == 404
    lesotho = QUERY.replace("GHA", "LSO")
    answer = client.get(data_path("v2", "DF_PES_VAC", query=lesotho), headers={"Accept": CSV_2})
    assert (answer.status_code, answer.data) == (204, b"")
    assert type_command(ministry[0], "table", WHAT.format(lesotho)).returncode == 5
