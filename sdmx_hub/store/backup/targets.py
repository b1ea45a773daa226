"""Where backups go: a folder that takes one after the other, or an archive that is one.

Every file is written under a temporary name, flushed, and renamed; the manifest comes last of all.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import tarfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import orjson
import zstandard

from sdmx_hub.errors import Conflict, Damaged, Malformed
from sdmx_hub.store.backup.manifest import (
    EARLIER,
    MANIFEST,
    MARK,
    NAMES,
    Entry,
    Manifest,
    check_mark,
    read_manifest,
    write_manifest,
    write_mark,
)
from sdmx_hub.store.blobs import CHUNK
from sdmx_hub.store.files import place

ARCHIVES = (".tar", ".tar.zst")
Told = Callable[[int], None]
"""Told of bytes as they are written."""
Read = Callable[[], Iterator[bytes]]
"""Gives what a file holds, in chunks."""


class Target(Protocol):
    """Where one backup is written."""

    def holds(self, entry: Entry) -> bool:
        """Tell whether a file is there already, whole."""

    def add(self, entry: Entry, read: Read, told: Told) -> None:
        """Write a file. Raises Damaged, and leaves nothing, when it is not what its entry says."""

    def finish(self, manifest: Manifest, keep: int) -> int:
        """Make it a backup; give how many files of earlier ones that are not kept were removed."""


class Folder:
    """A folder with the backups of one hub, which share their files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known = {entry.name: entry for manifest in self.manifests() for entry in manifest.entries}

    @contextlib.contextmanager
    def open(self, identity: str) -> Iterator[Folder]:
        """Open the folder for a backup; what a killed one left is removed. Raises Conflict for any other folder."""
        mark = self.root / MARK
        if not mark.is_file() and self.root.exists() and any(self.root.iterdir()):
            raise Conflict("backup-not-empty", target=self.root)
        if any(identity and manifest.identity not in {identity, ""} for manifest in self.manifests()):
            raise Conflict("backup-other-hub", target=self.root)
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not mark.is_file():
            _write(mark, write_mark())
        for draft in self.root.rglob(".draft-*"):
            draft.unlink(missing_ok=True)
        yield self

    def manifests(self) -> list[Manifest]:
        """The backups there are, newest first; a manifest that cannot be read is none.

        Raises Malformed for what is no folder of backups.
        """
        mark = self.root / MARK
        if mark.is_file():
            check_mark(_read_json(mark), str(mark))
        return [manifest for path in self.paths() if (manifest := _read_manifest(path)) is not None]

    def paths(self) -> list[Path]:
        """The manifests there are, newest first."""
        newest = self.root / MANIFEST
        earlier = sorted((self.root / EARLIER).glob("*.json"), reverse=True)
        return [newest, *earlier] if newest.is_file() else earlier

    def holds(self, entry: Entry) -> bool:
        """Tell whether a backup has the file and it has its size still; ``check`` reads it."""
        path = self.root / entry.name
        return self._known.get(entry.name) == entry and path.is_file() and path.stat().st_size == entry.bytes

    def add(self, entry: Entry, read: Read, told: Told) -> None:
        """Write a file in its place."""
        path = self.root / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.parent / f".draft-{uuid.uuid4().hex}"
        try:
            with draft.open("xb") as stream:
                copy_checked(entry, read, stream.write, told)
            place(draft, path)
        finally:
            draft.unlink(missing_ok=True)

    def finish(self, manifest: Manifest, keep: int) -> int:
        """Put the manifest in its place, that of the backup before among the earlier ones."""
        newest = self.root / MANIFEST
        before = _read_manifest(newest) if newest.is_file() else None
        if before is not None:
            (self.root / EARLIER).mkdir(exist_ok=True)
            _write(self.root / EARLIER / f"{before.made_at:%Y%m%dT%H%M%S%fZ}.json", newest.read_bytes())
        _write(newest, write_manifest(manifest))
        for path in self.paths()[keep:]:
            path.unlink()
        is_sound = all(_read_manifest(path) is not None for path in self.paths())
        return self._remove_unknown() if is_sound else 0  # what a damaged manifest named may still be wanted

    def _remove_unknown(self) -> int:
        """Remove the files that no backup has any more."""
        known = {entry.name for manifest in self.manifests() for entry in manifest.entries}
        gone = [
            path
            for path in self.root.rglob("*")
            if path.is_file() and NAMES.fullmatch(name := path.relative_to(self.root).as_posix()) and name not in known
        ]
        for path in gone:
            path.unlink()
        return len(gone)


