"""``sdmx-hub metadata`` run as a person runs it, against a home of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sdmx_hub.cli import cli
from sdmx_hub.cli.context import exit_code
from sdmx_hub.cli.metadata import FORMATS
from sdmx_hub.errors import HubError
from sdmx_hub.formats.metadata_reading import read_metadata
from sdmx_hub.load.artefacts import pack_root
from tests.support.homes import make_office

COMMANDS = ["load", "list", "show", "export", "remove", "check"]
NAME = "ILMH/MDS_RGT_OSH/1.0.0"
SHIPPED = pack_root() / "metadata" / "ILMH" / "MDS_RGT_OSH-1.0.0.json"


class Hub:
    """A home and a way to run commands in it."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, *words: str, language: str = "en") -> Result:
        return CliRunner().invoke(cli, ["--home", str(self.home), "--lang", language, *words])

    def metadata(self, *words: str, language: str = "en") -> Result:
        return self.run("metadata", *words, language=language)

    def json(self, *words: str) -> Any:
        result = self.metadata(*words, "--json")
        assert result.exit_code in {0, 3}, result.output
        return json.loads(result.stdout)


def code(result: Result) -> int:
    """The exit code, refusals included."""
    return exit_code(result.exception) if isinstance(result.exception, HubError) else result.exit_code


def make_hub(home: Path) -> Hub:
    return Hub(make_office(home))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    hub = make_hub(tmp_path_factory.mktemp("hub"))
    assert hub.metadata("load", "--pack").exit_code == 0
    return hub


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    return make_hub(tmp_path_factory.mktemp("other"))


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_examples(command: str) -> None:
    assert "Examples:" in CliRunner().invoke(cli, ["metadata", command, "--help"]).output


@pytest.mark.parametrize(
    "what", ["*", NAME, "ILMH/MDS_RGT_OSH", "metadataflow/ILMH/MDF_ABOUT", "structure/dataflow/ILMH"]
)
def test_sets_are_listed_however_they_are_named(loaded: Hub, what: str) -> None:
    (row,) = loaded.json("list", what)["metadata_sets"]
    assert row["ref"] == "ILMH:MDS_RGT_OSH(1.0.0)"
    assert row["final"] is True
    assert "Dataflow=ILMH:DF_RGT_OSH(1.0.0)" in row["targets"]


def test_nothing_to_list_is_no_mistake(loaded: Hub) -> None:
    result = loaded.metadata("list", "ILMH/NONE")
    assert (result.exit_code, result.output.strip()) == (0, "There is no metadata set yet.")


def test_a_set_is_shown_in_the_language_of_the_reader(loaded: Hub) -> None:
    assert "ne s'additionnent jamais" in loaded.metadata("show", NAME, language="fr").output
    (shown,) = loaded.json("show", NAME)["metadata_sets"]
    assert shown["document"]["agencyID"] == "ILMH"


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_exported_loads_into_another_hub(loaded: Hub, other: Hub, tmp_path: Path, name: str) -> None:
    file = tmp_path / "notes"
    assert loaded.metadata("export", NAME, "--format", name, "-o", str(file)).exit_code == 0
    report = other.json("load", str(file), "--dry-run")
    assert report["findings"] == []
    assert report["added"] == ["urn:sdmx:org.sdmx.infomodel.metadatastructure.MetadataSet=ILMH:MDS_RGT_OSH(1.0.0)"]
    (there,) = loaded.json("show", NAME)["metadata_sets"]
    (back,) = read_metadata(file.read_bytes())
    kept = {key: value for key, value in there["document"].items() if key not in {"name", "names"}}
    assert {key: value for key, value in back.document.items() if key in kept} == kept


def test_the_life_of_a_set(other: Hub) -> None:
    assert other.json("load", str(SHIPPED), "--dry-run")["stored"] is False
    assert code(other.metadata("show", NAME)) == 5
    assert other.json("load", str(SHIPPED))["stored"] is True
    assert other.json("load", str(SHIPPED))["unchanged"]
    assert other.json("remove", NAME)["removed"]
    assert code(other.metadata("remove", NAME)) == 5


def test_findings_end_with_3_and_store_nothing(other: Hub, tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(SHIPPED.read_text(encoding="utf-8").replace('"SOURCE_EDITION"', '"SOURCE_ERA"'), encoding="utf-8")
    for words in (["check", str(file)], ["load", str(file)]):
        result = other.metadata(*words)
        assert result.exit_code == 3
        assert "MD-ATTRIBUTE" in result.output
        assert "/SOURCE[2]/SOURCE_ERA" in result.output
    assert other.json("check", str(file))["findings"][0]["suggestion"].startswith("SOURCE_")


def test_a_final_set_that_changed_is_a_finding(loaded: Hub, tmp_path: Path) -> None:
    file = tmp_path / "changed.json"
    file.write_text(SHIPPED.read_text(encoding="utf-8").replace("2000–2018", "2000–2019"), encoding="utf-8")
    assert [one["code"] for one in loaded.json("load", str(file))["findings"]] == ["MD-FINAL"]


def test_a_good_file_is_said_to_be_good(loaded: Hub) -> None:
    result = loaded.metadata("check", str(SHIPPED.parent))
    assert (result.exit_code, "no findings" in result.output) == (0, True)


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        (["load"], 2),
        (["load", "nowhere.json"], 5),
        (["show", "ILMH/NONE"], 5),
        (["remove", "structure/dataflow/ILMH/NONE"], 5),
        (["show", "metadataset/ILMH/MDS/1.x"], 2),
    ],
)
def test_mistakes_end_with_their_code(loaded: Hub, words: list[str], ends: int) -> None:
    assert code(loaded.metadata(*words)) == ends


def test_bytes_that_are_no_metadata_are_a_finding(loaded: Hub, tmp_path: Path) -> None:
    file = tmp_path / "hello.txt"
    file.write_text("hello", encoding="utf-8")
    assert [one["code"] for one in loaded.json("check", str(file))["findings"]] == ["metadata-unknown"]
    assert code(loaded.metadata("load", str(file))) == 3
