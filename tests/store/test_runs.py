"""Runs as rows: each slot once, one holder at a time, nobody overwrites a later holder."""

import datetime as dt
import threading

import pytest

from sdmx_hub.errors import Conflict, NotFound
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.store.decisions import queue_retry
from sdmx_hub.store.fence import pass_fence
from sdmx_hub.store.run_rows import Outcome, Request, Slot, State, Trigger, Verdict
from sdmx_hub.store.runs import MOST_ATTEMPTS, LeaseLost, Runs

NOW = dt.datetime(2026, 2, 1, 6, 0, tzinfo=dt.UTC)
LEASE = dt.timedelta(seconds=60)
MINUTE = dt.timedelta(minutes=1)
DONE = Outcome(state=State.SUCCEEDED, verdict=Verdict("harvest-unchanged"))


@pytest.fixture
def runs(database):
    return Runs(database)


def slot(flow="F", at=NOW, source="S", host="a:80", **more):
    return Slot(source=source, flow=flow, slot=at, host=host, **more)


def claim(runs, holder="one", now=NOW, **more):
    return runs.claim(holder, now=now, lease=LEASE, **more)


def test_a_slot_becomes_one_run(runs):
    assert runs.queue(slot(), now=NOW).state is State.QUEUED
    assert runs.queue(slot(), now=NOW) is None
    assert runs.queue(slot(flow="G"), now=NOW) is not None
    assert len(runs.select()) == 2


def test_only_the_latest_of_missed_slots_is_queued(runs):
    runs.queue(slot(at=NOW - 5 * MINUTE), now=NOW)
    slots = [slot(at=NOW - count * MINUTE) for count in (3, 2, 1, 0)]
    assert runs.queue_latest(slots, now=NOW).slot == NOW
    assert [run.state for run in runs.select()] == [State.QUEUED] + [State.SUPERSEDED] * 4
    assert runs.queue_latest(slots, now=NOW) is None
    assert runs.last_slots([("S", "F"), ("S", "G")]) == {("S", "F"): NOW}
    assert "2026-02-01T06:00:00Z" in runs.select(states=[State.SUPERSEDED])[0].outcome.verdict.text("fr")


def test_a_run_that_a_person_asked_for_is_not_superseded(runs):
    manual = runs.queue(slot(at=NOW - MINUTE, trigger=Trigger.MANUAL), now=NOW)
    runs.queue_latest([slot()], now=NOW)
    assert runs.get(manual.id).state is State.QUEUED


def test_a_run_is_claimed_once(runs):
    run = runs.queue(slot(), now=NOW)
    held = claim(runs)
    assert (held.id, held.state, held.holder, held.token, held.attempts) == (run.id, State.RUNNING, "one", 1, 1)
    assert held.expires_at == NOW + LEASE
    assert claim(runs, "two") is None


