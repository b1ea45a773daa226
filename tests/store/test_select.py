"""Selecting: what the engine gives is what one would pick by hand, row by row, with and without deltas."""

from __future__ import annotations

import datetime as dt
import tempfile
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sdmx_hub.model.cells import write_cell
from sdmx_hub.query.conditions import is_number
from sdmx_hub.query.filters import parse_filter
from sdmx_hub.query.plan import Plan, plan_data
from sdmx_hub.query.request import DataQuery, SortTerm
from sdmx_hub.store import staging
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.releases import Lineage
from tests.factories import OBSERVATION, component, make_structure, series
from tests.store.cube import FLOW, drawn, make_rows, moment
from tests.support.homes import make_database


def shape(data_type, **more):
    return {"format": {"dataType": data_type}, **more}


STRUCTURE = make_structure(
    "FREQ.REF_AREA.SEX.TIME_PERIOD",
    attributes=[
        component("OBS_STATUS", "CL_OBS_STATUS", **OBSERVATION),
        component("NOTE", data_type="String", **OBSERVATION),
        component("UPDATED", data_type="DateTime", **OBSERVATION),
        component("AGES", **OBSERVATION, localRepresentation=shape("Integer", maxOccurs="unbounded")),
        component("SINCE", **OBSERVATION, localRepresentation=shape("DateTime", maxOccurs=3)),
        component(
            "TITLE", **OBSERVATION, localRepresentation={"format": {"dataType": "String", "isMultiLingual": True}}
        ),
        component("REPORTING_YEAR_START_DAY", data_type="MonthDay", **series("FREQ", "REF_AREA", "SEX")),
    ],
)
COLUMNS = tuple(STRUCTURE.components)
AREAS, SEXES = ("ES", "FR", "SN"), ("F", "M", "_T")
TIMES = {"A": ("2019", "2020-A1", "2021"), "Q": ("2020-Q1", "2020-Q4", "2021-Q2")}
NUMBERS = (None, "1", "1.0", "9.5", "10", "-3", "1e2", "NaN", "x", " 7", "1_0", "inf")
NOTES = (None, "", "a & b", "b", "Été")
MOMENTS = (None, "2020-01-01T00:00:00", "2020", "2021-06", "?")
AGES = (None, write_cell(["5"]), write_cell(["30", "5"]), write_cell(["x", "100.0"]))
SINCE = (None, write_cell(["2020", "2021-06"]), write_cell(["2019-12-31", "?"]))
TITLES = (None, write_cell([{"en": "work", "fr": "travail"}]), write_cell([{"en": "a"}, {"fr": "b", "en": "work b"}]))
POOLS = (NUMBERS, (None, "A", "E"), NOTES, MOMENTS, AGES, SINCE, TITLES)
STARTS = {"ES": None, "FR": "--04-01", "SN": "--10-01"}
FILTERS = {
    "REF_AREA": ["ES", "ne:ES", "sw:S,eq:FR", "ge:ES+lt:SN", "nc:S", "XX"],
    "SEX": ["F,M", "co:T", "ew:_T"],
    "TIME_PERIOD": ["ge:2020", "le:2020", "eq:2020", "ge:2020-Q2+le:2021-Q1", "sw:2021", "ne:2019", "gt:2020,eq:2019"],
    "OBS_VALUE": ["1", "ne:1", "ge:2", "lt:10", "gt:-5+le:9.5", "co:.", "1e2,ge:1000"],
    "OBS_STATUS": ["A", "ne:A", "nc:E", "A,E", "Z"],
    "NOTE": ["co:&", "ne:b", "sw:É", "gt:a", "nc:b,eq:b"],
    "AGES": ["5", "ne:5", "5+30", "gt:30", "lt:10+gt:20", "co:0", "nc:5", "nc:x,eq:30"],
    "SINCE": ["ge:2020", "2020", "ne:2020", "lt:2020", "2021-06+lt:2021"],
    "TITLE": ["work", "ne:work", "sw:tr", "sw:en", "co:b+a", "nc:work", "ew:b,travail"],
    "UPDATED": ["ge:2020", "eq:2020", "ne:2020", "lt:2020-06-01", "co:06"],
}


