"""Every class in the formats of SDMX 2.1: what is written keeps to the official schemas, and comes back as told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.formats.structure_reading import READERS, read_structures, sniff_structures
from sdmx_hub.formats.structure_schema import check_artefact
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME, CLASSES
from tests.formats.every_class import ARTEFACTS, of_class
from tests.formats.schema_documents import documents, full_documents
from tests.formats.structure_losses_v2_1 import FORMATS, ML_2_1, comes_back, told
from tests.formats.test_structure_formats import QUICK, WRITERS, judges, message

__all__ = ["judges"]
Judges = Mapping[str, Callable[[bytes], list[str]]]
KNOWN = {artefact.urn: artefact for artefact in ARTEFACTS}
STUB_KEYS = ("id", "agencyID", "version", "name", "names", "annotations", "description", "descriptions")


def short(artefact: Artefact) -> str:
    return f"{artefact.artefact_class.name}-{artefact.ref}"


@pytest.mark.parametrize("name", FORMATS)
def test_the_set_of_every_class_comes_back_but_for_what_is_told(name: str, judges: Judges) -> None:
    data = WRITERS[name](message(*ARTEFACTS))
    assert judges[name](data) == []
    assert sniff_structures(data) == name
    back = {artefact.urn: artefact for artefact in READERS[name](data)}
    meant = {one.urn: one for artefact in ARTEFACTS if (one := comes_back(artefact, name, KNOWN.get)) is not None}
    assert back.keys() == meant.keys()
    for urn, artefact in meant.items():
        assert back[urn].document == artefact.document
        assert back[urn].is_final == artefact.is_final


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("artefact", ARTEFACTS, ids=short)
def test_each_artefact_alone_keeps_to_the_official_schema(artefact: Artefact, name: str, judges: Judges) -> None:
    data = WRITERS[name](message(artefact))
    assert judges[name](data) == []
    assert all(check_artefact(one) == () for one in READERS[name](data))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("artefact", [one for one in ARTEFACTS if one.ref.version != "2.0.0-draft"], ids=short)
def test_stubs_come_back(artefact: Artefact, name: str, judges: Judges) -> None:
    document = {key: value for key, value in artefact.document.items() if key in STUB_KEYS}
    place = [{"rel": "external", "href": "https://example.org/whole.xml"}]
    stub = make_artefact(artefact.artefact_class, document | {"isExternalReference": True, "links": place})
    data = WRITERS[name](message(stub))
    if artefact.artefact_class.name != "ProvisionAgreement":  # the schemas want all of it, and a stub has none of it
        assert judges[name](data) == []
    meant = comes_back(stub, name, KNOWN.get)
    assert [one.document for one in READERS[name](data)] == ([meant.document] if meant else [])


FULL = [make_artefact(row, document) for row in CLASSES for document in full_documents(row)]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("class_name", [row.name for row in CLASSES])
def test_whatever_the_schema_has_a_place_for_is_written_by_the_schema_of_2_1(
    class_name: str, name: str, judges: Judges
) -> None:
    for artefact in (one for one in FULL if one.artefact_class.name == class_name):
        check_law(artefact, name, judges)


def check_law(artefact: Artefact, name: str, judges: Judges) -> None:
    """What is written keeps to the schema, what is read of it too, and is written and read the same again."""
    data = WRITERS[name](message(artefact))
    assert judges[name](data) == []
    back = READERS[name](data)
    for one in back:
        assert one.artefact_class.name == "AvailabilityConstraint" or check_artefact(one) == ()
    again = READERS[name](WRITERS[name](message(*back)))
    assert [(one.urn, one.document) for one in again] == [(one.urn, one.document) for one in back]


@pytest.mark.parametrize("class_name", [row.name for row in CLASSES])
@settings(QUICK, max_examples=5)
@given(data=st.data())
def test_anything_the_schema_allows_is_written_by_the_schema_of_2_1(
    class_name: str, judges: Judges, data: st.DataObject
) -> None:
    row = CLASS_BY_NAME[class_name]
    artefact = make_artefact(row, data.draw(documents(row)))
    for name in FORMATS:
        check_law(artefact, name, judges)


def test_every_reference_is_a_ref_with_a_version() -> None:
    root = etree.fromstring(WRITERS[ML_2_1](message(*ARTEFACTS)))
    assert root.findall(".//URN") == []
    references = root.findall(".//Ref")
    assert len(references) > 150
    for reference in references:
        if reference.get("agencyID"):
            assert reference.get("version") or reference.get("maintainableParentVersion")
            assert reference.get("class")
            assert reference.get("package")


def test_identity_says_the_class_of_2_1() -> None:
    root = etree.fromstring(WRITERS[ML_2_1](message(*ARTEFACTS)))
    named = {
        element.get("urn").rpartition("=")[0].rpartition("infomodel.")[2] for element in root.iterfind(".//{*}*[@urn]")
    }
    assert {"mapping.StructureSet", "codelist.HierarchicalCodelist", "registry.ContentConstraint"} <= named
    assert not {one for one in named if "structuremapping" in one or one.endswith("DataConstraint")}


def test_both_formats_of_2_1_lose_the_same_but_vtl() -> None:
    plain = [one for one in ARTEFACTS if one.artefact_class.package != "transformation"]
    xml, json = ({one.urn: one.document for one in READERS[name](WRITERS[name](message(*plain)))} for name in FORMATS)
    assert xml == json


def test_a_structure_map_brings_the_maps_it_goes_by() -> None:
    (plain,) = (one for one in of_class("StructureMap") if one.ref.id == "SM_PLAIN")
    (sex,) = (one for one in of_class("RepresentationMap") if one.ref.id == "RM_SEX")
    for name in FORMATS:
        both = read_structures(WRITERS[name](message(plain, sex)))
        assert {one.urn: one.document for one in both} == {one.urn: one.document for one in (plain, sex)}
        (alone,) = read_structures(WRITERS[name](message(plain)))
        assert alone.document == plain.document


def version(artefact: Artefact, said: str) -> Artefact:
    return make_artefact(artefact.artefact_class, {**artefact.document, "version": said})


def test_a_draft_does_not_come_beside_its_own_version(judges: Judges) -> None:
    areas = [one for one in of_class("Codelist") if one.ref.id == "CL_AREA"]
    (draft,) = (one for one in areas if one.ref.version == "2.0.0-draft")
    both = [draft, version(areas[0], "2.0.0")]
    for name in FORMATS:
        for listed in (both, both[::-1]):
            data = WRITERS[name](message(*listed))
            assert judges[name](data) == []
            assert [one.document for one in READERS[name](data)] == [both[1].document]


def test_maps_of_two_agencies_with_one_id_have_two_in_a_set(judges: Judges) -> None:
    (plain,) = (one for one in of_class("StructureMap") if one.ref.id == "SM_PLAIN")
    (sex,) = (one for one in of_class("RepresentationMap") if one.ref.id == "RM_SEX")
    other = make_artefact(sex.artefact_class, {**sex.document, "agencyID": "TSX"})
    maps = [{"source": ["SEX"], "target": ["GENDER"], "representationMap": str(one.urn)} for one in (sex, other)]
    twice = make_artefact(plain.artefact_class, {**plain.document, "componentMaps": maps})
    for name in FORMATS:
        data = WRITERS[name](message(twice, sex, other))
        assert judges[name](data) == []
        assert {one.urn: one.document for one in READERS[name](data)} == {
            one.urn: one.document for one in (twice, sex, other)
        }


def test_what_is_lost_is_told_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text(encoding="utf-8").splitlines()
    begin = page.index("| Class | Format | What SDMX 2.1 cannot carry, and what comes back |")
    assert page[begin + 2 : page.index("", begin)] == list(told())
