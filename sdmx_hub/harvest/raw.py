"""The raw store: what partners sent, kept by its SHA-256 under ``raw/``, written once and never changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sdmx_hub.errors import NotFound


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
    """Raw bytes by hash in a directory."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextlib.contextmanager
    def draft(self) -> Iterator[tuple[Draft, Path]]:
        """Open a draft and its temporary path; both are gone at the end unless ``keep`` took them."""
        self._root.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._root, prefix=".draft-")
        path = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                yield Draft(stream), path
        finally:
            path.unlink(missing_ok=True)

    def keep(self, draft: Draft, path: Path) -> Kept:
        """Put a finished draft in its place: on disk, then under its name, then the directory."""
        draft.sync()
        target = self._target(draft.sha256)
        target.parent.mkdir(exist_ok=True)
        path.replace(target)
        for folder in (target.parent, self._root):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        return Kept(target, draft.sha256, draft.size)

    def find(self, sha256: str) -> Path | None:
        """Find the file with a hash."""
        target = self._target(sha256)
        return target if target.is_file() else None

    def get(self, sha256: str) -> Path:
        """Get the file with a hash. Raises NotFound."""
        found = self.find(sha256)
        if found is None:
            raise NotFound("harvest-raw-missing", sha256=sha256)
        return found

    def _target(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256
