"""``sdmx-hub map preview`` and ``map coverage``, run as a person runs them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.mapping.conftest import Run
from tests.mapping.tables import FIXTURES, MAPPINGS, changed

AS_02 = FIXTURES / "as_02"


def test_a_preview_shows_the_first_observations(run: Run) -> None:
    folder = MAPPINGS / "SEN_ANSD"
    done = run("map", "preview", folder / "samples/emigrants_rgph5.csv", "--mapping", folder / "emigrants_rgph5.yaml")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    shown = ["COUNTERPART_AREA", "OBS_VALUE", "OBS_STATUS"]
    assert lines[0].split() == ["Pays", "de", "destination", "Effectif", "→", *shown]
    assert lines[1].split() == ["2", "France", "34", "434", "→", "FRA", "34434", "A"]
    assert lines[6].split() == ["7", "Autres", "pays", "n.d.", "→", "G_OTH", "O"]
    assert "7 lues, 7 reprises, 0 rejetée, 0 laissée de côté" in lines


def test_a_preview_tells_every_mistake_in_the_language_of_the_provider(run: Run) -> None:
    done = run("map", "preview", AS_02 / "jobseekers.csv", "--mapping", AS_02 / "jobseekers.yaml", "--rows", "2")
    assert done.returncode == 3
    assert "error AGE-BAND jobseekers.csv:r5:Âge: 15-35 n'est pas Y15T34 ; Y15T35 existe" in done.stdout
    assert done.stdout.splitlines()[3] == ""


def test_a_preview_as_json_holds_rows_counts_and_findings(run: Run) -> None:
    done = run("map", "preview", AS_02 / "jobseekers.csv", "--mapping", AS_02 / "jobseekers.yaml", "--json")
    told = json.loads(done.stdout)
    assert (told["read"], told["mapped"], told["rejected"], len(told["rows"])) == (10, 6, 4, 6)
    assert [one["code"] for one in told["findings"]] == ["AREA-UNKNOWN", "AREA-AMBIG", "AGE-BAND", "NUM-PARSE"]


def test_a_preview_pairs_rows_with_what_they_become(run: Run) -> None:
    done = run("map", "preview", AS_02 / "jobseekers.csv", "--mapping", AS_02 / "jobseekers.yaml", "--json")
    pairs = json.loads(done.stdout)["pairs"]
    assert [(pair["row"], pair["fate"], len(pair["after"])) for pair in pairs] == [
        (row, "rejected" if row in {3, 4, 5, 6} else "mapped", 0 if row in {3, 4, 5, 6} else 1) for row in range(2, 12)
    ]
    assert pairs[1]["before"]["Pays de nationalité"] == "Guinée-Équatorial"
    assert (pairs[5]["before"]["Effectif"], pairs[5]["after"][0]["OBS_STATUS"]) == ("", "O")


def test_a_preview_of_columns_that_become_rows_shows_them_under_their_row(run: Run) -> None:
    folder = MAPPINGS / "GHA_LD"
    file, mapping = folder / "samples/placements_agencies.csv", folder / "placements_agencies.yaml"
    done = run("map", "preview", file, "--mapping", mapping, "--rows", "4")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[1] == ["2", "2013", "Local", "5637", "→", "W2", "M", "2013", "L"]
    assert lines[2] == ["→", "W2", "F", "2013", "L"]
    assert lines[3] == ["→", "W2", "_T", "2013", "5637", "A"]
    assert lines[4] == ["3", "2013", "Foreign", "396", "→", "W1", "M", "2013", "L"]
    assert lines[5] == []


def test_a_preview_says_what_became_of_rows_left_out_and_added_up(run: Run, tmp_path: Path) -> None:
    file, mapping = tmp_path / "t.csv", tmp_path / "t.yaml"
    file.write_text("area,n\na,1\nb,2\nc,3\nx,4\n", encoding="utf-8")
    area = "{column: area, codes: {a: FRA, b: FRA, c: $skip}}"
    text = changed({"{column: area}": area, "rest: _T": "rest: _T\naggregate: {method: sum}"})
    mapping.write_text(text, encoding="utf-8")
    done = run("map", "preview", file, "--mapping", mapping)
    assert [line.split() for line in done.stdout.splitlines()[1:5]] == [
        ["2", "a", "1", "→", "FRA", "3", "A"],
        ["3", "b", "2", "→", "–", "in", "the", "sum", "above"],
        ["4", "c", "3", "→", "–", "left", "out"],
        ["5", "x", "4", "→", "–", "rejected"],
    ]


def test_the_coverage_tells_what_is_missing(run: Run) -> None:
    done = run("map", "coverage", AS_02 / "jobseekers.csv", "--mapping", AS_02 / "jobseekers.yaml")
    assert done.returncode == 3
    assert re.search(r"^60.0 % des lignes et [0-9.]+ % de la valeur ont des codes$", done.stdout, re.MULTILINE)
    assert "COUNTERPART_AREA     5/7 textes, 80.0 % des cellules, " in done.stdout
    assert re.search(r"« Congo » ×1, valeur [0-9]+, ligne 4 → précisez laquelle sous codes", done.stdout)
    assert "error NUM-PARSE jobseekers.csv:r6:Effectif" in done.stdout


def test_the_coverage_as_json_ranks_the_gaps(run: Run) -> None:
    done = run("map", "coverage", AS_02 / "jobseekers.csv", "--mapping", AS_02 / "jobseekers.yaml", "--json")
    told = json.loads(done.stdout)
    assert told["share"] == 60.0
    [ages] = [one for one in told["components"] if one["component"] == "AGE"]
    assert ages["codelist"] == "ILMH:CL_AGE(1.0.0)"
    assert [(gap["value"], gap["code"], gap["row"]) for gap in ages["gaps"]] == [("15-35", "AGE-BAND", 5)]


def test_a_mapping_that_covers_everything_ends_well(run: Run) -> None:
    folder = MAPPINGS / "TUN_ATCT"
    file = folder / "samples" / "recruitments_2019.csv"
    done = run("map", "coverage", file, "--mapping", folder / "recruitments_2019.yaml", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["share"] == 100.0


def test_every_fault_of_a_mapping_is_told_before_the_command_ends(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("id: X\ntitel: {en: T}\n", encoding="utf-8")
    done = run("--lang", "es", "map", "preview", AS_02 / "jobseekers.csv", "--mapping", path)
    assert done.returncode == 3
    assert done.stdout == ""
    assert "wrong.yaml:r2:titel: La clave «titel» no se conoce aquí" in done.stderr
    assert "→ title" in done.stderr
    assert done.stderr.count("MAP-REQUIRED") == 7
