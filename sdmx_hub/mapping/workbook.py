"""Excel and OpenDocument workbooks, taken apart in a limited child process: one sheet becomes an Arrow file of texts.

Cells become text as a spreadsheet shows them without formats: numbers with at most 15 digits and the decimal sign the
mapping declares, dates as ISO 8601, empty cells as the empty text. What a workbook says of its own size is not
believed: the cells of the sheet are looked at first, so that one cell at XFD1048576 costs nothing.
"""

from __future__ import annotations

import datetime as dt
import html
import re
import zipfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from sdmx_hub.errors import Malformed, NotFound, TooLarge
from sdmx_hub.model.rows import SOURCE_ROW

MOST_CELLS = 30_000_000
"""Rows × columns of the largest sheet read, empty cells counted."""
MOST_BYTES = 2 << 30
"""Bytes of the largest sheet part, unpacked."""
_BATCH = 5_000
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')
_OVERLAP = 4096
_SHEET = re.compile(r"<(?:\w+:)?sheet\b[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b[^>]*>")
_ATTRIBUTE = re.compile(r'([\w:]+)\s*=\s*"([^"]*)"')


def extract_sheet(path: str, sheet: str | int | None, cells: str | None, decimal: str, target: str) -> dict[str, Any]:
    """Write a sheet (or the range ``cells`` of it) to ``target`` as an Arrow stream of ``_row`` and ``c<n>``.

    Returns the name of the sheet, the position of its first column and its width. Runs in the child process.
    Raises NotFound for a sheet that is not there, TooLarge and Malformed.
    """
    try:
        workbook = CalamineWorkbook.from_path(path)
    except CalamineError as error:
        raise Malformed("workbook-unreadable", why=str(error)) from error
    name = _chosen(workbook.sheet_names, sheet)
    _check_size(Path(path), name)
    first_column, first_row, last_column, last_row = _bounds(cells)
    loaded = workbook.get_sheet_by_name(name)
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
            columns = [pa.array(column, pa.string()) for column in zip(*texts, strict=True)]
            numbers = pa.array(range(row, row + len(chunk)), pa.int64())
            writer.write_batch(pa.record_batch([numbers, *columns], schema=schema))
            row += len(chunk)
    return {"sheet": name, "first_column": first_column, "width": width}


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
    (left, top), (right, bottom) = [(_position(match[1]), int(match[2])) for match in corners if match]
    return min(left, right), min(top, bottom), max(left, right), max(top, bottom)


def _position(name: str) -> int:
    position = 0
    for sign in name.upper():
        position = position * 26 + ord(sign) - 64
    return position


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


def _check_size(path: Path, sheet: str) -> None:
    """Look at the cells of an xlsx sheet without keeping them. Raises TooLarge."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        parts = [name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)]
        part = _part_of(archive, sheet)
        for name in [part] if part in parts else parts:
            with archive.open(name) as stream:
                rows, columns = _extent(stream)
            if rows * columns > MOST_CELLS:
                raise TooLarge("workbook-cells", sheet=sheet, rows=rows, columns=columns, most=MOST_CELLS)


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Find the part that holds a sheet, by the workbook's own list."""
    try:
        listing = archive.read("xl/workbook.xml").decode()
        relations = archive.read("xl/_rels/workbook.xml.rels").decode()
    except (KeyError, UnicodeDecodeError):
        return None
    targets = {
        found["Id"]: found["Target"] for found in _tags(_RELATION, relations) if {"Id", "Target"} <= found.keys()
    }
    for found in _tags(_SHEET, listing):
        if found.get("name") == sheet:
            relation = next((value for key, value in found.items() if key.endswith(":id")), "")
            return "xl/" + targets.get(relation, "").removeprefix("/xl/")
    return None


def _tags(pattern: re.Pattern[str], text: str) -> Iterator[dict[str, str]]:
    for tag in pattern.findall(text):
        yield {key: html.unescape(value) for key, value in _ATTRIBUTE.findall(tag)}


def _extent(stream: IO[bytes]) -> tuple[int, int]:
    """Find the last row and column that a cell of the sheet names, reading it once in pieces."""
    rows = columns = read = 0
    rest = b""
    while piece := stream.read(1 << 20):
        read += len(piece)
        if read > MOST_BYTES:
            raise TooLarge("workbook-bytes", most=MOST_BYTES)
        text = rest + piece
        for name, row in _CELL.findall(text):
            rows, columns = max(rows, int(row)), max(columns, _position(name.decode()))
        rest = text[-_OVERLAP:]
    return rows, columns
