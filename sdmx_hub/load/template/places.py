"""Where a row of a template stands: sheet, row and column in one number, and findings told by cell.

Rows on the way in carry one number each. Those of a template say the place by it, so that whatever check finds
something later, the cell can be told without a table of places.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from sdmx_hub.load.template.layout import CONSTANT_VALUES
from sdmx_hub.mapping.table import letters
from sdmx_hub.model.finding import Finding, Where

_COLUMNS = 1 << 14
_ROWS = 1 << 21
_FIRST = _COLUMNS * _ROWS
"""The smallest number of a place: sheets count from 1."""


@dataclass(frozen=True, kw_only=True)
class SheetPlaces:
    """One sheet: columns and constants by component id, as positions from 1."""

    name: str
    columns: Mapping[str, int]
    constants: Mapping[str, int]


def number_sql(sheet: int, row: str, column: int = 0) -> str:
    """Write SQL for the number of a place; ``sheet`` counts from 1, column 0 is the whole row."""
    return f"({sheet}::BIGINT * {_ROWS} + {row}) * {_COLUMNS} + {column}"


def read_number(number: int) -> tuple[int, int, int]:
    """Tell sheet, row and column of a number."""
    rest, column = divmod(number, _COLUMNS)
    sheet, row = divmod(rest, _ROWS)
    return sheet, row, column


@dataclass(frozen=True, kw_only=True)
class Places:
    """The places of one workbook."""

    sheets: tuple[SheetPlaces, ...]

    def tell(self, finding: Finding) -> Finding:
        """Tell a finding by sheet, row and cell in place of the number of its row."""
        where, params = finding.where, dict(finding.params)
        for key, value in params.items():
            if isinstance(value, int) and value >= _FIRST and not isinstance(value, bool):
                sheet, row, column = read_number(value)
                params[key] = f"{self.sheets[sheet - 1].name}!{letters(column) if column else ''}{row}"
        if where.row is not None and where.row >= _FIRST:
            where = self._where(where)
        elif where.row is None and where.cell is None and where.column is not None:
            where = self._of_sheet(where)
        return dataclasses.replace(finding, where=where, params=params)

    def _where(self, where: Where) -> Where:
        sheet, row, column = read_number(where.row or 0)
        places = self.sheets[sheet - 1]
        own = where.column or ""
        if own in places.columns:
            return dataclasses.replace(where, sheet=places.name, row=row, cell=f"{letters(places.columns[own])}{row}")
        if own in places.constants and not column:
            return self._constant(where, places, own)
        cell = f"{letters(column)}{row}" if column else None
        return dataclasses.replace(where, sheet=places.name, row=row, cell=cell)

    def _of_sheet(self, where: Where) -> Where:
        own = where.column or ""
        for places in self.sheets:
            if own in places.constants:
                return self._constant(where, places, own)
        return where

    @staticmethod
    def _constant(where: Where, places: SheetPlaces, own: str) -> Where:
        cell = f"{letters(places.constants[own])}{CONSTANT_VALUES}"
        return dataclasses.replace(where, sheet=places.name, row=CONSTANT_VALUES, cell=cell)
