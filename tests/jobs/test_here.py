"""Jobs on this machine: planned, handed out once each, done in threads or processes, told how they went."""

import datetime as dt
import os
import signal
import sys
import threading
import time as real
from dataclasses import replace

import pytest
from click.testing import CliRunner

from sdmx_hub.cli import cli
from sdmx_hub.cli.context import HubContext
from sdmx_hub.cli.jobs_place import make_runner
from sdmx_hub.cli.node import do
from sdmx_hub.config import Settings
from sdmx_hub.errors import ConfigurationError, TryAgain
from sdmx_hub.harvest.schedule import queue_due
from sdmx_hub.jobs.address import parse_place
from sdmx_hub.jobs.desk import Desk
from sdmx_hub.jobs.doer import Doer
from sdmx_hub.jobs.here import Threads
from sdmx_hub.jobs.job import BUSY, DONE, FAILED, LOST, Job, Planned, Result
from sdmx_hub.jobs.planner import Planner
from sdmx_hub.store.due import select_due
from sdmx_hub.store.run_rows import Slot, State
from tests.harvest.conftest import partner
from tests.harvest.hubs import FLOW, Hub, observation
from tests.harvest.partner import unused_port
from tests.harvest.test_visit import DATA, STRUCTURE, data, structure, theirs
from tests.harvest.virtual import VirtualTime

__all__ = ["data", "partner", "structure", "theirs"]


@pytest.fixture
def time():
    """The hub begins a minute ago: what runs as a process of its own knows the real time, and finds it due."""
    return VirtualTime(dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1))


@pytest.fixture
def ours(tmp_path, time, partner, data, structure):
    """A hub with a partner that answers well and is due every second."""
    hub = Hub(tmp_path / "ours", time)
    (hub.home / "hub.toml").write_text("allow_loopback = true\n", encoding="utf-8")
    partner.on(DATA, data)
    partner.on(STRUCTURE, structure)
    hub.add_source(f"{partner.url}/sdmx/v2", mechanism="pull", schedule="{every: 1 second}")
    time.pass_by(2)
    yield hub
    hub.close()


@pytest.fixture
def desk(ours):
    """A desk of the hub, with what was told of each job."""
    closing, told = threading.Event(), []
    doer = Doer(ours.parts(), closing=closing, name="one")
    runner = Threads(lambda *job: doer.do(Job(*job)).as_json(), closing)
    made = Desk(planner=Planner(ours.parts()), runner=runner, tell=lambda job, result: told.append((job, result)))
    yield made, told
    runner.close()


def queue(ours, number=0, host="p", **more):
    at = ours.time.now() - dt.timedelta(seconds=1) + dt.timedelta(microseconds=number)
    return ours.runs.queue(replace(Slot(source="P", flow="DF", slot=at, host=host), **more), now=at)


def test_what_is_due_is_done_once_and_not_asked_for_again(ours, desk, partner):
    made, told = desk
    queue_due(ours.parts().sources, ours.runs, now=ours.time.now())
    made.run_out(made.planner.visits, now=ours.time.now)
    made.run_out(made.planner.visits, now=ours.time.now)
    assert [(job.kind, result.state) for job, result in told] == [("harvest", DONE)]
    assert "succeeded" in told[0][1].told[0]
    assert [run.holder for run in ours.runs.select(states=[State.SUCCEEDED])] == ["one"]
    assert len(partner.asked("/data/")) == 1


def test_of_a_host_and_a_flow_one_run_is_due_at_a_time(ours):
    first, second, other = queue(ours), queue(ours, 1), queue(ours, 2, host="q", flow="E")
    queue(ours, 3, host="r", not_before=ours.time.now() + dt.timedelta(hours=1))
    assert [one.run for one in select_due(ours.database, ours.time.now())] == [first.id, other.id]
    lease = dt.timedelta(minutes=1)
    held = ours.runs.claim("x", now=ours.time.now(), lease=lease, run_id=first.id)
    assert [one.run for one in select_due(ours.database, ours.time.now())] == [other.id]
    later = ours.time.now() + 2 * lease
    assert next((one.run, one.token) for one in select_due(ours.database, later)) == (held.id, held.token)
    assert second.id not in [one.run for one in select_due(ours.database, later)]


def test_a_run_somebody_else_holds_is_left_to_them(ours, desk):
    made, told = desk
    run = queue(ours)
    planned = made.planner.visits(ours.time.now())
    ours.runs.claim("another", now=ours.time.now(), lease=dt.timedelta(minutes=1))
    made.run_out(lambda _: planned, now=ours.time.now)
    assert [result.state for _, result in told] == [BUSY]
    assert ours.runs.get(run.id).holder == "another"


def test_keeping_is_done_when_something_has_changed(ours, desk):
    made, told = desk
    ours.observations._small = 0  # or each release would write everything anew
    for revised in (0, 1):
        ours.publish([observation("SEN", str(2000 + number), str(number or revised)) for number in range(20)])
    assert ours.observations.wants_compaction(FLOW)
    made.run_out(made.planner.keeping, now=ours.time.now)
    made.run_out(made.planner.keeping, now=ours.time.now)
    kinds = [(job.kind, result.state) for job, result in told]
    assert kinds == [("embargoes", DONE), ("compact", DONE)]
    assert not ours.observations.wants_compaction(FLOW)


def test_a_job_that_fails_is_told_and_left_for_a_while(ours, desk, caplog):
    made, told = desk
    plan = [Planned(job=Job("compact", "no reference"))]
    for _ in range(2):
        made.run_out(lambda _: plan, now=ours.time.now)
    assert [result.state for _, result in told] == [FAILED]
    assert "no reference" in caplog.text


