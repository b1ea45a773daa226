"""How the bytes of a file are text."""

from __future__ import annotations

import codecs
import unicodedata
from dataclasses import dataclass

CODE_PAGES = ("cp1252", "cp850", "mac_roman")
"""Code pages of one byte a letter that offices of the three languages write, the likeliest first."""
_LETTERS = frozenset("àâäáãåçéèêëíìîïñóòôöõúùûüßœæÀÂÁÇÉÈÊËÍÎÏÑÓÔÖÚÛÜŒ’‘“”–«»°º%€ \xa0")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class GuessedEncoding:
    """An encoding, and those it might be instead; none where there is no doubt."""

    name: str
    others: tuple[str, ...] = ()


def guess_encoding(data: bytes) -> GuessedEncoding:
    """Guess from the beginning of a file: a mark, else UTF-8 where it fits, else the page with the best letters."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return GuessedEncoding(name)
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(data)
    except UnicodeDecodeError:
        scores = {page: _score(data, page) for page in CODE_PAGES}
        best = max(CODE_PAGES, key=lambda page: scores[page])
        return GuessedEncoding(best, tuple(page for page in CODE_PAGES if page != best))
    return GuessedEncoding("utf-8")


def _score(data: bytes, page: str) -> float:
    """Share of the bytes above ASCII that become letters people write; a capital inside a word counts against."""
    text = data.decode(page, errors="replace")
    high = [(before, sign) for before, sign in zip(" " + text, text, strict=False) if ord(sign) > 127]
    if not high:
        return 0.0
    return sum(_worth(before, sign) for before, sign in high) / len(high)


def _worth(before: str, sign: str) -> float:
    if sign not in _LETTERS or unicodedata.category(sign) == "Cn":
        return -1.0
    return 0.2 if sign.isupper() and before.islower() else 1.0