class Archive:
    """One backup as one file, ``.tar`` or ``.tar.zst``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tar: tarfile.TarFile | None = None

    @contextlib.contextmanager
    def open(self) -> Iterator[Archive]:
        """Open the archive; it has its name only when it is whole. Raises Conflict for a file that is there."""
        if self._path.exists():
            raise Conflict("backup-file-there", target=self._path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f".draft-{self._path.name}")
        draft.touch(mode=0o600)
        try:
            with (
                draft.open("wb") as file,
                _packed(file, self._path) as stream,
                tarfile.open(fileobj=stream, mode="w|", format=tarfile.GNU_FORMAT) as tar,
            ):
                self._tar = tar
                self._add_bytes(MARK, write_mark())
                yield self
            place(draft, self._path)
        finally:
            draft.unlink(missing_ok=True)

    def holds(self, entry: Entry) -> bool:
        """An archive begins empty."""
        return False

    def add(self, entry: Entry, read: Read, told: Told) -> None:
        """Append a file; it is read twice, for what was appended cannot be taken back."""
        copy_checked(entry, read, lambda _: None, lambda _: None)
        chunks = read()
        self._append(entry.name, entry.bytes, io.BufferedReader(Chunks(chunks, told), CHUNK))

    def finish(self, manifest: Manifest, keep: int) -> int:
        """Append the manifest."""
        self._add_bytes(MANIFEST, write_manifest(manifest))
        return 0

    def _add_bytes(self, name: str, content: bytes) -> None:
        self._append(name, len(content), io.BytesIO(content))

    def _append(self, name: str, size: int, stream: Any) -> None:
        if self._tar is None:
            raise ValueError("not open")
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, stream)


class Chunks(io.RawIOBase):
    """Chunks as a stream."""

    def __init__(self, chunks: Iterator[bytes], told: Told = lambda _: None) -> None:
        self._chunks, self._rest, self._told = chunks, b"", told

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes."""
        if not self._rest:
            self._rest = next(self._chunks, b"")
        size = min(len(self._rest), len(buffer))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        self._told(size)
        return size


def is_archive(path: Path) -> bool:
    """Tell whether a path is that of an archive, by its name."""
    return path.name.endswith(ARCHIVES)


def copy_checked(entry: Entry, read: Read, write: Callable[[bytes], Any], told: Told) -> None:
    """Copy what an entry names. Raises Damaged when it is not what the entry says."""
    digest, size = hashlib.sha256(), 0
    for chunk in read():
        digest.update(chunk)
        size += len(chunk)
        write(chunk)
        told(len(chunk))
    if (digest.hexdigest(), size) != (entry.sha256, entry.bytes):
        raise Damaged("backup-file-damaged", file=entry.name)


@contextlib.contextmanager
def _packed(file: Any, path: Path) -> Iterator[Any]:
    if not path.name.endswith(".zst"):
        yield file
        return
    with zstandard.ZstdCompressor(level=3, threads=-1).stream_writer(file, closefd=False) as stream:
        yield stream


def _read_manifest(path: Path) -> Manifest | None:
    try:
        return read_manifest(path.read_bytes(), str(path))
    except Malformed:
        return None


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".draft-{uuid.uuid4().hex}")
    draft.write_bytes(content)
    place(draft, path)


def _read_json(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        return None
