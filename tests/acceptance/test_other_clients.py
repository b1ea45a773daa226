"""Clients that are not Python's are pointed at a real server: JavaScript, R, a spreadsheet.

They read the same figures as the Python ones (``test_clients``): those of the raw file of the provider.
"""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from tests.acceptance.hubs import (
    CSV_1,
    CSV_2,
    GENERIC,
    JSON_1,
    JSON_2,
    SPECIFIC,
    XML_3,
    Server,
    rows_of,
    structure_of,
)
from tests.acceptance.raw import FLOW, KEY, RAW, STRUCTURE, Figures
from tests.formats import judges

CLIENTS = Path(__file__).parent / "clients"
SECONDS = 120


def run(*words: object, folder: Path = CLIENTS) -> str:
    done = subprocess.run(
        list(map(str, words)),
        cwd=folder,
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{words}\n{done.stderr}\n{done.stdout[:2000]}"
    return done.stdout


def figures(rows: Iterable[Mapping[str, Any]], value: str) -> Figures:
    """The figures of rows that have a column a dimension; ``value`` is the column of the observation."""
    return {tuple(str(row[name]) for name in KEY): str(row[value]) for row in rows}


def as_numbers(found: Figures) -> dict[tuple[str, str, str, str], float]:
    return {key: float(value) for key, value in found.items()}


# JavaScript: the library sdmx-rest


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts with the libraries they need, installed from their lock file."""
    folder = Path(shutil.copytree(CLIENTS, tmp_path_factory.mktemp("node") / "clients"))
    run("npm", "ci", "--no-audit", "--no-fund", folder=folder)
    return folder


FLOW_V1 = f"ILMH,{FLOW},1.0.0"
FLOW_V2 = f"dataflow=ILMH:{FLOW}(1.0.0)"


def ask(modules: Path, server: Server, api: str, *queries: tuple[object, ...]) -> list[str]:
    url = f"{server.url}/sdmx/{'v2' if api.startswith('v2') else 'v1'}"
    answers: list[str] = json.loads(run("node", "rest.cjs", url, api, json.dumps(queries), folder=modules))
    return answers


@pytest.mark.node
@pytest.mark.parametrize("api", ["v1.5.0", "v2.0.0"])
def test_sdmx_rest_reads_the_figures_of_the_raw_file_in_every_format(modules: Path, server: Server, api: str) -> None:
    query = ("data2", {"context": FLOW_V2}) if api == "v2.0.0" else ("data", {"flow": FLOW_V1})
    xml_1, xml_2, json_1, json_2, csv_1, csv_2, generic = ask(
        modules, server, api, *((*query, accept) for accept in (SPECIFIC, XML_3, JSON_1, JSON_2, CSV_1, CSV_2, GENERIC))
    )
    structure = structure_of(server, STRUCTURE)
    places = [structure.key_ids.index(name) for name in KEY]
    for text, read in [
        (xml_1, judges.read_specific),
        (xml_2, judges.read_specific),
        (generic, judges.read_generic),
        (json_1, judges.read_json_v1),
        (json_2, judges.read_json_v2),
        (csv_1, judges.read_csv),
        (csv_2, judges.read_csv),
    ]:
        found = read(text.encode(), structure)
        assert {tuple(key[place] for place in places): one["OBS_VALUE"] for key, one in found.items()} == RAW


@pytest.mark.node
def test_sdmx_rest_filters_and_finds_structures_availability_and_schema(modules: Path, server: Server) -> None:
    asked = {"context": FLOW_V2, "filters": ["TIME_PERIOD=ge:2021", "SEX=F"]}
    flows, some, available, schema = ask(
        modules,
        server,
        "v2.0.0",
        ("structure", {"resource": "dataflow", "agency": "ILMH", "detail": "full"}),
        ("data2", asked, CSV_2),
        ("availability2", {"context": FLOW_V2, "mode": "available", "component": "SEX"}),
        ("schema", {"context": "dataflow", "agency": "ILMH", "id": FLOW}),
    )
    assert f'id="{FLOW}"' in flows
    expected = {key: value for key, value in RAW.items() if key[3] >= "2021" and key[2] == "F"}
    assert figures(rows_of(some.encode()), "OBS_VALUE") == expected
    assert 'id="SEX"' in available
    assert "SEX" in schema


# JavaScript: the library sdmx-json-parser


@pytest.mark.node
@pytest.mark.parametrize(
    ("path", "has_names"),
    [
        (f"/sdmx/v1/data/{FLOW}/all?dimensionAtObservation=AllDimensions", False),
        (f"/sdmx/v2/data/dataflow/ILMH/{FLOW}/1.0.0/*?format=jsondata", False),
        (f"/sdmx/v2/data/dataflow/ILMH/{FLOW}/1.0.0/*?attributes=none", True),
        (f"/sdmx/v2/data/dataflow/ILMH/{FLOW}/1.0.0/*", False),  # it glues its &format to the path
    ],
)
def test_sdmx_json_parser_reads_the_figures_of_the_raw_file(
    modules: Path, server: Server, path: str, has_names: bool
) -> None:
    read = json.loads(run("node", "parse.cjs", server.url + path, folder=modules))
    assert read["name"] == "Nationals living and working abroad"
    assert figures(read["observations"], "value") == RAW
    # What it names it can name only where no attribute is free text: it looks for a list of values behind each.
    if has_names:
        assert len(read["named"]) == len(RAW)
        assert {row["SEX"] for row in read["named"]} == {"Total", "Male", "Female"}


# R: the package rsdmx


def read_by_rsdmx(server: Server, folder: Path, *words: str) -> list[dict[str, str]]:
    file = folder / "read.csv"
    run("Rscript", "read.R", file, f"{server.url}/sdmx/v1", *words)
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


@pytest.mark.rsdmx
def test_rsdmx_reads_the_figures_of_the_raw_file(server: Server, tmp_path: Path) -> None:
    rows = read_by_rsdmx(server, tmp_path, "data", FLOW, "all", "plain")
    found = figures([row | {"TIME_PERIOD": row["obsTime"]} for row in rows], "obsValue")
    assert as_numbers(found) == as_numbers(RAW)


@pytest.mark.rsdmx
def test_rsdmx_reads_a_selection_with_its_labels(server: Server, tmp_path: Path) -> None:
    rows = read_by_rsdmx(server, tmp_path, "data", FLOW, "A.ESP" + "." * 12, "labels")
    found = figures([row | {"TIME_PERIOD": row["obsTime"]} for row in rows], "obsValue")
    assert as_numbers(found) == as_numbers({key: value for key, value in RAW.items() if key[0] == "ESP"})
    assert {(row["REF_AREA_label.fr"], row["REF_AREA_label.es"]) for row in rows} == {("Espagne", "España")}


@pytest.mark.rsdmx
def test_rsdmx_lists_dataflows_and_codes(server: Server, tmp_path: Path) -> None:
    flows = read_by_rsdmx(server, tmp_path, "dataflow", "all")
    assert FLOW in {row["id"] for row in flows}
    codes = read_by_rsdmx(server, tmp_path, "datastructure", STRUCTURE, "CL_SEX")
    assert {"F", "M", "_T"} <= {row["id"] for row in codes}


# LibreOffice


@pytest.mark.libreoffice
@pytest.mark.parametrize(
    "path", [f"/sdmx/v1/data/{FLOW}/all?format=csv", f"/sdmx/v2/data/dataflow/ILMH/{FLOW}/1.0.0/all?format=csv"]
)
def test_libreoffice_opens_the_address_of_a_csv(server: Server, tmp_path: Path, path: str) -> None:
    comma_and_utf8 = "Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false"
    words = ["--headless", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", f"--infilter={comma_and_utf8}"]
    run("soffice", *words, "--convert-to", "xlsx", "--outdir", tmp_path, server.url + path)
    head, *lines = CalamineWorkbook.from_path(tmp_path / "all.xlsx").get_sheet_by_index(0).to_python()
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    found = figures([row | {"TIME_PERIOD": int(row["TIME_PERIOD"])} for row in rows], "OBS_VALUE")
    assert as_numbers(found) == as_numbers(RAW)
