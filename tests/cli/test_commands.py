"""Several commands in one process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


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
