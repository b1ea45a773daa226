"""The conformance set is loaded by commands alone, and a hub that holds it answers for every resource of REST v1."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lxml import etree

from sdmx_hub.query import urls_v1
from tests.acceptance.hubs import SPECIFIC, Server, ask, run_well, serving
from tests.conformance.material import ARTEFACTS, write_material
from tests.formats.every_class import class_names

STRUCTURE = "application/vnd.sdmx.structure+xml;version=2.1"
SCHEMA = "application/vnd.sdmx.schema+xml;version=2.1"
NOTHING = {"actualconstraint", "attachmentconstraint"}
"""The hub tells of what there is in answers on availability only; the set attaches nothing to keys."""
VTL = {one for one in urls_v1.RESOURCES if one.startswith(("vtl", "transf", "ruleset", "userd", "customt", "namep"))}
FRUIT = "CNF,DF_FRUIT,1.0.0"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("conformance")
    structures, figures = write_material(home / "material")
    run_well(home, "init")
    run_well(home, "structures", "load", "--pack")
    assert ask(home, "structures", "load", structures)["stored"]
    assert ask(home, "load", figures, "--yes")["release"] == 1
    with serving(home, "--workers", "1") as started:
        yield started


def test_the_set_has_several_versions_and_agencies() -> None:
    assert len(class_names(ARTEFACTS)) > 25
    assert len({one.ref.agency_id for one in ARTEFACTS}) > 3
    assert all(one.document.get("description") for one in ARTEFACTS)


@pytest.mark.parametrize("resource", sorted(set(urls_v1.RESOURCES) - NOTHING - VTL))
def test_every_resource_of_v1_has_something(server: Server, resource: str) -> None:
    answer = server.get(f"/sdmx/v1/{resource}/all/all/all?detail=allstubs", "*/*")
    assert (answer.status, answer.content_type) == (200, STRUCTURE)
    assert "CNF" in answer.text or "TST" in answer.text


def test_a_draft_is_found_by_its_number(server: Server) -> None:
    answer = server.get("/sdmx/v1/codelist/TST/CL_AREA/2.0.0")
    assert answer.status == 200
    assert 'version="2.0.0"' in answer.text
    assert 'isFinal="false"' in answer.text
    assert server.get("/sdmx/v2/structure/codelist/TST/CL_AREA/2.0.0").status == 404


def test_a_hierarchical_codelist_of_two_hierarchies_is_one_artefact(server: Server) -> None:
    answer = server.get("/sdmx/v1/hierarchicalcodelist/CNF/HCL_AREA/1.0.0/H_FROM_NORTH+H_FROM_SOUTH")
    found = [one.get("id") for one in etree.fromstring(answer.body).iter() if str(one.tag).endswith("}Hierarchy")]
    assert found == ["H_FROM_NORTH", "H_FROM_SOUTH"]


def test_the_maps_of_values_stand_in_the_structure_set_that_uses_them(server: Server) -> None:
    answer = server.get("/sdmx/v1/structureset/TST/SM_PLAIN/1.0.0?references=children")
    root = etree.fromstring(answer.body)
    assert [one.get("id") for one in root.iter() if str(one.tag).endswith("}StructureSet")] == ["SM_PLAIN"]
    assert {one.get("id") for one in root.iter() if str(one.tag).endswith("}Codelist")} == {"CL_SEX", "CL_GENDER"}


def test_data_asked_of_a_provider_name_the_agreement(server: Server) -> None:
    answer = server.get(f"/sdmx/v1/data/{FRUIT}/all/CNF,ORCHARD?detail=serieskeysonly", SPECIFIC)
    assert 'class="ProvisionAgreement"' in answer.text
    assert 'id="PA_FRUIT_A"' in answer.text
    plain = server.get(f"/sdmx/v1/data/{FRUIT}?detail=serieskeysonly", SPECIFIC)
    assert "ProvisionAgrement" not in plain.text


def test_availability_asked_of_a_provider_is_that_of_the_dataflow(server: Server) -> None:
    answer = server.get(f"/sdmx/v1/availableconstraint/{FRUIT}/all/ORCHARD")
    assert 'id="DF_FRUIT"' in answer.text
    assert "ConstraintAttachment" in answer.text


def test_explicit_measures_have_a_type_of_observation_each(server: Server) -> None:
    answer = server.get("/sdmx/v1/schema/dataflow/CNF/DF_BASKET/1.0.0?explicitMeasure=true", SCHEMA)
    named = [one for one in etree.fromstring(answer.body) if str(one.tag).endswith("}complexType")]
    kinds = {one.get("name"): one.get("abstract") for one in named}
    assert kinds["ObsType"] == "true"
    assert {"HARVEST", "PRICE"} < set(kinds)
    plain = server.get("/sdmx/v1/schema/dataflow/CNF/DF_BASKET/1.0.0", SCHEMA)
    assert "HARVEST" in plain.text
    assert 'abstract="true"' not in plain.text
