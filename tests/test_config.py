"""Settings: each has its form, and what is wrong is told in the reader's language, with the file and what to write."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from sdmx_hub.config import Settings, read_settings
from sdmx_hub.errors import ConfigurationError
from sdmx_hub.language import LANGUAGES

WRONG = [
    ("nonsense = 3", "réglage nonsense n'existe pas"),
    ("hub_nam = 'x'", "vouliez-vous dire hub_name"),
    ("port = 'abc'", "nombre entier"),
    ("port = 99999", "0 … 65535"),
    ("port = -1", "0 … 65535"),
    ("workers = 0", "1, 2, 3"),
    ("language = 'de'", "en | fr | es"),
    ("hub_id = 'Mon bureau'", "SEN_ANSD"),
    ("base_url = 'hub.example'", "https://hub.example"),
    ("memory_limit = 'lots'", "192MB"),
    ("smtp_security = 'ssl'", "starttls | tls | none"),
    ("allow_loopback = 'perhaps'", "true ou false"),
    ("hub_name = 7", "entre guillemets"),
    ("port = [[[", "TOML"),
]


@pytest.mark.parametrize(("line", "told"), WRONG)
def test_a_wrong_setting_is_told_with_its_file_and_form(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "hub.toml"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        read_settings(path, {})
    assert told in refused.value.text("fr")
    assert str(path) in refused.value.text("fr")
    assert len({refused.value.text(language) for language in LANGUAGES}) == len(LANGUAGES)


def test_a_settings_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hub.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="not written as TOML"):
        read_settings(path, {})
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_settings(tmp_path, {})


def test_the_environment_goes_before_the_file_and_is_held_to_the_same_forms(tmp_path: Path) -> None:
    path = tmp_path / "hub.toml"
    path.write_text("port = 9000\nworkers = 3\n[alerts]\nmail = 'a@b.example'\n", encoding="utf-8")
    settings = read_settings(path, {"SDMX_HUB_PORT": "9001", "SDMX_HUB_ALLOW_LOOPBACK": "on", "SDMX_HUB_HOME": "x"})
    assert (settings.port, settings.workers, settings.allow_loopback) == (9001, 3, True)
    assert settings.alerts_mail == "a@b.example"
    with pytest.raises(ConfigurationError, match="environment: workers is a whole number"):
        read_settings(None, {"SDMX_HUB_WORKERS": "two"})


def test_the_defaults_have_the_forms_they_ask_for() -> None:
    defaults = dataclasses.asdict(Settings())
    assert Settings().with_values(defaults, "defaults") == Settings()
