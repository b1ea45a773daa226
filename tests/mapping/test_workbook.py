from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import xlsxwriter

from sdmx_hub.errors import Malformed, NotFound, TooLarge
from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.mapping.workbook import as_text, extract_sheet
from sdmx_hub.sandbox import run_limited
from tests.mapping.tables import changed, codes, observations

pytestmark = pytest.mark.usefixtures("parse_here")

Cells = Sequence[Sequence[object]]
XLSX = {"format: csv": "format: xlsx"}


def write(path: Path, sheets: dict[str, Cells], far: dict[str, tuple[int, int]] | None = None) -> Path:
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, cells in enumerate(rows):
                sheet.write_row(number, 0, cells)
            if far and name in far:
                sheet.write(*far[name], "x")
    return path


TABLE: Cells = [["area", "n"], ["FRA", 1], ["ITA", 2.5], ["ESP", 1234567]]


def test_a_sheet_becomes_rows(apply: Callable[..., Mapped], tmp_path: Path) -> None:
    mapped = apply(changed(XLSX), write(tmp_path / "t.xlsx", {"S": TABLE}))
    found = observations(mapped, "COUNTERPART_AREA", "OBS_VALUE", "_row")
    assert found == [("FRA", "1", 2), ("ITA", "2.5", 3), ("ESP", "1234567", 4)]


@pytest.mark.parametrize("sheet", ["Données", 2])
def test_a_sheet_is_named_or_counted(apply: Callable[..., Mapped], tmp_path: Path, sheet: str | int) -> None:
    path = write(tmp_path / "t.xlsx", {"Notes": [["nothing"]], "Données": TABLE})
    mapped = apply(changed({"format: csv": f"format: xlsx, sheet: {sheet}"}), path)
    assert mapped.mapped == 3


def test_a_missing_sheet_is_told_with_those_there_are(apply: Callable[..., Mapped], tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", {"A": TABLE, "B": TABLE})
    mapped = apply(changed({"format: csv": "format: xlsx, sheet: C"}), path)
    assert [(one.code, one.params["sheets"]) for one in mapped.findings] == [("workbook-sheet", "A, B")]


def test_a_range_keeps_the_row_numbers_of_the_sheet(apply: Callable[..., Mapped], tmp_path: Path) -> None:
    rows: Cells = [["a title"], [], ["", "area", "n"], ["", "FRA", 1], ["", "ITA", 2], ["", "ESP", 3]]
    path = write(tmp_path / "t.xlsx", {"S": rows})
    mapped = apply(changed({"format: csv": "format: xlsx, range: 'B3:C5'"}), path)
    assert observations(mapped, "COUNTERPART_AREA", "_row") == [("FRA", 4), ("ITA", 5)]


def test_a_sheet_may_be_named_by_its_time(apply: Callable[..., Mapped], tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", {"Année 2021": TABLE})
    time = "TIME_PERIOD: {column: $sheet, time: 'Année {yyyy}'}"
    mapped = apply(changed(XLSX | {"TIME_PERIOD: 2023": time}), path)
    assert set(observations(mapped, "TIME_PERIOD")) == {("2021",)}
    assert mapped.scope["TIME_PERIOD"] == {"2021"}


def test_a_finding_names_sheet_row_and_column(apply: Callable[..., Mapped], tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", {"S": [["area", "n"], ["FRA", "n.d."]]})
    [finding] = apply(changed(XLSX), path).findings
    assert (finding.where.sheet, finding.where.row, finding.where.column) == ("S", 2, "n")


def test_one_cell_far_away_is_refused_before_it_costs_anything(apply: Callable[..., Mapped], tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", {"S": TABLE}, far={"S": (1_048_575, 16_383)})
    [finding] = apply(changed(XLSX), path).findings
    assert (finding.code, finding.params["rows"], finding.params["columns"]) == ("workbook-cells", 1_048_576, 16_384)


def test_a_far_cell_of_another_sheet_does_not_matter(apply: Callable[..., Mapped], tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", {"S": TABLE, "Solver": [["x"]]}, far={"Solver": (1_048_575, 16_383)})
    assert apply(changed(XLSX), path).mapped == 3


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "workbook-other"),
        (b"not a workbook", "workbook-other"),
        (b"PK\x03\x04 cut short", "workbook-unreadable"),
    ],
)
def test_what_is_no_workbook_is_told(apply: Callable[..., Mapped], tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(content)
    assert codes(apply(changed(XLSX), path)) == [code]


def test_a_workbook_without_sheets_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises((Malformed, NotFound, TooLarge)):
        run_limited(extract_sheet, str(path), None, None, ".", str(tmp_path / "out"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1 204", "1 204"),
        (3, "3"),
        (3.0, "3"),
        (0.1 + 0.2, "0.3"),
        (1e-7, "0.0000001"),
        (1234567890123.25, "1234567890123.25"),
        (True, "TRUE"),
        (None, ""),
        (dt.datetime(2024, 4, 1), "2024-04-01"),
        (dt.datetime(2024, 4, 1, 12, 30), "2024-04-01T12:30:00"),
        (dt.date(2024, 4, 1), "2024-04-01"),
    ],
)
def test_cells_are_written_as_text(value: object, text: str) -> None:
    assert as_text(value, ".") == text


def test_numbers_take_the_decimal_sign_the_mapping_declares(apply: Callable[..., Mapped], tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", {"S": [["area", "n"], ["FRA", 2.5], ["ITA", "1.204,5"]]})
    mapped = apply(changed({"format: csv": "format: xlsx, decimal: ',', thousands: '.'"}), path)
    assert observations(mapped, "OBS_VALUE") == [("2.5",), ("1204.5",)]
