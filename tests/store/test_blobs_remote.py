"""An object store and several machines: who sees what when, and what happens when something fails."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import socket
import time
from dataclasses import replace

import obstore
import pytest

from sdmx_hub.config import Settings
from sdmx_hub.errors import ConfigurationError, Damaged, StorageAway
from sdmx_hub.store import object_store
from sdmx_hub.store.blobs import SEGMENTS, segment_name
from sdmx_hub.store.storage import open_remote
from tests.store.cube import FLOW, STRUCTURE, drawn, load, moment, plan, read, series_rows
from tests.store.shared import load_and_die, open_node, serve_node
from tests.support.buckets import ENVIRONMENT, BucketServer, running_bucket_server
from tests.support.children import run_child
from tests.support.postgres import new_database

DAY = dt.timedelta(days=1)


@pytest.fixture
def settings(bucket_server):
    return bucket_server.new_settings()


@pytest.fixture
def node(database_file, settings, tmp_path):
    database, observations = open_node(database_file, settings, tmp_path / "home")
    database.migrate()
    yield observations
    observations.close()
    observations.blobs.close()
    database.close()


@pytest.fixture
def database_file(tmp_path):
    return f"sqlite:///{tmp_path / 'hub.db'}"


def overwrite(observations, name: str, content: bytes) -> None:
    obstore.put(observations.blobs._bucket._store, name, content)


def forget(observations, settings, tmp_path):
    """Another machine over the same hub: nothing in its cache."""
    return open_node(str(observations._database.engine.url), settings, tmp_path / "other")


def segment_of(observations) -> str:
    return segment_name(observations.version(FLOW).links[0].sha256)


@pytest.mark.postgres
def test_another_machine_serves_at_once_what_one_has_loaded(postgres_server, settings, tmp_path):
    database_url = new_database(postgres_server)
    database, ours = open_node(database_url, settings, tmp_path / "ours")
    database.migrate()
    context = multiprocessing.get_context("spawn")
    line, theirs = context.Pipe()
    other = context.Process(target=serve_node, args=(database_url, settings, tmp_path / "theirs", theirs), daemon=True)
    other.start()
    assert line.recv() == "open"
    for number in range(3):
        load(ours, series_rows(f"SN F 2020 {number}.10"), at=number)
        line.send("read")
        assert line.recv() == read(ours) != []
    line.send("end")
    other.join(60)
    assert other.exitcode == 0
    caches = [tmp_path / home / "cache" / "blobs" / segment_of(ours) for home in ("ours", "theirs")]
    assert caches[0].read_bytes() == caches[1].read_bytes()
    assert not list((tmp_path / "ours" / "observations").rglob("*.duckdb"))
    ours.close()
    ours.blobs.close()
    database.close()


def test_a_writer_killed_before_the_manifest_leaves_objects_nobody_refers_to(node, database_file, settings, tmp_path):
    load(node, series_rows("SN F 2020 1"), at=1)
    before = {blob.name for blob in node.blobs.names()}
    assert run_child(load_and_die, database_file, settings, tmp_path / "dying", "SN F 2020 2") == -9
    left = {blob.name for blob in node.blobs.names()} - before
    assert len(left) == 2
    assert read(node)[0][3] == "1"
    assert {finding.code for finding in node.check()} == {"file-orphan"}
    now = dt.datetime.now(dt.UTC)
    node.collect(now=now, grace=DAY)
    assert left < {blob.name for blob in node.blobs.names()}
    node.collect(now=now + 2 * DAY, grace=DAY)
    assert {blob.name for blob in node.blobs.names()} == before
    assert node.check() == []


def test_reading_goes_on_while_the_cache_evicts(database_file, settings, tmp_path):
    database, observations = open_node(database_file, replace(settings, cache_bytes=0), tmp_path / "home")
    database.migrate()
    rows = series_rows(*(f"SN F {year} {year}" for year in range(1000, 3500)))
    load(observations, rows, at=1)
    opened = observations.open_rows(FLOW, STRUCTURE, plan())
    batches = opened.batches(100)
    first = next(iter(batches))
    load(observations, series_rows("SN F 1000 9"), at=2)
    assert read(observations)[0][3] == "9"
    observations.blobs.remove(segment_name(observations.version(FLOW).links[0].sha256))
    assert first.num_rows + sum(batch.num_rows for batch in batches) == 2500
    opened.close()
    observations.close()
    observations.blobs.close()
    database.close()


def test_a_large_file_travels_in_parts(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(object_store, "CHUNK", 5 << 20)
    blobs = open_remote(tmp_path / "home", settings, settings.storage_url, ENVIRONMENT)
    content = bytes(range(256)) * 50_000
    draft = blobs.draft(SEGMENTS)
    draft.write_bytes(content)
    blobs.put(draft, segment_name("ab" * 32))
    assert [blob.size for blob in blobs.names()] == [len(content)]
    assert b"".join(blobs.read(segment_name("ab" * 32))) == content
    blobs.close()


@pytest.mark.parametrize("content", [None, b"something else"])
def test_a_missing_or_damaged_object_is_refused(node, settings, tmp_path, content):
    load(node, series_rows("SN F 2020 1"))
    name = segment_of(node)
    if content is None:
        node.blobs._bucket.remove(name)
    else:
        overwrite(node, name, content)
    assert read(node)[0][3] == "1", "what is in the cache is whole"
    database, other = forget(node, settings, tmp_path)
    with pytest.raises(Damaged) as refused:
        read(other)
    assert name in str(refused.value)
    assert [finding.code for finding in other.check()] == ["file-missing" if content is None else "file-damaged"]
    other.close()
    other.blobs.close()
    database.close()


def test_an_object_store_that_is_away_refuses_what_is_not_in_the_cache(database_file, tmp_path, monkeypatch):
    monkeypatch.setattr(object_store, "STATE_SECONDS", 0)
    with running_bucket_server() as server:
        settings = server.new_settings()
        database, observations = open_node(database_file, settings, tmp_path / "home")
        database.migrate()
        load(observations, series_rows("SN F 2020 1"), at=1)
        assert observations.blobs.state() == "ok"
    assert read(observations)[0][3] == "1"
    assert observations.blobs.state() == "unreachable"
    with pytest.raises(StorageAway) as refused:
        load(observations, series_rows("SN F 2020 2"), at=2)
    assert settings.storage_url in str(refused.value)
    other_database, other = forget(observations, settings, tmp_path)
    with pytest.raises(StorageAway):
        read(other)
    assert read(observations)[0][3] == "1"
    for one in (observations, other):
        one.close()
        one.blobs.close()
    database.close()
    other_database.close()


def test_the_state_of_a_store_that_says_nothing_is_told_soon(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = Settings(storage_url="s3://silent", storage_endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}")
        blobs = open_remote(tmp_path, settings, settings.storage_url, ENVIRONMENT)
        began = time.monotonic()
        assert blobs.state() == "unreachable"
        assert blobs.state() == "unreachable"
        assert time.monotonic() - began < 20, "two seconds, and what a busy machine adds"
        blobs.close()


def test_upkeep_forgets_what_another_machine_removed(node, settings, tmp_path):
    load(node, series_rows("SN F 2020 1"))
    database, other = forget(node, settings, tmp_path)
    assert read(other) == read(node)
    (tmp_path / "other" / "cache" / "blobs" / "segments" / ".draft-1").write_bytes(b"half")
    node.blobs.remove(segment_of(node))
    assert other.blobs._cache.names() == {segment_of(node)}
    other.collect(now=dt.datetime.now(dt.UTC), dry_run=True)
    assert other.blobs._cache.names() == {segment_of(node)}
    other.collect(now=dt.datetime.now(dt.UTC))
    assert other.blobs._cache.names() == set()
    other.close()
    other.blobs.close()
    database.close()


def test_a_bucket_that_is_not_there_is_a_setting_that_is_wrong(bucket_server: BucketServer, tmp_path):
    settings = replace(bucket_server.new_settings(), storage_url="s3://nobody-has-made-this")
    blobs = open_remote(tmp_path, settings, settings.storage_url, ENVIRONMENT)
    with pytest.raises(ConfigurationError, match="nobody-has-made-this"):
        list(blobs.names())
    draft = blobs.draft(SEGMENTS)
    draft.write_bytes(b"x")
    with pytest.raises(ConfigurationError, match="nobody-has-made-this"):
        blobs.put(draft, segment_name("ab" * 32))
    blobs.close()


def test_history_and_staged_changes_are_read_from_the_bucket(node, settings, tmp_path):
    load(node, series_rows("SN F 2020 1"), at=1)
    load(node, series_rows("SN F 2020 2"), at=2)
    database, other = forget(node, settings, tmp_path)
    vintages = list(other.open_history(FLOW, STRUCTURE, plan()))
    assert [drawn(one.rows)[0][3] for one in vintages] == ["1", "2"]
    assert drawn(other.open_changes(FLOW, STRUCTURE, 2, audience="public"))[0][0] == "R"
    assert read(other, as_of=moment(1))[0][3] == "1"
    for one in vintages:
        one.deleted.close()
    other.close()
    other.blobs.close()
    database.close()
