"""Age bands as people write them, and as SDMX writes them (``CL_AGE``: Y15T24, Y_LT15, Y_GE65)."""

from __future__ import annotations

import re

from sdmx_hub.mapping.words import fold

_YEARS = r"(?: ?(?:ans?|years?(?: old)?|anos?|y))?"
_FROM = r"(?:de |from |ages? |entre |between )"
_OVER = r"(?:\+|et plus|ou plus|and over|and older|and more|or more|over|y mas|o mas)"
_TO = r"(?: ?[-–—] ?| a | to | y | et | and | hasta )"
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"{_FROM}?([0-9]{{1,3}}){_YEARS}{_TO}([0-9]{{1,3}}){_YEARS}"), "Y{0}T{1}"),
    (re.compile(r"y([0-9]{1,3})(?:t|-)([0-9]{1,3})"), "Y{0}T{1}"),
    (re.compile(rf"([0-9]{{1,3}}){_YEARS} ?{_OVER}"), "Y_GE{0}"),
    (re.compile(rf"(?:≥|>=|y_ge|y_?ge) ?([0-9]{{1,3}}){_YEARS}"), "Y_GE{0}"),
    (re.compile(rf"(?:<|y_lt|moins de|under|less than|below|menos de|menores de) ?([0-9]{{1,3}}){_YEARS}"), "Y_LT{0}"),
)  # fmt: skip
BAND = re.compile(r"Y[0-9]{1,3}T[0-9]{1,3}|Y_(?:LT|GE)[0-9]{1,3}")
"""What the code of a band looks like."""


def read_band(text: str) -> str | None:
    """Read one age band in English, French, Spanish or as a code; None when it is none."""
    plain = _plain(text)
    for form, code in _FORMS:
        match = form.fullmatch(plain)
        if match:
            ages = [str(int(age)) for age in match.groups()]
            return None if len(ages) == 2 and int(ages[0]) > int(ages[1]) else code.format(*ages)
    return None


def _plain(text: str) -> str:
    """Fold the words and keep the signs that bands are written with."""
    kept = "".join(sign if sign in "-–—+<>=≥_" else fold(sign) or " " for sign in text.casefold())
    return " ".join(kept.split())
