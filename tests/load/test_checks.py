"""Each row of the tables is one change to a sound observation, and what is found in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sdmx_hub.load.checks import Terms, Thresholds, Total, check_rows
from sdmx_hub.load.checks.sums import parse_band, tilings
from sdmx_hub.load.terms import check_agreement, terms_of
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import Rows, quoted
from sdmx_hub.model.urn import Urn, parse_ref
from sdmx_hub.store.artefacts import Artefacts
from tests.data_factories import make_specimen
from tests.support.engine import connect

FLOW = Urn("Dataflow", parse_ref("ILMH:DF_FLOW_POP(1.0.0)"))
SOUND: Mapping[str, str | None] = {
    "FREQ": "A", "REF_AREA": "SEN", "INDICATOR": "OUTFLOW_POP", "COUNTERPART_TYPE": "CDS", "COUNTERPART_AREA": "FRA",
    "MIG_REASON": "_T", "MIG_TYPE": "_T", "DURATION": "_T", "SEX": "_T", "AGE": "_T", "EDUCATION_LEV": "_T",
    "ACTIVITY": "_T", "OCCUPATION": "_T", "SOURCE_TYPE": "CEN", "UNIT_MEASURE": "PS", "TIME_PERIOD": "2023",
    "OBS_VALUE": "34434", "OBS_STATUS": "A", "CONF_STATUS": "F", "UNIT_MULT": "0", "DECIMALS": "0",
    "TIME_PER_COLLECT": "S", "DATA_PROVIDER": "SEN_ANSD",
}  # fmt: skip


def rows_of(observations: Sequence[Mapping[str, Any]], components: Sequence[str]) -> Rows:
    columns = (*components, "_row", "_action")
    connection = connect()
    typed = ", ".join(f"{quoted(each)} VARCHAR" for each in components)
    connection.execute(f"CREATE TEMP TABLE given ({typed}, _row BIGINT, _action VARCHAR)")
    for number, observation in enumerate(observations, start=2):
        cells = [(SOUND | observation | {"_row": number}).get(column) for column in columns]
        connection.execute(f"INSERT INTO given VALUES ({', '.join('?' for _ in cells)})", cells)  # noqa: S608
    return Rows(connection=connection, sql="SELECT * FROM given", columns=columns, is_sorted=False)


def found_in(pack: Artefacts, *observations: Mapping[str, Any], flow: Urn = FLOW, **terms: Any) -> list[Finding]:
    held = terms_of(pack, flow, **{"provider": "SEN_ANSD", **terms})
    held = dataclasses.replace(held, thresholds=Thresholds(off=frozenset({"V15"})))
    return list(check_rows(rows_of(observations, list(held.structure.components)), held).findings)


def told(findings: Sequence[Finding]) -> list[tuple[str, int | None, str | None]]:
    return [(finding.code, finding.where.row, finding.source_value) for finding in findings]


def test_a_sound_observation_is_found_sound(pack: Artefacts) -> None:
    assert found_in(pack, {}) == []


@pytest.mark.parametrize(
    ("change", "code", "value"),
    [
        ({"SEX": "W"}, "V01", "W"),
        ({"OBS_STATUS": "AA"}, "V01", "AA"),
        ({"COUNTERPART_AREA": "Namibia"}, "V01", "Namibia"),
        ({"AGE": None}, "V02", None),
        ({"TIME_PERIOD": None}, "V02", None),
        ({"TIME_PERIOD": "2023-13"}, "V04", "2023-13"),
        ({"TIME_PERIOD": "23"}, "V04", "23"),
        ({"TIME_PERIOD": "2023-02-30"}, "V04", "2023-02-30"),
        ({"TIME_PERIOD": "2023-Q1"}, "V04-FREQ", "2023-Q1"),
        ({"FREQ": "Q"}, "V04-FREQ", "2023"),
        ({"FREQ": "M", "TIME_PERIOD": "2023-Q1"}, "V04-FREQ", "2023-Q1"),
        ({"INDICATOR": "INFLOW_WORK"}, "V05", "INFLOW_WORK"),
        ({"ACTIVITY": "A01"}, "V05", "A01"),
        ({"REF_AREA": "MLI"}, "V05-REFAREA", "MLI"),
        ({"OBS_VALUE": "-1"}, "V06", "-1"),
        ({"OBS_VALUE": "1.5"}, "V06", "1.5"),
        ({"OBS_VALUE": "1.2345", "UNIT_MULT": "3"}, "V06", "1.2345"),
        ({"OBS_VALUE": "101", "UNIT_MEASURE": "PT"}, "V07", "101"),
        ({"OBS_VALUE": "-0.1", "UNIT_MEASURE": "PT"}, "V07", "-0.1"),
        ({"OBS_VALUE": "10.5", "UNIT_MEASURE": "SC10"}, "V07", "10.5"),
        ({"OBS_STATUS": "O"}, "V08", "34434"),
        ({"OBS_STATUS": "Q"}, "V08", "34434"),
        ({"OBS_VALUE": None}, "V08-EMPTY", ""),
        ({"CONF_STATUS": "E"}, "V09", ""),
        ({"CONF_STATUS": "E", "EMBARGO_TIME": "2026-03-31T09:00:00"}, "V09", "2026-03-31T09:00:00"),
        ({"COUNTERPART_AREA": "SEN"}, "V17", "SEN"),
        ({"CONF_STATUS": None}, "ATT-MISSING", None),
        ({"DATA_PROVIDER": None}, "ATT-MISSING", None),
        ({"OBS_VALUE": "1_000"}, "NUM-FORM", "1_000"),
        ({"OBS_VALUE": "١٢"}, "NUM-FORM", "١٢"),
        ({"OBS_VALUE": " 7 "}, "NUM-FORM", " 7 "),
        ({"OBS_VALUE": "NaN"}, "NUM-FORM", "NaN"),
        ({"OBS_VALUE": "inf"}, "NUM-FORM", "inf"),
        ({"OBS_VALUE": "1e1000000"}, "NUM-FORM", "1e1000000"),
        ({"OBS_VALUE": "1,5"}, "NUM-FORM", "1,5"),
        ({"OBS_VALUE": "0x10"}, "NUM-FORM", "0x10"),
        ({"SAMPLE_SIZE": "many"}, "NUM-FORM", "many"),
        ({"LAST_UPDATE": "yesterday"}, "TEXT-FORM", "yesterday"),
        ({"REPORTING_YEAR_START_DAY": "--13-01"}, "TEXT-FORM", "--13-01"),
        ({"COMMENT_OBS": "bell\x07"}, "TEXT-FORM", "bell·"),
    ],
)
def test_one_fault_is_one_finding_with_its_value(
    pack: Artefacts, change: dict[str, str | None], code: str, value: str | None
) -> None:
    findings = found_in(pack, change)
    assert [finding.code for finding in findings] == [code]
    assert findings[0].source_value == value
    assert findings[0].severity is Severity.ERROR
    assert len({findings[0].text(language) for language in ("en", "fr", "es")}) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"OBS_VALUE": "0"},
        {"OBS_VALUE": "+12"},
        {"OBS_VALUE": "1.5e2"},
        {"OBS_VALUE": "12.345", "UNIT_MULT": "3"},
        {"OBS_VALUE": "1.5", "TIME_PER_COLLECT": "A"},
        {"OBS_VALUE": "99.9", "UNIT_MEASURE": "PT"},
        {"OBS_VALUE": None, "OBS_STATUS": "O"},
        {"CONF_STATUS": "E", "EMBARGO_TIME": "2026-03-31T09:00:00+01:00"},
        {"TIME_PERIOD": "2022-A1", "REPORTING_YEAR_START_DAY": "--10-01"},
        {"FREQ": "M", "TIME_PERIOD": "2023-05"},
        {"FREQ": "Q", "TIME_PERIOD": "2023-Q2"},
        {"COUNTERPART_AREA": "NAM"},
        {"METHOD_URL": "https://example.org/é"},
        {"COMMENT_OBS": "line\nand tab\t– fine"},
    ],
)
def test_what_is_allowed_is_not_found(pack: Artefacts, change: dict[str, str | None]) -> None:
    assert found_in(pack, change) == []


def test_all_faults_are_told_at_once_with_rows_and_counts(pack: Artefacts) -> None:
    findings = found_in(
        pack,
        {"SEX": "W", "OBS_VALUE": "x"},
        {"SEX": "W", "COUNTERPART_AREA": "ITA"},
        {"COUNTERPART_AREA": "ESP", "AGE": "Y99T"},
    )
    assert told(findings) == [("V01", 2, "W"), ("V01", 4, "Y99T"), ("NUM-FORM", 2, "x")]
    assert findings[0].count == 2


def test_a_key_sent_twice_names_the_first_row(pack: Artefacts) -> None:
    findings = found_in(pack, {}, {"SEX": "F"}, {"OBS_VALUE": "5"}, {})
    assert [(finding.code, finding.where.row, finding.params["first"]) for finding in findings] == [
        ("DUP-01", 4, 2),
        ("DUP-01", 5, 2),
    ]


def test_a_wrong_reporting_area_is_told_once_for_the_file(pack: Artefacts) -> None:
    findings = found_in(pack, {"REF_AREA": "MLI"}, {"REF_AREA": "MLI", "SEX": "F"}, provider="SEN_ANSD")
    (finding,) = findings
    assert (finding.where.row, finding.count) == (None, 2)
    assert "SEN" in finding.text("fr")


def test_two_providers_of_one_source_are_refused(pack: Artefacts) -> None:
    findings = found_in(pack, {}, {"SEX": "F", "DATA_PROVIDER": "SEN_DPAF"}, provider=None)
    assert [finding.code for finding in findings] == ["PROV-01"]
    assert "SOURCE_TYPE" in findings[0].text("en")


def test_an_attribute_of_a_group_may_have_one_value_only(pack: Artefacts) -> None:
    findings = found_in(pack, {"TITLE": "one"}, {"TIME_PERIOD": "2022", "TITLE": "two"})
    assert [finding.code for finding in findings] == ["ATT-CONFLICT"]


def test_deletions_and_merges_need_not_be_whole(pack: Artefacts) -> None:
    nothing = dict.fromkeys(("OBS_VALUE", "OBS_STATUS", "CONF_STATUS", "DATA_PROVIDER", "UNIT_MULT", "DECIMALS"))
    part = nothing | {"TIME_PER_COLLECT": None}
    assert found_in(pack, part | {"SEX": None, "_action": "D"}) == []
    assert found_in(pack, part | {"COMMENT_OBS": "note", "_action": "M"}) == []
    assert found_in(pack, part | {"SEX": None}, action=Action.DELETE) == []


def test_a_provider_without_agreement_is_warned_of(pack: Artefacts) -> None:
    (finding,) = check_agreement(pack, FLOW, "TUN_ATCT", None)
    assert (finding.code, finding.severity) == ("V05-AGREEMENT", Severity.WARNING)
    assert check_agreement(pack, FLOW, "SEN_ANSD", None) == []


def cells(component: str, values: Mapping[str, str | None], **more: str) -> list[dict[str, str | None]]:
    return [
        {component: code, "OBS_VALUE": value, "OBS_STATUS": "A" if value is not None else "O", **more}
        for code, value in values.items()
    ]


@pytest.mark.parametrize(
    ("observations", "codes"),
    [
        (cells("SEX", {"_T": "10", "F": "4", "M": "6"}), []),
        (cells("SEX", {"_T": "10", "F": "4", "M": "5", "_U": "1"}), []),
        (cells("SEX", {"_T": "10", "F": "4", "M": "5"}), ["SUM-01"]),
        (cells("SEX", {"_T": "10", "F": "4", "M": None}), ["SUM-SKIP"]),
        (cells("SEX", {"_T": "10", "F": "4"}), []),
        (cells("SEX", {"_T": None, "F": "4", "M": "5"}), []),
        (cells("SEX", {"_T": "10", "F": "4", "M": "5"}, UNIT_MEASURE="PT", DECIMALS="1"), []),
        (cells("SEX", {"_T": "10.0", "F": "4.1", "M": "5.8"}, UNIT_MEASURE="USD"), []),
        (cells("SEX", {"_T": "10.0", "F": "4.1", "M": "5.5"}, UNIT_MEASURE="USD"), ["SUM-01"]),
        (cells("COUNTERPART_AREA", {"W0": "10", "W1": "4", "W2": "6"}), []),
        (cells("COUNTERPART_AREA", {"W0": "10", "W1": "4", "W2": "5"}), ["SUM-01"]),
        (cells("COUNTERPART_AREA", {"W1": "10", "FRA": "4", "ITA": "5"}), []),
        (cells("AGE", {"_T": "10", "Y_LT15": "4", "Y15T64": "5", "Y_GE65": "1"}), []),
        (cells("AGE", {"_T": "10", "Y_LT15": "4", "Y15T64": "5", "Y_GE65": "2"}), ["SUM-01"]),
        (cells("AGE", {"_T": "10", "Y15T64": "5", "Y_GE65": "2"}), []),
    ],
)
def test_sums_are_checked_where_they_can_be(
    pack: Artefacts, observations: list[dict[str, str | None]], codes: list[str]
) -> None:
    assert [finding.code for finding in found_in(pack, *observations)] == codes


def test_sexes_and_ages_crossed_make_their_grand_total(pack: Artefacts) -> None:
    def month(period: str, *values: str) -> list[dict[str, str | None]]:
        places = (("_T", "_T"), ("M", "Y_GE18"), ("F", "Y_GE18"), ("M", "Y_LT18"), ("F", "Y_LT18"))
        return [
            {"FREQ": "M", "TIME_PERIOD": period, "SEX": sex, "AGE": age, "OBS_VALUE": value}
            for (sex, age), value in zip(places, values, strict=True)
        ]

    observations = [
        *month("2021-10", "4730", "3394", "872", "277", "187"),
        *month("2021-11", "1128", "668", "308", "80", "79"),
    ]
    (finding,) = found_in(pack, *observations)
    assert (finding.code, finding.where.row, finding.params["sum"], finding.params["difference"]) == (
        "SUM-01", 7, "1135", "+7",
    )  # fmt: skip


def test_a_declared_total_is_checked_against_every_part(pack: Artefacts) -> None:
    parts = cells("COUNTERPART_AREA", {"W1": "166561", "FRA": "34434", "ITA": "25442", "G_OTH": "106685"})
    total = Total(component_id="COUNTERPART_AREA", total="W1")
    assert found_in(pack, *parts, totals=(total,)) == []
    parts[1]["OBS_VALUE"] = "34435"
    assert [finding.code for finding in found_in(pack, *parts, totals=(total,))] == ["SUM-01"]
    parts[3] |= {"OBS_VALUE": None, "OBS_STATUS": "O"}
    (skipped,) = found_in(pack, *parts, totals=(total,))
    assert (skipped.code, skipped.severity) == ("SUM-SKIP", Severity.INFO)


def test_a_declared_total_along_time_ignores_the_frequency(pack: Artefacts) -> None:
    observations = [
        {"TIME_PERIOD": "2021", "OBS_VALUE": "10"},
        {"FREQ": "M", "TIME_PERIOD": "2021-11", "OBS_VALUE": "4"},
        {"FREQ": "M", "TIME_PERIOD": "2021-12", "OBS_VALUE": "5"},
    ]
    total = Total(component_id="TIME_PERIOD", total="2021")
    (finding,) = found_in(pack, *observations, totals=(total,))
    assert (finding.code, finding.params["difference"]) == ("SUM-01", "-1")
    lenient = Total(component_id="TIME_PERIOD", total="2021", tolerance="1")
    assert found_in(pack, *observations, totals=(lenient,)) == []


@pytest.mark.parametrize(
    ("age", "band"),
    [
        ("Y15T24", (15, 25)),
        ("Y_LT15", (0, 15)),
        ("Y_GE65", (65, 1000)),
        ("Y30", (30, 31)),
        ("_T", None),
        ("Y9T3", None),
    ],
)
def test_an_age_code_is_a_band(age: str, band: tuple[int, int] | None) -> None:
    assert parse_band(age) == band


def test_only_bands_that_cover_every_age_once_make_a_sum() -> None:
    ages = frozenset({"_T", "_U", "Y_LT15", "Y15T24", "Y25T64", "Y15T64", "Y_GE65"})
    assert tilings(ages) == [("Y_LT15", "Y15T24", "Y25T64", "Y_GE65"), ("Y_LT15", "Y15T64", "Y_GE65")]
    assert tilings(ages - {"Y_GE65"}) == []


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("URI", "https://example.org/é?a=b", "see below"),
        ("Boolean", "true", "yes"),
        ("DateTime", "2026-03-31T09:00:00Z", "2026-03-31"),
        ("GregorianYearMonth", "2026-03", "2026-13"),
        ("MonthDay", "--10-01", "10-01"),
        ("Integer", "-12", "1.5"),
        ("Count", "12", "-12"),
        ("Double", "NaN", "nan"),
        ("Short", "12345", "123456"),
        ("AlphaNumeric", "A1", "A-1"),
    ],
)
def test_texts_have_the_form_of_their_type(kind: str, good: str, bad: str) -> None:
    specimen = make_specimen("REF_AREA.TIME_PERIOD", attributes={"NOTE": "obs"}, types={"NOTE": kind})
    terms = Terms(dataflow=specimen.dataflow.ref, structure=specimen.structure)
    given = [
        {"REF_AREA": "SN", "TIME_PERIOD": "2020", "OBS_VALUE": "1", "NOTE": good},
        {"REF_AREA": "SN", "TIME_PERIOD": "2021", "OBS_VALUE": "1", "NOTE": bad},
    ]
    rows = rows_of(given, list(specimen.structure.components))
    assert [(one.where.column, one.source_value) for one in check_rows(rows, terms).findings] == [("NOTE", bad)]


SEVERAL = make_specimen(
    "REF_AREA.TIME_PERIOD",
    attributes={"OBS_STATUS": "obs", "TITLE": "REF_AREA", "SHARE": "obs", "COMMENT_OBS": "obs"},
    types={"SHARE": "Decimal"},
    occurs={"OBS_STATUS": 2, "SHARE": "unbounded", "TITLE": 2},
    multilingual=("TITLE", "COMMENT_OBS"),
)


def found_in_cells(**change: str | None) -> list[tuple[str, str | None]]:
    given = {"REF_AREA": "ES", "TIME_PERIOD": "2020", "OBS_VALUE": "1", "OBS_STATUS": "A"} | change
    columns = (*SEVERAL.structure.components, "_row", "_action")
    connection = connect()
    listed = ", ".join(f"? AS {quoted(column)}" for column in columns)
    cells = [given.get(column) for column in columns]
    connection.execute(f"CREATE TEMP TABLE cells AS SELECT {listed}", cells)
    rows = Rows(connection=connection, sql="FROM cells", columns=columns, is_sorted=False)
    codelists = {
        one: codelist for one in SEVERAL.structure.components if (codelist := SEVERAL.codelist(one)) is not None
    }
    terms = Terms(dataflow=SEVERAL.dataflow.ref, structure=SEVERAL.structure, codelists=codelists)
    return [(one.code, one.source_value) for one in check_rows(rows, terms).findings]


@pytest.mark.parametrize(
    ("change", "findings"),
    [
        ({"OBS_STATUS": "A\x1dE", "SHARE": "1\x1d2.5", "TITLE": "en\x1eOne\x1ffr\x1eUn\x1den\x1eTwo"}, []),
        ({"OBS_STATUS": "A\x1dX"}, [("V01", "X")]),
        ({"OBS_STATUS": "A\x1dE\x1dM"}, [("TEXT-FORM", "A; E; M")]),
        ({"SHARE": "1\x1dmany"}, [("NUM-FORM", "1; many")]),
        ({"COMMENT_OBS": "en\x1eYes\x1fno language"}, [("TEXT-FORM", "en:Yes; no language")]),
        ({"COMMENT_OBS": "e n\x1eYes"}, [("TEXT-FORM", "e n:Yes")]),
        ({"COMMENT_OBS": "en\x1eYes\x1fEN\x1eAye"}, [("TEXT-FORM", "en:Yes; EN:Aye")]),
        ({"COMMENT_OBS": "en\x1ebell\x07"}, [("TEXT-FORM", "en:bell·")]),
        ({"COMMENT_OBS": "no language"}, []),
        ({"OBS_VALUE": "#N/A"}, []),
        ({"TIME_PERIOD": None, "OBS_VALUE": None, "OBS_STATUS": None, "TITLE": "All"}, []),
        ({"TIME_PERIOD": None, "OBS_STATUS": None, "TITLE": "All"}, [("V02", None)]),
        ({"REF_AREA": None, "OBS_VALUE": None, "OBS_STATUS": None, "TITLE": "All"}, [("V02", None)]),
    ],
)
def test_rules_hold_for_each_value_of_a_cell(
    change: dict[str, str | None], findings: list[tuple[str, str | None]]
) -> None:
    assert found_in_cells(**change) == findings
