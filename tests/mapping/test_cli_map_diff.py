"""``sdmx-hub map diff``, run as a person runs it: what a corrected table would change, and nothing stored."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sdmx_hub.cli import cli
from tests.mapping.tables import MAPPINGS
from tests.support.homes import make_office

MAPPING = MAPPINGS / "SEN_ANSD" / "emigrants_rgph5.yaml"
SAMPLE = MAPPINGS / "SEN_ANSD" / "samples" / "emigrants_rgph5.csv"
CHANGES = {"34\u202f434": "35 434", "Espagne;24\u202f823": "Espagne;n.d.", "Maroc;": "Belgique;"}


class Office:
    """A hub, and a person who types at it."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def type(self, *words: object, language: str = "en") -> Result:
        arguments = ["--home", str(self.home), "--lang", language, *map(str, words)]
        return CliRunner().invoke(cli, arguments, catch_exceptions=False)

    def ask(self, *words: object) -> Any:
        return json.loads(self.type(*words, "--json").stdout)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A hub that holds the table; nobody changes it."""
    home: Path = make_office(tmp_path_factory.mktemp("office"))
    office = Office(home)
    assert office.type("load", SAMPLE, "--mapping", MAPPING, "--yes").exit_code == 0
    return office


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table with one value revised, one missing, one row in place of another."""
    text = SAMPLE.read_text(encoding="utf-8")
    for old, new in CHANGES.items():
        assert old in text
        text = text.replace(old, new)
    file = tmp_path_factory.mktemp("corrected") / "corrected.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_table_that_is_held_changes_nothing(loaded: Office) -> None:
    result = loaded.type("map", "diff", SAMPLE, "--mapping", MAPPING)
    assert result.exit_code == 0
    assert "0 added, 0 revised, 0 deleted, 7 unchanged" in result.stdout
    assert "Nothing would change." in result.stdout


def test_a_corrected_table_tells_what_it_would_add_revise_and_delete(loaded: Office, corrected: Path) -> None:
    told = loaded.ask("map", "diff", corrected, "--mapping", MAPPING)
    counts = [told[name] for name in ("added", "revised", "deleted", "unchanged")]
    assert counts == [1, 2, 1, 4]
    [flow] = told["dataflows"]
    assert flow["components"] == {"OBS_VALUE": 2, "OBS_STATUS": 1}
    changes = {(one["change"], one["key"]["COUNTERPART_AREA"]): one for one in flow["changes"]}
    assert set(changes) == {("A", "BEL"), ("D", "MAR"), ("R", "ESP"), ("R", "FRA")}
    assert (changes["R", "FRA"]["old"], changes["R", "FRA"]["new"]) == ({"OBS_VALUE": "34434"}, {"OBS_VALUE": "35434"})
    assert changes["R", "ESP"]["new"] == {"OBS_VALUE": None, "OBS_STATUS": "O"}
    assert changes["D", "MAR"]["old"]["OBS_VALUE"] == "13375"
    assert changes["A", "BEL"]["new"]["OBS_VALUE"] == "13375"


def test_what_it_says_is_what_a_load_then_does_and_it_stores_nothing_itself(
    loaded: Office, corrected: Path, tmp_path: Path
) -> None:
    shutil.copytree(loaded.home, tmp_path / "office")
    office = Office(tmp_path / "office")
    told = office.ask("map", "diff", corrected, "--mapping", MAPPING)
    assert len(office.ask("release", "list")["releases"]) == 1
    done = office.ask("load", corrected, "--mapping", MAPPING, "--yes")
    names = ("added", "revised", "deleted", "unchanged")
    assert [told[name] for name in names] == [done[name] for name in names]
    again = office.ask("map", "diff", corrected, "--mapping", MAPPING)
    assert [again[name] for name in names] == [0, 0, 0, 7]


def test_the_changes_are_a_table_with_signs_and_without_colours(loaded: Office, corrected: Path) -> None:
    result = loaded.type("map", "diff", corrected, "--mapping", MAPPING, "--rows", "1", language="fr")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["~", "ESP", "24823", "OBS_STATUS:", "A", "→", "O"] in lines
    assert ["-", "MAR", "13375"] in lines
    assert ["+", "BEL", "13375"] in lines
    assert "\x1b[" not in result.stdout
    assert "1 autre changement n'est pas montré" in result.stdout
    assert "Rien n'a été enregistré" in result.stdout


def test_all_changes_are_written_as_csv(loaded: Office, corrected: Path, tmp_path: Path) -> None:
    output = tmp_path / "changes.csv"
    loaded.type("map", "diff", corrected, "--mapping", MAPPING, "--rows", "0", "--output", output)
    rows = list(csv.DictReader(output.read_text(encoding="utf-8").splitlines()))
    columns = ("ACTION", "COUNTERPART_AREA", "OLD_OBS_VALUE", "OBS_VALUE", "OBS_STATUS")
    assert sorted(tuple(row[name] for name in columns) for row in rows) == [
        ("A", "BEL", "", "13375", "A"),
        ("D", "MAR", "13375", "", ""),
        ("R", "ESP", "24823", "", "O"),
        ("R", "FRA", "34434", "35434", "A"),
    ]
    assert {row["STRUCTURE_ID"] for row in rows} == {"ILMH:DF_FLOW_POP(1.0.0)"}


def test_a_table_is_compared_with_an_older_one_and_an_older_mapping(
    loaded: Office, corrected: Path, tmp_path: Path
) -> None:
    told = loaded.ask("map", "diff", SAMPLE, "--mapping", MAPPING, "--against", corrected)
    assert [told[name] for name in ("added", "revised", "deleted", "unchanged")] == [1, 2, 1, 4]
    older = tmp_path / "older.yaml"
    older.write_text(MAPPING.read_text(encoding="utf-8").replace("CEN", "ADM"), encoding="utf-8")
    told = loaded.ask("map", "diff", SAMPLE, "--mapping", MAPPING, "--against", older, "--rows", "1")
    assert [told[name] for name in ("added", "revised", "deleted", "unchanged")] == [7, 0, 7, 0]


def test_a_table_with_errors_is_told_them_and_nothing_is_compared(loaded: Office, tmp_path: Path) -> None:
    file, output = tmp_path / "wrong.csv", tmp_path / "changes.csv"
    file.write_text(SAMPLE.read_text(encoding="utf-8").replace("Maroc", "Marokko"), encoding="utf-8")
    result = loaded.type("map", "diff", file, "--mapping", MAPPING, "--output", output)
    assert result.exit_code == 3
    assert "AREA-UNKNOWN" in result.stdout
    assert not output.exists()
    older = loaded.type("map", "diff", SAMPLE, "--mapping", MAPPING, "--against", file, language="es")
    assert older.exit_code == 0
    assert "1 añadida" in older.stdout
    assert "tiene errores" in older.stdout
