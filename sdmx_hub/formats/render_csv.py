"""What both versions of SDMX-CSV share: quoting (RFC 4180), columns, labels and times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sdmx_hub.formats.layout import Layout, choose_layout
from sdmx_hub.formats.render import Cells, Escape, Part, Text, draw, joined, series_starts, source, with_dictionaries
from sdmx_hub.language import localised
from sdmx_hub.model.message import DataMessage, Dataset
from sdmx_hub.model.period import parse_period
from sdmx_hub.model.rows import Rows
from sdmx_hub.model.structure import Codelist

SEPARATOR = ","
LINE_END = "\n"
"""As the samples of the standard have it."""
_SPECIAL = frozenset('",\r\n')


def quote(text: str) -> str:
    """Quote a cell where that is needed."""
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.intersection(text) else text


def _quote_sql(expression: str) -> str:
    """Quote always: a test for special characters costs more than two quotes."""
    return f"""'"' || replace({expression}, '"', '""') || '"'"""


CSV = Escape(text=quote, sql=_quote_sql)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What is written of one dataset: its rows with the dictionaries labels and times need, and its layout."""

    dataset: Dataset
    rows: Rows
    layout: Layout
    cells: Cells
    labels: str
    language: str
    is_normalized: bool

    @property
    def time_id(self) -> str | None:
        """The id of the time dimension, if the structure has one."""
        time = self.dataset.structure.time_dimension
        return time.id if time else None

    def holds(self, identifier: str) -> bool:
        """Tell whether the column has anything to write."""
        if identifier in self.layout.observation_ids and not self.layout.has_observations:
            return False
        return identifier in self.rows.columns and identifier in self.dataset.structure.components

    def value(self, identifier: str) -> list[Part]:
        """The cell of a component: its id or value, with ``: name`` behind where labels are both."""
        if not self.holds(identifier):
            return []
        if identifier == self.time_id and self.is_normalized:
            return [self.cells.looked_up(identifier, normalized(self.rows.coded[identifier]))]
        names = self.names(identifier) if self.labels == "both" else None
        if names is None:
            return [self.cells.cell(identifier)]
        labels = [
            quote(f"{code}: {names(code)}") if names(code) else quote(code) for code in self.rows.coded[identifier]
        ]
        return [self.cells.looked_up(identifier, labels)]

    def name(self, identifier: str) -> list[Part]:
        """The cell behind that of a component, with the name of its code; a period is its own name."""
        if identifier == self.time_id:
            return self.value(identifier)
        names = self.names(identifier) if self.holds(identifier) else None
        if names is None:
            return []
        return [self.cells.looked_up(identifier, [quote(names(code)) for code in self.rows.coded[identifier]])]

    def key(self, ids: Sequence[str]) -> list[Part]:
        """Several components as one cell, joined by dots."""
        if all(map(self.cells.is_plain, ids)):
            return _with_between(".", [[self.cells.column(identifier)] for identifier in ids])
        columns = [[f"{self.cells.column(identifier)}::VARCHAR"] for identifier in ids]
        return [CSV.sql(joined(_with_between(".", columns)))]

    def names(self, identifier: str) -> Callable[[str], str] | None:
        """How codes of a component are named; None where it has no codes."""
        codelist = self.dataset.codelist(identifier)
        if codelist is None:
            return None
        return lambda code: _name_of(codelist, code, self.language)

    def lines(self, columns: Iterable[Sequence[Part]]) -> Iterator[memoryview]:
        """Draw the lines, each of ``columns``."""
        layout, structure = self.layout, self.dataset.structure
        text = joined([*_with_between(SEPARATOR, columns), Text(LINE_END)])
        if layout.has_observations:
            yield from draw(self.rows, f"SELECT {text} FROM ({self.rows.sql}) AS r")
            return
        key_ids = (*layout.series_ids, *layout.observation_ids)
        where = f" QUALIFY {series_starts(layout.series_ids)}" if layout.series_ids else " LIMIT 1"
        yield from draw(self.rows, f"SELECT {text} FROM {source(self.rows, structure, key_ids)} AS r{where}")


def _with_between(separator: str, columns: Iterable[Sequence[Part]]) -> list[Part]:
    parts: list[Part] = []
    for number, column in enumerate(columns):
        parts += [Text(separator)] * bool(number)
        parts += column
    return parts


def _name_of(codelist: Codelist, code: str, language: str) -> str:
    found = codelist.codes.get(code)
    return localised(found.names, language) if found else ""


def open_sheet(dataset: Dataset, message: DataMessage, params: Mapping[str, str]) -> Sheet:
    """Prepare one dataset; distinct codes or periods are read first where labels or times need them."""
    labels = params.get("labels", "id")
    is_normalized = params.get("timeFormat") == "normalized"
    layout = choose_layout(dataset)
    rows = with_dictionaries(dataset.rows, _needed(dataset, layout, labels, is_normalized=is_normalized))
    return Sheet(
        dataset=dataset,
        rows=rows,
        layout=layout,
        cells=Cells(structure=dataset.structure, coded=rows.coded, escape=CSV),
        labels=labels,
        language=message.language,
        is_normalized=is_normalized,
    )


def _needed(dataset: Dataset, layout: Layout, labels: str, *, is_normalized: bool) -> Iterator[str]:
    structure = dataset.structure
    if is_normalized and structure.time_dimension and layout.has_observations:
        yield structure.time_dimension.id
    if labels != "id":
        for identifier in (*structure.dimension_ids, *dataset.attribute_ids, *dataset.measure_ids):
            if dataset.codelist(identifier) is not None:
                yield identifier


def normalized(periods: Sequence[str]) -> list[str]:
    """Write periods by the day they begin (reporting periods counted from 1 January), or by the second if need be."""
    starts = [parse_period(text).start for text in periods]
    by_day = all(start.time() == dt.time() for start in starts)
    return [start.date().isoformat() if by_day else start.isoformat(timespec="seconds") for start in starts]


def union(lists: Iterable[Iterable[str]]) -> list[str]:
    """All ids of several lists, once each, in the order they are first met."""
    return list(dict.fromkeys(identifier for ids in lists for identifier in ids))


def heading(identifier: str, datasets: Iterable[Dataset], language: str) -> str:
    """The name of a component by the first dataset that has it."""
    for dataset in datasets:
        if identifier in dataset.structure.components:
            return localised(dataset.names(identifier), language)
    return ""
