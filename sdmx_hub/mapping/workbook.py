"""Excel and OpenDocument workbooks, taken apart in a limited child process: one sheet becomes an Arrow file of texts.

Cells become text as a spreadsheet shows them without formats: numbers with at most 15 digits and the decimal sign the
mapping declares, dates as ISO 8601, empty cells as the empty text. A formula is the value it was saved with; one that
was saved without (``=B2+B3``), and an error (``#REF!``), are told as they stand, for they are no empty cells. What a
workbook says of its own size is not believed: the cells of the sheet are looked at first, so that one cell at
XFD1048576 costs nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from sdmx_hub.errors import Malformed, NotFound
from sdmx_hub.mapping.workbook_look import HEAD, is_locked, kind_of, look_through, position
from sdmx_hub.model.rows import SOURCE_ROW

_BATCH = 5_000


def extract_sheet(path: str, sheet: str | int | None, cells: str | None, decimal: str, target: str) -> dict[str, Any]:
    """Write a sheet (or the range ``cells`` of it) to ``target`` as an Arrow stream of ``_row`` and ``c<n>``.

    Returns the name of the sheet, the position of its first column and its width. Runs in the child process.
    Raises NotFound for a sheet that is not there, TooLarge and Malformed.
    """
    with Path(path).open("rb") as stream:
        kind = kind_of(stream.read(HEAD))
    try:
        workbook = _opened(path, kind)
        name = _chosen(workbook.sheet_names, sheet)
        odd = look_through(Path(path), name) if kind == "zip" else {}
        loaded = workbook.get_sheet_by_name(name)
    except CalamineError as error:
        locked = "password" in str(error).lower()
        raise Malformed("workbook-locked" if locked else "workbook-unreadable", why=str(error)[:200]) from error
    first_column, first_row, last_column, last_row = _bounds(cells)
    last_column = min(last_column, loaded.end[1] + 1 if loaded.end else 0)
    width = max(last_column - first_column + 1, 0)
    rows = islice(_rows(loaded), first_row - 1, last_row)
    schema = pa.schema(
        [(SOURCE_ROW, pa.int64()), *((f"c{first_column + place}", pa.string()) for place in range(width))]
    )
    with pa.OSFile(target, "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        row = first_row
        while chunk := list(islice(rows, _BATCH)):
            texts = [
                [as_text(cell, decimal) for cell in cells_of[first_column - 1 : last_column]] for cells_of in chunk
            ]
            _put_odd(texts, odd, row, first_column)
            columns = [pa.array(column, pa.string()) for column in zip(*texts, strict=True)]
            numbers = pa.array(range(row, row + len(chunk)), pa.int64())
            writer.write_batch(pa.record_batch([numbers, *columns], schema=schema))
            row += len(chunk)
    return {"sheet": name, "first_column": first_column, "width": width}


def _opened(path: str, kind: str) -> CalamineWorkbook:
    """Open a workbook by what it is, whatever its name says."""
    if kind not in {"zip", "ole"}:
        raise Malformed("workbook-other", what=kind)
    named = {".xls": "ole", ".xla": "ole"}.get(Path(path).suffix.lower(), "zip")
    if kind == "ole" and named == "zip" and is_locked(Path(path)):
        raise Malformed("workbook-locked")
    if kind == named:
        return CalamineWorkbook.from_path(path)
    with Path(path).open("rb") as stream:
        return CalamineWorkbook.from_filelike(stream)


def _put_odd(texts: list[list[str]], odd: Mapping[int, Mapping[int, str]], row: int, first_column: int) -> None:
    """Put what odd cells hold where the reader sees nothing."""
    for number in odd.keys() & set(range(row, row + len(texts))):
        for column, text in odd[number].items():
            place = column - first_column
            if 0 <= place < len(texts[number - row]) and not texts[number - row][place]:
                texts[number - row][place] = text


def _rows(sheet: CalamineSheet) -> Iterator[Sequence[Any]]:
    yield from sheet.to_python(skip_empty_area=False)


def _chosen(names: Sequence[str], sheet: str | int | None) -> str:
    if not names:
        raise Malformed("workbook-unreadable", why="no sheets")
    if sheet is None:
        return names[0]
    if isinstance(sheet, int):
        if 1 <= sheet <= len(names):
            return names[sheet - 1]
    elif sheet in names:
        return sheet
    raise NotFound("workbook-sheet", sheet=sheet, sheets=", ".join(names))


def _bounds(cells: str | None) -> tuple[int, int, int, int]:
    if cells is None:
        return 1, 1, 16_384, 1_048_576
    corners = [re.fullmatch(r"([A-Za-z]+)([0-9]+)", corner) for corner in cells.split(":")]
    (left, top), (right, bottom) = [(position(match[1]), int(match[2])) for match in corners if match]
    return min(left, right), min(top, bottom), max(left, right), max(top, bottom)


def as_text(value: Any, decimal: str) -> str:
    """Write a cell as text."""
    if isinstance(value, float):
        return _number(value).replace(".", decimal)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dt.datetime) and value.time() == dt.time(0):
        return value.date().isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return "" if value is None else str(value)


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.15g}"
    return f"{Decimal(text):f}" if "e" in text else text
