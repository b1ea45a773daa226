"""``init``, ``doctor`` and ``--help``: a home is made once, and what is wrong with it is said in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sdmx_hub import cli
from tests.support.homes import make_office

MAPPED = Path(__file__).parents[2] / "mappings" / "SEN_ANSD"
Ask = Callable[..., Result]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    home = make_office(tmp_path_factory.mktemp("office") / "home")

    def ask_hub(*words: str) -> Result:
        return CliRunner().invoke(cli.cli, ["--home", str(home), *words])

    return ask_hub


def look(ask: Ask) -> tuple[int, dict[str, Any]]:
    done = ask("doctor", "--json")
    return done.exit_code, {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def load(ask: Ask, *words: str) -> Result:
    sample, mapping = MAPPED / "samples" / "emigrants_rgph5.csv", MAPPED / "emigrants_rgph5.yaml"
    return ask("load", str(sample), "--mapping", str(mapping), "--json", *words)


def test_init_leaves_what_is_there(ask: Ask) -> None:
    assert json.loads(ask("init", "--json").stdout)["created"] is False


def test_a_rehearsed_load_leaves_the_hub_well(ask: Ask) -> None:
    assert load(ask, "--dry-run").exit_code == 0
    code, seen = look(ask)
    assert code == 0
    assert seen["observations"]["seen"].startswith("every file is whole")


def test_doctor_says_in_words_which_file_is_damaged(ask: Ask) -> None:
    assert load(ask).exit_code == 0
    home = Path(json.loads(ask("init", "--json").stdout)["home"])
    segments = list((home / "observations").rglob("*.duckdb"))
    for path in segments:
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    code, seen = look(ask)
    assert code == 1
    assert "is not what was written" in seen["observations"]["seen"]
    assert any(path.name in seen["observations"]["seen"] for path in segments)


@pytest.mark.parametrize("command", ["init", "load", "structures"])
def test_help_keeps_the_lines_of_examples_apart(ask: Ask, command: str) -> None:
    told = ask(command, "--help").stdout
    assert "\\b" not in told
    if command != "structures":
        assert "\n  Examples:\n    sdmx-hub" in told
