"""The pack is read and checked, and each fault a translator or a methodologist can make is found at its place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sdmx_hub.errors import Malformed
from sdmx_hub.load.artefacts import check_pack, pack_root, read_pack
from sdmx_hub.model.finding import Severity
from sdmx_hub.model.urn import parse_urn

SEX = "codelists/SDMX/CL_SEX-2.1.csv"
FLOW = "dsd/ILMH/Dataflow-DF_FLOW_POP-1.0.0.json"
STRUCTURE = "dsd/ILMH/DataStructure-ILM_FLOW-1.0.0.json"


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pack")
    for folder in ("dsd", "codelists"):
        shutil.copytree(pack_root() / folder, root / folder)
    return root


@pytest.fixture
def pack(clean: Path, tmp_path: Path) -> Path:
    root = tmp_path / "pack"
    shutil.copytree(clean, root)
    return root


def replace(root: Path, file: str, old: str, new: str) -> None:
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def told(root: Path) -> list[tuple[str, str | None, str | None]]:
    return [
        (finding.code, finding.where.file, finding.where.path)
        for finding in check_pack(root)
        if finding.severity is Severity.ERROR
    ]


def test_the_shipped_pack_has_no_error() -> None:
    assert [finding.text() for finding in check_pack(pack_root()) if finding.severity is Severity.ERROR] == []


def test_the_pack_holds_codelists_structures_and_flows() -> None:
    artefacts = read_pack(pack_root())
    classes = {artefact.artefact_class.name for artefact in artefacts}
    assert {"Codelist", "ConceptScheme", "DataStructure", "Dataflow"} <= classes
    assert len({artefact.urn for artefact in artefacts}) == len(artefacts)


def test_a_codelist_row_becomes_a_code_with_names_parent_and_annotations() -> None:
    by_id = {artefact.ref.id: artefact for artefact in read_pack(pack_root())}
    women = next(code for code in by_id["CL_SEX"].items if code["id"] == "F")
    assert women["names"] == {"en": "Female", "fr": "Femmes", "es": "Mujeres"}
    assert women["name"] == "Female"
    assert women["annotations"] == [{"type": "PARENT", "title": "_T"}]
    section = next(code for code in by_id["CL_ACTIVITY"].items if code["id"] == "A")
    assert section["parent"] == "_T"


def test_an_extending_codelist_refers_to_its_base() -> None:
    activity = next(artefact for artefact in read_pack(pack_root()) if artefact.ref.id == "CL_ACTIVITY")
    bases = [extension["codelist"] for extension in activity.document["codelistExtensions"]]
    assert [parse_urn(base).ref.id for base in bases] == ["CL_ACTIVITY_ISIC4"]


CL_SEX = "SDMX:CL_SEX(2.1)"
FAULTS = {
    "a name missing": (SEX, "Female,Femmes,", "Female,,", "ART-LANGUAGE", f"{CL_SEX}/F"),
    "an unknown parent": (SEX, "F,,Female", "F,X,Female", "ART-PARENT", f"{CL_SEX}/F"),
    "its own parent": (SEX, "F,,Female", "F,F,Female", "ART-CYCLE", f"{CL_SEX}/F"),
    "a code twice": (SEX, "F,,Female", "M,,Female", "ART-ITEM-TWICE", f"{CL_SEX}/M"),
    "an id the schema forbids": (SEX, "F,,Female", "F F,,Female", "ART-SCHEMA", "/codes/1/id"),
    "an unknown column": (SEX, "name.fr", "nom.fr", "structures-csv-unknown", None),
    "no such structure": (FLOW, "ILM_FLOW(", "ILM_FLOX(", "ART-MISSING", "ILMH:DF_FLOW_POP(1.0.0)/structure"),
    "another name than the file": (FLOW, 'DF_FLOW_POP"', 'DF_FLOW_POB"', "ART-FILE-NAME", None),
    "no agency": (FLOW, '"agencyID"', '"agency"', "structures-json-artefact", None),
    "a key the schema does not know": (FLOW, '"structure"', '"structures"', "ART-SCHEMA", "/data/dataflows/0"),
    "no such concept": (STRUCTURE, "CS_ILM(1.0.0).FREQ", "CS_ILM(1.0.0).FREK", "ART-ITEM-MISSING", None),
    "a group of no dimension": (STRUCTURE, '"REF_AREA",\n', '"NOWHERE",\n', "ART-COMPONENT", None),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_file_and_place(pack: Path, fault: tuple[str, str, str, str, str | None]) -> None:
    file, old, new, code, path = fault
    replace(pack, file, old, new)
    findings = [finding for finding in told(pack) if finding[0] == code]
    assert findings, told(pack)
    assert findings[0][1] == file
    if path:
        assert findings[0][2] == path


def test_an_artefact_given_twice_is_told(pack: Path) -> None:
    shutil.copy(pack / FLOW, pack / "dsd/ILMH/Dataflow-ANOTHER-1.0.0.json")
    assert "ART-TWICE" in {code for code, _, _ in told(pack)}


def test_a_list_without_an_index_entry_is_told(pack: Path) -> None:
    shutil.copy(pack / SEX, pack / "codelists/SDMX/CL_OTHER-1.0.csv")
    assert ("ART-FILE-UNLISTED", "codelists/SDMX/CL_OTHER-1.0.csv", None) in told(pack)


def test_an_index_entry_without_a_list_is_told(pack: Path) -> None:
    (pack / SEX).unlink()
    assert ("structures-no-list", "codelists/SDMX/index.csv", None) in told(pack)


def test_a_value_of_a_constraint_must_be_a_code(pack: Path) -> None:
    message = json.loads((pack / FLOW).read_text(encoding="utf-8"))
    constraint = {
        "id": "CR_TEST",
        "agencyID": "ILMH",
        "version": "1.0.0",
        "name": "Test",
        "names": {"en": "Test", "fr": "Test", "es": "Test"},
        "constraintAttachment": {
            "dataflows": ["urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=ILMH:DF_FLOW_POP(1.0.0)"]
        },
        "cubeRegions": [{"include": True, "keyValues": [{"id": "SEX", "values": ["F", "Q"]}]}],
    }
    message["data"] = {"dataConstraints": [constraint]}
    path = pack / "dsd/ILMH/DataConstraint-CR_TEST-1.0.0.json"
    path.write_text(json.dumps(message), encoding="utf-8")
    place = "ILMH:CR_TEST(1.0.0)/cubeRegions/0/SEX"
    assert told(pack) == [("ART-VALUE", "dsd/ILMH/DataConstraint-CR_TEST-1.0.0.json", place)]


def test_reading_an_unreadable_pack_is_refused(pack: Path) -> None:
    (pack / FLOW).write_text("{", encoding="utf-8")
    with pytest.raises(Malformed):
        read_pack(pack)
