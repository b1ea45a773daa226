"""Workers that die: the run is taken over, nothing is lost, nothing is done twice, the dead stay dead."""

import dataclasses
import datetime as dt
import os
import signal
import subprocess
import sys
import time as real
from pathlib import Path

import pytest

from sdmx_hub.harvest.clock import Clock
from sdmx_hub.harvest.lease import Hold
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.store.lease import free_lease, take_lease
from sdmx_hub.store.run_rows import Slot, State
from sdmx_hub.store.runs import LeaseLost
from tests.harvest.hubs import FLOW, Hub, told
from tests.harvest.partner import Reply
from tests.harvest.test_visit import DATA, STRUCTURE, data, ours, structure, theirs
from tests.harvest.virtual import VirtualTime

__all__ = ["data", "ours", "structure", "theirs"]
LEASE = dt.timedelta(minutes=1)


@pytest.fixture
def time():
    """The hubs begin now: a worker in a process of its own knows no other time."""
    return VirtualTime(dt.datetime.now(dt.UTC))


def later(hub: Hub, delay: dt.timedelta):
    """Parts of a worker some time later; the hub lives then too."""
    hub.time.at = dt.datetime.now(dt.UTC) + delay
    clock = Clock(now=lambda: dt.datetime.now(dt.UTC) + delay)
    return dataclasses.replace(hub.parts(), clock=clock, lease=LEASE)


@pytest.fixture
def queued(partner, ours, data, structure):
    """A source whose partner sends its data one byte at a time, and a run that is due now."""
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data.body) + data.body
    partner.on(DATA, Reply(raw=raw, drip=0.5), data)
    partner.on(STRUCTURE, structure)
    ours.add_source(f"{partner.url}/sdmx/v2", mechanism="pull")
    now = dt.datetime.now(dt.UTC)
    return ours.runs.queue(Slot(source="P", flow="DF", slot=now, host="p"), now=now)


def test_a_worker_killed_in_the_middle_is_taken_over(partner, ours, queued, theirs):
    (ours.home / "hub.toml").write_text("allow_loopback = true\n", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "sdmx_hub", "--home", str(ours.home), "scheduler", "--once"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        for _ in range(600):
            if partner.asked("/data/"):
                break
            real.sleep(0.1)
        assert partner.asked("/data/")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert ours.runs.get(queued.id).state is State.RUNNING
    assert Worker(parts=later(ours, dt.timedelta(0))).work_off() == []
    run = Worker(parts=later(ours, 2 * LEASE)).work_off()[0]
    assert told(run) == ("succeeded", 10, 0, 0, 0)
    assert (run.id, run.token, run.attempts) == (queued.id, 2, 2)
    ours.time.pass_by(60)
    assert ours.held() == theirs.held()
    assert not list((ours.home / "raw").glob(".draft-*.keep"))


def test_a_worker_that_died_after_its_release_is_not_repeated(partner, ours, queued, data):
    partner.on(DATA, data)
    slow = Worker(parts=later(ours, dt.timedelta(0)), name="one")
    first = ours.runs.claim("one", now=dt.datetime.now(dt.UTC), lease=LEASE)
    outcome = slow._outcome(first, _hold(slow, first))
    assert outcome.release_id is not None
    run = Worker(parts=later(ours, 2 * LEASE), name="two").work_off()[0]
    assert told(run) == ("succeeded", 10, 0, 0, 0)
    assert run.outcome.release_id == outcome.release_id
    assert len(ours.observations.releases()) == 1
    with pytest.raises(LeaseLost):
        ours.runs.finish(first, outcome, now=dt.datetime.now(dt.UTC))


def _hold(worker, run):
    return Hold(worker.parts.runs, run, worker.parts.clock, lease=LEASE)


def test_a_worker_that_slept_publishes_nothing(partner, ours, queued, data, theirs):
    """The first worker is overtaken while it waits for its answer; what it then tries is refused."""
    partner.on(DATA, data)
    parts = later(ours, dt.timedelta(0))
    overtaken = []

    def sleep(key):
        if key == "harvest-step-structures" and not overtaken:
            overtaken.append(Worker(parts=later(ours, 2 * LEASE), name="two").work_off()[0])

    assert Worker(parts=dataclasses.replace(parts, step=sleep), name="one").work_off() == []
    assert told(overtaken[0]) == ("succeeded", 10, 0, 0, 0)
    assert len(ours.observations.releases()) == 1
    assert ours.runs.get(queued.id).holder == "two"


def test_a_load_of_somebody_else_is_waited_for(partner, ours, queued, data):
    partner.on(DATA, data)
    name, lasts = f"dataflow {FLOW}", dt.timedelta(days=9999)
    held = take_lease(ours.database, name, holder="somebody", now=dt.datetime.now(dt.UTC), lasts=lasts)
    run = Worker(parts=later(ours, dt.timedelta(0))).work_off()[0]
    assert (run.state, run.outcome.verdict.key) == (State.QUEUED, "harvest-deferred")
    free_lease(ours.database, held, now=dt.datetime.now(dt.UTC))
    run = Worker(parts=later(ours, LEASE)).work_off()[0]
    assert told(run) == ("succeeded", 10, 0, 0, 0)