def test_a_state_that_was_settled_is_not_due(ours):
    planner = Planner(ours.parts())
    planned = Planned(job=Job("mirror"), state=(1,))
    planner.settle(planned, LOST)
    assert planner._settled == {}
    planner.settle(planned, DONE)
    assert planner._settled == {"mirror": (1,)}


def test_processes_do_jobs_and_one_that_dies_is_replaced(ours):
    closing = threading.Event()
    hub = HubContext(home=ours.home, settings=Settings(jobs="processes:1", allow_loopback=True))
    doer, runner = make_runner(hub, closing)
    try:
        run = queue(ours)
        assert runner.submit(Planned(job=Job("harvest", str(run.id)), lane="visits"))
        assert ended(runner) == [DONE]
        done = ours.runs.get(run.id)
        assert done.state is State.SUCCEEDED
        pid = int(done.holder.split(":")[1])
        assert pid != os.getpid()
        os.kill(pid, signal.SIGKILL)
        until = real.monotonic() + 30
        assert runner.submit(Planned(job=Job("embargoes")))
        while (went := ended(runner)) == [LOST]:
            assert real.monotonic() < until
            assert runner.submit(Planned(job=Job("embargoes")))
        assert went == [DONE]
    finally:
        runner.close()
        hub.close()
    assert doer.parts.settings.jobs == "processes:1"


def ended(runner):
    until = real.monotonic() + 60
    while not (found := runner.collect()):
        assert real.monotonic() < until
        runner.wait(1)
    return [result.state for _, result in found]


def test_a_cluster_that_is_away_keeps_nobody_waiting(ours, monkeypatch):
    monkeypatch.setattr("sdmx_hub.cli.scheduler.ANSWER_SECONDS", 0.1)
    monkeypatch.setattr("sdmx_hub.jobs.cluster.CONNECT_SECONDS", 0.2)
    monkeypatch.setenv("SDMX_HUB_JOBS", f"tcp://127.0.0.1:{unused_port()}")
    done = CliRunner().invoke(cli, ["--home", str(ours.home), "scheduler", "--once"])
    assert isinstance(done.exception, TryAgain)
    assert done.exception.key == "jobs-away"
    assert {run.state for run in ours.runs.select()} <= {State.QUEUED, State.SUPERSEDED}
    assert ours.runs.select(states=[State.QUEUED])


def test_the_library_is_named_where_it_is_missing(ours, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask", None)
    monkeypatch.delitem(sys.modules, "sdmx_hub.jobs.cluster", raising=False)
    monkeypatch.setenv("SDMX_HUB_JOBS", "tcp://127.0.0.1:8786")
    for words in (["scheduler", "--once"], ["worker"], ["jobs", "serve"], ["jobs", "list"]):
        refused = CliRunner().invoke(cli, ["--home", str(ours.home), *words]).exception
        assert isinstance(refused, ConfigurationError)
        assert "sdmx-hub[dask]" in str(refused)


def test_a_process_that_opened_no_hub_opens_the_one_its_environment_names(ours, monkeypatch):
    monkeypatch.setattr("sdmx_hub.cli.node._opened", {})
    monkeypatch.delenv("SDMX_HUB_HOME", raising=False)
    with pytest.raises(ConfigurationError):
        do("embargoes", "", "")
    monkeypatch.setenv("SDMX_HUB_HOME", str(ours.home))
    assert do("embargoes", "", "") == Result(key="embargoes", state=DONE).as_json()


TLS = {"jobs_ca_file": __file__, "jobs_certificate_file": __file__, "jobs_key_file": __file__}
PLACES = [
    ({"jobs": ""}, (0, "")),
    ({"jobs": "processes:4"}, (4, "")),
    ({"jobs": "tcp://127.0.0.1:8786"}, (0, "tcp://127.0.0.1:8786")),
    ({"jobs": "tcp://[::1]:8786"}, (0, "tcp://[::1]:8786")),
    ({"jobs": "tcp://10.0.0.1:8786", "jobs_open": True}, (0, "tcp://10.0.0.1:8786")),
    ({"jobs": "tls://jobs.office.example:8786", **TLS}, (0, "tls://jobs.office.example:8786")),
    ({"jobs": "tcp://10.0.0.1:8786"}, "jobs-open"),
    ({"jobs": "tls://jobs.office.example:8786"}, "jobs-tls"),
    ({"jobs": "tls://jobs.office.example:8786", **TLS, "jobs_key_file": "/nowhere"}, "jobs-tls"),
    ({"jobs": "processes:0"}, "jobs-setting"),
    ({"jobs": "http://127.0.0.1:1"}, "jobs-setting"),
    ({"jobs": "tcp://127.0.0.1"}, "jobs-setting"),
    ({"jobs": "tcp://127.0.0.1:x"}, "jobs-setting"),
    ({"jobs": "tcp://127.0.0.1:1/x"}, "jobs-setting"),
]


@pytest.mark.parametrize(("settings", "expected"), PLACES)
def test_where_jobs_are_done_is_read_and_what_is_unsafe_refused(settings, expected):
    if isinstance(expected, str):
        with pytest.raises(ConfigurationError) as refused:
            parse_place(Settings(**settings))
        assert refused.value.key == expected
    else:
        place = parse_place(Settings(**settings))
        assert (place.processes, place.cluster) == expected
