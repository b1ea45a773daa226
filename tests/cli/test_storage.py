"""``sdmx-hub storage``, and what other commands say of an object store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sdmx_hub.cli.context import HubContext
from sdmx_hub.cli.serve import make_app
from sdmx_hub.config import read_settings
from sdmx_hub.store import object_store
from tests.support.buckets import ENVIRONMENT, BucketServer, running_bucket_server
from tests.support.commands import type_command
from tests.support.homes import make_office

SAMPLES = Path("mappings/SEN_ANSD")
LOAD = ("load", SAMPLES / "samples" / "emigrants_rgph5.csv", "--mapping", SAMPLES / "emigrants_rgph5.yaml")
FLOW = "dataflow/ILMH/DF_FLOW_POP"
QUERY = "/sdmx/v2/data/dataflow/ILMH/DF_FLOW_POP/1.0.0/*?format=csv"


@pytest.fixture(scope="module")
def server():
    with running_bucket_server() as running:
        yield running


@pytest.fixture
def office(tmp_path, monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return make_office(tmp_path / "office")


def use(monkeypatch, server: BucketServer) -> str:
    """Let the settings name a new bucket; gives its address."""
    settings = server.new_settings()
    monkeypatch.setenv("SDMX_HUB_STORAGE_ENDPOINT", settings.storage_endpoint)
    monkeypatch.setenv("SDMX_HUB_STORAGE_URL", settings.storage_url)
    return settings.storage_url


def said(done) -> dict:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def exported(home: Path) -> bytes:
    assert type_command(home, "export", FLOW, "--output", home / "flows.csv").returncode == 0
    return (home / "flows.csv").read_bytes()


def files_of(home: Path) -> set[str]:
    folders = (home / "observations" / "segments", home / "observations" / "log", home / "raw")
    return {path.name for folder in folders for path in folder.rglob("*") if path.is_file()}


def test_a_home_moves_to_an_object_store_and_back(office, server, monkeypatch):
    assert type_command(office, *LOAD).returncode == 0
    before = exported(office)
    files = files_of(office)
    settings = server.new_settings()
    monkeypatch.setenv("SDMX_HUB_STORAGE_ENDPOINT", settings.storage_endpoint)
    rehearsed = said(type_command(office, "storage", "copy", "--to", settings.storage_url, "--dry-run", "--json"))
    assert (rehearsed["copied"], rehearsed["there"], rehearsed["dry_run"]) == (len(files), 0, True)
    assert said(type_command(office, "storage", "copy", "--to", settings.storage_url, "--json"))["copied"] == len(files)
    again = said(type_command(office, "storage", "copy", "--to", settings.storage_url, "--json"))
    assert (again["copied"], again["bytes"], again["there"]) == (0, 0, len(files))
    monkeypatch.setenv("SDMX_HUB_STORAGE_URL", settings.storage_url)
    for folder in ("observations", "raw"):
        (office / folder).rename(office / f"former-{folder}")
    assert type_command(office, "doctor").returncode == 0
    assert exported(office) == before
    shown = said(type_command(office, "storage", "show", "--json"))
    assert (shown["where"], shown["state"]) == (settings.storage_url, "ok")
    assert sum(shown[kind]["files"] for kind in ("segments", "log", "raw")) == len(files)
    assert said(type_command(office, "storage", "copy", "--to", "home", "--json"))["copied"] == len(files)
    monkeypatch.delenv("SDMX_HUB_STORAGE_URL")
    assert files_of(office) == files
    assert exported(office) == before
    assert type_command(office, "doctor").returncode == 0
    assert not list(office.glob(".copy-*"))


def test_copying_goes_on_where_it_was_broken_off(office, server, monkeypatch):
    assert type_command(office, *LOAD).returncode == 0
    (log,) = (office / "observations" / "log").iterdir()
    whole = log.read_bytes()
    log.write_bytes(whole[:-1] + b"?")
    settings = server.new_settings()
    monkeypatch.setenv("SDMX_HUB_STORAGE_ENDPOINT", settings.storage_endpoint)
    done = type_command(office, "storage", "copy", "--to", settings.storage_url, "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout)["damaged"] == [f"log/{log.name}"]
    log.write_bytes(whole)
    assert said(type_command(office, "storage", "copy", "--to", settings.storage_url, "--json"))["copied"] == 1


def test_a_place_is_not_copied_to_itself(office):
    done = type_command(office, "storage", "copy", "--to", "home")
    assert done.returncode == 2
    assert "observations" in done.stderr


def test_doctor_finds_what_an_object_store_lost(office, server, monkeypatch):
    use(monkeypatch, server)
    assert type_command(office, *LOAD).returncode == 0
    assert type_command(office, "doctor", "--quick").returncode == 0
    hub = HubContext(home=office, settings=read_settings(office / "hub.toml"))
    (log,) = [blob.name for blob in hub.blobs.names("log")]
    hub.blobs.remove(log)
    hub.close()
    for words in (("doctor",), ("doctor", "--quick")):
        done = type_command(office, *words)
        assert done.returncode == 1
        assert log.removeprefix("log/") in done.stdout


def test_a_server_goes_on_with_its_cache_and_says_what_it_lacks(office, monkeypatch):
    monkeypatch.setattr(object_store, "STATE_SECONDS", 0)
    with running_bucket_server() as server:
        use(monkeypatch, server)
        assert type_command(office, *LOAD).returncode == 0
        hub = HubContext(home=office, settings=read_settings(office / "hub.toml"))
        client = make_app(hub).test_client()
        whole = client.get(QUERY)
        assert whole.status_code == 200
        assert client.get("/readyz").json["checks"]["storage"] == "ok"
    assert client.get(f"{QUERY}&offset=1").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["ready"], ready.json["checks"]["storage"]) == (200, True, "unreachable")
    monkeypatch.setenv("SDMX_HUB_CACHE_DIRECTORY", str(office / "empty"))
    fresh = make_app(HubContext(home=office, settings=read_settings(office / "hub.toml"))).test_client()
    refused = fresh.get(QUERY)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert b"s3://" not in refused.data
    asked = type_command(office, "export", FLOW)
    assert asked.returncode == 75
    assert "s3://" in asked.stderr
    loaded = type_command(office, *LOAD)
    assert loaded.returncode == 75


def test_a_damaged_object_is_a_refusal_over_http(office, server, monkeypatch, caplog):
    use(monkeypatch, server)
    assert type_command(office, *LOAD).returncode == 0
    hub = HubContext(home=office, settings=read_settings(office / "hub.toml"))
    for blob in hub.blobs.names("segments"):
        draft = hub.blobs.draft("segments")
        draft.write_bytes(b"something else")
        hub.blobs.put(draft, blob.name)
    hub.close()
    monkeypatch.setenv("SDMX_HUB_CACHE_DIRECTORY", str(office / "empty"))
    app = make_app(HubContext(home=office, settings=read_settings(office / "hub.toml")))
    refused = app.test_client().get(QUERY)
    assert refused.status_code == 503
    assert b"segments/" not in refused.data
    assert "segments/" in caplog.text
