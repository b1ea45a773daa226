"""Mappings as StructureMap and RepresentationMaps: valid, the same every time, and back to the same observations."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from sdmx_hub.formats import structure_json_v2_0, structure_json_v2_1, structure_xml_v3_0, structure_xml_v3_1
from sdmx_hub.formats.message_schema import check_message_schema
from sdmx_hub.formats.structure_reading import read_structures
from sdmx_hub.load.artefact_checks import Located
from sdmx_hub.load.artefacts import check_artefact_files
from sdmx_hub.load.structure_map_export import export_maps
from sdmx_hub.mapping.reading import parse_mapping, read_mapping
from sdmx_hub.mapping.standard.limits import LIMITS, limits_of
from sdmx_hub.mapping.standard.source_table import slug
from sdmx_hub.model.finding import Severity
from sdmx_hub.model.message import Header, StructureMessage
from sdmx_hub.store.artefacts import Artefacts
from tests.mapping.standard_tables import through_maps
from tests.mapping.tables import MAPPINGS, MINIMAL, changed
from tests.mapping.test_shipped import sample

SHIPPED = sorted(MAPPINGS.glob("*/*.yaml"))
LARGEST_SAMPLE = 60_000
TABLES = {path: path.parent / "samples" / f"{path.stem}.csv" for path in SHIPPED}
SIZES = {path: table.stat().st_size for path, table in TABLES.items() if table.is_file()}
SMALLEST = {path.parent.name: path for path in sorted(SIZES, key=SIZES.__getitem__, reverse=True)}.values()
SMALL = [path for path in SMALLEST if SIZES[path] < LARGEST_SAMPLE]
"""The smallest table of text of each publisher, if small: these are taken through the maps here, for time's sake."""
AREA = "COUNTERPART_AREA: {column: area}"
TIME = "TIME_PERIOD: 2023"
WRITERS = (structure_json_v2_0, structure_json_v2_1, structure_xml_v3_0, structure_xml_v3_1)


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", SHIPPED, ids=name_of)
def test_the_maps_of_a_shipped_mapping_are_valid_and_fit_each_other(path: Path, artefacts: Artefacts) -> None:
    made = export_maps(read_mapping(path), artefacts)
    assert check_artefact_files([Located(one, None) for one in made.artefacts], artefacts) == ()
    assert [one.fingerprint for one in made.artefacts] == [
        one.fingerprint for one in export_maps(read_mapping(path), artefacts).artefacts
    ]
    assert all(finding.severity is not Severity.ERROR for finding in made.findings)


@pytest.mark.parametrize("path", SMALL, ids=name_of)
def test_a_shipped_mapping_comes_back_from_its_maps(path: Path, artefacts: Artefacts, tmp_path: Path) -> None:
    before, after = through_maps(read_mapping(path), sample(name_of(path)), artefacts, tmp_path)
    assert after == before
    assert before


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.__name__.rpartition(".")[2])
@pytest.mark.parametrize("name", ["SEN_ANSD/emigrants_rgph5", "ILO_STAT/returns", "HTI_ONM/returns_months_2021"])
def test_messages_of_maps_keep_the_schema_of_their_format(name: str, writer: object, artefacts: Artefacts) -> None:
    made = export_maps(read_mapping(MAPPINGS / f"{name}.yaml"), artefacts)
    header = Header(id="TEST", prepared=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), sender_id="TEST")
    content = writer.write(StructureMessage(header, made.artefacts))  # type: ignore[attr-defined]
    assert list(check_message_schema(content)) == []
    assert {one.urn for one in read_structures(content)} == {one.urn for one in made.artefacts}


