"""``sdmx-hub map suggest``, ``accept``, ``reject`` and ``undo``, run as a person runs them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.mapping.conftest import Run
from tests.mapping.tables import FIXTURES, MINIMAL

TABLE = "pays,n\nTchad,5\nCongo,7\nMauritanie,2\nPays inconnu de tous,1\nSéné gal,3\nCongo,1\nQwzx,1\n"


@pytest.fixture
def office(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of an office, with a table and its mapping."""
    folder = tmp_path / "mappings" / "SEN_ANSD"
    folder.mkdir(parents=True)
    (folder / "table.csv").write_text(TABLE, encoding="utf-8")
    text = MINIMAL.replace("{column: area}", "{column: pays, codes: {Ensemble: W1}}  # as printed")
    (folder / "table.yaml").write_text(text.replace("language: en", "language: fr"), encoding="utf-8")
    return folder / "table.csv", folder / "table.yaml"


def gaps(done: subprocess.CompletedProcess[str]) -> dict[str, list[str]]:
    return {one["value"]: [each["code"] for each in one["suggestions"]] for one in json.loads(done.stdout)["gaps"]}


def test_suggestions_stand_with_the_widest_gap_first_and_change_nothing(run: Run, office: tuple[Path, Path]) -> None:
    table, mapping = office
    before = {path: path.read_bytes() for path in mapping.parent.iterdir()}
    done = run("--lang", "fr", "map", "suggest", table, "--mapping", mapping)
    assert done.returncode == 3, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "COUNTERPART_AREA  « Congo »  ×2, valeur 8, ligne 3"
    assert lines[1].split()[:3] == ["0.93", "COG", "Congo"]
    assert "    1.00  TCD          Tchad – c'est son nom (fr) : « Tchad »" in lines
    assert "    aucune suggestion" in lines
    assert {path: path.read_bytes() for path in mapping.parent.iterdir()} == before


def test_suggestions_as_json_hold_scores_and_reasons(run: Run, office: tuple[Path, Path]) -> None:
    table, mapping = office
    done = run("map", "suggest", table, "--mapping", mapping, "--json", "--top", "1")
    told = json.loads(done.stdout)
    assert [one["value"] for one in told["gaps"]][:2] == ["Congo", "Tchad"]
    [tchad] = [one for one in told["gaps"] if one["value"] == "Tchad"]
    assert (tchad["cells"], tchad["amount"], tchad["row"]) == (1, 5, 2)
    assert tchad["suggestions"] == [
        {
            "code": "TCD",
            "score": 1.0,
            "reason": "name",
            "matched": "Tchad",
            "language": "fr",
            "providers": [],
            "ambiguous": False,
            "text": "its name (fr): “Tchad”",
            "name": "Chad",
        }
    ]


