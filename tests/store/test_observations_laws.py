"""Whatever is loaded in whatever order: the store and a dictionary tell the same, now and at every earlier moment."""

from __future__ import annotations

import dataclasses
import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sdmx_hub.model.message import Action
from sdmx_hub.store import staging
from sdmx_hub.store.observations import Observations
from tests.store.cube import (
    COLUMNS,
    FLOW,
    KEYS,
    STRUCTURE,
    VALUES,
    Row,
    State,
    drawn,
    load,
    make_rows,
    moment,
    plan,
    state_of,
)
from tests.support.homes import make_database

AREAS, SEXES, TIMES = ("ES", "FR", "SN"), ("F", "M"), ("2019", "2020", "2020-Q1", "2021")
SHARED = {"TITLE": 2, "UNIT": 1, "SOURCE": 0}
"""The attributes that describe more than an observation, and of how many dimensions."""


@dataclasses.dataclass(frozen=True)
class Load:
    action: Action
    scope: dict[str, frozenset[str]] | None
    rows: tuple[tuple[Row, Row, str | None], ...]  # key, values, action
    compact_before: bool = False

    @property
    def columns(self):
        return (*COLUMNS, "_action") if any(action for *_, action in self.rows) else COLUMNS

    def as_rows(self):
        width = len(self.columns)
        return make_rows([(*key, *values, action)[:width] for key, values, action in self.rows], self.columns)


@st.composite
def loads(draw):
    action = draw(st.sampled_from([Action.APPEND, Action.MERGE, Action.REPLACE, Action.REPLACE, Action.DELETE]))
    keys = draw(
        st.lists(st.tuples(*(st.sampled_from(codes) for codes in (AREAS, SEXES, TIMES))), unique=True, max_size=8)
    )
    is_partial = draw(st.booleans())
    rows = [(key, draw(values()), draw(actions()) if is_partial else None) for key in keys]
    if is_partial or action is Action.DELETE:
        partial = st.tuples(*(st.sampled_from((None, None, *codes)) for codes in (AREAS, SEXES, TIMES)))
        wild = draw(st.lists(partial.filter(lambda key: None in key), unique=True, max_size=2))
        rows += [(key, draw(values()), draw(actions())) for key in wild]
    if action is Action.DELETE:
        rows = [
            (key, draw(st.sampled_from([given_values, (None,) * len(VALUES)])), each)
            for key, given_values, each in rows
        ]
    scope = draw(
        st.sampled_from([None, {}, {"REF_AREA": frozenset({"SN", "XX"})}, {"TIME_PERIOD": frozenset({"2020"})}])
    )
    return Load(action, scope, tuple(rows), draw(st.booleans()))


def values():
    texts = st.sampled_from([None, "1", "1.10", "-2e3", "NaN"])
    return st.tuples(
        texts, *(st.sampled_from([None, None, *codes]) for codes in (("A", "E"), ("t", "u"), ("KG", "PS"), ("s",)))
    )


def actions():
    return st.sampled_from([None, None, "A", "M", "R", "D"])


def apply(state: State, load: Load) -> State:
    """What a load does to a dictionary: the rules of ``store.changes``, one after the other."""
    sent = {
        key: (given_values, act(load, action))
        for key, given_values, action in load.rows
        if None not in key and act(load, action) != "D"
    }
    deletions = [(key, given_values) for key, given_values, action in load.rows if act(load, action) == "D"]
    said = collect([(key, given_values) for key, given_values, action in load.rows if act(load, action) != "D"])
    gone = {key for key in state if key not in sent and is_deleted(key, state[key], load, deletions)}
    replaced = {key for key, (_, action) in sent.items() if action == "R"}
    kept = collect([(key, found) for key, found in state.items() if key not in replaced and key not in gone])
    result = {key: found for key, found in state.items() if key not in gone}
    for key, (given_values, action) in sent.items():
        old = state.get(key, (None,) * len(VALUES))
        merged = [
            own if action == "R" or own is not None else before for own, before in zip(given_values, old, strict=True)
        ]
        for column, width in SHARED.items():
            at = VALUES.index(column)
            group = (column, key[:width])
            merged[at] = first(given_values[at], said.get(group), merged[at], kept.get(group))
        result[key] = tuple(merged)
    for key in result.keys() - sent.keys():
        result[key] = cleared(key, result[key], deletions) or spread(key, result[key], said)
    return result


def act(load: Load, action: str | None) -> str:
    return action or load.action.value


def first(*candidates):
    return next((one for one in candidates if one is not None), None)


def collect(rows):
    """The greatest value said of each series, group and dataset."""
    found = {}
    for key, given_values in rows:
        for column, width in SHARED.items():
            value = given_values[VALUES.index(column)]
            if value is not None and None not in key[:width]:
                group = (column, key[:width])
                found[group] = max(found.get(group, value), value)
    return found


def matches(key: Row, pattern: Row) -> bool:
    return all(part is None or part == code for part, code in zip(pattern, key, strict=True))


def is_deleted(key: Row, found: Row, load: Load, deletions) -> bool:
    if load.action is Action.REPLACE and load.scope is not None:
        row = dict(zip(COLUMNS, key + found, strict=True))
        if all(row[column] in codes for column, codes in load.scope.items()):
            return True
    return any(matches(key, pattern) and not any(given_values) for pattern, given_values in deletions)


