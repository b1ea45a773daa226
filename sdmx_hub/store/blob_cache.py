"""A folder in which one machine keeps what it fetched: bounded, shared by all its processes, checked before use.

```
blobs/<name>         complete files
held/<process>/      hard links to the files this process reads, and what it is writing
held/<process>.lock  locked as long as the process lives
turns/00 … ff        locked while somebody fetches or checks a file whose hash begins so
lock                 locked while somebody tidies
```

A file is evicted only where nobody holds it, as its number of links tells; and who has a link keeps the file whatever
happens to its name. So a killed process needs no clean-up of its own: who tidies next finds its lock free.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sdmx_hub.errors import ConfigurationError
from sdmx_hub.store.blobs import digest_in, file_name
from sdmx_hub.store.files import place

ASKED_SECONDS = 3600.0
"""How long a file that was asked for stays though nobody holds it."""

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
Fetch = Callable[[Path], None]
"""Writes a file, checked, to a path that does not exist yet."""


@dataclass(kw_only=True)
class _Held:
    """A link of this process: how many hold it, and when somebody asked for it who does not."""

    link: Path
    count: int = 0
    asked: float = float("-inf")


class Cache:
    """Files by name in ``folder``, together of up to ``most_bytes`` unless more are held.

    Safe to share between threads and to use from several processes; after a fork the child holds nothing.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder.resolve()
        self.held_in = self.folder / "held"
        self.most_bytes = most_bytes
        self._lock = threading.RLock()
        self._held: dict[str, _Held] = {}
        self._process, self._alive = 0, -1
        self._own = self.held_in

    def hold(self, name: str, fetch: Fetch) -> Path:
        """Give a path to a file that stays until ``free``; what ``fetch`` raises is raised."""
        return self._take(name, fetch, asked=False)

    def path(self, name: str, fetch: Fetch) -> Path:
        """Give a path to a file that stays for an hour after this was last called; raises as ``hold``."""
        return self._take(name, fetch, asked=True)

    def free(self, name: str) -> None:
        """Say that a file given by ``hold`` is not read any more."""
        with self._lock:
            held = self._held.get(name) if self._process == os.getpid() else None
            if held is not None:
                held.count -= 1
                self._expire()

    def draft(self) -> Path:
        """Choose a path on the disk of the cache for a file that goes with this process at the latest."""
        return self._settled() / f"draft-{uuid.uuid4().hex}"

    def add(self, path: Path, name: str) -> None:
        """Move a finished file in."""
        with self._turn(name):
            place(path, self.folder / "blobs" / name)
        self._tidy()

    def remove(self, name: str) -> None:
        """Forget a file; who holds it goes on reading it."""
        (self.folder / "blobs" / name).unlink(missing_ok=True)

    def names(self) -> set[str]:
        """Name the files that are there."""
        folder = self.folder / "blobs"
        return {path.relative_to(folder).as_posix() for path in folder.rglob("[!.]*") if path.is_file()}

    def close(self) -> None:
        """Give up what this process holds."""
        with self._lock:
            if self._alive >= 0:
                if self._process == os.getpid():
                    shutil.rmtree(self._own, ignore_errors=True)
                    self._own.with_suffix(".lock").unlink(missing_ok=True)
                os.close(self._alive)
            self._held.clear()
            self._process, self._alive = 0, -1

    def _take(self, name: str, fetch: Fetch, *, asked: bool) -> Path:
        self._settled()
        with self._lock:
            if name in self._held:
                return self._noted(self._held[name], asked=asked)
        link, is_new = self._linked(name, fetch)
        with self._lock:
            held = self._held.setdefault(name, _Held(link=link))
            if held.link != link:  # another thread was quicker
                link.unlink()
            self._expire(but=name)
            path = self._noted(held, asked=asked)
        if is_new:
            self._tidy()
        return path

    def _noted(self, held: _Held, *, asked: bool) -> Path:
        if asked:
            held.asked = time.monotonic()
        else:
            held.count += 1
        return held.link

    def _expire(self, but: str = "") -> None:
        oldest = time.monotonic() - ASKED_SECONDS
        for name, held in list(self._held.items()):
            if held.count <= 0 and held.asked < oldest and name != but:
                held.link.unlink(missing_ok=True)
                del self._held[name]

    def _linked(self, name: str, fetch: Fetch) -> tuple[Path, bool]:
        """Make a link of this process to a file that is whole; tell whether it had to be fetched."""
        link = self._settled() / f"{uuid.uuid4().hex[:8]}-{file_name(name)}"
        with self._turn(name):
            with contextlib.suppress(FileNotFoundError):
                self._link(self.folder / "blobs" / name, link)
                if _is_whole(link, name):
                    os.utime(link)
                    return link, False
                self.remove(name)
                link.unlink()
            draft = self.draft()
            try:
                fetch(draft)
                self._link(draft, link)
                place(draft, self.folder / "blobs" / name)
            finally:
                draft.unlink(missing_ok=True)
        return link, True

    def _link(self, path: Path, link: Path) -> None:
        try:
            os.link(path, link)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            raise ConfigurationError("storage-no-links", folder=self.folder) from error

    def _settled(self) -> Path:
        """The folder of this process, made when it is first needed, and anew after a fork."""
        with self._lock:
            if self._process != os.getpid():
                self.close()
                with self._locked(self.folder / "lock"):
                    self._bury_dead()
                    own = self.held_in / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
                    own.mkdir(parents=True)
                    self._alive = os.open(own.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
                    fcntl.flock(self._alive, fcntl.LOCK_EX)
                self._own, self._process = own, os.getpid()
            return self._own

    def _tidy(self) -> None:
        """Evict what was used longest ago and nobody holds, until the rest fits."""
        with self._locked(self.folder / "lock"):
            self._bury_dead()
            files = [(path.stat(), path) for path in (self.folder / "blobs").rglob("*") if path.is_file()]
            total = sum(status.st_size for status, _ in files)
            for status, path in sorted(files, key=lambda one: one[0].st_mtime_ns):
                if total <= self.most_bytes:
                    return
                if status.st_nlink == 1:
                    path.unlink(missing_ok=True)
                    total -= status.st_size

    def _bury_dead(self) -> None:
        for path in self.held_in.glob("*.lock"):
            handle = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            else:
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
                path.unlink(missing_ok=True)
            finally:
                os.close(handle)

    @contextlib.contextmanager
    def _turn(self, name: str) -> Iterator[None]:
        with self._locked(self.folder / "turns" / digest_in(name)[:2]):
            yield

    @contextlib.contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        """Hold the lock of a file, against other threads as well as other processes."""
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _is_whole(path: Path, name: str) -> bool:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == digest_in(name)
