"""``worker`` and what ``doctor`` tells of workers, as a person types them."""

import datetime as dt
import json

import pytest
from click.testing import CliRunner

from sdmx_hub.cli import cli
from sdmx_hub.cli import worker as command
from sdmx_hub.errors import BadRequest, ConfigurationError
from sdmx_hub.store.database import open_database
from sdmx_hub.store.run_rows import Slot
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.workers import FORGOTTEN, Presence, Workers
from tests.cli.test_harvest import data, home, partner, run, source, structure, theirs, time
from tests.harvest.test_files import FLOW, MAPPING

__all__ = ["data", "home", "partner", "run", "source", "structure", "theirs", "time"]


@pytest.fixture
def database(home):
    database = open_database(f"sqlite:///{home / 'control.db'}")
    yield database
    database.close()


def now():
    return dt.datetime.now(dt.UTC)


def queue(database, seconds=1):
    at = now() - dt.timedelta(seconds=seconds)
    return Runs(database).queue(Slot(source="P", flow="DF", slot=at, host="p"), now=at)


def presence(name="one", machine="here", *, ago=0, role="worker", note=""):
    at = now() - dt.timedelta(seconds=ago)
    return Presence(name=name, role=role, machine=machine, started_at=at, heartbeat_at=at, note=note)


def check(run, code=0):
    checks = run("doctor", "--quick", "--json", code=code)["checks"]
    return next((one["ok"], one["seen"]) for one in checks if one["name"] == "harvests")


def test_a_worker_works_off_what_a_scheduler_queued(run, source, database):
    run("source", "add", str(source))
    queued = queue(database)
    assert run("scheduler", "--once", "--timer-only", "--json")["runs"] == []
    done = run("worker", "--once", "--name", "east-2", "--json")["runs"]
    assert [one["state"] for one in done if one["id"] == queued.id] in (["succeeded"], [])
    assert done[-1]["state"] == "succeeded"
    assert {one["holder"] for one in done} == {"east-2"}
    assert run("harvest", "list", "--json")["runs"][0]["holder"] == "east-2"
    assert run("worker", "--once", "--json") == {"runs": []}


def test_doctor_tells_who_is_at_work_and_what_waits_in_vain(run, database):
    assert check(run) == (True, "At work: -.")
    workers = Workers(database)
    workers.beat(presence())
    workers.beat(presence("two", ago=600))
    ok, seen = check(run)
    assert ok
    assert "At work: worker one." in seen
    assert "Not heard of since: worker two" in seen
    queue(database, seconds=7200)
    ok, seen = check(run, code=1)
    assert not ok
    assert "for an hour: 1; left by dead workers: 0" in seen


def test_a_scheduler_that_is_missed_is_told(run, source, database):
    run("source", "add", str(source))
    assert run("source", "list", "--json")["scheduler"]["state"] == "ok"
    Workers(database).beat(presence("time", role="scheduler", ago=600))
    assert run("source", "list", "--json")["scheduler"]["state"] == "absent"
    assert "No scheduler has been seen since" in run("source", "list")
    ok, seen = check(run, code=1)
    assert not ok
    assert "No scheduler has been seen since" in seen
    run("scheduler", "--once", "--timer-only", "--json")
    assert run("source", "list", "--json")["scheduler"]["state"] == "ok"


def test_jobs_are_listed_with_who_does_them(run, database):
    assert run("jobs", "list") == "Nobody is at work.\n"
    note = json.dumps({"jobs": {"trouble": "jobs-away"}, "in_flight": ["harvest-1-0"]})
    Workers(database).beat(presence("time", role="scheduler", note=note))
    queue(database)
    Runs(database).claim("east-2", now=now(), lease=dt.timedelta(minutes=1))
    [present] = (answer := run("jobs", "list", "--json"))["present"]
    assert (present["name"], present["jobs"], present["trouble"]) == ("time", ["harvest-1-0"], "jobs-away")
    assert (answer["running"][0]["holder"], answer["cluster"]) == ("east-2", None)
    assert "harvest-1-0" in run("jobs", "list")


def test_who_was_silent_for_days_is_forgotten(database):
    workers = Workers(database)
    workers.beat(presence("old", ago=FORGOTTEN.total_seconds() + 60))
    workers.beat(presence("new"))
    workers.beat(presence("new"))
    assert [one.name for one in workers.select()] == ["new"]
    assert workers.select()[0].as_json(now())["alive"] is True
    workers.leave("new", now=now())
    assert workers.select() == ()


def refused(home, *words):
    return CliRunner().invoke(cli, ["--home", str(home), *words]).exception


def test_a_worker_of_another_machine_is_refused_a_database_in_a_file(home, database):
    Workers(database).beat(presence(machine="elsewhere"))
    refusal = refused(home, "worker", "--once")
    assert isinstance(refusal, ConfigurationError)
    assert "PostgreSQL" in str(refusal)


def test_a_worker_without_a_mapping_that_another_machine_may_have_is_refused(run, home, source, database):
    text = source.read_text(encoding="utf-8").replace("api: v2", "api: file")
    mapping = source.parent / "files.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    source.write_text(text + FLOW, encoding="utf-8")
    run("source", "add", str(source))
    mapping.unlink()
    assert run("worker", "--once", "--json") == {"runs": []}
    Workers(database).beat(presence(machine="elsewhere"))
    refusal = refused(home, "worker", "--once")
    assert isinstance(refusal, ConfigurationError)
    assert "files.yaml" in str(refusal)


def test_a_worker_that_does_not_see_the_observations_is_refused(run, home, source):
    run("source", "add", str(source))
    run("harvest", "run", "P")
    (home / "observations" / "log").rename(home / "elsewhere")
    refusal = refused(home, "worker", "--once")
    assert isinstance(refusal, ConfigurationError)
    assert "the same path" in str(refusal)


def test_a_worker_opens_no_door_to_other_machines_without_certificates(home):
    refusal = refused(home, "worker", "--dask", "tcp://127.0.0.1:8786", "--host", "0.0.0.0")  # noqa: S104 - refused
    assert isinstance(refusal, ConfigurationError)
    assert "jobs_open" in str(refusal)


@pytest.mark.parametrize("name", ["x" * 101, "a\nb"])
def test_a_name_nobody_can_read_is_refused(home, name):
    assert isinstance(refused(home, "worker", "--once", "--name", name), BadRequest)


def test_a_worker_says_that_it_is_there_until_it_leaves(home, database, monkeypatch):
    told = []
    monkeypatch.setattr(
        command.Standing, "run_forever", lambda _: told.extend(one.name for one in Workers(database).select())
    )
    monkeypatch.setattr(command, "close_on_signal", lambda _: None)
    done = CliRunner().invoke(cli, ["--home", str(home), "worker", "--name", "one"])
    assert done.exit_code == 0
    assert told == ["one"]
    assert Workers(database).select() == ()
