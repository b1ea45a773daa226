"""What many tests begin with, made once in each process of tests and copied: control databases and homes."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from click.testing import CliRunner

from sdmx_hub.cli import cli
from sdmx_hub.store.database import Database, open_database

CONTROL = "control.db"


@functools.cache
def patterns() -> Path:
    """The folder of what is copied; it goes with the process."""
    folder = Path(tempfile.mkdtemp(prefix="patterns-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def _empty() -> Path:
    file = patterns() / "empty.db"
    database = open_database(f"sqlite:///{file}")
    database.migrate()
    database.close()
    return file


@functools.cache
def _office() -> Path:
    home = patterns() / "office"
    for words in (["init"], ["structures", "load", "--pack"]):
        done = CliRunner().invoke(cli, ["--home", str(home), *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
    return home


def make_database(file: Path) -> Database:
    """Make a control database in SQLite, migrated and empty."""
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_empty(), file)
    return open_database(f"sqlite:///{file}")


def make_office(home: Path) -> Path:
    """Make a home as ``init`` and ``structures load --pack`` make it."""
    return Path(shutil.copytree(_office(), home, dirs_exist_ok=True))
