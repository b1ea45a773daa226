"""What one format does and others do not: labels, times, keys, types of JSON, headers, names."""

from __future__ import annotations

import csv
import io
import json

import pytest
from lxml import etree

from sdmx_hub.formats.error_json import write_v1, write_v2
from sdmx_hub.formats.error_xml import write_v2_1, write_v3_0
from sdmx_hub.formats.writers import WRITERS
from tests.data_factories import TIME, make_dataset, make_message, make_specimen
from tests.formats import judges
from tests.formats.test_writers import READERS, write


def lines(message: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(message.decode(), newline="")))


def make_small(**more):
    specimen = make_specimen(attributes={"OBS_STATUS": "obs", "TITLE": "obs"}, **more)
    observation = {
        "FREQ": "Q",
        "REF_AREA": "FR",
        TIME: "2020-Q3",
        "OBS_VALUE": "1.10",
        "OBS_STATUS": "E",
        "TITLE": "a,b",
    }
    return specimen, [observation]


CSV_V1 = [
    ({}, ["DATAFLOW", "FREQ", "REF_AREA", TIME, "OBS_VALUE", "OBS_STATUS", "TITLE"],
     ["TEST:DF(1.0.0)", "Q", "FR", "2020-Q3", "1.10", "E", "a,b"]),
    ({"timeFormat": "normalized"}, None, ["TEST:DF(1.0.0)", "Q", "FR", "2020-07-01", "1.10", "E", "a,b"]),
    ({"labels": "both"},
     ["DATAFLOW", "FREQ: FREQ en français", "REF_AREA: REF_AREA en français", "TIME_PERIOD: TIME_PERIOD en français",
      "OBS_VALUE", "OBS_STATUS: OBS_STATUS en français", "TITLE: TITLE en français"],
     ["TEST:DF(1.0.0): DF en français", "Q: Q en français", "FR: FR en français", "2020-Q3", "1.10",
      "E: E en français", "a,b"]),
]  # fmt: skip


@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize(("params", "heading", "line"), CSV_V1)
def test_csv_1_0_labels_and_times(params, heading, line, coded):
    specimen, observations = make_small()
    message = make_message(make_dataset(specimen, observations, coded=coded), language="fr")
    found = lines(write("data-csv-1.0", message, **params))
    assert found[1] == line
    assert heading is None or found[0] == heading


CSV_V2 = [
    ({}, ["STRUCTURE", "STRUCTURE_ID", "ACTION", "FREQ", "REF_AREA", TIME, "OBS_VALUE", "OBS_STATUS", "TITLE"],
     ["dataflow", "TEST:DF(1.0.0)", "R", "Q", "FR", "2020-Q3", "1.10", "E", "a,b"]),
    ({"labels": "both", "keys": "both"},
     ["STRUCTURE", "STRUCTURE_ID", "ACTION", "SERIES_KEY", "OBS_KEY", "FREQ: FREQ in English",
      "REF_AREA: REF_AREA in English", "TIME_PERIOD: TIME_PERIOD in English", "OBS_VALUE: OBS_VALUE in English",
      "OBS_STATUS: OBS_STATUS in English", "TITLE: TITLE in English"],
     ["dataflow", "TEST:DF(1.0.0): DF in English", "R", "Q.FR", "Q.FR.2020-Q3", "Q: Q in English", "FR: FR in English",
      "2020-Q3", "1.10", "E: E in English", "a,b"]),
    ({"labels": "name", "keys": "series"},
     ["STRUCTURE", "STRUCTURE_ID", "STRUCTURE_NAME", "ACTION", "SERIES_KEY", "FREQ", "FREQ in English", "REF_AREA",
      "REF_AREA in English", TIME, "TIME_PERIOD in English", "OBS_VALUE", "OBS_VALUE in English", "OBS_STATUS",
      "OBS_STATUS in English", "TITLE", "TITLE in English"],
     ["dataflow", "TEST:DF(1.0.0)", "DF in English", "R", "Q.FR", "Q", "Q in English", "FR", "FR in English", "2020-Q3",
      "2020-Q3", "1.10", "", "E", "E in English", "a,b", ""]),
    ({"keys": "obs", "timeFormat": "normalized"}, None,
     ["dataflow", "TEST:DF(1.0.0)", "R", "Q.FR.2020-Q3", "Q", "FR", "2020-07-01", "1.10", "E", "a,b"]),
]  # fmt: skip


@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize(("params", "heading", "line"), CSV_V2)
def test_csv_2_0_labels_keys_and_times(params, heading, line, coded):
    specimen, observations = make_small()
    found = lines(write("data-csv-2.0", make_message(make_dataset(specimen, observations, coded=coded)), **params))
    assert found[1] == line
    assert heading is None or found[0] == heading


