"""Stored files, in folders and in an object store: one suite over both."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest

from sdmx_hub.errors import Damaged
from sdmx_hub.harvest.raw import RawStore
from sdmx_hub.load.raw import keep_raw
from sdmx_hub.store import staging
from sdmx_hub.store.blobs import (
    KINDS,
    LOG,
    RAW,
    SEGMENTS,
    copy_blob,
    digest_of,
    local_blobs,
    log_name,
    raw_name,
    segment_name,
)
from sdmx_hub.store.database import open_database
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.storage import open_remote
from tests.store.cube import FLOW, STRUCTURE, load, moment, read, series_rows
from tests.support.buckets import ENVIRONMENT

DAY = dt.timedelta(days=1)


@pytest.fixture(params=["folders", "object store"])
def blobs(request, tmp_path):
    if request.param == "folders":
        yield local_blobs(tmp_path / "home")
        return
    settings = request.getfixturevalue("bucket_server").new_settings()
    blobs = open_remote(tmp_path / "home", settings, settings.storage_url, ENVIRONMENT)
    yield blobs
    blobs.close()


@pytest.fixture
def observations(blobs, tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "MOST_CHANGED", 1000)
    database = open_database(f"sqlite:///{tmp_path / 'hub.db'}")
    database.migrate()
    observations = Observations(
        database, tmp_path / "home" / "observations", blobs=blobs, small=0, clock=lambda: moment(200)
    )
    yield observations
    observations.close()
    database.close()


def put(blobs, kind, content=b"content"):
    sha256 = hashlib.sha256(content).hexdigest()
    name = {SEGMENTS: segment_name, LOG: log_name, RAW: raw_name}[kind](sha256)
    draft = blobs.draft(kind)
    draft.write_bytes(content)
    blobs.put(draft, name)
    assert not draft.exists()
    return name


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_put_is_found_listed_and_read(blobs, kind):
    before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=2)
    name = put(blobs, kind)
    assert put(blobs, kind) == name
    assert blobs.exists(name)
    assert blobs.path(name).read_bytes() == b"content"
    assert b"".join(blobs.read(name)) == b"content"
    (listed,) = blobs.names(kind)
    assert (listed.name, listed.size) == (name, 7)
    assert before <= listed.modified <= dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)
    assert [blob.name for blob in blobs.names()] == [name]


def test_kinds_are_listed_apart(blobs):
    names = {kind: put(blobs, kind, kind.encode()) for kind in KINDS}
    assert {kind: [blob.name for blob in blobs.names(kind)] for kind in KINDS} == {
        kind: [name] for kind, name in names.items()
    }
    assert {blob.name for blob in blobs.names()} == set(names.values())


def test_a_draft_is_no_file_yet(blobs):
    blobs.draft(SEGMENTS).write_bytes(b"half")
    assert list(blobs.names()) == []


def test_what_is_removed_is_gone_but_for_who_reads_it(blobs):
    name = put(blobs, SEGMENTS)
    with blobs.hold(name).open("rb") as stream:
        blobs.remove(name)
        blobs.remove(name)
        assert not blobs.exists(name)
        assert stream.read() == b"content"
    blobs.free(name)
    with pytest.raises(Damaged):
        list(blobs.read(name))
    with pytest.raises(Damaged):
        blobs.path(name)


def test_a_copy_is_checked_against_its_name(blobs, tmp_path):
    name = put(blobs, LOG)
    copy_blob(blobs, name, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"content"
    wrong = blobs.draft(LOG)
    wrong.write_bytes(b"something else")
    blobs.put(wrong, log_name("ab" * 32))
    assert digest_of(blobs, log_name("ab" * 32)) == hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(Damaged) as refused:
        copy_blob(blobs, log_name("ab" * 32), tmp_path / "wrong")
    assert "ab" * 32 in str(refused.value)
    assert not (tmp_path / "wrong").exists()


def test_received_bytes_are_kept_once(blobs, tmp_path):
    file = tmp_path / "table.csv"
    file.write_bytes(b"x;1")
    sha256 = hashlib.sha256(b"x;1").hexdigest()
    keep_raw(file, sha256, blobs)
    keep_raw(file, sha256, blobs)
    store = RawStore(blobs)
    assert store.get(sha256).read_bytes() == b"x;1"
    with store.draft() as (draft, path):
        draft.write(b"x;1")
        kept = store.keep(draft, path)
    assert (kept.sha256, kept.bytes, kept.path.read_bytes()) == (sha256, 3, b"x;1")
    assert [blob.name for blob in blobs.names(RAW)] == [raw_name(sha256)]
    assert store.find("cd" * 32) is None
    assert file.exists()


def test_releases_deltas_history_and_compaction(observations):
    load(observations, series_rows("SN F 2020 1", "ES M 2020 2"), at=1)
    load(observations, series_rows("SN F 2020 9"), at=2)
    load(observations, series_rows("SN F 2021 3"), at=3)
    assert len(observations.version(FLOW).links) == 3
    now = {("ES", "2"), ("SN", "9"), ("SN", "3")}
    assert {(row[0], row[3]) for row in read(observations)} == now
    observations.compact(FLOW, STRUCTURE, now=moment(4))
    assert len(observations.version(FLOW).links) == 1
    assert {(row[0], row[3]) for row in read(observations)} == now
    assert {(row[0], row[3]) for row in read(observations, as_of=moment(1))} == {("ES", "2"), ("SN", "1")}
    observations.rollback(1, FLOW, STRUCTURE, actor="ana", now=moment(5), reason="wrong")
    assert {(row[0], row[3]) for row in read(observations)} == {("ES", "2"), ("SN", "1")}
    assert observations.check() == []


def test_what_no_release_refers_to_is_told_and_collected(observations):
    load(observations, series_rows("SN F 2020 1"), at=1)
    left = observations.stage(FLOW, STRUCTURE, {"public": series_rows("SN F 2020 2")})
    observations.discard(left)
    assert [finding.code for finding in observations.check()] == ["file-orphan", "file-orphan"]
    now = dt.datetime.now(dt.UTC)
    assert observations.collect(now=now, grace=DAY) == ()
    assert len(observations.collect(now=now + 2 * DAY, grace=DAY, dry_run=True)) == 2
    assert len(observations.collect(now=now + 2 * DAY, grace=DAY)) == 2
    assert observations.check() == []
    assert len(read(observations)) == 1


@pytest.mark.parametrize(
    ("kind", "damage", "code"),
    [
        (SEGMENTS, None, "file-missing"),
        (SEGMENTS, lambda content: content + b"x", "file-damaged"),
        (SEGMENTS, lambda content: content[::-1], "file-damaged"),
        (LOG, lambda content: content[::-1], "file-damaged"),
    ],
)
def test_doctor_finds_what_is_missing_or_damaged(observations, kind, damage, code):
    load(observations, series_rows("SN F 2020 1"))
    (name,) = [blob.name for blob in observations.blobs.names(kind)]
    content = b"".join(observations.blobs.read(name))
    observations.blobs.remove(name)
    if damage is not None:
        draft = observations.blobs.draft(kind)
        draft.write_bytes(damage(content))
        observations.blobs.put(draft, name)
    assert [finding.code for finding in observations.check()] == [code]
    assert [finding.code for finding in observations.check(quick=True)] == ["file-missing"] * (damage is None)
