"""What stands in each column of a sample: its headings and its distinct texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sdmx_hub.mapping.guess import vocabulary
from sdmx_hub.mapping.guess.extent import Extent
from sdmx_hub.mapping.guess.sample import Sample
from sdmx_hub.mapping.guess.vocabulary import HeadingWord
from sdmx_hub.mapping.reading import clean
from sdmx_hub.mapping.table import Column, Table, make_table
from sdmx_hub.mapping.words import fold

_WEAK = 0.5
_SHORTEST = 4


@dataclass(frozen=True, kw_only=True)
class TableColumn:
    """A column: how a mapping names it, its headings, its distinct texts with their number, blanks not counted."""

    name: str
    column: Column
    counts: Mapping[str, int]
    blanks: int
    is_numeric: bool

    @property
    def position(self) -> int:
        """Position in the sheet, from 1."""
        return self.column.position

    @property
    def texts(self) -> tuple[str, ...]:
        """The distinct texts, in order of appearance."""
        return tuple(self.counts)

    def named(self) -> Mapping[HeadingWord, float]:
        """What the headings name, and how surely: 1 for the whole heading, less for a part of it."""
        found: dict[HeadingWord, float] = {}
        known = vocabulary.headings()
        for heading in self.column.headings:
            folded = fold(heading)
            for word in known.get(folded, ()):
                found[word] = 1.0
            if folded not in known:
                for phrase in _phrases(folded):
                    for word in known.get(phrase, ()):
                        found.setdefault(word, _WEAK + len(phrase) / (2 * len(folded) + 1))
        return found


def _phrases(folded: str) -> list[str]:
    """All runs of words of a heading, as long as one may name something."""
    words = folded.split()[:12]
    runs = [" ".join(words[start:end]) for start in range(len(words)) for end in range(start + 1, len(words) + 1)]
    return [run for run in runs if len(run) >= _SHORTEST]


def open_sample(sample: Sample, extent: Extent) -> Table:
    """Read the headings of a sample as a load reads them."""
    return make_table(sample, extent.header_row, extent.header_rows, fill_right=True)


def body_of(sample: Sample, extent: Extent) -> list[tuple[str, ...]]:
    """The rows of the table, without headings and notes."""
    rows = [cells for number, cells in sample.rows if number >= extent.first_row]
    return rows[: -extent.footer_rows] if sample.is_whole and extent.footer_rows else rows


def read_columns(table: Table, rows: Sequence[Sequence[str]], numeric: Sequence[int]) -> list[TableColumn]:
    """Look at every column of the table."""
    columns = []
    whole = Counter(column.heading for column in table.columns)
    last = Counter(column.headings[-1] if column.headings else "" for column in table.columns)
    for column in table.columns:
        place = column.position - table.grid.first_column
        texts = Counter(clean(cells[place]) if place < len(cells) else "" for cells in rows)
        blanks = texts.pop("", 0)
        columns.append(
            TableColumn(
                name=name_of(column, whole, last),
                column=column,
                counts=dict(texts),
                blanks=blanks,
                is_numeric=column.position in numeric,
            )
        )
    return columns


def name_of(column: Column, whole: Mapping[str, int], last: Mapping[str, int]) -> str:
    """How a mapping names a column: its last heading, all its headings, or its letter.

    ``whole`` and ``last`` count the headings of all columns, as ``Table.column`` looks for them.
    """
    name = column.headings[-1] if column.headings else ""
    alone = whole.get(name, 0) == (1 if column.heading == name else 0) and (column.heading == name or last[name] == 1)
    for candidate, is_alone in ((name, alone), (column.heading, whole.get(column.heading, 0) == 1)):
        if candidate and is_alone and not candidate.startswith(("#", "$")):
            return candidate
    return f"#{column.letter}"