def test_labels_of_long_codelists_and_of_codes_no_list_has():
    areas = [f"A{number:03}" for number in range(100)]
    specimen = make_specimen(codes={"REF_AREA": areas}, attributes={})
    observations = [{"FREQ": "A", "REF_AREA": area, TIME: "2020", "OBS_VALUE": "1"} for area in ("A042", "UNKNOWN")]
    message = write("data-csv-1.0", make_message(make_dataset(specimen, observations)), labels="both")
    assert [line[2] for line in lines(message)[1:]] == ["A042: A042 in English", "UNKNOWN"]


def test_times_of_day_make_normalized_times_instants():
    specimen = make_specimen(attributes={})
    periods = ("2020", "2020-01-01T06:30:00")
    observations = [{"FREQ": "A", "REF_AREA": "FR", TIME: period, "OBS_VALUE": "1"} for period in periods]
    message = write("data-csv-1.0", make_message(make_dataset(specimen, observations)), timeFormat="normalized")
    assert [line[3] for line in lines(message)[1:]] == ["2020-01-01T00:00:00", "2020-01-01T06:30:00"]


def test_csv_of_different_structures_has_the_columns_of_all():
    first, second = make_specimen("A.TIME_PERIOD"), make_specimen("B.TIME_PERIOD", attributes={"TITLE": "obs"})
    one = {"A": "A", TIME: "2020", "OBS_VALUE": "1", "OBS_STATUS": "E"}
    two = {"B": "B", TIME: "2021", "OBS_VALUE": "2", "TITLE": "t"}
    found = lines(write("data-csv-2.0", make_message(make_dataset(first, [one]), make_dataset(second, [two]))))
    assert [line[3:] for line in found] == [
        ["A", TIME, "B", "OBS_VALUE", "OBS_STATUS", "TITLE"],
        ["A", "2020", "", "1", "E", ""],
        ["", "2021", "B", "2", "", "t"],
    ]


TYPES = [
    ("Decimal", "1.10", '"1.10"'),
    ("BigInteger", "123456789012345678901234567890", '"123456789012345678901234567890"'),
    ("String", 'say "x"', r'"say \"x\""'),
    ("Double", "1.10", "1.10"),
    ("Double", "-1.5E+300", "-1.5E+300"),
    ("Double", "+5", "5.0"),
    ("Double", ".5", "0.5"),
    ("Double", "007", "7.0"),
    ("Double", "NaN", '"NaN"'),
    ("Double", "INF", '"INF"'),
    ("Integer", "42", "42"),
    ("Count", "0", "0"),
    ("Boolean", "true", "true"),
    ("Boolean", "0", "false"),
    ("Decimal", "#N/A", '"#N/A"'),
    ("Double", None, "null"),
]


@pytest.mark.parametrize(("text_type", "text", "written"), TYPES)
def test_types_of_json_2_0(text_type, text, written):
    specimen = make_specimen(attributes={}, types={"OBS_VALUE": text_type})
    observations = [{"FREQ": "A", "REF_AREA": "FR", TIME: "2020", "OBS_VALUE": text}]
    message = write("data-json-2.0", make_message(make_dataset(specimen, observations)))
    judges.assert_valid_json(message, "20")
    assert f'"observations":{{"0":[{written}]}}' in message.decode()


def test_json_1_0_has_numbers_with_the_digits_that_were_sent():
    specimen, observations = make_small()
    message = write("data-json-1.0", make_message(make_dataset(specimen, observations)))
    assert b'"observations":{"0":[1.10,0,0]}' in message


def test_json_lists_what_the_message_holds_in_the_languages_wanted():
    specimen, observations = make_small()
    message = make_message(make_dataset(specimen, observations, coded=True), language="es")
    found = json.loads(write("data-json-2.0", message))
    areas = found["data"]["structures"][0]["dimensions"]["series"][1]
    assert areas["keyPosition"] == 1
    names = {"en": "FR in English", "fr": "FR en français", "es": "FR en español"}
    assert areas["values"] == [{"id": "FR", "name": "FR en español", "names": names}]
    times = found["data"]["structures"][0]["dimensions"]["observation"][0]["values"]
    assert times == [
        {"id": "2020-Q3", "name": "2020-Q3", "start": "2020-07-01T00:00:00Z", "end": "2020-09-30T23:59:59Z"}
    ]
    assert found["data"]["structures"][0]["links"][0]["urn"].endswith("Dataflow=TEST:DF(1.0.0)")


