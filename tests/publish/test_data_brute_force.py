"""Every answer of the real store against the same answer worked out row by row."""

import pytest

from sdmx_hub.errors import NoResults
from sdmx_hub.model.message import Action
from tests.publish.cube import COLUMNS, SERIES, key_of, make_chance, make_cube, make_question, make_values
from tests.publish.hub import Hub, day

FLOW = "dataflow/TEST/DF/1.0.0"


@pytest.fixture(scope="module")
def states():
    """What was released day by day."""
    chance = make_chance(7)
    first = make_cube(7)
    second = [
        dict(row) | (make_values(chance) if chance.random() < 0.2 else {}) for row in first if chance.random() < 0.9
    ]
    gone = [row for row in first if key_of(row) not in {key_of(one) for one in second}]
    third = [row for row in second if chance.random() < 0.95] + gone[::2]
    return [first, second, third]


@pytest.fixture(scope="module", params=["folded", "layered"])
def hub(request, states, tmp_path_factory):
    """The states, each release a file of its own or all in one."""
    hub = Hub(tmp_path_factory.mktemp(request.param), small=0 if request.param == "layered" else None)
    for number, rows in enumerate(states):
        hub.release(rows, day(number))
    yield hub
    hub.close()


def full(row):
    return tuple(row[name] for name in COLUMNS)


@pytest.mark.parametrize("seed", range(8))
def test_rows_are_those_of_the_evaluation_row_by_row(hub, states, seed):
    chance = make_chance(seed)
    for _ in range(60):
        question = make_question(chance)
        expected = question.answer(states[-1])
        url = f"{FLOW}/{question.key_text()}?{question.query_text()}"
        try:
            found = hub.ask(url)
        except NoResults:
            found = []
        assert [[full(row) for row in rows] for _, rows in found] == (
            [[full(row) for row in expected]] if expected else []
        ), url


@pytest.mark.parametrize("seed", range(6))
def test_series_keys_are_those_of_the_rows_that_match(hub, states, seed):
    chance = make_chance(300 + seed)
    for _ in range(20):
        question = make_question(chance)
        question.first_n = question.last_n = None
        question.sort = [(name, down) for name, down in question.sort if name in SERIES]
        matching = {key_of(row)[:3]: {name: row[name] for name in SERIES} for row in states[-1] if question.wants(row)}
        expected = list(matching.values())
        said = dict(question.sort)
        for name in reversed([*said, *(one for one in SERIES if one not in said)]):
            expected.sort(key=lambda row, name=name: row[name], reverse=said.get(name, False))
        end = None if question.limit is None else question.offset + question.limit
        expected = expected[question.offset : end]
        url = f"{FLOW}/{question.key_text()}?{question.query_text()}&attributes=none&measures=none"
        try:
            found = hub.ask(url)
        except NoResults:
            found = []
        assert [row for _, rows in found for row in rows] == expected, url


@pytest.mark.parametrize("seed", range(6))
def test_an_earlier_moment_shows_the_earlier_state(hub, states, seed):
    chance = make_chance(100 + seed)
    for _ in range(30):
        question = make_question(chance)
        number = chance.randrange(3)
        expected = question.answer(states[number])
        url = f"{FLOW}/{question.key_text()}?{question.query_text()}&asOf={day(number):%Y-%m-%dT%H:%M:%SZ}"
        try:
            found = hub.ask(url)
        except NoResults:
            found = []
        assert [row for _, rows in found for row in rows] == expected, url


@pytest.mark.parametrize("seed", range(6))
def test_changes_since_a_moment_lead_from_the_copy_of_then_to_the_copy_of_now(hub, states, seed):
    chance = make_chance(200 + seed)
    for _ in range(20):
        question = make_question(chance, limits=False)
        question.filters = {
            name: any_of for name, any_of in question.filters.items() if name in {"FREQ", "REF_AREA", "SEX"}
        }
        number = chance.randrange(3)
        copy = {key_of(row): full(row) for row in question.answer(states[number])}
        url = f"{FLOW}/{question.key_text()}?{question.query_text()}&updatedAfter={day(number):%Y-%m-%dT%H:%M:%SZ}"
        try:
            found = hub.ask(url)
        except NoResults:
            found = []
        for action, rows in found:
            for row in rows:
                if action is Action.DELETE:
                    del copy[key_of(row)]
                else:
                    assert any(full(row) not in map(full, state) for state in states[number:]), "it never changed"
                    copy[key_of(row)] = full(row)
        assert copy == {key_of(row): full(row) for row in question.answer(states[-1])}, url


def test_the_history_replayed_gives_every_state(hub, states):
    message = hub.open(f"{FLOW}/A?includeHistory=true")
    copy, moments = {}, []
    shown = {}
    for dataset in message.datasets:
        moment = dataset.valid_from or dataset.valid_to
        moments.append(moment)
        columns = dataset.rows.columns
        for values in dataset.rows.connection.execute(dataset.rows.sql, list(dataset.rows.params)).fetchall():
            row = dict(zip(columns, values, strict=True))
            if dataset.action is Action.DELETE:
                del copy[key_of(row)]
            else:
                copy[key_of(row)] = full(row)
        shown[moment] = dict(copy)
        dataset.rows.close()
    assert moments == sorted(moments)
    for number, state in enumerate(states):
        assert shown[day(number)] == {key_of(row): full(row) for row in state if row["FREQ"] == "A"}
