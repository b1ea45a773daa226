import pytest

from sdmx_hub.model.artefact import Artefact, texts
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.urn import Ref
from tests.factories import component, make_artefact, make_codelist, make_dataflow, make_dsd, urn_of


def test_a_missing_version_is_one_point_nought():
    artefact = Artefact(CLASS_BY_NAME["Codelist"], {"id": "CL", "agencyID": "A"})
    assert artefact.ref == Ref("A", "CL", "1.0")


@pytest.mark.parametrize(
    ("version", "declared", "expected"),
    [
        ("1.0.0", False, True),
        ("10.2.33", False, True),
        ("0.1.0", False, False),
        ("1.0.0-draft", False, False),
        ("1.0", False, False),
        ("1.0", True, True),
        ("0.1.0", True, True),
    ],
)
def test_a_stable_version_or_a_declaration_makes_final(version, declared, expected):
    artefact = Artefact(CLASS_BY_NAME["Codelist"], {"id": "CL", "agencyID": "A", "version": version}, declared)
    assert artefact.is_final is expected


def test_a_stub_says_that_its_content_is_elsewhere():
    assert make_artefact("Codelist", "CL", isExternalReference=True).is_stub
    assert not make_artefact("Codelist", "CL", isExternalReference=False).is_stub


def test_references_are_artefacts_once_each_in_order_without_links_and_itself():
    dsd = make_dsd(
        [component("FREQ", "CL_FREQ"), component("REF_AREA", "CL_AREA"), component("PARTNER", "CL_AREA")], time=False
    )
    linked = Artefact(dsd.artefact_class, {**dsd.document, "links": [{"urn": urn_of("Codelist", "CL_OTHER")}]})
    assert [str(urn) for urn in linked.references] == [
        urn_of("ConceptScheme", "CS"),
        urn_of("Codelist", "CL_FREQ"),
        urn_of("Codelist", "CL_AREA"),
    ]


def test_the_urn_of_a_component_is_no_reference():
    artefact = make_artefact(
        "StructureMap", "SM", source="urn:sdmx:org.sdmx.infomodel.datastructure.Dimension=A:B(1.0).X"
    )
    assert artefact.references == ()


def test_items_are_those_of_the_class():
    assert [item["id"] for item in make_codelist("CL", "AB").items] == ["A", "B"]
    assert make_dataflow().items == []


def test_the_fingerprint_is_that_of_the_content():
    first = make_codelist("CL", "AB")
    turned = Artefact(first.artefact_class, dict(reversed(first.document.items())))
    linked = Artefact(first.artefact_class, {**first.document, "links": []})
    assert first.fingerprint == turned.fingerprint == linked.fingerprint
    assert first.fingerprint != make_codelist("CL", "BA").fingerprint


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"name": "Area", "names": {"en": "Area", "fr": "Zone"}}, {"en": "Area", "fr": "Zone"}),
        ({"name": "Area"}, {"en": "Area"}),
        ({}, {}),
    ],
)
def test_localised_texts_are_read_by_language(document, expected):
    assert texts(document, "name") == expected
