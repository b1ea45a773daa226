"""``sdmx-hub release purge`` as it is typed: a file with a name in it is loaded, corrected, and purged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sdmx_hub.cli import cli
from sdmx_hub.errors import HubError
from sdmx_hub.language import LANGUAGES
from tests.load.messages import write_csv
from tests.store.test_purge import found_in
from tests.support.commands import type_command
from tests.support.homes import make_office

NAME = "Trillian Astra"
WORDS = ("release", "purge", "DF_FLOW_POP", "--where", "REF_AREA=SEN+MLI", "--where", "TIME_PERIOD=2023")
WHY = ("--reason", "a person is named")


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub that has published a name, corrected it, and rehearsed a third load."""
    folder = tmp_path_factory.mktemp("purge")
    home = make_office(folder / "office")
    rows = [{"COMMENT_OBS": f"{NAME} counted alone"}, {"COUNTERPART_AREA": "ITA"}]
    for number, more in enumerate(({}, {"OBS_VALUE": "34435", "COMMENT_OBS": None}, {"OBS_VALUE": "34436"})):
        file = write_csv(folder, *(("R", row | (more if not at else {})) for at, row in enumerate(rows)))
        words = ["load", file, *(["--dry-run"] if number == 2 else [])]
        done = type_command(home, *words)
        assert done.returncode == 0, done.stdout + done.stderr
    return home


@pytest.fixture
def home(pattern: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pattern, tmp_path / "office"))


def typed(home: Path, *words: str, said: str) -> Result:
    return CliRunner().invoke(cli, ["--home", str(home), *words], input=said)


def test_a_name_is_found_nowhere_after_a_purge(home: Path) -> None:
    assert found_in(home, NAME)
    planned = json.loads(type_command(home, *WORDS, *WHY, "--dry-run", "--json").stdout)
    assert (planned["living"], planned["ended"], planned["received"] >= 2) == (2, 1, True)
    assert found_in(home, NAME)
    purged = json.loads(type_command(home, *WORDS, *WHY, "--yes", "--json").stdout)
    assert purged["release_id"] == 3
    assert found_in(home, NAME) == []
    assert type_command(home, "doctor").returncode == 0
    shown = type_command(home, "release", "show", "3")
    assert "a person is named" in type_command(home, "release", "list", "--json").stdout
    assert shown.returncode == 0
    assert NAME not in exported(home, "?includeHistory=true")


def test_only_comments_may_go_and_the_figures_stay(home: Path) -> None:
    words = ("release", "purge", "DF_FLOW_POP", "--all", "--component", "COMMENT_OBS", *WHY, "--yes")
    assert type_command(home, *words).returncode == 0
    assert found_in(home, NAME) == []
    assert "34435" in exported(home, "")


def exported(home: Path, query: str) -> str:
    file = home.parent / "exported.csv"
    done = type_command(home, "export", f"dataflow/ILMH/DF_FLOW_POP{query}", "--output", file)
    assert done.returncode == 0, done.stderr
    return file.read_text(encoding="utf-8")


def test_it_asks_twice(home: Path) -> None:
    assert typed(home, *WORDS, *WHY, said="n\n").exit_code == 1
    wrong = typed(home, *WORDS, *WHY, said="y\nDF_OTHER\n")
    assert isinstance(wrong.exception, HubError)
    assert found_in(home, NAME)
    assert typed(home, *WORDS, *WHY, said="y\nDF_FLOW_POP\n").exit_code == 0
    assert found_in(home, NAME) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_would_go_is_told_in_the_readers_language(pattern: Path, language: str) -> None:
    told = type_command(pattern, "--lang", language, *WORDS, *WHY, "--dry-run")
    assert (told.returncode, told.stdout.startswith("ILMH:DF_FLOW_POP(1.0.0)")) == (0, True)


@pytest.mark.parametrize(
    "words",
    [
        ["DF_FLOW_POP"],
        ["DF_FLOW_POP", "--all", "--where", "SEX=F"],
        ["DF_FLOW_POP", "--where", "SEX"],
        ["DF_FLOW_POP", "--where", "NONE=F"],
        ["DF_FLOW_POP", "--all", "--component", "SEX"],
        ["DF_FLOW_POP", "--all", "--component", "OBS_VALUE", "--without-trace"],
    ],
)
def test_unclear_orders_are_refused(pattern: Path, words: list[str]) -> None:
    assert type_command(pattern, "release", "purge", *words, *WHY, "--yes").returncode == 2
