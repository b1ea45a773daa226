"""Published tables against their samples: figures read a second time with nothing of the hub, and the counts."""

from __future__ import annotations

import csv
import datetime as dt
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.model.period import parse_period
from sdmx_hub.model.rows import literal, quoted
from tests.mapping.tables import MAPPINGS

pytestmark = pytest.mark.usefixtures("parse_here")

Figures = dict[tuple[str, ...], Decimal | None]
"""Value by key; None where the table has a sign in place of it."""


@functools.cache
def sheet_of(name: str, sheet: str | int = 0) -> list[list[Any]]:
    book = CalamineWorkbook.from_path(MAPPINGS / name)
    one = book.get_sheet_by_index(sheet) if isinstance(sheet, int) else book.get_sheet_by_name(sheet)
    return one.to_python(skip_empty_area=False)


def lines_of(name: str) -> list[dict[str, str]]:
    with (MAPPINGS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(cell: Any, signs: tuple[str, ...] = ()) -> Decimal | None:
    text = str(cell).replace(",", "").removesuffix(".0")
    return None if text in signs else Decimal(text)


def canadian(name: str, first: int, names: Mapping[str, str]) -> Figures:
    """Rows with some labels of a table with years, quarters and months above each other."""
    rows = sheet_of(f"CAN_IRCC/samples/{name}")
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    periods, year = {}, ""
    for column in range(first, len(rows[2])):
        year = str(rows[2][column]) or year
        above, below = str(rows[3][column]), str(rows[4][column])
        if below in months:
            periods[column] = f"{year}-{months.index(below) + 1:02}"
        elif not below:
            assert above == f"{year} Total"
            periods[column] = year
        else:
            periods[column] = f"{year}-{below.removesuffix(' Total')}"
    cut = {"2025-Q3", "2025"}
    return {
        (names[row[0]], period): number(row[column], ("--",))
        for row in rows[5:]
        if row[0] in names
        for column, period in periods.items()
        if period not in cut
    }


def humanitarian_permits() -> Figures:
    names = {"India": "IND", "Haiti": "HTI", "Ivory Coast, Republic of": "CIV", "Total": "W1", "Stateless": "W19"}
    names |= {"Congo, People's Republic of the": "COG", "Congo, Democratic Republic of the": "COD"}
    return canadian("humanitarian_permits.xlsx", 1, names)


def permanent_after_temporary() -> Figures:
    return canadian("permanent_after_temporary.xlsx", 4, {"Total": "W1"})


def temporary_worker_program() -> Figures:
    rows = sheet_of("CAN_IRCC/samples/temporary_worker_program.xlsx")
    total = next(row for row in rows if row[0] == "Total")
    return {("W1", str(year)): number(cell) for year, cell in zip(rows[2][3:], total[3:], strict=True) if year}


def world_bank(name: str) -> Figures:
    """The years of some countries of a workbook of the World Development Indicators."""
    rows = sheet_of(f"WB/samples/{name}", "Data")
    wanted = {"SEN", "COL", "HTI", "FRA", "ZAF", "LSO", "USA", "MEX"}
    return {
        (row[1], year): number(cell)
        for row in rows[4:]
        for year, cell in zip(rows[3], row, strict=True)
        if row[1] in wanted and isinstance(cell, float)
    }


def knomad(name: str, header: int) -> Figures:
    rows = sheet_of(f"WB/samples/{name}")
    names = {"Senegal": "SEN", "Haiti": "HTI", "Yemen, Rep.": "YEM", "Türkiye, Rep. of": "TUR", "Faeroe Islands": "FRO"}
    years = {column: str(head).removesuffix(".0") for column, head in enumerate(rows[header])}
    return {
        (names[row[0]], years[column]): (number(cell) or None) and Decimal(str(cell)) * 1_000_000
        for row in rows
        if row[0] in names
        for column, cell in enumerate(row)
        if years[column].isdigit() and cell != ""
    }


def bilateral(name: str, *, scale: int) -> Figures:
    rows = sheet_of(f"WB/samples/{name}")
    names = {"Senegal": "SEN", "Tunisia": "TUN", "Italy": "ITA", "France": "FRA", "Lesotho": "LSO"}
    names |= {"South Africa": "ZAF", "Korea, Dem. Rep.": "PRK", "Cote d'Ivoire": "CIV", "Côte d'Ivoire": "CIV"}
    across = {column: names[head] for column, head in enumerate(rows[1]) if head in names}
    down = names | {"World": "W1", "WORLD": "W1"}
    return {
        (across[column], down[row[0]]): None if row[column] in {0, "", "-"} else Decimal(str(row[column])) * scale
        for row in rows[2:]
        if row[0] in down
        for column in across
        if across[column] != down[row[0]]
    }


def goals(name: str, column: str) -> Figures:
    """Some countries of a table of the database of the Sustainable Development Goals."""
    areas = {"188": "CRI", "686": "SEN", "426": "LSO", "170": "COL", "4": "AFG", "788": "TUN"}
    return {
        (areas[row["geo_area"]], row["year"]): Decimal(row[column])
        for row in lines_of(f"UNSD/samples/{name}.csv")
        if row["geo_area"] in areas
    }


def destinations(name: str, scale: int) -> Figures:
    rows = sheet_of(f"UN_DESA/samples/{name}")
    areas = {188: "CRI", 380: "ITA", 686: "SEN", 729: "SDN", 336: "VAT", 36: "AUS", 204: "BEN"}
    blocks = [(5, "_T"), (12, "M"), (19, "F")]
    return {
        (areas[int(row[3])], sex, str(int(rows[10][first + step]))): None
        if row[first + step] == ".."
        else (Decimal(str(row[first + step])) * scale).normalize()
        for row in rows[11:]
        if row[3] in areas
        for first, sex in blocks
        for step in range(7)
    }


def visas(name: str) -> Figures:
    with (MAPPINGS / "USA_DOS/samples" / name).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    names = {"Mexico": "MEX", "Haiti": "HTI", "Senegal": "SEN", "Costa Rica": "CRI", "Grand Totals": "W1"}
    kinds = {"WRK_HSK": ["H-1B"], "WRK_SEA": ["H-2A"], "WRK_OTH": ["H-2B", "H-2R"], "WRK_ICT": ["L-1"]}
    return {
        (names[row[0]], reason): Decimal(sum(int(row[header.index(kind)]) for kind in some if kind in header))
        for row in rows
        if row[0] in names
        for reason, some in kinds.items()
    }


def violations() -> Figures:
    """Violations by subject: those that say so in plain words, added up by hand."""
    rows = {" ".join(row["VIOLATION_DESC"].split()): row for row in lines_of("USA_DOL/samples/h2_violations.csv")}

    def sum_of(*words: str) -> Decimal:
        found = [row for text, row in rows.items() if any(word in text for word in words)]
        assert len(found) == len(words), words
        return Decimal(sum(int(row["H2A"]) + int(row["H2B"]) for row in found))

    return {
        ("MIG", "FEES"): sum_of("cost-shifting", "Prohibited Fees"),
        ("MIG", "HOUS"): sum_of("09 Illegal charges", "06 Failed to provide housing", "public housing", "bedding"),
        ("MIG", "REPAT"): sum_of("inbound", 'outbound trans"', "10 Failed to provide tr", "Wages - Transportation"),
        ("MIG", "OTH"): sum_of("keep records", "make available required"),
        ("NMIG", "DISM"): sum_of("Layoff"),
        ("MIG", "CONTR"): sum_of("01 Failed", '"meals"', "contract impossib", "Improper Job", "Place of Employment"),
        ("NMIG", "DISC"): sum_of("17 Pref", "02 Unlaw", "Terms and", "Requirement to Hire", "Job Opportunity"),
    }


AREA_TIME = ("COUNTERPART_AREA", "TIME_PERIOD")
REF_TIME = ("REF_AREA", "TIME_PERIOD")
SEX_TIME = ("REF_AREA", "SEX", "TIME_PERIOD")
PAIR = ("REF_AREA", "COUNTERPART_AREA")
VISA = ("COUNTERPART_AREA", "MIG_REASON")


@dataclass(frozen=True)
class Table:
    """A mapping, the figures it maps and leaves out, and a reading of (some of) the file by columns of the key."""

    name: str
    mapped: int
    left_out: int
    columns: tuple[str, ...]
    read: Callable[[], Figures]
    sample: str = ""


REMITTANCES = "bilateral_remittances_2017.xlsx"
TABLES = (
    Table("CAN_IRCC/humanitarian_permits", 35800, 400, AREA_TIME, humanitarian_permits),
    Table("CAN_IRCC/permanent_after_temporary", 179, 2, AREA_TIME, permanent_after_temporary),
    Table("CAN_IRCC/temporary_worker_program", 25, 0, AREA_TIME, temporary_worker_program),
    Table("UNSD/remittances_gdp", 4546, 1068, REF_TIME, lambda: goals("remittances_gdp", "bx_trf_pwkr")),
    Table("UNSD/remittance_cost", 382, 32, AREA_TIME, lambda: goals("remittance_cost", "si_rmt_cost")),
    Table("UNSD/labour_rights", 407, 24, REF_TIME, lambda: goals("labour_rights", "sl_lbr_ntlcpl")),
    Table("UN_DESA/migrant_stock_2020", 4851, 21, SEX_TIME, lambda: destinations("migrant_stock_2020.xlsx", 1)),
    Table("UN_DESA/population_2020", 4914, 21, SEX_TIME, lambda: destinations("population_2020.xlsx", 1000)),
    Table("USA_DOL/h2_violations", 68, 0, ("MIG_STATUS", "COMPLAINT_TYPE"), violations),
    Table("USA_DOS/work_visas", 804, 28, VISA, lambda: visas("work_visas.csv")),
    Table("USA_DOS/work_visas", 980, 35, VISA, lambda: visas("FY97.csv"), sample="FY97.csv"),
    Table("USA_DOS/work_visas", 990, 35, VISA, lambda: visas("FY07.csv"), sample="FY07.csv"),
    Table("WB/remittances_paid", 6561, 10197, REF_TIME, lambda: world_bank("remittances_paid.xls")),
    Table("WB/sending_cost_from", 394, 16364, REF_TIME, lambda: world_bank("sending_cost_from.xls")),
    Table("WB/sending_cost_to", 956, 15802, AREA_TIME, lambda: world_bank("sending_cost_to.xls")),
    Table("WB/remittance_inflows", 4428, 540, REF_TIME, lambda: knomad("remittance_inflows.xlsx", 0)),
    Table("WB/remittance_outflows", 4525, 397, REF_TIME, lambda: knomad("remittance_outflows.xlsx", 1)),
    Table("WB/bilateral_stocks_2017", 45795, 1077, PAIR, lambda: bilateral("bilateral_stocks_2017.xlsx", scale=1)),
    Table("WB/bilateral_remittances_2017", 45369, 641, PAIR, lambda: bilateral(REMITTANCES, scale=1_000_000)),
)


def found(mapped: Mapped, columns: tuple[str, ...], wanted: Figures) -> dict[tuple[str, ...], Decimal | None]:
    """The observations with some keys; one met twice is a fault."""
    places = [
        f"{quoted(name)} IN ({', '.join(map(literal, sorted({key[at] for key in wanted})))})"
        for at, name in enumerate(columns)
    ]
    query = f"SELECT {', '.join(map(quoted, columns))}, OBS_VALUE FROM ({mapped.rows.sql}) WHERE {' AND '.join(places)}"  # noqa: S608
    rows = mapped.rows.connection.execute(query).fetchall()
    keyed = {row[:-1]: None if row[-1] is None else Decimal(row[-1]) for row in rows}
    assert len(keyed) == len(rows)
    return {key: value for key, value in keyed.items() if key in wanted}


Shipped = Callable[..., Mapped]


@pytest.fixture
def shipped(shipped_once: Shipped) -> Shipped:
    return shipped_once


@pytest.mark.parametrize("table", TABLES, ids=lambda table: f"{table.name}-{table.sample}")
def test_figures_are_those_of_the_published_file(table: Table, shipped: Shipped) -> None:
    mapped = shipped(table.name, table.sample)
    counts = (mapped.mapped, mapped.left_out, mapped.rejected, mapped.findings)
    assert counts == (table.mapped, table.left_out, 0, ())
    figures = table.read()
    assert len(figures) >= 5
    ours = found(mapped, table.columns, figures)
    assert ours.keys() == figures.keys()
    for key, value in figures.items():
        assert (ours[key] is None) == (value is None), key
        assert value is None or float(ours[key] or 0) == pytest.approx(float(value), rel=1e-12), key


def cells(mapped: Mapped, *columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    query = f"SELECT DISTINCT {', '.join(map(quoted, columns))} FROM ({mapped.rows.sql}) WHERE {where} ORDER BY ALL"  # noqa: S608
    return mapped.rows.connection.execute(query).fetchall()


def test_what_canada_hides_is_told_and_never_zero(shipped: Shipped) -> None:
    mapped = shipped("CAN_IRCC/humanitarian_permits")
    raw = [cell for row in sheet_of("CAN_IRCC/samples/humanitarian_permits.xlsx")[5:205] for cell in row[1:180]]
    hidden = mapped.rows.connection.execute(
        f"SELECT count(*) FROM ({mapped.rows.sql}) WHERE OBS_STATUS = 'Q'"  # noqa: S608
    ).fetchone()
    assert hidden == (raw.count("--"),)
    told = cells(mapped, "OBS_STATUS", "CONF_STATUS", "COMMENT_OBS", where="OBS_VALUE IS NULL")
    assert told == [("Q", "A", None)]
    assert cells(mapped, "OBS_STATUS", "COMMENT_OBS", where="OBS_VALUE IS NOT NULL") == [
        ("A", "Rounded to 5 by the source")
    ]
    assert cells(mapped, "FREQ", "UNIT_MEASURE") == [("A", "PS"), ("M", "PS"), ("Q", "PS")]
    for frequency, period in cells(mapped, "FREQ", "TIME_PERIOD"):
        assert parse_period(period).frequency == frequency


def test_only_a_part_of_the_admitted_is_told_as_such(shipped: Shipped) -> None:
    mapped = shipped("CAN_IRCC/permanent_after_temporary")
    [(kind, status, comment)] = cells(mapped, "MIG_TYPE", "OBS_STATUS", "COMMENT_OBS")
    assert (kind, status) == ("PERM", "D")
    assert comment.startswith("Only persons who held a permit")


def test_the_basis_of_a_stock_is_that_of_its_country(shipped: Shipped) -> None:
    mapped = shipped("UN_DESA/migrant_stock_2020")
    types = {"B": ("CBR", "A"), "C": ("CCT", "A"), "I": ("CBR", "I"), "CB": ("CBR", "D")}
    expected = {
        (row[3], *types[row[4].replace("R", "").replace(" ", "")])
        for row in sheet_of("UN_DESA/samples/migrant_stock_2020.xlsx")[11:]
        if row[3] in {188, 380, 392, 336, 408, 204, 710}
    }
    areas = {"CRI": 188, "ITA": 380, "JPN": 392, "VAT": 336, "PRK": 408, "BEN": 204, "ZAF": 710}
    told = cells(mapped, "REF_AREA", "COUNTERPART_TYPE", "OBS_STATUS", where="OBS_VALUE IS NOT NULL")
    assert {(areas[area], kind, status) for area, kind, status in told if area in areas} == expected


@pytest.mark.parametrize(("file", "year"), [("FY97.csv", 1996), ("FY07.csv", 2006), ("", 2014)])
def test_fiscal_years_begin_in_october(file: str, year: int, shipped: Shipped) -> None:
    [(period, start)] = cells(
        shipped("USA_DOS/work_visas", file),
        "TIME_PERIOD",
        "REPORTING_YEAR_START_DAY",
    )
    assert period == f"{year}-A1"
    assert parse_period(period, start).start == dt.datetime(year, 10, 1)


def test_what_it_costs_to_send_depends_on_the_direction(shipped: Shipped) -> None:
    sent = shipped("WB/sending_cost_from")
    assert cells(sent, "COUNTERPART_AREA", "SEND_AMOUNT", "UNIT_MEASURE") == [("W1", "A200", "PT")]
    for name in ("WB/sending_cost_to", "UNSD/remittance_cost"):
        received = shipped(name)
        assert cells(received, "REF_AREA", "SEND_AMOUNT", "UNIT_MEASURE") == [("W0", "A200", "PT")]


def test_both_publishers_print_the_same_cost(shipped: Shipped) -> None:
    bank = shipped("WB/sending_cost_to")
    costs = {row[:2]: float(row[2]) for row in cells(bank, "COUNTERPART_AREA", "TIME_PERIOD", "OBS_VALUE")}
    nations = shipped("UNSD/remittance_cost")
    same = [
        abs(costs[area, year] - float(value)) <= 0.05001
        for area, year, value in cells(nations, "COUNTERPART_AREA", "TIME_PERIOD", "OBS_VALUE")
        if (area, year) in costs and year in {"2011", "2018"}
    ]
    assert sum(same) > 0.9 * len(same) > 100


@pytest.mark.parametrize(
    ("name", "pair", "value"),
    [
        ("WB/bilateral_stocks_2017", ("ZAF", "LSO"), 312_537),
        ("WB/bilateral_stocks_2017", ("ITA", "SEN"), 93_567),
        ("WB/bilateral_stocks_2017", ("FRA", "TUN"), 394_748),
        ("WB/bilateral_remittances_2017", ("LSO", "ZAF"), 399_200_000),
        ("WB/bilateral_remittances_2017", ("SEN", "ITA"), 424_800_000),
    ],
)
def test_the_pairs_run_the_right_way(name: str, pair: tuple[str, str], value: int, shipped: Shipped) -> None:
    mapped = shipped(name)
    where = f"REF_AREA = '{pair[0]}' AND COUNTERPART_AREA = '{pair[1]}'"
    [(found_value,)] = cells(mapped, "OBS_VALUE", where=where)
    assert float(found_value) == pytest.approx(value, abs=50_000 if value > 10**8 else 0)


def test_a_matrix_that_may_not_be_handed_on_is_mapped_too(apply: Callable[..., Mapped], tmp_path: Path) -> None:
    heading = ["Sort \norder", "Major area, region, country or area of destination", "Notes", "Country code"]
    heading += [
        "Type of data (a)",
        "More",
        "World",
        "Other North",
        "Other South",
        "Côte d'Ivoire",
        "Sweden",
        "Zimbabwe",
    ]
    heading.append("")
    table = [[""] * 13 for _ in range(15)] + [heading]
    table += [["1", "WORLD", "", "900", "", "", " 9 000", " 5", " 6", " 1 000", " 2", " 3", ""]]
    table += [["2", "Sweden", "(1)", "752", "B R", "No", " 1 216", "  4", "  12", " 1 200", " 7", "", ""]]
    table += [["3", "Japan", "", "392", "C", "No", "  20", "", "  20", "", "", "", ""]]
    file = tmp_path / "stock.csv"
    with file.open("w", encoding="cp850", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(table)
    mapped = apply(MAPPINGS / "UN_DESA" / "migrant_stock_2013.yaml", file)
    assert (mapped.rejected, mapped.findings) == (0, ())
    assert cells(mapped, "REF_AREA", "COUNTERPART_TYPE", "COUNTERPART_AREA", "OBS_VALUE") == [
        ("JPN", "CCT", "G_OTH", "20"),
        ("JPN", "CCT", "W1", "20"),
        ("SWE", "CBR", "CIV", "1200"),
        ("SWE", "CBR", "G_OTH", "16"),
        ("SWE", "CBR", "W1", "1216"),
    ]


def test_years_that_stand_beside_many_codes_are_mapped(apply: Callable[..., Mapped], tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Canada by Citizenship"
    sheet.append(["Type", "Coverage", "OdName", "AREA", "AreaName", "REG", "RegName", "DEV", "DevName", 1980, 1981])
    sheet.append(["Immigrants", "Foreigners", "Congo", 903, "Africa", 911, "Middle Africa", 902, "Developing", 3, 0])
    sheet.append(["Immigrants", "Citizens", "Canada", 905, "America", 905, "America", 901, "Developed", 0, 1])
    sheet.append(["Immigrants", "Foreigners", "Unknown", 999, "World", 999, "World", 999, "World", 44, ".."])
    sheet.append([None] * 11)
    book.save(tmp_path / "flow.xlsx")
    mapped = apply(MAPPINGS / "UN_DESA" / "immigration_canada.yaml", tmp_path / "flow.xlsx")
    assert (mapped.rejected, mapped.findings) == (0, ())
    assert cells(mapped, "COUNTERPART_AREA", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS") == [
        ("COG", "1980", "3", "A"),
        ("COG", "1981", "0", "A"),
        ("W2", "1980", "0", "A"),
        ("W2", "1981", "1", "A"),
        ("_U", "1980", "44", "A"),
        ("_U", "1981", None, "O"),
    ]
