"""What follows from published figures: totals and parts that were not stated, and shares. Never stored, always marked.

A figure is derived only by one step from figures that are published, for the same series otherwise and the same period,
and only of counts. What stands there hidden (OBS_STATUS ``Q``, or not free to publish) is never derived, nor is a total
of which a part is hidden; a figure that is missing for another reason, or not there, may be.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.units import COUNT_UNITS

Key = tuple[str, ...]
Cell = tuple[Key, str]
"""A series and a period."""
Row = Mapping[str, Any]

ESTIMATED = "E"
_MULTIPLIER = "UNIT_MULT"
_UNIT, _STATUS, _CONFIDENTIALITY = "UNIT_MEASURE", "OBS_STATUS", "CONF_STATUS"
_HUNDREDTH = Decimal("0.01")


class Derivation(enum.StrEnum):
    """What may be asked for."""

    TOTALS = "totals"
    SHARES = "shares"


@dataclass(frozen=True, kw_only=True)
class Whole:
    """``total`` of a component is the sum of ``parts``, and of whatever of ``others`` is stated."""

    component_id: str
    total: str
    parts: tuple[str, ...]
    others: tuple[str, ...] = ()


WHOLES = (
    Whole(component_id="COUNTERPART_AREA", total="W0", parts=("W1", "W2")),
    Whole(component_id="SEX", total="_T", parts=("F", "M"), others=("_O", "_U")),
)
"""Sums that hold by definition, in every dataflow."""


@dataclass(frozen=True, kw_only=True)
class DerivedValue:
    """A figure that follows from others: its text, and how: ``W1 + W2``, ``W0 − W1``, ``W1 ÷ W0``."""

    value: str
    formula: str


def derive_totals(cells: Mapping[Cell, Row], structure: DataStructure) -> dict[Cell, DerivedValue]:
    """Derive totals and parts that are not stated from those that are."""
    found: dict[Cell, DerivedValue] = {}
    for whole in WHOLES:
        place = _place(structure, whole.component_id)
        if place is None:
            continue
        for fixed, group in _groups(cells, place).items():
            if len({cells[cell].get(_MULTIPLIER) for cell in group.values()}) > 1:
                continue
            known = {code: _number(cells[cell], structure) for code, cell in group.items()}
            for code, derived in _missing(whole, known, hidden=_hidden(cells, group)):
                cell = _cell(fixed, place, code)
                if cell not in found:
                    found[cell] = derived
    return found


def derive_shares(
    cells: Mapping[Cell, Row], derived: Mapping[Cell, DerivedValue], structure: DataStructure
) -> dict[tuple[str, Cell], DerivedValue]:
    """Derive shares of wholes, in percent with two digits, by component and cell; ``derived`` totals count too."""
    found: dict[tuple[str, Cell], DerivedValue] = {}
    for whole in WHOLES:
        place = _place(structure, whole.component_id)
        if place is None:
            continue
        numbers = {cell: number for cell, row in cells.items() if (number := _number(row, structure)) is not None}
        numbers |= {cell: Decimal(one.value) for cell, one in derived.items()}
        for fixed, group in _groups(numbers, place).items():
            total = numbers.get(_cell(fixed, place, whole.total))
            multipliers = {cells[cell].get(_MULTIPLIER) for cell in group.values() if cell in cells}
            for code in whole.parts if total and len(multipliers) <= 1 else ():
                if code in group and total:
                    share = (100 * numbers[group[code]] / total).quantize(_HUNDREDTH, ROUND_HALF_UP)
                    found[whole.component_id, group[code]] = DerivedValue(
                        value=str(share), formula=f"{code} ÷ {whole.total}"
                    )
    return found


def _place(structure: DataStructure, component_id: str) -> int | None:
    """The place of a component in the key; None where it is not there, or nothing says that values are counts."""
    ids = structure.dimension_ids
    return ids.index(component_id) if component_id in ids and _UNIT in ids and structure.measures else None


def _groups(cells: Iterable[Cell], place: int) -> dict[Cell, dict[str, Cell]]:
    """The cells that differ in one component only, by its code."""
    groups: dict[Cell, dict[str, Cell]] = {}
    for key, period in cells:
        fixed = ((*key[:place], *key[place + 1 :]), period)
        groups.setdefault(fixed, {})[key[place]] = (key, period)
    return groups


def _cell(fixed: Cell, place: int, code: str) -> Cell:
    rest, period = fixed
    return (*rest[:place], code, *rest[place:]), period


def _missing(
    whole: Whole, known: Mapping[str, Decimal | None], *, hidden: frozenset[str]
) -> Iterator[tuple[str, DerivedValue]]:
    """What one step gives: the total of all parts, or the one part that is wanting."""
    stated = [code for code in whole.others if code in known]
    codes = (whole.total, *whole.parts, *stated)
    wanting = [code for code in codes if known.get(code) is None]
    if len(wanting) != 1 or hidden.intersection(codes):
        return
    [code] = wanting
    if code == whole.total:
        parts = [*whole.parts, *stated]
        number = sum((known[part] or Decimal(0) for part in parts), Decimal(0))
        yield code, DerivedValue(value=str(number), formula=" + ".join(parts))
    elif code in whole.parts:
        others = [part for part in (*whole.parts, *stated) if part != code]
        number = (known[whole.total] or Decimal(0)) - sum((known[part] or Decimal(0) for part in others), Decimal(0))
        if number >= 0:
            yield code, DerivedValue(value=str(number), formula=" − ".join([whole.total, *others]))


def _hidden(cells: Mapping[Cell, Row], group: Mapping[str, Cell]) -> frozenset[str]:
    return frozenset(code for code, cell in group.items() if _is_hidden(cells[cell]))


def _is_hidden(row: Row) -> bool:
    return row.get(_STATUS) == "Q" or row.get(_CONFIDENTIALITY) not in {None, "", "F"}


def _number(row: Row, structure: DataStructure) -> Decimal | None:
    """The value of a row that is a count."""
    text = row.get(structure.measures[0].id)
    if text is None or row.get(_UNIT) not in COUNT_UNITS:
        return None
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
