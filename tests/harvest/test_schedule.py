"""Due slots become rows, once each, whoever looks, however often, and whatever was missed."""

import datetime as dt
import threading

from sdmx_hub.harvest.schedule import Scheduler, next_due, queue_due
from sdmx_hub.harvest.source_file import read_source_file
from sdmx_hub.store.run_rows import Outcome, State, Verdict
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.sources import Sources
from tests.harvest.virtual import BEGIN, VirtualTime

LEASE = dt.timedelta(minutes=1)
DONE = Outcome(state=State.UNCHANGED, verdict=Verdict("harvest-unchanged"))


def add_source(tmp_path, database, source_id="S", *, schedule="every: 15 minutes", flows=("F",), now=BEGIN):
    listed = "".join(f"\n  - {{dataflow: T:{flow}(1.0)}}" for flow in flows)
    path = tmp_path / f"{source_id}.yaml"
    path.write_text(
        f"id: {source_id}\ntitle: {{en: x}}\nendpoint: http://{source_id.lower()}.example/rest\napi: v2\n"
        f"schedule: {{{schedule}}}\nflows:{listed}\n",
        encoding="utf-8",
    )
    file = read_source_file(path)
    assert file.findings == ()
    Sources(database).save(source_id, file.text, file.sha256, origin="test", actor="test", now=now)


def slots(database, **more):
    return [
        (run.flow, (run.slot - BEGIN) // dt.timedelta(minutes=1), run.state) for run in Runs(database).select(**more)
    ]


def test_a_source_is_due_from_its_first_slot_after_it_was_added(tmp_path, database):
    add_source(tmp_path, database, flows=("F", "G"), now=BEGIN + dt.timedelta(minutes=1))
    sources, runs = Sources(database), Runs(database)
    assert queue_due(sources, runs, now=BEGIN + dt.timedelta(minutes=14)) == []
    assert next_due(sources, now=BEGIN + dt.timedelta(minutes=14)) == BEGIN + dt.timedelta(minutes=15)
    assert len(queue_due(sources, runs, now=BEGIN + dt.timedelta(minutes=15))) == 2
    assert queue_due(sources, runs, now=BEGIN + dt.timedelta(minutes=16)) == []
    assert slots(database) == [("G", 15, State.QUEUED), ("F", 15, State.QUEUED)]


def test_of_missed_slots_the_latest_is_run_and_the_others_are_recorded(tmp_path, database):
    add_source(tmp_path, database)
    queue_due(Sources(database), Runs(database), now=BEGIN + dt.timedelta(hours=1))
    assert slots(database) == [
        ("F", 60, State.QUEUED),
        ("F", 45, State.SUPERSEDED),
        ("F", 30, State.SUPERSEDED),
        ("F", 15, State.SUPERSEDED),
    ]


def test_a_clock_set_back_queues_nothing_twice(tmp_path, database):
    add_source(tmp_path, database)
    sources, runs = Sources(database), Runs(database)
    for minutes in (30, 0, 15, 30, 31):
        queue_due(sources, runs, now=BEGIN + dt.timedelta(minutes=minutes))
    assert [slot for _, slot, _ in slots(database)] == [30, 15]


def test_a_source_that_was_away_begins_anew(tmp_path, database):
    add_source(tmp_path, database)
    sources = Sources(database)
    queue_due(sources, Runs(database), now=BEGIN + dt.timedelta(minutes=15))
    sources.remove("S", actor="test", now=BEGIN + dt.timedelta(minutes=16))
    assert queue_due(sources, Runs(database), now=BEGIN + dt.timedelta(days=9)) == []
    add_source(tmp_path, database, now=BEGIN + dt.timedelta(days=10))
    queue_due(sources, Runs(database), now=BEGIN + dt.timedelta(days=10, minutes=15))
    assert len(slots(database)) == 2


def test_jitter_spreads_the_beginning_and_not_the_slot(tmp_path, database):
    names = [f"S{number}" for number in range(10)]
    for name in names:
        add_source(tmp_path, database, name, schedule="every: 15 minutes, jitter_seconds: 600")
    queued = queue_due(Sources(database), Runs(database), now=BEGIN + dt.timedelta(minutes=15))
    waits = {(run.not_before - run.slot).total_seconds() for run in queued}
    assert {run.slot for run in queued} == {BEGIN + dt.timedelta(minutes=15)}
    assert len(waits) > 5
    assert max(waits) <= 600


def run_days(tmp_path, database, schedulers, days, *, zone="Europe/Paris", begin=BEGIN):
    """Let several schedulers live through some days, all waking every two hours at the same moment."""
    add_source(tmp_path, database, "A", schedule=f"cron: 30 2 * * *, zone: {zone}", now=begin)
    add_source(tmp_path, database, "B", schedule="every: 6 hours", flows=("F", "G"), now=begin)
    done: list[tuple[str, str, dt.datetime]] = []
    time = VirtualTime(begin)
    wake = threading.Barrier(schedulers, action=lambda: time.pass_by(2 * 3600))

    def live(number):
        runs, name = Runs(database), f"scheduler {number}"
        for _ in range(days * 12):
            wake.wait(60)
            now = time.at
            queue_due(Sources(database), runs, now=now)
            while run := runs.claim(name, now=now, lease=LEASE):
                done.append((run.source, run.flow, run.slot))
                runs.finish(run, DONE, now=now)

    threads = [threading.Thread(target=live, args=(number,)) for number in range(schedulers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    return done


def test_two_schedulers_do_each_slot_once_over_both_changes_of_the_clock(tmp_path, database):
    begin = dt.datetime(2026, 3, 27, 1, tzinfo=dt.UTC)
    done = run_days(tmp_path, database, 2, 5, begin=begin)
    assert len(done) == len(set(done))
    daily = sorted(slot for source, _, slot in done if source == "A")
    ledger = sorted(run.slot for run in Runs(database).select(source="A", limit=1000))
    assert [slot.strftime("%dT%H:%M") for slot in ledger] == [
        "27T01:30",
        "28T01:30",
        "29T01:00",
        "30T00:30",
        "31T00:30",
        "01T00:30",
    ]
    assert daily == ledger
    assert len(done) == 6 + 2 * 20
    assert {run.state for run in Runs(database).select(limit=1000)} == {State.UNCHANGED}


def test_the_scheduler_wakes_works_and_leaves_when_told(tmp_path, database):
    add_source(tmp_path, database, schedule="every: 1 second", now=dt.datetime.now(dt.UTC))
    closing, worked = threading.Event(), threading.Event()
    runs = Runs(database)

    def work():
        while run := runs.claim("one", now=dt.datetime.now(dt.UTC), lease=LEASE):
            runs.finish(run, DONE, now=dt.datetime.now(dt.UTC))
            worked.set()

    scheduler = Scheduler(sources=Sources(database), runs=runs, work=work, closing=closing)
    thread = threading.Thread(target=scheduler.run_forever)
    thread.start()
    assert worked.wait(10)
    closing.set()
    thread.join(10)
    assert not thread.is_alive()
    assert {run.state for run in runs.select()} <= {State.UNCHANGED, State.SUPERSEDED, State.QUEUED}


def test_once_queues_what_is_due_and_works_it_off(tmp_path, database):
    add_source(tmp_path, database)
    worked = []
    time = VirtualTime(BEGIN + dt.timedelta(minutes=20))
    scheduler = Scheduler(
        sources=Sources(database),
        runs=Runs(database),
        work=lambda: worked.append(1),
        closing=threading.Event(),
        now=time.now,
    )
    assert [run.flow for run in scheduler.run_once()] == ["F"]
    assert worked == [1]
