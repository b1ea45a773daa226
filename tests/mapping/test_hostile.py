"""Files that are broken, not what they say, or made to do harm: each is told in a finding, and costs little."""

from __future__ import annotations

import io
import json
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import xlsxwriter

from sdmx_hub.language import LANGUAGES, sentence
from sdmx_hub.mapping import table_csv
from sdmx_hub.mapping.apply import Mapped
from tests.mapping.conftest import Run
from tests.mapping.tables import changed, codes, observations

ROWS = [["area", "n"], ["FRA", 1], ["ITA", 2], ["ESP", 12]]
MOST_SECONDS = 30


def book(change: Callable[[xlsxwriter.Workbook, xlsxwriter.worksheet.Worksheet], object] | None = None) -> bytes:
    """A workbook of one sheet with the table on it, and what ``change`` does to it."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd"}) as made:
        sheet = made.add_worksheet("S")
        for number, cells in enumerate(ROWS):
            sheet.write_row(number, 0, cells)
        if change:
            change(made, sheet)
    return out.getvalue()


def edited(content: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """A workbook with bytes of one of its parts replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            text = source.read(name)
            if name == part:
                assert old in text
                text = text.replace(old, new)
            target.writestr(name, text)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def compound(*streams: str) -> bytes:
    """A compound file (OLE) that holds streams of these names, all empty."""
    none, end = 0xFFFFFFFF, 0xFFFFFFFE
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<9I", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<I", 0) + b"\xff" * 432
    table = struct.pack("<2I", 0xFFFFFFFD, end) + b"\xff" * 504
    folder = b""
    for number, name in enumerate(("Root Entry", *streams)):
        text = name.encode("utf-16-le") + b"\0\0"
        right = number + 1 if 0 < number < len(streams) else none
        child = 1 if number == 0 else none
        folder += text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), 2 if number else 5, 1, none, right, child)
        folder += bytes(36) + struct.pack("<IQ", end, 0)
    return head + table + folder.ljust(512, b"\0")


def entity_bomb() -> bytes:
    entities = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    declared = f'<!DOCTYPE worksheet [<!ENTITY a "aaaaaaaaaa">{entities}]>'.encode()
    return edited(edited(book(), SHEET, b"<worksheet", declared + b"<worksheet"), SHEET, b"<v>12</v>", b"<v>&j;</v>")


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


class Case(NamedTuple):
    """A file: its name, how it is made, the code that tells what is wrong with it, and words that must be said."""

    name: str
    make: Callable[[], bytes]
    code: str
    said: str = ""


