"""What the versions of SDMX-CSV share: quoting (RFC 4180), columns, labels and times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sdmx_hub.formats.layout import Layout, choose_layout
from sdmx_hub.formats.render import Cells, Escape, Part, Text, draw, joined, series_starts, source, with_dictionaries
from sdmx_hub.formats.several import LANGUAGE_SQL, each_text, each_value, holds_any, several
from sdmx_hub.language import localised
from sdmx_hub.model.cells import ITEM
from sdmx_hub.model.codelist import Codelist
from sdmx_hub.model.message import DataMessage, Dataset
from sdmx_hub.model.period import parse_period
from sdmx_hub.model.rows import Rows, literal
from sdmx_hub.model.structure import Representation

SEPARATOR = ","
LINE_END = "\n"
"""As the samples of the standard have it."""
SUB_SEPARATOR = ";"
"""Parts the values of an array and the languages of a text, unless one of them holds it."""
_OTHER_SEPARATORS = ("|", "^", "~", "!")
_SPECIAL = frozenset('",\r\n')


def quote(text: str) -> str:
    """Quote a cell where that is needed."""
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.intersection(text) else text


def quote_sql(expression: str) -> str:
    """Quote always: a test for special characters costs more than two quotes."""
    return f"""'"' || replace({expression}, '"', '""') || '"'"""


CSV = Escape(text=quote, sql=quote_sql)


def sub_field(text: str, separator: str) -> str:
    """Quote one value among several where it would be taken for more than one, or for quoted."""
    return '"' + text.replace('"', '""') + '"' if separator in text or text.startswith('"') else text


def _sub_field_sql(text: str, separator: str) -> str:
    is_special = f"""contains({text}, {literal(separator)}) OR starts_with({text}, '"')"""
    return f"""CASE WHEN {is_special} THEN {quote_sql(text)} ELSE {text} END"""


def sub_fields(representation: Representation, cell: str, separator: str) -> str:
    """Write SQL for the sub-fields of a cell (``A;B``, ``en:Value;fr:Valeur``, ``"en:One;fr:Un";"en:Two"``).

    Field guide of SDMX-CSV 2.0 and 2.1, "Multi-valued components": each set of languages among several is quoted.
    """
    if not representation.is_multilingual:
        return each_value(cell, lambda value: _sub_field_sql(value, separator), separator)
    tagged = f"replace(t, {LANGUAGE_SQL}, ':')"

    def texts(value: str) -> str:
        return each_text(value, lambda _: _sub_field_sql(tagged, separator), separator)

    return (
        each_value(cell, lambda value: quote_sql(texts(value)), separator) if representation.is_array else texts(cell)
    )


def choose_separator(datasets: Iterable[Dataset]) -> str | None:
    """Choose what parts sub-fields: a character no value holds, if there is one; None where no cell has several."""
    held: set[str] = set()
    is_needed = False
    for dataset in datasets:
        written = (*dataset.measure_ids, *dataset.attribute_ids)
        ids = [each for each in several(dataset.structure, written) if each in dataset.rows.columns]
        is_needed = is_needed or bool(several(dataset.structure, written))
        held |= holds_any(dataset.rows, ids, (SUB_SEPARATOR, *_OTHER_SEPARATORS)) if ids else set()
    if not is_needed:
        return None
    return next((each for each in (SUB_SEPARATOR, *_OTHER_SEPARATORS) if each not in held), SUB_SEPARATOR)


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
    separator: str = SUB_SEPARATOR

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
        if names is not None:
            return [self._of_codes(identifier, lambda code: f"{code}: {names(code)}" if names(code) else code)]
        component = self.dataset.structure.components[identifier]
        if component.representation.is_plain:
            return [self.cells.cell(identifier)]
        column = f"{self.cells.column(identifier)}::VARCHAR"
        return [CSV.sql(sub_fields(component.representation, column, self.separator))]

    def name(self, identifier: str) -> list[Part]:
        """The cell behind that of a component, with the name of its code; a period is its own name."""
        if identifier == self.time_id:
            return self.value(identifier)
        names = self.names(identifier) if self.holds(identifier) else None
        return [] if names is None else [self._of_codes(identifier, names)]

    def _of_codes(self, identifier: str, write: Callable[[str], str]) -> Part:
        """The codes of a cell, each by ``write``."""
        dictionary = self.rows.coded[identifier]
        if self.dataset.structure.components[identifier].representation.is_plain:
            return self.cells.looked_up(identifier, [quote(write(code)) for code in dictionary])
        listed = ((sub_field(write(code), self.separator) for code in cell.split(ITEM)) for cell in dictionary)
        return self.cells.looked_up(identifier, [quote(self.separator.join(each)) for each in listed])

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
        return lambda code: name_of(codelist, code, self.language)

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


def name_of(codelist: Codelist, code: str, language: str) -> str:
    """Name a code in a language; nothing for a code the list does not have."""
    found = codelist.codes.get(code)
    return localised(found.names, language) if found else ""


def open_sheet(
    dataset: Dataset, message: DataMessage, params: Mapping[str, str], separator: str | None = None
) -> Sheet:
    """Prepare one dataset; distinct codes or periods are read first where labels or times need them."""
    labels = params.get("labels", "id")
    is_normalized = params.get("timeFormat") == "normalized"
    layout = choose_layout(dataset)
    rows = with_dictionaries(dataset.rows, needed(dataset, layout, labels, is_normalized=is_normalized))
    return Sheet(
        dataset=dataset,
        rows=rows,
        layout=layout,
        cells=Cells(structure=dataset.structure, coded=rows.coded, escape=CSV),
        labels=labels,
        language=message.language,
        is_normalized=is_normalized,
        separator=separator or SUB_SEPARATOR,
    )


def needed(dataset: Dataset, layout: Layout, labels: str, *, is_normalized: bool) -> Iterator[str]:
    """Components whose distinct values are looked at before a line is written."""
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
