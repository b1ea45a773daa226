"""Times, age bands, areas and words: what texts become."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdmx_hub.errors import BadRequest
from sdmx_hub.mapping.ages import read_band
from sdmx_hub.mapping.areas import AreaIndex
from sdmx_hub.mapping.lookups import AREAS
from sdmx_hub.mapping.rules import NamedBy, TimeRule
from sdmx_hub.mapping.times import check_pattern, read_time
from sdmx_hub.mapping.words import fold
from sdmx_hub.store.artefacts import Artefacts


@pytest.mark.parametrize(
    ("text", "pattern", "options", "period"),
    [
        ("2023", "{yyyy}", {}, "2023"),
        ("Fiscal Year 2015", "Fiscal Year {yyyy}", {"year_start": "--10-01", "named_by": NamedBy.END}, "2014-A1"),
        ("exercice 2022-2023", "exercice {yyyy}-{yyyy_end}", {"year_start": "--10-01"}, "2022-A1"),
        ("2022-2023", "{yyyy}-{yyyy_end}", {"year_start": "--10-01", "named_by": NamedBy.END}, "2022-A1"),
        ("2022/23", "{yyyy}/{yy_end}", {"year_start": "--04-01"}, "2022-A1"),
        ("2022-2024", "{yyyy}-{yyyy_end}", {"year_start": "--10-01"}, None),
        ("2025T4", "{yyyy}T{q}", {}, "2025-Q4"),
        ("IV-2019", "{q}-{yyyy}", {}, "2019-Q4"),
        ("Q2 2010", "Q{q} {yyyy}", {"year_start": "--04-01"}, "2010-Q2"),
        ("2024 S2", "{yyyy} S{s}", {}, "2024-S2"),
        ("Marzo 2012", "{month} {yyyy}", {}, "2012-03"),
        ("août 2021", "{month} {yyyy}", {}, "2021-08"),
        ("DIC. 2021", "{month} {yyyy}", {}, "2021-12"),
        ("Sept. 2021", "{month} {yyyy}", {}, "2021-09"),
        ("Brumaire 2021", "{month} {yyyy}", {}, None),
        ("2012 | 1", "{yyyy} | {m}", {}, "2012-01"),
        ("2012 | 13", "{yyyy} | {m}", {}, None),
        ("010424REGIONAL_ANDINA.xlsx", "{dd}{mm}{yy}REGIONAL{*}", {}, "2024-04-01"),
        ("au 30/4/2017", "au {d}/{m}/{yyyy}", {}, "2017-04-30"),
        ("31/2/2017", "{d}/{m}/{yyyy}", {}, None),
        ("97", "{yy}", {}, "1997"),
        ("2023-Q1", "iso", {}, "2023-Q1"),
        ("2023-13", "iso", {}, None),
        ("hier", "iso", {}, None),
    ],
)
def test_times_are_read_by_their_pattern(text: str, pattern: str, options: dict[str, Any], period: str | None) -> None:
    assert read_time(text, TimeRule(pattern=pattern, **options)) == period


@pytest.mark.parametrize("pattern", ["{month}", "{yyyy}{yyyy}", "{yyyy}-{week}", "2023"])
def test_a_pattern_that_cannot_give_a_time_is_refused(pattern: str) -> None:
    with pytest.raises(BadRequest):
        check_pattern(pattern)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("15-24", "Y15T24"),
        ("15–24", "Y15T24"),
        ("15 à 24 ans", "Y15T24"),
        ("De 15 a 24 años", "Y15T24"),
        ("15 to 24 years", "Y15T24"),
        ("between 15 and 24", "Y15T24"),
        ("Y15T24", "Y15T24"),
        ("Y15-24", "Y15T24"),
        ("65+", "Y_GE65"),
        ("65 ans et plus", "Y_GE65"),
        ("65 years and over", "Y_GE65"),
        ("65 y más", "Y_GE65"),
        ("≥ 65", "Y_GE65"),
        ("Y_GE65", "Y_GE65"),
        ("moins de 15 ans", "Y_LT15"),
        ("<15", "Y_LT15"),
        ("Menos de 15 años", "Y_LT15"),
        ("Y_LT15", "Y_LT15"),
        ("05-09", "Y5T9"),
        ("35-15", None),
        ("Total", None),
        ("15", None),
        ("", None),
    ],
)
def test_age_bands_are_read_in_three_languages(text: str, code: str | None) -> None:
    assert read_band(text) == code


@given(low=st.integers(0, 60), width=st.integers(0, 40))
def test_a_band_is_never_widened(low: int, width: int) -> None:
    assert read_band(f"{low}-{low + width}") == f"Y{low}T{low + width}"


@pytest.fixture(scope="module")
def areas(artefacts: Artefacts) -> AreaIndex:
    codelist = artefacts.find(AREAS)
    assert codelist
    return AreaIndex(codelist)


@pytest.mark.parametrize(
    ("text", "coding", "found"),
    [
        ("Sénégal", "fr", ("SEN",)),
        ("senegal", "fr", ("SEN",)),
        ("Côte d’Ivoire", "fr", ("CIV",)),
        ("Cote d'Ivoire", "en", ("CIV",)),
        ("Espana", "es", ("ESP",)),
        ("Tunez", "es", ("TUN",)),
        ("Nigérian", "fr", ("NGA",)),
        ("Nigérien", "fr", ("NER",)),
        ("Nicaragüense", "es", ("NIC",)),
        ("E.A.U.", "fr", ("ARE",)),
        ("Swaziland", "en", ("SWZ",)),
        ("Congo", "fr", ("COD", "COG")),
        ("Guinée", "fr", ("GIN", "GNB", "GNQ")),
        ("Guinea", "en", ("GIN",)),
        ("République démocratique du Congo", "fr", ("COD",)),
        ("Guinée-Équatorial", "fr", ()),
        ("Sénégal", "es", ("SEN",)),
        ("Allemagne", "en", ()),
        ("SN", "iso2", ("SEN",)),
        ("EL", "iso2", ("GRC",)),
        ("UK", "iso2", ("GBR",)),
        ("NA", "iso2", ("NAM",)),
        ("SEN", "iso3", ("SEN",)),
        ("sen", "iso3", ()),
        ("788", "m49", ("TUN",)),
        ("4", "m49", ("AFG",)),
        ("004", "m49", ("AFG",)),
    ],
)
def test_areas_are_found_by_code_and_name(areas: AreaIndex, text: str, coding: str, found: tuple[str, ...]) -> None:
    assert areas.find(text, [coding]) == found


def test_the_first_coding_that_knows_a_text_decides(areas: AreaIndex) -> None:
    assert areas.find("SEN", ["iso3", "fr"]) == ("SEN",)
    assert areas.find("Maroc", ["iso3", "fr"]) == ("MAR",)


def test_a_misspelt_name_gets_a_suggestion(areas: AreaIndex) -> None:
    assert areas.nearest("Guinée-Équatorial", ["fr"]) == ("Guinée équatoriale", "GNQ")
    assert areas.nearest("zzzz", ["fr"]) is None


@pytest.mark.parametrize("name", ["Côte d’Ivoire", "SÃO TOMÉ", "Østerrike", "  a  b "])
def test_folding_twice_changes_nothing_more(name: str) -> None:
    assert fold(fold(name)) == fold(name)