CASES = {
    "cut xlsx": Case("t.xlsx", lambda: book()[:3000], "guard-packed"),
    "cut xls": Case("t.xls", lambda: compound("Workbook")[:700], "workbook-unreadable"),
    "cut ods": Case("t.ods", lambda: zipped("content.xml", b"<office:document-content")[:-9], "guard-packed"),
    "xlsx behind a password": Case("t.xlsx", lambda: compound("EncryptionInfo", "EncryptedPackage"), "workbook-locked"),
    "text named xlsx": Case("t.xlsx", lambda: b"area,n\nFRA,1\n", "workbook-other", "CSV"),
    "page named xls": Case("t.xls", lambda: b"<html><table><tr><td>1</table></html>", "workbook-other", "HTML"),
    "nothing named xlsx": Case("t.xlsx", lambda: b"", "workbook-other"),
    "xlsx named csv": Case("t.csv", book, "TABLE-NOT-TEXT", "xlsx"),
    "zip in a zip": Case("t.zip", lambda: zipped("a.zip", zipped("a.csv", b" " * (50 << 20))), "TABLE-NOT-TEXT", "zip"),
    "bomb in a sheet": Case(
        "t.xlsx",
        lambda: edited(book(), SHEET, b"</sheetData>", b" " * (64 << 20) + b"</sheetData>"),
        "guard-ratio",
    ),
    "entities in a sheet": Case("t.xlsx", entity_bomb, "workbook-doctype", SHEET),
    "text that is not there": Case(
        "t.xlsx", lambda: edited(book(), SHEET, b't="s"><v>2</v>', b't="s"><v>99</v>'), "workbook-unreadable"
    ),
    "formula without value": Case(
        "t.xlsx",
        lambda: edited(book(lambda _, sheet: sheet.write_formula("B2", "=40+2", None, 42)), SHEET, b"<v>42</v>", b""),
        "NUM-PARSE",
        "=40+2",
    ),
    "error in a cell": Case(
        "t.xlsx", lambda: book(lambda _, sheet: sheet.write_formula("B2", "=A9", None, "#REF!")), "NUM-PARSE", "#REF!"
    ),
    "UTF-16": Case("t.csv", lambda: "area,n\nFRA,1\n".encode("utf-16"), "TABLE-UTF16", "utf-16"),
    "UTF-16 without mark": Case("t.csv", lambda: "area,n\nFRA,1\n".encode("utf-16-le"), "TABLE-NUL"),
    "zero byte": Case("t.csv", lambda: b"area,n\nFR\0A,1\n", "TABLE-NUL"),
    "latin": Case("t.csv", lambda: "area,n\nCôte,1\n".encode("latin-1"), "TABLE-ENCODING", "F4"),
    "quote never closed, megabytes": Case("t.csv", lambda: b'area,n\nFRA,"1\n' + b"ITA,2\n" * 2_000_000, "TABLE-CELL"),
    "quote never closed": Case("t.csv", lambda: b'area,n,note\nFRA,1,"x\nITA,2,\nESP,3,\n', "TABLE-QUOTE"),
    "a cell of ten megabytes": Case("t.csv", lambda: b"area,n\nFRA,1\n" + b"x" * (10 << 20) + b",2\n", "TABLE-CELL"),
    "one line": Case("t.csv", lambda: b"area,n\n" + b"x" * (40 << 20), "TABLE-LINE"),
    "headings alike": Case("t.csv", lambda: b"area,n,n\nFRA,1,2\n", "MAP-COLUMN-AMBIG", "#B, #C"),
    "nothing": Case("t.csv", lambda: b"", "TABLE-HEADER"),
    "a mark and nothing": Case("t.csv", lambda: b"\xef\xbb\xbf", "TABLE-HEADER"),
    "headings only": Case("t.csv", lambda: b"area,n\n", "READ-EMPTY"),
}
FORMATS = {".csv": "csv", ".zip": "csv", ".xlsx": "xlsx", ".xls": "xls", ".ods": "ods"}


@pytest.mark.parametrize(("number", "name"), list(enumerate(CASES)), ids=list(CASES))
def test_a_hostile_file_is_told_at_once(run: Run, tmp_path: Path, number: int, name: str) -> None:
    case = CASES[name]
    path, mapping = tmp_path / case.name, tmp_path / "m.yaml"
    path.write_bytes(case.make())
    language = LANGUAGES[number % len(LANGUAGES)]
    form = {"format: csv": f"format: {FORMATS[path.suffix]}", "language: en": f"language: {language}"}
    mapping.write_text(changed(form), encoding="utf-8")
    begun = time.monotonic()
    done = run("check", path, "--mapping", mapping, "--json", "--lang", language)
    assert time.monotonic() - begun < MOST_SECONDS
    report = json.loads(done.stdout)
    found = [one for one in report["findings"] if one["code"] == case.code]
    assert found, done.stdout[:1000]
    assert case.said in found[0]["message"]
    assert len(found[0]["message"]) < 1000
    assert done.returncode == (3 if found[0]["severity"] == "error" else 0)


NEW = ("MAP-TEXTS", "TABLE-CELL", "TABLE-QUOTE", "TABLE-LINE", "TABLE-NUL", "TABLE-NOT-TEXT", "TABLE-UTF16")


@pytest.mark.parametrize("code", [*NEW, "workbook-locked", "workbook-other", "workbook-doctype"])
def test_every_refusal_is_said_in_three_languages(code: str) -> None:
    params = dict.fromkeys(("component", "column", "most", "line", "what", "encoding", "part"), 7)
    assert len({sentence(code, language, **params) for language in LANGUAGES}) == len(LANGUAGES)


