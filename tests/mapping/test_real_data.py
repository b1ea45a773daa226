"""Published tables against their mappings: every sample row is read a second time, with nothing of the hub."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from sdmx_hub.mapping.apply import Mapped
from tests.mapping.tables import MAPPINGS, observations

Row = Mapping[str, str]
Key = tuple[str, ...]
FLAGS = {"": "A", "b": "B", "bu": "B", "bd": "B", "d": "D", "u": "U", "e": "E", "p": "P"}
COUNTRIES = {"Italy": "ITA", "Spain": "ESP", "Greece": "GRC", "Türkiye": "TUR", "Czechia": "CZE", "France": "FRA"}
EU = "European Union - 27 countries (from 2020)"
SEXES = {"T": "_T", "M": "M", "F": "F", "9": "_T", "1": "M", "2": "F", "Total": "_T", "Males": "M", "Females": "F"}
EDUCATION = {"13": "EDU_BAS", "7": "EDU_INT", "11": "EDU_ADV", "99": "_T"}


@dataclass(frozen=True)
class Table:
    """A sample, the columns that are told apart, and what a row of it is: a key, or nothing where it is left out.

    ``partial`` says that only rows of some areas are read here, and ``added`` that rows of one key are added up.
    ``figures`` are some of its figures, looked up in the file by eye: the key, and the value.
    """

    name: str
    columns: str
    read: Callable[[Row], Key | None]
    figures: str
    value: str = "OBS_VALUE"
    delimiter: str = ","
    decimal: str = "."
    partial: bool = False
    added: bool = False


def iso2(code: str) -> str:
    return {"EL": "GRC", "UK": "GBR", "IT": "ITA", "ES": "ESP", "FR": "FRA", "TR": "TUR", "CZ": "CZE"}.get(code, "")


def status(row: Row) -> str:
    unpublished = not row["OBS_VALUE"] and "u" in row["OBS_FLAG"]
    return "Q" if unpublished else FLAGS[row["OBS_FLAG"]]


def employment(row: Row) -> Key | None:
    return (iso2(row["geo"]), SEXES[row["sex"]], row["TIME_PERIOD"], status(row)) if iso2(row["geo"]) else None


def labour_status(row: Row) -> Key | None:
    indicator = {"EMP": "EMP", "UNE": "UNE", "INAC": "OLF"}[row["wstatus"]]
    area = iso2(row["geo"])
    return (area, indicator, SEXES[row["sex"]], row["TIME_PERIOD"], status(row)) if area else None


def unemployment(row: Row) -> Key | None:
    citizens = {"Total": "W0", "Foreign country": "W1", "Reporting country": "W2", "No response": "_U"}
    area, partner = {**COUNTRIES, EU: "G_EU27"}.get(row["geo"]), citizens.get(row["citizen"])
    return (area, partner, SEXES[row["sex"]], row["TIME_PERIOD"], status(row)) if area and partner else None


def first_permits(row: Row) -> Key | None:
    area = {**COUNTRIES, EU: "G_EU27"}.get(row["geo"])
    return (area, row["TIME_PERIOD"], FLAGS[row["OBS_FLAG"]]) if area else None


def whole_person(row: Row) -> bool:
    return "." not in row["OBS_VALUE"]


def immigration(row: Row) -> Key | None:
    return (row["REF_AREA"], row["TIME_PERIOD"]) if whole_person(row) else None


def permanent(row: Row) -> Key | None:
    reason = {"WO": "WRK", "FA": "FAM", "AC": "FAM", "HU": "HUM", "FR": "FRM", "OT": "OTH"}[row["MIGRATION_TYPE"]]
    if not whole_person(row) or (row["MIGRATION_TYPE"], row["TIME_PERIOD"]) == ("AC", "2023"):
        return None
    return (reason, row["TIME_PERIOD"], row["OBS_STATUS"])


def temporary(row: Row) -> Key | None:
    reasons = {"SEAS": "WRK_SEA", "INTRA": "WRK_ICT", "WHM": "WRK_OTH", "OTH": "WRK_OTH", "STU": "EDU", "TRA": "EDU"}
    return (row["REF_AREA"], reasons[row["MIGRATION_TYPE"]], row["TIME_PERIOD"])


def permit_holders(row: Row) -> Key | None:
    countries = {"TN": "TUN", "SN": "SEN", "ML": "MLI", "GH": "GHA", "CO": "COL", "MA": "MAR", "X95": "XKX"}
    area = {**countries, "WORLD": "W1", "X777": "G_OTH"}.get(row["MOSTREL_CCITENSHIP"])
    return (area, SEXES[row["SEX"]], row["TIME_PERIOD"]) if area and row["TYPE_RES_PERMIT"] == "TOTAL" else None


def employed(row: Row) -> Key | None:
    taken = row["ITTER107"] == "IT" and row["REGIME_ORARIO"] == "9"
    return (frequency(row), SEXES[row["SEXISTAT1"]], row["TIME"]) if taken else None


def employees(row: Row) -> Key | None:
    contract = {"9": "S4", "2": "S41", "1": "S42"}[row["CARATT_OCC"]]
    return (frequency(row), contract, SEXES[row["SEXISTAT1"]], row["TIME"]) if row["ITTER107"] == "IT" else None


def educated(row: Row) -> Key | None:
    if row["ITTER107"] != "IT" or row["TITOLO_STUDIO"] == "99":
        return None
    return (frequency(row), EDUCATION[row["TITOLO_STUDIO"]], row["TIME"], "AW"[row["TITOLO_STUDIO"] == "13"])


def unemployment_rate(row: Row) -> Key | None:
    if row["ITTER107"] != "IT":
        return None
    education = EDUCATION[row["TITOLO_STUDIO"]]
    return (row["ETA1"].replace("-", "T"), education, row["TIME"], "AW"[education == "EDU_BAS"])


def frequency(row: Row) -> str:
    return "Q" if "Q" in row["TIME"] else "A"


def rates(row: Row) -> Key | None:
    if row["Provincias"] != "Total Nacional":
        return None
    kinds = {"actividad": "LFPR", "empleo de la población": "EPR", "paro de la población": "UR"}
    sex = {"Ambos sexos": "_T", "Hombres": "M", "Mujeres": "F"}[row["Sexo"]]
    return (kinds[row["Tasas"].removeprefix("Tasa de ")], sex, row["Periodo"].replace("T", "-Q"))


TABLES = (
    Table(
        "EUR_ESTAT/employment_citizenship",
        "REF_AREA SEX TIME_PERIOD OBS_STATUS",
        employment,
        "ITA _T 2019 A 22465.4",
        partial=True,
    ),
    Table(
        "EUR_ESTAT/labour_status_foreigners",
        "REF_AREA INDICATOR SEX TIME_PERIOD OBS_STATUS",
        labour_status,
        "ITA EMP F 2023 A 956.0, ITA OLF M 2024 A 319.5, ITA UNE _T 2024 A 278.3",
        partial=True,
    ),
    Table(
        "EUR_ESTAT/unemployment_citizenship",
        "REF_AREA COUNTERPART_AREA SEX TIME_PERIOD OBS_STATUS",
        unemployment,
        "G_EU27 W0 _T 2023 A 13205.3, G_EU27 _U _T 2023 Q -, ITA W1 _T 2022 A 323.7, ITA W2 _T 2023 A 1643.3",
        partial=True,
    ),
    Table(
        "EUR_ESTAT/first_permits",
        "REF_AREA TIME_PERIOD OBS_STATUS",
        first_permits,
        "G_EU27 2023 A 3741015, GRC 2012 A 16252, ITA 2020 A 143697",
        partial=True,
    ),
    Table("OECD_IMD/immigration_total", "REF_AREA TIME_PERIOD", immigration, "GRC 2014 29510"),
    Table(
        "OECD_IMD/permanent_inflows", "MIG_REASON TIME_PERIOD OBS_STATUS", permanent, "FAM 2018 A 121930", added=True
    ),
    Table(
        "OECD_IMD/temporary_inflows",
        "REF_AREA MIG_REASON TIME_PERIOD",
        temporary,
        "CAN WRK_OTH 2023 226051, CAN EDU 2023 351747, DEU EDU 2023 70711, DEU WRK_OTH 2023 -, DEU WRK_SEA 2023 2329",
        added=True,
    ),
    Table(
        "ITA_ISTAT/permit_holders_citizenship",
        "COUNTERPART_AREA SEX TIME_PERIOD",
        permit_holders,
        "SEN _T 2024 97040, W1 _T 2023 3727706, XKX F 2023 17497, G_OTH M 2024 74694",
        partial=True,
    ),
    Table(
        "ITA_ISTAT/employed_foreigners",
        "FREQ SEX TIME_PERIOD",
        employed,
        "A _T 2023 2373.55, Q _T 2023-Q1 2276.537, Q _T 2019-Q1 2326.565",
        value="Value",
    ),
    Table(
        "ITA_ISTAT/foreign_employees",
        "FREQ EMP_STATUS SEX TIME_PERIOD",
        employees,
        "A S4 _T 2022 2067.673, A S41 F 2022 713.307, A S42 M 2022 280.177",
        value="Value",
    ),
    Table(
        "ITA_ISTAT/employed_foreigners_education",
        "FREQ EDUCATION_LEV TIME_PERIOD OBS_STATUS",
        educated,
        "Q EDU_ADV 2024-Q3 A 324.359, Q EDU_BAS 2024-Q3 W 1112.72, Q EDU_INT 2024-Q3 A 1146.806",
        value="Value",
    ),
    Table(
        "ITA_ISTAT/unemployment_rate_foreigners",
        "AGE EDUCATION_LEV TIME_PERIOD OBS_STATUS",
        unemployment_rate,
        "Y15T64 _T 2024-Q3 A 9.355686, Y15T64 EDU_BAS 2024-Q3 W 10.207866, Y15T64 EDU_ADV 2024-Q3 A 7.717114",
        value="Value",
    ),
    Table(
        "ESP_INE/activity_rates",
        "INDICATOR SEX TIME_PERIOD",
        rates,
        "LFPR _T 2025-Q4 58.94, UR F 2002-Q1 16.35, EPR M 2025-Q4 58.24",
        value="Total",
        delimiter=";",
        decimal=",",
    ),
)


def rows_of(table: Table) -> Iterator[Row]:
    place = MAPPINGS / table.name
    with (place.parent / "samples" / f"{place.name}.csv").open(encoding="utf-8-sig", newline="") as stream:
        yield from csv.DictReader(stream, delimiter=table.delimiter)


def expected(table: Table) -> dict[Key, Decimal | None]:
    """The figures of the file by key, read without the hub; one that is not there makes a sum missing."""
    found: dict[Key, list[str]] = defaultdict(list)
    for row in rows_of(table):
        key = table.read(row)
        if key is not None:
            found[key].append(row[table.value].replace(table.decimal, "."))
    assert table.added or all(len(figures) == 1 for figures in found.values())
    return {key: None if "" in figures else sum(map(Decimal, figures), Decimal(0)) for key, figures in found.items()}


def mapped_figures(mapped: Mapped, columns: str) -> dict[Key, Decimal | None]:
    rows = observations(mapped, *columns.split(), "OBS_VALUE")
    found = {row[:-1]: None if row[-1] is None else Decimal(row[-1]) for row in rows}
    assert len(found) == len(rows)
    return found


def figures_of(text: str) -> Iterator[tuple[Key, Decimal | None]]:
    for part in text.split(","):
        *key, figure = part.split()
        yield tuple(key), None if figure == "-" else Decimal(figure)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_figures_are_those_of_the_published_table(table: Table, shipped_once: Callable[..., Mapped]) -> None:
    mapped = shipped_once(table.name)
    ours = mapped_figures(mapped, table.columns)
    theirs = expected(table)
    assert len(theirs) > 20
    if table.partial:
        assert theirs.items() <= ours.items()
    else:
        assert ours == theirs
    for key, figure in figures_of(table.figures):
        assert ours[key] == figure, key


@dataclass(frozen=True)
class Excerpt:
    """Rows of a published table that does not come with the hub, and all that they become."""

    name: str
    columns: str
    text: str
    figures: str


EXCERPTS = (
    Excerpt(
        "EUR_ESTAT/immigration_citizenship_names",
        "REF_AREA COUNTERPART_AREA TIME_PERIOD",
        """Country of citizenship,geo,year,Migrants number
