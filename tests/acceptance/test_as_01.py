"""AS-01: a statistics office drops its French table and gets a valid SDMX feed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.hubs import (
    CSV_1,
    CSV_2,
    JSON_1,
    JSON_2,
    MAPPINGS,
    SPECIFIC,
    Server,
    ask,
    data_path,
    rows_of,
    serving,
    structure_of,
)
from tests.formats import judges

ANSD = MAPPINGS / "SEN_ANSD"
SAMPLE = ANSD / "samples" / "emigrants_rgph5.csv"
KEY = "A.SEN.OUTFLOW_POP.CDS.FRA._T._T._T._T._T._T._T._T.CEN.PS"
FIGURES = {
    "FRA": "34434",
    "ITA": "25442",
    "ESP": "24823",
    "MAR": "13375",
    "MRT": "11601",
    "G_OTH": "",
    "W1": "166561",
}
READERS = {
    SPECIFIC: judges.read_specific,
    JSON_1: judges.read_json_v1,
    JSON_2: judges.read_json_v2,
    CSV_1: judges.read_csv,
    CSV_2: judges.read_csv,
}
SPECIFIC_NAMESPACE = (
    "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=ILMH:DF_FLOW_POP(1.0.0):ObsLevelDim:TIME_PERIOD"
)


@pytest.fixture(scope="module")
def structure(server: Server) -> Any:
    return structure_of(server, "ILM_FLOW")


def figures(server: Server) -> list[dict[str, str]]:
    answer = server.get(data_path("v2", "DF_FLOW_POP"), CSV_2)
    assert answer.status == 200
    return rows_of(answer.body)


def test_the_table_is_loaded_by_one_command_and_says_what_was_not_checked(new_home: Callable[[], Path]) -> None:
    report = ask(new_home(), "load", SAMPLE, "--mapping", ANSD / "emigrants_rgph5.yaml", "--yes")
    assert (report["read"], report["mapped"], report["rejected"]) == (7, 7, 0)
    assert (report["errors"], report["warnings"]) == (0, 0)
    assert [(each["severity"], each["code"]) for each in report["findings"]] == [("info", "SUM-SKIP")]
    assert report["added"] == 7
    assert report["release"] == 1


def test_the_seven_observations_are_published_with_their_figures(server: Server) -> None:
    found = figures(server)
    assert {row["COUNTERPART_AREA"]: row["OBS_VALUE"] for row in found} == FIGURES
    assert len(found) == 7
    statuses = {row["COUNTERPART_AREA"]: row["OBS_STATUS"] for row in found}
    assert statuses.pop("G_OTH") == "O"
    assert set(statuses.values()) == {"A"}
    fixed = ("TIME_PERIOD", "REF_PERIOD_DETAIL", "SOURCE_TYPE", "INDICATOR", "COUNTERPART_TYPE", "UNIT_MEASURE")
    assert {tuple(row[name] for name in fixed) for row in found} == {
        ("2023", "2018/2023", "CEN", "OUTFLOW_POP", "CDS", "PS")
    }


def test_the_residual_is_derived_when_the_mapping_says_so(new_home: Callable[[], Path], tmp_path: Path) -> None:
    mapping = tmp_path / "emigrants_rgph5.yaml"
    text = (ANSD / "emigrants_rgph5.yaml").read_text(encoding="utf-8")
    assert text.rstrip().endswith("residual: G_OTH")
    mapping.write_text(text.rstrip() + "\n    derive_residual: true\n", encoding="utf-8")
    made = new_home()
    report = ask(made, "load", SAMPLE, "--mapping", mapping, "--yes")
    assert (report["errors"], report["mapped"]) == (0, 7)
    with serving(made) as derived:
        found = {row["COUNTERPART_AREA"]: (row["OBS_VALUE"], row["OBS_STATUS"]) for row in figures(derived)}
    assert found["G_OTH"] == ("56886", "E")
    assert {area: value for area, (value, _) in found.items() if area != "G_OTH"} == {
        area: value for area, value in FIGURES.items() if area != "G_OTH"
    }


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_the_key_gives_the_same_observation_in_every_format(server: Server, structure: Any, api: str) -> None:
    found = {}
    for accept, read in READERS.items():
        answer = server.get(data_path(api, "DF_FLOW_POP", KEY), accept)
        assert (answer.status, answer.content_type) == (200, accept)
        found[accept] = read(answer.body, structure)
    first = found[SPECIFIC]
    assert all(each == first for each in found.values())
    ((key, observation),) = first.items()
    assert ".".join(key) == f"{KEY}.2023"
    assert observation["OBS_VALUE"] == "34434"
    assert observation["REF_PERIOD_DETAIL"] == "2018/2023"


@pytest.mark.parametrize("key", [KEY, ""], ids=["one", "all"])
@pytest.mark.parametrize("of", ["dataflow", "datastructure"])
def test_the_message_is_valid_by_the_schema_the_hub_gives(server: Server, of: str, key: str) -> None:
    message = server.get(data_path("v1", "DF_FLOW_POP", key), SPECIFIC)
    schema = server.get(f"/sdmx/v1/schema/{of}/ILMH/{'DF_FLOW_POP' if of == 'dataflow' else 'ILM_FLOW'}/latest")
    assert schema.content_type == "application/vnd.sdmx.schema+xml;version=2.1"
    namespace = judges.etree.fromstring(schema.body).get("targetNamespace")
    if of == "dataflow":
        assert namespace == SPECIFIC_NAMESPACE
    body = message.body.replace(SPECIFIC_NAMESPACE.encode(), namespace.encode())
    judges.assert_valid_xml(body, judges.xml_schema("v2_1", {namespace: schema.body}))


def test_the_schema_refuses_what_is_not_in_the_codelist(server: Server) -> None:
    message = server.get(data_path("v1", "DF_FLOW_POP", KEY), SPECIFIC).body
    schema = server.get("/sdmx/v1/schema/dataflow/ILMH/DF_FLOW_POP/latest").body
    judge = judges.xml_schema("v2_1", {SPECIFIC_NAMESPACE: schema})
    assert not judge.validate(judges.etree.fromstring(message.replace(b'"FRA"', b'"FRANCE"')))


@pytest.mark.parametrize("accept", [JSON_1, JSON_2])
@pytest.mark.parametrize(
    ("language", "area", "indicator"),
    [
        ("fr", "France", "Émigration"),
        ("es", "Francia", "Emigración"),
        ("es-CR, es;q=0.9, en;q=0.5", "Francia", "Emigración"),
        ("en", "France", "Emigration (change of residence out)"),
    ],
)
def test_the_labels_are_in_the_language_asked_for(
    server: Server, accept: str, language: str, area: str, indicator: str
) -> None:
    answer = server.get(data_path("v2", "DF_FLOW_POP", KEY), accept, Accept_Language=language)
    data = answer.json()["data"]
    described = data["structure"] if accept == JSON_1 else data["structures"][0]
    names = {
        (dimension["id"], value["id"]): value["name"]
        for dimension in described["dimensions"]["series"]
        for value in dimension["values"]
    }
    assert names["COUNTERPART_AREA", "FRA"] == area
    assert names["INDICATOR", "OUTFLOW_POP"] == indicator
    assert answer.headers["Content-Language"] == language[:2]
