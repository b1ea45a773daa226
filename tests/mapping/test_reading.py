from __future__ import annotations

from pathlib import Path

import pytest

from sdmx_hub.mapping.document import parse_document
from sdmx_hub.mapping.reading import BadMapping, parse_mapping, read_mapping
from sdmx_hub.mapping.rules import NamedBy
from sdmx_hub.mapping.schema import schema
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.message import Action
from sdmx_hub.model.urn import Ref
from tests.mapping.tables import MINIMAL, changed


def faults(text: str) -> tuple[Finding, ...]:
    with pytest.raises(BadMapping) as caught:
        parse_mapping(text, file="m.yaml")
    return caught.value.findings


def test_a_mapping_becomes_rules() -> None:
    mapping = parse_mapping(MINIMAL)
    assert mapping.dataflow == Ref("ILMH", "DF_FLOW_POP", "1.0.0")
    assert mapping.action is Action.APPEND
    assert mapping.components["REF_AREA"].constant == "SEN"
    assert mapping.components["TIME_PERIOD"].constant == "2023"
    assert mapping.components["COUNTERPART_AREA"].columns == ("area",)
    assert mapping.components["OBS_VALUE"].number is not None


def test_an_unknown_key_is_told_at_its_line_with_the_nearest_known_key() -> None:
    text = changed({"FREQ: A": "FREQ: A\n  AGE: {colunm: age}"})
    [unknown, *_] = faults(text)
    assert unknown.code == "MAP-KEY"
    assert (unknown.where.file, unknown.where.row, unknown.where.path) == ("m.yaml", 11, "components.AGE.colunm")
    assert unknown.suggestion == "column"


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    text = changed({"language: en": "language: de", "action: append": "action: repalce", "format: csv": "format: cvs"})
    found = [(one.code, one.where.row, one.suggestion) for one in faults(text)]
    assert found == [("MAP-VALUE", 6, None), ("MAP-VALUE", 7, "replace"), ("MAP-VALUE", 8, "csv")]


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_faults_are_told_in_three_languages(language: str) -> None:
    [fault] = faults(changed({"action: append": "action: repalce"}))
    assert "repalce" in fault.text(language)
    assert len({fault.text(one) for one in ("en", "fr", "es")}) == 3


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        ("id: TEST\n", "", "MAP-REQUIRED", None),
        ("id: TEST", "id: 7", "MAP-TYPE", "id"),
        ("id: TEST", "id: A B", "MAP-PATTERN", "id"),
        ("FREQ: A", "FREQ: {constant: A, column: f}", "MAP-ONE-OF", "components.FREQ"),
        ("FREQ: A", "FREQ: {case: upper}", "MAP-ONE-OF", "components.FREQ"),
        ("FREQ: A", "FREQ: [A]", "MAP-TYPE", "components.FREQ"),
        ("FREQ: A", "FREQ: {column: f, strip: '('}", "MAP-PATTERN", "components.FREQ.strip"),
        ("FREQ: A", "FREQ: A\n  FREQ: M", "MAP-TWICE", "components.FREQ"),
        ("FREQ: A", "FREQ: {column: f, time: '{yyyy}-{week}'}", "MAP-TIME", "components.FREQ.time"),
        ("FREQ: A", "FREQ: {column: f, codes_file: none.csv}", "MAP-CODES-FILE", "components.FREQ.codes_file"),
        ("TIME_PERIOD: 2023", "TIME_PERIOD: [2023", "MAP-YAML", None),
        ("FREQ: A", "FREQ: &a A\n  AGE: *a", "MAP-ALIAS", None),
        ("format: csv", "format: csv, header_rows: 0", "MAP-LIMIT", "source.header_rows"),
    ],
)
def test_each_fault_has_its_code_and_place(old: str, new: str, code: str, path: str | None) -> None:
    found = faults(changed({old: new}))
    assert found[0].code == code
    assert found[0].where.path == path


def test_codes_are_what_their_author_wrote() -> None:
    text = changed(
        {"{column: area}": "{column: area, codes: {NO: NOR, on: FRA, 1: DEU, 007: ITA, 1.10: ESP, '': PRT}}"}
    )
    codes = parse_mapping(text).components["COUNTERPART_AREA"].codes
    assert codes == {"NO": "NOR", "on": "FRA", "1": "DEU", "007": "ITA", "1.10": "ESP", "": "PRT"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("true", True),
        ("12", 12),
        ("012", "012"),
        ("1.50", "1.50"),
        ("1e3", "1e3"),
        ("2023-04-01", "2023-04-01"),
        ("0x1F", "0x1F"),
        ("'12'", "12"),
        ("~", None),
        ("1_000", "1_000"),
    ],
)
def test_scalars_are_read_as_written(text: str, value: object) -> None:
    assert parse_document(f"key: {text}").value == {"key": value}


@pytest.mark.parametrize("text", ['{"a": "\\ud83d\\ude00"}', '{"a": "😀"}', "a: 😀"])
def test_characters_that_json_writes_in_halves_are_whole(text: str) -> None:
    assert parse_document(text).value == {"a": "😀"}


@pytest.mark.parametrize("text", ['a: 1\nb: "\\ud800"', 'a: 1\n"\\udc00x": 2'])
def test_half_a_character_is_refused_at_its_line(text: str) -> None:
    document = parse_document(text, "s.yaml")
    [half] = document.findings
    assert (half.code, half.where.row, document.value) == ("MAP-YAML", 2, None)
    assert half.text("fr").encode()


def test_many_small_aliases_cannot_grow() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(50))
    assert [one.code for one in parse_document(bomb).findings] == ["MAP-ALIAS"]


def test_a_table_of_codes_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text("source,code\nAutres pays,G_OTH\n", encoding="utf-8")
    path = tmp_path / "m.yaml"
    path.write_text(changed({"{column: area}": "{column: area, codes_file: codes.csv}"}), encoding="utf-8")
    assert read_mapping(path).components["COUNTERPART_AREA"].codes == {"Autres pays": "G_OTH"}


@pytest.mark.parametrize("name", ["../codes.csv", "a/../../codes.csv"])
def test_a_table_of_codes_stays_beside_its_mapping(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "codes.csv").write_text("source,code\n", encoding="utf-8")
    text = changed({"{column: area}": f"{{column: area, codes_file: {name}}}"})
    with pytest.raises(BadMapping):
        parse_mapping(text, folder=folder)


def test_years_of_an_office_are_read() -> None:
    time = "{column: y, time: {pattern: '{yyyy}', year_start: --10-01, named_by: end}}"
    rule = parse_mapping(changed({"TIME_PERIOD: 2023": f"TIME_PERIOD: {time}"})).components["TIME_PERIOD"].time
    assert rule is not None
    assert (rule.year_start, rule.named_by) == ("--10-01", NamedBy.END)


def test_a_blank_as_thousands_sign_stands_for_every_blank() -> None:
    mapping = parse_mapping(changed({"format: csv": "format: csv, thousands: ' '"}))
    assert {" ", "\u00a0", "\u202f"} <= set(mapping.source.thousands)


def test_the_published_schema_says_what_every_key_means() -> None:
    parts = {name: node for name, node in schema()["$defs"].items() if "properties" in node}
    for place, node in {"": schema(), **parts}.items():
        for key, value in node["properties"].items():
            assert {"description", "$ref", "enum"} & value.keys(), f"{place}.{key}"
