"""Freshness and health: a table of what is known against what is said of it, and the ledger it is read from."""

import datetime as dt
import json

import pytest

from sdmx_hub.harvest.health import FlowFacts, HealthState, assess, health_json
from sdmx_hub.harvest.health_facts import HealthReader
from sdmx_hub.harvest.source import read_source
from sdmx_hub.model.period import parse_period
from sdmx_hub.store.alerts import Alerts
from sdmx_hub.store.run_rows import Outcome, Run, State, Trigger, Verdict
from tests.harvest.hubs import Hub, observation
from tests.harvest.virtual import BEGIN, VirtualTime

NOW = dt.datetime(2026, 3, 10, 12, 0, tzinfo=dt.UTC)
DOCUMENT = {
    "id": "P",
    "title": {"en": "Partner"},
    "endpoint": "https://partner.example/sdmx/v2",
    "api": "v2",
    "schedule": {"every": "1 day", "jitter_seconds": 600},
    "flows": [{"dataflow": "TEST:DF(1.0.0)"}],
}


def at(text):
    return dt.datetime.fromisoformat(f"2026-{text}:00+00:00")


def run(state, slot, *, dry_run=False):
    moment = at(slot)
    return Run(
        id=1,
        source="P",
        flow="DF",
        slot=moment,
        trigger=Trigger.SCHEDULE,
        full=False,
        dry_run=dry_run,
        host="h",
        follows=None,
        queued_at=moment,
        not_before=moment,
        started_at=moment,
        finished_at=moment,
        holder=None,
        token=1,
        expires_at=None,
        heartbeat_at=None,
        stop_requested=False,
        attempts=1,
        outcome=Outcome(state=state, verdict=Verdict(f"harvest-state-{state}")),
    )


def good(slot, state=State.UNCHANGED):
    made = run(state, slot)
    return {"good": made, "ended": made, "changed": made if state is State.SUCCEEDED else None}


TODAY, YESTERDAY = "03-10T00:00", "03-09T00:00"
DATES = {"dates": ["2026-02-01", "2026-03-01", "2026-06-01"]}
DAYS = {"days_after_period": 60}


@pytest.mark.parametrize(
    ("facts", "due", "state", "reason"),
    [
        (good(TODAY), {}, "ok", "health-ok"),
        (good(TODAY, State.SUCCEEDED), {}, "ok", "health-ok"),
        (good(YESTERDAY), {}, "late", "health-late-slot"),
        ({"since": at("03-10T06:00")}, {}, "never", "health-never"),
        ({}, {}, "late", "health-late-slot"),
        ({**good(TODAY), "since": at("03-10T06:00")}, {}, "ok", "health-ok"),
        ({**good(YESTERDAY), "ended": run(State.FAILED, TODAY)}, {}, "failing", "harvest-state-failed"),
        ({**good(YESTERDAY), "ended": run(State.HELD, TODAY)}, {}, "held", "harvest-state-held"),
        ({**good(TODAY), "paused_until": at("03-10T13:00")}, {}, "paused", "health-paused"),
        ({**good(TODAY), "paused_until": at("03-10T11:00")}, {}, "ok", "health-ok"),
        ({"ended": run(State.FAILED, TODAY), "paused_until": at("03-10T13:00")}, {}, "paused", "health-paused"),
        (good(TODAY), DATES, "late", "health-late-date"),
        ({**good(TODAY), "changed": run(State.SUCCEEDED, "01-20T00:00")}, DATES, "late", "health-late-date"),
        ({**good(TODAY), "changed": run(State.SUCCEEDED, "02-20T00:00")}, DATES, "ok", "health-ok"),
        ({**good(TODAY), "since": at("03-05T00:00")}, DATES, "ok", "health-ok"),
        ({**good(TODAY), "newest": parse_period("2025-Q3")}, DAYS, "late", "health-late-period"),
        ({**good(TODAY), "newest": parse_period("2025-Q4")}, DAYS, "ok", "health-ok"),
        ({**good(TODAY), "newest": parse_period("2025-12")}, DAYS, "ok", "health-ok"),
        ({**good(TODAY), "newest": parse_period("2025-11")}, DAYS, "late", "health-late-period"),
        ({**good(TODAY), "newest": parse_period("2024")}, DAYS, "late", "health-late-period"),
        ({**good(TODAY), "newest": parse_period("2025")}, DAYS, "ok", "health-ok"),
        (good(TODAY), DAYS, "ok", "health-ok"),
    ],
)
def test_a_flow_is_as_the_first_rule_says_that_fits(facts, due, state, reason):
    source = read_source({**DOCUMENT, "due": due})
    known = FlowFacts(flow="DF", **{"since": at("01-01T00:00"), **facts})
    found = assess(source, [known], now=NOW)
    assert (found.state.value, found.worst.reason.key) == (state, reason)
    assert "{" not in str(health_json(found, "es")["health_reason"])
    assert assess(source, [known], now=NOW, disabled=True).state is HealthState.DISABLED


def test_the_grace_after_a_slot_is_that_of_the_jitter_and_a_quarter_of_an_hour():
    known = FlowFacts(flow="DF", since=at("01-01T00:00"), **good(YESTERDAY))
    states = [assess(read_source(DOCUMENT), [known], now=at(f"03-10T00:{minute}")).state for minute in (24, 25)]
    assert states == [HealthState.OK, HealthState.LATE]


def test_the_worst_flow_wins():
    source = read_source(DOCUMENT)
    since = at("01-01T00:00")
    flows = [
        FlowFacts(flow="A", since=since, **good(TODAY)),
        FlowFacts(flow="B", since=since, **{**good(YESTERDAY), "ended": run(State.FAILED, TODAY)}),
        FlowFacts(flow="C", since=since, **good(YESTERDAY)),
    ]
    found = assess(source, flows, now=NOW)
    assert (found.state, found.worst.flow) == (HealthState.FAILING, "B")
    assert [one.state.value for one in found.flows] == ["ok", "failing", "late"]


def test_health_is_read_from_the_ledger_and_from_what_is_held(tmp_path):
    time = VirtualTime()
    theirs, ours = Hub(tmp_path / "theirs", time), Hub(tmp_path / "ours", time)
    theirs.publish([observation("SEN", "2024", "10")])
    reader = HealthReader(database=ours.database, registry=ours.registry, observations=ours.observations)
    with theirs.serving() as url:
        ours.add_source(f"{url}/sdmx/v2", due="{days_after_period: 30}")
        assert reader.read("P", now=time.now()).state is HealthState.NEVER
        ours.harvest(dry_run=True)
        assert reader.read("P", now=time.now()).state is HealthState.NEVER
        ours.harvest()
    found = reader.read("P", now=dt.datetime(2026, 1, 31, tzinfo=dt.UTC))
    assert found.state is HealthState.OK
    assert reader.read("P", now=dt.datetime(2026, 2, 1, 6, 10, tzinfo=dt.UTC)).worst.reason.key == "health-late-period"
    ours.harvest()
    assert reader.read("P", now=time.now()).state is HealthState.FAILING
    assert Alerts(ours.database).switch("P", on=False, actor="ana", now=BEGIN)
    assert not Alerts(ours.database).switch("P", on=False, actor="ana", now=BEGIN)
    assert reader.read_all(now=time.now())[0].state is HealthState.DISABLED
    assert json.loads(ours.parts().sources.get("P").document)["id"] == "P"
    assert ours.parts().sources.select(enabled=True) == ()
    for hub in (theirs, ours):
        hub.close()
