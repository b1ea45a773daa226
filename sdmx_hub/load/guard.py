"""The guard: bytes from outside are measured, unpacked within limits and looked through before anything reads them.

Nothing is unpacked into memory, and what is unpacked is counted as it comes, whatever the package claims. Texts must be
whole UTF-8 without control characters, or the first wrong byte is told with its place.
"""

from __future__ import annotations

import codecs
import contextlib
import gzip
import hashlib
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sdmx_hub.errors import Malformed, NotFound, TooLarge
from sdmx_hub.formats.sniff import HEAD, XML_KINDS, Kind, sniff, sniff_bytes

BLOCK = 1 << 20
INNOCENT = 16 << 20
"""Bytes up to which no ratio is suspicious: a short table of blanks packs very well."""
MOST_ENTRIES = 2_000
_TEXTS = frozenset(
    {Kind.CSV, Kind.CSV_V1, Kind.CSV_V2, Kind.HTML, *(kind for kind in Kind if kind.name.startswith("JSON"))}
)
_CONTROLS = bytes(set(range(32)) - {9, 10, 13})
_NOT_CHARACTERS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_DECLARED = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_UTF_8 = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})


@dataclass(frozen=True, kw_only=True)
class GuardLimits:
    """How large a file may be as sent, and unpacked, and how many times larger unpacking may make it."""

    sent: int = 1_000_000_000
    unpacked: int = 2_000_000_000
    ratio: int = 200


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """A file that may be read: ``path`` is unpacked UTF-8 (or a workbook), the hash is of the bytes as sent."""

    path: Path
    kind: Kind
    sent: Path
    size: int
    sha256: str


@contextlib.contextmanager
def open_guarded(path: Path, limits: GuardLimits | None = None, *, is_message: bool = True) -> Iterator[Guarded]:
    """Let a file in, unpacked for as long as the context lasts.

    ``is_message`` asks for UTF-8; a table with a mapping says its own encoding. Raises NotFound, TooLarge, Malformed.
    """
    limits = limits or GuardLimits()
    if not path.is_file():
        raise NotFound("guard-missing", path=path)
    size = path.stat().st_size
    if size > limits.sent:
        raise TooLarge("guard-size", size=size, most=limits.sent)
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-in-") as folder:
        plain = _unpacked(path, Path(folder), limits)
        kind = sniff(plain)
        if is_message:
            plain = _as_utf8(plain, kind, Path(folder))
            check_text(plain, kind)
        yield Guarded(path=plain, kind=kind, sent=path, size=size, sha256=hash_file(path))


