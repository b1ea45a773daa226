"""Blobs in an object store, each machine with a cache of those it uses: what DuckDB attaches is always a local file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from sdmx_hub.store.blob_cache import Cache
from sdmx_hub.store.blobs import RAW, Blob, copy_blob


class Bucket(Protocol):
    """A place that keeps objects by name. Raises TryAgain while it is away, Damaged when ``read`` finds none."""

    where: str

    def write(self, path: Path, name: str) -> None:
        """Store a file as an object, complete when this returns."""

    def read(self, name: str) -> Iterator[bytes]:
        """Read an object in chunks."""

    def find(self, name: str) -> Blob | None:
        """Find what is told of an object; None when there is none."""

    def names(self, prefix: str) -> Iterator[Blob]:
        """List the objects below a folder."""

    def remove(self, name: str) -> None:
        """Remove an object, if it is there."""

    def state(self) -> str:
        """Tell how the place is, in a word, soon."""


class RemoteBlobs:
    """Blobs in ``bucket``; ``cache`` is this machine's."""

    def __init__(self, bucket: Bucket, cache: Cache) -> None:
        self._bucket, self._cache = bucket, cache

    @property
    def where(self) -> str:
        """Say for people where the files are."""
        return self._bucket.where

    @property
    def is_remote(self) -> bool:
        """An object store is elsewhere."""
        return True

    @property
    def held_in(self) -> Path:
        """The folder of links."""
        return self._cache.held_in

    def path(self, name: str) -> Path:
        """Give a file of the cache; it stays an hour."""
        return self._cache.path(name, lambda draft: copy_blob(self, name, draft))

    def hold(self, name: str) -> Path:
        """Give a file of the cache that stays until ``free``."""
        return self._cache.hold(name, lambda draft: copy_blob(self, name, draft))

    def free(self, name: str) -> None:
        """Let the cache evict a file."""
        self._cache.free(name)

    def draft(self, kind: str) -> Path:
        """Choose a path on the disk of the cache."""
        return self._cache.draft()

    def put(self, path: Path, name: str) -> None:
        """Send a file and keep it in the cache.

        What releases refer to is sent again even where it is there: its age then keeps it from being collected before
        the release is made. Received bytes are never collected.
        """
        found = self._bucket.find(name) if name.startswith(f"{RAW}/") else None
        if found is None or found.size != path.stat().st_size:
            self._bucket.write(path, name)
        self._cache.add(path, name)

    def read(self, name: str) -> Iterator[bytes]:
        """Read the object."""
        return self._bucket.read(name)

    def names(self, kind: str = "") -> Iterator[Blob]:
        """List the objects."""
        return self._bucket.names(kind)

    def remove(self, name: str) -> None:
        """Remove the object, and this machine's copy of it."""
        self._bucket.remove(name)
        self._cache.remove(name)

    def exists(self, name: str) -> bool:
        """Ask for the object."""
        return self._bucket.find(name) is not None

    def state(self) -> str:
        """Ask whether the object store answers."""
        return self._bucket.state()

    def prune(self) -> None:
        """Forget what other machines removed."""
        cached = self._cache.names()
        if cached:
            stored = {blob.name for blob in self._bucket.names("")}
            for name in cached - stored:
                self._cache.remove(name)

    def close(self) -> None:
        """Give up what this process holds in the cache."""
        self._cache.close()
