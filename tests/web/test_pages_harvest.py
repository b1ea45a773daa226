"""The pages about harvests: readable by people and programs, and no more than the reader may know."""

import csv
import datetime as dt
import json
import re

import pytest

from sdmx_hub.store.keys import OPERATE
from sdmx_hub.store.run_rows import Outcome, Slot, State, Verdict
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.sources import Sources
from tests.web.conftest import COUNT, RELEASED, Parts
from tests.web.test_api import bearer

LEASE = dt.timedelta(minutes=1)
DOCUMENT = {
    "id": "P",
    "title": {"en": "The partner", "fr": "Le partenaire"},
    "endpoint": "https://partner.example/sdmx/v2",
    "api": "v2",
    "schedule": {"every": "1 day"},
    "flows": [{"dataflow": "ILMH:DF_STOCK_POP(1.0.0)"}],
}
SECRETS = ("receive-4711", "4711", "harvest-rejected", "V01")


@pytest.fixture(scope="module")
def runs(parts: Parts):
    """One run that released, one that released what the public cannot see, one that failed."""
    made = Runs(parts.database)
    Sources(parts.database).save("P", json.dumps(DOCUMENT), "0" * 64, origin="x", actor="test", now=RELEASED)
    outcomes = [
        Outcome(state=State.SUCCEEDED, verdict=Verdict("harvest-unchanged"), received=4711, added=4711, release_id=1),
        Outcome(state=State.SUCCEEDED, verdict=Verdict("harvest-unchanged"), received=4711, added=4711, release_id=99),
        Outcome(state=State.FAILED, verdict=Verdict("harvest-rejected", {"errors": 4711})),
    ]
    found = []
    for number, outcome in enumerate(outcomes):
        at = RELEASED + dt.timedelta(hours=number)
        made.queue(Slot(source="P", flow="DF_STOCK_POP", slot=at, host="h"), now=at)
        held = made.claim("test", now=at, lease=LEASE)
        found.append(made.finish(held, outcome, now=at))
    return found


@pytest.mark.parametrize(("language", "title"), [("en", "Harvests"), ("fr", "Collectes"), ("es", "Recolecciones")])
def test_the_page_speaks_three_languages(client, runs, language, title):
    answer = client.get("/harvest", query_string={"lang": language})
    assert answer.status_code == 200
    assert f"<h1>{title}</h1>" in answer.text
    assert "/harvest.json" in answer.text


def test_the_twin_says_the_same(client, runs):
    content = client.get("/harvest.json").json
    assert content["sources"] == [
        {
            "id": "P",
            "name": "The partner",
            "health": "failing",
            "light": "red",
            "health_text": "failing",
            "last_good": "2026-11-20T09:00:00Z",
        }
    ]
    assert content["scheduler"]["state"] in {"ok", "absent"}
    assert [run["state"] for run in content["runs"]] == ["failed", "unchanged", "succeeded"]
    shown = content["runs"][2]
    assert shown["added"] > 0
    assert shown["added"] != 4711
    one = client.get(f"/harvest/{shown['id']}.json").json
    first = one.pop("changes")
    assert one == shown
    assert len(first) == 50
    assert first[0]["key"]["REF_AREA"] == "ESP"
    assert (first[0]["change"], first[0]["old"], first[0]["components"]) == ("A", None, [])
    assert first[0]["names"]["REF_AREA"] == "Spain"
    page = client.get(f"/harvest/{shown['id']}", query_string={"lang": "fr"}).text
    assert f"/api/harvest/runs/{shown['id']}/changes" in page
    assert "ajoutée" in page
    assert client.get(f"/harvest/{shown['id']}").status_code == 200


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Reference area", "Spain", r"\d,\d{3}")),
        ("fr", ("Zone de référence", "Espagne", "\\d\u202f\\d{3}")),
        ("es", ("Área de referencia", "España", r"\d\.\d{3}")),
    ],
)
def test_changes_have_names_and_numbers_in_the_reader_s_language(client, runs, language, words):
    head, name, number = words
    page = client.get(f"/harvest/{runs[0].id}", query_string={"lang": language}).text
    assert f'<th scope="col" title="REF_AREA">{head}' in page
    assert f'<td title="ESP">{name}</td>' in page
    assert re.search(f'<td class="number">[^<]*{number}</td>', page)


@pytest.mark.parametrize("path", ["/harvest", "/harvest.json", "/api/harvest/runs"])
def test_nobody_learns_what_the_public_may_not_know(client, runs, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert not any(secret in answer.text for secret in SECRETS)


def test_the_api_gives_the_runs(client, runs):
    listed = client.get("/api/harvest/runs").json["runs"]
    expected = {"id", "source", "slot", "state", "started", "finished", "added", "revised", "deleted", "unchanged"}
    assert expected | {"findings"} <= set(listed[0])


def test_a_run_nobody_made_is_not_found(client, runs):
    assert client.get("/harvest/4711").status_code == 404
    assert client.get("/harvest/4711.json").status_code == 404


def test_runs_are_paged(client, runs):
    newest = client.get("/harvest.json").json["runs"][0]["id"]
    older = client.get(f"/harvest.json?before={newest}").json["runs"]
    assert [run["id"] for run in older] == [run.id for run in reversed(runs[:2])]


def test_what_changed_is_told_as_far_as_the_reader_may_know(client, parts, runs):
    seen = client.get(f"/api/harvest/runs/{runs[0].id}/changes")
    assert seen.content_type == "application/vnd.sdmx.data+csv;version=2.0.0"
    lines = seen.text.splitlines()
    assert len(lines) == COUNT + 1
    assert lines[0].startswith("STRUCTURE,STRUCTURE_ID,ACTION,FREQ,")
    assert "OLD_OBS_VALUE" in lines[0]
    assert next(csv.reader(lines[1:]))[:4] == ["dataflow", "ILMH:DF_STOCK_POP(1.0.0)", "A", "A"]
    told = client.get(f"/api/harvest/runs/{runs[0].id}/changes", query_string={"format": "json"})
    assert told.content_type == "application/json"
    assert len(json.loads(told.data)["changes"]) == COUNT
    hidden = client.get(f"/api/harvest/runs/{runs[1].id}/changes")
    assert len(hidden.text.splitlines()) == 1
    assert client.get("/api/harvest/runs/4711/changes").status_code == 404
    assert client.get(f"/api/harvest/runs/{runs[0].id}/changes?format=xml").status_code == 400
    all_of_it = client.get(f"/api/harvest/runs/{runs[0].id}/changes", headers=bearer(parts, OPERATE))
    assert len(all_of_it.text.splitlines()) == COUNT + 1
    assert "no-store" in all_of_it.headers["Cache-Control"]


def test_the_health_of_partners_is_told_in_words_and_measured(client, runs):
    page = client.get("/harvest", query_string={"lang": "es"}).text
    assert '<span class="light light-red" aria-hidden="true"></span> con fallos' in page
    gauges = client.get("/metrics").text
    assert 'sdmx_hub_source_health{source="P",state="failing"} 1.0' in gauges
    assert 'sdmx_hub_source_health{source="P",state="ok"} 0.0' in gauges
    assert 'sdmx_hub_source_last_good_timestamp_seconds{source="P"} 1.7951652e+09' in gauges
    assert client.get("/readyz").status_code == 200
