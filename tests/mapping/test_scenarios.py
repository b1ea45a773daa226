"""AS-01 and AS-02: the first feed of a statistics office, and a wrong mapping told at once."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.mapping.reading import parse_mapping, read_mapping
from sdmx_hub.model.finding import has_errors
from sdmx_hub.model.message import Action
from tests.mapping.tables import FIXTURES, MAPPINGS, codes, observations

ANSD = MAPPINGS / "SEN_ANSD"
AS_02 = FIXTURES / "as_02"


def test_the_french_table_of_ansd_becomes_seven_observations(apply: Callable[..., Mapped]) -> None:
    mapped = apply(ANSD / "emigrants_rgph5.yaml", ANSD / "samples" / "emigrants_rgph5.csv")
    assert mapped.findings == ()
    assert observations(mapped, "COUNTERPART_AREA", "OBS_VALUE", "OBS_STATUS") == [
        ("FRA", "34434", "A"),
        ("ITA", "25442", "A"),
        ("ESP", "24823", "A"),
        ("MAR", "13375", "A"),
        ("MRT", "11601", "A"),
        ("G_OTH", None, "O"),
        ("W1", "166561", "A"),
    ]
    assert (mapped.read, mapped.mapped, mapped.rejected, mapped.left_out) == (7, 7, 0, 0)


def test_the_rows_of_ansd_have_the_key_and_attributes_of_the_scenario(apply: Callable[..., Mapped]) -> None:
    mapped = apply(ANSD / "emigrants_rgph5.yaml", ANSD / "samples" / "emigrants_rgph5.csv")
    key = mapped.rows.columns[:15]
    assert ".".join(observations(mapped, *key)[0]) == "A.SEN.OUTFLOW_POP.CDS.FRA._T._T._T._T._T._T._T._T.CEN.PS"
    attributes = ("TIME_PERIOD", "REF_PERIOD_DETAIL", "DATA_PROVIDER", "CONF_STATUS", "TIME_PER_COLLECT", "UNIT_MULT")
    assert set(observations(mapped, *attributes)) == {("2023", "2018/2023", "SEN_ANSD", "F", "S", "0")}


def test_the_residual_of_ansd_is_derived_on_request(apply: Callable[..., Mapped]) -> None:
    text = (ANSD / "emigrants_rgph5.yaml").read_text(encoding="utf-8") + "    derive_residual: true\n"
    mapped = apply(parse_mapping(text), ANSD / "samples" / "emigrants_rgph5.csv")
    found = dict(observations(mapped, "COUNTERPART_AREA", "OBS_VALUE"))
    assert found["G_OTH"] == "56886"
    assert found["W1"] == "166561"
    assert ("G_OTH", "E") in observations(mapped, "COUNTERPART_AREA", "OBS_STATUS")


def test_replacing_is_bounded_by_what_holds_for_the_whole_file(apply: Callable[..., Mapped]) -> None:
    mapped = apply(ANSD / "emigrants_rgph5.yaml", ANSD / "samples" / "emigrants_rgph5.csv")
    assert mapped.action is Action.REPLACE
    assert mapped.scope["REF_AREA"] == {"SEN"}
    assert mapped.scope["TIME_PERIOD"] == {"2023"}
    assert "COUNTERPART_AREA" not in mapped.scope


WRONG = [
    ("AREA-UNKNOWN", 3, "Pays de nationalité", "Guinée-Équatorial"),
    ("AREA-AMBIG", 4, "Pays de nationalité", "Congo"),
    ("AGE-BAND", 5, "Âge", "15-35"),
    ("NUM-PARSE", 6, "Effectif", "1.2e3x"),
]


def test_every_mistake_of_a_table_is_told_at_once_with_its_row(apply: Callable[..., Mapped]) -> None:
    mapped = apply(AS_02 / "jobseekers.yaml", AS_02 / "jobseekers.csv")
    told = [(one.code, one.where.row, one.where.column, one.source_value) for one in mapped.findings]
    assert told == WRONG
    assert (mapped.read, mapped.mapped, mapped.rejected) == (10, 6, 4)


def test_the_ambiguous_area_lists_its_candidates(apply: Callable[..., Mapped]) -> None:
    mapped = apply(AS_02 / "jobseekers.yaml", AS_02 / "jobseekers.csv")
    assert mapped.findings[1].params["candidates"] == "COD, COG"


def test_the_messages_are_in_the_language_of_the_provider(apply: Callable[..., Mapped]) -> None:
    mapping = read_mapping(AS_02 / "jobseekers.yaml")
    mapped = apply(mapping, AS_02 / "jobseekers.csv")
    assert [one.text(mapping.language) for one in mapped.findings] == [
        "« Guinée-Équatorial » n'est ni le nom ni le code d'une zone.",
        "« Congo » peut désigner plusieurs zones : COD, COG.",
        "15-35 n'est pas Y15T34 ; Y15T35 existe",
        "« 1.2e3x » n'est pas un nombre (signe décimal –, signe des milliers –).",
    ]
    assert mapped.findings[0].suggestion == "Guinée équatoriale est GNQ"
    assert mapped.findings[2].text("en") == "15-35 is not Y15T34; Y15T35 exists"


def test_a_declared_blank_is_an_observation_without_value(apply: Callable[..., Mapped]) -> None:
    mapped = apply(AS_02 / "jobseekers.yaml", AS_02 / "jobseekers.csv")
    assert ("TCD", None, "O", 7) in observations(mapped, "COUNTERPART_AREA", "OBS_VALUE", "OBS_STATUS", "_row")


def test_the_same_key_twice_is_left_to_the_checks_of_a_load(apply: Callable[..., Mapped]) -> None:
    mapped = apply(AS_02 / "jobseekers.yaml", AS_02 / "jobseekers.csv")
    rows = observations(mapped, "COUNTERPART_AREA", "SEX", "AGE", "_row")
    assert [row for *key, row in rows if key == ["BFA", "F", "Y15T24"]] == [2, 8]


def test_after_the_corrections_everything_is_mapped(apply: Callable[..., Mapped]) -> None:
    mapped = apply(AS_02 / "jobseekers_corrected.yaml", AS_02 / "jobseekers_corrected.csv")
    assert (mapped.read, mapped.mapped, mapped.rejected) == (10, 10, 0)
    assert not has_errors(mapped.findings)


@pytest.mark.parametrize("times", [2])
def test_mapping_again_gives_the_same_rows(
    apply: Callable[..., Mapped], connection: duckdb.DuckDBPyConnection, times: int
) -> None:
    results = []
    for _ in range(times):
        mapped = apply(AS_02 / "jobseekers_corrected.yaml", AS_02 / "jobseekers_corrected.csv")
        results.append(observations(mapped, *mapped.rows.columns))
    assert results[0] == results[1]
    assert codes(mapped) == []
