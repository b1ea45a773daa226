"""A profile tells what the rows themselves tell, is made once for a state, and goes when others need its place."""

import itertools

import duckdb
import pytest

from sdmx_hub.query.filters import parse_filter
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import DataQuery
from sdmx_hub.store import profile as profile_module
from sdmx_hub.store.availability import find_availability, select_availability
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.profile import Bits, Profiles, answers, period_end
from sdmx_hub.store.state import open_state
from tests.store.cube import FLOW, STRUCTURE, load, moment, series_rows
from tests.support.homes import make_database

AREAS, SEXES, PERIODS = ("ES", "FR", "SN"), ("F", "M", "_T"), ("2019", "2020", "2020-Q1", "2021")
KEYS = [(), ((frozenset({"ES", "XX"}), None),), ((frozenset({"ES"}), frozenset({"F"})), (None, frozenset({"M"})))]
FILTERS = [
    (),
    (parse_filter("TIME_PERIOD", "ge:2020"),),
    (parse_filter("TIME_PERIOD", "lt:1990"),),
    (parse_filter("SEX", "ne:F"), parse_filter("TIME_PERIOD", "2020-Q1")),
    (parse_filter("REF_AREA", "XX"),),
]


@pytest.fixture(scope="module", params=["folded", "layered"])
def observations(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    database = make_database(folder / "hub.db")
    made = Observations(database, folder / "obs", small=0 if request.param == "layered" else 1000)
    rows = [" ".join((*key, "1")) for key in itertools.product(AREAS, SEXES, PERIODS) if hash_of(key) % 3]
    load(made, series_rows(*rows[::2]), at=1)
    load(made, series_rows(*rows), at=2)
    yield made
    made.close()
    database.close()


def hash_of(key):
    return sum(map(ord, "".join(key)))


def opened(observations, as_of=None):
    version = observations.version(FLOW, as_of=as_of)
    connection = observations._engine.cursor()
    return open_state(observations._engine, version, connection), connection


@pytest.mark.parametrize("hour", [1, 2])
@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize("keys", KEYS)
def test_a_profile_tells_what_the_rows_tell(observations, keys, filters, hour):
    state, connection = opened(observations, moment(hour))
    plan = plan_data(DataQuery(keys=keys, filters=filters), STRUCTURE)
    assert answers(plan, state)
    told = find_availability(plan, state, connection, Profiles())
    assert told == select_availability(plan, state, connection)


def test_a_profile_knows_from_when_to_when_each_code_has_periods(observations):
    state, connection = opened(observations)
    plan = plan_data(DataQuery(filters=(parse_filter("TIME_PERIOD", "le:2020"),)), STRUCTURE)
    told = find_availability(plan, state, connection, Profiles())
    for dimension, key in (("REF_AREA", 0), ("SEX", 1)):
        for code, (first, last) in told.spans[dimension].items():
            periods = [
                period
                for period in ("2019", "2020-Q1", "2020")
                if any(hash_of((area, sex, period)) % 3 and (area, sex)[key] == code for area in AREAS for sex in SEXES)
            ]
            assert (first, last) == (periods[0], max(periods, key=period_end))


def bits_text(wanted, bits):
    return (
        sum(1 << n for n, one in enumerate(wanted) if one) if bits.is_number else "".join("01"[one] for one in wanted)
    )


def test_the_period_that_ends_last_is_not_always_the_last_to_begin():
    bits = Bits(codes=("2020", "2020-Q2", "2021"))
    assert bits.ends(0b011) == ("2020", "2020")
    assert bits.ends(0b110) == ("2020-Q2", "2021")


@pytest.mark.parametrize("count", [3, 64, 65, 200])
def test_periods_go_to_bits_and_back(count):
    codes = tuple(str(1900 + number) for number in range(count))
    bits = Bits(codes=codes)
    wanted = [number % 3 == 1 for number in range(count)]
    assert bits.ends(bits_text(wanted, bits)) == (codes[1], codes[max(n for n in range(count) if n % 3 == 1)])
    with duckdb.connect() as connection:
        [(text, size)] = connection.execute(
            f"SELECT ({bits.written(wanted)})::VARCHAR, bit_count({bits.written(wanted)})"
        ).fetchall()
        listed = ", ".join(f"'{code}'" for code in codes)
        connection.execute(f"CREATE TYPE e AS ENUM ({listed})")
        gathered = connection.execute(
            f"SELECT ({bits.gathered('t')})::VARCHAR FROM (SELECT unnest([{listed}])::e AS t)"  # noqa: S608 - our own
        ).fetchall()[0][0]
    assert bits.named(text) == tuple(code for code, one in zip(codes, wanted, strict=True) if one)
    assert size == sum(wanted)
    assert bits.named(gathered) == codes


def test_a_profile_knows_no_attributes(observations):
    state, _ = opened(observations)
    assert not answers(plan_data(DataQuery(filters=(parse_filter("OBS_STATUS", "A"),)), STRUCTURE), state)


def test_a_state_is_gone_through_once(observations):
    profiles = Profiles()
    state, connection = opened(observations)
    assert profiles.find(STRUCTURE, state, connection) is profiles.find(STRUCTURE, state, connection)
    earlier, connection = opened(observations, moment(1))
    assert profiles.find(STRUCTURE, earlier, connection) is not profiles.find(STRUCTURE, state, connection)


def test_too_many_series_are_not_kept(observations, monkeypatch):
    monkeypatch.setattr(profile_module, "MOST_SERIES", 2)
    state, connection = opened(observations)
    profiles = Profiles()
    assert profiles.find(STRUCTURE, state, connection) is None
    plan = plan_data(DataQuery(), STRUCTURE)
    assert find_availability(plan, state, connection, profiles) == select_availability(plan, state, connection)


def test_an_old_profile_makes_room(observations, monkeypatch):
    monkeypatch.setattr(profile_module, "_KEPT", 1)
    profiles = Profiles()
    state, connection = opened(observations)
    earlier, _ = opened(observations, moment(1))
    first = profiles.find(STRUCTURE, state, connection)
    profiles.find(STRUCTURE, earlier, connection)
    tables = {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert first.table not in tables
    plan = plan_data(DataQuery(filters=(parse_filter("SEX", "F"),)), STRUCTURE)
    profiles._kept[next(iter(profiles._kept))] = first  # as a reader that found it just before
    assert find_availability(plan, earlier, connection, profiles) == select_availability(plan, earlier, connection)
