"""Where files are, as settings and the environment say: every row of a table is one hub."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sdmx_hub.config import Settings
from sdmx_hub.errors import ConfigurationError
from sdmx_hub.store.blobs import LocalBlobs
from sdmx_hub.store.storage import open_blobs, read_credentials
from tests.support.buckets import ENVIRONMENT

S3 = Settings(storage_url="s3://office-data/hub")
KEY = {"access_key_id": "hub", "secret_access_key": "of the tests"}


def test_without_an_address_files_are_in_the_home(tmp_path):
    blobs = open_blobs(tmp_path, Settings(), {})
    assert isinstance(blobs, LocalBlobs)
    assert not blobs.is_remote
    assert blobs.where == str(tmp_path / "observations")


def test_the_cache_is_in_the_home_unless_told(tmp_path):
    assert open_blobs(tmp_path, S3, ENVIRONMENT).held_in == tmp_path / "cache" / "held"
    settings = replace(S3, cache_directory=str(tmp_path / "fast"))
    blobs = open_blobs(tmp_path, settings, ENVIRONMENT)
    assert blobs.held_in == tmp_path / "fast" / "held"
    assert blobs.where == "s3://office-data/hub"


@pytest.mark.parametrize(
    "url",
    [
        "/var/data",
        "http://office",
        "s3://",
        "s3://Office",
        "s3://key:secret@office-data",
        "s3://office-data?x=1",
        "s3://[",
    ],
)
def test_an_address_that_is_none_is_refused(tmp_path, url):
    with pytest.raises(ConfigurationError, match="storage_url"):
        open_blobs(tmp_path, Settings(storage_url=url), ENVIRONMENT)


@pytest.mark.parametrize(
    ("endpoint", "allow_http", "is_taken"),
    [
        ("https://objects.example.org", False, True),
        ("https://objects.example.org:9000/", False, True),
        ("http://127.0.0.1:9000", False, True),
        ("http://[::1]:9000", False, True),
        ("http://localhost:9000", False, True),
        ("http://objects.example.org", False, False),
        ("http://objects.example.org", True, True),
        ("http://127.0.0.1.example.org", False, False),
        ("https://key:secret@objects.example.org", False, False),
        ("ftp://objects.example.org", True, False),
        ("objects.example.org", True, False),
    ],
)
@pytest.mark.parametrize("by", ["setting", "environment"])
def test_an_endpoint_is_encrypted_or_meant_not_to_be(tmp_path, endpoint, allow_http, is_taken, by):
    settings = replace(S3, storage_allow_http=allow_http)
    environment = dict(ENVIRONMENT)
    if by == "setting":
        settings = replace(settings, storage_endpoint=endpoint)
    else:
        environment["AWS_ENDPOINT_URL"] = endpoint
    if is_taken:
        assert open_blobs(tmp_path, settings, environment).is_remote
    else:
        with pytest.raises(ConfigurationError, match="storage_endpoint"):
            open_blobs(tmp_path, settings, environment)


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, {}),
        (ENVIRONMENT, KEY),
        ({**ENVIRONMENT, "AWS_SESSION_TOKEN": "t"}, {**KEY, "session_token": "t"}),
        ({"AWS_SHARED_CREDENTIALS_FILE": "FILE"}, {"access_key_id": "a", "secret_access_key": "b%c"}),
        (
            {"AWS_SHARED_CREDENTIALS_FILE": "FILE", "AWS_PROFILE": "office"},
            {"access_key_id": "c", "secret_access_key": "d", "session_token": "e"},
        ),
    ],
)
def test_the_key_comes_from_the_environment_or_a_file(tmp_path, environment, found):
    file = _file(tmp_path)
    environment = {name: str(file) if value == "FILE" else value for name, value in environment.items()}
    assert read_credentials(S3, environment) == found


def test_the_file_of_the_settings_goes_first(tmp_path):
    settings = replace(S3, storage_credentials_file=str(_file(tmp_path)))
    assert read_credentials(settings, ENVIRONMENT)["access_key_id"] == "a"


@pytest.mark.parametrize("text", [None, "", "[default]\naws_access_key_id = a\n", "secret without a section\n"])
def test_a_file_without_the_key_is_refused_and_not_quoted(tmp_path, text):
    file = tmp_path / "credentials"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        read_credentials(replace(S3, storage_credentials_file=str(file)), {})
    assert str(file) in str(refused.value)
    assert "secret without" not in str(refused.value)


def test_without_the_extra_it_is_told_what_to_install(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "sdmx_hub.store.object_store", raising=False)
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(ConfigurationError, match="pip install 'obstore"):
        open_blobs(tmp_path, S3, ENVIRONMENT)
    assert not open_blobs(tmp_path, Settings(), {}).is_remote


def _file(folder: Path) -> Path:
    file = folder / "credentials"
    file.write_text(
        "[default]\naws_access_key_id = a\naws_secret_access_key = b%c\n"
        "[office]\naws_access_key_id=c\naws_secret_access_key=d\naws_session_token=e\n",
        encoding="utf-8",
    )
    return file
