"""Kinds of source: the same table, however it is written, becomes the same observations."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest

from sdmx_hub.errors import BadRequest, ConfigurationError
from sdmx_hub.mapping.apply import Mapped, apply_to_files
from sdmx_hub.mapping.file_pattern import parse_pattern
from sdmx_hub.mapping.json_depth import find_depth
from sdmx_hub.mapping.reading import BadMapping, parse_mapping
from sdmx_hub.mapping.table import TableFile
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts
from tests.mapping.tables import changed, codes, observations

pytestmark = pytest.mark.usefixtures("parse_here")

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


# SPSS and Stata


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One table as SPSS and Stata write it: places as numbers with labels, one of them declared missing."""
    folder = tmp_path_factory.mktemp("survey")
    table = pd.DataFrame({"pays": [1.0, 2.0, 9.0, None], "n": [12.0, 7.5, 1.0, 2.0], "jour": [dt.date(2023, 1, 2)] * 4})
    labels = {"pays": {1.0: "FRA", 2.0: "Côte d'Ivoire", 9.0: "Sans réponse"}}
    missing: dict[str, list[Any]] = {"pays": [9.0]}
    pyreadstat.write_sav(
        table, folder / "t.sav", variable_value_labels=labels, missing_ranges=missing, column_labels={"pays": "Pays"}
    )
    pyreadstat.write_dta(table.drop(columns="jour"), folder / "t.dta", variable_value_labels=labels)
    return folder


@pytest.mark.parametrize("kind", ["sav", "dta"])
def test_labels_of_values_are_texts(apply: Callable[..., Mapped], survey: Path, kind: str) -> None:
    changes = {
        "format: csv": f"format: {kind}, labels: true, decimal: '.'",
        "{column: area}": "{column: pays, areas: [iso3, fr], codes: {Sans réponse: $skip, '': $skip}}",
    }
    mapped = apply(changed(changes), survey / f"t.{kind}")
    assert read(mapped) == [("FRA", "12"), ("CIV", "7.5")]
    assert (mapped.read, mapped.left_out) == (2, 2)


def test_values_are_texts_too(apply: Callable[..., Mapped], survey: Path) -> None:
    changes = {
        "format: csv": "format: sav, decimal: ','",
        "{column: area}": "{column: pays, codes: {1: FRA, 2: CIV, 9: $skip, '': $skip}}",
        "TIME_PERIOD: 2023": "TIME_PERIOD: {column: jour}", "FREQ: A": "FREQ: D",
    }  # fmt: skip
    mapped = apply(changed(changes), survey / "t.sav")
    assert observations(mapped, "COUNTERPART_AREA", "TIME_PERIOD", "OBS_VALUE") == [
        ("FRA", "2023-01-02", "12"), ("CIV", "2023-01-02", "7.5"),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["sav", "dta"])
def test_what_is_no_statistics_file_is_told(apply_text: ApplyText, kind: str) -> None:
    text = {"sav": "$FL2@(#) SPSS DATA FILE" + "\x00" * 400, "dta": "area,n\n"}[kind]
    mapped = apply_text(text, {"format: csv": f"format: {kind}"}, f"t.{kind}")
    assert [finding.code for finding in mapped.findings] == ["stat-unreadable"]


