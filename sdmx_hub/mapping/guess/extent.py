"""Which rows are the table: the heading rows, the titles above them, the notes below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sdmx_hub.mapping.guess.cells import is_number, is_token, is_year
from sdmx_hub.mapping.guess.sample import Row, Sample

MOST_HEADINGS = 3
"""Heading rows of a table, at most."""
_SECTIONS = 3
_GAP = 4
"""Rows from one heading row to the next, at most, where the headings below repeat."""
_ABOVE = 4
"""Cells of words above the first number of a column that may be titles and headings."""
_LOOKED_AT = 3_000
"""Rows looked at to see which columns hold numbers."""


@dataclass(frozen=True, kw_only=True)
class Extent:
    """Where the table is: its heading rows (none: 0), its first row, rows of notes at the end, columns of numbers.

    Positions of columns count from 1.
    """

    header_row: int
    header_rows: int
    first_row: int
    footer_rows: int
    numeric: tuple[int, ...]


def guess_extent(sample: Sample) -> Extent | None:
    """Find the table of a sample; None where no column holds numbers."""
    numeric = _numeric_columns(sample.rows[:_LOOKED_AT], sample.width)
    if not numeric:
        return None
    first = next((place for place, (_, cells) in enumerate(sample.rows) if _is_data(cells, numeric)), None)
    if first is None:
        return None
    top, bottom = _top(sample.rows, first, numeric)
    footer = _footer(sample.tail or [cells for _, cells in sample.rows[first:]], numeric)
    if top == first:
        return Extent(
            header_row=0, header_rows=1, first_row=sample.rows[first][0], footer_rows=footer, numeric=tuple(numeric)
        )
    header_row = sample.rows[top][0]
    rows = sample.rows[bottom][0] - header_row + 1
    return Extent(
        header_row=header_row, header_rows=rows, first_row=header_row + rows, footer_rows=footer, numeric=tuple(numeric)
    )


def _numeric_columns(rows: Sequence[Row], width: int) -> list[int]:
    """Columns most of whose cells, from the first number down, are numbers or stand for one."""
    numbers: Counter[int] = Counter()
    others: Counter[int] = Counter()
    above: Counter[int] = Counter()
    for _, cells in rows:
        for place, cell in enumerate(cells, start=1):
            if not cell.strip():
                continue
            if is_number(cell):
                numbers[place] += 1
            elif not numbers[place]:
                above[place] += 1
            elif not is_token(cell):
                others[place] += 1
    return [place for place in range(1, width + 1) if numbers[place] > others[place] + max(above[place] - _ABOVE, 0)]


def _is_data(cells: Sequence[str], numeric: Sequence[int]) -> bool:
    """Tell whether a row holds figures: numbers in its numeric columns, and not the years of a heading."""
    filled = [cells[place - 1] for place in numeric if place <= len(cells) and cells[place - 1].strip()]
    numbers = [cell for cell in filled if is_number(cell)]
    if not numbers or 2 * len(numbers) < len([cell for cell in filled if not is_token(cell)]):
        return False
    return not (len(numeric) > 1 and len(numbers) > 1 and all(map(is_year, numbers)))


def _top(rows: Sequence[Row], first: int, numeric: Sequence[int]) -> tuple[int, int]:
    """The first and the last heading row above the first row of figures; the same as ``first`` where there is none.

    Rows of one cell just below the headings are headings of sections, and part of the table.
    """
    bottom = first - 1
    while (
        bottom >= 0
        and first - bottom <= _SECTIONS
        and _filled(rows[bottom][1]) == 1
        and not _over(rows[bottom][1], numeric)
    ):
        bottom -= 1
    if bottom < 0 or not _over(rows[bottom][1], numeric) or _is_data(rows[bottom][1], numeric):
        return first, first
    if bottom < first - 1 and 2 * _over(rows[bottom][1], numeric) < len(numeric):
        return first, first
    top = bottom
    gap = _GAP if _repeats(rows[bottom][1], numeric) else 1
    while top > 0 and bottom - top + 1 < MOST_HEADINGS and rows[top][0] - rows[top - 1][0] <= gap:
        cells = rows[top - 1][1]
        if not _over(cells, numeric) or _filled(cells) < 2 or _is_data(cells, numeric):
            break
        top -= 1
    return top, bottom


def _repeats(cells: Sequence[str], numeric: Sequence[int]) -> bool:
    """Tell whether headings over figures repeat, so that something above must tell them apart."""
    headings = [cells[place - 1].strip() for place in numeric if place <= len(cells)]
    return len({heading for heading in headings if heading}) < len([heading for heading in headings if heading])


def _over(cells: Sequence[str], numeric: Sequence[int]) -> int:
    """Cells of a row that stand over figures."""
    return sum(1 for place in numeric if place <= len(cells) and cells[place - 1].strip())


def _filled(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if cell.strip())


def _footer(rows: Sequence[Sequence[str]], numeric: Iterable[int]) -> int:
    """Count rows at the end without a figure: notes and sources."""
    columns = tuple(numeric)
    count = 0
    for cells in reversed(rows):
        values = [cells[place - 1] for place in columns if place <= len(cells) and cells[place - 1].strip()]
        if any(is_number(value) or is_token(value) for value in values):
            break
        count += 1
    return count if count < len(rows) else 0
