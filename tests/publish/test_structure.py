"""Structure queries answer with exactly the artefacts, neighbours and items the standard names."""

from __future__ import annotations

import json
import re

import pytest

from sdmx_hub.errors import NotFound
from sdmx_hub.formats.structure_schema import check_artefact
from sdmx_hub.load.artefact_pack import pack_root, read_pack
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.publish.structure import open_structures, structure_version
from sdmx_hub.publish.structure_edges import Edition
from sdmx_hub.query import urls_v1, urls_v2
from sdmx_hub.store.artefacts import Artefacts
from tests.factories import make_artefact, make_codelist, urn_of

ASKED_OF_STUBS = {
    "ProvisionAgreement": {"dataflow", "dataProvider"},
    "RepresentationMap": {"source", "target"},
    "MetadataProvisionAgreement": {"metadataflow", "metadataProvider"},
    "Metadataflow": {"targets"},
    "Hierarchy": {"hierarchicalCodes"},
}
"""What the schemas ask for even so."""
STUB_KEYS = {"id", "agencyID", "version", "name", "names", "isExternalReference", "validFrom", "validTo", "links"}


@pytest.fixture(scope="module")
def pack() -> Artefacts:
    return Artefacts(read_pack(pack_root()))


def ask(artefacts: Artefacts, path: str, parameters: str = "", **more: object) -> tuple[Artefact, ...]:
    query = urls_v2.parse_structure(path.split("/"), parameters)
    return open_structures(query, artefacts, **more)  # type: ignore[arg-type]


def ask_v1(artefacts: Artefacts, path: str, parameters: str = "") -> tuple[Artefact, ...]:
    return open_structures(urls_v1.parse_structure(path.split("/"), parameters), artefacts, edition=Edition.V1)


def names(artefacts: tuple[Artefact, ...]) -> list[str]:
    return [f"{artefact.artefact_class.name}:{artefact.ref.id}" for artefact in artefacts]


def test_a_class_named_gives_the_nearest_artefacts_of_it(pack: Artefacts) -> None:
    found = ask(pack, "dataflow/ILMH/DF_FLOW_POP/1.0.0", "references=datastructure,provisionagreement")
    classes = {artefact.artefact_class.name for artefact in found}
    assert classes == {"Dataflow", "DataStructure", "ProvisionAgreement"}
    assert len([one for one in found if one.artefact_class.name == "DataStructure"]) == 1


def test_a_class_named_is_looked_for_at_the_first_level_only(pack: Artefacts) -> None:
    assert names(ask(pack, "dataflow/ILMH/DF_FLOW_POP/1.0.0", "references=codelist")) == ["Dataflow:DF_FLOW_POP"]


def test_v1_does_not_count_the_agency_scheme(pack: Artefacts) -> None:
    children = ask_v1(pack, "codelist/SDMX/CL_SEX/2.1", "references=children")
    assert names(children) == ["Codelist:CL_SEX"]


VERSIONS = ["1.0", "1.0.0", "1.1.0", "2.0.0-draft"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("+", ["1.1.0"]),
        ("~", ["2.0.0-draft"]),
        ("*", VERSIONS),
        ("1.0", ["1.0"]),
        ("1.0.0,1.1.0", ["1.0.0", "1.1.0"]),
        ("1.0.0+", ["1.0.0"]),
        ("1.0+.0", ["1.1.0"]),
    ],
)
def test_versions_are_chosen_by_pattern(pattern: str, found: list[str]) -> None:
    artefacts = Artefacts(make_artefact("Dataflow", "DF", version) for version in VERSIONS)
    assert sorted(one.ref.version for one in ask(artefacts, f"dataflow/TEST/DF/{pattern}")) == sorted(found)


def test_v1_latest_is_the_latest_of_each_id() -> None:
    artefacts = Artefacts(make_artefact("Dataflow", one, version) for one in ("A", "B") for version in ("1.0", "2.0"))
    found = ask_v1(artefacts, "dataflow/all/all/latest")
    assert [(one.ref.id, one.ref.version) for one in found] == [("A", "2.0"), ("B", "2.0")]


@pytest.mark.parametrize(
    "path", ["codelist/ILMH/NOWHERE", "codelist/NOBODY", "codelist/SDMX/CL_SEX/9.9", "codelist/SDMX/CL_SEX/2.1/Q"]
)
def test_nothing_found_is_refused(pack: Artefacts, path: str) -> None:
    with pytest.raises(NotFound, match="No artefact matches"):
        ask(pack, path)


def test_no_stored_constraint_says_what_is_there(pack: Artefacts) -> None:
    assert ask_v1(pack, "allowedconstraint/ILMH/all/latest")
    with pytest.raises(NotFound):
        ask_v1(pack, "actualconstraint/ILMH/all/latest")


