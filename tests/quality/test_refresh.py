"""DF_Q_MIRROR follows what it compares."""

from __future__ import annotations

import datetime as dt

import pytest

from sdmx_hub.quality.refresh import MirrorKeeper
from sdmx_hub.store.judgements import Judgement, Judgements
from sdmx_hub.store.registry import Registry
from tests.quality.cells import cell, seasonal_work, write_cells

FLOW = "ILMH:DF_Q_MIRROR(1.0.0)"


@pytest.fixture
def keeper(desk, tmp_path):
    for file, _ in seasonal_work(tmp_path):
        assert not desk.load(file).has_errors
    return MirrorKeeper(desk.database, Registry(desk.database), desk.observations)


def refresh(keeper, desk):
    desk.now += dt.timedelta(minutes=1)
    report = keeper.refresh(desk.now)
    return report and (report.added, report.revised, report.deleted, report.unchanged)


def test_it_is_published_anew_when_a_side_changes_and_only_then(desk, keeper, tmp_path):
    assert refresh(keeper, desk) == (12, 0, 0, 0)
    assert refresh(keeper, desk) is None
    revised = cell("DF_FLOW_PERMIT", "ESP", "PERMIT_FIRST", "SEN", "352", provider="ESP_MISSM", MIG_REASON="WRK_SEA")
    desk.load(write_cells(tmp_path / "again.csv", "DF_FLOW_PERMIT", [revised]))
    assert refresh(keeper, desk) == (0, 4, 0, 8)
    assert ("SEN", "CC1", "0.0000") in desk.rows(FLOW, "REF_AREA", "INDICATOR", "OBS_VALUE")


def test_it_is_published_anew_when_somebody_explains_a_difference(desk, keeper):
    refresh(keeper, desk)
    word = Judgement(
        rule="DEPLOYED_PERMITS",
        origin="MRT",
        destination="ESP",
        frequency="A",
        period="2024",
        split="MIG_TYPE=SEAS",
        cause="CHAN",
        actor="test",
        at=desk.now,
    )
    Judgements(desk.database).add(word)
    assert refresh(keeper, desk) == (0, 2, 0, 10)
    assert ("MRT", "CC1", "CHAN") in desk.rows(FLOW, "REF_AREA", "INDICATOR", "DISC_CAUSE")


def test_a_new_process_compares_once_and_changes_nothing(desk, keeper):
    refresh(keeper, desk)
    again = MirrorKeeper(desk.database, Registry(desk.database), desk.observations)
    assert refresh(again, desk) == (0, 0, 0, 12)
