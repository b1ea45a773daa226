"""How the figures of a pilot are written for people: numbers, durations and sizes in a language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sdmx_hub.language import sentence

_SEPARATORS = {"en": (",", "."), "fr": ("\u202f", ","), "es": (".", ",")}
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_SIZES = ("", "k", "M", "G", "T")


@dataclass(frozen=True)
class MechanismFigure:
    """A figure of a mechanism: its name in the report, what it is counted in, and the whole its bar is a part of."""

    name: str
    unit: str
    whole: float | None = None


FIGURES = (
    MechanismFigure("success", "PT", 100),
    MechanismFigure("median_seconds", "SEC"),
    MechanismFigure("bytes", "BYTE"),
    MechanismFigure("observations", "NUMBER"),
    MechanismFigure("changed", "NUMBER"),
    MechanismFigure("not_modified", "PT", 100),
    MechanismFigure("saved", "PT", 100),
    MechanismFigure("missed_deletes", "NUMBER"),
    MechanismFigure("latency", "SEC"),
    MechanismFigure("freshness", "SEC"),
    MechanismFigure("rejection", "PT", 100),
    MechanismFigure("manual_steps", "NUMBER"),
)
"""What is compared, in the order of the report."""
Shown = tuple[float | None, str, str]
"""A value, how it is written, and a remark."""


def number_text(value: float, language: str, decimals: int | None = None) -> str:
    """Write a number: ``1,234.5``, ``1 234,5`` or ``1.234,5``; as many decimals as it has unless told."""
    text = f"{value:,.{decimals}f}" if decimals is not None else f"{value:,.10g}" if value % 1 else f"{value:,.0f}"
    group, point = _SEPARATORS.get(language, _SEPARATORS["en"])
    return text.translate({ord(","): group, ord("."): point})


def figure_text(row: Mapping[str, Any], language: str) -> str:
    """Write an indicator with its unit: whole days, one decimal of a percentage, or a plain number."""
    if row["unit"] == "DAY":
        return sentence("pilot-unit-day", language, count=number_text(row["value"], language, 0))
    if row["unit"] == "PT":
        return f"{number_text(row['value'], language, 1)} %"
    return number_text(row["value"], language)


def moment_text(instant: str | None) -> str:
    """Write an instant of the report: ``2026-11-22 13:15 UTC``."""
    return f"{instant[:16].replace('T', ' ')} UTC" if instant else "–"


def duration_text(seconds: float, language: str) -> str:
    """Write a duration by its two largest units; below a minute with two decimals at most."""
    if round(seconds, 2) < 60:
        return f"{number_text(round(seconds, 2), language)} s"
    left, told = round(seconds), []
    for unit, size in (*_UNITS, ("second", 1)):
        count, left = divmod(left, size)
        if count:
            told.append(sentence(f"pilot-unit-{unit}", language, count=count))
    return " ".join(told[:2])


def size_text(count: float, language: str) -> str:
    """Write a number of bytes, in thousands, millions and so on."""
    power = 0
    while count >= 1000 and power < len(_SIZES) - 1:
        count, power = count / 1000, power + 1
    return f"{number_text(count, language, 1 if power else 0)} {_SIZES[power]}{sentence('pilot-unit-byte', language)}"


def mechanism_text(mechanism: str, language: str) -> str:
    """Write the name of a mechanism, and what a source calls it."""
    return sentence(f"pilot-mechanism-{mechanism}", language)


def words_of(rows: Sequence[Mapping[str, Any]], language: str) -> Iterator[tuple[MechanismFigure, list[Shown]]]:
    """Write the figures of all mechanisms, those apart of which there is nothing to tell."""
    for figure in FIGURES:
        shown: list[Shown] = [_shown(figure, row, language) for row in rows]
        if any(value is not None for value, *_ in shown):
            yield figure, shown


def figures_of(row: Mapping[str, Any]) -> Iterator[tuple[MechanismFigure, float]]:
    """The figures of one mechanism that there are: those compared, then the steps one by one."""
    for figure in FIGURES:
        if row.get(figure.name) is not None:
            yield figure, row[figure.name]
    for step, count in row.get("steps", {}).items():
        yield MechanismFigure(f"step_{step}", "NUMBER"), count


def _shown(figure: MechanismFigure, row: Mapping[str, Any], language: str) -> Shown:
    value = row.get(figure.name)
    if value is None:
        return None, "–", ""
    return value, value_text(value, figure.unit, language), _remark(figure.name, row, language)


def value_text(value: float, unit: str, language: str) -> str:
    """Write a figure of a mechanism with its unit."""
    if unit == "PT":
        return f"{number_text(value, language, 1)} %"
    if unit == "SEC":
        return duration_text(value, language)
    return size_text(value, language) if unit == "BYTE" else number_text(value, language, 0)


_SHARES = {"success": ("good", "attempted"), "rejection": ("rejected", "deliveries")}
"""Figures that are shares of counts, and which."""
_SIZES_BESIDE = {"bytes": "data_bytes", "saved": "saved_bytes"}
"""Figures beside which a size stands, and which."""


def _remark(name: str, row: Mapping[str, Any], language: str) -> str:
    """What stands beside a figure: of what it is a share, or what it is made of."""
    if name in _SHARES and all(one in row for one in _SHARES[name]):
        return " / ".join(str(row[one]) for one in _SHARES[name])
    if name in _SIZES_BESIDE:
        size = size_text(row[_SIZES_BESIDE[name]], language)
        return size if name == "saved" else sentence("pilot-bytes-of-data", language, size=size)
    if name == "latency":
        return sentence("pilot-notices", language, count=row["notices"])
    if name == "manual_steps":
        told = {step: count for step, count in row["steps"].items() if count}
        return ", ".join(f"{sentence(f'pilot-step-{step}', language)} {count}" for step, count in told.items())
    return ""
