"""How the numbers of a table are written: decimal and thousands signs, percent signs, marks, words in their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sdmx_hub.mapping.guess.cells import is_number
from sdmx_hub.mapping.guess.vocabulary import tokens
from sdmx_hub.mapping.numbers import BLANK_SIGNS

_BLANKS = r" \u00a0\u202f\u2009\u2007"
_BLANK_GROUPS = re.compile(rf"[+-]?[0-9]{{1,3}}(?:[{_BLANKS}][0-9]{{3}})+(?:[.,][0-9]+)?")
_GROUPS = {
    sign: re.compile(rf"[+-]?[0-9]{{1,3}}(?:{re.escape(sign)}[0-9]{{3}}){{2,}}(?:[^0-9{sign}][0-9]+)?") for sign in ".,"
}
_ONE_GROUP = {sign: re.compile(rf"[+-]?[1-9][0-9]{{0,2}}{re.escape(sign)}[0-9]{{3}}") for sign in ".,"}
_BOTH = {
    sign: re.compile(rf"[+-]?[0-9]{{1,3}}(?:{re.escape(other)}[0-9]{{3}})+{re.escape(sign)}[0-9]+")
    for sign, other in (".,", ",.")
}
_DECIMALS = {sign: re.compile(rf"[+-]?[0-9]*{re.escape(sign)}[0-9]*(?:[eE][+-]?[0-9]+)?") for sign in ".,"}
_NOTE = re.compile(r"[0-9.,]\s*(\([0-9a-z]{1,2}\)|[*†‡§]+)$")


@dataclass(frozen=True, kw_only=True)
class Signs:
    """How numbers are written. ``others`` are other readings: not empty where the signs leave a doubt."""

    decimal: str | None = None
    thousands: str | None = None
    percent: bool = False
    footnotes: str | None = None
    missing: Mapping[str, str] = field(default_factory=dict)
    nil: tuple[str, ...] = ()
    suppressed: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def guess_signs(texts: Iterable[str]) -> Signs:
    """Guess from the distinct texts of the cells that hold values."""
    cells = {text.strip(BLANK_SIGNS) for text in texts} - {""}
    words = sorted(text for text in cells if not is_number(text))
    numbers = sorted(cells - set(words))
    bare = [_bare(text) for text in numbers]
    decimal, thousands, others = _signs(bare)
    known = tokens()
    meanings = {text: known[text.casefold()][0] for text in words if text.casefold() in known}
    return Signs(
        decimal=decimal,
        thousands=thousands,
        percent=any(text.endswith("%") for text in numbers),
        footnotes=_footnotes(numbers),
        missing={text: meaning for text, meaning in meanings.items() if meaning not in {"nil", "suppressed"}},
        nil=tuple(text for text, meaning in meanings.items() if meaning == "nil"),
        suppressed=tuple(text for text, meaning in meanings.items() if meaning == "suppressed"),
        unread=tuple(text for text in words if text not in meanings),
        others=others,
    )


def _bare(text: str) -> str:
    plain = text.rstrip("%").rstrip(BLANK_SIGNS)
    match = _NOTE.search(plain)
    return plain[: match.start(1)].rstrip(BLANK_SIGNS) if match else plain


def _footnotes(numbers: Iterable[str]) -> str | None:
    return r"\s*(\([0-9a-z]{1,2}\)|[*†‡§]+)$" if any(_NOTE.search(text) for text in numbers) else None


def _signs(numbers: list[str]) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Decimal and thousands sign, and what might be meant instead: only one sign before exactly three digits."""
    blank = " " if any(_BLANK_GROUPS.fullmatch(text) for text in numbers) else None
    for decimal, thousands in (".,", ",."):
        if any(_BOTH[decimal].fullmatch(text) for text in numbers):
            return decimal, thousands, ()
    for sign, other in (",.", ".,"):
        if any(_GROUPS[sign].fullmatch(text) for text in numbers):
            return (other if _has(numbers, other) else None), sign, ()
    return _one_sign(numbers, blank)


def _one_sign(numbers: list[str], blank: str | None) -> tuple[str | None, str | None, tuple[str, ...]]:
    for sign, other in (".,", ",."):
        signed = [text for text in numbers if sign in text]
        if not signed:
            continue
        three = [text for text in signed if _ONE_GROUP[sign].fullmatch(text)]
        if len(three) < len(signed):
            groups = other if blank is None and _grouped(numbers, other) else blank
            return sign, groups, ()
        if _has(numbers, other):
            return other, sign, ()
        plain = [text for text in numbers if text.lstrip("+-").isdigit()]
        if blank or any(len(text.lstrip("+-")) > 3 for text in plain):
            return sign, blank, ()
        return None, sign, (f"decimal: {sign}",)
    return None, blank, ()


def _grouped(numbers: Iterable[str], sign: str) -> bool:
    signed = [text for text in numbers if sign in text]
    return bool(signed) and all(_ONE_GROUP[sign].fullmatch(text) for text in signed)


def _has(numbers: Iterable[str], sign: str) -> bool:
    signed = [text for text in numbers if sign in text]
    return bool(signed)
