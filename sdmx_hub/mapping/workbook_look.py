"""A look at a workbook before it is read: what it is, how far its sheet reaches, what its reader would not see.

The sheet is read once in pieces and nothing of it is kept but odd cells: errors, and formulas saved without a value.
"""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from sdmx_hub.errors import Malformed, TooLarge

HEAD = 4096
"""Bytes that tell what a file is."""
MOST_CELLS = 30_000_000
"""Rows × columns of the largest sheet read, empty cells counted."""
MOST_BYTES = 2 << 30
"""Bytes of the largest sheet part, unpacked."""
MOST_ODD = 100_000
"""Odd cells of a sheet that are told apart."""
_LONGEST_CELL = 1 << 18
_OVERLAP = 4096
_PLACE = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*)(?<!/)>((?:(?!<(?:\w+:)?c\b).)*?)</(?:\w+:)?c>", re.DOTALL)
_AT = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_FORMULA = re.compile(rb"<(?:\w+:)?f\b[^>]*?(?:/>|>([^<]*)</)")
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*>([^<]+)<")
_ERROR = re.compile(rb"""\bt\s*=\s*["']e["']""")
_SHEET = re.compile(r"<(?:\w+:)?sheet\b[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b[^>]*>")
_ATTRIBUTE = re.compile(r'([\w:]+)\s*=\s*"([^"]*)"')
_STARTS = (
    (b"PK", "zip"),
    (b"\xd0\xcf\x11\xe0", "ole"),
    (b"%PDF", "PDF"),
    (b"\x1f\x8b", "gzip"),
    (b"{", "JSON"),
    (b"[", "JSON"),
)

Odd = Mapping[int, Mapping[int, str]]
"""Texts of odd cells by row and column."""


def kind_of(head: bytes) -> str:
    """Tell what a file is from its first bytes: ``zip`` and ``ole`` may be workbooks, anything else is none."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        return "∅"
    found = next((kind for sign, kind in _STARTS if start.startswith(sign)), None)
    if found is None and start.startswith(b"<"):
        return "HTML" if b"<html" in start.lower() or b"<table" in start.lower() else "XML"
    return found or ("CSV" if b"\0" not in head else "binary")


def is_locked(path: Path) -> bool:
    """Tell whether a compound file holds a workbook behind a password."""
    sign, rest = "EncryptedPackage".encode("utf-16-le"), b""
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            if sign in rest + piece:
                return True
            rest = piece[-len(sign) :]
    return False


def look_through(path: Path, sheet: str) -> Odd:
    """Look at the cells of an xlsx sheet. Raises TooLarge, and Malformed for a sheet that declares entities."""
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            _check_entities(archive, name)
        parts = [name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)]
        part = _part_of(archive, sheet)
        odd: Odd = {}
        for name in [part] if part in parts else parts:
            with archive.open(name) as stream:
                rows, columns, odd = _extent(stream)
            if rows * columns > MOST_CELLS:
                raise TooLarge("workbook-cells", sheet=sheet, rows=rows, columns=columns, most=MOST_CELLS)
    return odd if part in parts else {}


def _check_entities(archive: zipfile.ZipFile, name: str) -> None:
    if name.endswith((".xml", ".rels")):
        with archive.open(name) as stream:
            if b"<!DOCTYPE" in stream.read(HEAD):
                raise Malformed("workbook-doctype", part=name)


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


def _extent(stream: IO[bytes]) -> tuple[int, int, Odd]:
    """Find the last row and column that a cell of the sheet names, and its odd cells, reading it once in pieces."""
    rows = columns = read = met = 0
    odd: dict[int, dict[int, str]] = {}
    rest = b""
    while piece := stream.read(1 << 20):
        read += len(piece)
        if read > MOST_BYTES:
            raise TooLarge("workbook-bytes", most=MOST_BYTES)
        text = rest + piece
        for name, row in _PLACE.findall(text):
            rows, columns = max(rows, int(row)), max(columns, position(name.decode()))
        for row, column, said in _odd(text) if met < MOST_ODD else ():
            odd.setdefault(row, {})[column] = said
            met += 1
        rest = _unfinished(text)
    return rows, columns, odd


def _unfinished(text: bytes) -> bytes:
    """The end of a piece that may be part of a cell."""
    end = text.rfind(b"</c>", len(text) - _LONGEST_CELL if len(text) > _LONGEST_CELL else 0)
    return text[end:] if end >= 0 else text[-_OVERLAP:]


def _odd(text: bytes) -> Iterator[tuple[int, int, str]]:
    """The cells that hold an error, or a formula without its value."""
    if b'"e"' not in text and b"<f" not in text and b":f" not in text:
        return
    for attributes, content in _CELL.findall(text):
        formula, value, at = _FORMULA.search(content), _VALUE.search(content), _AT.search(attributes)
        if at is None:
            continue
        said = value[1] if value and _ERROR.search(attributes) else None
        if formula and not value and b"<is>" not in content:
            said = b"=" + (formula[1] or b"?")
        if said:
            shown = html.unescape(said.decode("utf-8", errors="replace"))[:200]
            yield int(at[2]), position(at[1].decode()), shown


def position(name: str) -> int:
    """Turn the letters of a column into its position."""
    place = 0
    for sign in name.upper():
        place = place * 26 + ord(sign) - 64
    return place
