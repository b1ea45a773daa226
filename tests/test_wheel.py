"""The wheel: everything the hub needs is in it, and it works away from the sources, without network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONTENT = ("dsd", "codelists", "metadata", "mappings", "config")
BUILD_SECONDS = 120


def run(*words: str | Path, cwd: Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of the wheel, in an environment that sees the libraries of this one and not the sources."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    (site,) = (folder / "lib").glob("python*/site-packages")
    # A path in a .pth file comes after the environment's own packages, and its .pth files are not read.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    words = ["--no-index", "--no-deps", "--quiet", "--disable-pip-version-check", "--force-reinstall"]
    run(sys.executable, "-m", "pip", "--python", python, "install", *words, wheel, cwd=folder)
    return folder / "bin" / "sdmx-hub"


def files_below(folder: str) -> set[str]:
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in found}


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as packed:
        return set(packed.namelist())


def test_the_wheel_carries_every_file_of_the_package(wheel: Path) -> None:
    wanted = files_below("sdmx_hub")
    assert {path for path in wanted if path.endswith(".toml")}
    assert not wanted - names_in(wheel)


@pytest.mark.parametrize("folder", CONTENT)
def test_the_wheel_carries_the_content(wheel: Path, folder: str) -> None:
    wanted = {f"sdmx_hub/content/{path}" for path in files_below(folder)}
    assert wanted
    assert not wanted - names_in(wheel)


@pytest.mark.parametrize(
    "kept",
    [
        "sdmx_hub/store/migrations/env.py",
        "sdmx_hub/store/migrations/versions/0001_first_tables.py",
        "sdmx_hub/language/catalogue/load.toml",
        "sdmx_hub/web/templates/base.html",
        "sdmx_hub/web/static/site.css",
        "sdmx_hub/mapping/mapping.schema.json",
        "sdmx_hub/mapping/areas.csv",
        "sdmx_hub/harvest/source.schema.json",
        "sdmx_hub/content/codelists/ILMH/index.csv",
    ],
)
def test_the_wheel_carries_what_is_no_program(wheel: Path, kept: str) -> None:
    assert kept in names_in(wheel)


def test_the_wheel_carries_the_program_and_nothing_else(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in names_in(wheel)}
    assert tops == {"sdmx_hub", next(top for top in tops if top.endswith(".dist-info"))}


def test_the_installed_hub_runs_away_from_the_sources(installed: Path, tmp_path: Path) -> None:
    def ask(words: Sequence[str]) -> dict[str, object]:
        answer: dict[str, object] = json.loads(run(installed, "--home", tmp_path / "office", *words, cwd=tmp_path))
        return answer

    place = run(installed.parent / "python", "-c", "import sdmx_hub; print(sdmx_hub.__file__)", cwd=tmp_path)
    assert Path(place.strip()).is_relative_to(installed.parent.parent)
    assert ask(["init", "--json"])["created"] is True
    loaded = ask(["structures", "load", "--pack", "--json"])
    assert loaded["findings"] == []
    assert len(loaded["added"]) == len(ask(["structures", "list", "--json"])["artefacts"])  # type: ignore[arg-type]
    assert ask(["structures", "check", "--json"])["findings"] == []
    assert ask(["doctor", "--json"])["ok"] is True
