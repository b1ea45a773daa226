"""Blobs: the immutable files of a hub, each by a name that carries the SHA-256 of its content.

```
segments/<sha256>.duckdb    observations
log/<sha256>.parquet        the rows of a load as they came
raw/<2 of it>/<sha256>      bytes as they were received
```

They are in folders of one machine, or in an object store with a cache on each machine (``blobs_remote``). A file is
complete, durable and checked before ``put`` returns: only then may a transaction refer to it. It never changes, so
whoever has it has it for good, and writing it twice does no harm.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from sdmx_hub.errors import Damaged
from sdmx_hub.store.files import flush, place

SEGMENTS, LOG, RAW = "segments", "log", "raw"
KINDS = (SEGMENTS, LOG, RAW)
"""The first part of every name."""
CHUNK = 8 << 20
"""Bytes read, sent and fetched at a time."""


class Blob(NamedTuple):
    """One stored file: its name, its bytes, and when it was last put there."""

    name: str
    size: int
    modified: dt.datetime


@dataclass(frozen=True)
class Stored:
    """What a file was stored as."""

    sha256: str
    bytes: int


class Blobs(Protocol):
    """Immutable files by name. Safe to share between threads; after a fork each process has its own holds.

    Raises Damaged for a file that is missing or not what its name says, and TryAgain while an object store is away.
    """

    @property
    def where(self) -> str:
        """Say for people where the files are."""

    @property
    def is_remote(self) -> bool:
        """Tell whether the files are somewhere that can be away while this machine runs."""

    @property
    def held_in(self) -> Path:
        """The folder below which ``hold`` gives its paths."""

    def path(self, name: str) -> Path:
        """Give a local file that holds it, fetched when need be; it stays an hour after it was last asked for."""

    def hold(self, name: str) -> Path:
        """Give a local file like ``path`` that stays until ``free``, called as often as this was."""

    def free(self, name: str) -> None:
        """Say that a file given by ``hold`` is not read any more."""

    def draft(self, kind: str) -> Path:
        """Choose a path for a new file of a kind from which ``put`` has only to rename; its folder is there."""

    def put(self, path: Path, name: str) -> None:
        """Store a finished file, which is moved away, durably under its name."""

    def read(self, name: str) -> Iterator[bytes]:
        """Read what is stored, in chunks, not by way of a cache and not checked."""

    def names(self, kind: str = "") -> Iterator[Blob]:
        """List what is stored, of one kind or all, without order."""

    def remove(self, name: str) -> None:
        """Remove a file, if it is there; whoever has it open goes on reading it."""

    def exists(self, name: str) -> bool:
        """Tell whether a file is stored."""

    def state(self) -> str:
        """Tell how the place is, in a word: ``ok`` or ``unreachable``."""

    def prune(self) -> None:
        """Forget copies on this machine of what is not stored any more, but for who reads them."""

    def close(self) -> None:
        """Give up all holds."""


def segment_name(sha256: str) -> str:
    """Name a segment."""
    return f"{SEGMENTS}/{sha256}.duckdb"


def log_name(sha256: str) -> str:
    """Name a log."""
    return f"{LOG}/{sha256}.parquet"


def raw_name(sha256: str) -> str:
    """Name received bytes."""
    return f"{RAW}/{sha256[:2]}/{sha256}"


def digest_in(name: str) -> str:
    """The hash that a name says its content has."""
    return name.rpartition("/")[2].partition(".")[0]


def file_name(name: str) -> str:
    """A name as people see it: without its folders."""
    return name.rpartition("/")[2]


def digest_of(blobs: Blobs, name: str) -> str:
    """The SHA-256 of what is stored under a name."""
    digest = hashlib.sha256()
    for chunk in blobs.read(name):
        digest.update(chunk)
    return digest.hexdigest()


def copy_blob(blobs: Blobs, name: str, target: Path) -> None:
    """Copy what is stored to a new file, flushed and checked against its name. Raises Damaged, and leaves none."""
    digest = hashlib.sha256()
    try:
        with target.open("wb") as stream:
            for chunk in blobs.read(name):
                digest.update(chunk)
                stream.write(chunk)
        _check(digest.hexdigest(), name, blobs.where)
        flush(target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _check(digest: str, name: str, where: str) -> None:
    if digest != digest_in(name):
        raise Damaged("blob-damaged", file=name, where=where)


def store_file(blobs: Blobs, path: Path, name: Callable[[str], str]) -> Stored:
    """Store a finished file under what ``name`` makes of its hash."""
    with path.open("rb") as stream:
        stored = Stored(hashlib.file_digest(stream, "sha256").hexdigest(), path.stat().st_size)
    blobs.put(path, name(stored.sha256))
    return stored


class LocalBlobs:
    """Blobs in folders of this machine, or of a file system that several share: one folder for each kind."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = {kind: folder.resolve() for kind, folder in folders.items()}

    @property
    def where(self) -> str:
        """Say for people where the files are."""
        return str(next(iter(self._folders.values())).parent)

    @property
    def is_remote(self) -> bool:
        """A folder is here."""
        return False

    @property
    def held_in(self) -> Path:
        """The folder of segments itself."""
        return self._folders[SEGMENTS]

    def path(self, name: str) -> Path:
        """Give the file itself."""
        path = self._at(name)
        if not path.is_file():
            raise Damaged("blob-missing", file=name, where=self.where)
        return path

    def hold(self, name: str) -> Path:
        """Give the file itself: nothing is ever evicted."""
        return self.path(name)

    def free(self, name: str) -> None:
        """Nothing to do."""

    def draft(self, kind: str) -> Path:
        """Choose a hidden path in the folder of a kind."""
        self._folders[kind].mkdir(parents=True, exist_ok=True)
        return self._folders[kind] / f".draft-{uuid.uuid4().hex}"

    def put(self, path: Path, name: str) -> None:
        """Flush a file, rename it and flush its folder."""
        place(path, self._at(name))

    def read(self, name: str) -> Iterator[bytes]:
        """Read the file."""
        with self.path(name).open("rb") as stream:
            while chunk := stream.read(CHUNK):
                yield chunk

    def names(self, kind: str = "") -> Iterator[Blob]:
        """List the files; hidden ones are drafts."""
        for one in self._folders.keys() & {kind} if kind else self._folders:
            folder = self._folders[one]
            for path in folder.rglob("[!.]*"):
                if path.is_file() and path.suffix != ".tmp":
                    status = path.stat()
                    modified = dt.datetime.fromtimestamp(status.st_mtime, dt.UTC)
                    yield Blob(f"{one}/{path.relative_to(folder).as_posix()}", status.st_size, modified)

    def remove(self, name: str) -> None:
        """Remove the file."""
        self._at(name).unlink(missing_ok=True)

    def exists(self, name: str) -> bool:
        """Tell whether the file is there."""
        return self._at(name).is_file()

    def state(self) -> str:
        """A folder is there as long as the hub is."""
        return "ok"

    def prune(self) -> None:
        """There are no copies."""

    def close(self) -> None:
        """Nothing is held."""

    def _at(self, name: str) -> Path:
        kind, _, rest = name.partition("/")
        return self._folders[kind] / rest


def local_blobs(home: Path) -> LocalBlobs:
    """The blobs of a home directory."""
    folder = home / "observations"
    return LocalBlobs({SEGMENTS: folder / SEGMENTS, LOG: folder / LOG, RAW: home / RAW})