@st.composite
def cubes(draw):
    keys = [(f, area, sex, time) for f in TIMES for area in AREAS for sex in SEXES for time in TIMES[f]]
    chosen = draw(st.lists(st.sampled_from(keys), min_size=1, max_size=30, unique=True))
    picks = st.tuples(*(st.sampled_from(each) for each in POOLS))
    return [(*key, *draw(picks), STARTS[key[1]]) for key in sorted(chosen)]


@st.composite
def queries(draw):
    pools = (("A", "Q", "XX"), (*AREAS, "XX"), SEXES)
    parts = [st.none() | st.frozensets(st.sampled_from(codes), min_size=1, max_size=2) for codes in pools]
    asked = draw(st.lists(st.sampled_from(sorted(FILTERS)), unique=True, max_size=2))
    ends = st.none() | st.integers(1, 2)
    terms = st.sampled_from(["TIME_PERIOD", "REF_AREA", "SEX", "OBS_VALUE", "OBS_STATUS"])
    term = st.builds(SortTerm, terms, st.booleans())
    sort = draw(st.lists(term, unique_by=lambda term: term.component_id, max_size=2))
    return DataQuery(
        keys=tuple(draw(st.lists(st.tuples(*parts), max_size=3))),
        filters=tuple(parse_filter(name, draw(st.sampled_from(FILTERS[name]))) for name in sorted(asked)),
        first_n=draw(ends),
        last_n=draw(ends),
        offset=draw(st.sampled_from([0, 0, 1, 3])),
        limit=draw(st.sampled_from([None, None, 2, 5])),
        sort=tuple(sort),
        measures=draw(st.sampled_from([("all",), ("none",)])),
        attributes=draw(st.sampled_from([("dsd",), ("none",), ("series",)])),
    )


def pick(rows, plan: Plan):
    """What a plan asks for, by hand."""
    chosen = [row for row in sorted(rows, key=stored_order) if is_wanted(dict(zip(COLUMNS, row, strict=True)), plan)]
    if plan.series_keys_only:
        chosen = [next(group) for _, group in groupby(chosen, key=lambda row: row[:3])]
    if plan.first_n is not None or plan.last_n is not None:
        chosen = [row for _, group in groupby(chosen, key=lambda row: row[:3]) for row in ends(list(group), plan)]
    for term in reversed(plan.order):
        chosen = ordered(chosen, term)
    chosen = chosen[plan.offset :][: plan.limit]
    keys = plan.structure.dimension_ids if plan.series_keys_only else plan.structure.key_ids
    columns = (*keys, *(() if plan.series_keys_only else plan.measure_ids), *plan.attribute_ids)
    return [tuple(row[COLUMNS.index(column)] for column in columns) for row in chosen]


TIME_ORDER = ("2019", "2020-Q1", "2020-A1", "2020-Q4", "2021", "2021-Q2")


def stored_order(row):
    return (*row[:3], TIME_ORDER.index(row[3]))


def is_wanted(row, plan: Plan) -> bool:
    key = tuple(row[one] for one in plan.structure.dimension_ids)
    in_keys = not plan.keys or any(
        all(part is None or code in part for part, code in zip(pattern, key, strict=True)) for pattern in plan.keys
    )
    in_time = plan.period_matches(row["TIME_PERIOD"], row["REPORTING_YEAR_START_DAY"])
    return in_keys and in_time and all(asked.matches(row[asked.component_id]) for asked in plan.filters)


def ends(group, plan: Plan):
    first, last = plan.first_n or 0, plan.last_n or 0
    return [row for number, row in enumerate(group) if number < first or number >= len(group) - last]


def ordered(rows, term: SortTerm):
    column = COLUMNS.index(term.component_id)
    if term.component_id == "OBS_VALUE":
        rows = ordered_by(rows, lambda row: row[column], descending=term.descending)
        return ordered_by(rows, lambda row: as_number(row[column]), descending=term.descending)
    if term.component_id == "TIME_PERIOD":
        return ordered_by(rows, lambda row: TIME_ORDER.index(row[column]), descending=term.descending)
    return ordered_by(rows, lambda row: row[column], descending=term.descending)


def ordered_by(rows, key, *, descending: bool):
    """Sort stably, what is absent last either way."""
    there = sorted((row for row in rows if key(row) is not None), key=key, reverse=descending)
    return there + [row for row in rows if key(row) is None]


