"""Ties the column names of a mapping to the columns of a table; what does not fit is a finding."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sdmx_hub.mapping.document import Path
from sdmx_hub.mapping.rules import VALUE, Condition, TableMapping, UnpivotRule
from sdmx_hub.mapping.table import SHIFT, Column, Table
from sdmx_hub.mapping.table_joined import tie
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.rows import SOURCE_ROW, literal, quoted

CELL_VALUE = "_value"
CELL_COLUMN = "_col"
PLACES = ("$file", "$sheet", "$period", "$cell:")


@dataclass(frozen=True)
class Bound:
    """One name tied: the SQL expression that gives its text, and what a person calls it.

    ``in_heading`` tells that the text stands in the heading of the cell's column, or is the cell itself.
    """

    expression: str
    shown: str
    in_heading: bool = False


class Binding:
    """All names of one mapping tied to one table. Raises nothing: see ``findings``."""

    def __init__(self, mapping: TableMapping, table: Table) -> None:
        self.mapping = mapping
        self.table = table
        self.findings: list[Finding] = []
        self.used: dict[int, Column] = {}
        self.named: list[Column] = []
        self.cells: tuple[Column, ...] = self._cells() if mapping.unpivot else ()
        self.components: dict[str, tuple[Bound, ...]] = {
            component_id: self._bind_all(rule.columns, "components", component_id, "column")
            for component_id, rule in mapping.components.items()
            if rule.columns
        }
        self.conditions: dict[int, tuple[Bound, ...]] = dict(self._bind_conditions())
        self.filled: tuple[Column, ...] = tuple(self._filled())

    @property
    def columns(self) -> list[Column]:
        """The columns the mapping needs, in order."""
        return [self.used[position] for position in sorted(self.used)]

    @property
    def kept(self) -> list[Column]:
        """The columns that are no cells of an unpivot, or are needed beside it."""
        return [column for column in self.columns if column.position in self._beside]

    @property
    def _beside(self) -> set[int]:
        tied = [*self.components.values(), *self.conditions.values()]
        names = {bound.expression for bounds in tied for bound in bounds}
        return {column.position for column in self.columns if quoted(column.name) in names}

    def _bind_all(self, names: Iterable[str], *path: str | int) -> tuple[Bound, ...]:
        return tuple(bound for name in names if (bound := self._bind(name, path)))

    def _bind(self, name: str, path: Path) -> Bound | None:
        unpivot = self.mapping.unpivot
        if unpivot and name == VALUE:
            return Bound(CELL_VALUE, VALUE, in_heading=True)
        if unpivot and name in unpivot.names:
            return Bound(quoted(name), name, in_heading=True)
        if name.startswith(PLACES):
            return self._place(name, path)
        column = self._column(name, path)
        return Bound(quoted(column.name), column.shown) if column else None

    def _place(self, name: str, path: Path) -> Bound | None:
        texts = [_place_text(table, name) for table in self.table.each]
        if None in texts:
            self._find("MAP-CELL", path, name=name)
            return None
        listed = [literal(text or "") for text in texts]
        if len(set(listed)) == 1:
            return Bound(listed[0], name)
        return Bound(f"([{', '.join(listed)}])[({SOURCE_ROW} >> {SHIFT}) + 1]", name)

    def _column(self, name: str, path: Path) -> Column | None:
        column = self.table.column(name)
        if column is None and self.table.is_ambiguous(name):
            self._find("MAP-COLUMN-AMBIG", path, name=name, places=", ".join(self._places(name)))
        elif column is None:
            known = [column.heading for column in self.table.columns if column.heading]
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
            hint = next(iter(near), None)
            self._find("MAP-COLUMN", path, hint, name=name, file=self.table.grid.file)
        else:
            self.used[column.position] = column
            self.named.append(column)
        return column

    def _places(self, name: str) -> Iterator[str]:
        for column in self.table.columns:
            if name in {column.heading, (column.headings or ("",))[-1]}:
                yield f"#{column.letter}"

    def _find(self, code: str, path: Path, suggestion: str | None = None, **params: object) -> None:
        finding = self.mapping.finding(code, *path, suggestion=suggestion, severity=Severity.ERROR, **params)
        self.findings.append(finding)

    def _cells(self) -> tuple[Column, ...]:
        rule = self.mapping.unpivot
        if rule is None:
            return ()
        if len(rule.names) not in {1, self.mapping.source.header_rows}:
            self._find("MAP-NAMES", ("unpivot", "names"), rows=self.mapping.source.header_rows)
        chosen = self._chosen(rule)
        if not chosen:
            self._find("MAP-NO-CELLS", ("unpivot", "columns"))
        self.used |= {column.position: column for column in chosen}
        return chosen

    def _chosen(self, rule: UnpivotRule) -> tuple[Column, ...]:
        path: Path = ("unpivot", "columns")
        if rule.columns:
            return tuple(column for name in rule.columns if (column := self._column(name, path)))
        outside = {column.position for name in rule.others_than if (column := self._column(name, path))}
        first = self._column(rule.first, path) if rule.first else None
        last = self._column(rule.last, path) if rule.last else None
        return tuple(
            column
            for column in self.table.columns
            if column.position not in outside
            and (first is None or column.position >= first.position)
            and (last is None or column.position <= last.position)
            and (rule.pattern is None or re.search(rule.pattern, column.heading))
        )

    def headings(self) -> list[tuple[int, tuple[str, ...]]]:
        """Give, for each cell column, its texts under the names of the unpivot."""
        names = self.mapping.unpivot.names if self.mapping.unpivot else ()
        return [
            (column.position, column.headings if len(names) == len(column.headings) else (column.heading,) * len(names))
            for column in self.cells
        ]

    def _bind_conditions(self) -> Iterator[tuple[int, tuple[Bound, ...]]]:
        for path, condition in self._all_conditions():
            bounds = [self._bind(condition.column, (*path, "column"))]
            if condition.same_as is not None:
                bounds.append(self._bind(condition.same_as, (*path, "same_as")))
            if all(bounds):
                yield id(condition), tuple(bound for bound in bounds if bound)

    def _all_conditions(self) -> Iterator[tuple[Path, Condition]]:
        if self.mapping.source.until:
            yield ("source", "until"), self.mapping.source.until
        for key, conditions in (("keep", self.mapping.rows.keep), ("drop", self.mapping.rows.drop)):
            for position, condition in enumerate(conditions):
                yield ("rows", key, position), condition

    def _filled(self) -> Iterator[Column]:
        for name in self.mapping.fill_down.columns:
            column = self._column(name, ("fill_down", "columns"))
            if column:
                yield column


def _place_text(table: Table, name: str) -> str | None:
    if name == "$file":
        return table.grid.file
    if name == "$sheet":
        return table.grid.sheet or ""
    return table.period if name == "$period" else table.cell(name.removeprefix("$cell:"))


def tie_files(binding: Binding) -> tuple[Table, list[Finding]]:
    """Tie the columns of a table in several files by the names the mapping calls them by; what differs is a finding."""
    table, mapping = binding.table, binding.mapping
    findings: list[Finding] = []
    ties: list[dict[int, int]] = []
    for part in table.parts:
        there = Binding(mapping, part)
        findings += [one for one in there.findings if one not in findings]
        headings, wanted = ([column.heading for column in one.cells] for one in (there, binding))
        if headings != wanted:
            other = ", ".join([text for text in headings if text not in wanted][:9]) or str(len(headings))
            lacking = ", ".join([text for text in wanted if text not in headings][:9]) or str(len(wanted))
            findings.append(
                mapping.finding(
                    "TABLE-FILES-HEADINGS",
                    "unpivot",
                    "columns",
                    file=part.grid.file,
                    first=table.grid.file,
                    found=other,
                    wanted=lacking,
                )
            )
        pairs = [*zip(binding.named, there.named, strict=False), *zip(binding.cells, there.cells, strict=False)]
        ties.append({here.position: other.position for here, other in pairs})
    return (tie(table, ties) if ties and not findings else table), findings