def test_items_make_a_partial_scheme(pack: Artefacts) -> None:
    (sex,) = ask(pack, "codelist/SDMX/CL_SEX/2.1/F,M")
    assert [code["id"] for code in sex.items] == ["F", "M"]
    assert sex.document["isPartial"] is True
    assert check_artefact(sex) == ()


def test_an_inherited_code_is_an_item_too(pack: Artefacts) -> None:
    (activity,) = ask(pack, "codelist/ILMH/CL_ACTIVITY/1.0.0/A011")
    assert [code["id"] for code in activity.items] == ["A011"]


@pytest.fixture
def nested() -> Artefacts:
    leaf = {"id": "C", "name": "C"}
    categories = [
        {
            "id": "A",
            "name": "A",
            "categories": [{"id": "B", "name": "B", "categories": [leaf]}, {"id": "X", "name": "X"}],
        },
        {"id": "Z", "name": "Z"},
    ]
    scheme = make_artefact("CategoryScheme", "CS", categories=categories)
    tags = [
        make_artefact(
            "Categorisation",
            f"CAT{number}",
            source=urn_of("Dataflow", f"DF{number}"),
            target=urn_of("Category", "CS", item=item),
        )
        for number, item in enumerate(["A", "A.B", "A.B.C", "Z"])
    ]
    return Artefacts([scheme, *tags, *(make_artefact("Dataflow", f"DF{number}") for number in range(4))])


def test_a_nested_item_comes_with_its_ancestors_and_without_its_children(nested: Artefacts) -> None:
    (scheme,) = ask(nested, "categoryscheme/TEST/CS/1.0.0/A.B")
    (top,) = scheme.items
    assert (top["id"], [below["id"] for below in top["categories"]]) == ("A", ["B"])
    assert "categories" not in top["categories"][0]


def test_references_of_items_are_those_of_the_items_returned(nested: Artefacts) -> None:
    found = ask(nested, "categoryscheme/TEST/CS/1.0.0/A.B", "references=parents")
    assert names(found) == ["CategoryScheme:CS", "Categorisation:CAT0", "Categorisation:CAT1"]


def test_full_resolves_inherited_codes_and_does_not_repeat_their_list(pack: Artefacts) -> None:
    found = ask(pack, "codelist/ILMH/CL_ACTIVITY/1.0.0", "references=children", edition=Edition.V1)
    assert names(found) == ["Codelist:CL_ACTIVITY"]
    codes = {code["id"]: code for code in found[0].items}
    assert "codelistExtensions" not in found[0].document
    assert codes["A011"]["names"].keys() == {"en", "fr", "es"}
    assert codes["A011"]["parent"] == "A01"
    assert codes["A"]["parent"] == "_T"


def test_raw_keeps_the_extension_and_gives_the_inherited_list(pack: Artefacts) -> None:
    found = ask(pack, "codelist/ILMH/CL_ACTIVITY/1.0.0", "references=children&detail=raw", edition=Edition.V1)
    assert names(found) == ["Codelist:CL_ACTIVITY", "Codelist:CL_ACTIVITY_ISIC4"]
    assert "codelistExtensions" in found[0].document
    assert "A011" not in {code["id"] for code in found[0].items}


@pytest.mark.parametrize(
    ("detail", "extra"), [("allstubs", set()), ("allcompletestubs", {"description", "descriptions", "annotations"})]
)
def test_stubs_hold_identification_and_names(pack: Artefacts, detail: str, extra: set[str]) -> None:
    found = ask(pack, "*/*/*/*", f"detail={detail}", base_url="http://hub.test/sdmx/v2")
    assert len(found) == len(pack)
    for stub in found:
        asked = ASKED_OF_STUBS.get(stub.artefact_class.name, set())
        assert stub.document.keys() <= STUB_KEYS | extra | asked
        assert asked <= stub.document.keys()
        assert stub.is_stub
        assert bool(stub.items) == (stub.artefact_class.name == "Hierarchy")
        assert check_artefact(stub) == ()
    assert extra <= {key for stub in found for key in stub.document}
    address = next(stub for stub in found if stub.ref.id == "CL_SEX").document["links"][0]["href"]
    assert address == "http://hub.test/sdmx/v2/structure/codelist/SDMX/CL_SEX/2.1"


def test_stubs_of_v1_tell_the_address_in_v1(pack: Artefacts) -> None:
    query = urls_v1.parse_structure(["contentconstraint", "ILMH", "CON_FLOW_POP"], "detail=allstubs")
    (stub,) = open_structures(query, pack, edition=Edition.V1, base_url="http://hub.test/sdmx/v1")
    assert stub.document["links"][0]["href"] == "http://hub.test/sdmx/v1/contentconstraint/ILMH/CON_FLOW_POP/1.0.0"


