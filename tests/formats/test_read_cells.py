"""Cells of several values and languages: as every format writes them, and what is told where a structure allows one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sdmx_hub.formats.read_cells import sub_fields_sql
from sdmx_hub.formats.read_data import ReadData
from sdmx_hub.formats.readers import read_data
from sdmx_hub.model.cells import read_cell, write_cell
from sdmx_hub.model.structure import Representation
from sdmx_hub.model.urn import parse_urn
from tests.data_factories import make_specimen
from tests.support.engine import connect

pytestmark = pytest.mark.usefixtures("parse_here")

ARRAY = Representation(max_occurs=None)
CODES = Representation(max_occurs=None, codelist=parse_urn("urn:sdmx:org.sdmx.infomodel.codelist.Codelist=T:CL(1.0)"))
TEXTS = Representation(facets={"isMultiLingual": True})
SEVERAL_TEXTS = Representation(facets={"isMultiLingual": True}, max_occurs=None)

SPECIMEN = make_specimen(
    "REF_AREA.TIME_PERIOD",
    attributes={"OBS_STATUS": "obs", "COMMENT_OBS": "obs", "TITLE": "REF_AREA", "SOURCE": "REF_AREA", "NOTE": "obs"},
    types={"SOURCE": "String", "NOTE": "String"},
    occurs={"OBS_STATUS": 3, "SOURCE": "unbounded", "TITLE": "unbounded"},
    multilingual=("TITLE", "COMMENT_OBS"),
)


@pytest.mark.parametrize(
    ("representation", "text", "values"),
    [
        (ARRAY, "A;B", ("A", "B")),
        (ARRAY, "A", ("A",)),
        (ARRAY, ";A;;B;", ("A", "B")),
        (ARRAY, '"a;b";c', ("a;b", "c")),
        (ARRAY, '"a ""q"";z"', ('a "q";z',)),
        (ARRAY, 'a "x";b', ('a "x"', "b")),
        (ARRAY, '"X" marks; foo', ('"X" marks', " foo")),
        (ARRAY, "one\ntwo;three", ("one\ntwo", "three")),
        (CODES, "A: All of it;B", ("A", "B")),
        (TEXTS, "en:Value;fr:Valeur", ({"en": "Value", "fr": "Valeur"},)),
        (TEXTS, "en:Hello; world;fr:Salut", ({"en": "Hello; world", "fr": "Salut"},)),
        (TEXTS, '"en:A;B";fr:C', ({"en": "A;B", "fr": "C"},)),
        (TEXTS, 'en:Value "X";fr:Valeur "X"', ({"en": 'Value "X"', "fr": 'Valeur "X"'},)),
        (TEXTS, "no language", ("no language",)),
        (SEVERAL_TEXTS, '"en:A;fr:B";"en:C"', ({"en": "A", "fr": "B"}, {"en": "C"})),
        (SEVERAL_TEXTS, '"""en:a;b"";fr:c";"en:d"', ({"en": "a;b", "fr": "c"}, {"en": "d"})),
        (SEVERAL_TEXTS, "en:A;fr:B", ({"en": "A", "fr": "B"},)),
        (SEVERAL_TEXTS, "en:A;en:B", ({"en": "A"}, {"en": "B"})),
    ],
)
def test_sub_fields_are_values_and_languages(
    representation: Representation, text: str, values: tuple[Any, ...]
) -> None:
    languages = "en;fr" if representation.is_multilingual else ""
    sql = sub_fields_sql("cell", representation, ";", languages, labelled=representation.is_coded)
    found = duckdb.execute(f"SELECT {sql} FROM (SELECT ? AS cell)", [text]).fetchone()  # noqa: S608
    assert found is not None
    assert read_cell(found[0]) == values


@pytest.mark.parametrize("text", ["", ";", None])
def test_a_cell_without_values_is_absent(text: str | None) -> None:
    sql = sub_fields_sql("cell", ARRAY, ";")
    assert duckdb.execute(f"SELECT {sql} FROM (SELECT ?::VARCHAR AS cell)", [text]).fetchall() == [(None,)]  # noqa: S608


def test_no_text_from_outside_can_pass_for_several() -> None:
    sql = sub_fields_sql("cell", ARRAY, ";")
    found = duckdb.execute(f"SELECT {sql} FROM (SELECT ? AS cell)", ["a\x1db\x1ec\x1fd;e"]).fetchall()  # noqa: S608
    assert read_cell(found[0][0]) == ("a\x1cb\x1cc\x1cd", "e")


def read(folder: Path, text: str) -> ReadData:
    file = folder / "message"
    file.write_text(text, encoding="utf-8")
    return read_data(file, lambda urn: SPECIMEN.structure, connect())


def cells(message: ReadData) -> list[dict[str, str]]:
    rows = message.datasets[0].rows
    drawn = [dict(zip(rows.columns, row, strict=True)) for row in rows.connection.execute(rows.sql).fetchall()]
    return [{key: value for key, value in row.items() if value is not None and key[0] != "_"} for row in drawn]


