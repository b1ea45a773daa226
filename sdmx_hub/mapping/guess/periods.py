"""How the times of a table are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sdmx_hub.errors import BadRequest
from sdmx_hub.mapping.rules import TimeRule
from sdmx_hub.mapping.times import ISO, read_time
from sdmx_hub.model.period import parse_period

PATTERNS = (
    "{yyyy}",
    ISO,
    "{month} {yyyy}",
    "{month} {yy}",
    "{month}-{yyyy}",
    "{month}-{yy}",
    "{yyyy} {month}",
    "{yyyy}M{mm}",
    "{yyyy}-{mm}",
    "{mm}/{yyyy}",
    "{m}/{yyyy}",
    "{mm}-{yyyy}",
    "{yyyy}/{mm}",
    "{yyyy}Q{q}",
    "{yyyy}-Q{q}",
    "{yyyy} Q{q}",
    "Q{q} {yyyy}",
    "Q{q}-{yyyy}",
    "{yyyy}T{q}",
    "{yyyy} T{q}",
    "{yyyy}-T{q}",
    "T{q} {yyyy}",
    "T{q}-{yyyy}",
    "{yyyy}S{s}",
    "{yyyy}-S{s}",
    "S{s} {yyyy}",
    "{yyyy}-{yyyy_end}",
    "{yyyy}/{yyyy_end}",
    "{yyyy}-{yy_end}",
    "{yyyy}/{yy_end}",
    "exercice {yyyy}-{yyyy_end}",
    "FY {yyyy}",
    "FY{yyyy}",
    "FY{yy}",
    "Fiscal Year {yyyy}",
    "{dd}/{mm}/{yyyy}",
    "{yyyy}-{mm}-{dd}",
    "{yyyy}.0",
    "{month} {yyyy}{*}",
    "{yyyy} ({*})",
    "{*} {yyyy}",
)
"""Patterns tried, the plainest first."""
JOINED = (
    "{yyyy} | {month}",
    "{yyyy} | {m}",
    "{yyyy} | Q{q}",
    "{yyyy} | T{q}",
    "{yyyy} | {q}",
    "{month} | {yyyy}",
    "{m} | {yyyy}",
)
"""Patterns tried on the texts of two columns."""
_OWN_YEAR = ("{yyyy_end}", "{yy_end}", "FY", "Fiscal", "exercice")
ENOUGH = 0.8
_ROUNDING = 1e-9
"""Share of the texts a pattern must read."""


@dataclass(frozen=True, kw_only=True)
class Times:
    """A pattern, the share of the texts it reads, those it does not, and the frequencies of the periods."""

    pattern: str
    share: float
    unread: tuple[str, ...]
    frequencies: tuple[str, ...]
    is_own_year: bool = False

    @property
    def is_sure(self) -> bool:
        """Tell whether nothing but this can be meant: not so for an office's own year, whose first day is not told."""
        return not self.is_own_year and "{*}" not in self.pattern


def guess_times(texts: Sequence[str], patterns: Sequence[str] = PATTERNS) -> Times | None:
    """Find the pattern that reads most of ``texts``; None where none reads enough of them."""
    wanted = list(dict.fromkeys(text for text in texts if text))
    best: Times | None = None
    for pattern in patterns if wanted else ():
        read = _read(wanted, pattern)
        if len(read) >= ENOUGH * len(wanted) and (best is None or len(read) > best.share * len(wanted)):
            best = Times(
                pattern=pattern,
                share=len(read) / len(wanted),
                unread=tuple(text for text in wanted if text not in read),
                frequencies=tuple(sorted({_frequency(period) for period in read.values()})),
                is_own_year=any(part in pattern for part in _OWN_YEAR),
            )
    return best


def _read(texts: Sequence[str], pattern: str) -> dict[str, str]:
    """The periods ``pattern`` reads; given up as soon as too few fit."""
    found: dict[str, str] = {}
    missed = 0
    for text in texts:
        period = read_time(text, TimeRule(pattern=pattern))
        if period is None or not 1900 <= int(period[:4]) <= 2100:
            missed += 1
            if missed > len(texts) - ENOUGH * len(texts) + _ROUNDING:
                return {}
        else:
            found[text] = period
    return found


def _frequency(period: str) -> str:
    try:
        return parse_period(period).frequency
    except BadRequest:
        return "A"


def frequency_of(text: str, pattern: str) -> str | None:
    """The frequency of the period one text is under a pattern; None where it is none."""
    period = read_time(text, TimeRule(pattern=pattern))
    return None if period is None else _frequency(period)
