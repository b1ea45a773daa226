from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sdmx_hub.errors import Malformed
from sdmx_hub.formats import read_json_extract
from sdmx_hub.formats.read_data import ReadData
from sdmx_hub.formats.read_json_v2 import LAYOUT
from sdmx_hub.formats.readers import read_data
from sdmx_hub.model.message import Action
from tests.data_factories import make_specimen
from tests.support.engine import connect

pytestmark = pytest.mark.usefixtures("parse_here")

SPECIMEN = make_specimen(
    "FREQ.REF_AREA.SEX.TIME_PERIOD",
    attributes={
        "OBS_STATUS": "obs", "COMMENT_OBS": "obs", "UNIT_MULT": "series", "TITLE": "REF_AREA", "LICENCE": "dataset",
    },
    types={"LICENCE": "String"},
)  # fmt: skip
LINK = {"rel": "dataflow", "urn": "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=TEST:DF(1.0.0)"}


def listed(component: str, *codes: str, **more: Any) -> dict[str, Any]:
    return {"id": component, "values": [{"id": code} for code in codes], **more}


DIMENSIONS = {
    "dataSet": [listed("FREQ", "A", keyPosition=0)],
    "series": [listed("REF_AREA", "SN", "NA", keyPosition=1), listed("SEX", "F", "M", keyPosition=2)],
    "observation": [listed("TIME_PERIOD", "2020", "2021", keyPosition=3)],
}
ATTRIBUTES = {
    "dataSet": [{"id": "LICENCE"}],
    "dimensionGroup": [{"id": "TITLE", "relationship": {"dimensions": ["REF_AREA"]}}],
    "series": [listed("UNIT_MULT", "0", "3")],
    "observation": [listed("OBS_STATUS", "A", "M"), {"id": "COMMENT_OBS"}],
}
SERIES = {
    "0:0": {"attributes": [1], "observations": {"0": ["1.10", 0], "1": [None, 1, "why not"]}},
    "1:1": {"observations": {"0": [2.50]}},
}


def v2(datasets: list[dict[str, Any]] | None = None, **structure: Any) -> dict[str, Any]:
    described = {
        "links": [LINK],
        "dimensions": DIMENSIONS,
        "measures": {"observation": [{"id": "OBS_VALUE"}]},
        "attributes": ATTRIBUTES,
        **structure,
    }
    default = {
        "structure": 0,
        "action": "Replace",
        "attributes": ["CC BY"],
        "dimensionGroupAttributes": {":0::": ["Senegal"]},
        "series": SERIES,
    }
    meta = {"id": "M1", "prepared": "2026-01-02T03:04:05Z", "sender": {"id": "SN1"}, "test": True}
    return {"meta": meta, "data": {"dataSets": datasets or [default], "structures": [described]}}


def v1() -> dict[str, Any]:
    return {
        "header": {"id": "M1", "prepared": "2026-01-02T03:04:05Z", "sender": {"id": "SN1"}},
        "structure": {
            "links": [{"rel": "dataflow", "href": "https://x.example/rest/dataflow/TEST/DF/1.0.0"}],
            "dimensions": DIMENSIONS,
            "attributes": {"series": ATTRIBUTES["series"], "observation": [listed("OBS_STATUS", "A", "M")]},
        },
        "dataSets": [{"action": "Append", "series": {"0:0": {"attributes": [1], "observations": {"0": [1.10, 0]}}}}],
    }


def read(folder: Path, text: Any) -> ReadData:
    file = folder / "message.json"
    file.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    return read_data(file, lambda urn: SPECIMEN.structure, connect())


def rows(found: ReadData, place: int = 0) -> list[dict[str, object]]:
    held = found.datasets[place].rows
    drawn = held.connection.execute(f"SELECT * FROM ({held.sql}) ORDER BY _row").fetchall()  # noqa: S608
    return [{name: cell for name, cell in zip(held.columns, row, strict=True) if cell is not None} for row in drawn]


