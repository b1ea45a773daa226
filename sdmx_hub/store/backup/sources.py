"""Reading a backup, whoever wrote it: every name, size and hash is checked before anything is believed.

Only plain files of the names a backup uses are taken. An archive is read once, from front to end; nothing of it is
larger than the disk has room for, or than what it was packed from can be.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import stat
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol, Self

import orjson
import zstandard

from sdmx_hub.errors import Malformed, NotFound
from sdmx_hub.store.backup.manifest import (
    MANIFEST,
    MARK,
    MOST_BYTES,
    Entry,
    Manifest,
    check_mark,
    check_name,
    read_manifest,
)
from sdmx_hub.store.backup.targets import Chunks, Folder, Told, is_archive
from sdmx_hub.store.blobs import CHUNK

_HIGHEST_RATIO = 1_000
"""Segments are packed already; control tables are packed before they come into an archive."""
_ALWAYS = 10_000_000
_RESERVE = 50_000_000


class Measured:
    """Chunks, measured as they are drawn."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._hash = chunks, hashlib.sha256()
        self.size = 0

    def __iter__(self) -> Measured:
        """Itself."""
        return self

    def __next__(self) -> bytes:
        """Draw the next chunk."""
        chunk = next(self._chunks)
        self._hash.update(chunk)
        self.size += len(chunk)
        return chunk

    @property
    def sha256(self) -> str:
        """The hash of what was drawn."""
        return self._hash.hexdigest()


Take = Callable[[str, Measured], None]
"""Given each file of a backup with its name; it must draw all chunks."""


class Source(Protocol):
    """A backup to be read."""

    def read(self, take: Take) -> Manifest:
        """Give every file to ``take``, each checked, and the manifest in the end. Raises Malformed."""

    def faults(self, told: Told) -> tuple[Manifest, list[str]]:
        """Read everything and tell which files are missing or damaged. Raises Malformed when it is no backup."""


def open_source(path: Path) -> Source:
    """Open a backup: a folder, one of its earlier manifests, or an archive. Raises NotFound, Malformed."""
    if path.is_dir():
        return FolderSource(path, path / MANIFEST)
    if not path.is_file():
        raise NotFound("backup-none", source=path)
    if path.suffix == ".json" and not is_archive(path):
        root = path.parent if path.name == MANIFEST else path.parent.parent
        return FolderSource(root, path)
    return ArchiveSource(path)


def list_backups(path: Path) -> list[Manifest]:
    """The backups in a folder or archive, newest first. Raises NotFound, Malformed."""
    if path.is_dir():
        found = Folder(path).manifests()
        return found or [FolderSource(path, path / MANIFEST).manifest()]
    return [open_source(path).faults(lambda _: None)[0]]


class FolderSource:
    """One backup of a folder."""

    def __init__(self, root: Path, manifest: Path) -> None:
        self._root, self._path = root, manifest

    def manifest(self) -> Manifest:
        """Read the manifest."""
        if not self._path.is_file():
            raise NotFound("backup-none", source=self._root)
        if self._path.stat().st_size > MOST_BYTES:
            raise Malformed("backup-bomb", file=self._path.name)
        return read_manifest(self._path.read_bytes(), str(self._path))

    def read(self, take: Take) -> Manifest:
        """Give the files the manifest names."""
        manifest = self.manifest()
        for entry in manifest.entries:
            fault = self._checked(entry, take)
            if fault:
                raise Malformed("backup-damaged", file=entry.name, why=fault)
        return manifest

    def faults(self, told: Told) -> tuple[Manifest, list[str]]:
        """Read the files the manifest names."""
        manifest = self.manifest()

        def skip(_: str, chunks: Measured) -> None:
            for chunk in chunks:
                told(len(chunk))

        return manifest, [entry.name for entry in manifest.entries if self._checked(entry, skip)]

    def _checked(self, entry: Entry, take: Take) -> str:
        """Give one file to ``take``; tell what is wrong with it."""
        path = self._root / entry.name
        check_name(entry.name)
        if path.resolve() != self._root.resolve() / entry.name or not path.is_file():
            return "missing"
        if path.stat().st_size != entry.bytes:
            return "size"
        measured = Measured(_chunks_of(path))
        take(entry.name, measured)
        return "" if measured.sha256 == entry.sha256 else "SHA-256"


