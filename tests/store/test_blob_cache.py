"""The cache of one machine: what it keeps, what it evicts, and whom it hinders."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import tempfile
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmx_hub.errors import ConfigurationError
from sdmx_hub.store import blob_cache
from sdmx_hub.store.blob_cache import Cache
from sdmx_hub.store.blobs import segment_name
from tests.support.children import run_child

CONTENTS = tuple(f"content {number}".encode() for number in range(4))
NAMES = tuple(segment_name(hashlib.sha256(content).hexdigest()) for content in CONTENTS)
SIZE = len(CONTENTS[0])


class Origin:
    """Gives the contents, and counts how often."""

    def __init__(self, wait: float = 0) -> None:
        self.fetched: list[int] = []
        self._wait = wait

    def of(self, number: int):
        def fetch(path) -> None:
            self.fetched.append(number)
            time.sleep(self._wait)
            path.write_bytes(CONTENTS[number])

        return fetch


@pytest.fixture
def origin():
    return Origin()


def kept(cache: Cache) -> set[int]:
    return {NAMES.index(f"segments/{path.name}") for path in (cache.folder / "blobs").rglob("*.duckdb")}


def test_a_file_is_fetched_once(tmp_path, origin):
    first, second = Cache(tmp_path, 100), Cache(tmp_path, 100)
    assert first.hold(NAMES[0], origin.of(0)).read_bytes() == CONTENTS[0]
    assert first.path(NAMES[0], origin.of(0)).read_bytes() == CONTENTS[0]
    assert second.hold(NAMES[0], origin.of(0)).read_bytes() == CONTENTS[0]
    assert origin.fetched == [0]
    first.close()
    second.close()


def test_who_asks_at_the_same_time_waits_for_one_fetch(tmp_path):
    origin, caches, found = Origin(wait=0.1), [Cache(tmp_path, 100), Cache(tmp_path, 100)], []
    threads = [
        threading.Thread(target=lambda one=cache: found.append(one.hold(NAMES[0], origin.of(0)).read_bytes()))
        for cache in caches * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (origin.fetched, found) == ([0], [CONTENTS[0]] * 6)
    for cache in caches:
        assert len([path for path in cache._own.iterdir() if path.name.endswith(".duckdb")]) == 1
        cache.close()


def test_what_was_used_longest_ago_goes_first(tmp_path, origin):
    cache = Cache(tmp_path, 2 * SIZE)
    for number in (0, 1):
        cache.hold(NAMES[number], origin.of(number))
        cache.free(NAMES[number])
        os.utime(tmp_path / "blobs" / NAMES[number], (number, number))
    cache.hold(NAMES[0], origin.of(0))
    cache.free(NAMES[0])
    cache.hold(NAMES[2], origin.of(2))
    assert kept(cache) == {0, 2}
    assert origin.fetched == [0, 1, 2]
    cache.close()


def test_what_is_held_is_never_evicted(tmp_path, origin):
    reader, other = Cache(tmp_path, SIZE), Cache(tmp_path, SIZE)
    path = reader.hold(NAMES[0], origin.of(0))
    for number in (1, 2, 3):
        other.hold(NAMES[number], origin.of(number))
        other.free(NAMES[number])
    assert path.read_bytes() == CONTENTS[0]
    assert 0 in kept(other)
    reader.free(NAMES[0])
    other.hold(NAMES[1], origin.of(1))
    assert kept(other) == {1}
    assert not path.exists()
    reader.close()
    other.close()


def test_what_was_asked_for_stays_an_hour(tmp_path, origin, monkeypatch):
    cache = Cache(tmp_path, 0)
    path = cache.path(NAMES[0], origin.of(0))
    cache.hold(NAMES[1], origin.of(1))
    cache.free(NAMES[1])
    assert path.exists()
    monkeypatch.setattr(blob_cache, "ASKED_SECONDS", 0)
    cache.hold(NAMES[2], origin.of(2))
    assert not path.exists()
    cache.close()


def test_a_file_removed_while_it_is_held_stays_for_its_reader(tmp_path, origin):
    cache = Cache(tmp_path, 100)
    path = cache.hold(NAMES[0], origin.of(0))
    cache.remove(NAMES[0])
    assert path.read_bytes() == CONTENTS[0]
    cache.close()


@pytest.mark.parametrize("damage", [b"", CONTENTS[1]])
def test_a_damaged_file_is_fetched_again(tmp_path, origin, damage):
    cache = Cache(tmp_path, 100)
    cache.hold(NAMES[0], origin.of(0))
    cache.close()
    (tmp_path / "blobs" / NAMES[0]).write_bytes(damage)
    assert cache.hold(NAMES[0], origin.of(0)).read_bytes() == CONTENTS[0]
    assert origin.fetched == [0, 0]
    cache.close()


def test_what_could_not_be_fetched_leaves_nothing(tmp_path, origin):
    def fail(path) -> None:
        path.write_bytes(b"half")
        raise OSError("gone")

    cache = Cache(tmp_path, 100)
    with pytest.raises(OSError, match="gone"):
        cache.hold(NAMES[0], fail)
    assert kept(cache) == set()
    assert list(cache._own.iterdir()) == []
    assert cache.hold(NAMES[0], origin.of(0)).read_bytes() == CONTENTS[0]
    cache.close()


def test_a_disk_without_links_is_refused(tmp_path, origin, monkeypatch):
    def refuse(_path, _link) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    cache = Cache(tmp_path, 100)
    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(ConfigurationError, match="cache_directory"):
        cache.hold(NAMES[0], origin.of(0))
    cache.close()


STEPS = st.tuples(st.sampled_from(["hold", "free", "remove", "close"]), st.integers(0, 1), st.integers(0, 3))


@settings(max_examples=12, deadline=None)
@given(steps=st.lists(STEPS, max_size=15), bound=st.integers(0, 3))
def test_whatever_happens_who_holds_a_file_can_read_it(steps, bound):
    origin = Origin()
    with tempfile.TemporaryDirectory() as folder:
        caches = [Cache(Path(folder), bound * SIZE) for _ in range(2)]
        held: list[dict[int, list[Path]]] = [{}, {}]
        for step, which, number in steps:
            cache, mine = caches[which], held[which]
            if step == "hold":
                mine.setdefault(number, []).append(cache.hold(NAMES[number], origin.of(number)))
            elif step == "free" and mine.get(number):
                mine[number].pop()
                cache.free(NAMES[number])
            elif step == "remove":
                cache.remove(NAMES[number])
            elif step == "close":
                mine.clear()
                cache.close()
            for content, paths in [(CONTENTS[one], mine[one]) for mine in held for one in mine]:
                assert all(path.read_bytes() == content for path in paths)
        for cache, mine in zip(caches, held, strict=True):
            assert {path.read_bytes() for path in cache.held_in.rglob("*.duckdb")} <= set(CONTENTS)
            cache.close()
            mine.clear()
        last = Cache(Path(folder), bound * SIZE)
        last.remove(NAMES[0])
        last.hold(NAMES[0], origin.of(0))
        assert len(kept(last)) <= max(bound, 1)
        last.close()


def test_many_readers_of_a_cache_that_is_too_small_read_what_they_asked_for(tmp_path):
    caches, wrong = [Cache(tmp_path, SIZE), Cache(tmp_path, SIZE)], []

    def look(seed: int) -> None:
        cache, chance = caches[seed % 2], random.Random(seed)  # noqa: S311 - which file comes next is no secret
        for _ in range(25):
            number = chance.randrange(4)
            path = cache.hold(NAMES[number], Origin().of(number))
            if path.read_bytes() != CONTENTS[number]:
                wrong.append(number)
            cache.free(NAMES[number])

    threads = [threading.Thread(target=look, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    for cache in caches:
        assert list(cache._own.iterdir()) == []
        cache.close()


def _die_holding(folder) -> None:
    cache = Cache(folder, 100)
    cache.hold(NAMES[0], Origin().of(0))
    cache.draft().write_bytes(b"half")
    os.kill(os.getpid(), 9)


def test_a_killed_process_holds_nothing(tmp_path, origin):
    assert run_child(_die_holding, tmp_path) == -9
    assert len(list((tmp_path / "held").iterdir())) == 2
    cache = Cache(tmp_path, 0)
    cache.hold(NAMES[1], origin.of(1))
    cache.free(NAMES[1])
    cache.hold(NAMES[2], origin.of(2))
    assert kept(cache) == {2}
    assert len(list((tmp_path / "held").iterdir())) == 2, "ours"
    cache.close()
    assert list((tmp_path / "held").iterdir()) == []


def _fork_holding(folder) -> None:
    cache = Cache(folder, 100)
    path = cache.hold(NAMES[0], Origin().of(0))
    child = os.fork()
    if not child:
        found = cache.hold(NAMES[0], Origin().of(0))
        is_own = found != path and found.read_bytes() == CONTENTS[0]
        cache.close()
        os._exit(7 if is_own else 1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(code if path.read_bytes() == CONTENTS[0] else 2)


def test_after_a_fork_the_child_has_holds_of_its_own(tmp_path):
    assert run_child(_fork_holding, tmp_path) == 7
