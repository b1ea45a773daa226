"""Several commands in one process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from sdmx_hub import cli


def run(*commands: list[str]) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "sdmx_hub.cli.commands"]
    return subprocess.run(program, input=json.dumps(commands), capture_output=True, text=True, check=False)


def test_commands_run_one_after_the_other_until_one_fails(tmp_path: Path) -> None:
    made, never = str(tmp_path / "made"), tmp_path / "never"
    done = run(
        ["--home", made, "init"],
        ["--home", made, "release", "list", "ILMH:DF_NONE(1.0.0)", "--nonsense"],
        ["--home", str(never), "init"],
    )
    assert "A new hub lives in" in done.stdout
    assert done.returncode == 2
    assert "--nonsense → 2" in done.stderr
    assert not never.exists()


def test_commands_that_succeed_end_well(tmp_path: Path) -> None:
    assert run(["--home", str(tmp_path / "home"), "init"], ["--version"]).returncode == 0


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    command = cli.cli.get_command(click.Context(cli.cli), name)
    assert command is not None
    assert command.get_short_help_str(1000) == cli.SUMMARIES[name]


@pytest.mark.parametrize(
    ("words", "without"),
    [
        (["--help"], ["sqlalchemy", "duckdb", "numpy", "jsonschema"]),
        (["harvest", "list"], ["duckdb", "numpy", "lxml", "jsonschema", "httpx2"]),
    ],
    ids=" ".join,
)
def test_a_command_imports_nothing_heavy_that_it_does_without(words: list[str], without: list[str]) -> None:
    program = (
        "import sys, sdmx_hub.cli as cli\ntry: cli.main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True)
    assert not set(without) & set(done.stderr.split())
