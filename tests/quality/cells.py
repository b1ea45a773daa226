"""Observations of the pack's dataflows as SDMX-CSV files: what is not told is total, or does not apply."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

SPINE = ("FREQ", "REF_AREA", "INDICATOR", "COUNTERPART_TYPE", "COUNTERPART_AREA")
THEMES = {
    "FLOW": "MIG_REASON MIG_TYPE DURATION SEX AGE EDUCATION_LEV ACTIVITY OCCUPATION",
    "RECRUIT": "AGREEMENT RECRUIT_CHANNEL MIG_TYPE SEX AGE EDUCATION_LEV ACTIVITY OCCUPATION STATISTIC",
    "STOCK": "MIG_CATEGORY SEX AGE EDUCATION_LEV ACTIVITY OCCUPATION EMP_STATUS",
    "RETURN": "RETURN_TYPE ASSIST_TYPE FOLLOW_UP SEX AGE ACTIVITY OCCUPATION",
    "REMIT": "TRANSFER_CHANNEL PAY_INSTRUMENT SEND_AMOUNT SEX",
}
KINDS = {
    "DF_FLOW_WORK": ("FLOW", {"MIG_REASON": "WRK"}),
    "DF_FLOW_POP": ("FLOW", {}),
    "DF_FLOW_PERMIT": ("FLOW", {"UNIT_MEASURE": "PMT", "SOURCE_TYPE": "PMT", "COUNTERPART_TYPE": "CCT"}),
    "DF_REC_CHAIN": ("RECRUIT", {"STATISTIC": "_Z", "COUNTERPART_TYPE": "CTP", "SOURCE_TYPE": "CTR"}),
    "DF_STOCK_ABROAD": ("STOCK", {"COUNTERPART_TYPE": "CRS", "SOURCE_TYPE": "CNS"}),
    "DF_STOCK_POP": ("STOCK", {"SOURCE_TYPE": "PRG"}),
    "DF_RET_ARR": ("RETURN", {"COUNTERPART_TYPE": "CPR", "FOLLOW_UP": "_Z", "ASSIST_TYPE": "_T"}),
    "DF_REM_VALUE": ("REMIT", {"COUNTERPART_TYPE": "CTP", "SEND_AMOUNT": "_Z", "UNIT_MEASURE": "USD"}),
}
OTHERS = {
    "FREQ": "A",
    "TIME_PERIOD": "2024",
    "SOURCE_TYPE": "OTH",
    "UNIT_MEASURE": "PS",
    "OBS_STATUS": "A",
    "CONF_STATUS": "F",
    "UNIT_MULT": "0",
    "DECIMALS": "0",
    "TIME_PER_COLLECT": "S",
}


def cell(dataflow: str, area: str, indicator: str, partner: str, value: str, **more: str) -> dict[str, str]:
    """One observation."""
    theme, fixed = KINDS[dataflow]
    dimensions = dict.fromkeys(THEMES[theme].split(), "_T")
    spine = {"REF_AREA": area, "INDICATOR": indicator, "COUNTERPART_AREA": partner, "OBS_VALUE": value}
    provider = {"DATA_PROVIDER": more.pop("provider")} if "provider" in more else {}
    return {**OTHERS, **spine, **dimensions, **fixed, **provider, **more}


def write_cells(path: Path, dataflow: str, cells: Iterable[Mapping[str, str]]) -> Path:
    """Write observations of one dataflow as SDMX-CSV 2.0."""
    rows = [{"STRUCTURE": "dataflow", "STRUCTURE_ID": f"ILMH:{dataflow}(1.0.0)", "ACTION": "M", **one} for one in cells]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


ORIGINS = {
    "SEN": ("SEN_DGASE", "352"),
    "COL": ("COL_MINTRABAJO", "2810"),
    "GHA": ("GHA_LD", "905"),
    "MRT": ("MRT_TECHGHIL", "41"),
}
DESTINATION = {"SEN": "401", "COL": "2690", "GHA": "905", "MRT": "0", "ECU": "300"}


def seasonal_work(folder: Path) -> Iterator[tuple[Path, str]]:
    """The figures of AS-06: departures for seasonal work as four origins tell them, permits as Spain does."""
    for area, (provider, value) in ORIGINS.items():
        told = cell("DF_REC_CHAIN", area, "DEPLOYED", "ESP", value, provider=provider, MIG_TYPE="SEAS")
        yield write_cells(folder / f"{area}.csv", "DF_REC_CHAIN", [told]), provider
    permits = [
        cell("DF_FLOW_PERMIT", "ESP", "PERMIT_FIRST", area, value, provider="ESP_MISSM", MIG_REASON="WRK_SEA")
        for area, value in DESTINATION.items()
    ]
    yield write_cells(folder / "ESP.csv", "DF_FLOW_PERMIT", permits), "ESP_MISSM"
