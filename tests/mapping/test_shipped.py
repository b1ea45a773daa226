"""The shipped mappings against their samples, each sample read a second time without the mapping room."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from sdmx_hub.load.release import check_file
from sdmx_hub.load.report import LoadOrder
from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.mapping.reading import read_mapping
from sdmx_hub.model.finding import Severity
from sdmx_hub.model.message import Action
from sdmx_hub.model.period import parse_period
from sdmx_hub.model.rows import quoted
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.store.artefacts import Artefacts
from tests.mapping.real_data import SAMPLES, UNSHIPPED
from tests.mapping.tables import MAPPINGS, observations

pytestmark = pytest.mark.usefixtures("parse_here")

MAPPING_FILES = sorted(MAPPINGS.glob("*/*.yaml"))
SHIPPED = [path for path in MAPPING_FILES if any((path.parent / "samples").glob(f"{path.stem}.*"))]
"""Mappings with a sample; the figures of some tables may be used, but not handed on."""
FIVE = {"TN": "TUN", "SN": "SEN", "ML": "MLI", "GH": "GHA", "CO": "COL"}


def sample(name: str) -> Path:
    """The sample of a mapping: the file of its name."""
    place = MAPPINGS / name
    [found] = (place.parent / "samples").glob(f"{place.name}.*")
    return found


def rows_of(name: str, encoding: str = "utf-8", delimiter: str = ",") -> Iterator[dict[str, str]]:
    with sample(name).open(encoding=encoding, newline="") as stream:
        yield from csv.DictReader(stream, delimiter=delimiter)


@pytest.fixture
def shipped(shipped_once: Callable[..., Mapped]) -> Callable[[str], Mapped]:
    return shipped_once


def found(mapped: Mapped, *columns: str) -> dict[tuple[Any, ...], Any]:
    """Observations by the columns but the last; a key met twice is a fault."""
    rows = observations(mapped, *columns)
    keyed = {row[:-1]: row[-1] for row in rows}
    assert len(keyed) == len(rows)
    return keyed


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_mapping_maps_its_whole_sample(
    path: Path, artefacts: Artefacts, shipped: Callable[[str], Mapped]
) -> None:
    mapping = read_mapping(path)
    structure = artefacts.structure_of(Urn("Dataflow", mapping.dataflow))
    mapped = shipped(f"{path.parent.name}/{path.stem}")
    assert mapped.findings == ()
    assert mapped.rejected == 0
    assert mapped.mapped == mapped.read > 0
    counts = (mapped.read, mapped.mapped, mapped.left_out)
    assert counts == SAMPLES.get(f"{path.parent.name}/{path.stem}", counts), "docs/mapping-real-data.md says otherwise"
    [(rows,)] = asked(mapped, "SELECT count(*) FROM given")
    keys = f"SELECT DISTINCT {_listed(structure.key_ids)} FROM given"  # noqa: S608 - quoted ids
    assert len(asked(mapped, keys)) == rows
    assert set(structure.key_ids) <= _filled(mapped)
    assert {attribute.id for attribute in structure.attributes if attribute.is_mandatory} <= _filled(mapped)
    _check_periods(mapped)
    _check_regions(mapped, mapping.dataflow, mapping.provider, artefacts)


def test_the_page_of_published_tables_names_every_mapping_of_one() -> None:
    """Beside them are tables whose layout was made for the sample, of figures told in words."""
    made = {"EUR_ESTAT/immigration_citizenship", "GHA_LD/placements_agencies", "HTI_ONM/returns_fiscal_year"}
    made |= {"HTI_ONM/returns_months_2021", "SEN_ANSD/emigrants_rgph5", "TUN_ATCT/recruitments_2019"}
    names = {f"{path.parent.name}/{path.stem}": path in SHIPPED for path in MAPPING_FILES}
    assert {name for name, is_shipped in names.items() if is_shipped} == SAMPLES.keys() | made
    assert {name for name, is_shipped in names.items() if not is_shipped} == UNSHIPPED


UNLIKELY = {"V15", "V16"}
"""Warnings true of real figures: they jump from year to year, and not all of them come by sex."""


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_sample_passes_every_check_of_a_load(path: Path, artefacts: Artefacts) -> None:
    report = check_file(LoadOrder(path=sample(f"{path.parent.name}/{path.stem}"), mapping=path), artefacts)
    wrong = [
        finding.code
        for finding in report.findings
        if finding.severity is not Severity.INFO and finding.code not in UNLIKELY
    ]
    assert wrong == (["SUM-01", "SUM-01"] if path.stem == "returns_months_2021" else [])


def asked(mapped: Mapped, query: str) -> list[tuple[Any, ...]]:
    """What a query says of the rows, ``given``."""
    return mapped.rows.connection.execute(f"WITH given AS ({mapped.rows.sql}) {query}").fetchall()


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(map(quoted, columns))


def _filled(mapped: Mapped) -> set[str]:
    """The columns with something in every row."""
    columns = mapped.rows.columns
    tests = ", ".join(f"count({quoted(name)}) = count(*)" for name in columns)
    [told] = asked(mapped, f"SELECT {tests} FROM given")  # noqa: S608 - quoted ids
    return {name for name, full in zip(columns, told, strict=True) if full}


def _check_periods(mapped: Mapped) -> None:
    ids = _listed(("FREQ", "TIME_PERIOD", "REPORTING_YEAR_START_DAY"))
    for frequency, period, start in asked(mapped, f"SELECT DISTINCT {ids} FROM given"):  # noqa: S608 - quoted ids
        assert parse_period(period, start or "--01-01").frequency == frequency


def _check_regions(mapped: Mapped, dataflow: Ref, provider: str, artefacts: Artefacts) -> None:
    """Every row lies in what the dataflow and the provision agreement allow."""
    agreement = Urn("ProvisionAgreement", Ref("ILMH", f"PA_{provider}_{dataflow.id.removeprefix('DF_')}", "1.0.0"))
    assert artefacts.find(agreement), agreement
    for urn in (Urn("Dataflow", dataflow), agreement):
        for constraint in artefacts.constraints_of(urn):
            ids = sorted({key for region in constraint.regions for key in region.values})
            for row in asked(mapped, f"SELECT DISTINCT {_listed(ids)} FROM given"):  # noqa: S608 - quoted ids
                codes = dict(zip(ids, row, strict=True))
                assert any(
                    region.include and all(codes[key] in values for key, values in region.values.items())
                    for region in constraint.regions
                ), (str(constraint.ref), codes)


def test_one_flow_in_three_codings_gives_the_same_observations(shipped: Callable[[str], Mapped]) -> None:
    columns = ("FREQ", "REF_AREA", "INDICATOR", "COUNTERPART_TYPE", "COUNTERPART_AREA", "MIG_REASON", "MIG_TYPE")
    columns += ("DURATION", "SEX", "AGE", "EDUCATION_LEV", "ACTIVITY", "OCCUPATION", "SOURCE_TYPE", "UNIT_MEASURE")
    columns += ("TIME_PERIOD", "OBS_VALUE", "OBS_STATUS", "CONF_STATUS", "UNIT_MULT", "DECIMALS", "TIME_PER_COLLECT")
    seen = []
    for provider in ("ITA_ISTAT", "OECD_IMD", "EUR_ESTAT"):
        rows = observations(shipped(f"{provider}/immigration_citizenship"), *columns)
        wanted = {str(year) for year in range(2019, 2023)}
        seen.append({row for row in rows if row[4] in FIVE.values() and row[8] == "_T" and row[15] in wanted})
    assert len(seen[0]) == 20
    assert seen[0] == seen[1] == seen[2]


def test_immigration_to_italy_is_what_the_publishers_print(shipped: Callable[[str], Mapped]) -> None:
    printed = {
        "TUN": ["4911", "3292", "4953", "7836"],
        "SEN": ["5781", "4551", "5766", "6803"],
        "MLI": ["1606", "1690", "2215", "2221"],
        "GHA": ["2511", "1840", "1792", "1771"],
        "COL": ["1609", "1500", "1872", "2612"],
    }
    values = found(shipped("ITA_ISTAT/immigration_citizenship"), "COUNTERPART_AREA", "SEX", "TIME_PERIOD", "OBS_VALUE")
    for area, figures in printed.items():
        assert [values[area, "_T", str(year)] for year in range(2019, 2023)] == figures


def test_istat_figures_are_those_of_the_file(shipped: Callable[[str], Mapped]) -> None:
    mapped = shipped("ITA_ISTAT/immigration_citizenship")
    values = found(mapped, "COUNTERPART_AREA", "SEX", "TIME_PERIOD", "OBS_VALUE")
    sexes = {"1": "M", "2": "F", "9": "_T"}
    for row in rows_of("ITA_ISTAT/immigration_citizenship"):
        area = {**FIVE, "TOTAL": "W0", "FOR": "W1", "IT": "W2"}.get(row["CITIZENSHIP"])
        if area:
            assert values[area, sexes[row["SEX"]], row["TIME_PERIOD"]] == row["OBS_VALUE"]
    assert values["W0", "_T", "2022"] == str(int(values["W1", "_T", "2022"]) + int(values["W2", "_T", "2022"]))


def test_oecd_figures_are_those_of_the_file(shipped: Callable[[str], Mapped]) -> None:
    values = found(shipped("OECD_IMD/immigration_citizenship"), "COUNTERPART_AREA", "SEX", "TIME_PERIOD", "OBS_VALUE")
    expected = {
        (row["CITIZENSHIP"].replace("W", "W1"), row["SEX"], row["TIME_PERIOD"]): row["OBS_VALUE"] or None
        for row in rows_of("OECD_IMD/immigration_citizenship")
        if row["TIME_PERIOD"]
    }
    assert values == expected


def test_the_matrix_of_the_united_nations_is_turned_into_rows(shipped: Callable[[str], Mapped]) -> None:
    mapped = shipped("UN_DESA/migrant_stock_2019")
    values = found(mapped, "REF_AREA", "COUNTERPART_AREA", "TIME_PERIOD", "OBS_VALUE")
    names = {
        "Senegal": "SEN",
        "Tunisia": "TUN",
        "Italy": "ITA",
        "Lesotho": "LSO",
        "South Africa": "ZAF",
        "Congo": "COG",
    }
    names |= {"Viet Nam": "VNM", "Côte d'Ivoire": "CIV", "Haiti": "HTI", "Dominican Republic": "DOM"}
    checked = 0
    for row in rows_of("UN_DESA/migrant_stock_2019"):
        for origin in names.keys() & row.keys() if row["Dest"] in names else ():
            if origin == row["Dest"]:
                continue
            value = values[names[row["Dest"]], names[origin], row["Year"]]
            assert value == (None if row[origin] in {"0", ".."} else row[origin])
            checked += 1
    assert checked > 300
    assert values["ZAF", "LSO", "2019"] == "331312"
    assert values["ITA", "TUN", "2019"] == "109387"
    assert not any(value == "0" for value in values.values())
    assert not any(destination == origin for destination, origin, _ in values)


def test_the_workbook_of_the_world_bank_is_turned_into_rows(shipped: Callable[[str], Mapped]) -> None:
    values = found(shipped("WB/remittances_received"), "REF_AREA", "TIME_PERIOD", "OBS_VALUE")
    sheet = CalamineWorkbook.from_path(sample("WB/remittances_received")).get_sheet_by_name("Data").to_python()
    header, table = sheet[3], sheet[4:]
    text = (MAPPINGS / "WB" / "codes" / "aggregates.csv").read_text(encoding="utf-8")
    skipped = {row["source"] for row in csv.DictReader(text.splitlines())}
    cells = {
        (row[1], year): cell
        for row in table
        for year, cell in zip(header, row, strict=True)
        if row[1] not in skipped and isinstance(cell, float | int)
    }
    assert values.keys() == cells.keys()
    assert max(year for _, year in values) == "2022"
    for key, cell in cells.items():
        assert float(values[key]) == pytest.approx(cell, rel=1e-14)
    assert ("SEN", "2020") in values
    assert "SSF" in skipped


def test_entries_into_colombia_are_those_of_the_file(shipped: Callable[[str], Mapped]) -> None:
    mapped = shipped("COL_UAEMC/entries_foreigners")
    values = found(mapped, "COUNTERPART_AREA", "SEX", "TIME_PERIOD", "OBS_VALUE")
    sums: Counter[tuple[str, str]] = Counter()
    for row in rows_of("COL_UAEMC/entries_foreigners"):
        period = f"{row['year']}-{int(row['month_num']):02}"
        for column, sex in {"female": "F", "male": "M", "undefined": "_U", "total": "_T"}.items():
            sums[period, sex] += int(row[column])
            if row["nationality"] == "Venezuela":
                assert values["VEN", sex, period] == row[column]
    ours: Counter[tuple[str, str]] = Counter()
    for (_, sex, period), value in values.items():
        ours[period, sex] += int(value)
    assert ours == sums
    assert all(sums[period, "_T"] == sum(sums[period, sex] for sex in ("F", "M", "_U")) for period, _ in sums)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("nationals_abroad", "mna_tpop_sex_crs_nb"),
        ("returns", "mna_xret_sex_cpr_nb"),
        ("employed_foreign_born", "mst_fore_sex_cbr_nb"),
    ],
)
def test_figures_of_the_ilo_are_those_of_the_file(shipped: Callable[[str], Mapped], name: str, column: str) -> None:
    mapped = shipped(f"ILO_STAT/{name}")
    values = found(mapped, "REF_AREA", "SEX", "COUNTERPART_AREA", "TIME_PERIOD", "OBS_VALUE")
    special = {"TOTAL": "W1", "X": "G_OTH", "EUR": "G_EUR_O"}
    expected = {}
    for row in rows_of(f"ILO_STAT/{name}"):
        area = row["classif1"].rpartition("_")[2].upper()
        sex = {"t": "_T", "m": "M", "f": "F"}[row["sex"][-1]]
        expected[row["ref_area"].upper(), sex, special.get(area, area), row["time"]] = row[column]
    assert values == expected
    assert set(observations(mapped, "UNIT_MULT", "DECIMALS", "DATA_PROVIDER")) == {("3", "3", "ILO_STAT")}


def test_visas_are_those_of_the_fiscal_year(shipped: Callable[[str], Mapped]) -> None:
    mapped = shipped("USA_DOS/work_visas")
    assert set(observations(mapped, "TIME_PERIOD", "REPORTING_YEAR_START_DAY")) == {("2014-A1", "--10-01")}
    period = parse_period("2014-A1", "--10-01")
    assert (period.start, period.end) == (dt.datetime(2014, 10, 1), dt.datetime(2015, 10, 1))
    values = found(mapped, "COUNTERPART_AREA", "MIG_REASON", "MIG_TYPE", "OBS_VALUE")
    reasons = {
        "H-1B": ("WRK_HSK", "TEMP"),
        "H-2A": ("WRK_SEA", "SEAS"),
        "H-2B": ("WRK_OTH", "TEMP"),
        "L-1": ("WRK_ICT", "PROJ"),
    }
    names = {
        "Mexico": "MEX",
        "Haiti": "HTI",
        "Nicaragua": "NIC",
        "Costa Rica": "CRI",
        "Senegal": "SEN",
        "Grand Totals": "W1",
    }
    for row in rows_of("USA_DOS/work_visas"):
        for visa, key in reasons.items() if row["Fiscal Year 2015"] in names else ():
            assert values[names[row["Fiscal Year 2015"]], *key] == row[visa]
    assert values["MEX", "WRK_SEA", "SEAS"] == "102174"
    assert values["CRI", "WRK_OTH", "TEMP"] == "166"
    for key in reasons.values():
        parts = sum(int(value) for (area, *rest), value in values.items() if tuple(rest) == key and area != "W1")
        assert parts == int(values["W1", *key])


@pytest.mark.parametrize(
    ("name", "column"), [("fatal_injuries", "sl_emp_ftlinjur"), ("nonfatal_injuries", "sl_emp_injur")]
)
def test_injuries_are_those_of_the_file(shipped: Callable[[str], Mapped], name: str, column: str) -> None:
    mapped = shipped(f"UNSD/{name}")
    values = found(mapped, "REF_AREA", "MIG_STATUS", "SEX", "TIME_PERIOD", "OBS_VALUE")
    areas = {"188": "CRI", "170": "COL", "12": "DZA", "40": "AUT"}
    statuses = {"t": "_T", "migper": "MIG", "nonmig": "NMIG"}
    checked = 0
    for row in rows_of(f"UNSD/{name}"):
        if row["geo_area"] in areas and row["migratory_status"] in statuses:
            sex = {"bothsex": "_T", "female": "F", "male": "M"}[row["sex"]]
            key = (areas[row["geo_area"]], statuses[row["migratory_status"]], sex, row["year"])
            assert values[key] == row[column]
            checked += 1
    assert checked > 50
    assert mapped.left_out > 0


def test_emigration_from_spain_is_that_of_the_file(shipped: Callable[[str], Mapped]) -> None:
    values = found(shipped("ESP_INE/emigration_destination"), "COUNTERPART_AREA", "TIME_PERIOD", "OBS_VALUE")
    names = {"Senegal": "SEN", "Guinea": "GIN", "Guinea Ecuatorial": "GNQ", "Total": "W1", "Nicaragua": "NIC"}
    for row in rows_of("ESP_INE/emigration_destination"):
        if row["pais_de_destino"] in names:
            assert values[names[row["pais_de_destino"]], row["periodo"]] == row["total"]
    assert values["COL", "2019"] == "11084"


def test_recruitments_of_the_tunisian_agency_are_those_of_the_file(shipped: Callable[[str], Mapped]) -> None:
    mapped = shipped("TUN_ATCT/recruitments_2019")
    values = [value for (value,) in observations(mapped, "OBS_VALUE")]
    assert values == [
        row["Effectif"].replace("\u00a0", "") for row in rows_of("TUN_ATCT/recruitments_2019", "cp1252", ";")
    ]
    assert sum(map(int, values[:-1])) == int(values[-1]) == 3140
    assert found(mapped, "ACTIVITY", "OBS_VALUE")["B06",] == "2"


def test_every_sample_says_where_it_comes_from() -> None:
    for folder in {path.parent / "samples" for path in SHIPPED}:
        told = (folder / "README.md").read_text(encoding="utf-8")
        assert "Publisher: " in told
        assert "Licence: " in told
        for file in folder.iterdir():
            assert file.stat().st_size <= 350_000, file
            assert file.name == "README.md" or f"| {file.name} |" in told, file


def test_the_shipped_mappings_cover_what_the_hub_is_about() -> None:
    mappings = [read_mapping(path) for path in MAPPING_FILES]
    flows = {mapping.dataflow.id for mapping in mappings}
    assert {"DF_STOCK_POP", "DF_STOCK_ABROAD", "DF_FLOW_POP", "DF_FLOW_PERMIT", "DF_REM_VALUE", "DF_RGT_OSH"} <= flows
    assert len({mapping.provider for mapping in mappings}) >= 5
    assert {mapping.language for mapping in mappings} == {"en", "fr", "es"}
    assert all(set(mapping.titles) == {"en", "fr", "es"} for mapping in mappings)
    assert all(mapping.provider == path.parent.name for mapping, path in zip(mappings, MAPPING_FILES, strict=True))
    assert all(mapping.action in {Action.REPLACE, Action.MERGE} for mapping in mappings)


def test_returns_to_haiti_are_kept_as_stated_even_where_they_do_not_add_up(shipped: Callable[[str], Mapped]) -> None:
    mapped = shipped("HTI_ONM/returns_months_2021")
    values = found(mapped, "TIME_PERIOD", "SEX", "AGE", "OBS_VALUE")
    people = {
        "Hommes": ("M", "Y_GE18"),
        "Femmes": ("F", "Y_GE18"),
        "Garçons": ("M", "Y_LT18"),
        "Filles": ("F", "Y_LT18"),
    }
    periods = ["2021-09", "2021-10", "2021-11", "2021-12", "2021"]
    rows = rows_of("HTI_ONM/returns_months_2021", delimiter=";")
    for period, row in zip(periods, rows, strict=True):
        for column, key in {**people, "Total": ("_T", "_T")}.items():
            assert values.get((period, *key)) == (row[column] or None)
    parts = {period: sum(int(values[period, *key]) for key in people.values()) for period in periods[:-1]}
    assert parts == {"2021-09": 6510, "2021-10": 4730, "2021-11": 1135, "2021-12": 1857}
    assert (values["2021-11", "_T", "_T"], values["2021", "_T", "_T"]) == ("1128", "14127")


def test_months_that_are_not_whole_say_so(shipped: Callable[[str], Mapped]) -> None:
    mapped = shipped("HTI_ONM/returns_months_2021")
    assert sorted(set(observations(mapped, "TIME_PERIOD", "FREQ", "OBS_STATUS", "REF_PERIOD_DETAIL")), key=str) == [
        ("2021", "A", "D", "2021-09-19/2021-12-19"),
        ("2021-09", "M", "D", "2021-09-19/2021-09-30"),
        ("2021-10", "M", "A", None),
        ("2021-11", "M", "A", None),
        ("2021-12", "M", "D", "2021-12-01/2021-12-19"),
    ]


def test_a_fiscal_year_is_named_after_the_year_it_begins_in(apply: Callable[..., Mapped]) -> None:
    text = (MAPPINGS / "HTI_ONM" / "returns_fiscal_year.yaml").read_text(encoding="utf-8")
    text += "totals:\n  - {component: COUNTERPART_AREA, total: W1, residual: G_OTH, derive_residual: true}\n"
    mapped = apply(text, sample("HTI_ONM/returns_fiscal_year"))
    assert set(observations(mapped, "TIME_PERIOD", "REPORTING_YEAR_START_DAY")) == {("2022-A1", "--10-01")}
    values = found(mapped, "COUNTERPART_AREA", "OBS_VALUE")
    assert values == {("DOM",): "309240", ("W1",): "318086", ("G_OTH",): "8846"}


def test_placements_by_agencies_stand_beside_those_at_home(shipped: Callable[[str], Mapped]) -> None:
    mapped = shipped("GHA_LD/placements_agencies")
    values = found(mapped, "TIME_PERIOD", "COUNTERPART_AREA", "SEX", "OBS_VALUE")
    areas = {"Local": "W2", "Foreign": "W1", "Local and foreign": "W0"}
    sexes = {"Male": "M", "Female": "F", "Total": "_T"}
    for row in rows_of("GHA_LD/placements_agencies"):
        for column, sex in sexes.items():
            assert values[row["Year"], areas[row["Place of work"]], sex] == (row[column] or None)
    assert ("2014", "W1", "F", "L") in observations(mapped, "TIME_PERIOD", "COUNTERPART_AREA", "SEX", "OBS_STATUS")