Spain,Spain,2022,138420.0
Spain,Italy,2022,2285.0
Italy,Italy,2022,74490.0
Senegal,Spain,2022,11464.0
Tunisia,Italy,2022,7836.0
Total,Spain,2022,1258894.0
""",
        "ESP W2 2022 138420, ITA ESP 2022 2285, ITA W2 2022 74490, ESP SEN 2022 11464, ITA TUN 2022 7836, "
        "ESP W0 2022 1258894",
    ),
    Excerpt(
        "EUR_ESTAT/valid_permits_citizenship",
        "REF_AREA INDICATOR COUNTERPART_AREA SOURCE_TYPE TIME_PERIOD",
        """Country of citizenship,geo,Migrants number,year,Population,Migrants number per 100k inhabitants
Mali,Italy,21521.0,2022,59030133,36.46
Senegal,Italy,108614.0,2022,59030133,184.0
Tunisia,Italy,108500.0,2022,59030133,183.8
Total,Italy,3838651.0,2022,59030133,6502.87
Benin,Germany,1026.0,2008,82217837,1.25
""",
        "ITA POP MLI PMT 2022 21521, ITA POP SEN PMT 2022 108614, ITA POP TUN PMT 2022 108500, "
        "ITA POP W1 PMT 2022 3838651, DEU POP BEN PMT 2008 1026",
    ),
    Excerpt(
        "EUR_ESTAT/valid_permits_reason",
        "REF_AREA INDICATOR COUNTERPART_AREA TIME_PERIOD UNIT_MEASURE",
        """Reason,Country of citizenship,geo,year,number_of_permits