def test_an_accepted_code_closes_the_gap_and_undo_opens_it(run: Run, office: tuple[Path, Path]) -> None:
    table, mapping = office
    before = mapping.read_bytes()
    shown = run("map", "accept", mapping, "COUNTERPART_AREA", "Congo", "COG", "--dry-run")
    assert shown.returncode == 0
    assert "+  COUNTERPART_AREA: {column: pays, codes: {Ensemble: W1, Congo: COG}}  # as printed" in shown.stdout
    assert mapping.read_bytes() == before
    done = run("map", "accept", mapping, "COUNTERPART_AREA", "Congo", "COG", "--by", "Awa", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["decisions"][0]["decided_by"] == "Awa"
    assert "Congo" not in gaps(run("map", "suggest", table, "--mapping", mapping, "--json"))
    undone = run("map", "undo", mapping)
    assert undone.stdout.strip() == "COUNTERPART_AREA: what was decided about “Congo” and COG is undone."
    assert mapping.read_bytes() == before
    assert run("map", "undo", mapping).returncode == 5


def test_a_rejected_code_is_not_suggested_again(run: Run, office: tuple[Path, Path]) -> None:
    table, mapping = office
    assert run("map", "reject", mapping, "COUNTERPART_AREA", "Congo", "COD").returncode == 0
    assert "COD" not in gaps(run("map", "suggest", table, "--mapping", mapping, "--json"))["Congo"]


def test_many_are_accepted_only_when_told_yes(run: Run, office: tuple[Path, Path]) -> None:
    table, mapping = office
    before = mapping.read_bytes()
    listed = run("map", "accept", mapping, "--all-above", "0.95", "--file", table)
    assert listed.returncode == 2
    assert "COUNTERPART_AREA: “Tchad” is TCD." in listed.stdout
    assert "2 suggestions of at least 0.95; nothing was written." in listed.stderr
    assert mapping.read_bytes() == before
    assert not (mapping.parent / "decisions.csv").exists()
    done = run("map", "accept", mapping, "--all-above", "0.95", "--file", table, "--yes")
    assert done.returncode == 0
    assert set(gaps(run("map", "suggest", table, "--mapping", mapping, "--json"))) == {
        "Congo",
        "Pays inconnu de tous",
        "Séné gal",
        "Qwzx",
    }


def test_another_office_is_told_what_this_one_confirmed(run: Run, office: tuple[Path, Path]) -> None:
    table, mapping = office
    assert run("map", "accept", mapping, "COUNTERPART_AREA", "Pays inconnu de tous", "_U").returncode == 0
    other = mapping.parents[1] / "MLI_ANPE"
    shutil.copytree(mapping.parent, other)
    (other / "decisions.csv").unlink()
    text = mapping.read_text(encoding="utf-8").replace("provider: SEN_ANSD", "provider: MLI_ANPE")
    text = text.replace(", Pays inconnu de tous: _U", "").replace("id: TEST", "id: OTHER")
    (other / "table.yaml").write_text(text, encoding="utf-8")
    done = run("map", "suggest", table, "--mapping", other / "table.yaml", "--json")
    [gap] = [one for one in json.loads(done.stdout)["gaps"] if one["value"] == "Pays inconnu de tous"]
    first = gap["suggestions"][0]
    assert (first["code"], first["reason"], first["providers"]) == ("_U", "confirmed", ["SEN_ANSD"])


def test_the_first_code_table_of_a_column_of_codes_needs_the_table(run: Run, tmp_path: Path) -> None:
    table, mapping = tmp_path / "t.csv", tmp_path / "t.yaml"
    table.write_text("area,n\nSEN,1\nCongo,2\n", encoding="utf-8")
    mapping.write_text(MINIMAL, encoding="utf-8")
    refused = run("map", "accept", mapping, "COUNTERPART_AREA", "Congo", "COG")
    assert refused.returncode == 1
    assert "--file" in refused.stderr
    done = run("map", "accept", mapping, "COUNTERPART_AREA", "Congo", "COG", "--file", table)
    assert done.stdout.splitlines() == [
        "COUNTERPART_AREA: “SEN” stays SEN.",
        "COUNTERPART_AREA: “Congo” is COG.",
    ]
    assert run("map", "suggest", table, "--mapping", mapping).stdout == "Every text has a code.\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("COUNTERPART_AREA", "Congo", "XYZ"), 2),
        (("COUNTERPART_AREA", "Congo"), 2),
        (("COUNTERPART_AREA", "Congo", "COG", "--all-above", "0.9"), 2),
        (("--all-above", "0.9"), 2),
        (("NOTHING", "Congo", "COG"), 2),
    ],
)
def test_what_cannot_be_accepted_is_refused(
    run: Run, office: tuple[Path, Path], words: tuple[str, ...], code: int
) -> None:
    done = run("map", "accept", office[1], *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr


def test_every_fault_of_a_mapping_is_told(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("id: X\ntitel: {en: T}\n", encoding="utf-8")
    for words in (("accept", path, "SEX", "H", "M"), ("undo", path), ("reject", path, "SEX", "H", "F")):
        done = run("map", *words)
        assert done.returncode == 3
        assert "MAP-KEY" in done.stderr


def test_a_band_of_ages_and_a_misspelt_country_are_suggested(run: Run) -> None:
    folder = FIXTURES / "as_02"
    done = run("map", "suggest", folder / "jobseekers.csv", "--mapping", folder / "jobseekers.yaml", "--json")
    found = gaps(done)
    assert found["15-35"][0] == "Y15T35"
    assert found["Guinée-Équatorial"][0] == "GNQ"
    assert found["Congo"] == ["COG", "COD"]
