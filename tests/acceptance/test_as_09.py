"""AS-09: an analyst of a labour ministry reads placements at home and abroad in one table."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.hubs import CSV_1, CSV_2, Server, ask, data_path, load_sample, rows_of, run, run_well, serving

QUERY = "c[REF_AREA]=GHA&c[INDICATOR]=PLACE&c[SERVICE_PROVIDER]=PEA&c[COUNTERPART_TYPE]=CWK"
WHAT = "dataflow/ILMH/DF_PES_VAC/1.0.0?{}"
PAGE = "/dataflow/ILMH/DF_PES_VAC"
HEADINGS = {
    "en": ("COUNTERPART_AREA: Counterpart area (partner)", "SEX: Sex", "W1: Rest of the world"),
    "fr": ("COUNTERPART_AREA: Zone de contrepartie (partenaire)", "SEX: Sexe", "W1: Reste du monde"),
    "es": ("COUNTERPART_AREA: Área de contrapartida (socio)", "SEX: Sexo", "W1: Resto del mundo"),
}


@pytest.fixture(scope="module")
def ministry(bare_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the placements of Ghana; nobody changes it."""
    home = Path(shutil.copytree(bare_home, tmp_path_factory.mktemp("ministry") / "home"))
    report = load_sample(home, "GHA_LD", "placements_agencies")
    assert (report["errors"], report["added"]) == (0, 12)
    return home


@pytest.fixture(scope="module")
def ghana(ministry: Path) -> Iterator[Server]:
    with serving(ministry) as running:
        yield running


def figures(table: Any) -> dict[tuple[str, str, str, bool], tuple[str | None, list[str]]]:
    """The cells of a table: (area, sex, period, is it a share) → value and flags."""
    return {
        (row["key"]["COUNTERPART_AREA"], row["key"]["SEX"], period, "share_of" in row): (cell["value"], cell["flags"])
        for row in table["rows"]
        for period, cell in zip(table["periods"], row["cells"], strict=True)
    }


def assert_as_stated(table: Any) -> None:
    found = figures(table)
    assert found["W2", "_T", "2013", False] == ("5637", [])
    assert found["W1", "_T", "2013", False] == ("396", [])
    assert found["W0", "_T", "2013", False] == ("6033", ["E"])
    assert found["W0", "_T", "2014", False] == ("4702", [])
    assert found["W2", "_T", "2014", False] == ("4208", ["E"])
    assert found["W1", "_T", "2013", True][0] == "6.56"
    assert found["W1", "_T", "2014", True][0] == "10.51"
    assert found["W0", "F", "2014", True][0] == "24.29"


def test_one_table_at_the_command_line_has_home_and_abroad_with_shares(ministry: Path) -> None:
    assert_as_stated(ask(ministry, "table", WHAT.format(QUERY), "--derive", "totals,shares"))
    shown = run_well(ministry, "table", WHAT.format(QUERY), "--derive", "totals,shares", "--language", "fr")
    assert "Reste du monde" in shown
    assert "6 033 E" in shown.replace("\u202f", " ").replace("\xa0", " ")


def test_a_page_and_its_json_twin_show_the_same_table(ghana: Server) -> None:
    content = ghana.get(f"{PAGE}.json?derive=totals,shares&c[SERVICE_PROVIDER]=PEA").json()
    assert content["derive"] == ["totals", "shares"]
    assert_as_stated(content["table"])
    page = ghana.get(f"{PAGE}?derive=totals&derive=shares", "text/html", Accept_Language="es").text
    assert "6.033" in page
    assert "24,29" in page
    assert "Cifras derivadas" in page


def test_what_is_derived_is_not_stored(ghana: Server) -> None:
    rows = rows_of(ghana.get(data_path("v2", "DF_PES_VAC", query=QUERY), CSV_2).body)
    assert len(rows) == 12
    assert not {"6033", "4208"} & {row["OBS_VALUE"] for row in rows}
    plain = figures(ghana.get(f"{PAGE}.json").json()["table"])
    assert plain["W2", "_T", "2014", False] == (None, [])
    assert not any(is_share for *_, is_share in plain)


@pytest.mark.parametrize("media_type", [CSV_1, CSV_2])
@pytest.mark.parametrize("language", HEADINGS)
def test_a_csv_with_labels_opens_in_a_spreadsheet_in_three_languages(
    ghana: Server, media_type: str, language: str
) -> None:
    answer = ghana.get(
        data_path("v2", "DF_PES_VAC", query=QUERY), f"{media_type};labels=both", Accept_Language=language
    )
    assert answer.status == 200
    assert "labels=both" in (answer.content_type or "")
    heading, *rows = csv.reader(io.StringIO(answer.text, newline=""))
    area, sex, abroad = HEADINGS[language]
    assert {area, sex} <= set(heading)
    assert {len(row) for row in rows} == {len(heading)}
    assert abroad in {row[heading.index(area)] for row in rows}
    assert len(rows) == 12


def test_a_return_that_is_missing_is_told_as_missing_and_never_as_nought(ghana: Server) -> None:
    rows = rows_of(ghana.get(data_path("v2", "DF_PES_VAC", query=QUERY), CSV_2).body)
    missing = {
        (row["TIME_PERIOD"], row["COUNTERPART_AREA"], row["SEX"]) for row in rows
        if row["OBS_STATUS"] == "L" and row["OBS_VALUE"] == ""
    }  # fmt: skip
    assert missing == {
        (year, area, sex) for year, area in (("2013", "W2"), ("2013", "W1"), ("2014", "W1")) for sex in "MF"
    }
    assert "0" not in {row["OBS_VALUE"] for row in rows}
    derived = figures(ghana.get(f"{PAGE}.json?derive=totals,shares").json()["table"])
    assert derived["W1", "F", "2014", False] == (None, ["L"])


def test_a_country_without_data_is_not_found(ghana: Server, ministry: Path) -> None:
    """By v1 it is 404; v2 says the same of data by 204 (REST v2.2): never 200 with an empty table."""
    lesotho = QUERY.replace("GHA", "LSO")
    answer = ghana.get(data_path("v1", "DF_PES_VAC", "A.LSO.PLACE.CWK.........."), CSV_1)
    assert answer.status == 404
    answer = ghana.get(data_path("v2", "DF_PES_VAC", query=lesotho), CSV_2)
    assert (answer.status, answer.body) == (204, b"")
    assert run(ministry, "table", WHAT.format(lesotho)).returncode == 5
