"""Marks the cells of a copy of a table; runs in the limited child process, and imports no more than it needs."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from python_calamine import CalamineError, CalamineWorkbook

from sdmx_hub.errors import Malformed, TooLarge

AUTHOR = "sdmx-hub"
MOST_MARKED = 10_000
"""Cells that are coloured; every finding is in the list."""
MOST_COPIED = 1_000_000
"""Cells of a table that is copied; of a larger one there is only the list."""
MOST_UNPACKED = 300 << 20
MOST_LISTED = 100_000
_LONGEST = 32_000
_HEAD = 60
_FONT = {"name": "Calibri", "size": 11}
_PLAIN, _BOLD, _LINK = Font(**_FONT), Font(bold=True, **_FONT), Font(underline="single", color="0563C1", **_FONT)
_WIDTHS = (14, 22, 26, 24, 90, 30)
"""Of the columns of the list."""
_LINE = 15
_WRAPPED = Alignment(vertical="top", wrap_text=True)
_COLOURS = {"error": "FFC7CE", "warning": "FFEB9C", "info": "DDEBF7"}
_JOINT = " ▸ "


def mark_copy(path: str, kind: str, plan_file: str, target: str) -> int:
    """Write a marked copy of ``path`` (``xlsx``, ``xls`` or ``csv``) to ``target``; gives the number of cells marked.

    Raises Malformed, TooLarge.
    """
    plan = json.loads(Path(plan_file).read_text(encoding="utf-8"))
    book = _open(Path(path), kind, plan["source"])
    marks = _Marks(book, plan)
    for finding in plan["findings"]:
        marks.add(finding)
    marks.draw()
    _list(book, plan, marks.places, note=plan["limit"] if marks.left else None)
    book.save(target)
    return len(marks.cells)


def list_findings(plan: Mapping[str, Any], target: Path) -> None:
    """Write the list alone."""
    book = Workbook()
    book.remove(book.active)
    _list(book, plan, {}, note=plan["no_copy"])
    book.save(target)


def _open(path: Path, kind: str, source: Mapping[str, Any]) -> Workbook:
    if kind == "csv":
        return _from_csv(path, source)
    if kind == "xls":
        return _from_values(path)
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED:
            raise TooLarge("workbook-bytes", most=MOST_UNPACKED)
    try:
        return load_workbook(path)
    except (InvalidFileException, KeyError, ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise Malformed("workbook-unreadable", why=type(error).__name__) from error


def _from_values(path: Path) -> Workbook:
    """Copy the values of a workbook of the old format; how they look is lost."""
    try:
        old = CalamineWorkbook.from_path(str(path))
    except CalamineError as error:
        raise Malformed("workbook-unreadable", why=str(error)) from error
    book = Workbook()
    book.remove(book.active)
    for name in old.sheet_names:
        sheet = book.create_sheet(name)
        loaded = old.get_sheet_by_name(name)
        if loaded.total_height * loaded.total_width > MOST_COPIED:
            raise TooLarge("workbook-bytes", most=MOST_COPIED)
        for row, cells in enumerate(loaded.to_python(skip_empty_area=False), start=1):
            for column, value in enumerate(cells, start=1):
                if value not in {"", None}:
                    _put(sheet, row, column, value)
    return book


def _from_csv(path: Path, source: Mapping[str, Any]) -> Workbook:
    encoding = source.get("encoding") or "utf-8"
    encoding = "utf-8-sig" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        first = stream.readline()
        stream.seek(0)
        quote = source.get("quote", '"')
        reader = csv.reader(
            stream,
            delimiter=source.get("delimiter") or max(",;\t|", key=first.count),
            quotechar=quote or None,
            quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        )
        book = Workbook()
        sheet = book.active
        sheet.title = re.sub(r"[\[\]:*?/\\]", "_", path.stem)[:31] or "Table"
        cells = 0
        for row, texts in enumerate(reader, start=1):
            cells += len(texts)
            if cells > MOST_COPIED:
                raise TooLarge("workbook-bytes", most=MOST_COPIED)
            for column, text in enumerate(texts, start=1):
                if text:
                    _put(sheet, row, column, text)
    return book


def _put(sheet: Any, row: int, column: int, value: Any) -> Any:
    """Write a cell; a text stays a text, whatever it begins with."""
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("·", value)[:_LONGEST]
        if cell.data_type != "s":
            cell.data_type = "s"
        if value[:1] in "=+-@":
            cell.quotePrefix = True
    else:
        cell.value = value
    return cell


class _Marks:
    """The cells to be marked, each with the texts of its findings, in order of gravity."""

    def __init__(self, book: Workbook, plan: Mapping[str, Any]) -> None:
        self.book = book
        self.sheet = plan["source"].get("sheet")
        self.cells: dict[tuple[str, str], tuple[str, list[str]]] = {}
        self.places: dict[int, tuple[str, str]] = {}
        self.left = 0
        self._number = -1

    def add(self, finding: Mapping[str, Any]) -> None:
        """Find the cell of a finding."""
        self._number += 1
        sheet = self._sheet(finding["sheet"])
        if sheet is None or not (finding["cell"] or finding["row"]):
            return
        cell = self._whole(sheet, finding["cell"] or f"{self._column(sheet, finding)}{finding['row']}")
        self.places[self._number] = (sheet.title, cell)
        known = self.cells.get((sheet.title, cell))
        if known is None and len(self.cells) >= MOST_MARKED:
            self.left += 1
            return
        _, texts = self.cells.setdefault((sheet.title, cell), (finding["severity"], []))
        if len(texts) < 10:
            texts.append(finding["comment"])

    def _sheet(self, name: str | None) -> Any:
        if name in self.book.sheetnames:
            return self.book[name]
        if isinstance(self.sheet, str) and self.sheet in self.book.sheetnames:
            return self.book[self.sheet]
        place = self.sheet - 1 if isinstance(self.sheet, int) else 0
        return self.book.worksheets[place] if 0 <= place < len(self.book.worksheets) else None

    def _column(self, sheet: Any, finding: Mapping[str, Any]) -> str:
        """The letters of a column, named by its heading, by position or by letters; the first where none is told."""
        name = finding["column"] or ""
        if name.startswith("#"):
            return get_column_letter(int(name[1:])) if name[1:].isdigit() else name[1:].upper()
        *above, last = name.split(_JOINT)
        for row in sheet.iter_rows(min_row=1, max_row=min(_HEAD, max(finding["row"] - 1, 1))):
            for cell in row:
                if last and _text(cell) == last and self._stands_under(sheet, cell, above):
                    return str(cell.column_letter)
        return name.upper() if re.fullmatch(r"[A-Z]{1,3}", name) else "A"

    @staticmethod
    def _stands_under(sheet: Any, cell: Any, above: list[str]) -> bool:
        """Tell whether the headings above a cell, each holding to the right until the next, are these."""
        row = cell.row
        for wanted in reversed(above):
            row -= 1
            if row < 1:
                return False
            texts = (_text(sheet.cell(row, column)) for column in range(cell.column, 0, -1))
            if next((text for text in texts if text), "") != wanted:
                return False
        return True

    @staticmethod
    def _whole(sheet: Any, cell: str) -> str:
        """The first cell of the merged cells a place lies in."""
        if isinstance(sheet[cell], MergedCell):
            for found in sheet.merged_cells.ranges:
                if cell in found:
                    return str(found.start_cell.coordinate)
        return cell

    def draw(self) -> None:
        """Colour the cells and write the comments."""
        for (name, place), (severity, texts) in self.cells.items():
            cell = self.book[name][place]
            cell.fill = PatternFill("solid", start_color=_COLOURS[severity])
            comment = Comment(ILLEGAL_CHARACTERS_RE.sub("·", "\n\n".join(texts))[:_LONGEST], AUTHOR)
            comment.width, comment.height = 420, min(90 + 50 * len(texts), 400)
            cell.comment = comment


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    return " ".join(str(int(value) if isinstance(value, float) and value.is_integer() else value).split())


def _list(book: Workbook, plan: Mapping[str, Any], places: Mapping[int, tuple[str, str]], note: str | None) -> None:
    """Add the sheet of all findings, each with a link to its cell."""
    earlier = plan["sheet"]
    if earlier in book.sheetnames and book[earlier]["A1"].comment is None and len(book.sheetnames) > 1:
        _remove_earlier(book, earlier, plan)
    sheet = book.create_sheet(plan["sheet"])
    for row, text in enumerate((plan["title"], plan["summary"], plan["errors"], note), start=1):
        if text:
            _put(sheet, row, 1, text).font = _BOLD if row == 1 else _PLAIN
    for column, heading in enumerate(plan["headings"], start=1):
        _put(sheet, 6, column, heading).font = _BOLD
    for number, finding in enumerate(islice(plan["findings"], MOST_LISTED)):
        place = places.get(number)
        shown = f"{place[0]}!{place[1]}" if place else _place_text(finding)
        texts = (finding["severity_text"], finding["code"], shown, finding["value"] or "", finding["message"],
                 finding["suggestion"])  # fmt: skip
        for column, text in enumerate(texts, start=1):
            _put(sheet, 7 + number, column, text).alignment = _WRAPPED
        lines = max(-(-len(text) // (width - 4)) for text, width in zip(texts, _WIDTHS, strict=True))
        sheet.row_dimensions[7 + number].height = _LINE * max(min(lines, 12), 1)
        sheet.cell(7 + number, 1).fill = PatternFill("solid", start_color=_COLOURS[finding["severity"]])
        if place:
            cell = sheet.cell(7 + number, 3)
            location = f"'{place[0].replace(chr(39), chr(39) * 2)}'!{place[1]}"
            cell.hyperlink = Hyperlink(ref=cell.coordinate, location=location)
            cell.font = _LINK
    sheet.freeze_panes = "A7"
    for letter, width in zip("ABCDEF", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _place_text(finding: Mapping[str, Any]) -> str:
    place = finding["cell"] or (str(finding["row"]) if finding["row"] else finding["place"])
    return " · ".join(part for part in (finding["sheet"], place, finding["column"]) if part)


def _remove_earlier(book: Workbook, name: str, plan: Mapping[str, Any]) -> None:
    """Take out the list of an earlier check, when a marked copy was corrected and is checked again."""
    if [book[name].cell(6, column).value for column in range(1, 7)] == plan["headings"]:
        book.remove(book[name])
