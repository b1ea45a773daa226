"""The indicators that are counted in the engine, against figures that can be counted by hand."""

from __future__ import annotations

import datetime as dt

import pytest

from sdmx_hub.quality.pilot import read_plan
from sdmx_hub.quality.pilot_cells import open_cells
from tests.quality.cells import write_cells
from tests.quality.pilots import FLOW, permits

PERIOD = "2026-01"
PARTNERS = ["AGO", "BWA", "MOZ", "NAM"]
KEY = ("LSO", PERIOD)


def flow_of(**more):
    item = {
        "dataflow": FLOW,
        "required": [{"codes": {"COUNTERPART_AREA": PARTNERS, "SEX": ["F", "M", "_T"]}}],
        **more,
    }
    months = ("01", "02", "03")
    plan = read_plan(
        {
            "id": "TRY",
            "title": {"en": "A try"},
            "participants": [{"source": "LSO_MOLE", "area": "LSO"}],
            "flows": [item],
            "calendar": [{"period": f"2026-{month}", "due": "2026-12-31"} for month in months],
        }
    )
    return plan.flows[0]


def sent(desk, folder, change=lambda _: {}, *, partners=PARTNERS):
    """Load what the partner sends: each cell changed by ``change``, None leaves it out."""
    rows = [
        row | changed for row in permits("LSO", "LSO_MOLE", PERIOD, partners) if (changed := change(row)) is not None
    ]
    report = desk.load(write_cells(folder / f"{desk.now:%H%M%S}.csv", "DF_FLOW_PERMIT", rows))
    assert not report.has_errors, [finding.text() for finding in report.findings]


@pytest.fixture
def cells(desk):
    def opened(flow=None):
        return open_cells(flow or flow_of(), desk.artefacts, desk.observations, now=desk.now + dt.timedelta(minutes=1))

    return opened


def is_women_of(*areas):
    return lambda row: row["SEX"] == "F" and row["COUNTERPART_AREA"] in areas


def hidden(row):
    """Women of Angola are withheld, and men with them so that they cannot be told from the total."""
    withheld = row["COUNTERPART_AREA"] == "AGO" and row["SEX"] != "_T"
    return {"OBS_VALUE": "", "OBS_STATUS": "Q", "CONF_STATUS": "A"} if withheld else {}


def test_confidential_cells_and_derogations_are_not_required(desk, cells, tmp_path):
    sent(desk, tmp_path, lambda row: None if is_women_of("BWA", "MOZ")(row) else hidden(row))
    with cells() as found:
        found.require([PERIOD, "2026-02"])
        complete = found.completeness()
    assert (complete[KEY].required, complete[KEY].hidden, complete[KEY].available) == (12, 2, 8)
    assert complete[KEY].counted == 10
    assert complete["LSO", "2026-02"].available == 0
    derogation = {"participant": "LSO_MOLE", "codes": {"COUNTERPART_AREA": ["MOZ"], "SEX": ["F"]}, "reason": "law"}
    with cells(flow_of(derogations=[derogation])) as found:
        found.require([PERIOD])
        complete = found.completeness()
    assert (complete[KEY].counted, complete[KEY].derogated, complete[KEY].available) == (9, 1, 8)


def test_a_cell_two_regions_name_counts_once(desk, cells, tmp_path):
    sent(desk, tmp_path)
    twice = [{"codes": {"COUNTERPART_AREA": PARTNERS[:3]}}, {"codes": {"COUNTERPART_AREA": PARTNERS[1:]}}]
    with cells(flow_of(required=twice)) as found:
        found.require([PERIOD])
        assert found.completeness()[KEY].required == 4


def test_suppression_is_told_in_all_and_by_sex(desk, cells, tmp_path):
    sent(desk, tmp_path, hidden)
    with cells() as found:
        share = found.suppression()[KEY]
        assert found.disclosed() == 0
    assert (round(share.percent, 4), share.count, share.remark) == (16.6667, 12, "F 25.0, M 25.0, _T 0.0")


def test_revisions_are_measured_from_the_first_value(desk, cells, tmp_path):
    sent(desk, tmp_path)
    first = desk.now
    with cells() as found:
        assert found.revision()[KEY].percent == 0
    sent(desk, tmp_path, lambda row: {"OBS_VALUE": {"F": "30", "M": "40", "_T": "70"}[row["SEX"]]}, partners=["AGO"])
    sent(desk, tmp_path, lambda row: {"OBS_VALUE": {"F": "22", "M": "40", "_T": "62"}[row["SEX"]]}, partners=["AGO"])
    with cells() as found:
        share = found.revision()[KEY]
        received = found.received()[KEY]
    expected = 100 * (2 / 20 + 0 + 2 / 60) / 12
    assert (share.count, round(share.percent, 9)) == (12, round(expected, 9))
    assert received == first
