"""Equal content has one canonical form, however it was written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from sdmx_hub.formats.structure_canonical import canonical, make_artefact
from sdmx_hub.formats.structure_codelist import resolve_codelist
from sdmx_hub.formats.structure_constraint import merge_regions, split_keys
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.codelist import read_codelist
from sdmx_hub.model.structure import BrokenStructure
from sdmx_hub.model.urn import Urn
from tests.factories import make_artefact as make_any
from tests.factories import make_codelist, urn_of
from tests.formats.structure_strategies import SDMX_3, Carries, artefacts

SAME = {
    "a name without language is English": ({"name": "A"}, {"name": "A", "names": {"en": "A"}}),
    "the name follows the names": (
        {"name": "x", "names": {"fr": "B", "en": "A"}},
        {"name": "A", "names": {"fr": "B", "en": "A"}},
    ),
    "without English any name will do": ({"names": {"fr": "B"}}, {"name": "B", "names": {"fr": "B"}}),
    "empty texts are no texts": (
        {"names": {"en": "A", "fr": ""}, "description": ""},
        {"name": "A", "names": {"en": "A"}},
    ),
    "defaults are not said": ({"isPartial": False, "isExternalReference": False, "maxOccurs": 1}, {}),
    "what is no default is said": ({"isPartial": True, "minOccurs": 0}, {"isPartial": True, "minOccurs": 0}),
    "nothing is left out": ({"codes": [], "annotations": [], "localRepresentation": {}}, {}),
    "an empty relation means something": ({"dataflow": {}}, {"dataflow": {}}),
    "whole numbers are whole": ({"minValue": 1.0, "maxValue": 1.5}, {"minValue": 1, "maxValue": 1.5}),
    "a moment has a zone": ({"validFrom": "2020-01-01T00:00:00"}, {"validFrom": "2020-01-01T00:00:00Z"}),
    "a day has none": ({"validFrom": "2020-01-01"}, {"validFrom": "2020-01-01"}),
    "links to oneself do not count": (
        {"links": [{"rel": "self", "urn": "x"}, {"rel": "next", "href": "y"}]},
        {"links": [{"rel": "next", "href": "y"}]},
    ),
    "members are objects": (
        {"memberValues": ["A", {"value": "B", "cascadeValues": False}]},
        {"memberValues": [{"value": "A"}, {"value": "B"}]},
    ),
}


@pytest.mark.parametrize("case", SAME.values(), ids=SAME)
def test_freedom_is_taken_away(case: tuple[dict[str, Any], dict[str, Any]]) -> None:
    given_, tidy = case
    assert canonical(given_) == tidy


@settings(max_examples=60, deadline=None)
@given(artefact=artefacts(SDMX_3, Carries()))
def test_the_canonical_form_of_the_canonical_form_is_itself(artefact: Artefact) -> None:
    again = make_artefact(artefact.artefact_class, artefact.document)
    assert again.document == artefact.document
    assert again.fingerprint == artefact.fingerprint


def test_components_get_their_fixed_ids_positions_and_usage() -> None:
    concept = urn_of("Concept", "CS", item="FREQ")
    components = {
        "dimensionList": {
            "dimensions": [{"conceptIdentity": concept}],
            "timeDimensions": [{"conceptIdentity": concept}],
        },
        "measureList": {"measures": [{"id": "OBS_VALUE", "conceptIdentity": concept}]},
        "attributeList": {
            "attributes": [{"id": "A", "conceptIdentity": concept, "measureRelationship": ["OBS_VALUE"]}],
        },
    }
    found = make_any("DataStructure", "DSD", dataStructureComponents=components)
    tidy = make_artefact(found.artefact_class, found.document).document["dataStructureComponents"]
    (dimension,) = tidy["dimensionList"]["dimensions"]
    assert (dimension["id"], dimension["position"]) == ("FREQ", 1)
    assert tidy["dimensionList"]["timeDimension"]["id"] == "TIME_PERIOD"
    assert (
        tidy["dimensionList"]["timeDimension"]["localRepresentation"]["format"]["dataType"] == "ObservationalTimePeriod"
    )
    assert [tidy[key]["id"] for key in ("dimensionList", "measureList", "attributeList")] == [
        "DimensionDescriptor",
        "MeasureDescriptor",
        "AttributeDescriptor",
    ]
    assert tidy["attributeList"]["attributes"] == [{"id": "A", "conceptIdentity": concept, "usage": "optional"}]


def test_an_availability_constraint_gets_a_name() -> None:
    attachment = {"constraintAttachment": {"dataflow": urn_of("Dataflow", "DF")}}
    found = make_artefact(CLASS_BY_NAME["AvailabilityConstraint"], attachment)
    assert str(found.ref) == "TEST:AVAILABLE_DF(1.0)"
    assert found.names.keys() == {"en", "fr", "es"}


def finder(*known: Artefact) -> Any:
    by_urn = {artefact.urn: artefact for artefact in known}
    return lambda urn: by_urn.get(urn.artefact)


def extended(**extension: Any) -> Artefact:
    document = {"codelist": urn_of("Codelist", "BASE"), **extension}
    return make_any("Codelist", "OWN", codes=[{"id": "X", "name": "X"}], codelistExtensions=[document])


BASE = make_codelist("BASE", ["A", "A1", "A2", "B"], parents={"A1": "A", "A2": "A"})
EXTENSIONS = {
    "everything": ({}, ["A", "A1", "A2", "B", "X"]),
    "a prefix": ({"prefix": "P_"}, ["P_A", "P_A1", "P_A2", "P_B", "X"]),
    "one and what is below it": (
        {"inclusiveCodeSelection": {"memberValues": [{"value": "A", "cascadeValues": True}]}},
        ["A", "A1", "A2", "X"],
    ),
    "only what is below it": (
        {"inclusiveCodeSelection": {"memberValues": [{"value": "A", "cascadeValues": "excluderoot"}]}},
        ["A1", "A2", "X"],
    ),
    "a wildcard": ({"inclusiveCodeSelection": {"wildcardedMemberValues": ["A%"]}}, ["A", "A1", "A2", "X"]),
    "all but one": ({"exclusiveCodeSelection": {"memberValues": [{"value": "B"}]}}, ["A", "A1", "A2", "X"]),
}


@pytest.mark.parametrize("case", EXTENSIONS.values(), ids=EXTENSIONS)
def test_extensions_are_resolved_as_the_view_resolves_them(case: tuple[dict[str, Any], list[str]]) -> None:
    extension, codes = case
    own = extended(**extension)
    resolved = resolve_codelist(own, finder(BASE))
    assert [code["id"] for code in resolved.items] == codes == list(read_codelist(own, finder(BASE)).codes)
    assert "codelistExtensions" not in resolved.document
    kept = {code["id"] for code in resolved.items}
    assert all(code.get("parent", code["id"]) in kept for code in resolved.items)
    assert resolved.items[0]["names"].keys() == {"en", "fr"}


def test_a_missing_base_is_refused_and_a_plain_list_is_itself() -> None:
    with pytest.raises(BrokenStructure):
        resolve_codelist(extended(), finder())
    assert resolve_codelist(BASE, finder()) is BASE


def region(include: bool, **values: str) -> dict[str, Any]:
    parts = [{"id": key, "values": [{"value": value} for value in listed.split()]} for key, listed in values.items()]
    return {"include": include, "keyValues": parts}


def test_regions_that_allow_become_one_that_holds_them_and_the_first_that_excludes_stays() -> None:
    regions = [
        region(True, FREQ="A", SEX="F"),
        region(True, FREQ="A Q"),
        region(False, AGE="X"),
        region(False, AGE="Y"),
    ]
    merged = merge_regions({"cubeRegions": regions})["cubeRegions"]
    assert merged == [region(True, FREQ="A Q"), region(False, AGE="X")]
    assert merge_regions({"cubeRegions": regions[1:3]}) == {"cubeRegions": regions[1:3]}


def test_keys_with_several_values_become_one_for_each_combination() -> None:
    parts = [{"id": "FREQ", "values": ["A", "Q"]}, {"id": "SEX", "value": "F"}]
    keys = split_keys({"dataKeySets": [{"isIncluded": True, "keys": [{"keyValues": parts}]}]})["dataKeySets"][0]["keys"]
    assert [[part["value"] for part in key["keyValues"]] for key in keys] == [["A", "F"], ["Q", "F"]]


def test_urns_of_artefacts_are_not_touched() -> None:
    urn = Urn("Codelist", BASE.ref)
    assert canonical({"enumeration": str(urn)}) == {"enumeration": str(urn)}
