"""Metadata sets on their way in: every rule of the metadata structure and of who may report what, all or nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from sdmx_hub.formats.metadata_writers import METADATA_WRITERS
from sdmx_hub.load.metadata import load_sets, locate_sets
from sdmx_hub.load.metadata_usage import allows
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import METADATA_SET, PREFIX
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.database import Database
from sdmx_hub.store.metadata_sets import MetadataSets
from tests.formats.metadata_specimens import AGREEMENT, DATAFLOW, make_set, message, structures
from tests.support.homes import make_database

NOW = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)
GOOD: list[dict[str, Any]] = [{"id": "TITLE", "value": {"en": "Jobs"}}]
CONTACT = {"id": "CONTACT", "attributes": [{"id": "NAME", "value": "Ana"}]}


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = make_database(tmp_path / "control.db")
    yield made
    made.close()


class Desk:
    def __init__(self, database: Database, folder: Path) -> None:
        self.sets = MetadataSets(database)
        self.folder = folder
        self.artefacts = Artefacts(structures())

    def load(self, *sets: Artefact, name: str = "metadata-json-2.1", **more: Any):
        path = self.folder / "sent"
        path.write_bytes(METADATA_WRITERS[name](message(*sets), {"labels": "id"}))
        located = locate_sets([path], self.artefacts)
        return load_sets(located, self.sets, self.artefacts, actor="ana", now=NOW, **more)


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path)


def with_attributes(*more: dict[str, Any], without: str = "") -> Artefact:
    return make_set([*(one for one in GOOD if one["id"] != without), *more])


def found(report) -> list[tuple[str, str]]:
    return [(one.code, (one.where.path or "").partition(")")[2]) for one in report.findings]


@pytest.mark.parametrize("name", METADATA_WRITERS)
def test_a_good_set_is_stored_from_every_format(desk, name):
    report = desk.load(with_attributes(CONTACT), name=name)
    assert report.stored, report.findings
    assert [urn.ref.id for urn in report.added] == ["MDS_JOBS"]
    (kept,) = desk.sets.snapshot()
    assert kept.document["attributes"] == with_attributes(CONTACT).document["attributes"]


def test_a_dry_run_stores_nothing(desk):
    report = desk.load(with_attributes(), dry_run=True)
    assert not report.stored
    assert report.added
    assert len(desk.sets.snapshot()) == 0


def test_one_bad_set_keeps_the_good_one_out(desk):
    bad = make_set([{"id": "SIZE", "value": "3"}], id="MDS_BAD")
    report = desk.load(with_attributes(), bad)
    assert not report.stored
    assert len(desk.sets.snapshot()) == 0


@pytest.mark.parametrize(
    ("one", "code", "place"),
    [
        (with_attributes({"id": "NOPE", "value": "x"}), "MD-ATTRIBUTE", "/NOPE"),
        (with_attributes({"id": "NAME", "value": "x"}), "MD-ATTRIBUTE", "/NAME"),
        (with_attributes(without="TITLE"), "MD-MISSING", "/TITLE"),
        (with_attributes({"id": "TITLE", "value": {"en": "twice"}}), "MD-TOO-MANY", "/TITLE"),
        (
            with_attributes({"id": "CONTACT", "attributes": [{"id": "PHONE", "value": "1"}]}),
            "MD-MISSING",
            "/CONTACT/NAME",
        ),
        (with_attributes(CONTACT, CONTACT | {"value": "x"}), "MD-PRESENTATIONAL", "/CONTACT[2]"),
        (with_attributes({"id": "KIND", "value": "C"}), "MD-CODE", "/KIND"),
        (with_attributes({"id": "SIZE", "value": "many"}), "MD-TYPE", "/SIZE"),
        (with_attributes({"id": "OPEN", "value": "perhaps"}), "MD-TYPE", "/OPEN"),
        (with_attributes({"id": "SIZE", "value": {"en": "3", "fr": "3"}}), "MD-LANGUAGE", "/SIZE"),
        (with_attributes({"id": "TEXT", "value": {"en": "<script>x</script>"}}), "MD-XHTML", "/TEXT"),
        (
            make_set(GOOD, targets=[f"{PREFIX}datastructure.Dataflow=LAB:DF_NONE(1.0.0)"]),
            "MD-TARGET-MISSING",
            "/targets/0",
        ),
        (make_set(GOOD, targets=[f"{PREFIX}codelist.Codelist=LAB:CL_KIND(1.0.0)"]), "MD-TARGET", "/targets/0"),
        (make_set(GOOD, targets=[f"{PREFIX}codelist.Code=LAB:CL_KIND(1.0.0).Z"]), "MD-TARGET-MISSING", "/targets/0"),
        (make_set(GOOD, agencyID="NOBODY"), "MD-PROVIDER", "/agencyID"),
        (make_set(GOOD, agencyID="STRANGER"), "MD-AGREEMENT", ""),
        (make_set(GOOD, metadataflow=f"{PREFIX}metadatastructure.Metadataflow=LAB:MDF_NONE(1.0.0)"), "MD-FLOW", ""),
        (make_set(GOOD, version="2.0"), "MD-SCHEMA", "/version"),
        (make_set(GOOD, names={"en": "a\x01b"}), "MD-CHARACTER", "/name"),
    ],
)
def test_each_rule_finds_what_breaks_it(desk, one, code, place):
    report = desk.load(one)
    assert (code, place) in found(report)
    assert not report.stored
    for finding in report.findings:
        assert all(finding.text(language) for language in ("en", "fr", "es"))


def test_an_attribute_in_the_wrong_place_is_told_the_right_one(desk):
    report = desk.load(with_attributes({"id": "NAME", "value": "x"}))
    (wrong,) = [one for one in report.findings if one.code == "MD-ATTRIBUTE"]
    assert wrong.suggestion == "CONTACT.NAME"


def test_facets_of_the_representation_count(desk, monkeypatch):
    (msd,) = [one for one in structures() if one.ref.id == "MSD_NOTES"]
    document = {**msd.document}
    listed = [
        dict(one) for one in document["metadataStructureComponents"]["metadataAttributeList"]["metadataAttributes"]
    ]
    for one in listed:
        if one["id"] == "SIZE":
            one["localRepresentation"] = {"format": {"dataType": "Integer", "minValue": 1, "maxValue": 9}}
        if one["id"] == "WEB":
            one["localRepresentation"] = {"format": {"dataType": "String", "maxLength": 3, "pattern": "[a-z]+"}}
    document["metadataStructureComponents"] = {"metadataAttributeList": {"metadataAttributes": listed}}
    others = [one for one in structures() if one is not msd and one.ref.id != "MSD_NOTES"]
    desk.artefacts = Artefacts([*others, Artefact(msd.artefact_class, document)])
    report = desk.load(with_attributes({"id": "SIZE", "value": "10"}, {"id": "WEB", "value": "ABCD"}))
    facets = [(one.params["facet"], one.source_value) for one in report.findings if one.code == "MD-FACET"]
    assert facets == [("maxValue", "10"), ("maxLength", "ABCD"), ("pattern", "ABCD")]


def test_an_agreement_says_who_and_about_what(desk):
    agreed = {"metadataflow": None, "metadataProvisionAgreement": AGREEMENT}
    assert desk.load(make_set(GOOD, **agreed)).stored
    report = desk.load(make_set(GOOD, id="OTHER", agencyID="STRANGER", **agreed))
    assert "MD-AGREEMENT" in [code for code, _ in found(report)]


def test_a_provider_may_be_named_with_its_agency(desk):
    assert desk.load(make_set(GOOD, agencyID="LAB.OFFICE")).stored
    assert "MD-PROVIDER" in [code for code, _ in found(desk.load(make_set(GOOD, id="B", agencyID="ELSE.OFFICE")))]


def test_a_set_twice_in_one_message_is_refused(desk):
    assert "MD-TWICE" in [code for code, _ in found(desk.load(with_attributes(), with_attributes()))]


def test_a_final_set_does_not_change(desk):
    desk.load(with_attributes())
    report = desk.load(with_attributes({"id": "SIZE", "value": "3"}))
    (finding,) = [one for one in report.findings if one.code == "MD-FINAL"]
    assert "SIZE" in str(finding.params["difference"])
    assert desk.load(with_attributes()).unchanged


def test_a_row_of_csv_is_told(desk):
    report = desk.load(with_attributes(), make_set([{"id": "SIZE", "value": "3"}], id="B"), name="metadata-csv-2.1")
    assert [one.where.row for one in report.findings] == [3]


def test_a_stub_is_not_stored(desk):
    stub = make_set([{"id": "TITLE"}], isExternalReference=True)
    stub = Artefact(METADATA_SET, {**stub.document, "attributes": [{"id": "TITLE"}]})
    assert found(desk.load(stub)) == [("MD-STUB", "")]


def test_generic_metadata_that_name_only_the_structure_get_its_flow(desk, tmp_path):
    text = METADATA_WRITERS["metadata-xml-2.1-generic"](message(with_attributes()), {})
    text = text.replace(b"StructureUsage", b"Structure").replace(b'id="MDF_NOTES"', b'id="MSD_NOTES"')
    path = tmp_path / "generic.xml"
    path.write_bytes(text)
    (one,) = locate_sets([path], desk.artefacts)
    assert one.metadata_set.document["metadataflow"].endswith("Metadataflow=LAB:MDF_NOTES(1.0.0)")
    assert load_sets([one], desk.sets, desk.artefacts, actor="ana", now=NOW).stored


FLOWS = f"{PREFIX}datastructure.Dataflow="


@pytest.mark.parametrize(
    ("pattern", "target", "is_allowed"),
    [
        (FLOWS + "*:*(*)", DATAFLOW, True),
        (FLOWS + "LAB:*(*)", DATAFLOW, True),
        (FLOWS + "LAB:DF_JOBS(1.0.0)", DATAFLOW, True),
        (FLOWS + "LAB:DF_JOBS(1.0+.0)", DATAFLOW, True),
        (FLOWS + "LAB:DF_JOBS(1.1+.0)", DATAFLOW, False),
        (FLOWS + "OTHER:*(*)", DATAFLOW, False),
        (f"{PREFIX}codelist.Codelist=*:*(*)", DATAFLOW, False),
        (f"{PREFIX}codelist.Code=*:*(*).*", f"{PREFIX}codelist.Code=A:B(1.0).C", True),
        (f"{PREFIX}codelist.Code=*:*(*).D", f"{PREFIX}codelist.Code=A:B(1.0).C", False),
        (f"{PREFIX}codelist.Codelist=*:*(*)", f"{PREFIX}codelist.Code=A:B(1.0).C", False),
    ],
)
def test_patterns_of_targets(pattern, target, is_allowed):
    assert allows(pattern, target) is is_allowed
