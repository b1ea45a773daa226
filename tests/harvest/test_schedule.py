"""Due slots become rows, once each, whoever looks, however often, and whatever was missed."""

import datetime as dt
import threading

import sqlalchemy as sa

from sdmx_hub.harvest import schedule
from sdmx_hub.harvest.schedule import Scheduler, asked_slot, next_due, queue_due
from sdmx_hub.harvest.source import parse_stored
from sdmx_hub.harvest.source_file import read_source_file
from sdmx_hub.store.harvest_tables import SOURCE
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


def at(minutes):
    return BEGIN + dt.timedelta(minutes=minutes)


def test_each_missed_slot_is_run_in_order_where_the_source_wants_all(tmp_path, database):
    add_source(tmp_path, database, schedule="every: 15 minutes, catch_up: all")
    sources, runs = Sources(database), Runs(database)
    assert [run.slot for run in queue_due(sources, runs, now=at(60))] == [at(15), at(30), at(45), at(60)]
    assert queue_due(sources, runs, now=at(60)) == []
    queue_due(sources, runs, now=at(75))
    assert {state for _, _, state in slots(database)} == {State.QUEUED}
    begun = []
    while run := runs.claim("one", now=at(76), lease=LEASE):
        begun.append(run.slot)
        runs.finish(run, DONE, now=at(76))
    assert begun == [at(15), at(30), at(45), at(60), at(75)]


def test_more_missed_slots_than_fit_are_made_into_rows_one_hundred_after_the_other(tmp_path, database):
    add_source(tmp_path, database, schedule="every: 1 minute, catch_up: all")
    made = [len(queue_due(Sources(database), Runs(database), now=at(250))) for _ in range(4)]
    assert made == [100, 100, 50, 0]
    assert [slot for _, slot, _ in slots(database, limit=1000)] == list(range(250, 0, -1))


def test_missed_slots_are_left_out_where_the_source_wants_none(tmp_path, database):
    add_source(tmp_path, database, schedule="every: 15 minutes, catch_up: none")
    sources, runs = Sources(database), Runs(database)
    assert queue_due(sources, runs, now=at(50)) == []
    assert slots(database) == [("F", slot, State.SUPERSEDED) for slot in (45, 30, 15)]
    assert runs.select()[0].outcome.verdict.key == "harvest-left-out"
    assert [run.slot for run in queue_due(sources, runs, now=at(60.5))] == [at(60)]


def test_a_changed_timetable_repeats_no_slot_of_the_past(tmp_path, database):
    sources, runs = Sources(database), Runs(database)
    add_source(tmp_path, database, schedule="cron: 0 7 * * *")
    queue_due(sources, runs, now=at(60))
    add_source(tmp_path, database, schedule="every: 15 minutes", now=at(200))
    assert queue_due(sources, runs, now=at(209)) == []
    assert [run.slot for run in queue_due(sources, runs, now=at(210))] == [at(210)]
    assert [slot for _, slot, _ in slots(database)] == [210, 60]


def test_another_zone_is_another_timetable_and_another_title_is_not(tmp_path, database):
    sources, runs = Sources(database), Runs(database)
    add_source(tmp_path, database, schedule="cron: 0 9 * * *, zone: Europe/Paris")  # 08:00 UTC
    queue_due(sources, runs, now=at(121))
    add_source(tmp_path, database, schedule="cron: 0 9 * * *, zone: Africa/Nairobi", now=at(122))  # 06:00 UTC
    assert queue_due(sources, runs, now=at(180)) == []
    add_source(
        tmp_path, database, schedule="cron: 0 9 * * *, zone: Africa/Nairobi, jitter_seconds: 9", now=at(24 * 60 + 3)
    )
    assert [run.slot for run in queue_due(sources, runs, now=at(24 * 60 + 5))] == [at(24 * 60)]
    assert len(slots(database)) == 2


def test_a_flow_added_later_is_due_from_then_on(tmp_path, database):
    sources, runs = Sources(database), Runs(database)
    add_source(tmp_path, database, flows=("F",))
    queue_due(sources, runs, now=at(15))
    add_source(tmp_path, database, flows=("F", "G"), now=at(20))
    queue_due(sources, runs, now=at(30))
    assert slots(database) == [("G", 30, State.QUEUED), ("F", 30, State.QUEUED), ("F", 15, State.SUPERSEDED)]


def test_a_visit_asked_for_never_takes_the_place_of_a_slot(tmp_path, database):
    add_source(tmp_path, database)
    stored = Sources(database).get("S")
    source = parse_stored(stored.document, stored.sha256)
    runs = Runs(database)
    asked = runs.queue(asked_slot(source, source.flows[0], at(15)), now=at(15))
    due = queue_due(Sources(database), runs, now=at(15))[0]
    held = runs.claim("one", now=at(15), lease=LEASE, run_id=asked.id)
    assert held is not None
    assert runs.claim("two", now=at(15), lease=LEASE) is None  # one flow is visited once at a time
    runs.finish(held, DONE, now=at(15))
    assert runs.claim("two", now=at(15), lease=LEASE).id == due.id


def test_a_source_nobody_can_read_keeps_no_other_from_its_slots(tmp_path, database):
    add_source(tmp_path, database, "A")
    add_source(tmp_path, database, "B")
    with database.transaction() as connection:
        broken = sa.func.replace(SOURCE.c.document, "15 minutes", "15 moons")
        connection.execute(sa.update(SOURCE).where(SOURCE.c.id == "A").values(document=broken))
    assert [run.source for run in queue_due(Sources(database), Runs(database), now=at(15))] == ["B"]


def test_a_scheduler_outlives_a_database_that_is_away(tmp_path, database, monkeypatch):
    add_source(tmp_path, database, schedule="every: 1 second", now=dt.datetime.now(dt.UTC))
    closing, away, runs = threading.Event(), [1, 2], Runs(database)

    class Away(Sources):
        def select(self, **more):
            if away:
                away.pop()
                raise sa.exc.OperationalError("select", {}, ValueError())
            return super().select(**more)

    def work():
        if runs.select():
            closing.set()

    monkeypatch.setattr(schedule, "LONGEST_NAP", dt.timedelta(milliseconds=50))
    Scheduler(sources=Away(database), runs=runs, work=work, closing=closing).run_forever()
    assert not away
