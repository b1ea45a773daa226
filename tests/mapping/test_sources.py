"""Kinds of source: the same table, however it is written, becomes the same observations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sdmx_hub.errors import BadRequest
from sdmx_hub.mapping.apply import Mapped, apply_to_files
from sdmx_hub.mapping.file_pattern import parse_pattern
from sdmx_hub.mapping.reading import BadMapping, parse_mapping
from sdmx_hub.mapping.table import TableFile
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts
from tests.mapping.tables import changed, codes, observations

ApplyText = Callable[..., Mapped]
FIXED = "format: fixed, columns: [{name: area, width: 3}, {name: n, start: 5, width: 4}]"
ROWS = [("FRA", "12"), ("ITA", "7")]


def read(mapped: Mapped) -> list[tuple[str, ...]]:
    assert codes(mapped) == []
    return observations(mapped, "COUNTERPART_AREA", "OBS_VALUE")


def told(changes: dict[str, str]) -> list[str]:
    with pytest.raises(BadMapping) as refused:
        parse_mapping(changed(changes), file="test.yaml")
    return [finding.code for finding in refused.value.findings]


@pytest.mark.parametrize(
    ("source", "table"),
    [
        ("format: tsv", "area\tn\nFRA\t12\nITA\t7\n"),
        (FIXED, "FRA   12\nITA    7\n"),
        (FIXED, "\nFRA   12  not read\r\n\r\nITA    7\x1a"),
        (f"{FIXED}, encoding: cp850, header_row: 1", "Ctry n  été\nFRA   12\nITA    7\n".encode("cp850")),
        ("format: fixed, widths: [6, 4]", "area  n\nFRA   12\nITA      7"),
        ("format: fixed, widths: [4, 4], header_row: 2", "Table 3\narean\nFRA 12\nITA 7"),
    ],
)
def test_text_is_read_by_its_columns(apply_text: ApplyText, source: str, table: str | bytes) -> None:
    assert read(apply_text(table, {"format: csv": source})) == ROWS


def test_a_finding_tells_the_line_and_the_column_of_fixed_width(apply_text: ApplyText) -> None:
    mapped = apply_text("FRA   12\n\nITA    x\n", {"format: csv": FIXED})
    (finding,) = mapped.findings
    assert (finding.code, str(finding.where)) == ("NUM-PARSE", "table.csv:r3:n")


def test_the_last_rows_of_fixed_width_may_be_left_out(apply_text: ApplyText) -> None:
    table = "FRA   12\nITA    7\nTotal 19\n"
    assert read(apply_text(table, {"format: csv": f"{FIXED}, footer_rows: 1"})) == ROWS
    assert read(apply_text(table, {"format: csv": f"{FIXED}, last_row: 2"})) == ROWS


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("format: fixed", "MAP-FORMAT-NEEDS"),
        ("format: sql, query: SELECT 1", "MAP-FORMAT-NEEDS"),
        ("format: csv, widths: [3, 4]", "MAP-FORMAT-KEY"),
        ("format: xlsx, labels: true", "MAP-FORMAT-KEY"),
        ('format: tsv, delimiter: ";"', "MAP-FORMAT-KEY"),
        ("format: sql, query: SELECT 1, url_env: 'postgresql://me:secret@host/db'", "MAP-URL-ENV"),
        ("format: csv, url: 'https://me:secret@host/file.csv'", "MAP-URL-SECRET"),
        ("format: json, records: 'data[*]'", "MAP-PATTERN"),
    ],
)
def test_keys_that_do_not_go_together_are_told(source: str, code: str) -> None:
    assert told({"format: csv": source}) == [code]


def test_an_address_with_a_password_is_never_told_back() -> None:
    for key in ("url_env", "url"):
        text = changed({"format: csv": f"format: sql, query: SELECT 1, {key}: 'postgresql://me:secret@host/db'"})
        with pytest.raises(BadMapping) as refused:
            parse_mapping(text, file="test.yaml")
        for language in ("en", "fr", "es"):
            assert "secret" not in " ".join(one.text(language) for one in refused.value.findings)
        assert "secret" not in str(refused.value)


# Tables in several files


def apply_files(artefacts: Artefacts, connection: Any, changes: dict[str, str], *files: TableFile) -> Mapped:
    mapping = parse_mapping(changed(changes), file="test.yaml")
    structure = artefacts.structure_of(Urn("Dataflow", mapping.dataflow))
    return apply_to_files(mapping, files, structure, artefacts, connection)


def files_in(folder: Path, **texts: str) -> list[TableFile]:
    pattern = parse_pattern("t_{period}.csv")
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return [TableFile(path=path, period=period) for path, period in pattern.files(folder)]


def test_files_by_period_are_one_table(artefacts: Artefacts, connection: Any, tmp_path: Path) -> None:
    files = files_in(tmp_path, t_2022="area,n\nFRA,1\nITA,2\nSum,3\n", t_2021="n,area\n4,FRA\n5,\n9,Sum\n")
    changes = {
        "format: csv": "format: csv, footer_rows: 1",
        "TIME_PERIOD: 2023": "TIME_PERIOD: {column: $period}",
        "rest: _T": "rest: _T\nfill_down: {columns: [area]}\naggregate: {method: sum}",
    }
    mapped = apply_files(artefacts, connection, changes, *files)
    assert codes(mapped) == []
    assert observations(mapped, "TIME_PERIOD", "COUNTERPART_AREA", "OBS_VALUE") == [
        ("2021", "FRA", "9"), ("2022", "FRA", "1"), ("2022", "ITA", "2"),
    ]  # fmt: skip
    assert mapped.scope["TIME_PERIOD"] == {"2021", "2022"}


def test_each_file_ends_where_it_says(artefacts: Artefacts, connection: Any, tmp_path: Path) -> None:
    files = files_in(tmp_path, t_1="area,n\nFRA,1\nNotes,\nx,y\n", t_2="area,n\nITA,2\nNotes,\n")
    changes = {"format: csv": "format: csv, until: {column: area, is: Notes}"}
    assert read(apply_files(artefacts, connection, changes, *files)) == [("FRA", "1"), ("ITA", "2")]


def test_running_totals_go_on_from_file_to_file(artefacts: Artefacts, connection: Any, tmp_path: Path) -> None:
    texts = {"t_2023-01": "area,n\nFRA,10\n", "t_2023-02": "area,n\nFRA,25\n"}
    changes = {
        "FREQ: A": "FREQ: M", "TIME_PERIOD: 2023": "TIME_PERIOD: {column: $period}",
        "{column: n}": "{column: n, cumulative: ytd}",
    }  # fmt: skip
    mapped = apply_files(artefacts, connection, changes, *files_in(tmp_path, **texts))
    assert read(mapped) == [("FRA", "10"), ("FRA", "15")]


def test_a_finding_tells_its_file_and_row(artefacts: Artefacts, connection: Any, tmp_path: Path) -> None:
    files = files_in(tmp_path, t_1="area,n\nFRA,1\n", t_2="area,n\nITA,2\nXXX,x\n")
    mapped = apply_files(artefacts, connection, {}, *files)
    assert [str(one.where) for one in mapped.findings] == ["t_2.csv:r3:area", "t_2.csv:r3:n"]


def test_files_with_other_columns_are_told(artefacts: Artefacts, connection: Any, tmp_path: Path) -> None:
    files = files_in(tmp_path, t_1="area,n\nFRA,1\n", t_2="region,n\nITA,2\n")
    (finding,) = apply_files(artefacts, connection, {}, *files).findings
    assert (finding.code, finding.params["file"]) == ("MAP-COLUMN", "t_2.csv")


def test_files_that_turn_other_columns_into_rows_are_told(
    artefacts: Artefacts, connection: Any, tmp_path: Path
) -> None:
    files = files_in(tmp_path, t_1="area,2021\nFRA,1\n", t_2="area,2022\nITA,2\n")
    changes = {
        "rest: _T": 'rest: _T\nunpivot: {names: [y], columns: {pattern: "^[0-9]+$"}}',
        "column: n}": "column: $value}",
    }
    (finding,) = apply_files(artefacts, connection, changes, *files).findings
    assert finding.code == "TABLE-FILES-HEADINGS"
    assert "t_2.csv" in finding.text("fr")


@pytest.mark.parametrize(
    ("pattern", "name", "period"),
    [
        ("r_{period:%Y-%m}.xlsx", "r_2024-03.xlsx", "2024-03"),
        ("r_{period:%m%Y}.xlsx", "r_032024.xlsx", "2024-03"),
        ("r{period:%Y}T{period}.csv", "", None),
        ("r_{period:%YT%q}.csv", "r_2024T2.csv", "2024-Q2"),
        ("r_{period:%d.%m.%Y}*.csv", "r_31.12.2023 final.csv", "2023-12-31"),
        ("{period}.csv", "mars 2024.csv", "mars 2024"),
        ("r_{period:%Y-%m}.csv", "r_2024-13.csv", ""),
        ("r.csv", "r.csv", ""),
        ("r_{period:%m}.csv", "", None),
        ("../{period}.csv", "", None),
        ("/etc/{period}.csv", "", None),
        ("r_[0-9].csv", "", None),
    ],
)
def test_a_name_tells_its_period(tmp_path: Path, pattern: str, name: str, period: str | None) -> None:
    if period is None:
        with pytest.raises(BadRequest):
            parse_pattern(pattern)
    else:
        assert parse_pattern(pattern).period(tmp_path / name) == period
