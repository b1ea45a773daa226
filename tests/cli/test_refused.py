"""What a command says that did not end well: in the language asked for, never as a traceback."""

from __future__ import annotations

import errno
import inspect
import os
import re
import string
from pathlib import Path

import click
import duckdb
import pytest
import sqlalchemy as sa

from sdmx_hub import cli
from sdmx_hub.cli import refused
from sdmx_hub.cli.context import CONFIGURATION, FAILED, NOT_FOUND, TRY_AGAIN, USAGE, exit_code
from sdmx_hub.errors import HubError
from sdmx_hub.language import catalogue
from tests.support.commands import type_command

NO_COMMAND = ("serve --port", "serve --debug=1")
"""Click does not say of which command these are."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("office") / "home"
    assert type_command(made, "init").returncode == 0
    return made


@pytest.mark.parametrize(
    ("words", "french", "spanish"),
    [
        ("init --nope", "L'option '--nope' n'existe pas.", "La opción '--nope' no existe."),
        ("harvst", "La commande 'harvst' n'existe pas.", "La orden 'harvst' no existe."),
        ("harvest run --flo", "Vouliez-vous dire l'une de", "¿Quiso decir una de"),
        ("harvest show abc", "'abc' n'est pas un nombre entier.", "'abc' no es un número entero."),
        ("harvest show", "Il manque l'argument 'RUN'.", "Falta el argumento 'RUN'."),
        ("harvest show 1 2", "Argument de trop : 2", "Argumento de más: 2"),
        ("key add x", "Choisissez parmi :\n\tload,", "Elija entre:\n\tload,"),
        ("key add x --scope all", "'all' n'est pas l'un de 'load'", "'all' no es uno de 'load'"),
        ("serve --port 99999", "n'est pas dans l'intervalle", "no está en el intervalo"),
        ("serve --port", "L'option '--port' demande une valeur.", "La opción '--port' pide un valor."),
        ("serve --debug=1", "ne prend pas de valeur.", "no lleva valor."),
        ("source add nowhere.yaml", "Le fichier 'nowhere.yaml' n'existe pas.", "El archivo 'nowhere.yaml' no existe."),
    ],
)
def test_words_nobody_understands_are_told_in_the_language_asked_for(
    home: Path, words: str, french: str, spanish: str
) -> None:
    for language, told, way in (("fr", french, "Aide : sdmx-hub"), ("es", spanish, "Ayuda: sdmx-hub")):
        done = type_command(home, f"--lang={language}", *words.split())
        assert done.returncode == USAGE
        assert told in done.stderr
        assert way in done.stderr or words in NO_COMMAND


def test_the_sentences_recognised_are_those_of_click() -> None:
    source = "\n".join(
        inspect.getsource(module) for module in (click.core, click.exceptions, click.types, click.parser)
    )
    said = re.sub(r"\{\w+(!r)?\}", "{}", source.replace('"\n', "").replace("\\n\\t", "\n\t"))
    words = {"integer", "integer range", "float", "float range", "File", "Directory", "Path"}
    for key in refused.USAGE:
        text = catalogue()[key]["en"]
        plain = "".join(
            part + ("{}" if name is not None else "") for part, name, _, _ in string.Formatter().parse(text)
        )
        first = plain.split("{}")[0].strip() or plain.split("{}")[1].strip()
        assert text in words or first in said, key


def test_refusals_are_told_as_the_settings_say(home: Path, tmp_path: Path) -> None:
    settings = tmp_path / "hub.toml"
    settings.write_text('language = "es"\n', encoding="utf-8")
    done = type_command(home, "--config", settings, "harvest", "show", "3")
    assert done.returncode == NOT_FOUND
    assert "No hay" in done.stderr
    assert "Il n'y a pas" in type_command(home, "--config", settings, "--lang=fr", "harvest", "show", "3").stderr


def test_a_database_that_is_none_is_told_without_a_traceback(tmp_path: Path) -> None:
    assert type_command(tmp_path, "init").returncode == 0
    (tmp_path / "control.db").write_bytes(b"no database at all, but long enough to be read as one" * 20)
    for words in ("source list", "release list"):
        done = type_command(tmp_path, "--lang", "fr", *words.split())
        assert done.returncode == CONFIGURATION
        assert done.stderr.startswith("La base de contrôle n'en est pas une")
    looked = type_command(tmp_path, "--lang", "fr", "doctor")
    assert looked.returncode == FAILED
    assert "BAD  database       La base de contrôle n'en est pas une" in looked.stdout
    assert "Go libres" in looked.stdout


def test_a_database_that_does_not_answer_may_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert type_command(tmp_path, "init").returncode == 0
    monkeypatch.setenv("SDMX_HUB_DATABASE_URL", "postgresql://hub:hidden-word@127.0.0.1:1/hub")
    done = type_command(tmp_path, "--lang", "es", "source", "list")
    assert done.returncode == TRY_AGAIN
    assert done.stderr.startswith("La base de control no responde")
    assert "hidden-word" not in done.stderr


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "home/x"), TRY_AGAIN),
        (OSError(errno.EROFS, os.strerror(errno.EROFS), "home/x"), CONFIGURATION),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "home/x"), CONFIGURATION),
        (FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "home/x"), CONFIGURATION),
        (OSError(errno.EIO, os.strerror(errno.EIO), "home/x"), FAILED),
        (duckdb.TransactionException("Failed to commit: No space left on device"), TRY_AGAIN),
        (duckdb.FatalException("database has been invalidated"), TRY_AGAIN),
        (duckdb.IOException("Could not write file: No space left on device"), TRY_AGAIN),
        (sa.exc.OperationalError("x", None, Exception("database or disk is full")), TRY_AGAIN),
    ],
)
def test_what_the_machine_refuses_is_told_and_has_its_exit_code(raised: Exception, code: int) -> None:
    assert isinstance(raised, refused.troubles())
    refusal = refused.as_refusal(raised)
    assert isinstance(refusal, HubError)
    assert exit_code(refusal) == code


def test_a_full_disk_is_named_by_what_could_not_be_written() -> None:
    copied = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "from.csv", None, "home/observations/to.csv")
    full = duckdb.TransactionException('Could not write file "x.wal": No space left on device')
    for raised, named in ((copied, "home/observations/to.csv"), (full, "x.wal")):
        refusal = refused.as_refusal(raised)
        assert refusal is not None
        assert refusal.key == "machine-full"
        assert named in refusal.text("fr")


def test_a_fault_of_the_program_is_no_refusal() -> None:
    assert refused.as_refusal(sa.exc.IntegrityError("x", None, Exception("UNIQUE"))) is None


def test_ctrl_c_leaves_no_traceback(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_words: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "read_settings", interrupt)
    done = type_command(home, "--lang", "fr", "source", "list")
    assert done.returncode == FAILED
    assert "Interrompu." in done.stderr
