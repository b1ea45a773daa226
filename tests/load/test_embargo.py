"""AS-08: an embargoed release, on both sides of its moment."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from sdmx_hub.load.embargo import release_due
from tests.load.conftest import NOW, Desk
from tests.load.messages import FLOW, write_csv

END = NOW + dt.timedelta(days=30)
UNDER_EMBARGO = {
    "COUNTERPART_AREA": "ITA",
    "CONF_STATUS": "E",
    "EMBARGO_TIME": END.astimezone(dt.timezone(dt.timedelta(hours=1))).isoformat(),
}


def public(desk: Desk, now: dt.datetime) -> list[tuple[str, str]]:
    return desk.rows(FLOW, "COUNTERPART_AREA", "CONF_STATUS", audience="public", now=now)


def due(desk: Desk, now: dt.datetime) -> int:
    return len(release_due(desk.observations, desk.artefacts, actor="scheduler", now=now))


def test_the_public_sees_nothing_before_and_everything_from_the_moment_on(desk: Desk, tmp_path: Path) -> None:
    desk.load(write_csv(tmp_path, ("A", {}), ("A", UNDER_EMBARGO)))
    assert desk.rows(FLOW, "COUNTERPART_AREA", now=NOW + dt.timedelta(hours=1)) == [("FRA",), ("ITA",)]
    assert due(desk, END - dt.timedelta(hours=1)) == 0
    assert due(desk, END - dt.timedelta(minutes=1)) == 1
    assert public(desk, END - dt.timedelta(seconds=1)) == [("FRA", "F")]
    assert public(desk, END) == [("FRA", "F"), ("ITA", "F")]


def test_a_moment_that_was_missed_is_made_up_for_once(desk: Desk, tmp_path: Path) -> None:
    desk.load(write_csv(tmp_path, ("A", UNDER_EMBARGO)))
    later = END + dt.timedelta(days=1)
    assert (due(desk, later), due(desk, later + dt.timedelta(minutes=1))) == (1, 0)
    assert public(desk, later + dt.timedelta(minutes=2)) == [("ITA", "F")]


def test_other_loads_go_on_while_an_embargo_lasts(desk: Desk, tmp_path: Path) -> None:
    desk.load(write_csv(tmp_path, ("A", UNDER_EMBARGO)))
    assert desk.load(write_csv(tmp_path, ("A", {"COUNTERPART_AREA": "ESP"}))).added == 1
    assert public(desk, desk.now) == [("ESP", "F")]