def test_a_run_is_repeated_once_however_often_and_from_wherever_it_is_asked(runs, database):
    runs.queue(slot(), now=NOW)
    ended = runs.finish(claim(runs), DONE, now=NOW)
    made = []

    def repeat(at):
        made.append(queue_retry(database, ended.id, actor="test", now=at))

    askers = [threading.Thread(target=repeat, args=(NOW + count * MINUTE,)) for count in range(1, 7)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(60)
    assert sorted(is_new for _, is_new in made) == [False] * 5 + [True]
    assert len({run.id for run, _ in made}) == 1
    again = claim(runs, now=NOW + 10 * MINUTE)
    assert queue_retry(database, ended.id, actor="test", now=NOW + 11 * MINUTE) == (again, False)
    runs.finish(again, DONE, now=NOW + 10 * MINUTE)
    assert queue_retry(database, ended.id, actor="test", now=NOW + 12 * MINUTE).is_new
    assert [run.follows for run in runs.select()] == [ended.id, ended.id, None]


def test_a_run_is_not_claimed_before_its_time(runs):
    runs.queue(slot(not_before=NOW + MINUTE), now=NOW)
    assert claim(runs) is None
    assert claim(runs, now=NOW + MINUTE) is not None


def test_runs_of_one_flow_or_one_host_never_overlap(runs):
    runs.queue(slot(), now=NOW)
    runs.queue(slot(at=NOW - MINUTE), now=NOW)
    runs.queue(slot(flow="G"), now=NOW)
    runs.queue(slot(flow="H", source="T", host="b:80"), now=NOW)
    held = [claim(runs), claim(runs), claim(runs)]
    assert [run and (run.source, run.flow, run.slot) for run in held] == [
        ("S", "F", NOW - MINUTE),
        ("T", "H", NOW),
        None,
    ]
    runs.finish(held[0], DONE, now=NOW)
    assert claim(runs).flow == "F"


def test_an_expired_lease_is_taken_over_and_the_first_holder_is_fenced(runs):
    runs.queue(slot(), now=NOW)
    first = claim(runs)
    later = NOW + LEASE + dt.timedelta(microseconds=1)
    second = claim(runs, "two", now=later)
    assert (second.id, second.holder, second.token, second.started_at) == (first.id, "two", 2, later)
    for late in (
        lambda: runs.heartbeat(first, now=later, lease=LEASE),
        lambda: runs.finish(first, DONE, now=later),
        lambda: runs.defer(first, until=later, verdict=Verdict("harvest-queued")),
        lambda: runs.mark_full(first),
    ):
        with pytest.raises(LeaseLost):
            late()
    assert runs.finish(second, DONE, now=later).state is State.SUCCEEDED


def test_a_heartbeat_keeps_the_lease(runs):
    runs.queue(slot(), now=NOW)
    held = claim(runs)
    for count in range(1, 10):
        assert runs.heartbeat(held, now=NOW + count * MINUTE, lease=LEASE) is False
        assert claim(runs, "two", now=NOW + count * MINUTE) is None


def test_a_run_that_kills_its_workers_is_given_up(runs):
    runs.queue(slot(), now=NOW)
    now = NOW
    for _ in range(MOST_ATTEMPTS):
        assert claim(runs, now=now) is not None
        now += 2 * LEASE
    assert claim(runs, now=now) is None
    run = runs.select()[0]
    assert (run.state, run.outcome.verdict.key) == (State.FAILED, "harvest-worker-died")


def test_a_deferred_run_waits_its_time_and_its_attempts_begin_anew(runs):
    runs.queue(slot(), now=NOW)
    waiting = runs.defer(claim(runs), until=NOW + MINUTE, verdict=Verdict("harvest-deferred", {"until": "x"}))
    assert (waiting.state, waiting.attempts) == (State.QUEUED, 0)
    assert claim(runs) is None
    assert claim(runs, now=NOW + MINUTE).token == 2


def test_a_queued_run_stops_at_once_and_a_running_one_when_it_looks(runs):
    queued, running = runs.queue(slot(flow="G", host="b:1"), now=NOW), runs.queue(slot(at=NOW - MINUTE), now=NOW)
    held = claim(runs)
    assert held.id == running.id
    assert runs.stop(queued.id, now=NOW).state is State.FAILED
    assert runs.stop(held.id, now=NOW).state is State.RUNNING
    assert runs.heartbeat(held, now=NOW, lease=LEASE) is True
    runs.finish(held, Outcome(state=State.FAILED, verdict=Verdict("harvest-stopped")), now=NOW)
    with pytest.raises(Conflict):
        runs.stop(held.id, now=NOW)
    with pytest.raises(NotFound):
        runs.stop(99, now=NOW)


def test_an_outcome_is_kept_whole(runs):
    runs.queue(slot(), now=NOW)
    held = claim(runs)
    finding = Finding(
        code="STRUCT-MISMATCH",
        severity=Severity.WARNING,
        where=Where(row=3, column="SEX"),
        params={"theirs": "A", "ours": "B", "why": "é"},
        suggestion="X",
        count=7,
    )
    outcome = Outcome(
        state=State.HELD,
        verdict=Verdict("harvest-stopped", {"why": "x"}),
        received=9,
        added=1,
        revised=2,
        deleted=3,
        unchanged=4,
        findings=(finding,),
        memory={"etag": '"1"'},
    )
    runs.add_request(held, request := _request())
    assert runs.finish(held, outcome, now=NOW).outcome == outcome
    assert runs.get(held.id).outcome == outcome
    assert runs.requests(held.id) == (request,)


def _request():
    return Request(
        sent_at=NOW, purpose="data", url="http://a/data", status=200, bytes=12, milliseconds=3, tries=2, raw_sha256="ab"
    )


def test_the_last_good_run_is_the_last_that_lost_nothing(runs):
    assert runs.last_good("S", "F") is None
    states = [State.SUCCEEDED, State.UNCHANGED, State.FAILED, State.HELD]
    for position, state in enumerate(states):
        runs.queue(slot(at=NOW + position * MINUTE), now=NOW)
        held = claim(runs, now=NOW + position * MINUTE)
        if position == 0:
            runs.mark_full(held)
        runs.finish(held, Outcome(state=state, verdict=Verdict("harvest-unchanged")), now=NOW)
    runs.queue(slot(at=NOW + 9 * MINUTE, dry_run=True), now=NOW)
    runs.finish(claim(runs, now=NOW + 9 * MINUTE), DONE, now=NOW)
    good = runs.last_good("S", "F")
    assert (good.state, good.started_at) == (State.UNCHANGED, NOW + MINUTE)
    assert runs.good_since_full("S", "F") == 1


def test_the_last_run_to_end_is_the_last_good_one_also_when_the_clock_was_set_back(runs):
    for position, ahead in enumerate((120, 0, 1)):
        runs.queue(slot(at=NOW + position * MINUTE, source="S"), now=NOW)
        held = claim(runs, now=NOW + (ahead + position) * MINUTE)
        last = runs.finish(held, DONE, now=NOW + (ahead + position) * MINUTE)
    assert runs.last_good("S", "F").id == last.id
    assert last.started_at == NOW + 3 * MINUTE
    assert last.finished_at > NOW + 120 * MINUTE


def test_a_release_and_its_run_are_written_together_or_not_at_all(runs, database):
    runs.queue(slot(), now=NOW)
    held = claim(runs)
    with database.transaction() as connection:
        pass_fence(connection, held, 7, {"etag": "x"})
    assert (runs.get(held.id).outcome.release_id, runs.get(held.id).outcome.memory) == (7, {"etag": "x"})
    taken = claim(runs, "two", now=NOW + 2 * MINUTE)
    with pytest.raises(LeaseLost), database.transaction() as connection:
        pass_fence(connection, held, 8, {})
    assert (taken.token, taken.outcome.release_id) == (2, 7)


def test_a_run_that_has_released_is_never_given_up(runs, database):
    runs.queue(slot(), now=NOW)
    for attempt in range(MOST_ATTEMPTS + 2):
        held = claim(runs, now=NOW + attempt * 2 * MINUTE)
        if attempt == MOST_ATTEMPTS - 1:
            with database.transaction() as connection:
                pass_fence(connection, held, 7, {})
    assert (held.state, held.attempts) == (State.RUNNING, MOST_ATTEMPTS + 2)


def test_many_workers_at_once_hold_each_run_once(runs):
    for position in range(20):
        runs.queue(slot(flow=f"F{position}", host=f"h{position}"), now=NOW)
    taken: list[int] = []

    def work(name):
        while run := claim(runs, name):
            taken.append(run.id)
            runs.finish(run, DONE, now=NOW)

    workers = [threading.Thread(target=work, args=(f"w{count}",)) for count in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sorted(taken) == sorted(run.id for run in runs.select())
    assert len(taken) == 20
