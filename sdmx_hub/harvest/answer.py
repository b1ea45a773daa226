"""What a partner answered, and what an answer may use: values alone, so that whoever reads them goes nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sdmx_hub.harvest.raw import Kept


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one answer may use. ``ratio`` is decompressed to compressed bytes, looked at past the first megabyte."""

    bytes: int = 500_000_000
    unpacked_bytes: int = 2_000_000_000
    ratio: int = 200
    seconds: float = 900.0
    connect_seconds: float = 10.0
    idle_seconds: float = 30.0
    redirects: int = 3


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: ``kept`` for a 200 (a 206 where a range was asked for) with a body, else ``excerpt``.

    ``bytes`` are those on the wire.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    bytes: int
    milliseconds: int
    kept: Kept | None = None
    excerpt: str = ""
    parts: tuple[Kept, ...] = ()
    """The bodies of the parts, when the question was asked in parts; ``kept`` is then the first."""
    overlapping: bool = False
    """Whether parts may hold the same observations."""

    @property
    def content_type(self) -> str:
        """The media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()
