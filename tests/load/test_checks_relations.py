"""Parts and wholes, relations between indicators, and what is not likely: V11 to V16 and V18."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from sdmx_hub.load.checks import Thresholds, Total, check_rows
from sdmx_hub.load.terms import terms_of
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.urn import Urn, parse_ref
from sdmx_hub.store.artefacts import Artefacts
from tests.load.test_checks import FLOW, rows_of

BASE = {
    "SEX": "_T", "OBS_STATUS": "A", "CONF_STATUS": "F", "UNIT_MULT": "0", "DECIMALS": "0", "TIME_PER_COLLECT": "S",
}  # fmt: skip
CHAIN = BASE | {
    "COUNTERPART_TYPE": "CTP", "COUNTERPART_AREA": "ESP", "AGREEMENT": "_T", "RECRUIT_CHANNEL": "_T", "STATISTIC": "_Z",
    "SOURCE_TYPE": "ADM", "UNIT_MEASURE": "PS", "DATA_PROVIDER": "SEN_DPAF", "TIME_PERIOD": "2024",
}  # fmt: skip
FORCE = BASE | {
    "COUNTERPART_TYPE": "CCT", "COUNTERPART_AREA": "W1", "MIG_CATEGORY": "_T", "EMP_STATUS": "_T", "SOURCE_TYPE": "LFS",
    "UNIT_MEASURE": "PS", "TIME_PER_COLLECT": "E", "TIME_PERIOD": "2024",
}  # fmt: skip
OSH = BASE | {
    "COUNTERPART_TYPE": "CCT", "COUNTERPART_AREA": "W0", "MIG_STATUS": "MIG", "COMPLAINT_TYPE": "_Z",
    "SOURCE_TYPE": "ADM", "UNIT_MEASURE": "CAS", "TIME_PERIOD": "2024",
}  # fmt: skip
COST = BASE | {
    "COUNTERPART_TYPE": "CTP", "COUNTERPART_AREA": "ESP", "INDICATOR": "COST_SMART", "TRANSFER_CHANNEL": "_T",
    "PAY_INSTRUMENT": "_T", "SEND_AMOUNT": "_T", "SOURCE_TYPE": "ADM", "UNIT_MEASURE": "PT", "OBS_VALUE": "4.5",
    "TIME_PER_COLLECT": "A", "TIME_PERIOD": "2024",
}  # fmt: skip
RULES = ("V11", "V12", "V12-QUOTA", "V13", "V14", "V15", "V16", "V18", "V18-SIZE")


def found_in(
    pack: Artefacts, flow: str, *observations: Mapping[str, Any], off: tuple[str, ...] = ("V16",), **terms: Any
) -> list[Finding]:
    """Findings of the rules of this page."""
    held = terms_of(pack, Urn("Dataflow", parse_ref(f"ILMH:{flow}(1.0.0)")))
    thresholds = terms.pop("thresholds", Thresholds(off=frozenset(off)))
    held = dataclasses.replace(held, thresholds=thresholds, **terms)
    findings = check_rows(rows_of(observations, list(held.structure.components)), held).findings
    for one in findings:
        assert len({one.text(language) for language in ("en", "fr", "es")}) == 3
    return [one for one in findings if one.code in RULES]


def indicators(base: Mapping[str, str], values: Mapping[str, str], **units: str) -> list[dict[str, str]]:
    return [
        base | {"INDICATOR": name, "OBS_VALUE": value} | ({"UNIT_MEASURE": units[name]} if name in units else {})
        for name, value in values.items()
    ]


def coded(component: str, values: Mapping[str, str], **more: str) -> list[dict[str, str]]:
    return [{component: code, "OBS_VALUE": value, **more} for code, value in values.items()]


@pytest.mark.parametrize(
    ("observations", "told"),
    [
        (coded("SEX", {"_T": "10", "F": "11"}), ["11"]),
        (coded("SEX", {"_T": "10", "F": "10"}), []),
        (coded("AGE", {"_T": "10", "Y15T24": "12", "Y25T64": "9"}), ["12"]),
        (coded("COUNTERPART_AREA", {"W1": "10", "FRA": "12", "ITA": "1"}), ["12"]),
        (coded("COUNTERPART_AREA", {"W0": "10", "W2": "12"}), ["12"]),
        (coded("COUNTERPART_AREA", {"W1": "10", "W2": "12"}), []),
        (coded("SEX", {"_T": "10", "F": "11"}, UNIT_MEASURE="PT"), []),
        ([{"SEX": "_T", "OBS_VALUE": "10"}, {"SEX": "F", "OBS_VALUE": "11", "AGE": "Y15T24"}], []),
        (coded("INDICATOR", {"INFLOW_POP": "10", "INFLOW_WORK": "11"}), ["11"]),
    ],
)
def test_a_part_is_no_more_than_its_whole(pack: Artefacts, observations: list[dict[str, str]], told: list[str]) -> None:
    findings = found_in(pack, "DF_FLOW_POP", *observations)
    assert [(one.code, one.source_value) for one in findings] == [("V11", value) for value in told]
    assert all(one.severity is Severity.ERROR for one in findings)


def test_rounding_by_the_source_excuses_a_part(pack: Artefacts) -> None:
    observations = coded("SEX", {"_T": "100", "F": "110"})
    assert [one.code for one in found_in(pack, "DF_FLOW_POP", *observations, rounding=Decimal(5))] == ["V11"]
    assert found_in(pack, "DF_FLOW_POP", *observations, rounding=Decimal(10)) == []


@pytest.mark.parametrize(("third", "codes"), [("40", []), ("60", ["SUM-01"])])
def test_sums_may_differ_by_what_rounding_explains(pack: Artefacts, third: str, codes: list[str]) -> None:
    observations = coded("COUNTERPART_AREA", {"W1": "100", "FRA": "30", "ITA": "40", "ESP": third})
    held = dataclasses.replace(
        terms_of(pack, FLOW, totals=(Total(component_id="COUNTERPART_AREA", total="W1", tolerance=None),)),
        rounding=Decimal(10),
        thresholds=Thresholds(off=frozenset({"V16"})),
    )
    findings = check_rows(rows_of(observations, list(held.structure.components)), held).findings
    assert [one.code for one in findings] == codes


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"APPLIC": "100", "PRESELECTED": "60", "SELECTED": "50", "DEPLOYED": "40", "RET_END": "30"}, []),
        ({"APPLIC": "100", "PRESELECTED": "60", "SELECTED": "70"}, [("V12", "SELECTED", "PRESELECTED")]),
        ({"APPLIC": "100", "SELECTED": "110"}, [("V12", "SELECTED", "APPLIC")]),
        ({"DEPLOYED": "10", "RET_END": "11"}, [("V12", "RET_END", "DEPLOYED")]),
        ({"QUOTA": "50", "PRESELECTED": "60"}, [("V12-QUOTA", "PRESELECTED", "QUOTA")]),
        ({"QUOTA": "50", "APPLIC": "600"}, []),
    ],
)
def test_nobody_is_in_a_later_stage_of_recruitment_only(
    pack: Artefacts, values: dict[str, str], told: list[tuple[str, str, str]]
) -> None:
    findings = found_in(pack, "DF_REC_CHAIN", *indicators(CHAIN, values, QUOTA="JB"))
    assert [(one.code, one.params["indicator"], one.params["other"]) for one in findings] == told
    assert [one.severity is Severity.WARNING for one in findings] == [one.code == "V12-QUOTA" for one in findings]


def test_some_of_those_deployed_took_part_before(pack: Artefacts) -> None:
    [finding] = found_in(pack, "DF_REC_CHAIN", *indicators(CHAIN, {"DEPLOYED": "10", "REPEAT": "12"}))
    assert (finding.code, finding.where.row, finding.params["whole"]) == ("V11", 3, "DEPLOYED")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"EMP": "90", "UNE": "10", "LF": "100", "OLF": "50", "WAP": "150"}, []),
        ({"EMP": "90", "UNE": "10", "LF": "101"}, [("V13", "LF", "100")]),
        ({"LF": "100", "OLF": "50", "WAP": "149"}, [("V13", "WAP", "150")]),
        ({"EMP": "90", "LF": "101"}, []),
        ({"UNE": "10", "LF": "100", "UR": "10.0"}, []),
        ({"UNE": "10", "LF": "99", "UR": "10.1"}, []),
        ({"UNE": "10", "LF": "80", "UR": "10.0"}, [("V14", "UR", "12.5")]),
    ],
)
def test_the_labour_force_is_the_sum_of_its_parts_and_rates_follow(
    pack: Artefacts, values: dict[str, str], told: list[tuple[str, str, str]]
) -> None:
    findings = found_in(pack, "DF_STOCK_LF", *indicators(FORCE, values, UR="PT"))
    assert [(one.code, one.params["indicator"], one.params["expected"]) for one in findings] == told


def test_a_rate_of_injuries_follows_from_cases_and_workers(pack: Artefacts) -> None:
    values = {"INJ_FATAL": "7", "INJ_WORKERS": "21400", "INJ_FATAL_RT": "32.71"}
    units = {"INJ_WORKERS": "PS", "INJ_FATAL_RT": "R100K"}
    assert found_in(pack, "DF_RGT_OSH", *indicators(OSH, values, **units)) == []
    [finding] = found_in(pack, "DF_RGT_OSH", *indicators(OSH, values | {"INJ_FATAL_RT": "35"}, **units))
    assert (finding.code, finding.severity, finding.source_value) == ("V14", Severity.WARNING, "35")


@pytest.mark.parametrize(
    ("years", "told"),
    [
        ({"2020": "50", "2021": "150"}, []),
        ({"2020": "50", "2021": "151"}, ["151"]),
        ({"2020": "49", "2021": "500"}, []),
        ({"2020": "90", "2021": "30"}, []),
        ({"2020": "90", "2021": "29"}, ["29"]),
        ({"2020": "90", "2022": "9"}, []),
    ],
)
def test_a_jump_from_one_period_to_the_next_is_a_warning(
    pack: Artefacts, years: dict[str, str], told: list[str]
) -> None:
    findings = found_in(pack, "DF_FLOW_POP", *coded("TIME_PERIOD", years))
    assert [(one.code, one.severity, one.source_value) for one in findings] == [
        ("V15", Severity.WARNING, value) for value in told
    ]


def test_a_jump_over_new_year_is_seen_and_a_break_is_none(pack: Artefacts) -> None:
    months = coded("TIME_PERIOD", {"2020-12": "100", "2021-01": "500"}, FREQ="M")
    assert [one.code for one in found_in(pack, "DF_FLOW_POP", *months)] == ["V15"]
    months[1]["OBS_STATUS"] = "B"
    assert found_in(pack, "DF_FLOW_POP", *months) == []


def test_thresholds_of_a_jump_may_be_set_and_warnings_switched_off(pack: Artefacts) -> None:
    years = coded("TIME_PERIOD", {"2020": "10", "2021": "25"})
    strict = Thresholds(jump=2, jump_from=5, off=frozenset({"V16"}))
    assert [one.code for one in found_in(pack, "DF_FLOW_POP", *years, thresholds=strict)] == ["V15"]
    assert (
        found_in(pack, "DF_FLOW_POP", *years, thresholds=dataclasses.replace(strict, off=frozenset({"V15", "V16"})))
        == []
    )


def test_sexes_that_are_missing_are_told_once_where_sex_is_free(pack: Artefacts) -> None:
    observations = [
        *coded("COUNTERPART_AREA", {"FRA": "10", "ITA": "5"}),
        *coded("SEX", {"_T": "10", "F": "4", "M": "6"}, COUNTERPART_AREA="ESP"),
    ]
    [finding] = found_in(pack, "DF_FLOW_POP", *observations, off=())
    assert (finding.code, finding.severity, finding.where.row, finding.count) == ("V16", Severity.WARNING, 2, 2)
    assert finding.text("en").startswith("Women and men are missing beside 2 of 3 totals")
    assert found_in(pack, "DF_FLOW_POP", *observations[:2], off=()) == []
    asked = found_in(pack, "DF_FLOW_POP", *observations[:2], thresholds=Thresholds(sexes=True))
    assert [one.code for one in asked] == ["V16"]


@pytest.mark.parametrize(
    ("size", "told"), [("3", []), ("2", [("V18", Severity.ERROR)]), (None, [("V18-SIZE", Severity.WARNING)])]
)
def test_an_average_of_the_cheapest_rests_on_three_services(
    pack: Artefacts, size: str | None, told: list[tuple[str, Severity]]
) -> None:
    findings = found_in(pack, "DF_REM_COST", COST | {"SAMPLE_SIZE": size})
    assert [(one.code, one.severity) for one in findings] == told
