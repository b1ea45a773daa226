"""``sdmx-hub backup`` and ``restore`` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sdmx_hub.cli.backup_home import may_be_secret, with_places, without_secrets
from sdmx_hub.config import Settings
from sdmx_hub.language import LANGUAGES
from tests.support.commands import type_command
from tests.support.homes import make_office

PASSWORD = "-".join(["pass", "word"])
SETTINGS = f"""\
hub_id = "OFFICE"
# database_url = ""
"database_url" = "postgresql://hub:{PASSWORD}@127.0.0.1/hub"
base_url = "https://office.example"
alerts_webhooks = "https://hooks.example/{PASSWORD}"
smtp_password_file = "{{home}}/mail.secret"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with settings that are secret in part."""
    home = make_office(tmp_path / "office")
    told = SETTINGS.replace("{home}", str(home)).replace('"database_url" = ', "# database_url = ")
    (home / "hub.toml").write_text(told, encoding="utf-8")
    (home / "mail.secret").write_text(PASSWORD, encoding="utf-8")
    (home / "mappings").mkdir()
    (home / "mappings" / "own.yaml").write_text("id: own\n", encoding="utf-8")
    (home / "outbox").mkdir()
    (home / "outbox" / "00000001.eml").write_text("sent once", encoding="utf-8")
    return home


def test_a_hub_is_backed_up_looked_at_and_restored(home: Path, tmp_path: Path) -> None:
    target, new = tmp_path / "backups", tmp_path / "new"
    planned = json.loads(type_command(home, "backup", target, "--dry-run", "--json").stdout)
    assert planned["copied"] == 3  # control tables, settings, a mapping
    assert not target.exists()
    made = type_command(home, "backup", target, "--json")
    assert (made.returncode, json.loads(made.stdout)["copied"]) == (0, 3)
    assert json.loads(made.stdout)["left_out"] == [str(home / "mail.secret")]
    (listed,) = json.loads(type_command(new, "backup", target, "--list", "--json").stdout)["backups"]
    assert (listed["hub_id"], listed["database"]) == ("OFFICE", "sqlite")
    assert type_command(new, "backup", target, "--list").stdout.count("\n") == 1
    assert "is whole" in type_command(new, "backup", target, "--check").stdout
    restored = type_command(new, "restore", target)
    assert (restored.returncode, restored.stderr) == (0, "")
    assert "has no secrets" in restored.stdout
    assert type_command(new, "doctor").returncode == 0
    assert (new / "mappings" / "own.yaml").read_text(encoding="utf-8") == "id: own\n"
    assert not (new / "outbox").exists()
    everything = "".join(
        path.read_text(encoding="utf-8", errors="replace")
        for path in [*target.rglob("*"), *new.iterdir()]
        if path.is_file()
    )
    assert PASSWORD not in everything
    assert 'base_url = "https://office.example"' in (new / "hub.toml").read_text(encoding="utf-8")


def test_secrets_come_along_when_asked_for(home: Path, tmp_path: Path) -> None:
    made = json.loads(type_command(home, "backup", tmp_path / "office.tar.zst", "--with-secrets", "--json").stdout)
    assert (made["secrets"], made["left_out"]) == (True, [])
    assert type_command(tmp_path / "new", "restore", tmp_path / "office.tar.zst").returncode == 0
    assert (tmp_path / "new" / "mail.secret").read_text(encoding="utf-8") == PASSWORD
    assert (tmp_path / "office.tar.zst").stat().st_mode & 0o077 == 0
    assert (tmp_path / "new" / "mail.secret").stat().st_mode & 0o077 == 0
    assert (tmp_path / "new" / "hub.toml").read_bytes() == (home / "hub.toml").read_bytes()


def test_a_backup_that_is_not_whole_or_no_backup_is_told(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "backups"
    type_command(home, "backup", target)
    (control,) = (target / "control").iterdir()
    control.write_bytes(b"x" * control.stat().st_size)
    checked = type_command(home, "backup", target, "--check", "--json")
    assert (checked.returncode, json.loads(checked.stdout)["faults"]) == (1, [f"control/{control.name}"])
    assert type_command(tmp_path / "new", "restore", target).returncode == 3
    assert type_command(home, "backup", target, "--anew").returncode == 0
    assert type_command(home, "backup", target, "--check").returncode == 0
    assert type_command(home, "backup", tmp_path).returncode == 1
    assert type_command(tmp_path / "new", "restore", tmp_path / "none").returncode == 5
    assert type_command(home, "backup", target, "--check", "--list").returncode == 2
    assert type_command(tmp_path / "none", "backup", target).returncode == 78


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_a_home_that_holds_something_is_told_of_in_the_readers_language(
    home: Path, tmp_path: Path, language: str
) -> None:
    type_command(home, "backup", tmp_path / "backups")
    refused = type_command(home, "--lang", language, "restore", tmp_path / "backups")
    assert (refused.returncode, "--replace" in refused.stderr) == (1, True)
    assert refused.stderr.startswith(str(home))
    replaced = type_command(home, "--lang", language, "restore", tmp_path / "backups", "--replace")
    assert replaced.returncode == 0
    assert "before-" in replaced.stdout
    assert (next(home.glob("before-*")) / "mail.secret").is_file()


def test_a_source_finds_its_mapping_in_the_restored_home(home: Path, tmp_path: Path) -> None:
    office = Path(__file__).parents[2] / "mappings" / "SEN_ANSD"
    for path in office.glob("emigrants_rgph5*"):
        (home / "mappings" / path.name).write_bytes(path.read_bytes())
    (home / "mappings" / "P.yaml").write_text(
        "id: P\ntitle: {en: P}\nendpoint: https://office.example/x\napi: file\nschedule: {every: 1 day}\n"
        "flows: [{dataflow: 'ILMH:DF_FLOW_POP(1.0.0)', path: x.csv, mapping: emigrants_rgph5.yaml}]\n",
        encoding="utf-8",
    )
    added = type_command(home, "source", "add", home / "mappings" / "P.yaml")
    assert added.returncode == 0, added.stdout
    type_command(home, "backup", tmp_path / "backups")
    assert type_command(tmp_path / "new", "restore", tmp_path / "backups").returncode == 0
    shown = json.loads(type_command(tmp_path / "new", "source", "show", "P", "--json").stdout)
    assert shown["flow_list"][0]["mapping"] == str(tmp_path / "new" / "mappings" / "emigrants_rgph5.yaml")


def test_the_settings_name_the_database_that_was_restored_into(home: Path, tmp_path: Path) -> None:
    type_command(home, "backup", tmp_path / "backups")
    url = f"sqlite:///{tmp_path / 'own.db'}"
    (tmp_path / "own.toml").write_text(f'database_url = "{url}"\n', encoding="utf-8")
    new = tmp_path / "new"
    done = type_command(new, "--config", tmp_path / "own.toml", "restore", tmp_path / "backups")
    assert done.returncode == 0, done.stderr
    assert not (new / "control.db").exists()
    assert type_command(new, "doctor").returncode == 0


def test_no_setting_that_may_be_secret_stays_however_it_is_written() -> None:
    written = without_secrets(SETTINGS, Settings())
    assert PASSWORD not in written
    assert "database_url was left out" in written
    for text in (f'[alerts]\nwebhooks = "{PASSWORD}"\n', f'database_url = """\n{PASSWORD}"""\n', f"x {PASSWORD}"):
        assert PASSWORD not in without_secrets(text, Settings(alerts_webhooks=PASSWORD))
    assert not may_be_secret("base_url")
    assert not may_be_secret("smtp_password_file")


def test_a_restored_hub_keeps_what_it_keeps_where_it_was_restored_to() -> None:
    told = "# database_url = 1\ndatabase_url = 'x'\nstorage_url = 's3://x/y'\na = 1\n"
    assert with_places(told, Settings(), {}) == "# database_url = 1\na = 1\n"
    placed = with_places(told, Settings(database_url="sqlite:////y", storage_url="s3://y/z"), {})
    assert placed == 'database_url = "sqlite:////y"\nstorage_url = "s3://y/z"\n# database_url = 1\na = 1\n'
    environment = {"SDMX_HUB_DATABASE_URL": "sqlite:////y"}
    assert with_places(told, Settings(database_url="sqlite:////y"), environment) == "# database_url = 1\na = 1\n"
