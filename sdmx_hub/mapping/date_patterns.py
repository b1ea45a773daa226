"""Dates written by a pattern of Java's SimpleDateFormat, as DatePatternMap of SDMX 3 has them (Technical Notes §13.7).

Letters: ``yyyy`` ``yy`` (and ``YYYY`` ``YY``, taken as the calendar year) · ``MM`` ``MMM`` ``MMMM`` · ``dd`` · ``DDD``
day of the year (``DD`` beside a month is its day, as in the examples of the notes) · ``ww`` ``U`` week and its day ·
``E`` name of a day, passed over · ``HH`` ``kk`` ``KK`` ``hh`` ``a`` ``mm`` ``ss`` ``S`` · ``n`` behind
``A S T Q M W D`` the number of a period. Text in quotes, and every sign that is no letter, stands for itself.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sdmx_hub.errors import BadRequest
from sdmx_hub.mapping.times import MONTHS
from sdmx_hub.mapping.words import fold
from sdmx_hub.model.period import Period, parse_period

LOCALES = ("en", "fr", "es")
"""Languages whose names of months are known."""
_TOKEN = re.compile(r"'((?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(.)", re.DOTALL)
_COUNTED = "ASTQMWD"
_DIGITS: Mapping[str, tuple[str, int]] = {
    "M": ("month", 2), "d": ("day", 2), "D": ("day_of_year", 3), "w": ("week", 2), "U": ("weekday", 1),
    "u": ("weekday", 1), "H": ("hour", 2), "k": ("hour24", 2), "K": ("hour12", 2), "h": ("hour12", 2),
    "m": ("minute", 2), "s": ("second", 2), "S": ("fraction", 9), "n": ("number", 3),
}  # fmt: skip
_NAMES = 3
"""From how many letters on a month is a name."""
_PIVOT = 70
"""Years of two digits below this are of this century."""


@dataclass(frozen=True)
class _Piece:
    """A part of a pattern: what it is called (empty for text that stands for itself) and the pattern of its text."""

    name: str
    text: str
    digits: int = 0


@dataclass(frozen=True)
class DatePattern:
    """A pattern, compiled. ``counted`` is the frequency whose periods it counts, if it does."""

    compiled: re.Pattern[str]
    counted: str | None

    def read(self, text: str) -> Period | None:
        """Read one text as the span of time it names; None where it does not fit or does not exist."""
        match = self.compiled.fullmatch(text)
        if match is None:
            return None
        parts = {name: value for name, value in match.groupdict().items() if value}
        written = _written(parts, self.counted)
        try:
            return parse_period(written) if written else None
        except BadRequest:
            return None


@functools.lru_cache(maxsize=256)
def parse_pattern(pattern: str, locale: str = "en") -> DatePattern:
    """Read a pattern. Raises BadRequest for a letter that is not known, a year that is missing, an unknown locale."""
    pieces: list[_Piece] = []
    counted: str | None = None
    found = list(_TOKEN.finditer(pattern))
    for place, token in enumerate(found):
        following = found[place + 1]["letters"] if place + 1 < len(found) else None
        if token["letters"] is None:
            literal = "'" if token[0] == "''" else (token[1] or "").replace("''", "'") or token[4] or ""
            pieces.append(_Piece("", re.escape(literal)))
            if (following or "").startswith("n"):
                counted = literal[-1:].upper()
        elif len(token[0]) == 1 and token[0] in _COUNTED and (following or "").startswith("n"):
            counted = token[0]
            pieces.append(_Piece("", f" ?{token[0]}"))
        else:
            pieces.append(_piece(token[0], pattern, locale))
    names = [piece.name for piece in pieces if piece.name and piece.name != "any"]
    if "year" not in names or len(set(names)) < len(names) or ("number" in names and counted not in set(_COUNTED)):
        raise BadRequest("MAP-DATE", pattern=pattern, why="yyyy")
    return DatePattern(re.compile("".join(_grouped(pieces)), re.IGNORECASE), counted)


def _piece(letters: str, pattern: str, locale: str) -> _Piece:
    letter, count = letters[0], len(letters)
    if letter in "yY":
        return _Piece("year", f"[0-9]{{{2 if count == 2 else 4}}}")
    if letter == "M" and count >= _NAMES:
        if locale.replace("_", "-").partition("-")[0].lower() not in LOCALES:
            raise BadRequest("MAP-DATE", pattern=pattern, why=f"locale {locale}")
        return _Piece("month_name", r"[^\W\d_]+\.?")
    if letter == "E":
        return _Piece("any", r"[^\W\d_]+\.?")
    if letter == "a":
        return _Piece("half", "[AaPp]\\.?[Mm]\\.?")
    if letter not in _DIGITS:
        raise BadRequest("MAP-DATE", pattern=pattern, why=letters)
    name, most = _DIGITS[letter]
    return _Piece(name, f"[0-9]{{1,{max(count, most)}}}", count)


def _grouped(pieces: Sequence[_Piece]) -> list[str]:
    """Numbers that stand side by side have the number of digits their letters say."""
    written = []
    for place, piece in enumerate(pieces):
        beside = pieces[place + 1] if place + 1 < len(pieces) else _Piece("", "")
        text = f"[0-9]{{{piece.digits}}}" if piece.digits and beside.name and beside.name != "half" else piece.text
        written.append(f"(?P<{piece.name}>{text})" if piece.name not in {"", "any"} else text)
    return written


def _written(parts: Mapping[str, str], counted: str | None) -> str | None:
    """The span of time as SDMX writes it."""
    year = _year(parts["year"])
    if "number" in parts and counted:
        digits = {"M": 2, "W": 2, "D": 3}.get(counted, 1)
        return f"{year:04}-{counted}{int(parts['number']):0{digits}}"
    if "week" in parts:
        return f"{year:04}-W{int(parts['week']):02}"
    month = _month(parts)
    if month is None:
        return None
    day = parts.get("day") or (parts.get("day_of_year") if month else None)
    if not month:
        return f"{year:04}-D{int(parts['day_of_year']):03}" if "day_of_year" in parts else f"{year:04}"
    if not day:
        return f"{year:04}-{month:02}"
    return f"{year:04}-{month:02}-{int(day):02}{_clock(parts)}"


def _year(text: str) -> int:
    short = int(text)
    if len(text) > 2:
        return short
    return 2000 + short if short < _PIVOT else 1900 + short


def _month(parts: Mapping[str, str]) -> int | None:
    """The month: 0 where the pattern has none, None where the name is none."""
    if "month_name" in parts:
        return MONTHS.get(fold(parts["month_name"]))
    return int(parts.get("month", 0))


def _clock(parts: Mapping[str, str]) -> str:
    """The time of the day, where there is one."""
    if not parts.keys() & {"hour", "hour24", "hour12"}:
        return ""
    hour = int(parts.get("hour", parts.get("hour24", "0"))) % 24
    if "hour12" in parts:
        hour = int(parts["hour12"]) % 12 + (12 if parts.get("half", "a")[0] in "pP" else 0)
    return f"T{hour:02}:{int(parts.get('minute', 0)):02}:{int(parts.get('second', 0)):02}"