EXPECTED = [
    {
        "FREQ": "A", "REF_AREA": "SN", "SEX": "F", "TIME_PERIOD": "2020", "OBS_VALUE": "1.10", "OBS_STATUS": "A",
        "UNIT_MULT": "3", "TITLE": "Senegal", "LICENCE": "CC BY", "_row": 1, "_action": "R",
    },
    {
        "FREQ": "A", "REF_AREA": "SN", "SEX": "F", "TIME_PERIOD": "2021", "OBS_STATUS": "M", "COMMENT_OBS": "why not",
        "UNIT_MULT": "3", "TITLE": "Senegal", "LICENCE": "CC BY", "_row": 2, "_action": "R",
    },
    {
        "FREQ": "A", "REF_AREA": "NA", "SEX": "M", "TIME_PERIOD": "2020", "OBS_VALUE": "2.5", "LICENCE": "CC BY",
        "_row": 3, "_action": "R",
    },
]  # fmt: skip


def test_version_2_gives_rows_from_every_level(tmp_path: Path) -> None:
    found = read(tmp_path, v2())
    assert found.findings == ()
    assert found.header is not None
    assert (found.header.id, found.header.sender_id, found.header.test) == ("M1", "SN1", True)
    assert rows(found) == EXPECTED


def test_a_large_file_read_as_a_stream_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "message.json"
    file.write_text(json.dumps(v2()), encoding="utf-8")
    told = []
    for limit in (1 << 20, 0):
        monkeypatch.setattr(read_json_extract, "WHOLE", limit)
        folder = tmp_path / str(limit)
        folder.mkdir()
        answer = read_json_extract.extract(str(file), str(folder), vars(LAYOUT))
        told.append((answer, [(folder / f"{name}.arrow").read_bytes() for name in ("series", "obs", "groups")]))
    assert told[0] == told[1]


def test_a_flat_message_gives_the_same_rows(tmp_path: Path) -> None:
    flat = {
        "dataSet": DIMENSIONS["dataSet"],
        "series": [],
        "observation": [*DIMENSIONS["series"], *DIMENSIONS["observation"]],
    }
    dataset = {"structure": 0, "action": "R", "observations": {"0:0:0": ["1.10", 0], "1:1:0": ["2.5"]}}
    found = rows(read(tmp_path, v2([dataset], dimensions=flat)))
    assert [(row["REF_AREA"], row["SEX"], row["OBS_VALUE"]) for row in found] == [
        ("SN", "F", "1.10"),
        ("NA", "M", "2.5"),
    ]


def test_version_1_is_read_too(tmp_path: Path) -> None:
    found = read(tmp_path, v1())
    assert found.datasets[0].actions == (Action.APPEND,)
    (row,) = rows(found)
    assert (row["OBS_VALUE"], row["OBS_STATUS"], row["UNIT_MULT"]) == ("1.1", "A", "3")


def test_each_data_set_keeps_its_own_action(tmp_path: Path) -> None:
    one = {"structure": 0, "series": {"0:0": {"observations": {"0": ["1"]}}}}
    found = read(tmp_path, v2([one | {"action": "Delete"}, one | {"action": "Merge"}]))
    assert [dataset.actions for dataset in found.datasets] == [(Action.DELETE,), (Action.MERGE,)]


