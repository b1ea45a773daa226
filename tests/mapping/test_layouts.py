"""Layouts of real tables: merged headings, ditto marks, two concepts in one heading, totals, sums and residuals."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.mapping.coverage import measure_coverage, share
from tests.mapping.tables import changed, codes, observations

HARVEST = """Cosecha 2023-2024;;Hombres;;Mujeres;
Cultivo;Nacionalidad;Solicitudes;Permisos;Solicitudes;Permisos
Café;Nicaragüense;2 110;1 950;640;601
"        ""      ";Panameña;870;845;*;*
Total;;2 980;2 795;...;...
"""
PERMITS = {
    "DF_FLOW_POP": "DF_FLOW_PERMIT",
    "provider: SEN_ANSD": "provider: CRI_MTSS",
    "REF_AREA: SEN": "REF_AREA: CRI",
    "CDS": "CCT",
    "format: csv": "format: csv, delimiter: ';', decimal: ',', thousands: ' ', header_rows: 2",
    "components:": """rows:
  drop: [{column: Cultivo, is: Total}]
fill_down: {columns: [Cultivo], marks: ['"']}
unpivot: {names: [sexo, medida], columns: {from: '#C', to: '#F'}}
components:""",
    "INDICATOR: OUTFLOW_POP": "INDICATOR: {column: medida, codes: {Solicitudes: PERMIT_APPL, Permisos: PERMIT_FIRST}}",
    "COUNTERPART_AREA: {column: area}": """COUNTERPART_AREA: {column: Nacionalidad, areas: [es]}
  SEX: {column: sexo, codes: {Hombres: M, Mujeres: F}}
  ACTIVITY: {column: Cultivo, codes: {Café: A0127}}
  REF_PERIOD_DETAIL: {column: $cell:A1, strip: '^Cosecha '}""",
    "UNIT_MEASURE: PS": "UNIT_MEASURE: PMT",
    "{column: n}": "{suppressed: ['*']}",
}


def test_merged_headings_and_ditto_marks_become_components(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text(HARVEST, PERMITS)
    assert codes(mapped) == []
    columns = ("INDICATOR", "COUNTERPART_AREA", "SEX", "ACTIVITY", "OBS_VALUE", "OBS_STATUS", "CONF_STATUS", "_row")
    assert sorted(observations(mapped, *columns)) == [
        ("PERMIT_APPL", "NIC", "F", "A0127", "640", "A", "F", 3),
        ("PERMIT_APPL", "NIC", "M", "A0127", "2110", "A", "F", 3),
        ("PERMIT_APPL", "PAN", "F", "A0127", None, "Q", "A", 4),
        ("PERMIT_APPL", "PAN", "M", "A0127", "870", "A", "F", 4),
        ("PERMIT_FIRST", "NIC", "F", "A0127", "601", "A", "F", 3),
        ("PERMIT_FIRST", "NIC", "M", "A0127", "1950", "A", "F", 3),
        ("PERMIT_FIRST", "PAN", "F", "A0127", None, "Q", "A", 4),
        ("PERMIT_FIRST", "PAN", "M", "A0127", "845", "A", "F", 4),
    ]
    assert set(observations(mapped, "REF_PERIOD_DETAIL")) == {("2023-2024",)}


def test_a_fault_in_a_cell_names_the_heading_of_its_column(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text(HARVEST.replace("2 110", "2 11O"), PERMITS)
    assert [(one.code, one.where.row, one.where.column) for one in mapped.findings] == [
        ("NUM-PARSE", 3, "Hombres ▸ Solicitudes")
    ]


def test_a_heading_without_a_code_names_its_column(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text(HARVEST.replace("Mujeres", "Mujer"), PERMITS)
    [finding] = mapped.findings
    assert (finding.code, finding.where.column, finding.count) == ("M06-UNMAPPED", "Mujer ▸ Solicitudes", 4)
    assert finding.suggestion == "“Mujeres” is F"


MONTHS = "Mois;Hommes;Femmes;Garçons;Filles;Total\nNovembre 2021;668;308;80;79;1128\n"
RETURNS = {
    "DF_FLOW_POP": "DF_RET_ARR",
    "provider: SEN_ANSD": "provider: HTI_ONM",
    "REF_AREA: SEN": "REF_AREA: HTI",
    "OUTFLOW_POP": "RET_ARR",
    "CDS": "CPR",
    "FREQ: A": "FREQ: M\n  FOLLOW_UP: _Z\n  RETURN_TYPE: FRC",
    "format: csv": "format: csv, delimiter: ';', decimal: ','",
    "components:": "unpivot: {names: [qui], columns: {except: [Mois]}}\ncomponents:",
    "COUNTERPART_AREA: {column: area}": """COUNTERPART_AREA: DOM
  SEX: {column: qui, codes: {Hommes: M, Garçons: M, Femmes: F, Filles: F, Total: _T}}
  AGE: {column: qui, codes: {Hommes: Y_GE18, Femmes: Y_GE18, Garçons: Y_LT18, Filles: Y_LT18, Total: _T}}""",
    "TIME_PERIOD: 2023": "TIME_PERIOD: {column: Mois, time: '{month} {yyyy}'}",
    "SOURCE_TYPE: CEN": "SOURCE_TYPE: BRD",
    "OBS_VALUE: {column: n}": "OBS_VALUE: {missing: {n.d.: O}}",
}


def test_one_heading_may_say_two_things(apply_text: Callable[..., Mapped]) -> None:
    found = observations(apply_text(MONTHS, RETURNS), "TIME_PERIOD", "SEX", "AGE", "OBS_VALUE")
    assert sorted(found) == [
        ("2021-11", "F", "Y_GE18", "308"),
        ("2021-11", "F", "Y_LT18", "79"),
        ("2021-11", "M", "Y_GE18", "668"),
        ("2021-11", "M", "Y_LT18", "80"),
        ("2021-11", "_T", "_T", "1128"),
    ]


SUM = {
    "rest: _T": "rest: _T\naggregate: {method: sum}",
    "{column: area}": "{column: area, codes: {a: FRA, b: FRA, c: ITA}}",
}


def test_codes_mapped_to_one_are_added_up_on_request(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,n\na,1.5\nb,2\nc,3\n", SUM)
    assert observations(mapped, "COUNTERPART_AREA", "OBS_VALUE", "_row") == [("FRA", "3.5", 2), ("ITA", "3", 4)]
    assert (mapped.read, mapped.mapped) == (3, 3)


@pytest.mark.parametrize(("partial", "value", "status"), [("refuse", None, "O"), ("allow", "1", "W")])
def test_a_missing_part_makes_the_sum_missing(
    apply_text: Callable[..., Mapped], partial: str, value: str | None, status: str
) -> None:
    change = SUM | {"rest: _T": f"rest: _T\naggregate: {{method: sum, partial: {partial}}}"}
    mapped = apply_text("area,n\na,1\nb,n.d.\nc,3\n", change | {"{column: n}": "{column: n, missing: {n.d.: L}}"})
    assert observations(mapped, "OBS_VALUE", "OBS_STATUS") == [(value, status), ("3", "A")]


def residual(parts: str = "", derive: str = "true") -> dict[str, str]:
    rule = f"{{component: COUNTERPART_AREA, total: W1, residual: G_OTH, derive_residual: {derive}{parts}}}"
    return {
        "rest: _T": f"rest: _T\ntotals:\n  - {rule}",
        "{column: n}": "{column: n, missing: {n.d.: O}}",
        "TIME_PERIOD: 2023": "TIME_PERIOD: {column: y}",
    }


def test_a_residual_is_derived_for_each_key_where_all_parts_are_known(apply_text: Callable[..., Mapped]) -> None:
    table = "y,area,n\n2020,W1,10\n2020,FRA,4\n2020,G_OTH,n.d.\n2021,W1,9\n2021,FRA,4\n"
    table += "2022,W1,9\n2022,FRA,n.d.\n2023,FRA,1\n"
    found = observations(apply_text(table, residual()), "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS", "COUNTERPART_AREA")
    assert sorted(row for row in found if row[-1] == "G_OTH") == [
        ("2020", "6", "E", "G_OTH"),
        ("2021", "5", "E", "G_OTH"),
    ]


def test_a_residual_that_is_there_is_left_as_it_is(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("y,area,n\n2020,W1,10\n2020,FRA,4\n2020,G_OTH,5\n", residual())
    assert ("G_OTH", "5", "A") in observations(mapped, "COUNTERPART_AREA", "OBS_VALUE", "OBS_STATUS")


def test_totals_are_told_to_the_checks(apply_text: Callable[..., Mapped]) -> None:
    [total] = apply_text("y,area,n\n2020,W1,10\n", residual(", parts: [FRA, ITA]", "false")).totals
    assert (total.component_id, total.total, total.parts, total.residual) == (
        "COUNTERPART_AREA",
        "W1",
        ("FRA", "ITA"),
        "G_OTH",
    )


def test_unmapped_codes_stop_their_rows_and_are_counted(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,n\nFRA,1\nFRX,2\nFRX,3\nITA,94\n")
    assert (mapped.read, mapped.mapped, mapped.rejected) == (4, 2, 2)
    assert [(one.code, one.count, one.where.row) for one in mapped.findings] == [("M06-UNMAPPED", 2, 3)]


def test_rows_the_mapping_leaves_out_are_counted_and_not_told(apply_text: Callable[..., Mapped]) -> None:
    change = {
        "{column: area}": "{column: area, areas: [iso3], codes: {FRX: $skip}}",
        "{column: n}": "{column: n}\n  SEX: {column: s}",
    }
    mapped = apply_text("area,n,s\nFRA,1,F\nFRX,oops,?\n", change)
    assert (mapped.read, mapped.mapped, mapped.left_out, codes(mapped)) == (1, 1, 1, [])


@pytest.mark.parametrize(
    ("old", "new", "code", "suggestion"),
    [
        ("provider: SEN_ANSD", "provider: SEN_ANDS", "MAP-PROVIDER", "SEN_ANSD"),
        ("INDICATOR: OUTFLOW_POP", "INDICATOR: OUTFLOW_POPS", "MAP-CODE", "OUTFLOW_POP"),
        ("FREQ: A", "FREQ: A\n  FREQU: A", "MAP-COMPONENT", "FREQ"),
        ("TIME_PER_COLLECT: S\n", "TIME_PER_COLLECT: S\nscope: [REF_AERA]\n", "MAP-COMPONENT", "REF_AREA"),
        ("TIME_PER_COLLECT: S\nrest: _T", "TIME_PER_COLLECT: S\nrest: _X", "MAP-REST", None),
        ("  SOURCE_TYPE: CEN\n", "", "MAP-REST", None),
        ("  TIME_PER_COLLECT: S\n", "", "MAP-MISSING", None),
        ("{column: area}", "{column: area, codes: {FRA: FRAN}}", "MAP-CODE", "FRA"),
        ("{column: n}", "{column: n, missing: {x: OO}}", "MAP-CODE", "O"),
        ("{column: n}", "{column: n, decimal: '.', thousands: '.'}", "MAP-SIGNS", None),
        ("format: csv", "format: csv, sheet: A", "MAP-SHEET", None),
    ],
)
def test_a_mapping_is_checked_against_its_structure(
    apply_text: Callable[..., Mapped], old: str, new: str, code: str, suggestion: str | None
) -> None:
    mapped = apply_text("area,n\nFRA,1\n", {old: new})
    found = [one for one in mapped.findings if one.code == code]
    assert found
    assert found[0].where.file == "test.yaml"
    assert found[0].where.row
    assert found[0].suggestion == suggestion


def test_the_wrong_code_of_a_mapping_stops_its_rows_and_is_told_once(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text(
        "area,n\nFRA,1\nITA,2\n", {"{column: area}": "{column: area, areas: [iso3], codes: {FRA: FRAN}}"}
    )
    assert (mapped.mapped, mapped.rejected, codes(mapped)) == (1, 1, ["MAP-CODE"])


def test_a_representation_map_of_the_hub_translates(apply_text: Callable[..., Mapped]) -> None:
    urn = "urn:sdmx:org.sdmx.infomodel.structuremapping.RepresentationMap=ILMH:RM_AREA_ISO2(1.0.0)"
    mapped = apply_text("area,n\nSN,1\nXX,2\n", {"{column: area}": f"{{column: area, map: '{urn}'}}"})
    assert observations(mapped, "COUNTERPART_AREA") == [("SEN",)]
    assert codes(mapped) == ["M06-UNMAPPED"]


def test_texts_are_stripped_extracted_and_cased(apply_text: Callable[..., Mapped]) -> None:
    change = {"{column: area}": "{column: area, strip: '[*]+$', extract: 'x_([a-z]+)', case: upper}"}
    assert observations(apply_text("area,n\nx_fra**,1\n", change), "COUNTERPART_AREA") == [("FRA",)]


def test_a_prefix_makes_a_code_of_a_number(apply_text: Callable[..., Mapped]) -> None:
    change = {"{column: n}": "{column: n}\n  OCCUPATION: {column: isco, prefix: OC}"}
    assert observations(apply_text("area,n,isco\nFRA,1,2221\n", change), "OCCUPATION") == [("OC2221",)]


def test_age_bands_become_the_code_of_just_that_band(apply_text: Callable[..., Mapped]) -> None:
    change = {"{column: n}": "{column: n}\n  AGE: {column: age, age: true, codes: {Total: _T}}"}
    mapped = apply_text("area,n,age\nFRA,1,15 à 24 ans\nFRA,2,Total\nFRA,3,17-23\nFRA,4,vieux\n", change)
    assert observations(mapped, "AGE") == [("Y15T24",), ("_T",)]
    assert [(one.code, one.source_value) for one in mapped.findings] == [
        ("M06-NOT-IN-LIST", "17-23"),
        ("AGE-PARSE", "vieux"),
    ]


def test_rows_are_chosen_by_their_texts(apply_text: Callable[..., Mapped]) -> None:
    table = "area,from,n\nFRA,ITA,1\nITA,ITA,2\nESP,ITA,3\nPRT,X,4\nDEU,Y9,5\n"
    drop = "{column: area, same_as: from}, {column: from, matches: '[0-9]'}"
    rules = f"rows:\n  keep: [{{column: from, not: X}}]\n  drop: [{drop}]"
    mapped = apply_text(table, {"components:": f"{rules}\ncomponents:"})
    assert observations(mapped, "COUNTERPART_AREA") == [("FRA",), ("ESP",)]
    assert mapped.source_rows == 2


def test_the_coverage_ranks_what_is_missing(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,n\nFRA,80\nFRX,1\nFRY,2\nFRX,3\nITA,14\n")
    measured = measure_coverage(mapped).as_json()
    assert (measured["read"], measured["share"], measured["value_share"]) == (5, 40.0, 94.0)
    [areas] = [one for one in measured["components"] if one["component"] == "COUNTERPART_AREA"]
    assert (areas["texts"], areas["texts_mapped"], areas["cells"], areas["cells_mapped"]) == (4, 2, 5, 2)
    assert [(gap["value"], gap["cells"], gap["amount"], gap["row"]) for gap in areas["gaps"]] == [
        ("FRX", 2, 4.0, 3),
        ("FRY", 1, 2.0, 4),
    ]


def test_a_share_is_full_only_when_nothing_is_missing() -> None:
    assert (share(99_999, 100_000), share(1, 1), share(0, 0)) == (99.9, 100.0, None)


def test_every_mapping_of_these_tests_is_valid() -> None:
    for changes in (PERMITS, RETURNS, SUM, residual()):
        assert changed(changes)
