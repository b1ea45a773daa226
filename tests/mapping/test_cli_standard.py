"""``sdmx-hub map export`` and ``map import``, typed; what is published is served, and pysdmx reads it."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from pysdmx.io.json.sdmxjson2.messages.map import JsonRepresentationMap, JsonStructureMap

from sdmx_hub.cli.context import HubContext
from sdmx_hub.config import Settings
from sdmx_hub.web.app import create_app
from tests.mapping.tables import MAPPINGS
from tests.support.commands import type_command
from tests.support.homes import make_office

MAPPING = MAPPINGS / "SEN_ANSD" / "emigrants_rgph5.yaml"
SAMPLE = MAPPINGS / "SEN_ANSD" / "samples" / "emigrants_rgph5.csv"
NAME = "ILMH.SEN_ANSD:SM_SEN_ANSD_EMIGRANTS_RGPH5(1.0.0)"
URN = f"urn:sdmx:org.sdmx.infomodel.structuremapping.StructureMap={NAME}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub in which the maps of one mapping are published; beside it their message, and the table in its structure."""
    home = make_office(tmp_path_factory.mktemp("maps"))
    files = ("--output", home / "maps.json", "--table", SAMPLE, "--table-output", home / "source.csv")
    done = type_command(home, "map", "export", MAPPING, "--publish", "--json", *files)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["published"]
    assert told["artefacts"][-1] == URN
    assert {one["code"] for one in told["findings"]} == {"STD-NUMBER", "STD-TOKEN", "STD-NAMES", "STD-TOTALS"}
    return home


def test_published_maps_are_served_and_pysdmx_reads_them(home: Path) -> None:
    hub = HubContext(home=home, settings=Settings())
    app = create_app(database=hub.database, registry=hub.registry, observations=hub.observations, settings=hub.settings)
    path = "/sdmx/v2/structure/structuremap/ILMH.SEN_ANSD/SM_SEN_ANSD_EMIGRANTS_RGPH5/1.0.0?references=children"
    answer = app.test_client().get(path, headers={"Accept": "application/vnd.sdmx.structure+json;version=2.0.0"})
    assert answer.status_code == 200
    data = answer.get_json()["data"]
    maps = [msgspec.convert(one | {"agency": one["agencyID"]}, JsonRepresentationMap, strict=False)
            for one in data["representationMaps"]]  # fmt: skip
    [served] = data["structureMaps"]
    read = msgspec.convert(served | {"agency": served["agencyID"]}, JsonStructureMap, strict=False).to_model(maps)
    assert {one.target: one.value for one in read.fixed_value_maps}["REF_AREA"] == "SEN"
    [areas] = read.component_maps
    assert {one.source: one.target for one in areas.values}["Autres pays"] == "G_OTH"
    hub.close()


@pytest.mark.parametrize("mapping", [URN, "maps.json"])
def test_data_in_the_source_structure_are_loaded_by_the_map_alone(home: Path, mapping: str) -> None:
    named = home / mapping if mapping == "maps.json" else mapping
    done = type_command(home, "load", home / "source.csv", "--mapping", named, "--dry-run", "--yes", "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["mapped"] == 7


def test_a_map_becomes_a_mapping_file(home: Path, tmp_path: Path) -> None:
    output = tmp_path / "imported.yaml"
    assert type_command(home, "map", "import", URN, "--output", output).returncode == 0
    done = type_command(home, "map", "preview", home / "source.csv", "--mapping", output, "--json")
    assert json.loads(done.stdout)["mapped"] == 7
    assert type_command(home, "map", "import", URN, "--output", output).returncode == 2


def test_an_edition_that_cannot_carry_all_says_what_is_lost(home: Path, tmp_path: Path) -> None:
    done = type_command(home, "map", "export", MAPPING, "--format", "xml-2.1", "-o", tmp_path / "maps.xml", "--json")
    lost = [one["message"] for one in json.loads(done.stdout)["findings"] if one["code"] == "STD-EDITION"]
    assert any("fixedValueMaps" in message for message in lost)


def test_a_map_onto_what_is_not_here_is_refused_with_the_reason(home: Path, tmp_path: Path) -> None:
    text = (home / "maps.json").read_text(encoding="utf-8").replace("ILMH:DF_FLOW_POP(1.0.0)", "ILMH:DF_NONE(1.0.0)")
    (tmp_path / "other.json").write_text(text, encoding="utf-8")
    done = type_command(home, "map", "import", tmp_path / "other.json", "--json")
    assert done.returncode == 3
    assert [one["code"] for one in json.loads(done.stdout)["findings"]] == ["STD-TARGET"]


def test_a_message_in_the_source_structure_is_mapped_by_the_map(home: Path, tmp_path: Path) -> None:
    flow = "ILMH.SEN_ANSD:DF_SEN_ANSD_EMIGRANTS_RGPH5(1.0.0)"
    head, *rows = (home / "source.csv").read_text(encoding="utf-8").splitlines()
    text = "\n".join([f"DATAFLOW,{head}", *(f"{flow},{row}" for row in rows)])
    (tmp_path / "message.csv").write_text(text, encoding="utf-8")
    message = tmp_path / "message.xml"
    assert type_command(home, "load", tmp_path / "message.csv", "--yes").returncode == 0
    assert type_command(home, "export", flow, "--format", "data-xml-3.0", "--output", message).returncode == 0
    done = type_command(home, "check", message, "--mapping", URN, "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["mapped"] == 7
