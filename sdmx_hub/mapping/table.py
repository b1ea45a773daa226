"""A table as it stands in a file: numbered rows of text, and columns with their headings.

Every cell is text; a cell that is not there is the empty text. Rows are numbered as a person sees them in a spreadsheet
(the records of a CSV file, from 1), columns from 1 or by letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from sdmx_hub.errors import HubError
from sdmx_hub.mapping.reading import clean
from sdmx_hub.model.finding import Finding, Where

JOINT = " ▸ "
"""Between the headings of one column."""
SHIFT = 40
"""Bits of a row number below those that tell its file, where a table stands in several."""
HEAD_ROWS = 200
"""Rows kept aside for headings and ``$cell``."""
_CELL = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")


class BadTable(HubError):
    """A file that does not hold the table its mapping describes; ``finding`` says why."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.code, **finding.params)


def bad_table(code: str, where: Where, /, **params: object) -> BadTable:
    """Make the refusal of a file."""
    return BadTable(Finding(code=code, where=where, params=params))


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """A file a mapping reads. ``name`` is what people call it, ``period`` what the pattern of its name tells.

    ``is_brought`` tells a file of texts in Arrow's form, into which rows of a database or a message were brought.
    """

    path: Path
    name: str = ""
    period: str = ""
    is_brought: bool = False

    @property
    def shown(self) -> str:
        """The name for people."""
        return self.name or self.path.name


@dataclass(frozen=True)
class Column:
    """A column: its position from 1, and its headings from the top."""

    position: int
    headings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the column is called in SQL."""
        return f"c{self.position}"

    @property
    def letter(self) -> str:
        """What a spreadsheet calls it."""
        return letters(self.position)

    @property
    def heading(self) -> str:
        """All headings, joined."""
        return JOINT.join(text for text in self.headings if text)

    @property
    def shown(self) -> str:
        """What a finding calls it."""
        return self.heading or self.letter


class Grid(Protocol):
    """What every reader of files gives: the first rows, and then all rows in batches."""

    @property
    def file(self) -> str:
        """Name of the file."""

    @property
    def sheet(self) -> str | None:
        """Name of the sheet, of a workbook."""

    @property
    def head(self) -> Sequence[tuple[int, Sequence[str]]]:
        """The first rows, with their numbers."""

    @property
    def first_column(self) -> int:
        """Position of the first column."""

    @property
    def width(self) -> int:
        """Number of columns."""

    def batches(self, positions: Sequence[int], first_row: int, last_row: int | None) -> Iterator[pa.RecordBatch]:
        """Draw the rows from ``first_row`` as columns ``_row`` and those of ``positions``; empty rows left out."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A grid whose headings are understood. ``first_row`` is the first row below them.

    ``period`` is what the name of the file tells; ``parts`` are the tables of several files this one is made of.
    """

    grid: Grid
    columns: tuple[Column, ...]
    first_row: int
    where: Where = field(default_factory=Where)
    period: str = ""
    parts: tuple[Table, ...] = ()

    @property
    def each(self) -> tuple[Table, ...]:
        """The tables of the files: several, or this one."""
        return self.parts or (self,)

    def place(self, row: int) -> Where:
        """Say where a row stands."""
        part = self.each[row >> SHIFT] if self.parts else self
        return Where(file=part.where.file, sheet=part.where.sheet, row=row & ((1 << SHIFT) - 1))

    def column(self, name: str) -> Column | None:
        """Find a column by ``#3``, ``#C``, its whole heading, or its last heading where only one has it."""
        if name.startswith("#"):
            position = int(name[1:]) if name[1:].isdigit() else number(name[1:])
            return next((column for column in self.columns if column.position == position), None)
        named = [column for column in self.columns if column.heading == name]
        named = named or [column for column in self.columns if column.headings and column.headings[-1] == name]
        return named[0] if len(named) == 1 else None

    def is_ambiguous(self, name: str) -> bool:
        """Tell whether several columns answer to ``name``."""
        return sum(column.heading == name or (column.headings or ("",))[-1] == name for column in self.columns) > 1

    def cell(self, place: str) -> str | None:
        """Give the text of one cell among the first rows, such as ``B2``."""
        match = _CELL.fullmatch(place)
        if match is None:
            return None
        row, position = int(match[2]), number(match[1])
        cells = dict(self.grid.head).get(row)
        index = position - self.grid.first_column
        return cells[index] if cells is not None and 0 <= index < len(cells) else None


class NamedGrid(Grid, Protocol):
    """A grid that knows the names of its columns: rows above the first of the table are no headings of its own."""

    @property
    def names(self) -> Sequence[str]:
        """Names of the columns; none when headings stand in rows after all."""


def name_table(grid: NamedGrid, skipped: int) -> Table:
    """Make the table of a grid that names its columns, below ``skipped`` rows."""
    columns = tuple(Column(position, (clean(name),)) for position, name in enumerate(grid.names, grid.first_column))
    where = Where(file=grid.file, sheet=grid.sheet)
    return Table(grid=grid, columns=columns, first_row=skipped + 1, where=where)


def make_table(grid: Grid, header_row: int, header_rows: int, *, fill_right: bool) -> Table:
    """Read the headings. Raises BadTable when the file ends above them."""
    where = Where(file=grid.file, sheet=grid.sheet)
    positions = range(grid.first_column, grid.first_column + grid.width)
    if header_row == 0:
        columns = tuple(Column(position) for position in positions)
        return Table(grid=grid, columns=columns, first_row=grid.head[0][0] if grid.head else 1, where=where)
    rows = dict(grid.head)
    wanted = range(header_row, header_row + header_rows)
    if not all(row in rows for row in wanted):
        raise bad_table("TABLE-HEADER", where, row=header_row)
    heading_rows = [_heading_row(rows[row], grid.width) for row in wanted]
    if fill_right:
        heading_rows = [*map(_filled_right, heading_rows[:-1]), heading_rows[-1]]
    headings = zip(*heading_rows, strict=True)
    columns = tuple(Column(position, texts) for position, texts in zip(positions, headings, strict=True))
    return Table(grid=grid, columns=columns, first_row=header_row + header_rows, where=where)


def _heading_row(cells: Sequence[str], width: int) -> list[str]:
    texts = [clean(cell) for cell in cells]
    return texts + [""] * (width - len(texts))


def _filled_right(texts: Sequence[str]) -> list[str]:
    filled: list[str] = []
    for text in texts:
        filled.append(text or (filled[-1] if filled else ""))
    return filled


def letters(position: int) -> str:
    """Name a column as spreadsheets do: 1 → A, 28 → AB."""
    name = ""
    while position > 0:
        position, digit = divmod(position - 1, 26)
        name = chr(65 + digit) + name
    return name


def number(name: str) -> int:
    """Turn the letters of a column into its position; 0 when they are none."""
    position = 0
    for sign in name.upper():
        if not "A" <= sign <= "Z":
            return 0
        position = position * 26 + ord(sign) - 64
    return position
