"""Media ranges: the parts of an ``Accept`` header (RFC 9110 §12.5.1), read leniently, and version patterns in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

LONGEST = 4096
"""What a header holds beyond this is not looked at."""
_VERSION = re.compile(r"([0-9]+)(\+?)(?:\.([0-9]+)(\+?))?(?:\.([0-9]+)(\+?))?(?:-[A-Za-z0-9.-]+)?")


@dataclass(frozen=True)
class MediaRange:
    """One range: type in lower case, parameters (names in lower case) without ``q``, and its quality."""

    media_type: str
    parameters: Mapping[str, str]
    quality: float = 1.0

    @property
    def specificity(self) -> int:
        """0 for anything, 1 for any subtype, 2 for one type, 3 with parameters."""
        if self.media_type == "*/*":
            return 0
        if self.media_type.endswith("/*"):
            return 1
        return 3 if self.parameters else 2

    def covers(self, media_type: str) -> bool:
        """Tell whether ``media_type`` lies in the range, parameters left aside."""
        if self.media_type in {"*/*", media_type}:
            return True
        return self.media_type.endswith("/*") and media_type.startswith(self.media_type[:-1])


def parse_accept(header: str) -> list[MediaRange]:
    """Read the ranges, the most wanted first: by quality, then the more specific, then as written.

    What cannot be read is passed over; ``*`` alone counts as ``*/*``, a quality that is no number as 1.
    """
    found = [_parse_range(part) for part in header[:LONGEST].split(",")]
    ranges = [each for each in found if each is not None]
    return sorted(ranges, key=lambda each: (-each.quality, -min(each.specificity, 2)))


def _parse_range(part: str) -> MediaRange | None:
    media_type, *rest = (piece.strip() for piece in part.split(";"))
    media_type = "*/*" if media_type == "*" else media_type.lower()
    if media_type.count("/") != 1:
        return None
    pairs = (piece.partition("=") for piece in rest if piece)
    parameters = {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
    return MediaRange(media_type, parameters, _quality(parameters.pop("q", "1")))


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 1.0
    return min(max(quality, 0.0), 1.0) if quality == quality else 1.0  # noqa: PLR0124 - not a number


def version_matches(pattern: str, version: str) -> bool:
    """Tell whether a format's ``version`` is what ``pattern`` asks for.

    ``1.0`` is ``1.0.0``; a suffix (``1.0.0-wd``) is left aside; ``+`` behind a part means this or later in that part
    (``3.0.0+``, ``2.3+.1``, ``2+.0.1``), the parts before it being fixed; ``+`` or ``*`` alone is any version.
    """
    if pattern in {"+", "*", "~"}:
        return True
    asked = _VERSION.fullmatch(pattern)
    if asked is None:
        return False
    wanted = tuple(int(asked[group] or 0) for group in (1, 3, 5))
    have = _numbers(version)
    for position, group in enumerate((2, 4, 6)):
        if asked[group]:
            return have[:position] == wanted[:position] and have >= wanted
    return have == wanted


def _numbers(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in version.split(".")] if version else []
    return tuple([*parts, 0, 0, 0][:3])


def latest(versions: list[str]) -> str:
    """The highest of some plain versions."""
    return max(versions, key=_numbers)