@pytest.mark.parametrize("detail", ["referencestubs", "referencecompletestubs"])
def test_only_the_neighbours_become_stubs(pack: Artefacts, detail: str) -> None:
    flow, *around = ask(pack, "dataflow/ILMH/DF_FLOW_POP/1.0.0", f"detail={detail}&references=descendants")
    assert not flow.is_stub
    assert "structure" in flow.document
    assert around
    assert all(artefact.is_stub for artefact in around)


@pytest.fixture(scope="module")
def partial(pack: Artefacts) -> dict[str, Artefact]:
    found = ask(pack, "dataflow/ILMH/DF_FLOW_POP/1.0.0", "detail=referencepartial&references=all")
    return {artefact.ref.id: artefact for artefact in found}


def test_partial_codelists_hold_what_the_constraints_allow(pack: Artefacts, partial: dict[str, Artefact]) -> None:
    (constraint,) = [one for one in partial.values() if one.artefact_class.name == "DataConstraint"]
    (region,) = constraint.document["cubeRegions"]
    allowed = {part["id"]: {value["value"] for value in part["values"]} for part in region["keyValues"]}
    assert {code["id"] for code in partial["CL_FREQ"].items} == allowed["FREQ"]
    assert partial["CL_FREQ"].document["isPartial"] is True
    kept = {code["id"]: code for code in partial["CL_IND_FLOW"].items}
    assert allowed["INDICATOR"] <= kept.keys()
    assert all(code.get("parent") is None or code["parent"] in kept for code in kept.values())


def test_partial_concepts_are_those_the_structure_uses(pack: Artefacts, partial: dict[str, Artefact]) -> None:
    named = {item for _, item in re.findall(r"(CS_ILM)\(1\.0\.0\)\.(\w+)", json.dumps(partial["ILM_FLOW"].document))}
    assert {concept["id"] for concept in partial["CS_ILM"].items} == named
    assert partial["CS_ILM"].document["isPartial"] is True


def test_partial_organisations_are_those_that_act(partial: dict[str, Artefact]) -> None:
    assert [agency["id"] for agency in partial["AGENCIES"].items] == ["SDMX", "ILMH"] or [
        agency["id"] for agency in partial["AGENCIES"].items
    ] == ["ILMH"]
    providers = {
        artefact.document["dataProvider"].rpartition(".")[2]
        for artefact in partial.values()
        if artefact.artefact_class.name == "ProvisionAgreement"
    }
    assert {one["id"] for one in partial["DATA_PROVIDERS"].items} == providers


def test_partial_answers_keep_to_the_schema_and_leave_out_lists_nobody_uses(
    pack: Artefacts, partial: dict[str, Artefact]
) -> None:
    assert [error for artefact in partial.values() for error in check_artefact(artefact)] == []
    whole = ask(pack, "dataflow/ILMH/DF_FLOW_POP/1.0.0", "references=all")
    assert set(partial) < {artefact.ref.id for artefact in whole}
    assert "CL_IND_REMIT" not in partial


def test_an_unconstrained_list_stays_whole(partial: dict[str, Artefact], pack: Artefacts) -> None:
    assert "isPartial" not in partial["CL_SEX"].document


def test_a_mapped_list_keeps_the_codes_of_the_map() -> None:
    lists = [make_codelist(name, ["A", "B", "C"]) for name in ("CL1", "CL2")]
    mapping = make_artefact(
        "RepresentationMap",
        "RM",
        source=[{"codelist": urn_of("Codelist", "CL1")}],
        target=[{"codelist": urn_of("Codelist", "CL2")}],
        representationMappings=[{"sourceValues": [{"value": "A"}], "targetValues": ["C"]}],
    )
    found = ask(
        Artefacts([mapping, *lists]), "representationmap/TEST/RM/1.0.0", "detail=referencepartial&references=children"
    )
    kept = {artefact.ref.id: [code["id"] for code in artefact.items] for artefact in found[1:]}
    assert kept == {"CL1": ["A"], "CL2": ["C"]}


def test_the_version_of_an_answer_changes_with_registry_and_question(pack: Artefacts) -> None:
    first, second = (urls_v2.parse_structure(["codelist", one], "") for one in ("A", "B"))
    later = Artefacts(pack, revision=pack.revision + 1)
    versions = {structure_version(first, pack), structure_version(second, pack), structure_version(first, later)}
    assert len(versions) == 3
    assert structure_version(first, pack) == structure_version(first, Artefacts(pack, revision=pack.revision))
