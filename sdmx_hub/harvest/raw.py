"""The raw store: what partners sent, kept by its SHA-256, written once and never changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sdmx_hub.errors import NotFound
from sdmx_hub.store.blobs import RAW, Blobs, LocalBlobs, raw_name


@dataclass(frozen=True)
class Kept:
    """One file of the raw store."""

    path: Path
    sha256: str
    bytes: int


class Draft:
    """A file being received; nothing of it remains unless it is kept."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """Add bytes."""
        self._stream.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    def sync(self) -> None:
        """Bring what has been written to the disk."""
        self._stream.flush()
        os.fsync(self._stream.fileno())

    @property
    def sha256(self) -> str:
        """The hash of what has been written."""
        return self._hash.hexdigest()


class RawStore:
    """Raw bytes by hash among the blobs of a hub."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    @contextlib.contextmanager
    def draft(self) -> Iterator[tuple[Draft, Path]]:
        """Open a draft and its temporary path; both are gone at the end unless ``keep`` took them."""
        path = self._blobs.draft(RAW)
        try:
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "wb") as stream:
                yield Draft(stream), path
        finally:
            path.unlink(missing_ok=True)

    def keep(self, draft: Draft, path: Path) -> Kept:
        """Put a finished draft in its place, durably."""
        draft.sync()
        name = raw_name(draft.sha256)
        self._blobs.put(path, name)
        return Kept(self._blobs.path(name), draft.sha256, draft.size)

    def find(self, sha256: str) -> Path | None:
        """Find the file with a hash."""
        name = raw_name(sha256)
        return self._blobs.path(name) if self._blobs.exists(name) else None

    def get(self, sha256: str) -> Path:
        """Get the file with a hash. Raises NotFound."""
        found = self.find(sha256)
        if found is None:
            raise NotFound("harvest-raw-missing", sha256=sha256)
        return found


def raw_store_in(folder: Path) -> RawStore:
    """A raw store of its own, in a folder."""
    return RawStore(LocalBlobs({RAW: folder}))