def test_json_2_0_writes_partial_keys_of_groups():
    specimen = make_specimen(
        "FREQ.REF_AREA.SEX.TIME_PERIOD",
        attributes={"TITLE": "group:G", "UNIT_MULT": "FREQ"},
        groups={"G": "REF_AREA.SEX"},
    )
    observations = [
        {"FREQ": "A", "REF_AREA": area, "SEX": "F", TIME: "2020", "OBS_VALUE": "1", "TITLE": area, "UNIT_MULT": "3"}
        for area in ("ES", "FR")
    ]
    flat = json.loads(write("data-json-2.0", make_message(make_dataset(specimen, observations, at="AllDimensions"))))
    assert flat["data"]["dataSets"][0]["dimensionGroupAttributes"] == {
        ":0:0:": ["ES", None],
        ":1:0:": ["FR", None],
        "0:::": [None, 0],
    }


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("at", [TIME, "AllDimensions", "REF_AREA"])
def test_an_attribute_that_depends_on_time_goes_with_what_depends_on_time(name, at):
    specimen = make_specimen(attributes={"OBS_STATUS": "obs", "TITLE": "REF_AREA.TIME_PERIOD"})
    observations = [
        {"FREQ": "A", "REF_AREA": area, TIME: period, "OBS_VALUE": "1", "OBS_STATUS": "A", "TITLE": f"{area} {period}"}
        for area in ("ES", "FR")
        for period in ("2020", "2021")
    ]
    message = write(name, make_message(make_dataset(specimen, observations, at=at)))
    assert READERS[name](message, specimen.structure) == judges.expected(specimen.structure, observations)


def test_xml_attributes_follow_the_order_of_the_structure():
    specimen = make_specimen(
        "SEX.FREQ.REF_AREA.TIME_PERIOD", attributes={"UNIT_MULT": "SEX", "OBS_STATUS": "obs", "CONF_STATUS": "obs"}
    )
    values = {"SEX": "F", "FREQ": "A", "REF_AREA": "FR", TIME: "2020", "OBS_VALUE": "1"}
    values |= {"UNIT_MULT": "3", "OBS_STATUS": "A", "CONF_STATUS": "F"}
    root = etree.fromstring(write("data-xml-2.1-specific", make_message(make_dataset(specimen, [values]))))
    (series,) = root.iter("Series")
    assert list(series.attrib) == ["SEX", "FREQ", "REF_AREA", "UNIT_MULT"]
    assert list(series[0].attrib) == [TIME, "OBS_VALUE", "OBS_STATUS", "CONF_STATUS"]


def test_headers_name_dataflow_and_structure():
    specimen, observations = make_small()
    message = make_message(make_dataset(specimen, observations))
    flow = "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=TEST:DF(1.0.0)"
    root = etree.fromstring(write("data-xml-2.1-specific", message))
    structure = root.find("{*}Header/{*}Structure")
    assert structure.get("namespace") == f"{flow}:ObsLevelDim:TIME_PERIOD"
    assert dict(structure.find("{*}Structure/Ref").attrib) == {
        "agencyID": "TEST", "id": "DSD", "version": "1.0.0", "class": "DataStructure", "package": "datastructure",
    }  # fmt: skip
    message = make_message(make_dataset(specimen, observations))
    third = etree.fromstring(write("data-xml-3.0", message))
    assert third.find("{*}Header/{*}Structure/{*}StructureUsage").text == flow


def test_2_1_calls_the_one_measure_obs_value():
    specimen = make_specimen(measures="PERSONS", attributes={})
    observations = [{"FREQ": "A", "REF_AREA": "FR", TIME: "2020", "PERSONS": "5"}]
    for name in ("data-xml-2.1-specific", "data-xml-2.1-generic", "data-xml-3.0"):
        message = write(name, make_message(make_dataset(specimen, observations)))
        assert (b'PERSONS="5"' in message) is (name == "data-xml-3.0")
    assert judges.read_generic(
        write("data-xml-2.1-generic", make_message(make_dataset(specimen, observations))), specimen.structure
    ) == {("A", "FR", "2020"): {"OBS_VALUE": "5"}}


SEVERAL_MEASURES = ["data-csv-2.0", "data-csv-2.1", "data-json-2.0", "data-json-2.1", "data-xml-3.0", "data-xml-3.1"]


@pytest.mark.parametrize("name", WRITERS)
def test_several_measures_are_all_there_or_the_one_that_2_1_knows(name):
    specimen = make_specimen(measures="SHARE OBS_VALUE", attributes={"OBS_STATUS": "obs"})
    observations = [{"FREQ": "A", "REF_AREA": "FR", TIME: "2020", "OBS_VALUE": "5", "SHARE": "0.5", "OBS_STATUS": "A"}]
    message = write(name, make_message(make_dataset(specimen, observations)))
    seen = observations if name in SEVERAL_MEASURES else [{k: v for k, v in observations[0].items() if k != "SHARE"}]
    assert READERS[name](message, specimen.structure) == judges.expected(specimen.structure, seen)


def test_error_messages_satisfy_the_schemas():
    text = 'Nothing <found> & "lost"'
    judges.assert_valid_xml(write_v2_1(100, text), judges.message_schema("v2_1"))
    judges.assert_valid_xml(write_v3_0(140, text, language="fr"), judges.message_schema("v3_0"))
    judges.assert_valid_json(write_v1(100, text), "10")
    judges.assert_valid_json(write_v2(404, text, language="es"), "20")
    node = etree.fromstring(write_v2_1(100, text)).find("{*}ErrorMessage")
    assert node.get("code") == "100"
    assert node.find("{*}Text").text == text
    assert json.loads(write_v2(404, text))["errors"][0] == {"code": 404, "title": text, "titles": {"en": text}}