def cleared(key: Row, found: Row, deletions) -> Row | None:
    """The values left by deletions of components; None when they change nothing."""
    left = list(found)
    for pattern, given_values in deletions:
        if matches(key, pattern):
            left = [None if named is not None else value for named, value in zip(given_values, left, strict=True)]
    return tuple(left) if tuple(left) != found else None


def spread(key: Row, found: Row, said) -> Row:
    left = list(found)
    for column, width in SHARED.items():
        at = VALUES.index(column)
        left[at] = first(said.get((column, key[:width])), left[at])
    return tuple(left)


def current(observations, audience, **query):
    return state_of(drawn(observations.open_rows(FLOW, STRUCTURE, plan(**query), audience=audience)))


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(loads(), min_size=1, max_size=5), has_deltas=st.booleans(), back_to=st.integers(0, 4))
def test_the_store_tells_what_a_dictionary_tells(steps, has_deltas, back_to, monkeypatch):
    if has_deltas:
        monkeypatch.setattr(staging, "MOST_CHANGED", 1000)
    with tempfile.TemporaryDirectory() as folder:
        database = make_database(Path(folder) / "hub.db")
        observations = Observations(database, Path(folder) / "obs", small=0 if has_deltas else 1000, threads=1)
        states = run(observations, steps)
        if len(states) > 1:
            tell_the_past(observations, states)
            index = back_to % len(states) if list(states)[back_to % len(states)] else 1
            go_back(observations, states, index)
        observations.close()
        database.close()


def run(observations, steps) -> dict[int, State]:
    """Load step by step; gives the state after each hour at which something was released."""
    states: dict[int, State] = {0: {}}
    for hour, step in enumerate(steps, start=1):
        before = states[max(states)]
        after = apply(before, step)
        if step.compact_before and max(states):
            observations.compact(FLOW, STRUCTURE, now=moment(hour))
            assert current(observations, "public") == before
        release = load(observations, step.as_rows(), at=hour, action=step.action, scope=step.scope)
        assert (release is None) == (after == before), (before, after)
        assert current(observations, "public") == after
        if release is not None:
            states[hour] = after
            counts = release.changes[0].counts
            assert counts.added == len(after.keys() - before.keys())
            assert counts.deleted == len(before.keys() - after.keys())
            assert counts.revised == sum(after[key] != before[key] for key in after.keys() & before.keys())
    return states


def tell_the_past(observations, states) -> None:
    hours = sorted(states)
    now = states[hours[-1]]
    for hour in hours:
        assert current(observations, "public", as_of=moment(hour)) == states[hour]
        asked = plan(updated_after=moment(hour))
        changed = state_of(drawn(observations.open_rows(FLOW, STRUCTURE, asked)))
        gone = {row[: len(KEYS)] for row in drawn(observations.open_deleted(FLOW, STRUCTURE, asked))}
        replayed = {key: found for key, found in (states[hour] | changed).items() if key not in gone}
        assert replayed == now
        assert gone == states[hour].keys() - now.keys()
    replayed = {}
    for vintage in observations.open_history(FLOW, STRUCTURE, plan()):
        replayed |= state_of(drawn(vintage.rows))
        for row in drawn(vintage.deleted):
            del replayed[row[: len(KEYS)]]
        hour = next(hour for hour in hours if moment(hour) == vintage.visible_from)
        assert replayed == states[hour]
    tell_the_changes(observations, states)


def tell_the_changes(observations, states) -> None:
    releases = list(reversed(observations.releases()))
    for release, (earlier, later) in zip(releases, itertools.pairwise(sorted(states)), strict=True):
        before, after = states[earlier], states[later]
        found = {row[1 : 1 + len(KEYS)]: row for row in drawn(observations.open_changes(FLOW, STRUCTURE, release.id))}
        touched = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        assert found.keys() == touched
        nothing = (None,) * len(VALUES)
        for key, (kind, *rest) in found.items():
            assert kind == ("A" if key not in before else "D" if key not in after else "R")
            assert tuple(rest[len(KEYS) :: 2]) == before.get(key, nothing)
            assert tuple(rest[len(KEYS) + 1 :: 2]) == after.get(key, nothing)


def go_back(observations, states, index) -> None:
    hours = sorted(states)
    releases = list(reversed(observations.releases()))
    target = states[hours[index]]
    observations.rollback(releases[index - 1].id, FLOW, STRUCTURE, actor="tester", now=moment(100), reason="law")
    assert current(observations, "public") == target
    assert current(observations, "internal") == target


@pytest.mark.parametrize("key", ["2020-Q1", "2021"])
def test_periods_are_in_the_order_of_time(key, tmp_path):
    database = make_database(tmp_path / "hub.db")
    observations = Observations(database, tmp_path / "obs")
    load(observations, make_rows([("SN", "F", time, *[None] * len(VALUES)) for time in ("2021", "2020-Q1", "2019-12")]))
    rows = drawn(observations.open_rows(FLOW, STRUCTURE, plan()))
    assert [row[2] for row in rows] == ["2019-12", "2020-Q1", "2021"]
    assert key in {row[2] for row in rows}
    observations.close()
    database.close()
