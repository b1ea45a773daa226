"""Whether anybody keeps the time: told when nobody does, once however many look, and when somebody does again."""

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from sdmx_hub.config import Settings
from sdmx_hub.harvest.attendance import AWAY, GONE, OK, look_for_scheduler, read_attendance
from sdmx_hub.store.alerts import Alerts
from sdmx_hub.store.sources import Sources
from sdmx_hub.store.workers import FORGOTTEN, Presence, Workers
from tests.harvest.conftest import database, database_url, postgres_server
from tests.support.homes import make_database

__all__ = ["database", "database_url", "postgres_server"]

BEGIN = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
DOCUMENT = {
    "id": "P",
    "title": {"en": "The partner"},
    "endpoint": "https://partner.example/sdmx/v2",
    "api": "v2",
    "schedule": {"every": "1 hour"},
    "flows": [{"dataflow": "TEST:DF(1.0.0)"}],
}
AWAY_NOTE = {
    "jobs": {
        "trouble": "jobs-no-workers",
        "params": {"address": "tcp://127.0.0.1:8786"},
        "since": "2026-03-01T12:08:00Z",
    }
}


def add_source(database):
    Sources(database).save("P", json.dumps(DOCUMENT), "0" * 64, origin="x", actor="test", now=BEGIN)


def beat(database, minutes, role="scheduler", name="one", note=None):
    at = BEGIN + minutes * MINUTE
    text = json.dumps(note) if note else ""
    Workers(database).beat(Presence(name=name, role=role, machine="here", started_at=BEGIN, heartbeat_at=at, note=text))


def state(database, minutes):
    return read_attendance(database, now=BEGIN + minutes * MINUTE).state


CASES = {
    "just now": ([(10, "scheduler", None)], 11, OK),
    "for minutes": ([(10, "scheduler", None)], 14, OK),
    "too long": ([(10, "scheduler", None)], 15, GONE),
    "one of two": ([(10, "scheduler", None), (20, "scheduler", None)], 21, OK),
    "comes from a timer": ([(10, "timer", None)], 70, OK),
    "a slot passed without the timer": ([(10, "timer", None)], 76, GONE),
    "never, and nothing was due": ([], 70, OK),
    "never, and a slot passed": ([], 76, GONE),
    "a worker is none": ([(74, "worker", None)], 76, GONE),
    "nobody does its jobs": ([(10, "scheduler", AWAY_NOTE)], 10, AWAY),
    "nobody did a moment ago": ([(9, "scheduler", AWAY_NOTE)], 9, OK),
    "its jobs are done": ([(10, "scheduler", {"jobs": {"trouble": ""}})], 11, OK),
}


@pytest.mark.parametrize(("beats", "minutes", "expected"), CASES.values(), ids=CASES)
def test_a_scheduler_is_missed_when_it_should_have_been_heard(tmp_path, beats, minutes, expected):
    database = make_database(tmp_path / "control.db")
    add_source(database)
    for number, (at, role, note) in enumerate(beats):
        beat(database, at, role, f"{number}", note)
    assert state(database, minutes) == expected
    database.close()


def test_a_hub_whose_sources_are_never_due_needs_none(database):
    attendance = read_attendance(database, now=BEGIN)
    assert (attendance.state, attendance.needed) == (OK, False)


def test_since_when_there_is_none_is_known_though_it_left_and_long_ago(database):
    add_source(database)
    beat(database, 10)
    Workers(database).leave("one", now=BEGIN + 12 * MINUTE)
    assert Workers(database).select() == ()
    days = FORGOTTEN.days * 24 * 60 + 60
    beat(database, days, "worker", "two")
    attendance = read_attendance(database, now=BEGIN + days * MINUTE)
    assert attendance.as_json()["since"] == "2026-03-01T12:12:00Z"
    assert "since 2026-03-01T12:12:00Z" in attendance.as_json()["text"]
    beat(database, days, "scheduler", "three")
    assert [one.name for one in Workers(database).select()] == ["three", "two"]
    assert state(database, days) == OK


def test_a_change_is_told_once_however_many_look(database):
    add_source(database)
    settings = Settings(alerts_mail="ana@office.example", alerts_webhooks="https://office.example/hook")

    def look(minutes):
        with ThreadPoolExecutor(4) as pool:
            found = pool.map(lambda _: look_for_scheduler(database, settings, now=BEGIN + minutes * MINUTE), range(8))
            return sum(found)

    beat(database, 0)
    assert [look(1), look(30), look(31)] == [0, 2, 0]
    beat(database, 32)
    assert look(33) == 2
    told = Alerts(database).select()
    assert {one["source"] for one in told} == {"scheduler"}
    assert [one["cause"] for one in told[::2]] == ["ok", "absent:keeper-absent"]
    document = Alerts(database).take(now=BEGIN + 40 * MINUTE).document
    assert document["subjects"]["es"] == "Labour-migration data hub: no hay scheduler"
    assert "No scheduler has been seen since 2026-03-01T12:00:00Z." in document["texts"]["en"]
