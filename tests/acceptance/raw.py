"""The figures of one shipped sample, read from the file of its provider with nothing of the hub."""

from __future__ import annotations

import csv

from tests.acceptance.hubs import MAPPINGS

SAMPLE = MAPPINGS / "ILO_STAT" / "samples" / "nationals_abroad.csv"
FLOW, STRUCTURE = "DF_STOCK_ABROAD", "ILM_STOCK"
Figures = dict[tuple[str, str, str, str], str]
"""Value by reference area, partner, sex and year."""


def read_raw() -> Figures:
    """Read the file of the provider with nothing of the hub: its codes are turned into ours by hand."""
    partners, sexes = {"TOTAL": "W1", "X": "G_OTH", "EUR": "G_EUR_O"}, {"sex_t": "_T", "sex_m": "M", "sex_f": "F"}
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {}
    for row in rows:
        partner = row["classif1"].removeprefix("crs_res_").upper()
        key = (row["ref_area"].upper(), partners.get(partner, partner), sexes[row["sex"]], row["time"])
        found[key] = row["mna_tpop_sex_crs_nb"]
    assert len(found) == len(rows) == 216
    return found


RAW = read_raw()
KEY = ("REF_AREA", "COUNTERPART_AREA", "SEX", "TIME_PERIOD")
