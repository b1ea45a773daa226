"""A table that stands in several files, one behind the other: their columns are tied by name, their rows told apart.

The number of a row says its file too: ``row + (file << SHIFT)``. The first file counts as 0, so that the rows of a
table in one file are numbered as ever.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from sdmx_hub.mapping.table import SHIFT, Grid, Table
from sdmx_hub.model.rows import SOURCE_ROW


def join_tables(tables: Sequence[Table]) -> Table:
    """Make one table of several: it looks like the first. Until ``tie`` its rows are those of the first alone."""
    first = tables[0]
    return dataclasses.replace(first, parts=tuple(tables)) if len(tables) > 1 else first


def tie(table: Table, ties: Sequence[Mapping[int, int]]) -> Table:
    """Tie the columns of the first table to those of the others: for each table, position there by position here."""
    return dataclasses.replace(table, grid=_JoinedGrid(table, ties))


class _JoinedGrid:
    """The rows of several grids."""

    def __init__(self, table: Table, ties: Sequence[Mapping[int, int]]) -> None:
        grid: Grid = table.grid
        self.file = grid.file
        self.sheet = grid.sheet
        self.head = grid.head
        self.first_column = grid.first_column
        self.width = grid.width
        self._parts = table.parts
        self._ties = ties

    def batches(self, positions: Sequence[int], first_row: int, last_row: int | None) -> Iterator[pa.RecordBatch]:
        """Draw the rows of all files; each begins below its own headings."""
        names = [SOURCE_ROW, *(f"c{position}" for position in positions)]
        for place, (part, tied) in enumerate(zip(self._parts, self._ties, strict=True)):
            there = [tied[position] for position in positions]
            asked = sorted(set(there))
            for batch in part.grid.batches(asked, part.first_row, last_row):
                rows = pc.add(batch.column(SOURCE_ROW), place << SHIFT)
                columns = [batch.column(1 + asked.index(position)) for position in there]
                yield pa.record_batch([rows, *columns], names=names)
