"""The commands check, load and release, as they are typed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sdmx_hub.cli import cli, main
from sdmx_hub.load.artefact_pack import pack_root
from tests.load.messages import FLOW, write_csv
from tests.mapping.tables import FIXTURES
from tests.support.homes import make_office

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Type a command at a hub of one's own that holds the structures."""
    home = make_office(tmp_path / "office")

    def typed(*words: object, language: str = "en") -> Result:
        arguments = ["--home", str(home), "--lang", language, *map(str, words)]
        return CliRunner().invoke(cli, arguments, catch_exceptions=False)

    return typed


def answer(result: Result) -> dict[str, Any]:
    return json.loads(result.stdout)  # type: ignore[no-any-return]


def test_a_load_tells_what_it_changed_and_a_second_one_that_nothing_did(run: Run, tmp_path: Path) -> None:
    file = write_csv(tmp_path, ("A", {}), ("A", {"COUNTERPART_AREA": "ITA"}))
    first = run("load", file)
    assert first.exit_code == 0
    assert re.search(r"ILMH:DF_FLOW_POP\(1.0.0\)\s+append\s+2\s+0\s+0\s+0", first.stdout)
    assert "Released as number 1." in first.stdout
    assert "Nothing changes" in run("load", file).stdout
    changed = answer(
        run("load", write_csv(tmp_path, ("A", {"OBS_VALUE": "1"}), ("D", {"COUNTERPART_AREA": "ITA"})), "--json")
    )
    assert [changed[key] for key in ("added", "revised", "deleted", "unchanged", "release")] == [0, 1, 1, 0, 2]


def test_a_faulty_file_exits_with_3_and_every_fault_in_a_table(run: Run, tmp_path: Path) -> None:
    file = write_csv(tmp_path, ("A", {"SEX": "W"}), ("A", {"OBS_VALUE": "x"}))
    for command in ("check", "load"):
        result = run(command, file)
        assert result.exit_code == 3
        assert "“W” is no code of SDMX:CL_SEX(2.1)" in result.stdout
        assert "“x” is not a number" in result.stdout
        assert "Errors: 2, warnings: 0. Nothing was stored." in result.stdout
    assert answer(run("release", "list", "--json")) == {"releases": []}


def test_findings_are_json_with_code_place_and_value(run: Run, tmp_path: Path) -> None:
    result = run("check", write_csv(tmp_path, ("A", {"SEX": "W"})), "--json")
    (finding,) = answer(result)["findings"]
    assert finding | {"message": ""} == {
        "code": "V01", "severity": "error", "file": "emigrants.csv", "row": 2, "column": "SEX", "value": "W",
        "message": "",
    }  # fmt: skip
    assert result.exit_code == 3


def test_a_sound_file_passes_the_check_and_nothing_is_stored(run: Run, tmp_path: Path) -> None:
    result = run("check", write_csv(tmp_path, ("A", {})))
    assert (result.exit_code, "The file can be loaded." in result.stdout) == (0, True)
    assert "Nothing has been released yet." in run("release", "list").stdout


def test_the_report_is_in_the_language_of_the_mapping_unless_another_is_asked_for(run: Run, tmp_path: Path) -> None:
    folder = FIXTURES / "as_02"
    words = ["check", str(folder / "jobseekers.csv"), "--mapping", str(folder / "jobseekers.yaml")]
    home = ["--home", str(tmp_path / "office")]
    french = CliRunner().invoke(cli, [*home, *words], catch_exceptions=False)
    assert (french.exit_code, "Rien n'a été enregistré" in french.stdout) == (3, True)
    assert "« Congo » peut désigner plusieurs zones" in " ".join(french.stdout.split())
    assert "No se guardó nada" in CliRunner().invoke(cli, [*home, *words, "--lang", "es"]).stdout
    assert "Nothing was stored" in run(*words).stdout


def test_a_check_outside_a_hub_uses_the_structures_that_come_with_it(tmp_path: Path) -> None:
    file = write_csv(tmp_path, ("A", {}))
    result = CliRunner().invoke(cli, ["--home", str(tmp_path / "nowhere"), "check", str(file)], catch_exceptions=False)
    assert result.exit_code == 0
    assert not (tmp_path / "nowhere").exists()


def test_a_dry_run_tells_and_stores_nothing(run: Run, tmp_path: Path) -> None:
    result = run("load", write_csv(tmp_path, ("A", {})), "--dry-run", "--json")
    assert (answer(result)["added"], answer(result)["stored"]) == (1, False)
    assert answer(run("release", "list", "--json"))["releases"] == []


def test_sums_are_answered_for_by_override(run: Run) -> None:
    folder = pack_root() / "mappings" / "HTI_ONM"
    words = ["load", folder / "samples" / "returns_months_2021.csv", "--mapping", folder / "returns_months_2021.yaml"]
    assert run(*words).exit_code == 3
    assert run(*words, "--override", "SUM-01", "--reason", "as published").exit_code == 0
    (release,) = answer(run("release", "list", "--json"))["releases"]
    assert release["reason"] == "as published"


def test_a_release_is_shown_with_its_source_and_rolled_back_to(run: Run, tmp_path: Path) -> None:
    run("load", write_csv(tmp_path, ("A", {})))
    run("load", write_csv(tmp_path, ("A", {"OBS_VALUE": "1"}), name="mistake.csv"))
    shown = run("release", "show", 2, "--changes", 5).stdout
    assert "mistake.csv" in shown
    assert "old.OBS_VALUE=34434 new.OBS_VALUE=1" in shown
    back = answer(run("release", "rollback", 1, "--reason", "wrong file", "--yes", "--json"))["releases"]
    assert [(one["kind"], one["reason"]) for one in back] == [("rollback", "wrong file")]
    assert [one["id"] for one in answer(run("release", "list", "--dataflow", FLOW, "--json"))["releases"]] == [3, 2, 1]
    assert (
        answer(run("release", "show", 3, "--changes", 5, "--json"))["observations"][FLOW][0]["new.OBS_VALUE"] == "34434"
    )


def test_what_is_not_there_exits_with_5_and_what_cannot_be_read_with_2(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office = ["--home", str(tmp_path / "office")]
    for words, code in (
        (["load", str(tmp_path / "none.csv")], 5),
        (["release", "show", "99"], 5),
        (["load", str(write_csv(tmp_path, ("A", {}))), "--override", "V01"], 2),
        (["load", str(tmp_path / "x"), "--dataflow", "non:sense"], 2),
        (["load", str(tmp_path / "x"), "--dataflow", "nonsense"], 5),
    ):
        with pytest.raises(SystemExit) as caught:
            main([*office, *words])
        assert caught.value.code == code
        assert capsys.readouterr().err.strip()


@pytest.mark.parametrize("words", [["check"], ["load"], ["release"], ["release", "list"], ["release", "rollback"]])
def test_help_explains_with_examples(words: list[str]) -> None:
    result = CliRunner().invoke(cli, [*words, "--help"])
    assert result.exit_code == 0
    assert words == ["release"] or "Examples:" in result.stdout
