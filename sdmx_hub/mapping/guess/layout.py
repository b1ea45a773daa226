"""Whether the table is long (one column of figures) or wide (headings that are dimensions), and which columns count."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sdmx_hub.mapping.guess import vocabulary
from sdmx_hub.mapping.guess.codes import Coder, Coding
from sdmx_hub.mapping.guess.columns import TableColumn
from sdmx_hub.mapping.guess.periods import JOINED, Times, guess_times
from sdmx_hub.mapping.guess.roles import PARTNER, REF, TIME, VALUE, Role
from sdmx_hub.mapping.words import fold
from sdmx_hub.model.structure import DataStructure

_ENOUGH = 0.5
"""Share of the columns of figures whose headings must be codes of one component,"""
_SEVERAL = 4
"""unless they are this many different codes."""


@dataclass(frozen=True, kw_only=True)
class Level:
    """What the headings of one row, or of two rows joined, say of the figures below them."""

    component_id: str
    rows: tuple[int, ...]
    coding: Coding | None = None
    times: Times | None = None
    is_part: bool = False

    def covers(self, column: TableColumn) -> bool:
        """Tell whether the heading of a column has a code or a time."""
        text = " | ".join(column.column.headings[row] for row in self.rows)
        if self.times is not None:
            return bool(text) and text not in self.times.unread
        return self.coding is not None and text in self.coding.resolved


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The columns of figures: one, or, where ``levels`` say what their headings are, several that become rows.

    ``left_out`` are columns of figures that have no place; ``unexplained`` the rows of headings nobody understands.
    """

    figures: tuple[TableColumn, ...]
    levels: tuple[Level, ...] = ()
    left_out: tuple[TableColumn, ...] = ()
    unexplained: tuple[int, ...] = ()

    @property
    def is_wide(self) -> bool:
        """Tell whether columns become rows."""
        return bool(self.levels)


def guess_layout(
    columns: Sequence[TableColumn],
    roles: Mapping[str, Role],
    structure: DataStructure,
    coder: Coder,
    *,
    own_area: str | None,
) -> Layout:
    """Choose the columns of figures among those of numbers that say nothing else."""
    used = {column.position for role in roles.values() for column in role.columns}
    figures = [column for column in columns if column.is_numeric and column.position not in used and column.texts]
    figures = [column for column in figures if not _is_something_else(column, structure)] or figures
    if not figures:
        return Layout(figures=())
    free = [key for key in structure.key_ids if key not in roles and key != "FREQ"]
    levels = _levels(figures, free, structure, coder, own_area)
    if levels:
        return _wide(figures, levels, coder)
    return _long(figures)


def _is_something_else(column: TableColumn, structure: DataStructure) -> bool:
    """Tell whether a heading names a component that is not the figure: a code that looks like a number."""
    last = column.column.headings[-1] if column.column.headings else ""
    if fold(last) in {fold(key) for key in structure.components if key != VALUE}:
        return True
    named = [word.component_id for word, worth in column.named().items() if worth == 1]
    return bool(named) and VALUE not in named


def _long(figures: Sequence[TableColumn]) -> Layout:
    named = [column for column in figures if any(word.component_id == VALUE for word in column.named())]
    best = max(named, key=_value_worth) if named else figures[-1]
    return Layout(figures=(best,), left_out=tuple(column for column in figures if column is not best))


def _value_worth(column: TableColumn) -> tuple[float, int]:
    worth = max(worth for word, worth in column.named().items() if word.component_id == VALUE)
    return worth, -column.position


def _wide(figures: Sequence[TableColumn], levels: Sequence[Level], coder: Coder) -> Layout:
    covered = [column for column in figures if all(level.covers(column) for level in levels)]
    if any(coder.is_area(level.component_id) for level in levels) and len(levels) == 1:
        first, last = covered[0].position, covered[-1].position
        covered = [column for column in figures if first <= column.position <= last]
    chosen = {column.position for column in covered}
    explained = {row for level in levels for row in level.rows}
    depth = len(figures[0].column.headings)
    return Layout(
        figures=tuple(covered),
        levels=tuple(levels),
        left_out=tuple(column for column in figures if column.position not in chosen),
        unexplained=tuple(
            row
            for row in range(depth)
            if row not in explained and len({one.column.headings[row] for one in covered}) > 1
        ),
    )


