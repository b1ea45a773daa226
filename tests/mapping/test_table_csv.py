from __future__ import annotations

from collections.abc import Callable

import pytest

from sdmx_hub.mapping.apply import Mapped
from tests.mapping.tables import codes, observations

FRENCH = {"{column: area}": "{column: area, areas: [fr]}"}


def declared(encoding: str) -> dict[str, str]:
    return FRENCH | {"format: csv": f"format: csv, encoding: {encoding}"}


TABLE = "area,n\nSénégal,1\nCôte d'Ivoire,2\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "cp850", "iso-8859-15", "utf-16", "utf-16-le"])
def test_a_table_is_read_in_its_declared_encoding(apply_text: Callable[..., Mapped], encoding: str) -> None:
    mapped = apply_text(TABLE.encode(encoding), declared("utf-8" if encoding == "utf-8-sig" else encoding))
    assert observations(mapped, "COUNTERPART_AREA", "_row") == [("SEN", 2), ("CIV", 3)]


@pytest.mark.parametrize(
    ("written", "said", "code"),
    [
        ("cp1252", "utf-8", "TABLE-ENCODING"),
        ("cp850", "iso-8859-1", "TABLE-ENCODING"),
        ("utf-8", "cp1252", "TABLE-UTF8"),
        ("utf-8", "latin-1", "TABLE-UTF8"),
        ("utf-8", "ascii", "TABLE-UTF8"),
        ("utf-8", "klingon", "TABLE-CODEC"),
        ("utf-8", "rot13", "TABLE-CODEC"),
        ("utf-8", "hex", "TABLE-CODEC"),
    ],
)
def test_a_wrong_encoding_is_an_error(apply_text: Callable[..., Mapped], written: str, said: str, code: str) -> None:
    mapped = apply_text(TABLE.encode(written), declared(said))
    assert codes(mapped) == [code]
    assert observations(mapped, "OBS_VALUE") == []


def test_the_first_byte_that_does_not_fit_is_named_with_its_place(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text(b"area,n\n" + b"FRA,1\n" * 400_000 + b"S\xe9n\xe9gal,1\n")
    [finding] = mapped.findings
    assert finding.params == {"encoding": "utf-8", "byte": "E9", "offset": 7 + 6 * 400_000 + 1, "line": 400_002}
    assert finding.where.row == 400_002


def test_nothing_in_a_table_is_taken_for_missing(apply_text: Callable[..., Mapped]) -> None:
    change = {"{column: area}": "{column: area, areas: [iso2]}"}
    mapped = apply_text("area,n\nNA,1\nNO,2\n", change)
    assert observations(mapped, "COUNTERPART_AREA") == [("NAM",), ("NOR",)]


def test_rows_are_numbered_as_a_spreadsheet_shows_them(apply_text: Callable[..., Mapped]) -> None:
    table = 'area,"a heading\nof two lines",n\nFRA,,1\n\n,,\nITA,"two\nlines",2\r\nESP,,3\n'
    assert observations(apply_text(table), "COUNTERPART_AREA", "_row") == [("FRA", 2), ("ITA", 5), ("ESP", 6)]


def test_titles_above_and_notes_below_are_no_table(apply_text: Callable[..., Mapped]) -> None:
    table = "A title\n\narea,n\nFRA,1\nITA,2\nSource: made up\nnotes\n"
    for below in ("footer_rows: 2", "last_row: 5", "until: {column: area, matches: '^Source'}"):
        mapped = apply_text(table, {"format: csv": f"format: csv, header_row: 3, {below}"})
        assert observations(mapped, "COUNTERPART_AREA", "_row") == [("FRA", 4), ("ITA", 5)]


def test_a_row_with_too_many_cells_is_an_error(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,n\nFRA,1\n" + "ITA,2,,,\n" + "ESP,3\n" * 300 + "PRT,1,204\n")
    assert [(one.code, one.where.row) for one in mapped.findings] == [("TABLE-WIDE", 304)]


def test_a_short_row_has_blank_cells(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,n,more\nFRA,1\n", {"{column: n}": "{column: n}\n  COMMENT_OBS: {column: more}"})
    assert observations(mapped, "COUNTERPART_AREA", "COMMENT_OBS") == [("FRA", None)]


@pytest.mark.parametrize("name", ["'#A'", "'#1'", "area"])
def test_a_column_is_named_by_heading_or_position(apply_text: Callable[..., Mapped], name: str) -> None:
    mapped = apply_text("area,n\nFRA,1\n", {"{column: area}": f"{{column: {name}}}"})
    assert observations(mapped, "COUNTERPART_AREA") == [("FRA",)]


def test_a_table_without_headings_is_read_by_position(apply_text: Callable[..., Mapped]) -> None:
    change = {
        "format: csv": "format: csv, header_row: 0",
        "{column: area}": "{column: '#A'}",
        "{column: n}": "{column: '#2'}",
    }
    assert observations(apply_text("FRA,1\n", change), "COUNTERPART_AREA", "_row") == [("FRA", 1)]


def test_a_column_that_is_not_there_is_told_at_the_line_of_the_mapping(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("areas,n,n\nFRA,1,1\n")
    assert [(one.code, one.where.path, one.suggestion) for one in mapped.findings] == [
        ("MAP-COLUMN", "components.COUNTERPART_AREA.column", "areas"),
        ("MAP-COLUMN-AMBIG", "components.OBS_VALUE.column", None),
    ]
    assert mapped.findings[1].params["places"] == "#B, #C"


def test_an_empty_file_has_no_heading(apply_text: Callable[..., Mapped]) -> None:
    assert codes(apply_text("")) == ["TABLE-HEADER"]


def test_a_table_of_headings_alone_gives_no_rows(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,n\n")
    assert (mapped.read, codes(mapped)) == (0, [])


def test_a_quote_that_never_ends_is_refused(apply_text: Callable[..., Mapped]) -> None:
    assert codes(apply_text('area,n\n"FRA,1\n' + "ITA,2\n" * 30_000)) == ["TABLE-CELL"]


def test_quotes_may_be_signs_like_any_other(apply_text: Callable[..., Mapped]) -> None:
    change = {"format: csv": "format: csv, quote: '', delimiter: ';'"}
    mapped = apply_text(
        'area;n;note\nFRA;1;"half\n', change | {"{column: n}": "{column: n}\n  COMMENT_OBS: {column: note}"}
    )
    assert observations(mapped, "COMMENT_OBS") == [('"half',)]
