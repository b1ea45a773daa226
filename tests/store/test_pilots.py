"""Pilots, their rounds, and what the ledger and the audit log tell of many runs: one contract, both databases."""

from __future__ import annotations

import datetime as dt

import pytest

from sdmx_hub.errors import NotFound
from sdmx_hub.quality.pilot import read_plan
from sdmx_hub.quality.pilot_runs import read_ledger
from sdmx_hub.store import visit_facts
from sdmx_hub.store.decisions import queue_retry, queue_slot, stop
from sdmx_hub.store.noticed import note_notice
from sdmx_hub.store.pilots import Pilots
from sdmx_hub.store.run_rows import NOTICE, Outcome, Request, Slot, State, Trigger, Verdict
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.sources import Sources
from sdmx_hub.store.visit_facts import select_deeds, select_requests

NOW = dt.datetime(2026, 3, 1, 6, 0, 30, tzinfo=dt.UTC)
MINUTE, LEASE = dt.timedelta(minutes=1), dt.timedelta(hours=1)
SOURCE = '{"id": "P", "mechanism": "pull", "flows": [{"dataflow": "TEST:DF(1.0.0)"}]}'
PLAN = read_plan(
    {
        "id": "TRY",
        "title": {"en": "A try"},
        "participants": [{"source": "P", "area": "SEN"}],
        "flows": [{"dataflow": "TEST:DF(1.0.0)", "required": [{"codes": {"SEX": ["F"]}}]}],
        "calendar": [{"period": f"2026-0{month}", "due": f"2026-0{month + 1}-15"} for month in (1, 2, 3)],
    }
)


def queue(runs, at, **more):
    return runs.queue(Slot(source="P", flow="DF", slot=at, host="p", **more), now=at)


def end(runs, run, at, state=State.SUCCEEDED):
    held = runs.claim("worker", now=at, lease=LEASE, run_id=run.id)
    sent = Request(sent_at=at, purpose="data", url="http://p/", status=200, bytes=7, milliseconds=1, tries=1)
    for purpose in ("structure", "data"):
        runs.add_request(held, Request(**{**vars(sent), "purpose": purpose}))
    return runs.finish(held, Outcome(state=state, verdict=Verdict("harvest-unchanged"), received=3), now=at)


def test_a_plan_is_kept_replaced_and_forgotten(database):
    pilots, how = Pilots(database), {"origin": "TRY.yaml", "actor": "test"}
    assert pilots.save("TRY", "{}", "a", now=NOW, **how)
    assert not pilots.save("TRY", "{}", "a", now=NOW + MINUTE, **how)
    assert pilots.save("ANOTHER", "{}", "b", now=NOW, **how)
    assert pilots.save("TRY", '{"é": 1}', "c", now=NOW + MINUTE, **how)
    found = pilots.get("TRY")
    assert (found.document, found.sha256, found.added_at, found.changed_at) == ('{"é": 1}', "c", NOW, NOW + MINUTE)
    assert [one.id for one in pilots.select()] == ["ANOTHER", "TRY"]
    pilots.remove("TRY", actor="test", now=NOW)
    assert [one.id for one in pilots.select()] == ["ANOTHER"]
    for missing in (lambda: pilots.get("TRY"), lambda: pilots.remove("TRY", actor="test", now=NOW)):
        with pytest.raises(NotFound):
            missing()
    assert pilots.save("TRY", "{}", "a", now=NOW + 2 * MINUTE, **how)
    assert pilots.get("TRY").added_at == NOW + 2 * MINUTE  # whoever comes back comes last


def test_rounds_of_one_minute_are_one_for_each_period(database):
    pilots, minute = Pilots(database), NOW.replace(second=0)
    first = pilots.begin_round("TRY", minute=minute, period="2026-01", actor="test")
    again = pilots.begin_round("TRY", minute=minute, period="2026-01", actor="other")
    other = pilots.begin_round("TRY", minute=minute, period="2026-02", actor="test")
    later = pilots.begin_round("TRY", minute=minute + MINUTE, period="2026-01", actor="test")
    assert first == again
    assert other.slot - first.slot == dt.timedelta(microseconds=1)
    assert [one.number for one in pilots.rounds("TRY")] == [1, 2, 3] == [one.number for one in (first, other, later)]
    assert pilots.rounds("OTHER") == ()


def test_the_first_notice_a_waiting_run_answers_stays(database):
    runs = Runs(database)
    run = queue(runs, NOW, plan={"force": True})
    note_notice(database, run.id, {"received": "first", "published": None})
    found = note_notice(database, run.id, {"received": "second", "published": "x"})
    assert found.plan == {"force": True, NOTICE: {"received": "first", "published": None}}
    assert runs.get(run.id).plan == found.plan
    begun = queue(runs, NOW + MINUTE)
    end(runs, begun, NOW + MINUTE)
    assert NOTICE not in note_notice(database, begun.id, {"received": "late"}).plan


def test_requests_and_deeds_are_selected_for_many_runs_at_once(database, monkeypatch):
    monkeypatch.setattr(visit_facts, "_AT_ONCE", 2)
    runs = Runs(database)
    ended = [end(runs, queue(runs, NOW + n * MINUTE), NOW + n * MINUTE) for n in range(5)]
    at = NOW + 10 * MINUTE
    again = queue_retry(database, ended[0].id, actor="person:ana", now=at).run
    manual = queue_slot(
        database, Slot(source="P", flow="OTHER", slot=at, host="p", trigger=Trigger.MANUAL), actor="person:ana", now=at
    )
    stop(database, manual.id, actor="person:ana", now=at)
    ids = [run.id for run in (*ended, again, manual)]
    requests = select_requests(database, ids)
    assert sorted(requests) == sorted(run.id for run in ended)
    assert all(found == runs.requests(run) for run, found in requests.items())
    assert select_deeds(database, ids) == {again.id: ("retry",), manual.id: ("manual", "stop")}
    assert (select_requests(database, []), select_deeds(database, [])) == ({}, {})


def test_visits_are_told_with_the_period_they_are_about(database):
    """One by its time, one in a round for another period, one that repeats that; rehearsals and the early are none."""
    runs, pilots = Runs(database), Pilots(database)
    Sources(database).save("P", SOURCE, "x", origin="test", actor="test", now=NOW)
    end(runs, queue(runs, NOW - dt.timedelta(days=40)), NOW)  # before the first period had ended
    end(runs, queue(runs, NOW), NOW)
    end(runs, queue(runs, NOW + MINUTE, dry_run=True), NOW + MINUTE)
    begun = pilots.begin_round("TRY", minute=NOW + 2 * MINUTE, period="2026-01", actor="test")
    failed = end(runs, queue(runs, begun.slot, trigger=Trigger.MANUAL), begun.slot, State.FAILED)
    again = queue_retry(database, failed.id, actor="person:ana", now=NOW + 5 * MINUTE).run
    end(runs, again, NOW + 5 * MINUTE)
    ledger = read_ledger(database, PLAN, now=NOW + 9 * MINUTE)
    assert [(one.period, one.is_good, one.deeds) for one in ledger.attempts] == [
        ("2026-02", True, ()),
        ("2026-01", False, ()),
        ("2026-01", True, ("retry",)),
    ]
    assert {(one.mechanism, one.bytes, one.data_bytes) for one in ledger.attempts} == {("pull", 14, 7)}
    assert ledger.uptime(PLAN.flows[0], "2026-01") == (1, 2)
    assert ledger.rounds == 1
