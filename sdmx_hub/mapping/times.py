"""Times as offices write them: a pattern with named parts becomes an SDMX period.

| part | reads |
|---|---|
| ``{yyyy}`` ``{yy}`` | a year of four or two digits (00–69 are 2000–2069) |
| ``{yyyy_end}`` ``{yy_end}`` | the year in which a year of the office ends: it must be the one after |
| ``{mm}`` ``{m}`` ``{month}`` | a month of two digits, of one or two, by its name in English, French or Spanish |
| ``{dd}`` ``{d}`` | a day of two digits, of one or two |
| ``{q}`` ``{s}`` | a quarter 1–4 (Roman numerals too), a semester 1–2 |
| ``{*}`` | any text |
| ``{or}`` | between two patterns: whichever reads the text, the first first |

The pattern ``iso`` takes a period as SDMX writes it. The finest part decides the form: day, month, quarter, semester,
year. With a ``year_start`` other than 1 January years become ``YYYY-A1`` and quarters and semesters count from it,
``YYYY`` being the calendar year in which the office's year begins (SDMX guideline on non-calendar years).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from sdmx_hub.errors import BadRequest
from sdmx_hub.mapping.rules import NamedBy, TimeRule
from sdmx_hub.mapping.words import fold
from sdmx_hub.model.period import JANUARY_1, parse_period

ISO = "iso"
_PARTS = {
    "yyyy": "[0-9]{4}",
    "yy": "[0-9]{2}",
    "yyyy_end": "[0-9]{4}",
    "yy_end": "[0-9]{2}",
    "mm": "[0-9]{2}",
    "m": "[0-9]{1,2}",
    "month": r"[^\W\d_]+\.?",
    "dd": "[0-9]{2}",
    "d": "[0-9]{1,2}",
    "q": "[1-4]|I{1,3}|IV",
    "s": "[12]|I{1,2}",
}
_ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4"}
_MONTHS = (
    "january jan janvier janv enero ene",
    "february feb fevrier fevr fev febrero",
    "march mar mars marzo",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juin junio",
    "july jul juillet juil julio",
    "august aug aout agosto ago",
    "september sep sept septembre septiembre setiembre set",
    "october oct octobre octubre",
    "november nov novembre noviembre",
    "december dec decembre diciembre dic",
)
MONTHS: Mapping[str, int] = {word: number for number, words in enumerate(_MONTHS, start=1) for word in words.split()}
"""Names and abbreviations of the months in three languages, folded."""


def check_pattern(pattern: str) -> None:
    """Refuse a pattern that names an unknown part, one part twice, or no year. Raises BadRequest."""
    for one in _alternatives(pattern):
        if one != ISO:
            _compile(one)


def _alternatives(pattern: str) -> list[str]:
    return re.split(r"\s*\{or\}\s*", pattern)


@functools.lru_cache(maxsize=256)
def _compile(pattern: str) -> re.Pattern[str]:
    pieces: list[str] = []
    named: set[str] = set()
    for text, part in re.findall(r"([^{}]+)|\{([^{}]*)\}", pattern):
        if text:
            pieces.append(re.escape(text))
        elif part == "*":
            pieces.append(".*?")
        elif part in _PARTS and part not in named:
            named.add(part)
            pieces.append(f"(?P<{part}>{_PARTS[part]})")
        else:
            raise BadRequest("MAP-TIME", pattern=pattern, part=part, parts=_listed())
    if not named & {"yyyy", "yy"}:
        raise BadRequest("MAP-TIME", pattern=pattern, part="yyyy", parts=_listed())
    return re.compile("".join(pieces), re.IGNORECASE)


def _listed() -> str:
    return " ".join(f"{{{part}}}" for part in (*_PARTS, "*", "or"))


def read_time(text: str, rule: TimeRule) -> str | None:
    """Read one text; None when it does not fit the pattern or no such time exists."""
    read = (_read_one(text, pattern, rule) for pattern in _alternatives(rule.pattern))
    return next((period for period in read if period is not None), None)


def _read_one(text: str, pattern: str, rule: TimeRule) -> str | None:
    period = text if pattern == ISO else _by_pattern(text, pattern, rule)
    if period is None:
        return None
    try:
        parse_period(period, rule.year_start or JANUARY_1)
    except BadRequest:
        return None
    return period


def _by_pattern(text: str, pattern: str, rule: TimeRule) -> str | None:
    match = _compile(pattern).fullmatch(text)
    if match is None:
        return None
    parts = {name: value for name, value in match.groupdict().items() if value is not None}
    year = _year(parts)
    if not _ends_after(parts, year):
        return None
    own = rule.year_start is not None and rule.year_start != JANUARY_1
    if own and rule.named_by is NamedBy.END and not {"yyyy_end", "yy_end"} & parts.keys():
        year -= 1
    return _written(parts, year, own=own)


def _year(parts: Mapping[str, str]) -> int:
    return int(parts["yyyy"]) if "yyyy" in parts else _century(int(parts["yy"]))


def _century(short: int) -> int:
    return 2000 + short if short < 70 else 1900 + short


def _ends_after(parts: Mapping[str, str], year: int) -> bool:
    if "yyyy_end" in parts:
        return int(parts["yyyy_end"]) == year + 1
    return "yy_end" not in parts or int(parts["yy_end"]) == (year + 1) % 100


def _written(parts: Mapping[str, str], year: int, *, own: bool) -> str | None:
    month = _month(parts)
    if month is not None:
        day = parts.get("dd", parts.get("d"))
        return f"{year:04}-{month:02}-{int(day):02}" if day else f"{year:04}-{month:02}"
    for part, letter in (("q", "Q"), ("s", "S")):
        if part in parts:
            number = parts[part].upper()
            return f"{year:04}-{letter}{_ROMAN.get(number, number)}"
    if "month" in parts:
        return None
    return f"{year:04}-A1" if own else f"{year:04}"


def _month(parts: Mapping[str, str]) -> int | None:
    digits = parts.get("mm", parts.get("m"))
    return int(digits) if digits else MONTHS.get(fold(parts.get("month", "")))
