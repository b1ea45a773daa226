"""Whole answers, of one or several dataflows with a history, against what plain Python says of the same rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from sdmx_hub.errors import NoResults
from sdmx_hub.model.message import Action, Header
from sdmx_hub.model.rows import Rows, quoted
from sdmx_hub.model.urn import Ref
from sdmx_hub.publish.availability import open_availability
from sdmx_hub.publish.data import count_data, data_version, open_data
from sdmx_hub.query import urls_v2
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.registry import Registry
from sdmx_hub.store.releases import Lineage
from tests.publish.law_cube import (
    ARTEFACTS,
    COLUMNS,
    make_chance,
    make_cube,
    make_filters,
    make_key,
    make_limits,
    make_sort,
    make_start_day,
    make_values,
)
from tests.publish.naive import DIMENSIONS, KEYS, Asked, Row, by_key, key_of, series_of, span_of
from tests.support.engine import connect
from tests.support.homes import make_database

FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NOW = FIRST + dt.timedelta(days=30)
FLOWS = (Ref("TEST", "DF", "1.0.0"), Ref("TEST", "DF", "1.1.0"), Ref("TEST", "DG", "1.0.0"))
ADDRESSES = {
    "dataflow/TEST/DF/1.0.0": (0,),
    "dataflow/TEST/DG": (2,),
    "dataflow/TEST/DF/*": (0, 1),
    "dataflow/*/DF,DG/~": (1, 2),
    "datastructure/TEST/DSD/1.0.0": (0, 1, 2),
    "provisionagreement/TEST/PA_ONE,PA_TWO": (0, 2),
    "*/TEST/PA_TWO": (2,),
}
State = dict[tuple[str | None, ...], Row]


def day(number: int) -> dt.datetime:
    return FIRST + dt.timedelta(days=number)


@dataclass
class Hub:
    """The store, and beside it every state of each dataflow: by the day of its release."""

    database: object
    observations: Observations
    artefacts: object
    states: tuple[dict[int, State], ...]

    def at(self, flow: int, number: int) -> State:
        """What a dataflow held on a day."""
        known = [one for one in self.states[flow] if one <= number]
        return self.states[flow][max(known)] if known else {}

    def changed_on(self, flow: int, key: object, number: int) -> int:
        """The day an observation that lives on a day came to be as it is."""
        found, later = self.at(flow, number)[key], number
        for one in sorted((one for one in self.states[flow] if one <= number), reverse=True):
            if self.states[flow][one].get(key) != found:
                break
            later = one
        return later


def make_history(seed: int) -> list[State]:
    """Make some states, each with revisions, deletions and additions against the one before."""
    chance = make_chance(seed)
    states = [{key_of(row): row for row in make_cube(chance)}]
    for _ in range(3):
        before = states[-1]
        kept = {
            key: (row | make_values(chance) if chance.random() < 0.2 else row)
            for key, row in before.items()
            if chance.random() < 0.85
        }
        new = {key_of(row): row for row in make_cube(chance, 0.1)}
        states.append({**new, **kept})
    return states


@pytest.fixture(scope="module", params=["folded", "layered"])
def hub(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    database = make_database(folder / "control.db")
    registry = Registry(database)
    registry.save(ARTEFACTS, actor="test", now=FIRST)
    artefacts = registry.snapshot()
    options = {"small": 0} if request.param == "layered" else {}
    observations = Observations(database, folder / "data", clock=lambda: NOW, **options)
    structure = artefacts.structure_of(next(one for one in ARTEFACTS if one.ref.id == "DG").urn)
    made: list[dict[int, State]] = []
    for position in range(len(FLOWS)):
        days = {2 * number + position: state for number, state in enumerate(make_history(position))}
        made.append(days)
    for number, position in sorted((number, position) for position, days in enumerate(made) for number in days):
        rows = rows_of(made[position][number].values())
        staged = observations.stage(FLOWS[position], structure, {"public": rows}, scope={}, action=Action.REPLACE)
        observations.release([staged], Lineage(source="law"), actor="a", now=day(number))
    yield Hub(database, observations, artefacts, tuple(made))
    observations.close()
    database.close()


def rows_of(rows: Iterable[Row]) -> Rows:
    connection = connect()
    connection.execute(f"CREATE TEMP TABLE t ({', '.join(f'{quoted(column)} VARCHAR' for column in COLUMNS)})")
    places = ", ".join("?" for _ in COLUMNS)
    connection.executemany(
        " ".join(("INSERT INTO t VALUES (", places, ")")), [[row[column] for column in COLUMNS] for row in rows]
    )
    return Rows(connection=connection, sql="FROM t", columns=COLUMNS, is_sorted=False)


def ask(hub: Hub, address: str, key: str, query: str) -> list[tuple[object, ...]]:
    """Draw a whole answer: the dataflow, the action, the validity and the values of each row."""
    try:
        asked = urls_v2.parse_data(f"{full(address)}/{key}".split("/"), query)
        header = Header(id="T", prepared=NOW, sender_id="TEST")
        message = open_data(asked, hub.artefacts, hub.observations, audience="public", now=NOW, header=header)
    except NoResults:
        return []
    found = []
    for dataset in message.datasets:
        rows = dataset.rows.connection.execute(dataset.rows.sql, list(dataset.rows.params)).fetchall()
        said = (dataset.dataflow.ref, dataset.action, dataset.valid_from, dataset.valid_to)
        found += [(*said, dict(zip(dataset.rows.columns, row, strict=True))) for row in rows]
        dataset.rows.close()
    return found


def full(address: str) -> str:
    parts = address.split("/")
    return "/".join((*parts, *["*"] * (4 - len(parts))))


def given(flow: int, rows: Iterable[Row], action=Action.REPLACE, valid_from=None, valid_to=None):
    return [(FLOWS[flow], action, valid_from, valid_to, dict(row)) for row in rows]


def keys_only(rows: Iterable[Row]) -> list[Row]:
    return [{name: row[name] for name in KEYS} for row in sorted(rows, key=by_key)]


def total(hub: Hub, address: str, key: str, query: str) -> int:
    asked = urls_v2.parse_data(f"{full(address)}/{key}".split("/"), query)
    try:
        version = data_version(asked, hub.artefacts, hub.observations, audience="public", now=NOW)
        return count_data(asked, version, hub.observations)
    except NoResults:
        return 0


def make_url(chance, *parts):
    return make_key(chance), "&".join((*make_filters(chance), *make_start_day(chance), *parts))


@pytest.mark.parametrize("seed", range(6))
def test_an_answer_of_any_dataflows_at_any_moment_is_paged_as_a_whole(hub, seed):
    chance = make_chance(seed)
    for _ in range(12):
        address = chance.choice([*ADDRESSES])
        number = chance.choice([None, None, 0, 3, 5])
        at = [f"asOf={day(number):%Y-%m-%d}"] if number is not None else []
        key, query = make_url(chance, *make_limits(chance), *make_sort(chance), *at)
        asked = Asked(key, query)
        states = [(flow, hub.at(flow, 99 if number is None else number)) for flow in ADDRESSES[address]]
        whole = [one for flow, state in states for one in given(flow, asked.answer(state.values()))]
        expected = asked.page(whole)
        assert ask(hub, address, key, query) == expected, (address, key, query)
        assert total(hub, address, key, query) == len(expected), (address, key, query)


@pytest.mark.parametrize("seed", range(4))
def test_series_keys_are_paged_as_a_whole(hub, seed):
    chance = make_chance(100 + seed)
    for _ in range(10):
        address = chance.choice([*ADDRESSES])
        limits = [one for one in make_limits(chance) if "NObs" not in one]
        only = ["measures=none", "attributes=none"]
        key, query = make_url(chance, *limits, *make_sort(chance, DIMENSIONS), *only)
        asked = Asked(key, query)
        whole = [
            one
            for flow in ADDRESSES[address]
            for one in given(flow, asked.answer(hub.at(flow, 99).values()), Action.MERGE)
        ]
        assert ask(hub, address, key, query) == asked.page(whole), (address, key, query)
        assert total(hub, address, key, query) == len(asked.page(whole))


@pytest.mark.parametrize("seed", range(4))
def test_what_changed_since_a_moment_is_deletions_then_the_rest(hub, seed):
    chance = make_chance(200 + seed)
    for _ in range(10):
        address, since = chance.choice([*ADDRESSES]), chance.randrange(7)
        until = chance.choice([None, since + 2])
        moments = [f"updatedAfter={day(since):%Y-%m-%d}", *([f"asOf={day(until):%Y-%m-%d}"] if until else [])]
        key, query = make_url(chance, *make_limits(chance)[-1:], *moments)
        asked, last = Asked(key, query), until or 99
        whole = []
        for flow in ADDRESSES[address]:
            then, now = hub.at(flow, since), hub.at(flow, last)
            gone = [row for one, row in then.items() if one not in now and asked.wants(row, KEYS)]
            changed = [row for one, row in now.items() if hub.changed_on(flow, one, last) > since]
            whole += given(flow, keys_only(gone), Action.DELETE) + given(flow, asked.answer(changed))
        assert ask(hub, address, key, query) == asked.page(whole), (address, key, query)
        assert total(hub, address, key, query) == len(asked.page(whole))


@pytest.mark.parametrize("seed", range(4))
def test_deltas_lead_from_any_copy_to_any_later_one(hub, seed):
    chance = make_chance(300 + seed)
    for _ in range(8):
        address, since = chance.choice([*ADDRESSES]), chance.randrange(7)
        until = chance.randrange(since, 8)
        key = make_key(chance)
        query = "&".join((*make_filters(chance, list(KEYS)), *make_start_day(chance)))
        asked = Asked(key, query)
        moments = f"updatedAfter={day(since):%Y-%m-%d}&asOf={day(until):%Y-%m-%d}"
        copies = {
            FLOWS[flow]: {one: dict(row) for one, row in hub.at(flow, since).items() if asked.wants(row)}
            for flow in ADDRESSES[address]
        }
        for ref, action, _, _, row in ask(hub, address, key, f"{query}&{moments}"):
            if action is Action.DELETE:
                del copies[ref][key_of(row)]
            else:
                copies[ref][key_of(row)] = row
        for flow in ADDRESSES[address]:
            now = {one: dict(row) for one, row in hub.at(flow, until).items() if asked.wants(row)}
            assert copies[FLOWS[flow]] == now, (address, key, query, moments)


@pytest.mark.parametrize("seed", range(3))
def test_a_history_replayed_passes_through_every_copy(hub, seed):
    chance = make_chance(400 + seed)
    for _ in range(2):
        address, until = chance.choice([*ADDRESSES]), chance.choice([3, 5, 8])
        key = make_key(chance)
        query = "&".join((*make_filters(chance, list(KEYS)), *make_start_day(chance)))
        asked, at = Asked(key, query), f"includeHistory=true&asOf={day(until):%Y-%m-%d}"
        whole = ask(hub, address, key, f"{query}&{at}")
        for flow in ADDRESSES[address]:
            copy: dict[object, Row] = {}
            told = [one for one in whole if one[0] == FLOWS[flow]]
            for number in (one for one in hub.states[flow] if one <= until):
                for _, action, valid_from, valid_to, row in told:
                    if (valid_from or valid_to) != day(number):
                        continue
                    if action is Action.DELETE:
                        del copy[key_of(row)]
                    else:
                        copy[key_of(row)] = row
                wanted = {one: dict(row) for one, row in hub.at(flow, number).items() if asked.wants(row)}
                assert copy == wanted, (address, key, query, number)
        size = max(1, len(whole) // 3)
        pages = [
            ask(hub, address, key, f"{query}&{at}&offset={first}&limit={size}") for first in range(0, len(whole), size)
        ]
        assert [row for page in pages for row in page] == whole
        assert total(hub, address, key, f"{query}&{at}") == len(whole)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("mode", ["exact", "available"])
def test_availability_tells_the_values_in_the_result_or_those_that_can_be_added(hub, mode, seed):
    chance = make_chance(500 + seed)
    for _ in range(10):
        address = chance.choice([*ADDRESSES])
        names = None if chance.random() < 0.5 else list(KEYS)
        filters, start = make_filters(chance, names), make_start_day(chance)
        key, number = make_key(chance), chance.choice([99, 4])
        at = [f"asOf={day(number):%Y-%m-%d}"] if number != 99 else []
        query = "&".join((*filters, *start, *at, f"mode={mode}"))
        try:
            parsed = urls_v2.parse_availability(f"{full(address)}/{key}".split("/"), query)
            found = open_availability(parsed, hub.artefacts, hub.observations, audience="public", now=NOW)
        except NoResults:
            found = ()
        expected = []
        for flow in ADDRESSES[address]:
            state = list(hub.at(flow, number).values())
            asked = Asked(key, query)
            rows = [row for row in state if asked.wants(row)]
            values = {}
            for name in KEYS:
                freed = (
                    rows if mode == "exact" else [row for row in state if without(name, key, filters, start).wants(row)]
                )
                if freed:
                    values[name] = told_of(name, freed)
            if values:
                expected.append((len(rows), len({series_of(row) for row in rows}), values))
        assert [shown(one) for one in found] == expected, (address, key, query)


def without(name, key, filters, start) -> Asked:
    """The question without what it says of one dimension."""
    keys = [
        ".".join("" if one == name else part for one, part in zip(DIMENSIONS, one_key.split("."), strict=False))
        for one_key in key.split(",")
    ]
    kept = [one for one in filters if not one.startswith(f"c[{name}]")]
    return Asked(",".join(keys), "&".join((*kept, *start)))


def told_of(name, rows):
    if name != "TIME_PERIOD":
        return sorted({row[name] for row in rows})
    spans = [span_of(row[name], "--01-01") for row in rows]
    return min(start for start, _ in spans), max(end for _, end in spans)


def shown(constraint):
    values = {}
    for one in constraint.document.get("cubeRegion", {}).get("keyValues", ()):
        if "timeRange" in one:
            ends = [one["timeRange"][name]["period"] for name in ("startPeriod", "endPeriod")]
            values[one["id"]] = span_of(ends[0], "--01-01")[0], span_of(ends[1], "--01-01")[1]
        else:
            values[one["id"]] = [value["value"] for value in one["values"]]
    return constraint.document["obsCount"], constraint.document["seriesCount"], values
