"""Writes a template: instructions, sheets to fill in, hidden codes, and the hidden sheet that says what it is for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from sdmx_hub.errors import TooLarge
from sdmx_hub.language import localised, sentence
from sdmx_hub.load.template.cells import show_code, show_text
from sdmx_hub.load.template.extracting import META_SHEET
from sdmx_hub.load.template.layout import (
    ACROSS,
    CODES_SHEET,
    COLUMN_IDS,
    COLUMN_NAMES,
    CONSTANT_IDS,
    CONSTANT_NAMES,
    CONSTANT_VALUES,
    FIRST_ROW,
    STATUS,
    Field,
    Layout,
    Sheet,
)
from sdmx_hub.mapping.table import letters
from sdmx_hub.mapping.workbook import as_text
from sdmx_hub.model.rows import Rows
from sdmx_hub.model.structure import Attribute, Dimension, Measure

ROWS_TO_FILL = 5_000
"""Rows that have drop-down lists, beyond those filled in."""
MOST_ROWS = 200_000
"""Observations a template is filled with."""
_CREATED = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - xlsxwriter takes it as it stands; equal templates are equal bytes
_NUMBERS = frozenset({"Decimal", "Double", "Float", "Integer", "Long", "Short", "BigInteger", "Count"})
_QUOTES = {"en": "“{}”", "fr": "« {} »", "es": "«{}»"}
_A4 = 9
_WIDTH, _LETTERS, _LINE = 100, 88, 15
"""Of the column of instructions: its width, the letters that fit on a line for sure, and the height of a line."""
_WIDTHS = {"code": 26, "text": 22, "time": 13, "number": 15}


@dataclass(frozen=True, kw_only=True)
class _Formats:
    title: Format
    note: Format
    heading: Format
    required: Format
    identifier: Format
    value: Format
    text: Format
    number: Format
    strong: Format
    wrapped: Format
    whole: Format


def write_template(layout: Layout, path: Path, *, rows: Rows | None = None) -> int:
    """Write the workbook to ``path``; ``rows`` are what it is filled with. Gives the number of rows written.

    The same layout and rows give the same bytes. Raises TooLarge for more rows than a person can look through.
    """
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), {**options, "strings_to_numbers": False}) as workbook:
        workbook.set_properties({"title": layout.title, "created": _CREATED})
        formats = _formats(workbook)
        _write_instructions(workbook, layout, formats)
        lists = _lists(layout)
        written = 0
        for number, sheet in enumerate(layout.sheets):
            table = _SheetWriter(workbook.add_worksheet(sheet.name), sheet, layout, formats, lists)
            written += table.write(rows if number == 0 else None)
        _write_codes(workbook, layout, lists)
        _write_meta(workbook, layout.as_meta())
        workbook.get_worksheet_by_name(layout.sheets[0].name).activate()
    return written


def _formats(workbook: xlsxwriter.Workbook) -> _Formats:
    line = {"border": 1, "border_color": "#A6A6A6"}
    head = {"bold": True, "text_wrap": True, "valign": "vcenter", **line}
    return _Formats(
        title=workbook.add_format({"bold": True, "font_size": 14}),
        note=workbook.add_format({"italic": True, "font_color": "#595959"}),
        heading=workbook.add_format({**head, "bg_color": "#E7EDF3"}),
        required=workbook.add_format({**head, "bg_color": "#FFE8B3"}),
        identifier=workbook.add_format({"font_color": "#595959", "font_size": 9, "num_format": "@", **line}),
        value=workbook.add_format({"num_format": "@", "bg_color": "#F7FAF2", **line}),
        text=workbook.add_format({"num_format": "@"}),
        number=workbook.add_format({"align": "right"}),
        strong=workbook.add_format({"bold": True, "valign": "top"}),
        wrapped=workbook.add_format({"text_wrap": True, "valign": "top"}),
        whole=workbook.add_format({"num_format": "#,##0"}),
    )


def _write_instructions(workbook: xlsxwriter.Workbook, layout: Layout, formats: _Formats) -> None:
    sheet = workbook.add_worksheet(sentence("template-sheet-instructions", layout.language))
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, _WIDTH)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    for row, (label, text) in enumerate(_instructions(layout)):
        sheet.set_row(row, _LINE * max(1.4, -(-len(text) // _LETTERS)))  # a program may not grow the row itself
        if not label:
            sheet.write_string(row, 0, text, formats.title)
        else:
            sheet.write_string(row, 0, label, formats.strong)
            sheet.write_string(row, 1, text, formats.wrapped)


def _instructions(layout: Layout) -> Iterator[tuple[str, str]]:
    language = layout.language
    yield "", layout.title
    yield sentence("template-about", language), f"{layout.dataflow.ref} · {layout.structure.ref}"
    if layout.provider:
        yield sentence("template-provider", language), layout.provider
    missing = " · ".join(_missing(layout)) or "–"
    parts: Mapping[str, Mapping[str, object]] = {
        "sheets": {"sheets": ", ".join(_QUOTES[language].format(sheet.name) for sheet in layout.sheets)},
        "constants": {},
        "required": {},
        "codes": {},
        "numbers": {},
        "missing": {"codes": missing},
        "cross": {},
        "send": {},
    }
    for part, params in parts.items():
        if part != "cross" or len(layout.sheets) > 1:
            label = sentence(f"template-{part}-label", language)
            yield label, sentence(f"template-{part}", language, **params)


def _missing(layout: Layout) -> Iterator[str]:
    listed = layout.terms.codelists.get(STATUS)
    for code in ("O", "L", "M", "Q"):
        if listed is not None and code in listed.codes:
            yield show_code(listed.codes[code], layout.language)


def _lists(layout: Layout) -> dict[str, list[str]]:
    """The texts of each drop-down list, by component id."""
    fields = {field.id: field for sheet in layout.sheets for field in (*sheet.constants, *sheet.columns)}
    fields |= {sheet.across.id: sheet.across for sheet in layout.sheets if sheet.across}
    return {one.id: [show_code(code, layout.language) for code in one.codes] for one in fields.values() if one.codes}


class _SheetWriter:
    """Writes one sheet of data, from the top down."""

    def __init__(
        self, sheet: Worksheet, plan: Sheet, layout: Layout, formats: _Formats, lists: Mapping[str, list[str]]
    ) -> None:
        self.sheet = sheet
        self.plan = plan
        self.layout = layout
        self.formats = formats
        self.lists = lists
        self.language = layout.language

    def write(self, rows: Rows | None) -> int:
        self._set_columns()
        self.sheet.write_string(0, 0, self.layout.title, self.formats.title)
        self.sheet.write_string(1, 0, sentence("template-note", self.language), self.formats.note)
        constants, columns = self.plan.constants, [*self.plan.columns]
        for row, texts in (
            (CONSTANT_NAMES, [self._heading(one, is_stated=True) for one in constants]),
            (CONSTANT_IDS, [(one.id, self.formats.identifier) for one in constants]),
            (CONSTANT_VALUES, [(self._constant(one), self.formats.value) for one in constants]),
            (COLUMN_NAMES, [*map(self._heading, columns), *(self._across(0))]),
            (COLUMN_IDS, [*((one.id, self.formats.identifier) for one in columns), *self._across(1)]),
        ):
            if row in {CONSTANT_NAMES, COLUMN_NAMES}:
                self.sheet.set_row(row - 1, 45)
            for column, (text, form) in enumerate(texts):
                self.sheet.write_string(row - 1, column, text, form)
        written = self._fill(rows) if rows is not None else 0
        self._finish(FIRST_ROW + written + ROWS_TO_FILL)
        return written

    def _heading(self, field: Field, *, is_stated: bool = False) -> tuple[str, Format]:
        """Mark what must be filled in: what is required and not stated on top."""
        stated = {one.id for one in self.plan.constants if one.value}
        is_open = field.is_required and (is_stated or field.id not in stated)
        text = f"{field.heading} *" if is_open else field.heading
        return text, self.formats.required if is_open else self.formats.heading

    def _across(self, line: int) -> list[tuple[str, Format]]:
        across = self.plan.across
        if across is None:
            return []
        if line == 0:
            names = [localised(code.names, self.language) or code.id for code in across.codes or ()]
            return [(f"{across.heading}: {name}", self.formats.heading) for name in names]
        return [(f"{across.id}{ACROSS}{code.id}", self.formats.identifier) for code in across.codes or ()]

    def _constant(self, field: Field) -> str:
        return self._shown(field, field.value) if field.value is not None else ""

    def _shown(self, field: Field, text: str) -> str:
        codelist = self.layout.terms.codelists.get(field.id)
        if codelist is None:
            return show_text(text, field.component)
        parts = text.split("\x1d")
        return "; ".join(show_code(codelist.codes[one], self.language) if one in codelist.codes else one
                         for one in parts)  # fmt: skip

    def _set_columns(self) -> None:
        count = max(len(self.plan.constants), len(self.plan.columns) + len(self._across(1)))
        kinds = [_kind(one) for one in self.plan.columns] + ["number"] * len(self._across(1))
        for column, kind in zip_longest(range(count), kinds, fillvalue="text"):
            is_apart = isinstance(column, int) and column < len(self.plan.columns) and self._is_apart(column)
            form = self.formats.number if kind == "number" else self.formats.text
            self.sheet.set_column(column, column, _WIDTHS[kind], form, {"level": 1} if is_apart else None)

    def _is_apart(self, column: int) -> bool:
        """Tell whether a column is an attribute that may be left empty: those can be folded away."""
        field = self.plan.columns[column]
        return isinstance(field.component, Attribute) and field.id not in {STATUS, "COMMENT_OBS"}

    def _fill(self, rows: Rows) -> int:
        """Write what is held, a batch at a time."""
        known: dict[tuple[str, str], str] = {}
        written = 0
        stated = {one.id: one.value for one in self.plan.constants if one.value and one.id != STATUS}
        for batch in rows.batches():
            columns = [batch.column(one.id).to_pylist() for one in self.plan.columns]
            for values in zip(*columns, strict=True):
                if written >= MOST_ROWS:
                    raise TooLarge("template-rows", most=MOST_ROWS)
                row = FIRST_ROW - 1 + written
                for place, (field, value) in enumerate(zip(self.plan.columns, values, strict=True)):
                    if value is not None and (field.id not in stated or stated[field.id] != value):
                        self._write_value(row, place, field, str(value), known)
                written += 1
        return written

    def _write_value(self, row: int, column: int, field: Field, text: str, known: dict[tuple[str, str], str]) -> None:
        if _kind(field) == "number" and _survives(text):
            self.sheet.write_number(row, column, float(text))
            return
        shown = known.get((field.id, text))
        if shown is None:
            shown = self._shown(field, text)
            if len(known) < 100_000:
                known[field.id, text] = shown
        self.sheet.write_string(row, column, shown)

    def _finish(self, last_row: int) -> None:
        self.sheet.freeze_panes(COLUMN_IDS, 0)
        self.sheet.set_landscape()
        self.sheet.fit_to_pages(1, 0)
        self.sheet.repeat_rows(COLUMN_NAMES - 1, COLUMN_IDS - 1)
        for column, field in enumerate(self.plan.constants):
            self._offer(field, column, CONSTANT_VALUES, CONSTANT_VALUES)
        for column, field in enumerate(self.plan.columns):
            self._offer(field, column, FIRST_ROW, last_row)
            if _kind(field) == "number":
                self._group_thousands(column, last_row)
        for place in range(len(self._across(1))):
            self._group_thousands(len(self.plan.columns) + place, last_row)

    def _offer(self, field: Field, column: int, first: int, last: int) -> None:
        """Offer the codes of a field in a drop-down list; what is typed in another way is read too."""
        if field.id not in self.lists:
            return
        place = letters(list(self.lists).index(field.id) + 1)
        source = f"='{CODES_SHEET}'!${place}$2:${place}${len(self.lists[field.id]) + 1}"
        self.sheet.data_validation(
            first - 1, column, last - 1, column,
            {
                "validate": "list", "source": source, "error_type": "warning",
                "error_title": field.heading[:32], "error_message": sentence("template-not-listed", self.language),
            },
        )  # fmt: skip

    def _group_thousands(self, column: int, last: int) -> None:
        """Show whole numbers in groups of thousands, others as they are."""
        cell = f"{letters(column + 1)}{FIRST_ROW}"
        grouped = {
            "type": "formula",
            "criteria": f"=AND(ISNUMBER({cell}),INT({cell})={cell})",
            "format": self.formats.whole,
        }
        self.sheet.conditional_format(FIRST_ROW - 1, column, last - 1, column, grouped)


def _kind(field: Field) -> str:
    component = field.component
    if field.codes is not None:
        return "code"
    if isinstance(component, Dimension) and component.is_time:
        return "time"
    is_number = component.representation.text_type in _NUMBERS and component.representation.is_plain
    return "number" if isinstance(component, Measure) or is_number else "text"


def _survives(text: str) -> bool:
    """Tell whether a text is the one a spreadsheet's number is read back as: ``1.10`` is not."""
    try:
        return as_text(float(text), ".") == text
    except ValueError:
        return False


def _write_codes(workbook: xlsxwriter.Workbook, layout: Layout, lists: Mapping[str, Sequence[str]]) -> None:
    sheet = workbook.add_worksheet(CODES_SHEET)
    sheet.hide()
    for row, texts in enumerate(zip_longest(*([name, *listed] for name, listed in lists.items()))):
        for column, text in enumerate(texts):
            if text is not None:
                sheet.write_string(row, column, text)


def _write_meta(workbook: xlsxwriter.Workbook, meta: Mapping[str, str]) -> None:
    sheet = workbook.add_worksheet(META_SHEET)
    sheet.very_hidden()
    for row, (key, text) in enumerate(meta.items()):
        sheet.write_string(row, 0, key)
        sheet.write_string(row, 1, text)