CSV = (
    "STRUCTURE[;],STRUCTURE_ID,ACTION,REF_AREA,TIME_PERIOD,OBS_VALUE,OBS_STATUS[],COMMENT_OBS[en;fr],"
    "TITLE[en;fr],SOURCE[],NOTE\n"
    'dataflow,TEST:DF(1.0.0),R,ES,2020,1.10,A;E,en:Yes;fr:Oui,"""en:One;fr:Un"";""en:Two""","""a;b"";c",plain; text\n'
)
XML = """<?xml version="1.0" encoding="UTF-8"?>
<m:StructureSpecificData xmlns:m="http://www.sdmx.org/resources/sdmxml/schemas/v3_0/message"
  xmlns:c="http://www.sdmx.org/resources/sdmxml/schemas/v3_0/common"
  xmlns:ss="http://www.sdmx.org/resources/sdmxml/schemas/v3_0/data/structurespecific">
 <m:Header><m:ID>M1</m:ID><m:Test>true</m:Test><m:Prepared>2026-01-02T03:04:05Z</m:Prepared><m:Sender id="ES1"/>
  <m:Structure structureID="S" dimensionAtObservation="TIME_PERIOD"><c:StructureUsage>
  urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=TEST:DF(1.0.0)</c:StructureUsage></m:Structure></m:Header>
 <m:DataSet ss:structureRef="S" action="Replace">
  <Series REF_AREA="ES">
   <Comp id="TITLE">
    <Value><c:Text xml:lang="en">One</c:Text><c:Text xml:lang="fr">Un</c:Text></Value>
    <Value><c:Text>Two</c:Text></Value>
   </Comp>
   <Comp id="SOURCE"><Value>a;b</Value><Value>c</Value></Comp>
   <Obs TIME_PERIOD="2020" OBS_VALUE="1.10" NOTE="plain; text">
    <Comp id="OBS_STATUS"><Value>A</Value><Value>E</Value></Comp>
    <Comp id="COMMENT_OBS"><Value><c:Text xml:lang="en">Yes</c:Text><c:Text xml:lang="fr">Oui</c:Text></Value></Comp>
   </Obs></Series></m:DataSet></m:StructureSpecificData>"""
LINK = {"rel": "dataflow", "urn": "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=TEST:DF(1.0.0)"}


def json_text(**attributes: Any) -> str:
    told = {
        "OBS_STATUS": [0, 1],
        "COMMENT_OBS": {"en": "Yes", "fr": "Oui"},
        "NOTE": "plain; text",
        "TITLE": 0,
        "SOURCE": ["a;b", "c"],
    } | attributes
    values = [{"values": [{"en": "One", "fr": "Un"}, {"en": "Two"}]}]
    structure = {
        "links": [LINK],
        "dimensions": {
            "series": [{"id": "REF_AREA", "keyPosition": 0, "values": [{"id": "ES"}]}],
            "observation": [{"id": "TIME_PERIOD", "keyPosition": 1, "values": [{"value": "2020"}]}],
        },
        "measures": {"observation": [{"id": "OBS_VALUE"}]},
        "attributes": {
            "series": [{"id": "TITLE", "values": values}, {"id": "SOURCE"}],
            "observation": [
                {"id": "OBS_STATUS", "values": [{"id": "A"}, {"id": "E"}]},
                {"id": "COMMENT_OBS"},
                {"id": "NOTE"},
            ],
        },
    }
    observation = ["1.10", told["OBS_STATUS"], told["COMMENT_OBS"], told["NOTE"]]
    series = {"0": {"attributes": [told["TITLE"], told["SOURCE"]], "observations": {"0": observation}}}
    return json.dumps({"data": {"structures": [structure], "dataSets": [{"structure": 0, "series": series}]}})


WANTED = {
    "REF_AREA": "ES",
    "TIME_PERIOD": "2020",
    "OBS_VALUE": "1.10",
    "OBS_STATUS": write_cell(["A", "E"]),
    "COMMENT_OBS": write_cell([{"en": "Yes", "fr": "Oui"}]),
    "TITLE": write_cell([{"en": "One", "fr": "Un"}, {"en": "Two"}]),
    "SOURCE": write_cell(["a;b", "c"]),
    "NOTE": "plain; text",
}


@pytest.mark.parametrize("text", [CSV, XML, json_text()], ids=["csv", "xml", "json"])
def test_every_format_gives_the_same_cells(text: str, tmp_path: Path) -> None:
    message = read(tmp_path, text)
    assert message.findings == ()
    assert cells(message) == [WANTED]


@pytest.mark.parametrize(
    "text",
    [
        CSV.replace("NOTE\n", "NOTE[]\n"),
        XML.replace(' NOTE="plain; text">', '><Comp id="NOTE"><Value>plain</Value><Value>text</Value></Comp>'),
        json_text(NOTE=["plain", "text"]),
        json_text(NOTE={"en": "plain", "fr": "text"}),
    ],
    ids=["csv", "xml", "json", "json-languages"],
)
def test_several_values_where_the_structure_allows_one_are_told(text: str, tmp_path: Path) -> None:
    message = read(tmp_path, text)
    assert [(one.code in {"READ-VALUES", "CSV-SUBFIELDS"}, one.where.column) for one in message.findings] == [
        (True, "NOTE")
    ]
    assert "\x1d" not in cells(message)[0]["NOTE"]


def test_one_language_where_none_is_allowed_is_just_its_text(tmp_path: Path) -> None:
    message = read(tmp_path, json_text(NOTE={"en": "plain"}, SOURCE=[{"en": "a"}, {"en": "b"}]))
    assert message.findings == ()
    (row,) = cells(message)
    assert (row["NOTE"], row["SOURCE"]) == ("plain", write_cell(["a", "b"]))


def test_marked_up_text_keeps_its_markup(tmp_path: Path) -> None:
    marked = '<c:StructuredText xml:lang="en"><p class="x">a &lt; <b>b</b></p></c:StructuredText>'
    message = read(tmp_path, XML.replace('<c:Text xml:lang="en">Yes</c:Text>', marked))
    (value,) = read_cell(cells(message)[0]["COMMENT_OBS"])
    assert value == {"en": '<p class="x">a &lt; <b>b</b></p>', "fr": "Oui"}


def test_control_characters_of_json_cannot_pass_for_several(tmp_path: Path) -> None:
    message = read(tmp_path, json_text(SOURCE="a\x1db"))
    assert cells(message)[0]["SOURCE"] == "a\x1cb"
