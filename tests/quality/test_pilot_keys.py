"""Several pilots of one flow: each publishes where nobody else does, and none takes away what is another's."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from sdmx_hub.quality.pilot import read_plan
from sdmx_hub.quality.pilot_keys import area_of_all, keys_of, places_among, scopes
from sdmx_hub.store.pilots import Pilots
from tests.quality.cells import write_cells
from tests.quality.pilots import FLOW, RUNS, PilotHub, permits
from tests.support.commands import type_command

NOW = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
SOURCES = {"LSO": "LSO_MOLE", "BEN": "BEN_DGT", "ZAF": "ZAF_STATSSA", "CRI": "CRI_DGME", "ESP": "ESP_MISSM"}


def make(name, areas, months, *, area=None, sexes=("F", "M", "_T"), year=2026):
    document = {
        "id": name,
        "title": {"en": name},
        "participants": [{"source": SOURCES[one], "area": one} for one in areas.split()],
        "flows": [{"dataflow": FLOW, "required": [{"codes": {"SEX": list(sexes)}}]}],
        "calendar": [{"period": f"{year}-{month:02}", "due": f"{year}-{month + 1:02}-15"} for month in months],
    }
    return read_plan(document | ({"area": area} if area else {}))


GROUPS = {
    ("LSO ZAF", None): "G_SACU",  # of five members; of SADC and of the African Union both are too
    ("LSO BEN", None): "G_AU",
    ("LSO CRI", None): "W0",
    ("LSO", None): None,
    ("LSO ZAF", "G_SADC"): "G_SADC",
    ("LSO", "G_SADC"): "G_SADC",
}


@pytest.mark.parametrize(("plan", "area"), GROUPS.items())
def test_all_together_stand_for_the_smallest_group_that_has_them_unless_the_plan_names_one(pack, plan, area):
    areas, named = plan
    read = make("TRY", areas, (1, 2, 3), area=named)
    assert area_of_all(read, read.flows[0], pack) == area


def test_without_the_hierarchy_they_stand_for_the_world(pack):
    class Bare:
        def find(self, urn):
            return None

    read = make("TRY", "LSO ZAF", (1, 2, 3))
    assert area_of_all(read, read.flows[0], Bare()) == "W0"


def test_the_first_publishes_what_two_share_and_the_other_the_rest(pack):
    first, second = make("FIRST", "LSO", (1, 2, 3)), make("SECOND", "LSO ZAF", (3, 4, 5))
    of_first, of_second = (places_among(one, [first, second], pack) for one in (first, second))
    assert of_first.taken == {}
    assert of_second.taken == {("DF_FLOW_PERMIT", "LSO", "2026-03"): "FIRST"}
    assert len(keys_of(second, pack)) == 3 * 3  # two areas and their group
    periods = [entry.period for entry in second.calendar]
    found = {frozenset(one["REF_AREA"]): one.get("TIME_PERIOD")
             for one in scopes(second.flows[0], ["LSO", "ZAF", "G_SACU"], periods, of_second)}  # fmt: skip
    assert found == {frozenset({"LSO"}): {"2026-04", "2026-05"}, frozenset({"ZAF", "G_SACU"}): None}
    assert places_among(second, [second, first], pack).taken == {}
    assert places_among(second, [first], pack).taken == of_second.taken  # one that is not kept yet comes last


def test_a_pilot_of_years_and_one_of_months_do_not_meet(pack):
    months = make("MONTHS", "LSO", (1, 2, 3))
    years = dataclasses.replace(
        months,
        id="YEARS",
        calendar=tuple(dataclasses.replace(one, period=str(2020 + n)) for n, one in enumerate(months.calendar)),
    )
    assert places_among(years, [months, years], pack).taken == {}


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rivals")
    found = PilotHub(folder / "home", NOW)
    for area in ("LSO", "BEN"):
        found.add_source(SOURCES[area], f"https://{area.lower()}.example/sdmx/v2", area)
    cells = [row for month in ("2025-03", "2025-04") for row in permits("LSO", "LSO_MOLE", month, ["AGO"])]
    women = [row for row in cells if row["SEX"] == "F"]
    sent = write_cells(folder / "LSO.csv", "DF_FLOW_PERMIT", women)
    assert type_command(found.home, "load", sent, "--provider", "LSO_MOLE", "--yes").returncode == 0
    yield found
    found.close()


def test_pilots_that_share_a_flow_publish_side_by_side(hub):
    """FIRST asks for women, men and both, SECOND for women alone; both have March."""
    lines = "\n".join(f"  - {{source: {SOURCES[area]}, area: {area}}}" for area in ("LSO", "BEN"))
    texts = {
        name: f"id: {name}\ntitle: {{en: A try}}\nparticipants:\n{lines}\nflows:\n  - dataflow: {FLOW}\n"
        f"    required: [{{codes: {{SEX: [{sexes}]}}}}]\ncalendar:\n"
        + "".join(f"  - {{period: 2025-0{month}, due: 2025-0{month + 1}-15}}\n" for month in months)
        for name, sexes, months in (("FIRST", "F, M, _T", (1, 2, 3)), ("SECOND", "F", (3, 4, 5)))
    }
    pilots, plans = Pilots(hub.database), {name: hub.plan(text) for name, text in texts.items()}
    for number, (name, text) in enumerate(texts.items()):
        file = hub.read_plan(text)
        at = NOW + dt.timedelta(minutes=number)
        pilots.save(name, file.text, file.sha256, origin="test", actor="test", now=at)
    for name in ("FIRST", "SECOND", "FIRST"):
        hub.time.pass_by(60)
        hub.publish(plans[name])
    assert complete(hub) == {
        "2025-01": "0.0",
        "2025-02": "0.0",
        "2025-03": "33.3",
        "2025-04": "100.0",
        "2025-05": "0.0",
    }
    figures = hub.judge(plans["SECOND"])
    assert {one.entry.period for one in figures.figures if one.is_coded and not figures.is_published(one)} == {
        "2025-03"
    }
    pilots.remove("FIRST", actor="test", now=NOW)
    hub.publish(plans["SECOND"])
    hub.time.pass_by(60)
    assert complete(hub)["2025-03"] == "100.0"


def complete(hub):
    told = hub.rows(RUNS, "REF_AREA", "INDICATOR", "TIME_PERIOD", "OBS_VALUE")
    return {period: value for area, indicator, period, value in told if (area, indicator) == ("LSO", "R1_COMPL")}
