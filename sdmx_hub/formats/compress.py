"""Compression of responses: gzip at level 1 by ISA-L (zlib where that is missing), zstd at level 1; streamed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

import zstandard

from sdmx_hub.formats.media_range import LONGEST

try:
    from isal import isal_zlib
except ImportError:  # no wheel for this processor: slower, the same format
    isal_zlib = None  # type: ignore[assignment] # asked for where it is used

Chunk = bytes | memoryview
_GZIP_WINDOW = 31
_LEVEL = 1


class _Compressor(Protocol):
    def compress(self, data: Chunk, /) -> bytes: ...
    def flush(self) -> bytes: ...


def _gzip() -> _Compressor:
    library = zlib if isal_zlib is None else isal_zlib
    compressor: _Compressor = library.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    return compressor


def _zstd() -> _Compressor:
    return zstandard.ZstdCompressor(level=_LEVEL).compressobj()


COMPRESSORS: Mapping[str, Callable[[], _Compressor]] = {"gzip": _gzip, "zstd": _zstd}
"""Content codings by name, the one preferred at equal quality first."""


def choose_encoding(accept_encoding: str | None) -> str | None:
    """Choose a content coding by ``Accept-Encoding`` (RFC 9110 §12.5.3); None sends the bytes as they are."""
    qualities = dict(_parse_codings((accept_encoding or "")[:LONGEST]))
    anything = qualities.get("*", 0.0)
    as_is = qualities.get("identity", 0.0)
    best, best_quality = None, 0.0
    for coding in COMPRESSORS:
        quality = qualities.get(coding, anything)
        if quality > best_quality and quality >= as_is:
            best, best_quality = coding, quality
    return best


def _parse_codings(header: str) -> Iterator[tuple[str, float]]:
    for part in header.split(","):
        coding, _, weight = part.partition(";")
        name = coding.strip().lower().removeprefix("x-")
        try:
            yield name, float(weight.strip().removeprefix("q=")) if weight.strip() else 1.0
        except ValueError:
            continue


def compress(chunks: Iterable[Chunk], encoding: str | None) -> Iterator[Chunk]:
    """Compress a stream piece by piece; with no ``encoding`` the pieces pass as they are."""
    if encoding is None:
        yield from chunks
        return
    compressor = COMPRESSORS[encoding]()
    for chunk in chunks:
        piece = compressor.compress(chunk)
        if piece:
            yield piece
    yield compressor.flush()
