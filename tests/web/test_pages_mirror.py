"""The pages about corridors: readable by people and programs, and no more than the reader may know."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from sdmx_hub.config import Settings
from sdmx_hub.store.database import open_database
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.registry import Registry
from sdmx_hub.web.app import create_app
from tests.quality.cells import cell, seasonal_work, write_cells
from tests.support.commands import type_command
from tests.support.homes import make_office
from tests.support.serving import serving
from tests.web.browsing import RULES

HIDDEN = "4711"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A hub with the figures of AS-06, and one departure the public may not see."""
    folder = tmp_path_factory.mktemp("mirror")
    home = make_office(folder / "home")
    secret = cell(
        "DF_REC_CHAIN", "ECU", "DEPLOYED", "ESP", HIDDEN, provider="COL_SPE", MIG_TYPE="SEAS", CONF_STATUS="N"
    )
    files = [*seasonal_work(folder), (write_cells(folder / "ECU.csv", "DF_REC_CHAIN", [secret]), "COL_SPE")]
    for file, provider in files:
        done = type_command(home, "load", file, "--provider", provider, "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
    database = open_database(f"sqlite:///{home / 'control.db'}")
    observations = Observations(database, home / "observations")
    app = create_app(
        database=database, registry=Registry(database), observations=observations, settings=Settings(hub_id="TEST")
    )
    yield app.test_client()
    observations.close()
    database.close()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Do origin and destination agree?", "Mauritania → Spain", "exceeds the threshold", "2,810")),
        ("fr", ("Origine et destination concordent-elles", "Mauritanie → Espagne", "au-delà du seuil")),
        ("es", ("¿Coinciden origen y destino?", "Mauritania → España", "supera el umbral")),
    ],
)
def test_the_page_speaks_three_languages(client, language, words):
    page = client.get("/mirror", query_string={"lang": language})
    assert page.status_code == 200
    assert all(word in page.text for word in words)


def test_the_twin_says_the_same_and_can_be_narrowed(client):
    whole = client.get("/mirror.json").json
    assert [(one["compared"], one["expected"], one["multilateral"]) for one in whole["summaries"]] == [(4, 5, 0.0518)]
    narrowed = client.get("/mirror.json?area=sen&rule=DEPLOYED_PERMITS&period=2024").json
    assert [(pair["origin"], pair["cc1"]) for pair in narrowed["pairs"]] == [("SEN", -0.1301)]
    assert client.get("/mirror.json?rule=NO&area=%27%3B--").json["pairs"] == []


def test_what_one_end_tells_comes_last_and_is_counted(client):
    twin = client.get("/mirror.json").json
    assert twin["found"] == {"pairs": 4, "apart": 0, "one_sided": 1}
    assert [pair["origin"] for pair in twin["pairs"]] == ["MRT", "SEN", "COL", "GHA"]
    (alone,) = twin["one_sided"]
    assert (alone["area"], alone["name"], alone["only_origin"], alone["only_destination"]) == ("ESP", "Spain", 0, 1)
    page = client.get("/mirror").text
    assert page.index("Mauritania → Spain") < page.index("Only one end reports") < page.index("/mirror?area=ESP")
    assert "Ecuador" not in page
    of_spain = client.get("/mirror?area=esp").text
    assert of_spain.index("Mauritania → Spain") < of_spain.index('<a href="/corridors/ESP/ECU">Ecuador</a>')


def test_the_lists_follow_each_other_page_by_page(client):
    whole = client.get("/mirror.json").json
    seen = {"pairs": [], "apart": [], "one_sided": []}
    for number in (1, 2, 3):
        one = client.get(f"/mirror.json?limit=2&page={number}").json
        assert (one["page"], one["pages"], bool(one["summaries"])) == (number, 3, number == 1)
        assert sum(len(one[name]) for name in seen) <= 2
        for name in seen:
            seen[name] += one[name]
    assert seen == {name: whole[name] for name in seen}
    middle = client.get("/mirror?limit=2&page=2&lang=fr").text
    assert 'href="/mirror?limit=2&amp;lang=fr&amp;page=1" rel="prev"' in middle
    assert 'href="/mirror?limit=2&amp;lang=fr&amp;page=3" rel="next"' in middle
    assert "Page 2 sur 3" in middle
    assert "rel=" not in client.get("/mirror?limit=500").text.partition("<main")[2]
    assert client.get("/mirror?page=9999999999").status_code == 200
    assert client.get("/mirror?page=-3&limit=x").status_code == 200


def test_a_corridor_has_a_page(client):
    page = client.get("/corridors/SEN/ESP?lang=fr")
    assert page.status_code == 200
    assert all(word in page.text for word in ("Sénégal – Espagne", "Travailleurs partis sous contrat", "401"))
    assert client.get("/corridors/ESP/SEN.json").json["dataflows"]
    assert client.get("/corridors/SEN/XXX").status_code == 404
    assert client.get("/corridors/SEN/" + "X" * 500).status_code == 404


def test_a_corridor_has_a_picture_with_words(client):
    page = client.get("/corridors/SEN/ESP?lang=fr").text
    assert page.count('<svg class="chart') == 1
    assert 'role="img" aria-labelledby="chart-1-t chart-1-d"' in page
    assert "Sénégal (origine)" in page
    assert page.index('<svg class="chart') < page.index("L&#39;origine dit")


@pytest.mark.parametrize("path", ["/mirror", "/mirror.json", "/corridors/ECU/ESP", "/corridors/ECU/ESP.json"])
def test_what_the_public_may_not_see_is_not_compared(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert HIDDEN not in answer.text
    assert "4,711" not in answer.text


@pytest.mark.browser
def test_the_pages_break_no_rule_of_wcag_2_2_aa_and_fit_a_small_screen(client, chromium):
    small = {"width": 320, "height": 640}
    with serving(client.application) as served, chromium.new_context(viewport=small, color_scheme="dark") as context:
        page = context.new_page()
        for path in ("/mirror?limit=2&page=2", "/mirror?area=ESP&lang=es", "/corridors/SEN/ESP?lang=fr"):
            page.goto(served + path)
            results = Axe().run(page, options=RULES)
            assert results.violations_count == 0, results.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth") <= small["width"]
