"""Mirrors of published figures: what the hub compares, against the publishers' files read by plain means."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from sdmx_hub.quality.mirror import MirrorQuery, open_mirror

ROOT = Path(__file__).parents[2]
MAPPINGS = ROOT / "mappings"
PAGE = (ROOT / "docs" / "mirror.md").read_text(encoding="utf-8")
TABLES = [("ESP_INE", "emigration_destination"), ("ITA_ISTAT", "immigration_citizenship"), ("ILO_STAT", "returns")]


def rows_of(provider: str, name: str) -> list[dict[str, str]]:
    with (MAPPINGS / provider / "samples" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def spain_told(country: str, period: str) -> float:
    """People who left Spain for a country, as INE tells it."""
    (found,) = [
        float(row["total"])
        for row in rows_of("ESP_INE", "emigration_destination")
        if (row["nacionalidad"], row["sexo"], row["pais_de_destino"], row["periodo"])
        == ("Total", "Ambos sexos", country, period)
    ]
    return found


def italy_told(country: str, period: str) -> float:
    """Foreigners of a citizenship who came to Italy, as Istat tells it."""
    (found,) = [
        float(row["OBS_VALUE"])
        for row in rows_of("ITA_ISTAT", "immigration_citizenship")
        if (row["CITIZENSHIP"], row["SEX"], row["AGE"], row["TIME_PERIOD"]) == (country, "9", "TOTAL", period)
    ]
    return found


def ilo_told(name: str, area: str, partner: str, period: str) -> float:
    """A figure of the ILO's tables, which are in thousands."""
    rows = rows_of("ILO_STAT", name)
    value = list(rows[0])[-1]
    (found,) = [
        float(row[value]) * 1000
        for row in rows
        if (row["ref_area"], row["sex"], row["classif1"][-3:], row["time"]) == (area, "sex_t", partner, period)
    ]
    return found


@pytest.fixture
def pairs(desk):
    """What the three tables give in one hub."""
    for provider, name in TABLES:
        folder = MAPPINGS / provider
        report = desk.load(folder / "samples" / f"{name}.csv", mapping=folder / f"{name}.yaml")
        assert not report.has_errors, report.findings
    with open_mirror(MirrorQuery(), desk.artefacts, desk.observations, audience="public", now=desk.now) as mirror:
        return [pair for pair in mirror.pairs() if pair["state"] == "compared"]


def test_published_figures_are_compared_as_they_were_published(pairs):
    found = {
        (pair["origin"], pair["destination"], pair["period"]): (pair["origin_value"], pair["destination_value"])
        for pair in pairs
    }
    expected = {("ESP", "ITA", year): (spain_told("Italia", year), italy_told("ES", year)) for year in ("2019", "2020")}
    for year in ("2017", "2019", "2020"):
        expected["FRA", "ESP", year] = (ilo_told("returns", "fra", "esp", year), spain_told("Francia", year))
    assert found == {key: (pytest.approx(o), m) for key, (o, m) in expected.items()}
    for pair in pairs:
        o, m = expected[pair["origin"], pair["destination"], pair["period"]]
        assert pair["cc1"] == pytest.approx((o - m) / ((o + m) / 2))
        assert pair["verdict"] == "exceeds"
        assert pair["causes"]


def spaced(figure: float) -> str:
    return f"{figure:,.0f}".replace(",", " ")


def test_the_page_tells_the_figures_of_the_files():
    told = set(re.findall(r"\d{1,3}(?: \d{3})+", PAGE))
    assert {spaced(spain_told("Italia", year)) for year in ("2019", "2020")} <= told
    assert {spaced(italy_told("ES", year)) for year in ("2019", "2020")} <= told
    assert {spaced(spain_told("Francia", year)) for year in ("2017", "2019", "2020")} <= told
    assert {spaced(ilo_told("returns", "fra", "esp", year)) for year in ("2017", "2019", "2020")} <= told
    assert spaced(italy_told("SN", "2022")) in told
    assert spaced(italy_told("TN", "2022")) in told
    assert spaced(ilo_told("nationals_abroad", "lso", "zaf", "2024")) in told
    assert spaced(spain_told("Colombia", "2020")) in told


def test_the_page_adds_the_neighbours_of_togo_up_as_the_files_do():
    neighbours = {"nga": "Nigeria", "gha": "Ghana", "civ": "Cote d'Ivoire", "bfa": "Burkina Faso", "ben": "Benin"}
    workbook = CalamineWorkbook.from_path(MAPPINGS / "WB" / "samples" / "bilateral_stocks_2017.xlsx")
    table = workbook.get_sheet_by_name("Bilateral_Migration_2017").to_python()
    heading = next(row for row in table if "Ghana" in [str(cell).strip() for cell in row[1:]])
    columns = {str(cell).strip(): place for place, cell in enumerate(heading)}
    (togo,) = [row for row in table if str(row[0]).strip() == "Togo"]
    abroad = sum(ilo_told("nationals_abroad", "tgo", code, "2017") for code in neighbours)
    born = sum(float(togo[columns[name]]) for name in neighbours.values())
    assert (spaced(abroad), spaced(born)) == ("63 057", "416 954")
    assert all(figure in PAGE for figure in ("63 057", "416 954"))
