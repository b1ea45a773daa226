"""AS-02: a developer hears of every mistake of a mapping at once, with line numbers, and nothing is half loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.hubs import CSV_2, Server, ask, data_path, rows_of, run, serving

FIXTURES = Path(__file__).parents[1] / "mapping" / "fixtures" / "as_02"
WRONG = (FIXTURES / "jobseekers.csv", "--mapping", FIXTURES / "jobseekers.yaml")
CORRECTED = (FIXTURES / "jobseekers_corrected.csv", "--mapping", FIXTURES / "jobseekers_corrected.yaml")
MISTAKES = [
    ("V05-REFAREA", None),
    ("AREA-UNKNOWN", 3),
    ("AREA-AMBIG", 4),
    ("AGE-BAND", 5),
    ("NUM-PARSE", 6),
    ("DUP-01", 8),
]
FLOW = "DF_PES_JS"
FILES_OF_OBSERVATIONS = ("*.duckdb", "*.parquet")


def judge(home: Path, *words: object) -> Any:
    """Run a command that must end with findings; gives its report."""
    done = run(home, *words, "--json")
    assert done.returncode == 3, done.stderr
    return json.loads(done.stdout)


def stored(home: Path) -> list[Path]:
    return [path for pattern in FILES_OF_OBSERVATIONS for path in (home / "observations").rglob(pattern)]


@pytest.mark.parametrize("verb", ["check", "load"])
def test_every_mistake_is_told_at_once_and_nothing_is_stored(new_home: Callable[[], Path], verb: str) -> None:
    home = new_home()
    report = judge(home, verb, *WRONG)
    errors = {each["code"]: each for each in report["findings"] if each["severity"] == "error"}
    told = [(each["code"], each.get("row")) for each in report["findings"] if each["severity"] == "error"]
    assert sorted(told, key=lambda one: one[1] or 0) == MISTAKES
    assert report["errors"] == 6
    above = [each for each in report["findings"] if each.get("row") == 7 and each["severity"] != "info"]
    assert above == []
    assert errors["AREA-UNKNOWN"]["value"] == "Guinée-Équatorial"
    assert "COG" in errors["AREA-AMBIG"]["message"]
    assert "COD" in errors["AREA-AMBIG"]["message"]
    assert errors["AREA-UNKNOWN"]["message"] == "« Guinée-Équatorial » n'est ni le nom ni le code d'une zone."
    assert errors["AGE-BAND"]["message"] == "15-35 n'est pas Y15T34 ; Y15T35 existe"
    assert errors["NUM-PARSE"]["value"] == "1.2e3x"
    assert "2" in errors["DUP-01"]["message"]
    assert stored(home) == []
    assert ask(home, "release", "list") == {"releases": []}


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "15-35 is not Y15T34; Y15T35 exists"),
        ("es", "15-35 no es Y15T34; existe Y15T35"),
    ],
)
def test_the_messages_are_in_the_language_asked_for(bare_home: Path, language: str, told: str) -> None:
    said = [each["message"] for each in judge(bare_home, "check", *WRONG, "--lang", language)["findings"]]
    assert told in said
    assert all(len(text) > 20 for text in said)


def test_after_the_corrections_everything_is_loaded_and_loading_again_is_the_same_vintage(
    new_home: Callable[[], Path],
) -> None:
    home = new_home()
    with serving(home) as server:
        assert refused(server) == {"v1": 404, "v2": 204}
        judge(home, "load", *WRONG)
        assert refused(server) == {"v1": 404, "v2": 204}
        assert counts(ask(home, "check", *CORRECTED)) == (10, 10, 0)
        assert counts(ask(home, "load", *CORRECTED, "--yes")) == (10, 10, 0)
        first, releases = published(server), ask(home, "release", "list")
        again = ask(home, "load", *CORRECTED, "--yes")
        assert counts(again) == (10, 10, 0)
        assert (again["unchanged"], again["release"]) == (10, None)
        assert published(server) == first
        assert ask(home, "release", "list") == releases
    assert len(releases["releases"]) == 1
    rows = rows_of(first[1])
    assert len(rows) == 10
    assert {row["REF_AREA"] for row in rows} == {"MLI"}
    (blank,) = [row for row in rows if row["COUNTERPART_AREA"] == "TCD"]
    assert (blank["OBS_VALUE"], blank["OBS_STATUS"]) == ("", "O")
    assert {row["AGE"] for row in rows if row["COUNTERPART_AREA"] == "NER"} == {"Y15T24", "Y15T35"}


def refused(server: Server) -> dict[str, int]:
    return {api: server.get(data_path(api, FLOW), CSV_2).status for api in ("v1", "v2")}


def published(server: Server) -> tuple[str, bytes]:
    answer = server.get(data_path("v2", FLOW), CSV_2)
    assert answer.status == 200
    return answer.headers["ETag"], answer.body


def counts(report: Any) -> tuple[int, int, int]:
    assert report["errors"] == 0
    return report["read"], report["mapped"], report["rejected"]