class ArchiveSource:
    """One backup as an archive."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, take: Take) -> Manifest:
        """Give each member to ``take`` as it comes, then hold them all against the manifest."""
        found: dict[str, Entry] = {}
        manifest = None
        try:
            with self._opened() as tar:
                self._check_first(tar)
                for member in tar:
                    if member.name == MANIFEST:
                        manifest = self._manifest(tar, member)
                    elif member.name != MARK:
                        found[member.name] = self._take(tar, member, take, found)
        except (tarfile.TarError, zstandard.ZstdError, EOFError, UnicodeError, OverflowError) as error:
            raise Malformed("backup-damaged", file=self._path.name, why=f"{type(error).__name__}") from error
        if manifest is None:
            raise Malformed("backup-cut", file=self._path.name)
        self._compare(manifest, found)
        return manifest

    def faults(self, told: Told) -> tuple[Manifest, list[str]]:
        """Read everything; an archive that is not whole is none."""

        def skip(_: str, chunks: Measured) -> None:
            for chunk in chunks:
                told(len(chunk))

        return self.read(skip), []

    def _compare(self, manifest: Manifest, found: dict[str, Entry]) -> None:
        for entry in manifest.entries:
            if found.pop(entry.name, None) != entry:
                raise Malformed("backup-damaged", file=entry.name, why="SHA-256")
        if found:
            raise Malformed("backup-damaged", file=next(iter(found)), why="?")

    def _check_first(self, tar: tarfile.TarFile) -> None:
        first = tar.next()
        if first is None or first.name != MARK or first.size > 1000:
            raise Malformed("backup-foreign", file=self._path.name)
        try:
            check_mark(orjson.loads(_extracted(tar, first).read()), self._path.name)
        except orjson.JSONDecodeError as error:
            raise Malformed("backup-foreign", file=self._path.name) from error

    def _manifest(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> Manifest:
        if member.size > MOST_BYTES:
            raise Malformed("backup-bomb", file=MANIFEST)
        return read_manifest(_extracted(tar, member).read(), MANIFEST)

    def _take(self, tar: tarfile.TarFile, member: tarfile.TarInfo, take: Take, found: dict[str, Entry]) -> Entry:
        try:
            check_name(member.name)
        except ValueError as error:
            raise Malformed("backup-unsafe", file=member.name[:200]) from error
        if member.name in found:
            raise Malformed("backup-unsafe", file=member.name)
        measured = Measured(_chunks(_extracted(tar, member)))
        take(member.name, measured)
        if measured.size != member.size:
            raise Malformed("backup-cut", file=self._path.name)
        return Entry(name=member.name, sha256=measured.sha256, bytes=measured.size)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tarfile.TarFile]:
        with self._path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            stream: Any = file
            if start == zstandard.FRAME_HEADER or self._path.suffix == ".zst":
                plain = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(file)
                most = _ALWAYS + _HIGHEST_RATIO * self._path.stat().st_size
                stream = io.BufferedReader(Chunks(_bounded(plain, most, self._path)), CHUNK)
            try:
                with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Plain) as tar:
                    yield tar
            except tarfile.ReadError as error:
                raise Malformed("backup-foreign", file=self._path.name) from error


class _Plain(tarfile.TarInfo):
    """The head of a plain file; those of links, folders, devices and headers of headers are refused unread."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Read the head of a member."""
        member = super().frombuf(buf, encoding, errors)
        if member.type not in {tarfile.REGTYPE, tarfile.AREGTYPE}:
            raise Malformed("backup-unsafe", file=member.name[:200])
        return member


def check_room(folder: Path, size: int) -> None:
    """Make sure that the disk has room for so many bytes. Raises Malformed."""
    free = shutil.disk_usage(folder).free
    if size + _RESERVE > free:
        raise Malformed("backup-no-room", folder=folder, needed=size, free=free)


def _extracted(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = tar.extractfile(member)
    if stream is None:
        raise Malformed("backup-unsafe", file=member.name[:200])
    return stream


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


def _chunks_of(path: Path) -> Iterator[bytes]:
    """What a plain file holds, never what a link leads to."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as stream:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            yield from _chunks(stream)


def _bounded(stream: Any, most: int, path: Path) -> Iterator[bytes]:
    total = 0
    while chunk := stream.read(CHUNK):
        total += len(chunk)
        if total > most:
            raise Malformed("backup-bomb", file=path.name)
        yield chunk
