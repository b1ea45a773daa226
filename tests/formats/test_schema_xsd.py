"""The schemas refuse what the structure does not allow."""

from __future__ import annotations

import pytest
from lxml import etree

from sdmx_hub.formats import schema_xsd_v2_1, schema_xsd_v3
from sdmx_hub.formats.schema_xsd import Schema
from sdmx_hub.model.codelist import Codelist
from tests.data_factories import TIME, make_dataset, make_message
from tests.formats import judges
from tests.formats.test_writers import make_cube, make_observations, write

EDITIONS = [
    ("data-xml-2.1-specific", "v2_1", schema_xsd_v2_1.write),
    ("data-xml-3.0", "v3_0", schema_xsd_v3.write_v3_0),
    ("data-xml-3.1", "v3_1", schema_xsd_v3.write_v3_1),
]
MISTAKES = [
    ('REF_AREA="ES"', 'REF_AREA="XX"', TIME),
    ('REF_AREA="ES" ', "", TIME),
    ('OBS_STATUS="A"', 'OBS_STATUS="a"', TIME),
    ('OBS_VALUE="0.10"', 'OBS_VALUE="many"', TIME),
    ("OBS_STATUS=", "OBS_STATE=", TIME),
    ('TIME_PERIOD="2019"', 'TIME_PERIOD="last year"', TIME),
    ("Sibling", "Sister", TIME),
    ('UNIT_MULT="0"', 'UNIT_MULT="0" SEX="F"', "SEX"),
    ("Obs ", "Observation ", "AllDimensions"),
]


def make_schema(specimen, at, codelist=None):
    return Schema(
        context=specimen.dataflow.urn,
        structure=specimen.structure,
        codelist=codelist or specimen.codelist,
        dimension_at_observation=at,
    )


@pytest.mark.parametrize("format_", EDITIONS, ids=lambda each: each[0])
@pytest.mark.parametrize(("right", "wrong", "at"), MISTAKES)
def test_mistakes_are_refused(format_, right, wrong, at):
    name, edition, write_schema = format_
    specimen = make_cube()
    schema = make_schema(specimen, at)
    judge = judges.xml_schema(edition, {schema.namespace: write_schema(schema)})
    message = write(name, make_message(make_dataset(specimen, make_observations(), at=at))).decode()
    assert right in message
    assert judge.validate(etree.fromstring(message.encode()))
    assert not judge.validate(etree.fromstring(message.replace(right, wrong, 1).encode()))


@pytest.mark.parametrize(("name", "edition", "write_schema"), EDITIONS)
def test_codes_a_constraint_takes_away_are_refused(name, edition, write_schema):
    specimen = make_cube()

    def allowed(component_id: str) -> Codelist | None:
        found = specimen.codelist(component_id)
        if component_id != "SEX" or found is None:
            return found
        return Codelist(ref=found.ref, codes={"F": found.codes["F"]})

    schema = make_schema(specimen, TIME, allowed)
    judge = judges.xml_schema(edition, {schema.namespace: write_schema(schema)})
    every = make_observations()
    women = [each for each in every if each["SEX"] == "F"]
    assert judge.validate(etree.fromstring(write(name, make_message(make_dataset(specimen, women)))))
    assert not judge.validate(etree.fromstring(write(name, make_message(make_dataset(specimen, every)))))


@pytest.mark.parametrize("write_schema", [schema_xsd_v2_1.write, schema_xsd_v3.write_v3_0, schema_xsd_v3.write_v3_1])
@pytest.mark.parametrize("at", [TIME, "AllDimensions", "SEX"])
def test_the_namespace_tells_context_and_dimension(write_schema, at):
    schema = make_schema(make_cube(), at)
    root = etree.fromstring(write_schema(schema))
    namespace = f"urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=TEST:DF(1.0.0):ObsLevelDim:{at}"
    assert root.get("targetNamespace") == namespace
    names = {each.get("name") for each in root.iterfind("{*}complexType")}
    assert ("SeriesType" in names) is (at != "AllDimensions")
    assert {"DataSetType", "GroupType", "Sibling", "Source", "ObsType"} <= names
