"""Schemas of structures whose components may hold several values or languages, and schemas for deletions."""

from __future__ import annotations

import pytest
from lxml import etree

from sdmx_hub.formats import schema_xsd_v2_1, schema_xsd_v3
from sdmx_hub.formats.schema_xsd import Schema
from sdmx_hub.model.cells import write_cell
from sdmx_hub.model.message import Action
from tests.data_factories import TIME, make_dataset, make_message, make_specimen
from tests.formats import judges
from tests.formats.test_writers import write

EDITIONS = [
    ("data-xml-3.0", "v3_0", schema_xsd_v3.write_v3_0),
    ("data-xml-3.1", "v3_1", schema_xsd_v3.write_v3_1),
]
SPECIMEN = make_specimen(
    "FREQ.REF_AREA.TIME_PERIOD",
    attributes={
        "OBS_STATUS": "obs",
        "COMMENT_OBS": "obs",
        "WEIGHTS": "series",
        "TITLE": "group:Sibling",
        "SOURCE_DETAIL": "dataset",
        "UNIT_MULT": "series",
    },
    groups={"Sibling": "REF_AREA"},
    types={"WEIGHTS": "Integer"},
    occurs={"OBS_STATUS": 2, "WEIGHTS": "unbounded", "SOURCE_DETAIL": "unbounded"},
    multilingual=["COMMENT_OBS", "TITLE"],
)
OBSERVATION: dict[str, str | None] = {
    "FREQ": "A",
    "REF_AREA": "FR",
    TIME: "2020",
    "OBS_VALUE": "1.5",
    "OBS_STATUS": write_cell(["A", "E"]),
    "COMMENT_OBS": write_cell([{"en": "a < b", "fr": "a est moindre"}]),
    "WEIGHTS": write_cell(["1", "2", "3"]),
    "TITLE": write_cell([{"en": "Title", "es": "Título"}]),
    "SOURCE_DETAIL": write_cell(["One", "Two"]),
    "UNIT_MULT": "0",
}
SERIES_ATTRIBUTES = ' UNIT_MULT="0"'
MISTAKES = [
    ("<Value>E</Value>", "<Value>Z</Value>"),  # no such code
    ("<Value>E</Value>", "<Value>E</Value><Value>M</Value>"),  # three where two may stand
    ("<Value>2</Value>", "<Value>two</Value>"),
    ("OBS_STATUS_ATTRIBUTE", "WEIGHTS_ATTRIBUTE"),  # what belongs to the series, in an observation
    (SERIES_ATTRIBUTES, f'{SERIES_ATTRIBUTES} WEIGHTS="1"'),
    ('<Comp id="OBS_STATUS"', '<Comp id="STATUS"'),
]


def judge_of(edition, write_schema, at=TIME, *, deletion=False):
    schema = Schema(
        context=SPECIMEN.dataflow.urn,
        structure=SPECIMEN.structure,
        codelist=SPECIMEN.codelist,
        dimension_at_observation=at,
        deletion=deletion,
    )
    return judges.xml_schema(edition, {schema.namespace: write_schema(schema)})


def message_of(name, at=TIME, **more):
    return write(name, make_message(make_dataset(SPECIMEN, [OBSERVATION], at=at, **more)))


@pytest.mark.parametrize("at", [TIME, "AllDimensions", "REF_AREA"])
@pytest.mark.parametrize(("name", "edition", "write_schema"), EDITIONS)
def test_what_the_writer_writes_is_valid(name, edition, write_schema, at):
    judges.assert_valid_xml(message_of(name, at), judge_of(edition, write_schema, at))


@pytest.mark.parametrize(("right", "wrong"), MISTAKES)
@pytest.mark.parametrize(("name", "edition", "write_schema"), EDITIONS)
def test_mistakes_are_refused(name, edition, write_schema, right, wrong):
    message = message_of(name).decode()
    assert right in message
    judge = judge_of(edition, write_schema)
    assert judge.validate(etree.fromstring(message.encode()))
    assert not judge.validate(etree.fromstring(message.replace(right, wrong, 1).encode()))


@pytest.mark.parametrize("name", ["data-xml-2.1-specific", "data-xml-2.1-specific-series"])
def test_in_2_1_arrays_are_in_neither_schema_nor_data(name):
    message = message_of(name)
    judges.assert_valid_xml(message, judge_of("v2_1", schema_xsd_v2_1.write))
    assert b"a &lt; b" in message
    assert b"WEIGHTS" not in message


DELETION = [*EDITIONS, ("data-xml-2.1-specific", "v2_1", schema_xsd_v2_1.write)]


@pytest.mark.parametrize(("name", "edition", "write_schema"), DELETION)
def test_a_deletion_may_leave_dimensions_out(name, edition, write_schema):
    every_area = {"FREQ": "A", "REF_AREA": None, TIME: "2020"}
    specimen = make_dataset(SPECIMEN, [every_area], action=Action.DELETE)
    message = write(name, make_message(specimen))
    assert b"REF_AREA=" not in message
    assert judge_of(edition, write_schema, deletion=True).validate(etree.fromstring(message))
    assert not judge_of(edition, write_schema).validate(etree.fromstring(message))
