"""What is written is read again as it was: every format that does both, over awkward texts and shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sdmx_hub.formats import (
    data_csv_v1,
    data_csv_v2,
    data_json_v1,
    data_json_v2,
    data_xml_v2_1_generic,
    data_xml_v2_1_specific,
    data_xml_v3_0,
)
from sdmx_hub.formats.readers import read_data
from sdmx_hub.model.message import Action, DataMessage
from tests.data_factories import Observation, Specimen, make_dataset, make_message, make_specimen
from tests.support.engine import connect

Write = Callable[[DataMessage, Mapping[str, str]], Iterator[Any]]

FORMATS: dict[str, tuple[Write, dict[str, str]]] = {
    "csv-1": (data_csv_v1.write, {}),
    "csv-1-labels": (data_csv_v1.write, {"labels": "both"}),
    "csv-2": (data_csv_v2.write, {}),
    "csv-2-labels": (data_csv_v2.write, {"labels": "both", "keys": "both"}),
    "csv-2-names": (data_csv_v2.write, {"labels": "name"}),
    "json-1": (data_json_v1.write, {}),
    "json-2": (data_json_v2.write, {}),
    "xml-2.1-specific": (data_xml_v2_1_specific.write, {}),
    "xml-2.1-generic": (data_xml_v2_1_generic.write, {}),
    "xml-3.0": (data_xml_v3_0.write, {}),
}

SPECIMEN = make_specimen(
    "FREQ.REF_AREA.SEX.TIME_PERIOD",
    attributes={
        "OBS_STATUS": "obs",
        "COMMENT_OBS": "obs",
        "UNIT_MULT": "series",
        "TITLE": "group:Sibling",
        "SOURCE_DETAIL": "REF_AREA",
        "LICENCE": "dataset",
    },
    groups={"Sibling": "REF_AREA.SEX"},
    types={"LICENCE": "String"},
)


def observation(area: str, sex: str, year: str, value: str | None, **more: str | None) -> Observation:
    return {
        "FREQ": "A", "REF_AREA": area, "SEX": sex, "TIME_PERIOD": year, "OBS_VALUE": value, "OBS_STATUS": "A",
        "UNIT_MULT": "0", "TITLE": f"{area} {sex}", "SOURCE_DETAIL": f"Source, {area}", "LICENCE": "CC BY", **more,
    }  # fmt: skip


TEXTS = ["a & b <c> \"d\" 'e'", "Ñandú — été 中文", "two, cells; and: a colon", "  blanks  ", "NA", "007", "-", "\\n"]
CASES: dict[str, list[Observation]] = {
    "plain": [observation("ES", "F", "2020", "1.10"), observation("ES", "F", "2021", "12345678901234567890.5")],
    "missing": [observation("ES", "F", "2020", None, OBS_STATUS="M"), observation("ES", "F", "2021", "0")],
    "several series": [
        observation(area, sex, year, "1") for area in ("ES", "FR") for sex in ("F", "M") for year in ("2020", "2021")
    ],
    "texts": [observation("ES", "F", str(2000 + place), "1", COMMENT_OBS=text) for place, text in enumerate(TEXTS)],
    "one observation": [observation("SN", "_T", "2020", "-3.5", COMMENT_OBS="x")],
    "nothing at all but keys": [
        {"FREQ": "A", "REF_AREA": "ES", "SEX": "F", "TIME_PERIOD": "2020", "OBS_VALUE": None},
        {"FREQ": "A", "REF_AREA": "FR", "SEX": "F", "TIME_PERIOD": "2020", "OBS_VALUE": "1"},
    ],
}


@pytest.fixture(autouse=True)
def _mostly_here(request: pytest.FixtureRequest) -> None:
    """Parse plain messages of each format in a child, as the hub does, and all others in this process."""
    if request.node.callspec.params.get("case") != "plain":
        request.getfixturevalue("parse_here")


def written(
    name: str, specimen: Specimen, observations: list[Observation], folder: Path, at: str | None = None
) -> Path:
    write, params = FORMATS[name]
    message = make_message(make_dataset(specimen, observations, at=at, action=Action.REPLACE))
    file = folder / "message"
    file.write_bytes(b"".join(bytes(chunk) for chunk in write(message, params)))
    return file


def read(file: Path, specimen: Specimen) -> list[dict[str, str]]:
    found = read_data(file, lambda urn: specimen.structure, connect())
    assert found.findings == ()
    (dataset,) = found.datasets
    names = list(specimen.structure.components)
    drawn = dataset.rows.connection.execute(dataset.rows.sql).fetchall()
    rows = [dict(zip(dataset.rows.columns, row, strict=True)) for row in drawn]
    return sorted(
        ({name: row[name] for name in names if row[name] is not None} for row in rows),
        key=lambda row: sorted(row.items()),
    )


def expected(observations: list[Observation]) -> list[dict[str, str]]:
    kept = [{name: cell for name, cell in one.items() if cell is not None} for one in observations]
    return sorted(kept, key=lambda row: sorted(row.items()))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", FORMATS)
def test_what_is_written_is_read_again_as_it_was(name: str, case: str, tmp_path: Path) -> None:
    observations = CASES[case]
    assert read(written(name, SPECIMEN, observations, tmp_path), SPECIMEN) == expected(observations)


@pytest.mark.parametrize("at", ["AllDimensions", "SEX"])
@pytest.mark.parametrize("name", ["json-1", "json-2", "xml-2.1-specific", "xml-2.1-generic", "xml-3.0"])
def test_any_dimension_may_stand_at_the_observation(name: str, at: str, tmp_path: Path) -> None:
    observations = CASES["several series"]
    assert read(written(name, SPECIMEN, observations, tmp_path, at), SPECIMEN) == expected(observations)
