"""The JSON schema of a structure: our own data agree with it, mistakes do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

import jsonschema_rs
import pytest

from sdmx_hub.formats import schema_json
from sdmx_hub.formats.schema_xsd import Schema
from sdmx_hub.model.codelist import Codelist
from tests.data_factories import TIME, make_dataset, make_message
from tests.formats import judges
from tests.formats.test_writers import make_cube, make_observations, write


class Edition(NamedTuple):
    name: str
    number: str
    address: str
    write_schema: Callable[[Schema], bytes]


EDITIONS = [
    Edition("data-json-2.0", "20", "https://json.sdmx.org/2.0.0/sdmx-json-data-schema.json", schema_json.write_v2_0),
    Edition("data-json-2.1", "21", "https://json.sdmx.org/2.1/sdmx-json-data-schema.json", schema_json.write_v2_1),
]


def judge_of(edition, at, codelist=None):
    """Compile the schema with the official one it builds on, which a client finds at its address."""
    specimen = make_cube()
    schema = Schema(
        context=specimen.dataflow.urn,
        structure=specimen.structure,
        codelist=codelist or specimen.codelist,
        dimension_at_observation=at,
    )
    folder = judges.FOLDER / "json" / f"sdmx{edition.number}"
    official = json.loads((folder / "sdmx-json-data-schema.json").read_text(encoding="utf-8"))
    if edition.number == "20":  # it says a draft that no library knows by that name
        official |= {"$schema": "http://json-schema.org/draft-07/schema#", "$id": edition.address}
    registry = jsonschema_rs.Registry([(edition.address, official)])
    return jsonschema_rs.Draft201909Validator(
        json.loads(edition.write_schema(schema)), registry=registry, validate_formats=True
    )


def message_of(name, at):
    return json.loads(write(name, make_message(make_dataset(make_cube(), make_observations(), at=at, coded=True))))


def change(message, right, wrong):
    text = json.dumps(message)
    assert right in text
    return json.loads(text.replace(right, wrong))


@pytest.mark.parametrize("at", [TIME, "AllDimensions", "SEX"])
@pytest.mark.parametrize("edition", EDITIONS, ids=lambda each: each.name)
def test_our_own_data_are_valid(edition, at):
    errors = list(judge_of(edition, at).iter_errors(message_of(edition.name, at)))
    assert [str(error) for error in errors] == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"id": "SEX"', '"id": "GENDER"'),
        ('"id": "ES"', '"id": "XX"'),
        ('"id": "OBS_STATUS"', '"id": "OBS_STATE"'),
        ('"test": true', '"test": 5'),  # what the official schema refuses
    ],
)
@pytest.mark.parametrize("edition", EDITIONS, ids=lambda each: each.name)
def test_mistakes_are_refused(edition, right, wrong):
    message = change(message_of(edition.name, TIME), right, wrong)
    assert not judge_of(edition, TIME).is_valid(message)


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda each: each.name)
def test_the_dimension_at_the_observation_is_part_of_it(edition):
    assert not judge_of(edition, "SEX").is_valid(message_of(edition.name, TIME))


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda each: each.name)
def test_codes_a_constraint_takes_away_are_refused(edition):
    codelist = make_cube().codelist

    def allowed(component_id: str) -> Codelist | None:
        found = codelist(component_id)
        if component_id != "SEX" or found is None:
            return found
        return Codelist(ref=found.ref, codes={"F": found.codes["F"]})

    judge = judge_of(edition, TIME, allowed)
    assert not judge.is_valid(message_of(edition.name, TIME))
