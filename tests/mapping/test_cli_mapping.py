"""``sdmx-hub map preview`` and ``map coverage``, run as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.mapping.conftest import Run
from tests.mapping.tables import FIXTURES, MAPPINGS

AS_02 = FIXTURES / "as_02"


def test_a_preview_shows_the_first_observations(run: Run) -> None:
    folder = MAPPINGS / "SEN_ANSD"
    done = run("map", "preview", folder / "samples/emigrants_rgph5.csv", "--mapping", folder / "emigrants_rgph5.yaml")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["_row", "COUNTERPART_AREA", "OBS_VALUE", "OBS_STATUS"]
    assert lines[1].split() == ["2", "FRA", "34434", "A"]
    assert "7 lues, 7 reprises, 0 rejetées, 0 laissées de côté" in lines


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


def test_the_coverage_tells_what_is_missing(run: Run) -> None:
    done = run("map", "coverage", AS_02 / "jobseekers.csv", "--mapping", AS_02 / "jobseekers.yaml")
    assert done.returncode == 3
    assert "COUNTERPART_AREA     5/7  80.0 %" in done.stdout
    assert "'Congo' ×1 r4 → précisez laquelle sous codes" in done.stdout
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
