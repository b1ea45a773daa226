"""The layouts of national tables, loaded as a person loads them: the observations published, one by one."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sdmx_hub.cli import cli
from tests.mapping.tables import FIXTURES, MAPPINGS
from tests.support.homes import make_office

pytestmark = pytest.mark.usefixtures("parse_here")

LAYOUTS = FIXTURES / "layouts"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Result]:
    """Type a command at a hub that holds the structures; each test has a part of the data of its own."""
    home = tmp_path_factory.mktemp("made") / "office"

    def typed(*words: object) -> Result:
        return CliRunner().invoke(cli, ["--home", str(home), *map(str, words)], catch_exceptions=False)

    make_office(home)
    return typed


def load(run: Callable[..., Result], file: Path, mapping: Path, *more: str) -> dict[str, Any]:
    result = run("load", file, "--mapping", mapping, "--yes", "--json", *more)
    assert result.exit_code == 0, result.output
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def published(run: Callable[..., Result], flow: str, *columns: str, freq: str = "*") -> list[tuple[str, ...]]:
    result = run("export", f"dataflow/ILMH/{flow}/*/{freq}")
    assert result.exit_code == 0, result.output
    return sorted(tuple(row[name] for name in columns) for row in csv.DictReader(io.StringIO(result.stdout)))


def told(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["severity"], one["code"]) for one in report["findings"]]


def test_a_harvest_table_with_merged_headings_a_crop_year_and_ditto_marks(run: Callable[..., Result]) -> None:
    report = load(run, LAYOUTS / "CRI_MTSS.csv", LAYOUTS / "CRI_MTSS.yaml")
    assert (report["read"], report["mapped"], report["rejected"]) == (12, 12, 0)
    assert told(report) == []
    columns = ("INDICATOR", "SEX", "ACTIVITY", "OBS_VALUE", "OBS_STATUS", "CONF_STATUS")
    assert published(run, "DF_FLOW_PERMIT", *columns) == [
        ("PERMIT_APPL", "F", "A01", "", "O", "F"),
        ("PERMIT_APPL", "F", "A0114", "", "Q", "A"),
        ("PERMIT_APPL", "F", "A0127", "640", "A", "F"),
        ("PERMIT_APPL", "M", "A01", "2980", "A", "F"),
        ("PERMIT_APPL", "M", "A0114", "870", "A", "F"),
        ("PERMIT_APPL", "M", "A0127", "2110", "A", "F"),
        ("PERMIT_FIRST", "F", "A01", "", "O", "F"),
        ("PERMIT_FIRST", "F", "A0114", "", "Q", "A"),
        ("PERMIT_FIRST", "F", "A0127", "601", "A", "F"),
        ("PERMIT_FIRST", "M", "A01", "2795", "A", "F"),
        ("PERMIT_FIRST", "M", "A0114", "845", "A", "F"),
        ("PERMIT_FIRST", "M", "A0127", "1950", "A", "F"),
    ]
    fixed = ("COUNTERPART_AREA", "MIG_REASON", "TIME_PERIOD", "REPORTING_YEAR_START_DAY")
    assert set(published(run, "DF_FLOW_PERMIT", *fixed)) == {("NIC", "WRK_SEA", "2023-A1", "--10-01")}


def test_a_monthly_workbook_of_eight_tabs_with_its_date_in_its_name(run: Callable[..., Result]) -> None:
    report = load(run, LAYOUTS / "010424REGIONAL_ANDINA.xlsx", LAYOUTS / "COL_UAEMC.yaml")
    assert (report["read"], report["mapped"], report["rejected"], told(report)) == (8, 8, 0, [])
    columns = ("INDICATOR", "COUNTERPART_AREA", "MIG_REASON", "SEX", "TIME_PERIOD", "UNIT_MEASURE", "OBS_VALUE")
    assert published(run, "DF_FLOW_BORDER", *columns) == [
        ("BORDER_IN", "ECU", "WRK", "F", "2024-03", "MVT", "311"),
        ("BORDER_IN", "PER", "EDU", "M", "2024-03", "MVT", "75"),
        ("BORDER_IN", "VEN", "WRK", "F", "2024-03", "MVT", "1204"),
        ("BORDER_IN", "VEN", "WRK", "M", "2024-03", "MVT", "1377"),
        ("BORDER_OUT", "ECU", "WRK", "F", "2024-03", "MVT", "290"),
        ("BORDER_OUT", "PER", "EDU", "M", "2024-03", "MVT", "0"),
        ("BORDER_OUT", "VEN", "WRK", "F", "2024-03", "MVT", "998"),
        ("BORDER_OUT", "VEN", "WRK", "M", "2024-03", "MVT", "1012"),
    ]


def test_quarters_of_a_fiscal_year_with_none_and_not_available(run: Callable[..., Result]) -> None:
    report = load(run, LAYOUTS / "LSO_BOS.csv", LAYOUTS / "LSO_BOS.yaml")
    assert (report["read"], report["mapped"], report["rejected"]) == (8, 8, 0)
    assert ("warning", "V05-AGREEMENT") in told(report)
    assert published(run, "DF_STOCK_ABROAD", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS") == [
        ("2018-Q1", "20412", "A"),
        ("2018-Q2", "20005", "A"),
        ("2018-Q3", "19870", "A"),
        ("2018-Q4", "0", "A"),
        ("2019-Q1", "19640", "A"),
        ("2019-Q2", "", "O"),
        ("2019-Q3", "18977", "A"),
        ("2019-Q4", "18850", "A"),
    ]
    assert set(published(run, "DF_STOCK_ABROAD", "REPORTING_YEAR_START_DAY")) == {("--04-01",)}
    june = run("export", "dataflow/ILMH/DF_STOCK_ABROAD?c[TIME_PERIOD]=ge:2019-04-01+le:2019-06-30")
    assert [row["TIME_PERIOD"] for row in csv.DictReader(io.StringIO(june.stdout))] == ["2019-Q1"]


def test_returns_of_agencies_where_a_blank_is_not_reported(run: Callable[..., Result]) -> None:
    report = load(run, LAYOUTS / "GHA_LD_returns.csv", LAYOUTS / "GHA_LD_returns.yaml")
    assert (report["errors"], report["rejected"], report["left_out"]) == (0, 0, 2)
    assert published(run, "DF_PES_VAC", "COUNTERPART_AREA", "SEX", "OBS_VALUE", "OBS_STATUS", freq="Q") == [
        ("ARE", "F", "16", "A"),
        ("ARE", "M", "18", "A"),
        ("SAU", "F", "", "L"),
        ("SAU", "M", "", "L"),
        ("W2", "F", "447", "W"),
        ("W2", "M", "1516", "W"),
    ]


def test_placements_of_ghana_keep_what_was_not_reported_apart_from_none(run: Callable[..., Result]) -> None:
    folder = MAPPINGS / "GHA_LD"
    report = load(run, folder / "samples" / "placements_agencies.csv", folder / "placements_agencies.yaml")
    assert report["errors"] == 0
    columns = ("TIME_PERIOD", "COUNTERPART_AREA", "SEX", "OBS_VALUE", "OBS_STATUS")
    missing = [row for row in published(run, "DF_PES_VAC", *columns, freq="A") if row[-1] == "L"]
    assert len(missing) == 6
    assert all(value == "" for *_, value, _ in missing)


def test_recruitments_in_an_old_code_page_and_returns_of_a_part_of_a_month(run: Callable[..., Result]) -> None:
    folder = MAPPINGS / "TUN_ATCT"
    assert (folder / "samples" / "recruitments_2019.csv").read_bytes().count(b"\xe9") == 4
    load(run, folder / "samples" / "recruitments_2019.csv", folder / "recruitments_2019.yaml")
    assert published(run, "DF_REC_CHAIN", "ACTIVITY", "OBS_VALUE") == [
        ("B06", "2"),
        ("O84", "399"),
        ("P852", "734"),
        ("P853", "428"),
        ("P8541", "336"),
        ("Q86", "416"),
        ("X_OTH", "825"),
        ("_T", "3140"),
    ]
    folder = MAPPINGS / "HTI_ONM"
    sample, mapping = folder / "samples" / "returns_months_2021.csv", folder / "returns_months_2021.yaml"
    assert run("load", sample, "--mapping", mapping, "--yes").exit_code == 3
    load(run, sample, mapping, "--override", "SUM-01")
    november = [
        row for row in published(run, "DF_RET_ARR", "TIME_PERIOD", "SEX", "AGE", "OBS_VALUE", "OBS_STATUS")
        if row[0] == "2021-11"
    ]  # fmt: skip
    assert november == [
        ("2021-11", "F", "Y_GE18", "308", "V"),
        ("2021-11", "F", "Y_LT18", "79", "V"),
        ("2021-11", "M", "Y_GE18", "668", "V"),
        ("2021-11", "M", "Y_LT18", "80", "V"),
        ("2021-11", "_T", "_T", "1128", "V"),
    ]
