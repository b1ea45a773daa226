"""Cells of several values and languages, at every level, in every format: what each can tell of them, and how."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from sdmx_hub.formats.readers import read_data
from sdmx_hub.formats.writers import WRITERS
from sdmx_hub.model.cells import write_cell
from tests.data_factories import TIME, Specimen, make_dataset, make_message, make_specimen
from tests.formats.test_writers import AWKWARD, READERS, SERIES_ONLY, judge, write
from tests.support.engine import connect

pytestmark = pytest.mark.usefixtures("parse_here")

FULL = ["data-csv-2.0", "data-csv-2.1", "data-json-2.0", "data-json-2.1", "data-xml-3.0", "data-xml-3.1"]
VIEWS = [name for name in READERS if name not in FULL]
PLACES = {
    "OBS_STATUS": "obs",
    "COMMENT_OBS": "obs",
    "NOTES": "obs",
    "LINKS": "obs",
    "COLLECTION": "series",
    "TITLE": "group:Sibling",
    "SOURCE_DETAIL": "dataset",
    "KEYWORDS": "dataset",
    "UNIT_MULT": "FREQ",
}
TEXTS = {"COMMENT_OBS", "NOTES", "LINKS", "TITLE", "SOURCE_DETAIL", "KEYWORDS"}


def make_cube(**more: object) -> Specimen:
    return make_specimen(
        "FREQ.REF_AREA.TIME_PERIOD",
        attributes=PLACES,
        groups={"Sibling": "REF_AREA"},
        measures="OBS_VALUE QUARTILES",
        types={"QUARTILES": "Double", **dict.fromkeys(TEXTS, "String")},
        occurs=dict.fromkeys(
            ("QUARTILES", "OBS_STATUS", "NOTES", "LINKS", "COLLECTION", "KEYWORDS", "UNIT_MULT"), "unbounded"
        ),
        multilingual=("COMMENT_OBS", "NOTES", "TITLE", "SOURCE_DETAIL"),
    )


OF_AREA = {
    "TITLE": write_cell([{"en": "Stocks <&> flows", "fr": "Stocks; flux"}]),
    "COLLECTION": write_cell(["A", "C"]),
}
ROWS: list[dict[str, str | None]] = [
    {
        "FREQ": "A", "REF_AREA": "ES", TIME: "2020", "OBS_VALUE": "1.10",
        "QUARTILES": write_cell(["1.5", "2", "-3e4"]),
        "OBS_STATUS": write_cell(["A", "E"]),
        "COMMENT_OBS": write_cell([{"en": "Plain", "es": 'Con "comillas"; y ñ', "fr": AWKWARD.strip()}]),
        "NOTES": write_cell([{"en": "One", "fr": "Un; deux"}, {"en": "Two"}]),
        "LINKS": write_cell(["https://one.example/?a=b&c=d", 'say "x"; then', '"quoted"']),
        **OF_AREA,
    },
    {
        "FREQ": "A", "REF_AREA": "ES", TIME: "2021", "OBS_VALUE": None, "QUARTILES": write_cell(["NaN", "2"]),
        "OBS_STATUS": "M", "COMMENT_OBS": write_cell([{"fr": "Seulement"}]), "NOTES": None, "LINKS": "one", **OF_AREA,
    },
    {"FREQ": "A", "REF_AREA": "FR", TIME: "2020", "OBS_VALUE": "3", "COLLECTION": "B"},
]  # fmt: skip
for row in ROWS:
    row |= {
        "SOURCE_DETAIL": write_cell([{"en": "Census", "es": "Censo"}]),
        "KEYWORDS": write_cell(["stocks", "flows"]),
        "UNIT_MULT": write_cell(["3", "0"]),
    }


def read_again(message: bytes, specimen: Specimen, folder: Path) -> list[dict[str, str]]:
    file = folder / "message"
    file.write_bytes(message)
    found = read_data(file, lambda urn: specimen.structure, connect())
    assert found.findings == ()
    (dataset,) = found.datasets
    drawn = dataset.rows.connection.execute(dataset.rows.sql).fetchall()
    rows = (dict(zip(dataset.rows.columns, each, strict=True)) for each in drawn)
    names = specimen.structure.components
    return in_order({name: row[name] for name in names if row.get(name) is not None} for row in rows)


def in_order(rows) -> list[dict[str, str]]:
    return sorted(
        ({k: v for k, v in row.items() if v is not None} for row in rows), key=lambda row: sorted(row.items())
    )


@pytest.mark.parametrize("at", [TIME, "AllDimensions", "REF_AREA"])
@pytest.mark.parametrize("coded", [False, True], ids=["text", "coded"])
@pytest.mark.parametrize("name", FULL)
def test_every_value_in_every_language_comes_back_and_the_schemas_agree(name, coded, at, tmp_path):
    specimen = make_cube()
    message = write(name, make_message(make_dataset(specimen, ROWS, coded=coded, at=at)))
    if "csv" not in name:
        judge(name, message, specimen, at)
    assert read_again(message, specimen, tmp_path) == in_order(ROWS)


@pytest.mark.parametrize("language", ["en", "fr", "es"])
@pytest.mark.parametrize("name", VIEWS)
def test_formats_of_2_1_tell_one_language_and_leave_arrays_out(name, language):
    specimen = make_cube()
    message = write(name, make_message(make_dataset(specimen, ROWS), language=language))
    if "csv" not in name:
        judge(name, message, specimen, TIME)
    told = {
        "en": ("Plain", "Stocks <&> flows", "Census"),
        "fr": (AWKWARD.strip(), "Stocks; flux", "Census"),
        "es": ('Con "comillas"; y ñ', "Stocks <&> flows", "Censo"),
    }[language]
    found = READERS[name](message, specimen.structure)
    whole = {"SOURCE_DETAIL": told[2]}
    assert found == {
        ("A", "ES", "2020"): {"OBS_VALUE": "1.10", "COMMENT_OBS": told[0], "TITLE": told[1], **whole},
        ("A", "ES", "2021"): {"COMMENT_OBS": "Seulement", "TITLE": told[1], **whole},
        ("A", "FR", "2020"): {"OBS_VALUE": "3", **whole},
    }


def test_csv_tells_sub_fields_in_its_headings():
    specimen = make_cube()
    message = write("data-csv-2.1", make_message(make_dataset(specimen, ROWS)), labels="both")
    lines = list(csv.DictReader(io.StringIO(message.decode(), newline="")))
    names = [name.partition(": ")[0] for name in lines[0]]
    assert names == [
        "STRUCTURE[|]", "STRUCTURE_ID", "ACTION", "FREQ", "REF_AREA", TIME, "OBS_VALUE", "QUARTILES[]", "OBS_STATUS[]",
        "COMMENT_OBS[en|fr|es]", "NOTES[en|fr]", "LINKS[]", "COLLECTION[]", "TITLE[en|fr]", "SOURCE_DETAIL[en|es]",
        "KEYWORDS[]", "UNIT_MULT[]",
    ]  # fmt: skip
    first = {name.partition(": ")[0]: value for name, value in lines[0].items()}
    assert first["OBS_STATUS[]"] == "A: A in English|E: E in English"
    assert first["NOTES[en|fr]"] == '"en:One|fr:Un; deux"|"en:Two"'
    assert first["LINKS[]"] == 'https://one.example/?a=b&c=d|say "x"; then|"""quoted"""'


def test_csv_quotes_what_holds_every_separator():
    specimen = make_specimen(
        attributes={"LINKS": "obs"}, types={"LINKS": "String"}, occurs=dict.fromkeys(("LINKS",), "unbounded")
    )
    rows = [{"FREQ": "A", "REF_AREA": "ES", TIME: "2020", "OBS_VALUE": "1", "LINKS": write_cell(["a;|^~!b", "c"])}]
    message = write("data-csv-2.0", make_message(make_dataset(specimen, rows))).decode()
    (line,) = csv.DictReader(io.StringIO(message))
    assert line["LINKS[]"] == '"a;|^~!b";c'
    assert "STRUCTURE[;]" in line


def test_csv_names_each_value_in_the_column_behind():
    specimen = make_specimen(attributes={"OBS_STATUS": "obs"}, occurs=dict.fromkeys(("OBS_STATUS",), "unbounded"))
    rows = [{"FREQ": "A", "REF_AREA": "ES", TIME: "2020", "OBS_VALUE": "1", "OBS_STATUS": write_cell(["A", "E"])}]
    message = write("data-csv-2.1", make_message(make_dataset(specimen, rows), language="fr"), labels="name").decode()
    assert message.splitlines()[1].endswith(',"A;E",A en français;E en français')


def test_csv_without_such_components_says_nothing_of_sub_fields():
    specimen = make_specimen()
    message = write("data-csv-2.1", make_message(make_dataset(specimen, [])))
    assert message.startswith(b"STRUCTURE,STRUCTURE_ID,ACTION,")


def test_json_has_arrays_of_indices_and_objects_by_language():
    specimen = make_cube()
    found = json.loads(write("data-json-2.1", make_message(make_dataset(specimen, ROWS))))
    structure, dataset = found["data"]["structures"][0], found["data"]["dataSets"][0]
    attributes = {each["id"]: each for place in structure["attributes"].values() for each in place}
    assert [value["id"] for value in attributes["OBS_STATUS"]["values"]] == ["A", "E", "M"]
    assert attributes["NOTES"]["format"] == {"dataType": "String", "isMultiLingual": True, "maxOccurs": "unbounded"}
    first, second = dataset["series"]["0"]["observations"].values()
    assert first[:3] == ["1.10", [1.5, 2, -3e4], [0, 1]]
    assert second[:4] == [None, ["NaN", "2"], [2], {"fr": "Seulement"}]
    assert first[4] == [{"en": "One", "fr": "Un; deux"}, {"en": "Two"}]
    assert dataset["attributes"] == [{"en": "Census", "es": "Censo"}, ["stocks", "flows"]]


def test_json_2_1_tells_once_what_has_one_value():
    specimen = make_specimen("FREQ.REF_AREA.SEX.TIME_PERIOD")
    rows = [{"FREQ": "A", "REF_AREA": area, "SEX": "F", TIME: "2020", "OBS_VALUE": "1"} for area in ("ES", "FR")]
    data = json.loads(write("data-json-2.1", make_message(make_dataset(specimen, rows))))["data"]
    dimensions = data["structures"][0]["dimensions"]
    places = {place: [(each["id"], each["keyPosition"]) for each in found] for place, found in dimensions.items()}
    assert places == {"dataSet": [("FREQ", 0), ("SEX", 2)], "series": [("REF_AREA", 1)], "observation": [(TIME, 3)]}
    assert list(data["dataSets"][0]["series"]) == ["0", "1"]
    one = json.loads(write("data-json-2.1", make_message(make_dataset(specimen, rows[:1], at="AllDimensions"))))["data"]
    assert list(one["dataSets"][0]["observations"]) == ["0"]


def test_xml_has_an_element_for_each_value():
    specimen = make_cube()
    root = etree.fromstring(write("data-xml-3.1", make_message(make_dataset(specimen, ROWS))))
    (dataset,) = root.iterfind("{*}DataSet")
    assert dataset[0].tag == "Atts"
    components = dataset.findall("Series/Obs")[0].findall("Comp")
    assert [each.get("id") for each in components] == ["QUARTILES", "OBS_STATUS", "COMMENT_OBS", "NOTES", "LINKS"]
    assert [value.text for value in components[1]] == ["A", "E"]
    assert [[text.text for text in value] for value in components[3]] == [["One", "Un; deux"], ["Two"]]
    last = dataset.findall("Series/Obs")[-1]
    assert len(last) == 0
    assert dataset.find("Group/Comp/Value")[1].text == "Stocks; flux"


def test_a_text_that_does_not_say_its_language_stays_as_it_is():
    specimen = make_specimen(attributes={"TITLE": "obs"}, types={"TITLE": "String"}, multilingual=("TITLE",))
    rows = [{"FREQ": "A", "REF_AREA": "ES", TIME: "2020", "OBS_VALUE": "1", "TITLE": "a text"}]
    for name, told in (
        ("data-xml-3.0", b"<common:Text>a text</common:Text>"),
        ("data-json-2.0", b'"a text"'),
        ("data-csv-2.1", b'"a text"'),
        ("data-csv-1.0", b'"a text"'),
    ):
        assert told in write(name, make_message(make_dataset(specimen, rows)))


_TEXT = st.text(st.sampled_from("ab &<>\"',;:|\\é統😀"), min_size=1, max_size=6).filter(
    lambda text: text.strip() == text
)
_TEXTS = st.dictionaries(st.sampled_from(["en", "fr", "pt-BR"]), _TEXT, min_size=1, max_size=3)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(_TEXTS, st.lists(_TEXT, max_size=3), st.lists(_TEXTS, max_size=3)), min_size=8, max_size=20))
def test_any_texts_come_back(tmp_path, values):
    specimen = make_specimen(
        attributes={"COMMENT_OBS": "obs", "LINKS": "obs", "NOTES": "obs"},
        types=dict.fromkeys(("COMMENT_OBS", "LINKS", "NOTES"), "String"),
        occurs=dict.fromkeys(("LINKS", "NOTES"), "unbounded"),
        multilingual=("COMMENT_OBS", "NOTES"),
    )
    rows = [
        {"FREQ": "A", "REF_AREA": "ES", TIME: str(2000 + number), "OBS_VALUE": "1", "COMMENT_OBS": write_cell([one]),
         "LINKS": write_cell(many) if many else None, "NOTES": write_cell(both) if both else None}
        for number, (one, many, both) in enumerate(values)
    ]  # fmt: skip
    for name in FULL:
        message = write(name, make_message(make_dataset(specimen, rows)))
        assert read_again(message, specimen, tmp_path) == in_order(rows), name


def test_every_writer_is_tried_here():
    assert {*FULL, *VIEWS} <= set(WRITERS)
    assert set(VIEWS) >= SERIES_ONLY
