"""Artefacts are stored all or none, a second time changes nothing, and a change is judged by what it breaks."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sdmx_hub.errors import Malformed, NotFound
from sdmx_hub.formats import structure_json_v2_0, structure_json_v2_1, structure_xml_v2_1, structure_xml_v3_0
from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.load.artefact_checks import Located
from sdmx_hub.load.artefact_diff import Verdict, compare
from sdmx_hub.load.artefacts import load_artefacts, locate_files, locate_pack, pack_root, read_pack
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.message import Header, StructureMessage
from sdmx_hub.store.registry import Registry
from tests.factories import make_artefact as make_any
from tests.factories import make_codelist, make_dataflow, urn_of
from tests.support.homes import make_database

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
HEADER = Header(id="TEST", prepared=NOW, sender_id="TEST")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    database = make_database(tmp_path / "control.db")
    yield Registry(database)
    database.engine.dispose()


def load(registry: Registry, *artefacts: Artefact, **more: Any) -> Any:
    return load_artefacts([Located(one) for one in artefacts], registry, actor="test", now=NOW, **more)


def test_loading_the_pack_twice_changes_nothing(registry: Registry) -> None:
    first = load_artefacts(locate_pack(pack_root()), registry, actor="test", now=NOW)
    assert (first.stored, len(first.unchanged), first.findings) == (True, 0, ())
    second = load_artefacts(locate_pack(pack_root()), registry, actor="test", now=NOW)
    assert (second.added, second.changed) == ((), ())
    assert set(second.unchanged) == set(first.added) == {artefact.urn for artefact in registry.snapshot()}


@pytest.mark.parametrize(
    "write",
    [structure_json_v2_1.write, structure_json_v2_0.write, structure_xml_v3_0.write, structure_xml_v2_1.write],
    ids=["json-2.1", "json-2.0", "xml-3.0", "xml-2.1"],
)
def test_the_same_structure_in_another_format_is_unchanged(registry: Registry, tmp_path: Path, write: Any) -> None:
    flows = [one for one in read_pack(pack_root()) if one.artefact_class.name in {"Dataflow", "CategoryScheme"}]
    load_artefacts(locate_pack(pack_root()), registry, actor="test", now=NOW)
    path = tmp_path / "message"
    path.write_bytes(write(StructureMessage(HEADER, tuple(flows))))
    report = load_artefacts(locate_files([path]), registry, actor="test", now=NOW)
    assert (len(report.unchanged), report.added, report.changed) == (len(flows), (), ())


def test_a_dry_run_tells_and_stores_nothing(registry: Registry) -> None:
    report = load(registry, make_codelist("CL", ["A"]), dry_run=True)
    assert (report.stored, len(report.added)) == (False, 1)
    assert len(registry.snapshot()) == 0


def test_one_error_keeps_everything_out(registry: Registry) -> None:
    report = load(registry, make_codelist("CL", ["A"]), make_dataflow("DF", "NOWHERE"))
    assert [finding.code for finding in report.findings] == ["ART-MISSING"]
    assert not report.stored
    assert len(registry.snapshot()) == 0


def test_what_is_missing_may_be_allowed(registry: Registry) -> None:
    report = load(registry, make_dataflow("DF", "NOWHERE"), allow_missing=True)
    assert [finding.severity.value for finding in report.findings] == ["warning"]
    assert report.stored


def test_references_are_looked_for_in_the_registry_too(registry: Registry) -> None:
    load(registry, make_codelist("CL", ["A", "B"]))
    mapping = make_any(
        "RepresentationMap",
        "RM",
        source=[{"codelist": urn_of("Codelist", "CL")}],
        target=[{"dataType": "String"}],
        representationMappings=[{"sourceValues": [{"value": "Q"}], "targetValues": ["x"]}],
    )
    assert [finding.code for finding in load(registry, mapping).findings] == ["ART-VALUE"]


def test_a_final_artefact_is_not_changed(registry: Registry) -> None:
    load(registry, make_codelist("CL", ["A"]))
    report = load(registry, make_codelist("CL", ["A", "B"]))
    assert [finding.code for finding in report.findings] == ["ART-FINAL"]
    assert "codes[B]: added" in report.findings[0].text()
    assert not report.stored


def test_a_draft_is_changed(registry: Registry) -> None:
    drafts = [make_any("Codelist", "CL", "1.0", codes=[{"id": code, "name": code}]) for code in "AB"]
    load(registry, drafts[0])
    report = load(registry, drafts[1])
    assert (report.stored, report.changed) == (True, (drafts[1].urn,))


def test_what_another_server_has_is_left_out(registry: Registry) -> None:
    there = make_artefact(CLASS_BY_NAME["AvailabilityConstraint"], {"id": "A", "agencyID": "TEST", "name": "There"})
    report = load(registry, there)
    assert [finding.code for finding in report.findings] == ["ART-ACTUAL"]
    assert len(registry.snapshot()) == 0


def test_an_artefact_against_the_schema_is_refused(registry: Registry) -> None:
    report = load(registry, make_any("Codelist", "CL", codes=[{"id": "a b", "name": "x"}]))
    assert {finding.code for finding in report.findings} == {"ART-SCHEMA"}
    assert "/codes/0/id" in str(report.findings[0].where)


def test_a_codelist_file_is_named_by_the_index_beside_it() -> None:
    (located,) = locate_files([pack_root() / "codelists/SDMX/CL_SEX-2.1.csv"])
    assert str(located.artefact.ref) == "SDMX:CL_SEX(2.1)"


def test_a_file_that_is_no_structure_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello", encoding="utf-8")
    with pytest.raises(Malformed) as refusal:
        locate_files([path])
    assert refusal.value.params["at"] == str(path)
    with pytest.raises(NotFound):
        locate_files([tmp_path / "missing.xml"])


STRUCTURE = next(one for one in read_pack(pack_root()) if one.ref.id == "ILM_FLOW")
SEX = next(one for one in read_pack(pack_root()) if one.ref.id == "CL_SEX")


def changed(artefact: Artefact, change: Any) -> Artefact:
    document = copy.deepcopy(dict(artefact.document))
    change(document)
    return make_artefact(artefact.artefact_class, document)


def attributes(document: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document["dataStructureComponents"]["attributeList"]["attributes"]
    return found


def dimensions(document: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document["dataStructureComponents"]["dimensionList"]["dimensions"]
    return found


CHANGES = {
    "nothing": (SEX, lambda doc: None, Verdict.NONE),
    "another version": (SEX, lambda doc: doc.update(version="9.9"), Verdict.NONE),
    "a translation": (SEX, lambda doc: doc["names"].update(fr="Genre"), Verdict.PATCH),
    "a translation of a code": (SEX, lambda doc: doc["codes"][1]["names"].update(de="Frauen"), Verdict.PATCH),
    "an annotation": (SEX, lambda doc: doc.update(annotations=[{"type": "NOTE", "title": "x"}]), Verdict.PATCH),
    "the order of codes": (SEX, lambda doc: doc["codes"].reverse(), Verdict.PATCH),
    "a new code": (SEX, lambda doc: doc["codes"].append({"id": "X", "name": "X"}), Verdict.MINOR),
    "a code less": (SEX, lambda doc: doc["codes"].pop(), Verdict.MAJOR),
    "another parent": (SEX, lambda doc: doc["codes"][1].update(parent="_T"), Verdict.MAJOR),
    "a new optional attribute": (
        STRUCTURE,
        lambda doc: attributes(doc).append({**attributes(doc)[0], "id": "NEW", "usage": "optional"}),
        Verdict.MINOR,
    ),
    "a new mandatory attribute": (
        STRUCTURE,
        lambda doc: attributes(doc).append({**attributes(doc)[0], "id": "NEW", "usage": "mandatory"}),
        Verdict.MAJOR,
    ),
    "a new dimension": (
        STRUCTURE,
        lambda doc: dimensions(doc).append({**dimensions(doc)[0], "id": "NEW"}),
        Verdict.MAJOR,
    ),
    "the order of dimensions": (STRUCTURE, lambda doc: dimensions(doc).reverse(), Verdict.MAJOR),
}


@pytest.mark.parametrize("case", CHANGES.values(), ids=CHANGES)
def test_a_change_is_judged_by_what_it_breaks(case: tuple[Artefact, Any, Verdict]) -> None:
    artefact, change, verdict = case
    assert compare(artefact, changed(artefact, change)).verdict is verdict
