"""Writers that die and readers that look on: what is seen is always one whole release."""

from __future__ import annotations

import datetime as dt
import errno
import signal
from pathlib import Path

import pytest

from sdmx_hub.store import files, staging
from sdmx_hub.store.database import open_database
from sdmx_hub.store.observations import Observations
from tests.store.crashing import AFTER, BEFORE, POINTS, crash
from tests.store.cube import FLOW, STRUCTURE, drawn, load, moment, plan, read, series_rows
from tests.support.children import CONTEXT, run_child
from tests.support.homes import make_database

AFTER_ALL = ("SN F 2020 9", "SN F 2021 2", "SN M 2020 3", "SN M 2021 4")
RELEASES, READERS, ROWS = 16, 2, 400


def told(observations) -> set[str]:
    return {" ".join(row[:4]) for row in read(observations)}


@pytest.mark.parametrize(
    ("point", "small"),
    # What writes a base does not run where deltas are written; there "file not flushed" dies right behind the writing.
    [(point, 1000) for point in POINTS] + [(point, 0) for point in POINTS if point != "segment written"],
)
def test_a_writer_killed_anywhere_leaves_a_whole_release(tmp_path, point, small, monkeypatch):
    monkeypatch.setattr(staging, "MOST_CHANGED", 1000)
    url, root = f"sqlite:///{tmp_path / 'hub.db'}", tmp_path / "obs"
    database = make_database(tmp_path / "hub.db")
    observations = Observations(database, root, small=small)
    rows = series_rows(*BEFORE)
    load(observations, {"internal": rows, "public": rows}, at=1)
    assert run_child(crash, url, str(root), point, small) == -signal.SIGKILL
    assert told(observations) == set(AFTER_ALL if point == "released" else BEFORE)
    assert all(finding.code == "file-orphan" for finding in observations.check())
    release = load(observations, {"internal": series_rows(*AFTER), "public": series_rows(*AFTER)}, at=3)
    assert (release is None) == (point == "released"), "the load can be repeated at once"
    assert told(observations) == set(AFTER_ALL)
    observations.collect(now=dt.datetime.now(dt.UTC) + dt.timedelta(days=2), grace=dt.timedelta(days=1))
    assert observations.check() == []
    assert told(observations) == set(AFTER_ALL)
    observations.close()
    database.close()


@pytest.mark.parametrize("name", ["flush", "rename"])
@pytest.mark.parametrize("fails_at", range(1, 5))
def test_a_full_disk_leaves_the_release_before(tmp_path, monkeypatch, name, fails_at):
    database = make_database(tmp_path / "hub.db")
    observations = Observations(database, tmp_path / "obs")
    load(observations, series_rows(*BEFORE), at=1)
    real, calls = getattr(files, name), []

    def failing(*args):
        calls.append(args)
        if len(calls) == fails_at:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*args)

    with monkeypatch.context() as patched:
        patched.setattr(files, name, failing)
        try:
            load(observations, series_rows(*AFTER), at=2)
        except OSError:
            assert told(observations) == set(BEFORE)
    load(observations, series_rows(*AFTER), at=3)
    assert told(observations) == set(AFTER_ALL)
    observations.close()
    database.close()


def _read_on(url: str, root: Path, answers, begun, stop) -> None:
    """Read again and again; tells how many reads there were and what was torn."""
    observations = Observations(open_database(url), root, threads=1)
    count, torn, last = 0, [], 0
    while not stop.is_set():
        found = {row[3] for row in drawn(observations.open_rows(FLOW, STRUCTURE, plan()))}
        if len(found) != 1 or int(min(found)) < last:
            torn.append((sorted(found), last))
        last, count = int(min(found)), count + 1
        if count == 1:
            begun.release()
    answers.put((count, torn))


def numbered(value: int) -> list[str]:
    return [f"SN F {1000 + year} {value}" for year in range(ROWS)]


def test_readers_never_see_half_a_release(tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "MOST_CHANGED", 1000)
    url, root = f"sqlite:///{tmp_path / 'hub.db'}", tmp_path / "obs"
    database = make_database(tmp_path / "hub.db")
    observations = Observations(database, root, small=0)
    load(observations, series_rows(*numbered(1)), at=1)
    answers, begun, stop = CONTEXT.Queue(), CONTEXT.Semaphore(0), CONTEXT.Event()
    readers = [CONTEXT.Process(target=_read_on, args=(url, root, answers, begun, stop)) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    assert all(begun.acquire(timeout=60) for _ in readers)
    for value in range(2, RELEASES + 2):
        load(observations, series_rows(*numbered(value)), at=value)
        if value % 5 == 0:
            observations.compact(FLOW, STRUCTURE, now=moment(value))
            observations.collect(now=dt.datetime.now(dt.UTC), grace=dt.timedelta(seconds=20))
    stop.set()
    results = [answers.get(timeout=60) for _ in readers]
    for reader in readers:
        reader.join(60)
    assert [torn for _, torn in results] == [[]] * READERS
    assert all(count >= RELEASES for count, _ in results), results
    observations.close()
    database.close()