def as_number(text):
    return float(text) if text is not None and is_number(text) else None


@settings(max_examples=20, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(rows=cubes(), asked=st.lists(queries(), min_size=8, max_size=8), has_deltas=st.booleans())
def test_the_engine_picks_what_one_would_pick_by_hand(rows, asked, has_deltas, monkeypatch):
    if has_deltas:
        monkeypatch.setattr(staging, "MOST_CHANGED", 1000)
    with tempfile.TemporaryDirectory() as folder:
        database = make_database(Path(folder) / "hub.db")
        observations = Observations(database, Path(folder) / "obs", small=0 if has_deltas else 1000, threads=1)
        for hour, part in enumerate((rows[::2], rows[1::2], rows), start=1):
            staged = observations.stage(FLOW, STRUCTURE, {"public": make_rows(part, COLUMNS)})
            observations.release([staged], Lineage(source="law"), actor="a", now=moment(hour))
        for query in asked:
            plan = plan_data(query, STRUCTURE)
            found = drawn(observations.open_rows(FLOW, STRUCTURE, plan))
            assert found == pick(rows, plan), query
            told = observations.availability(FLOW, STRUCTURE, plan)
            wanted = [row for row in rows if is_wanted(dict(zip(COLUMNS, row, strict=True)), plan)]
            assert (told.observations, told.series) == (len(wanted), len({row[:3] for row in wanted}))
            assert {key: set(codes) for key, codes in told.codes.items()} == {
                key: {row[at] for row in wanted} for at, key in enumerate(STRUCTURE.key_ids)
            }
        observations.close()
        database.close()


@pytest.fixture(scope="module")
def long_series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("long")
    database = make_database(folder / "hub.db")
    observations = Observations(database, folder / "obs")
    connection = make_rows([], COLUMNS).connection
    sql = (
        "SELECT 'A' AS FREQ, printf('A%05d', s) AS REF_AREA, 'F' AS SEX, (1000 + t)::VARCHAR AS TIME_PERIOD,"
        " t::VARCHAR AS OBS_VALUE FROM range(30000) a(s), range(10) b(t)"
    )
    rows = staging.Rows(connection=connection, sql=sql, columns=("FREQ", "REF_AREA", "SEX", "TIME_PERIOD", "OBS_VALUE"))
    staged = observations.stage(FLOW, STRUCTURE, {"public": rows})
    observations.release([staged], Lineage(source="x"), actor="a", now=moment(1))
    yield observations
    observations.close()
    database.close()


@pytest.mark.parametrize("number", [1, 3, 2000])
def test_the_last_observations_are_right_across_row_groups(long_series, number):
    plan = plan_data(DataQuery(last_n=number), STRUCTURE)
    found = drawn(long_series.open_rows(FLOW, STRUCTURE, plan))
    assert len(found) == 30000 * min(number, 10)
    assert {row[4] for row in found} == {str(value) for value in range(10)[-number:]}
    assert [row[:4] for row in found] == sorted(row[:4] for row in found)


def test_a_whole_dataflow_comes_in_order(long_series):
    found = drawn(long_series.open_rows(FLOW, STRUCTURE, plan_data(DataQuery(), STRUCTURE)))
    assert len(found) == 300_000
    assert [row[:4] for row in found] == sorted(row[:4] for row in found)


def test_what_is_asked_never_becomes_sql(long_series):
    nasty = "'; DROP TABLE cur; --"
    filters = (parse_filter("NOTE", f"co:{nasty}"), parse_filter("REF_AREA", f"ne:{nasty}"))
    plan = plan_data(DataQuery(keys=((frozenset({nasty, "A"}), None, None),), filters=filters), STRUCTURE)
    rows = long_series.open_rows(FLOW, STRUCTURE, plan)
    assert "DROP" not in rows.sql
    assert nasty in rows.params
    assert drawn(rows) == []


def test_the_version_asked_for_is_what_is_read(long_series):
    plan = plan_data(DataQuery(as_of=moment(1) - dt.timedelta(seconds=1)), STRUCTURE)
    assert drawn(long_series.open_rows(FLOW, STRUCTURE, plan)) == []
    plan = plan_data(DataQuery(as_of=moment(1), limit=1), STRUCTURE)
    assert len(drawn(long_series.open_rows(FLOW, STRUCTURE, plan))) == 1
