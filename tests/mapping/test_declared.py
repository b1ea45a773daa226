"""Texts that mean more than one code: declared splits, dated codes, groups with members of their own."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.mapping.coverage import measure_coverage
from sdmx_hub.mapping.declared import DatedCode, overlap
from sdmx_hub.mapping.reading import BadMapping, parse_mapping
from tests.mapping.tables import changed, codes, observations

SPLIT = {"{column: area}": "{column: area, splits: {Afrique australe: {ZAF: 0.6, BWA: 0.25, LSO: 0.15}}}"}
DATED = {
    "TIME_PERIOD: 2023": "TIME_PERIOD: {column: year}",
    "{column: area}": "{column: area, codes: {Sud: [{code: SDN, valid_to: 2010}, {code: SSD, valid_from: 2012}]}}",
}
LOCAL = "zone CEDEAO y compris la Mauritanie mais sans le Sénégal"


def group(rule: str) -> dict[str, str]:
    return {"{column: area}": f"{{column: area, groups: {{{LOCAL}: {rule}}}}}"}


def faults(changes: dict[str, str]) -> list[str]:
    with pytest.raises(BadMapping) as refused:
        parse_mapping(changed(changes))
    for finding in refused.value.findings:
        assert len({finding.text(language) for language in ("en", "fr", "es")}) == 3
    return [finding.code for finding in refused.value.findings]


def test_a_split_text_becomes_its_parts_by_weight(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,n\nAfrique australe,11\nFRA,5\n", SPLIT)
    assert sorted(observations(mapped, "COUNTERPART_AREA", "OBS_VALUE", "OBS_STATUS")) == [
        ("BWA", "3", "E"),
        ("FRA", "5", "A"),
        ("LSO", "2", "E"),
        ("ZAF", "6", "E"),
    ]
    assert (mapped.read, mapped.mapped, mapped.rejected, codes(mapped)) == (2, 2, 0, [])
    comments = dict(observations(mapped, "COUNTERPART_AREA", "COMMENT_OBS"))
    assert comments["ZAF"] == "Part of “Afrique australe”, divided by declared weights: ZAF 0.6, BWA 0.25, LSO 0.15"
    assert comments["FRA"] is None


@pytest.mark.parametrize("value", ["0", "1", "2", "7", "999999937", "12.34", "-3"])
def test_the_parts_of_a_split_add_up_to_the_figure(apply_text: Callable[..., Mapped], value: str) -> None:
    mapped = apply_text(f"area,n\nAfrique australe,{value}\n", SPLIT)
    assert sum(Decimal(part) for (part,) in observations(mapped, "OBS_VALUE")) == Decimal(value)


def test_a_split_figure_that_is_missing_stays_missing(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,n\nAfrique australe,n.d.\n", SPLIT | {"{column: n}": "{column: n, missing: {n.d.: O}}"})
    assert set(observations(mapped, "OBS_VALUE", "OBS_STATUS")) == {(None, "O")}
    assert len(observations(mapped, "OBS_VALUE")) == 3


def test_parts_that_fall_together_are_added_and_stay_estimates(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text(
        "area,n\nAfrique australe,20\nZAF,5\n", SPLIT | {"rest: _T": "rest: _T\naggregate: {method: sum}"}
    )
    assert dict(observations(mapped, "COUNTERPART_AREA", "OBS_VALUE"))["ZAF"] == "17"
    assert dict(observations(mapped, "COUNTERPART_AREA", "OBS_STATUS"))["ZAF"] == "E"


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("codes: {x: [ZAF, BWA]}", "M07-WEIGHTS"),
        ("splits: {x: {ZAF: 0.6, BWA: 0.3}}", "M07-SUM"),
        ("splits: {x: {ZAF: 1.5, BWA: -0.5}}", "M07-SUM"),
        ("splits: {x: {ZAF: half, BWA: 0.5}}", "M07-SUM"),
        ("codes: {x: [{code: SDN, valid_to: 2012}, {code: SSD, valid_from: 2011}]}", "M22-OVERLAP"),
        ("codes: {x: [{code: SDN, valid_to: 2012-99}]}", "M22-DATE"),
    ],
)
def test_what_cannot_be_meant_is_a_fault_of_the_mapping(rule: str, code: str) -> None:
    assert faults({"{column: area}": f"{{column: area, {rule}}}"}) == [code]


def test_a_code_of_a_split_that_is_not_in_the_list_is_told_at_its_line(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,n\nx,10\n", {"{column: area}": "{column: area, splits: {x: {ZAF: 0.5, XXX: 0.5}}}"})
    assert codes(mapped) == ["MAP-CODE"]
    assert mapped.mapped == 0


def test_a_dated_text_has_the_code_of_its_time(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,year,n\nSud,2009,1\nSud,2010,2\nSud,2012,3\nFRA,1999,4\n", DATED)
    assert observations(mapped, "COUNTERPART_AREA", "TIME_PERIOD") == [
        ("SDN", "2009"),
        ("SDN", "2010"),
        ("SSD", "2012"),
    ]
    assert codes(mapped) == ["M06-UNMAPPED"]


def test_a_text_without_code_for_its_time_is_told(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,year,n\nSud,2011,1\nSud,2012,2\nSud,2011,3\n", DATED)
    [finding] = mapped.findings
    assert (finding.code, finding.where.row, finding.count, finding.source_value) == ("M22-NOT-VALID", 2, 2, "Sud")
    assert finding.text("en") == "“Sud” has no code for 2011; known: SDN (… – 2010), SSD (2012 – …)."
    area = next(one for one in measure_coverage(mapped).components if one.component_id == "COUNTERPART_AREA")
    assert (area.texts, area.texts_mapped, area.cells, area.cells_mapped) == (1, 0, 3, 1)


def test_a_constant_time_dates_texts_too(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text("area,n\nSud,1\n", {"{column: area}": DATED["{column: area}"]})
    assert observations(mapped, "COUNTERPART_AREA") == [("SSD",)]


def test_a_table_of_codes_beside_the_mapping_may_be_dated(
    apply: Callable[..., Mapped], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("dated")
    (folder / "codes.csv").write_text(
        "source,code,valid_from,valid_to\nSud,SDN,,2010\nSud,SSD,2011,\nNord,FRA,,\n", encoding="utf-8"
    )
    (folder / "m.yaml").write_text(
        changed({**DATED, "{column: area}": "{column: area, codes_file: codes.csv}"}),
        encoding="utf-8",
    )
    (folder / "t.csv").write_text("area,year,n\nSud,2010,1\nSud,2011,2\nNord,2011,3\n", encoding="utf-8")
    mapped = apply(folder / "m.yaml", folder / "t.csv")
    assert observations(mapped, "COUNTERPART_AREA") == [("SDN",), ("SSD",), ("FRA",)]


def test_the_european_union_is_that_of_today_only_from_its_day_on(apply_text: Callable[..., Mapped]) -> None:
    areas = {"TIME_PERIOD: 2023": "TIME_PERIOD: {column: year}", "{column: area}": "{column: area, areas: [fr]}"}
    mapped = apply_text("area,year,n\nUnion européenne,2021,1\nUnion européenne,2019,2\nFrance,2019,3\n", areas)
    assert observations(mapped, "COUNTERPART_AREA", "TIME_PERIOD") == [("G_EU27", "2021"), ("FRA", "2019")]
    assert [(one.code, one.where.row) for one in mapped.findings] == [("M22-NOT-VALID", 3)]


def test_a_group_with_members_of_its_own_is_kept_apart_and_says_which(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text(f"area,n\n{LOCAL},9\n", group("{code: W19, like: G_ECOWAS, with: [MRT], without: [SEN]}"))
    assert codes(mapped) == []
    assert observations(mapped, "COUNTERPART_AREA", "OBS_VALUE", "OBS_STATUS", "COMMENT_OBS") == [
        ("W19", "9", "W", f"“{LOCAL}”: G_ECOWAS + MRT − SEN")
    ]


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("{code: G_ECOWAS, like: G_ECOWAS, with: [MRT], without: [SEN]}", "M21-MEMBERS"),
        ("{code: G_ECOWAS, members: [BEN, TGO]}", "M21-MEMBERS"),
        ("{code: W19, like: G_ECOWAS, without: [FRA]}", "M21-NO-MEMBER"),
        ("{code: W19, like: G_NOWHERE, without: [FRA]}", "M21-GROUP"),
    ],
)
def test_a_group_under_a_code_it_is_not_is_an_error(apply_text: Callable[..., Mapped], rule: str, code: str) -> None:
    mapped = apply_text(f"area,n\n{LOCAL},9\n", group(rule))
    assert codes(mapped) == [code]
    assert len({mapped.findings[0].text(language) for language in ("en", "fr", "es")}) == 3


def test_codes_hold_for_the_periods_that_begin_within_their_time() -> None:
    code = DatedCode(code="X", valid_from="2018", valid_to="2020-06")
    assert [code.holds(period) for period in ("2017", "2018", "2020-06", "2020-07", "2020", "x")] == [
        False, True, True, False, True, False,
    ]  # fmt: skip
    assert overlap([DatedCode(code="A"), code]) is not None