HARMLESS = {
    "a formula with its value": book(lambda _, sheet: sheet.write_formula("B2", "=40+2", None, 42)),
    "another workbook behind a formula": book(lambda _, sheet: sheet.write_formula("B2", "='[o.xlsx]S'!A1", None, 42)),
    "hidden rows and sheets": book(
        lambda made, sheet: (
            sheet.write(1, 1, 42),
            sheet.set_row(1, None, None, {"hidden": True}),
            made.add_worksheet("T").hide(),
        )
    ),
    "a merge over the whole sheet": edited(
        book(lambda _, sheet: sheet.write(1, 1, 42)),
        SHEET,
        b"</sheetData>",
        b'</sheetData><mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>',
    ),
    "macros": edited(
        book(lambda _, sheet: sheet.write(1, 1, 42)),
        "[Content_Types].xml",
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_harmless_is_read(apply: Callable[..., Mapped], tmp_path: Path, name: str) -> None:
    path = tmp_path / ("t.xlsm" if name == "macros" else "t.xls")  # an xlsx named xls is read for what it is
    path.write_bytes(HARMLESS[name])
    mapped = apply(changed({"format: csv": "format: xlsx"}), path)
    assert observations(mapped, "COUNTERPART_AREA", "OBS_VALUE") == [("FRA", "42"), ("ITA", "2"), ("ESP", "12")]


def test_dates_count_from_1904_where_the_workbook_says_so(apply: Callable[..., Mapped], tmp_path: Path) -> None:
    time_rule = "TIME_PERIOD: {column: day, time: '{yyyy}-{mm}-{dd}'}"
    found = []
    for is_1904 in (False, True):
        path = tmp_path / f"{is_1904}.xlsx"
        with xlsxwriter.Workbook(path, {"date_1904": is_1904}) as made:
            sheet = made.add_worksheet("S")
            sheet.write_row(0, 0, ["area", "n", "day"])
            sheet.write_row(1, 0, ["FRA", 1])
            sheet.write_number(1, 2, 40000, made.add_format({"num_format": "yyyy-mm-dd"}))
        mapped = apply(changed({"format: csv": "format: xlsx", "TIME_PERIOD: 2023": time_rule}), path)
        found += observations(mapped, "TIME_PERIOD")
    assert found == [("2009-07-06",), ("2013-07-07",)]


@pytest.mark.parametrize(
    "table",
    [b"area,n\r\nFRA,1\nITA,2\rESP,3\r\n", b"area,n\nFRA,1\n\xef\xbb\xbfITA,2\n\xef\xbb\xbfESP,3\n"],
    ids=["line ends mixed", "marks in the middle"],
)
def test_what_editors_leave_behind_is_read(apply_text: Callable[..., Mapped], table: bytes) -> None:
    mapped = apply_text(table)
    assert observations(mapped, "COUNTERPART_AREA", "OBS_VALUE") == [("FRA", "1"), ("ITA", "2"), ("ESP", "3")]


def test_ten_thousand_columns_are_read(apply_text: Callable[..., Mapped]) -> None:
    more = ",".join(f"h{number}" for number in range(10_000))
    mapped = apply_text(f"area,n,{more}\nFRA,1,{more}\nITA,2,{more}\n")
    assert mapped.mapped == 2


def test_a_quote_is_looked_for_only_where_it_may_be_open(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text('area,n,note\nFRA,1,"two\nlines"\nITA,2,"two\nmore"\n')
    assert (codes(mapped), mapped.mapped) == ([], 2)


def test_a_line_as_long_as_lines_may_be_is_read(
    apply_text: Callable[..., Mapped], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_csv, "_CHUNK", 64)
    monkeypatch.setattr(table_csv, "_LONGEST", 256)
    assert apply_text("area,n,note\nFRA,1," + " " * 100 + "\n").mapped == 1
    assert codes(apply_text("area,n,note\nFRA,1," + " " * 400 + "\n")) == ["TABLE-LINE"]