def test_without_the_extra_it_is_said_what_to_install(apply_text: ApplyText, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sdmx_hub.mapping.statistics_file.LIBRARY", "a_library_nobody_has")
    with pytest.raises(ConfigurationError, match=r"pip install sdmx-hub\[stat\]"):
        apply_text("", {"format: csv": "format: sav"})


# JSON


@pytest.mark.parametrize(
    ("records", "text"),
    [
        ("", '[{"area": "FRA", "n": 12}, {"n": 7, "x": [1], "area": "ITA"}]'),
        ("$.data[*]", '{"data": [{"n": 12.0e0, "area": "FRA"}, {"n": "7", "area": "ITA"}], "n": 2}'),
        ("$.a.b[*]", '{"a": {"b": [{"n": 12, "area": "FRA"}, {"n": 7, "area": "ITA"}]}}'),
        ("$.d.*", '{"d": {"x": {"n": 12, "area": "FRA"}, "y": {"n": 7, "area": "ITA"}}}'),
        ("$[*].rows[*]", '[{"rows": [{"n": 12, "area": "FRA"}]}, {"rows": [{"n": 7, "area": "ITA"}]}]'),
    ],
)
def test_records_are_rows(apply_text: ApplyText, records: str, text: str) -> None:
    told = f", records: '{records}'" if records else ""
    mapped = apply_text(text, {"format: csv": f"format: json, decimal: '.'{told}"}, "t.json")
    assert [(area, float(n)) for area, n in read(mapped)] == [("FRA", 12), ("ITA", 7)]


def test_members_of_members_are_columns_by_dotted_name(apply_text: ApplyText) -> None:
    text = '[{"to": {"iso": "FRA", "tags": ["a", "b"]}, "n": 12}, {"to": {"iso": "ITA"}, "n": null}, {"n": true}]'
    changes = {
        "format: csv": "format: json", "{column: area}": "{column: to.iso, codes: {FRA: FRA, ITA: ITA, '': $skip}}",
        "{column: n}": '{column: n, missing: {"": O}}', "S\nrest": "S\n  COMMENT_OBS: {column: to.tags.2}\nrest",
    }  # fmt: skip
    mapped = apply_text(text, changes, "t.json")
    assert observations(mapped, "COUNTERPART_AREA", "OBS_VALUE", "COMMENT_OBS") == [
        ("FRA", "12", "b"), ("ITA", None, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "TABLE-JSON"),
        ('[{"area": "FRA"', "TABLE-JSON"),
        ('{"data": []}', "TABLE-JSON-NONE"),
        ("[" * 100_000, "TABLE-JSON"),
        (json.dumps([{str(i): i for i in range(10_001)}]), "TABLE-JSON-WIDE"),
    ],
)
def test_json_that_is_something_else_is_told(apply_text: ApplyText, text: str, code: str) -> None:
    mapped = apply_text(text, {"format: csv": "format: json"}, "t.json")
    assert [finding.code for finding in mapped.findings] == [code]


@pytest.mark.parametrize(
    ("text", "depth"),
    [('{"a": [1, "]]["]}', 2), (r'["\"[[", [["\\"]]]', 3), ("[]" * 9, 1), ('"[" "[[', 0), (r'"\\" [[]', 2)],
)
def test_signs_in_texts_are_no_levels(tmp_path: Path, text: str, depth: int) -> None:
    (tmp_path / "t.json").write_text(text, encoding="utf-8")
    assert find_depth(tmp_path / "t.json", 100) == depth


CUBE = {
    "version": "2.0", "class": "dataset", "id": ["area", "sex", "year"], "size": [2, 2, 1],
    "dimension": {
        "area": {"category": {"index": {"ITA": 1, "FRA": 0}}},
        "sex": {"category": {"index": ["F", "M"]}},
        "year": {"category": {"label": {"2023": "2023"}}},
    },
    "value": [1.5, 2, None, 1e-7], "status": {"1": "P"},
}  # fmt: skip
CUBE_MAPPING = {
    "format: csv": "format: jsonstat, decimal: '.'",
    "{column: n}": "{column: value}", "TIME_PERIOD: 2023": "TIME_PERIOD: {column: year}",
    "S\nrest": "S\n  SEX: {column: sex}\n  OBS_STATUS: {column: status, codes: {P: P, '': A}}\nrest",
}  # fmt: skip


@pytest.mark.parametrize("value", [CUBE["value"], {"0": 1.5, "1": 2, "3": 1e-7}])
def test_a_cube_of_json_stat_is_a_table(apply_text: ApplyText, value: object) -> None:
    mapped = apply_text(json.dumps(CUBE | {"value": value}), CUBE_MAPPING, "t.json")
    assert observations(mapped, "COUNTERPART_AREA", "SEX", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS") == [
        ("FRA", "F", "2023", "1.5", "A"), ("FRA", "M", "2023", "2", "P"), ("ITA", "M", "2023", "0.0000001", "A"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "changes", [{"value": [1]}, {"value": {"9": 1}}, {"id": ["x"]}, {"size": [1, 2, 1]}, {"class": "collection"}]
)
def test_a_cube_that_contradicts_itself_is_told(apply_text: ApplyText, changes: dict[str, object]) -> None:
    mapped = apply_text(json.dumps(CUBE | changes), CUBE_MAPPING, "t.json")
    assert [finding.code for finding in mapped.findings] == ["TABLE-JSON"]
