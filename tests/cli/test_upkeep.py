"""The command upkeep: releases are folded, leftovers go, and what can be seen stays."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sdmx_hub.cli import cli
from sdmx_hub.cli.context import HubContext
from sdmx_hub.config import Settings
from sdmx_hub.load.release import load_file
from sdmx_hub.load.report import LoadOrder
from sdmx_hub.store.observations import Observations
from tests.load.messages import FLOW, write_csv
from tests.support.homes import make_office

Ask = Callable[..., dict[str, Any]]
YEARS = range(2000, 2020)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A hub with one dataflow in a base and a delta."""
    home = make_office(tmp_path / "office")
    hub = HubContext(home=home, settings=Settings())
    observations = Observations(hub.database, home / "observations", small=0)
    base = write_csv(tmp_path, *(("A", {"TIME_PERIOD": str(year)}) for year in YEARS))
    _load(hub, observations, base)
    _load(hub, observations, write_csv(tmp_path, ("A", {"TIME_PERIOD": "2001", "OBS_VALUE": "77"})))
    observations.close()
    hub.database.close()
    return home


def _load(hub: HubContext, observations: Observations, file: Path) -> None:
    moment = dt.datetime.now(dt.UTC)
    report = load_file(LoadOrder(path=file), hub.registry.snapshot(), observations, actor="test", now=moment)
    assert not report.has_errors, [finding.text() for finding in report.findings]


@pytest.fixture
def ask(home: Path) -> Ask:
    def typed(*words: str) -> dict[str, Any]:
        done = CliRunner().invoke(cli, ["--home", str(home), "upkeep", "--json", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    return typed


def _leave(home: Path, name: str, days: int) -> Path:
    path = home / "observations" / "segments" / name
    path.write_bytes(b"left")
    then = dt.datetime.now(dt.UTC).timestamp() - days * 86_400
    os.utime(path, (then, then))
    return path


def test_a_rehearsal_says_what_would_be_done_and_leaves_it(ask: Ask, home: Path) -> None:
    old = _leave(home, "old.duckdb", 2)
    for _ in range(2):
        told = ask("--dry-run")
        assert told["compacted"] == [FLOW]
        assert told["removed"] == ["old.duckdb"]
    assert old.exists()


def test_releases_are_folded_once_and_only_old_leftovers_go(ask: Ask, home: Path) -> None:
    old, young = _leave(home, "old.duckdb", 2), _leave(home, "young.duckdb", 0)
    first, second = ask(), ask()
    assert len(first["compacted"]) == 1
    assert first["removed"] == ["old.duckdb"]
    assert (second["compacted"], second["removed"]) == ([], [])
    assert young.exists()
    assert not old.exists()


def test_nothing_visible_changes(ask: Ask, home: Path) -> None:
    def seen() -> str:
        words = ["--home", str(home), "doctor", "--json"]
        return CliRunner().invoke(cli, words, catch_exceptions=False).stdout

    ask()
    assert json.loads(seen())["ok"] is True


@pytest.mark.parametrize(("language", "nothing"), [("en", "Nothing to do."), ("fr", "Rien à faire."), ("es", "Nada")])
def test_it_speaks_to_people(ask: Ask, home: Path, language: str, nothing: str) -> None:
    ask()
    done = CliRunner().invoke(cli, ["--home", str(home), "--lang", language, "upkeep"], catch_exceptions=False)
    assert nothing in done.stdout