def hash_file(path: Path) -> str:
    """SHA-256 of the bytes of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _unpacked(path: Path, folder: Path, limits: GuardLimits) -> Path:
    kind = sniff(path)
    target = folder / path.name.removesuffix(".gz")
    allowance = _allowance(path, limits)
    if kind is Kind.GZIP:
        with gzip.open(path, "rb") as stream:
            _copy(stream, target, allowance)
        return target
    if kind is Kind.ZIP:
        return _unzip(path, folder, allowance)
    if kind is Kind.XLSX:
        _check_package(path, allowance)
    return path


def _allowance(path: Path, limits: GuardLimits) -> Callable[[int], None]:
    """Make what is called with the number of bytes unpacked so far, and refuses when they are too many."""
    most = max(INNOCENT, path.stat().st_size * limits.ratio)

    def check(unpacked: int) -> None:
        if unpacked > limits.unpacked:
            raise TooLarge("guard-unpacked", most=limits.unpacked)
        if unpacked > most:
            raise TooLarge("guard-ratio", ratio=limits.ratio)

    return check


def _copy(stream: IO[bytes] | gzip.GzipFile, target: Path | None, check: Callable[[int], None], before: int = 0) -> int:
    """Unpack block by block; without ``target`` the bytes are only counted. Gives the bytes so far."""
    total = before
    try:
        with contextlib.ExitStack() as stack:
            out = stack.enter_context(target.open("wb")) if target else None
            while block := stream.read(BLOCK):
                total += len(block)
                check(total)
                if out:
                    out.write(block)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise Malformed("guard-packed", why=str(error)[:200]) from error
    return total


def _entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    found = [entry for entry in archive.infolist() if not entry.is_dir() and not entry.filename.startswith("__MACOSX/")]
    if any(entry.flag_bits & 1 for entry in found):
        raise Malformed("guard-zip-locked")
    return found


@contextlib.contextmanager
def _open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise Malformed("guard-packed", why=str(error)[:200]) from error
    with archive:
        yield archive


def _unzip(path: Path, folder: Path, check: Callable[[int], None]) -> Path:
    with _open_zip(path) as archive:
        entries = _entries(archive)
        if len(entries) != 1:
            raise Malformed("guard-zip", count=len(entries))
        target = folder / "unpacked"  # never a name of the archive's choosing
        with _open_entry(archive, entries[0]) as stream:
            _copy(stream, target, check)
    return target


def _check_package(path: Path, check: Callable[[int], None]) -> None:
    """Count what a workbook really unpacks to."""
    with _open_zip(path) as archive:
        entries = _entries(archive)
        if len(entries) > MOST_ENTRIES:
            raise Malformed("guard-zip", count=len(entries))
        total = 0
        for entry in entries:
            with _open_entry(archive, entry) as stream:
                total = _copy(stream, None, check, total)


@contextlib.contextmanager
def _open_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    try:
        stream = archive.open(entry)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise Malformed("guard-packed", why=str(error)[:200]) from error
    with stream:
        yield stream


def _as_utf8(path: Path, kind: Kind, folder: Path) -> Path:
    """Rewrite a text in UTF-16 (which spreadsheets call Unicode text) as UTF-8; XML says its own encoding."""
    with path.open("rb") as stream:
        mark = stream.read(2)
    if mark not in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} or kind in XML_KINDS:
        return path
    target = folder / "utf-8"
    try:
        with path.open(encoding="utf-16", newline="") as source, target.open("w", encoding="utf-8", newline="") as out:
            while text := source.read(BLOCK):
                out.write(text)
    except UnicodeError as error:
        raise Malformed("xml-encoding", why=str(error)[:100]) from error
    return target


def check_text(path: Path, kind: Kind | None = None) -> None:
    """Look through a text: all of it UTF-8, no control characters. Other kinds pass.

    Raises Malformed with byte offset and line of the first wrong byte.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    kind = kind or sniff_bytes(head)
    is_xml = kind in XML_KINDS
    if not (is_xml or kind in _TEXTS) or head[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"<\0", b"\0<"}:
        return
    declared = _DECLARED.match(head.removeprefix(codecs.BOM_UTF8)) if is_xml else None
    is_utf8 = declared is None or declared[1].lower() in _UTF_8
    _walk(path, is_utf8=is_utf8)


def _walk(path: Path, *, is_utf8: bool) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset, lines = 0, 1
    with path.open("rb") as stream:
        while True:
            block = stream.read(BLOCK)
            wrong = _first_control(block)
            if wrong is not None:
                raise _told("guard-control", block, wrong, offset, lines)
            if is_utf8:
                waiting = len(decoder.getstate()[0])
                try:
                    decoder.decode(block, final=not block)
                except UnicodeDecodeError as error:
                    raise _told("guard-encoding", error.object, error.start, offset - waiting, lines) from error
            if not block:
                return
            offset += len(block)
            lines += block.count(b"\n")


def _first_control(block: bytes) -> int | None:
    """Place of the first byte no text has; the common answer, none, costs one pass at the speed of memory."""
    if len(block.translate(None, _CONTROLS)) == len(block) and b"\xef\xbf" not in block:
        return None
    found = _NOT_CHARACTERS.search(block)
    return found.start() if found else None


def _told(key: str, block: bytes, place: int, offset: int, lines: int) -> Malformed:
    line_start = block.rfind(b"\n", 0, place) + 1
    near = block[max(line_start, place - 20) : place + 10].decode("ascii", errors="replace")
    shown = "".join(letter if letter.isprintable() else "·" for letter in near.replace("\ufffd", "·"))
    line = lines + block.count(b"\n", 0, place)
    params = {"byte": f"{block[place]:02X}", "offset": offset + place, "line": line}
    return Malformed(key, **params, **({"near": shown} if key == "guard-encoding" else {}))
