"""One report, four renderings: text, JSON, a page and a marked copy tell the same counts and findings."""

from __future__ import annotations

import json
import re
from pathlib import Path

import openpyxl
import pytest

from sdmx_hub.cli.load_texts import report_text
from sdmx_hub.load import marking
from sdmx_hub.load.page_html import style_source
from sdmx_hub.load.report import LoadOrder, LoadReport
from sdmx_hub.load.report_html import MOST_PLACES, group_findings, write_html
from sdmx_hub.load.report_workbook import annotate_file
from sdmx_hub.model.finding import Finding, Severity, Where

HOSTILE = '=HYPERLINK("http://x")<script>alert(1)</script>'
LANGUAGES = {"en": "Findings", "fr": "Constats", "es": "Hallazgos"}


def finding(code: str, row: int | None = None, column: str | None = None, **more: object) -> Finding:
    params = {"value": "x", "component": column or "SEX", "key": "k", "first": 2, "codelist": "CL", "more": 3}
    where = Where(file="t.csv", row=row, column=column)
    return Finding(code=code, where=where, params=params, **more)  # type: ignore[arg-type]


REPORT = LoadReport(
    file="t.csv",
    kind="a table of text",
    read=10,
    mapped=7,
    rejected=3,
    left_out=1,
    findings=(
        finding("V01", 3, "SEX", source_value=HOSTILE, suggestion="F", count=2),
        finding("DUP-01", 4),
        finding("V02", None, "AGE", severity=Severity.WARNING),
        finding("CHECK-MORE", None, None, severity=Severity.INFO),
        finding("V01", 2, "AGE", source_value="-5"),
    ),
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text("SEX,AGE,OBS_VALUE\nF,-5,=1+1\n@x,Y,+3\nM,Z,4\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_renderings_tell_the_same(table: Path, tmp_path: Path, language: str) -> None:
    told = REPORT.as_json(language)
    text = " ".join(report_text(REPORT, language, is_check=True).split())
    page = write_html(REPORT, language)
    target = tmp_path / "marked.xlsx"
    marked = annotate_file(LoadOrder(path=table), REPORT, target, language)
    book = openpyxl.load_workbook(target)
    listed = [row for row in book[LANGUAGES[language]].iter_rows(min_row=7, values_only=True) if row[1]]
    counts = {name: int(number) for name, number in re.findall(r'data-count="(\w+)">(\d+)<', page)}
    for name in ("read", "mapped", "rejected"):
        assert counts[name] == told[name]
        assert str(told[name]) in text
    assert (counts["error"], counts["warning"], counts["info"]) == (told["errors"], told["warnings"], 1)
    found = {code: int(number) for code, number in re.findall(r'data-code="([^"]+)" data-found="(\d+)"', page)}
    assert sum(found.values()) == len(told["findings"]) == len(listed) == marked.findings
    assert sorted(row[1] for row in listed) == sorted(one["code"] for one in told["findings"])
    assert sorted(row[4] for row in listed) == sorted(one["message"] for one in told["findings"])
    for one in told["findings"]:
        assert one["code"] in found
        assert one["code"] in text
    assert HOSTILE in {row[3] for row in listed}


def test_the_page_is_one_file_and_nothing_in_it_runs() -> None:
    page = write_html(REPORT, "en")
    assert not re.search(r"<script|<link|<img|src=|href=|url\(|\bon\w+=", page)
    assert "&lt;script&gt;" in page
    assert style_source().startswith("sha256-")


def test_the_page_groups_by_code_with_the_gravest_first() -> None:
    assert [(one.code, one.count) for one in group_findings(REPORT.findings)] == [
        ("V01", 3), ("DUP-01", 1), ("V02", 1), ("CHECK-MORE", 1),
    ]  # fmt: skip


def test_the_page_shows_the_first_places_and_counts_the_rest() -> None:
    many = LoadReport(file="t", findings=tuple(finding("V01", row, "SEX") for row in range(2, 32)))
    page = write_html(many, "en")
    assert page.count("<tr><td>") == MOST_PLACES
    assert str(30 - MOST_PLACES) in page


def test_a_marked_copy_has_colours_comments_links_and_the_texts_as_they_were(table: Path, tmp_path: Path) -> None:
    before, target = table.read_bytes(), tmp_path / "marked.xlsx"
    assert annotate_file(LoadOrder(path=table), REPORT, target, "fr").is_copy
    assert table.read_bytes() == before
    book = openpyxl.load_workbook(target)
    sheet = book["t"]
    assert [sheet[cell].fill.start_color.rgb[-6:] for cell in ("A3", "A4", "B2")] == ["FFC7CE"] * 3
    assert "V01" in sheet["A3"].comment.text
    assert "« F »" in sheet["A3"].comment.text
    assert [(sheet[cell].value, sheet[cell].data_type) for cell in ("C2", "A3", "C3", "B2")] == [
        ("=1+1", "s"), ("@x", "s"), ("+3", "s"), ("-5", "s"),
    ]  # fmt: skip
    links = [row[2].hyperlink.location for row in book["Constats"].iter_rows(min_row=7) if row[2].hyperlink]
    assert "'t'!A3" in links
    values = [row[3] for row in book["Constats"].iter_rows(min_row=7)]
    assert {cell.data_type for cell in values if cell.value} == {"s"}


def test_a_workbook_keeps_its_looks_and_the_heading_says_which_column(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Permits of 2024", None, None])
    sheet.append(["Country", "Women", "Men"])
    sheet.append(["France", 1, "=B3*2"])
    sheet["B3"].number_format = "0.00"
    sheet.merge_cells("A1:C1")
    path = tmp_path / "t.xlsx"
    book.save(path)
    report = LoadReport(file="t.xlsx", findings=(finding("V01", 3, "Men"), finding("V01", 1), finding("V01", 3, "C")))
    assert annotate_file(LoadOrder(path=path), report, tmp_path / "m.xlsx", "en").cells == 2
    marked = openpyxl.load_workbook(tmp_path / "m.xlsx").worksheets[0]
    assert marked["C3"].comment is not None
    assert marked["C3"].value == "=B3*2"
    assert marked["B3"].number_format == "0.00"
    assert marked["A1"].comment is not None


def test_a_copy_that_was_corrected_and_is_checked_again_has_one_list(table: Path, tmp_path: Path) -> None:
    annotate_file(LoadOrder(path=table), REPORT, tmp_path / "one.xlsx", "en")
    annotate_file(LoadOrder(path=tmp_path / "one.xlsx"), REPORT, tmp_path / "two.xlsx", "en")
    assert openpyxl.load_workbook(tmp_path / "two.xlsx").sheetnames == ["t", "Findings"]


@pytest.mark.parametrize("content", [b"PK\x03\x04[Content_Types].xml broken", b"<a/>", b""])
def test_what_cannot_be_copied_still_gives_the_list(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(content)
    marked = annotate_file(LoadOrder(path=path), REPORT, tmp_path / "m.xlsx", "en")
    assert not marked.is_copy
    book = openpyxl.load_workbook(tmp_path / "m.xlsx")
    assert book.sheetnames == ["Findings"]
    assert "could not be copied" in book["Findings"]["A4"].value


def test_marks_have_a_bound_and_the_copy_says_so(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marking, "MOST_MARKED", 1)
    plan = tmp_path / "plan.json"
    findings = [
        {"severity": "error", "severity_text": "e", "code": "V01", "sheet": None, "row": row, "column": "SEX",
         "cell": None, "place": "", "value": "x", "message": "m", "suggestion": "", "comment": "c"}
        for row in (2, 3)
    ]  # fmt: skip
    told = {"title": "t", "summary": "s", "errors": "e", "limit": "only one", "no_copy": "", "sheet": "Findings",
            "headings": list("abcdef"), "source": {}, "findings": findings}  # fmt: skip
    plan.write_text(json.dumps(told), encoding="utf-8")
    assert marking.mark_copy(str(table), "csv", str(plan), str(tmp_path / "m.xlsx")) == 1
    assert openpyxl.load_workbook(tmp_path / "m.xlsx")["Findings"]["A4"].value == "only one"
