"""``sdmx-hub structures`` run as a person runs it, against a home of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sdmx_hub.cli import cli
from sdmx_hub.cli.context import exit_code
from sdmx_hub.cli.structures import WRITERS
from sdmx_hub.errors import HubError
from sdmx_hub.formats.structure_reading import read_structures, sniff_structures
from sdmx_hub.load.artefacts import pack_root
from tests.support.homes import make_office

COMMANDS = ["load", "list", "show", "export", "diff", "remove", "check"]


class Hub:
    """A home and a way to run commands in it."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, *words: str, language: str = "en") -> Result:
        return CliRunner().invoke(cli, ["--home", str(self.home), "--lang", language, *words])

    def structures(self, *words: str, language: str = "en") -> Result:
        return self.run("structures", *words, language=language)

    def json(self, *words: str) -> Any:
        result = self.structures(*words, "--json")
        assert result.exit_code in {0, 3}, result.output
        return json.loads(result.stdout)


def code(result: Result) -> int:
    """The exit code, refusals included."""
    return exit_code(result.exception) if isinstance(result.exception, HubError) else result.exit_code


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    return Hub(make_office(tmp_path_factory.mktemp("hub")))


@pytest.fixture
def empty(tmp_path: Path) -> Hub:
    hub = Hub(tmp_path / "hub")
    assert hub.run("init").exit_code == 0
    return hub


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_examples(command: str, loaded: Hub) -> None:
    result = loaded.structures(command, "--help")
    assert result.exit_code == 0
    assert f"sdmx-hub structures {command}" in result.output.replace("--lang fr ", "")


def test_loading_tells_what_is_new_and_then_that_nothing_changed(empty: Hub) -> None:
    dry = empty.json("load", "--pack", "--dry-run")
    assert dry["stored"] is False
    first = empty.json("load", "--pack")
    assert first["stored"] is True
    assert len(first["added"]) == len(dry["added"]) > 100
    again = empty.structures("load", "--pack", language="fr")
    assert f"0 ajouté, 0 modifié, {len(first['added'])} inchangés" in again.output


def test_loading_nothing_is_a_wrong_use(empty: Hub) -> None:
    assert code(empty.structures("load")) == 2


def test_a_final_artefact_is_refused_with_the_difference(loaded: Hub, tmp_path: Path) -> None:
    path = tmp_path / "sex.json"
    assert loaded.structures("export", "codelist/ILMH/CL_AGE", "-o", str(path)).exit_code == 0
    path.write_text(path.read_text(encoding="utf-8").replace("All ages", "Any age"), encoding="utf-8")
    result = loaded.structures("load", str(path))
    assert code(result) == 3
    assert "All ages" in result.output
    assert "Any age" in result.output
    assert "Nothing was stored" in result.output


def test_listing_narrows_by_class_agency_and_id(loaded: Hub) -> None:
    rows = loaded.json("list", "codelist/SDMX")["artefacts"]
    assert {row["class"] for row in rows} == {"Codelist"}
    assert all(row["ref"].startswith("SDMX:") for row in rows)
    assert "Sexe" in loaded.structures("list", "codelist/SDMX/CL_SEX", language="fr").output
    assert loaded.structures("list", "codelist/NOBODY").output.strip() == "No artefacts."


def test_showing_tells_names_neighbours_and_items(loaded: Hub) -> None:
    output = loaded.structures("show", "codelist/SDMX/CL_SEX", language="es").output
    assert "Sexo [es]" in output
    assert "es citado por" in output
    assert "F  Mujeres" in output
    urn = "urn:sdmx:org.sdmx.infomodel.codelist.Codelist=SDMX:CL_SEX(2.1)"
    assert loaded.json("show", urn)["artefacts"][0]["urn"] == urn


def test_showing_what_is_not_there_is_not_found(loaded: Hub) -> None:
    assert code(loaded.structures("show", "codelist/SDMX/CL_NOWHERE")) == 5


@pytest.mark.parametrize("format_", WRITERS)
def test_exporting_writes_the_format_asked_for(loaded: Hub, tmp_path: Path, format_: str) -> None:
    path = tmp_path / "out"
    words = ["export", "dataflow/ILMH/DF_FLOW_POP", "--references", "descendants", "--format", format_, "-o", str(path)]
    assert loaded.structures(*words).exit_code == 0
    data = path.read_bytes()
    kind, _, version = format_.partition("-")
    assert sniff_structures(data) == f"structure-{kind}-{version}"
    classes = {artefact.artefact_class.name for artefact in read_structures(data)}
    assert {"Dataflow", "DataStructure", "Codelist", "ConceptScheme"} <= classes


def test_a_codelist_is_exported_as_the_csv_it_came_from(loaded: Hub) -> None:
    result = loaded.structures("export", "codelist/ILMH/CL_AREA", "--format", "csv")
    assert result.stdout_bytes == (pack_root() / "codelists/ILMH/CL_AREA-1.0.0.csv").read_bytes()
    assert code(loaded.structures("export", "codelist/ILMH", "--format", "csv")) == 2


def test_a_difference_comes_with_the_version_it_asks_for(loaded: Hub, tmp_path: Path) -> None:
    same = loaded.json("diff", "codelist/ILMH/CL_AGE", str(pack_root() / "codelists/ILMH/CL_AGE-1.0.0.csv"))
    assert [one["verdict"] for one in same["comparisons"]] == ["none"]
    path = tmp_path / "age.json"
    loaded.structures("export", "codelist/ILMH/CL_AGE", "-o", str(path))
    message = json.loads(path.read_text(encoding="utf-8"))
    message["data"]["codelists"][0]["codes"].append({"id": "NEW", "name": "New"})
    path.write_text(json.dumps(message), encoding="utf-8")
    result = loaded.structures("diff", "codelist/ILMH/CL_AGE", str(path))
    assert "minor  codes[NEW]: added" in result.output
    assert "new minor version" in result.output


def test_what_is_referred_to_is_not_removed_and_the_rest_is(empty: Hub) -> None:
    empty.structures("load", str(pack_root() / "codelists/SDMX/CL_SEX-2.1.csv"))
    assert code(empty.structures("remove", "codelist/SDMX/*/*")) == 0
    assert empty.json("list")["artefacts"] == []
    empty.structures("load", "--pack")
    assert code(empty.structures("remove", "codelist/SDMX/CL_SEX/2.1")) == 1
    assert code(empty.structures("remove", "codelist/SDMX")) == 2


def test_checking_the_pack_finds_nothing(loaded: Hub) -> None:
    assert loaded.structures("check").exit_code == 0
    assert loaded.json("check")["findings"] == []


def test_checking_a_broken_file_exits_with_3(loaded: Hub, tmp_path: Path) -> None:
    path = tmp_path / "broken.xml"
    path.write_text("<x", encoding="utf-8")
    result = loaded.structures("check", str(path))
    assert code(result) == 3
    assert "no structure message" in result.output
    assert code(loaded.structures("check", str(tmp_path / "missing.xml"))) == 5
