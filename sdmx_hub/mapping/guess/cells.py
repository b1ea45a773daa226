"""What a cell looks like: a number under some signs, a year, a token in place of a number, or words."""

from __future__ import annotations

import functools
import re

from sdmx_hub.mapping.guess.vocabulary import tokens
from sdmx_hub.mapping.numbers import BLANK_SIGNS

_NUMBER = re.compile(
    r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:[.,' \u00a0\u202f\u2009\u2007][0-9]{3})+)?(?:[.,][0-9]*)?(?:[eE][+-]?[0-9]{1,3})?"
)
_MARKED = re.compile(r"(.*?[0-9.,])(?:\s*%|\s*\([0-9a-z]{1,2}\)|\s*[*†‡§]+|\s+[a-z]{1,2})$")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}(?:\.0)?")


@functools.lru_cache(maxsize=1 << 16)
def is_number(text: str) -> bool:
    """Tell whether a cell holds a number, under whatever signs; a percent sign or footnote mark may stand behind it."""
    plain = text.strip(BLANK_SIGNS)
    match = _MARKED.fullmatch(plain)
    bare = match[1] if match else plain
    return any(map(str.isdigit, bare)) and _NUMBER.fullmatch(bare) is not None


def is_year(text: str) -> bool:
    """Tell whether a cell may be a year of the last or this century."""
    return _YEAR.fullmatch(text.strip(BLANK_SIGNS)) is not None


def is_token(text: str) -> bool:
    """Tell whether a cell holds what offices write in place of a number."""
    return text.strip(BLANK_SIGNS).casefold() in tokens()