@pytest.mark.parametrize(
    ("component", "table"),
    [
        ("{column: area, codes: {France: FRA, Other: $skip}}", "area,n\nFrance,1\nOther,2\n"),
        ("{column: area, strip: '^x-', case: upper}", "area,n\nx-fra,1\nITA,2\n"),
        ("{column: area, extract: '^<(.*)>$'}", "area,n\n<FRA>,1\n< ITA >,2\n"),
        ("{column: area, strip: '[*]$', areas: [fr]}", "area,n\nFrance*,1\nsénégal,2\nEtats Unis,3\n"),
        ("{column: [area, part], codes: {a | 1: FRA, a | 2: ITA}}", "area,part,n\na,1,1\na,2,2\n"),
        ("{column: area, codes: {Soudan: [{code: G_AFR_O, valid_to: 2022}, {code: SDN, valid_from: 2023}]}}",
         "area,n\nSoudan,1\n"),
        ("{column: area, areas: [m49, iso2]}", "area,n\n004,1\n4,2\nfr,3\n"),
        ("{column: area, rules: [{when: {is: FR, start: 3}, code: FRA}, {when: {matches: '(...)!'}, code: '\\1'}]}",
         "area,n\nx-FR,1\nITA!,2\n"),
        ("{column: area, groups: {CEDEAO: {code: G_OTH, like: G_ECOWAS, without: [SEN]}}, codes: {F: FRA}}",
         "area,n\nF,1\n"),
    ],
)  # fmt: skip
def test_look_ups_come_back_as_rules(component: str, table: str, artefacts: Artefacts, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(table, encoding="utf-8")
    mapping = parse_mapping(changed({"{column: area}": component}))
    before, after = through_maps(mapping, file, artefacts, tmp_path)
    assert after == before
    assert before


@pytest.mark.parametrize(
    ("time", "text", "kind"),
    [
        ("time: '{yyyy}'", "2020", "datePatternMaps"),
        ("time: '{dd}/{mm}/{yyyy}'", "03/02/2020", "datePatternMaps"),
        ("time: 'the {d} of {month} {yyyy}'", "the 3 of march 2020", "datePatternMaps"),
        ("time: '{q}T {yyyy}'", "3T 2020", "componentMaps"),
        ("time: {pattern: '{yyyy}-{yyyy_end}', year_start: --10-01}", "2020-2021", "componentMaps"),
        ("time: {pattern: '{yyyy}', year_start: --10-01, named_by: end}", "2020", "componentMaps"),
        ("date: {pattern: dd/MM/yyyy, frequency_of: FREQ}", "03/02/2020", "datePatternMaps"),
        ("codes: {none: $skip}", "2020", "componentMaps"),
    ],
)
def test_times_come_back(time: str, text: str, kind: str, artefacts: Artefacts, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(f"area,y,n\nFRA,{text},1\n", encoding="utf-8")
    mapping = parse_mapping(changed({TIME: f"TIME_PERIOD: {{column: y, {time}}}"}))
    before, after = through_maps(mapping, file, artefacts, tmp_path)
    assert after == before
    assert before
    document = export_maps(mapping, artefacts, table=file).structure_map.document
    assert any("TIME_PERIOD" in json.dumps(one) for one in document[kind])


def test_ids_and_version_come_from_the_mapping(artefacts: Artefacts) -> None:
    made = export_maps(parse_mapping(MINIMAL), artefacts)
    assert [str(one.ref) for one in made.artefacts] == [
        f"ILMH.SEN_ANSD:{name}(1.0.0)" for name in ("CS_TEST", "DSD_TEST", "DF_TEST", "SM_TEST")
    ]
    other = export_maps(parse_mapping(MINIMAL.replace("SEN_ANSD", "UNSD")), artefacts)
    assert other.structure_map.ref.agency_id == "ILMH"


@pytest.mark.parametrize(
    ("heading", "identifier"),
    [("Pays de destination", "PAYS_DE_DESTINATION"), ("Année", "ANNEE"), ("2020", "C_2020"), ("#a", "COLUMN_A"),
     ("$cell:A1", "CELL_A1"), ("$file", "FILE"), ("国", "COLUMN")],
)  # fmt: skip
def test_a_heading_becomes_an_id(heading: str, identifier: str) -> None:
    assert slug(heading) == identifier


USES = {
    "STD-LAYOUT": {"rest: _T": "rest: _T\nrows: {drop: [{column: area, is: x}]}"},
    "STD-PLACE": {TIME: "TIME_PERIOD: {column: $file, time: '{*}{yyyy}'}"},
    "STD-NUMBER": {"format: csv": "format: csv, decimal: ','"},
    "STD-TOKEN": {"OBS_VALUE: {column: n}": "OBS_VALUE: {column: n, suppressed: ['*']}"},
    "STD-SPLIT": {AREA: "COUNTERPART_AREA: {column: area, splits: {X: {FRA: 0.5, ITA: 0.5}}}"},
    "STD-GROUP": {AREA: "COUNTERPART_AREA: {column: area, groups: {X: {code: W19, members: [FRA]}}}"},
    "STD-NAMES": {AREA: "COUNTERPART_AREA: {column: area, areas: [es]}"},
    "STD-AGE": {"rest: _T": "  AGE: {column: a, age: true}\nrest: _T"},
    "STD-SKIP": {"rest: _T": "  OBS_STATUS: {column: s, codes: {x: $skip}}\nrest: _T"},
    "STD-SUM": {"rest: _T": "rest: _T\naggregate: {method: sum}"},
    "STD-TOTALS": {"rest: _T": "rest: _T\ntotals: [{component: SEX, total: _T}]"},
    "STD-CUMULATIVE": {"OBS_VALUE: {column: n}": "OBS_VALUE: {column: n, cumulative: ytd}"},
    "STD-SHARES": {"rest: _T": "rest: _T\npercentages: {of: 100}"},
    "STD-UNITS": {"rest: _T": "rest: _T\nunits: {common_mult: 3}"},
    "STD-ROUNDING": {"rest: _T": "rest: _T\nrounding: 10"},
}


@pytest.mark.parametrize("code", [limit.code for limit in LIMITS])
def test_what_the_standard_cannot_say_is_told_where_it_stands(code: str) -> None:
    assert limits_of(parse_mapping(MINIMAL)) == ()
    [finding] = limits_of(parse_mapping(changed(USES[code])))
    assert finding.code == code
    assert finding.where.row is not None
    assert finding.text("fr") != finding.text("es") != finding.text("en")