Education reasons,Total,Italy,2022,55259.0
Employment reasons,Total,Italy,2022,1642200.0
Family reasons,Total,Italy,2022,1843454.0
Other reason,Total,Italy,2022,171305.0
Refugee status,Total,Italy,2022,60385.0
Subsidiary protection status,Total,Italy,2022,66048.0
""",
        "ITA PERMIT_VALID W1 2022 PMT 1642200",
    ),
    Excerpt(
        "ITA_ISTAT/residents_tuttitalia",
        "COUNTERPART_AREA SEX TIME_PERIOD TIME_PER_COLLECT",
        """Paese; Area ; Maschi ; Femmine ; Totale ; %
Romania ; Unione Europea ; 465.632 ; 616.204 ; 1.081.836 ; 21,04%
Repubblica del Congo ; Africa centro meridionale ; 1.438 ; 1.483 ; 2.921 ; 0,06%
Benin (ex Dahomey) ; Africa occidentale ; 1.607 ; 899 ; 2.506 ; 0,05%
Apolidi ; Apolidi ; 345 ; 298 ; 643 ; 0,01%
""",
        "ROU M 2023 B 465632, ROU F 2023 B 616204, ROU _T 2023 B 1081836, COG M 2023 B 1438, COG F 2023 B 1483, "
        "COG _T 2023 B 2921, BEN M 2023 B 1607, BEN F 2023 B 899, BEN _T 2023 B 2506",
    ),
)


@pytest.mark.parametrize("excerpt", EXCERPTS, ids=lambda excerpt: excerpt.name)
def test_a_table_that_is_not_shipped_can_be_mapped(
    excerpt: Excerpt, apply: Callable[..., Mapped], tmp_path: Path
) -> None:
    file = tmp_path / "table.csv"
    file.write_text(excerpt.text, encoding="utf-8")
    mapped = apply(MAPPINGS / f"{excerpt.name}.yaml", file)
    assert mapped.findings == ()
    assert mapped_figures(mapped, excerpt.columns) == dict(figures_of(excerpt.figures))


def test_numbers_that_lost_their_zeros_are_told_and_not_guessed(apply: Callable[..., Mapped], tmp_path: Path) -> None:
    file = tmp_path / "region.csv"
    file.write_text(
        "Paese; Area ; Maschi ; Femmine ; Totale ; %\nUcraina;Europa centro orientale;13.767;44.51;58.277;4,95%\n",
        encoding="utf-8",
    )
    mapped = apply(MAPPINGS / "ITA_ISTAT" / "residents_tuttitalia.yaml", file)
    assert [(finding.code, finding.source_value) for finding in mapped.findings] == [("NUM-AMBIG", "44.51")]
    assert (mapped.mapped, mapped.rejected) == (2, 1)
