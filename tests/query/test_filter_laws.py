"""A plan wants exactly the observations that the words of the query want, read in the simplest way."""

import pytest

from sdmx_hub.model.period import parse_period
from sdmx_hub.model.urn import parse_urn
from sdmx_hub.query import urls_v2
from sdmx_hub.query.plan import plan_data
from sdmx_hub.store.artefacts import Artefacts
from tests.factories import urn_of
from tests.publish.law_cube import AREAS, ARTEFACTS, make_chance, make_cube, make_filters, make_key, make_start_day
from tests.publish.naive import DIMENSIONS, START_DAY, Asked, span_of

STRUCTURE = Artefacts(ARTEFACTS).structure_of(parse_urn(urn_of("Dataflow", "DF")))
FLOW = ("dataflow", "TEST", "DF", "1.0.0")


def is_wanted(row, plan):
    key = tuple(row[name] for name in DIMENSIONS)
    in_keys = not plan.keys or any(
        all(part is None or code in part for part, code in zip(pattern, key, strict=True)) for pattern in plan.keys
    )
    in_time = plan.period_matches(row["TIME_PERIOD"], row[START_DAY])
    return in_keys and in_time and all(asked.matches(row[asked.component_id]) for asked in plan.filters)


@pytest.mark.parametrize("seed", range(20))
def test_a_plan_wants_what_the_query_says(seed):
    chance = make_chance(seed)
    rows = make_cube(chance, 0.4)
    for _ in range(200):
        key, query = make_key(chance), "&".join((*make_filters(chance), *make_start_day(chance)))
        asked, plan = Asked(key, query), plan_data(urls_v2.parse_data((*FLOW, key), query), STRUCTURE)
        for row in rows:
            assert is_wanted(row, plan) == asked.wants(row), (key, query, row)


PERIODS = [
    "2020", "2021-02", "2021-12-31", "2021-A1", "2021-S1", "2021-S2", "2021-T3", "2021-Q4", "2021-M01", "2021-M12",
    "2020-W53", "2021-W01", "2022-W26", "2021-D001", "2021-D365",
]  # fmt: skip


@pytest.mark.parametrize("start_day", ["--01-01", "--07-01", "--10-15", "--04-05", "--12-31", "--02-28"])
@pytest.mark.parametrize("text", PERIODS)
def test_a_period_covers_the_days_the_technical_notes_say(text, start_day):
    found = parse_period(text, start_day)
    assert (found.start, found.end) == span_of(text, start_day)


def test_the_cube_has_every_start_of_the_reporting_year():
    assert {row[START_DAY] for row in make_cube(make_chance(1))} == set(AREAS.values())
