"""What passes every check and is held all the same: names, units, dates, many revisions and deletions."""

import json

import pytest

from sdmx_hub.harvest.labels import is_spelling, plain
from sdmx_hub.store.run_rows import State
from tests.harvest.hubs import Hub, observation, told
from tests.harvest.partner import Reply
from tests.harvest.test_visit import CSV, DATA, ROWS, STRUCTURE, answer_of, data, ours, structure, theirs, time

__all__ = ["data", "ours", "structure", "theirs", "time"]


@pytest.fixture
def scripted(partner, ours, data, structure):
    partner.on(DATA, data)
    partner.on(STRUCTURE, structure)
    ours.add_source(f"{partner.url}/sdmx/v2", mechanism="pull", limits="{most_deleted_percent: 90}")
    assert told(ours.harvest()) == ("succeeded", 10, 0, 0, 0)
    return partner


def sent(theirs: Hub, rows) -> Reply:
    theirs.publish(rows)
    return answer_of(theirs, f"{DATA}/dataflow/TEST/DF/1.0.0/*", CSV)


def times(rows, factor, count=10):
    return [
        dict(row, OBS_VALUE=str(int(row["OBS_VALUE"]) * factor)) if number < count else row
        for number, row in enumerate(rows)
    ]


CASES = {
    "thousands": (lambda rows: times(rows, 1000), "HOLD-JUMP", (0, 10, 0)),
    "a few in tens of thousands": (lambda rows: times(rows, 10_000, 3), "HOLD-JUMP", (0, 3, 0)),
    "another unit": (lambda rows: [dict(row, UNIT_MEASURE="PS") for row in rows], "HOLD-UNIT", (0, 10, 0)),
    "an older file": (lambda rows: rows[:7], "HOLD-OLDER", (0, 0, 3)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_doubtful_load_is_held_and_says_what_it_would_change(scripted, ours, theirs, case):
    change, code, counts = case
    before = ours.held()
    scripted.on(DATA, sent(theirs, change(ROWS)))
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.HELD, code), run.outcome
    assert (run.outcome.added, run.outcome.revised, run.outcome.deleted) == counts
    assert ours.held() == before
    assert all(run.outcome.verdict.text(language) for language in ("en", "fr", "es"))


def test_an_ordinary_revision_is_not_held(scripted, ours, theirs):
    rows = [*times(ROWS, 2, 8), observation("SEN", "2025", "31")]
    scripted.on(DATA, sent(theirs, rows))
    assert told(ours.harvest()) == ("succeeded", 1, 8, 0, 2)


def test_guards_can_be_set_and_switched_off(scripted, ours, theirs):
    guards = "{off: [HOLD-JUMP], most_revised_percent: 40, least: 5}"
    ours.add_source(f"{scripted.url}/sdmx/v2", mechanism="pull", guards=guards)
    scripted.on(DATA, sent(theirs, times(ROWS, 1000)))
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.HELD, "HOLD-REVISED")
    ours.add_source(f"{scripted.url}/sdmx/v2", mechanism="pull", guards="{off: [HOLD-JUMP, HOLD-REVISED]}")
    assert told(ours.harvest()) == ("succeeded", 0, 10, 0, 0)


def test_more_deletions_than_may_be_are_held_in_a_delta_too(scripted, ours, theirs):
    ours.add_source(f"{scripted.url}/sdmx/v2", mechanism="delta", guards="{most_deleted: 2}")
    assert ours.harvest().state is State.UNCHANGED
    gone = "".join(f"dataflow,TEST:DF(1.0.0),D,A,SEN,F,{year}\r\n" for year in (2015, 2016, 2017))
    head = "STRUCTURE,STRUCTURE_ID,ACTION,FREQ,REF_AREA,SEX,TIME_PERIOD\r\n"
    scripted.on(DATA, Reply(200, (head + gone).encode(), {"Content-Type": "text/csv"}))
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.HELD, "HOLD-DELETED"), run.outcome


def test_a_code_that_means_something_else_now_is_held(scripted, ours, theirs, structure):
    scripted.on(DATA, sent(theirs, [*ROWS, observation("SEN", "2025", "31")]))
    message = json.loads(structure.body)
    sexes = next(one for one in message["data"]["codelists"] if one["id"] == "CL_SEX")
    female = next(code for code in sexes["codes"] if code["id"] == "F")
    female.update(name="M", names={"en": "M"})
    scripted.on(STRUCTURE, Reply(200, json.dumps(message).encode(), structure.headers))
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.HELD, "HOLD-LABEL"), run.outcome
    assert "CL_SEX F: Code F → M" in run.outcome.verdict.text()


def test_data_that_are_older_than_at_the_last_visit_are_held(scripted, ours, theirs, data):
    rows = [*ROWS, observation("SEN", "2025", "31")]
    more = sent(theirs, rows)
    scripted.on(DATA, Reply(200, more.body, {**more.headers, "Last-Modified": "Tue, 03 Feb 2026 10:00:00 GMT"}))
    assert told(ours.harvest()) == ("succeeded", 1, 0, 0, 10)
    newer = sent(theirs, [*rows, observation("SEN", "2026", "32")])
    scripted.on(DATA, Reply(200, newer.body, {**newer.headers, "Last-Modified": "Mon, 02 Feb 2026 10:00:00 GMT"}))
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.HELD, "HOLD-MODIFIED"), run.outcome


@pytest.mark.parametrize(
    ("was", "becomes", "same"),
    [
        ("Côte d'Ivoire", "COTE D’IVOIRE", True),
        ("Viet Nam", "Vietnam", True),
        ("Agriculture, forestry", "Agriculture; forestry", True),
        ("Labour migration", "Labor migration", True),
        ("Male", "Female", False),
        ("Niger", "Nigeria", False),
        ("Swaziland", "Eswatini", False),
        ("Aged 15 to 24", "Aged 15 to 29", False),
        ("M", "F", False),
    ],
)
def test_spelling_is_no_drift_and_another_word_is(was, becomes, same):
    assert (plain(was) == plain(becomes) or is_spelling(was, becomes)) is same