def test_several_values_at_once_and_unknown_components_are_findings(tmp_path: Path) -> None:
    attributes = {"observation": [{"id": "COMMENT_OBS"}, {"id": "COUNTRY"}]}
    one = {"structure": 0, "series": {"0:0": {"observations": {"0": ["1", {"en": "a", "fr": "b"}, "x"]}}}}
    found = read(tmp_path, v2([one], attributes=attributes))
    assert {(finding.code, finding.where.column) for finding in found.findings} == {
        ("READ-VALUES", "COMMENT_OBS"),
        ("READ-COMPONENT", "COUNTRY"),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json.dumps(v2())[:-20], "line 1"),
        (json.dumps(v2(), indent=1).replace('"action"', "action"), "line 1"),
        (json.dumps(v2()).replace('"1.10"', "NaN"), "NaN is not JSON"),
        (json.dumps(v2()).replace('"0:0"', '"0:7"'), "not shaped"),
        (json.dumps(v2()).replace('"0:0"', '"0:-1"'), "not shaped"),
        (json.dumps(v2()).replace('"0:0"', '"0"'), "not shaped"),
        ('{"data":{"structures":[' + '{"a":' * 100_000, "not shaped"),
        (json.dumps(v2(links=[])), "does not link"),
    ],
)
def test_broken_json_is_refused_with_a_reason(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Malformed) as caught:
        read(tmp_path, text)
    assert said in caught.value.text("en")


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    attributes = {
        "dataSet": [{"id": "LICENCE", "default": "CC BY"}],
        "observation": [listed("OBS_STATUS", "A", "M", default="A")],
    }
    one = {"structure": 0, "series": {"0:0": {"observations": {"0": ["1"], "1": ["2", 1]}}}}
    found = rows(read(tmp_path, v2([one | {"attributes": []}], attributes=attributes)))
    assert [(row["OBS_STATUS"], row["LICENCE"]) for row in found] == [("A", "CC BY"), ("M", "CC BY")]


def test_group_keys_are_read_in_the_order_that_fits_the_attributes(tmp_path: Path) -> None:
    dimensions = {
        "dataSet": [],
        "series": [listed("FREQ", "A", keyPosition=0), listed("SEX", "F", "M", keyPosition=2)],
        "observation": [listed("REF_AREA", "SN", "NA", keyPosition=1)],
    }
    one = {"structure": 0, "series": {"0:0": {"observations": {"0": ["1"], "1": ["2"]}}}}
    for key in ("::1", ":1:"):  # as the message lists its dimensions, and as the structure does
        message = v2([one | {"dimensionGroupAttributes": {key: ["Namibia"]}}], dimensions=dimensions)
        assert [row.get("TITLE") for row in rows(read(tmp_path, message))] == [None, "Namibia"]


def test_an_index_without_a_value_is_refused_by_name(tmp_path: Path) -> None:
    series = {"0:0": {"observations": {"0": ["1", 7]}}}
    with pytest.raises(Malformed, match="OBS_STATUS"):
        read(tmp_path, v2([{"structure": 0, "series": series}]))


def test_a_structure_with_series_may_have_a_flat_data_set(tmp_path: Path) -> None:
    message = read(tmp_path, v2([{"structure": 0, "observations": {"0:1:0": ["1", 0], "1:1:1": ["2"]}}]))
    assert [(row["REF_AREA"], row["SEX"], row["TIME_PERIOD"], row["OBS_VALUE"]) for row in rows(message)] == [
        ("SN", "M", "2020", "1"),
        ("NA", "M", "2021", "2"),
    ]


def test_a_group_key_follows_the_structure_where_it_could_follow_either(tmp_path: Path) -> None:
    dimensions = {
        "dataSet": [listed("FREQ", "A", keyPosition=0), listed("TIME_PERIOD", "2020", keyPosition=3)],
        "series": [listed("SEX", "F", "M", keyPosition=2)],
        "observation": [listed("REF_AREA", "SN", "NA", keyPosition=1)],
    }
    attributes = {"dimensionGroup": [{"id": "TITLE", "relationship": {"dimensions": ["REF_AREA", "SEX"]}}]}
    series = {key: {"observations": {"0": ["1"], "1": ["2"]}} for key in ("0", "1")}
    dataset = {"structure": 0, "dimensionGroupAttributes": {":1:0:": ["Women of NA"]}, "series": series}
    message = read(tmp_path, v2([dataset], dimensions=dimensions, attributes=attributes))
    assert [(row["REF_AREA"], row["SEX"]) for row in rows(message) if row.get("TITLE")] == [("NA", "F")]


def test_the_draft_of_version_1_names_its_dataflow_by_an_address(tmp_path: Path) -> None:
    structure = {"uri": "http://example.org/dataflow/TEST/DF/1.0.0", "dimensions": DIMENSIONS, "attributes": ATTRIBUTES}
    message = read(tmp_path, {"header": {}, "structure": structure, "dataSets": [{"series": SERIES}]})
    assert message.datasets[0].described_by.ref.id == "DF"
