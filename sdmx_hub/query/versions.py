"""Version patterns (REST v2.2, *Query syntax for specific, latest or all artefact versions*) and those of REST v1.

A pattern is up to three numbers, one of which may carry an operator: ``+`` the latest stable, ``~`` the latest, ``*``
all. A number before its operator is a minimum for that part and those behind it; the parts before are exact; an
operator without number has zeros behind it. The number of parts is part of the match: ``1.~`` finds ``1.4`` and never
``1.4.0``.

One leniency: a bare ``+`` finds the latest ``X`` or ``X.Y`` of an artefact that has no stable semantic version, because
clients ask ``+`` for everything and agencies still number in two parts. Drafts stay out.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sdmx_hub.errors import BadRequest
from sdmx_hub.query.request import ANY, LATEST
from sdmx_hub.query.text import canonical, shown

STABLE = "+"
_VERSION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9}){0,2})(?:-([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*))?")
_PART = re.compile(r"([0-9]{0,9})([+~*]?)")
_LONGEST = 255


@dataclass(frozen=True)
class Version:
    """A version taken apart; ``numbers`` as many as written."""

    numbers: tuple[int, ...]
    extension: str = ""

    @property
    def is_stable(self) -> bool:
        """Tell whether this is a stable semantic version: three parts, not 0.y.z, no extension."""
        return len(self.numbers) == 3 and self.numbers[0] > 0 and not self.extension

    @functools.cached_property
    def precedence(self) -> tuple[object, ...]:
        """Sort key: by number, a draft before its release (semantic versioning, §11), more parts after fewer."""
        padded = self.numbers + (0,) * (3 - len(self.numbers))
        pieces = tuple(
            (0, int(piece), "") if piece.isdecimal() else (1, 0, piece)
            for piece in (self.extension.split(".") if self.extension else ())
        )
        return (padded, not self.extension, pieces, len(self.numbers))


@dataclass(frozen=True)
class Pattern:
    """A version pattern taken apart.

    ``operator`` is empty for one exact ``version``. Otherwise the first parts are ``exact``, those from there on at
    least ``minimum``, and there are ``parts`` of them (None: as many as there are).
    """

    operator: str
    version: str = ""
    exact: tuple[int, ...] = ()
    minimum: tuple[int, ...] = ()
    parts: int | None = None

    def admits(self, version: Version) -> bool:
        """Tell whether a version has the form asked for; which one of several is wanted is not said here."""
        if self.operator == STABLE and not version.is_stable:
            return False
        if self.parts is None:
            return True
        start = len(self.exact)
        numbers = version.numbers
        return len(numbers) == self.parts and numbers[:start] == self.exact and numbers[start:] >= self.minimum


@functools.lru_cache(maxsize=4096)
def parse_version(text: str) -> Version | None:
    """Take a version apart; None when it is not numbered as SDMX does."""
    match = _VERSION.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None or (match[2] and match[1].count(".") != 2):
        return None
    return Version(tuple(int(number) for number in match[1].split(".")), match[2] or "")


@functools.lru_cache(maxsize=4096)
def parse_pattern(text: str) -> Pattern:
    """Take a pattern apart. Raises BadRequest for the forms the standard does not support."""
    if text in {STABLE, LATEST, ANY}:
        return Pattern(text)
    if parse_version(text):
        return Pattern("", version=text)
    read = [_PART.fullmatch(part) for part in text.split(".")] if len(text) <= _LONGEST else []
    parts = [(match[1], match[2]) for match in read if match]
    wild = [position for position, (_, operator) in enumerate(parts) if operator]
    if len(parts) != len(read) or not 2 <= len(parts) <= 3 or len(wild) != 1 or not _is_supported(parts, wild[0]):
        raise BadRequest("query-version", found=shown(text))
    at = wild[0]
    numbers = tuple(int(number or 0) for number, _ in parts)
    return Pattern(parts[at][1], exact=numbers[:at], minimum=numbers[at:], parts=len(parts))


def _is_supported(parts: Sequence[tuple[str, str]], at: int) -> bool:
    number, operator = parts[at]
    if any(not other for position, (other, _) in enumerate(parts) if position != at):
        return False
    if not number and any(int(behind) for behind, _ in parts[at + 1 :]):
        return False
    return operator != STABLE or len(parts) == 3


def parse_versions(text: str, default: str) -> tuple[str, ...]:
    """Read the version slot of REST v2: patterns between ``,``; ``all`` and ``latest`` are understood too."""
    if not text:
        return (default,)
    return canonical(_known(one) for one in text.split(","))


def parse_versions_v1(text: str) -> tuple[str, ...]:
    """Read the version slot of REST v1: versions between ``+``, ``all`` or ``latest``; one v2 pattern is understood."""
    if not text:
        return (LATEST,)
    if text == STABLE:
        return (STABLE,)
    return canonical(_known(one) for one in re.split(r"[+,]", text))


def _known(text: str) -> str:
    if text.lower() == "all":
        return ANY
    if text.lower() == "latest":
        return LATEST
    parse_pattern(text)
    return text


def select_versions(patterns: Iterable[str], versions: Iterable[str]) -> tuple[str, ...]:
    """Choose among the versions of one artefact, latest last; a version not numbered as SDMX does comes first."""
    there = sorted(set(versions), key=_order)
    chosen = {version for pattern in patterns for version in _select(pattern, there)}
    return tuple(version for version in there if version in chosen)


def _order(text: str) -> tuple[object, ...]:
    version = parse_version(text)
    return (version is not None, version.precedence if version else (), text)


def _select(text: str, there: Sequence[str]) -> Sequence[str]:
    pattern = parse_pattern(text)
    if not pattern.operator:
        return [version for version in there if version == pattern.version]
    admitted = [text for text in there if (version := parse_version(text)) and pattern.admits(version)]
    if pattern.operator == ANY:
        return list(there) if text == ANY else admitted
    if text == STABLE and not admitted:
        admitted = [text for text in there if (version := parse_version(text)) and len(version.numbers) < 3]
    return admitted[-1:]


def matches(pattern: str, version: str, *, all_versions: Iterable[str]) -> bool:
    """Tell whether ``pattern`` chooses ``version`` among ``all_versions`` of the artefact."""
    return version in select_versions((pattern,), all_versions)
