"""Kinds of source: the same table, however it is written, becomes the same observations."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.mapping.reading import BadMapping, parse_mapping
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