def _levels(
    figures: Sequence[TableColumn], free: Sequence[str], structure: DataStructure, coder: Coder, own_area: str | None
) -> list[Level]:
    """What each row of headings says, times first; no level where nothing varies or too little is understood."""
    depth = len(figures[0].column.headings)
    left = set(free)
    levels: list[Level] = []
    time = _time_level(figures, depth) if TIME in left else None
    if time is not None:
        levels.append(time)
        left.discard(TIME)
    taken = {row for level in levels for row in level.rows}
    for row in range(depth):
        if row in taken:
            continue
        level = _coded_level(figures, row, left, coder, own_area)
        if level is not None:
            levels.append(level)
            left.discard(level.component_id)
            levels += _also(figures, level, left, coder)
    return levels


def _also(figures: Sequence[TableColumn], level: Level, left: set[str], coder: Coder) -> list[Level]:
    """Other components the same headings tell: all headings that are codes of the first must be codes of these."""
    [row] = level.rows
    texts = list(dict.fromkeys(column.column.headings[row] for column in figures if level.covers(column)))
    found = []
    for component_id in sorted(left & coder.codelists.keys()):
        if coder.is_area(component_id) or coder.is_area(level.component_id):
            continue
        coding = coder.guess(component_id, texts)
        if coding.share == 1 and len({code for code in coding.resolved.values() if code[0] != "_"}) > 1:
            found.append(Level(component_id=component_id, rows=level.rows, coding=coding))
    left -= {one.component_id for one in found}
    return found


def _time_level(figures: Sequence[TableColumn], depth: int) -> Level | None:
    for row in range(depth):
        texts = [column.column.headings[row] for column in figures]
        times = guess_times(texts)
        if times is not None and len(set(texts)) > 1 and not times.pattern.startswith("{*}"):
            finer = [_joined(figures, row, other) for other in range(depth) if other != row]
            return next(
                (level for level in finer if level is not None), Level(component_id=TIME, rows=(row,), times=times)
            )
    return None


def _joined(figures: Sequence[TableColumn], years: int, parts: int) -> Level | None:
    """Years in one row of headings and months or quarters in another, totals of the year perhaps between them."""
    texts = [f"{column.column.headings[years]} | {column.column.headings[parts]}" for column in figures]
    for pattern in JOINED:
        times = guess_times([text for text in texts if not _is_total(text)], (pattern,))
        if times is not None:
            unread = tuple(text for text in texts if _is_total(text))
            both = Times(
                pattern=pattern, share=times.share, unread=times.unread + unread, frequencies=times.frequencies
            )
            return Level(component_id=TIME, rows=(years, parts), times=both)
    return None


def _is_total(text: str) -> bool:
    return bool(vocabulary.totals() & set(fold(text).split()))


def _coded_level(
    figures: Sequence[TableColumn], row: int, left: Collection[str], coder: Coder, own_area: str | None
) -> Level | None:
    texts = [column.column.headings[row] for column in figures]
    distinct = list(dict.fromkeys(text for text in texts if text))
    if len(distinct) < 2:
        return None
    best: Level | None = None
    for component_id in _candidates(left, coder, own_area):
        coding = coder.guess(component_id, distinct)
        covered = sum(1 for text in texts if text in coding.resolved)
        real = {code for code in coding.resolved.values() if not code.startswith("_")}
        if len(set(coding.resolved.values())) < 2 or (covered < _ENOUGH * len(texts) and len(real) < _SEVERAL):
            continue
        if best is None or best.coding is None or coding.share > best.coding.share:
            best = Level(component_id=component_id, rows=(row,), coding=coding)
    return best or (_sexes(texts, row, coder) if "SEX" in left else None)


def _candidates(left: Collection[str], coder: Coder, own_area: str | None) -> list[str]:
    """Coded dimensions in the order they are tried; of two that hold areas only the likelier one."""
    coded = [key for key in coder.codelists if key in left and key not in {"FREQ", "INDICATOR", "UNIT_MEASURE"}]
    areas = [key for key in (PARTNER, REF) if key in coded]
    if len(areas) > 1:
        coded.remove(REF if own_area else PARTNER)
    return coded


def _sexes(texts: Sequence[str], row: int, coder: Coder) -> Level | None:
    """Headings that are sentences, each of which names one sex."""
    if "SEX" not in coder.codelists:
        return None
    words = {word: code for word, code in vocabulary.words("SEX").items() if len(word) > 3 and code != "_U"}
    found: dict[str, str] = {}
    for text in dict.fromkeys(text for text in texts if text):
        codes = {code for word, code in words.items() if re.search(rf"\b{word}\b", fold(text))}
        if len(codes) == 1:
            found[text] = codes.pop()
    if len(set(found.values())) < 2 or len(found) < len({text for text in texts if text}):
        return None
    coding = Coding(component_id="SEX", texts=len(found), resolved=found, codes=found)
    return Level(component_id="SEX", rows=(row,), coding=coding, is_part=True)
