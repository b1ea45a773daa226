"""A Dask cluster as it is run: its scheduler, two workers and ours are processes, over a real PostgreSQL."""

import contextlib
import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time as real
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from sdmx_hub.cli import cli
from sdmx_hub.harvest.loading import origin_of
from sdmx_hub.store.database import open_database
from sdmx_hub.store.harvest_tables import RUN
from sdmx_hub.store.run_rows import GOOD, State
from sdmx_hub.store.tables import LINEAGE
from sdmx_hub.store.workers import Workers
from tests.harvest.conftest import partner, postgres_server, postgres_url
from tests.harvest.hubs import Hub
from tests.harvest.partner import Reply, unused_port
from tests.harvest.test_visit import DATA, STRUCTURE, data, structure, theirs
from tests.harvest.virtual import VirtualTime
from tests.support.certificates import make_certificates

__all__ = ["data", "partner", "postgres_server", "postgres_url", "structure", "theirs"]
SLOT = dt.timedelta(seconds=2)


@pytest.fixture
def time():
    return VirtualTime(dt.datetime.now(dt.UTC))


@pytest.fixture
def ours(tmp_path, time, postgres_url):
    """A hub whose jobs are done on a cluster that is not there yet."""
    database = open_database(postgres_url)
    database.migrate()
    hub = Hub(tmp_path / "ours", time, database=database)
    hub.address = f"tls://127.0.0.1:{unused_port()}"
    settings = {"database_url": postgres_url, "jobs": hub.address, **make_certificates(tmp_path)}
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    (hub.home / "hub.toml").write_text(f"allow_loopback = true\n{lines}", encoding="utf-8")
    yield hub
    hub.close()


@pytest.fixture
def start(ours):
    """Start a command of the hub as a process; whoever is left in the end is killed."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with contextlib.ExitStack() as stack:

        def begin(*words):
            command = [sys.executable, "-m", "sdmx_hub", "--home", str(ours.home), *words]
            process = subprocess.Popen(command, env=environment)
            stack.callback(process.wait, 10)
            stack.callback(process.kill)
            return process

        yield begin


def wait_for(what, seconds=90):
    until = real.monotonic() + seconds
    while not what():
        assert real.monotonic() < until
        real.sleep(0.4)


def listed(ours):
    done = CliRunner().invoke(cli, ["--home", str(ours.home), "jobs", "list", "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def troubles(ours):
    notes = [json.loads(one.note) for one in Workers(ours.database).select() if one.note]
    return [note["jobs"]["trouble"] for note in notes]


@pytest.fixture
def slow(partner, data, structure):
    """A partner whose first answer does not end."""
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data.body) + data.body
    partner.on(DATA, Reply(raw=raw, drip=1), data)
    partner.on(STRUCTURE, structure)
    return partner


@pytest.mark.postgres
def test_a_cluster_does_each_slot_once_though_it_comes_late_and_a_worker_is_killed(slow, ours, theirs, start):
    partner = slow
    ours.add_source(f"{partner.url}/sdmx/v2", mechanism="pull", schedule="{every: 2 seconds}")
    scheduler = start("scheduler")
    wait_for(lambda: ours.runs.select() and "jobs-away" in troubles(ours))
    assert {run.state for run in ours.runs.select()} <= {State.QUEUED, State.SUPERSEDED}
    assert listed(ours)["cluster"]["answers"] is False
    others = [start("jobs", "serve")]
    workers = {name: start("worker", "--name", name) for name in ("one", "two")}
    wait_for(lambda: ours.runs.select(states=[State.RUNNING]) and partner.asked("/data/"))
    wait_for(lambda: sorted(one["name"] for one in listed(ours)["cluster"]["workers"]) == ["one", "two"])
    [held] = ours.runs.select(states=[State.RUNNING])
    killed = workers.pop(held.holder)
    now = listed(ours)
    assert next(one["jobs"] for one in now["cluster"]["workers"] if one["name"] == held.holder)
    assert [one["run"] for one in now["running"]] == [held.id]
    killed.send_signal(signal.SIGKILL)
    real.sleep(1)
    assert ours.runs.get(held.id).state is State.RUNNING  # nobody may take it while its lease lasts
    with ours.database.transaction() as connection:  # a minute passes
        lease = sa.update(RUN).where(RUN.c.id == held.id)
        connection.execute(lease.values(expires_at=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)))
    wait_for(lambda: len(ours.runs.select(states=GOOD)) >= 2)
    for process in (scheduler, *workers.values(), *others):
        process.terminate()
        assert process.wait(40) == 0
    again = ours.runs.get(held.id)
    assert (again.state, again.token, again.holder) == (State.SUCCEEDED, 2, *workers)
    check(ours)
    ours.time.at = dt.datetime.now(dt.UTC)
    assert ours.held() == theirs.held()


def check(ours):
    """Each slot once, a release for each run that changed something, and no other."""
    runs = ours.runs.select(limit=1000)
    assert {run.state for run in runs} <= {*GOOD, State.SUPERSEDED, State.QUEUED}
    slots = sorted(run.slot for run in runs)
    assert slots == [slots[0] + SLOT * number for number in range(len(slots))]
    with ours.database.reading() as connection:
        made = Counter(connection.execute(sa.select(LINEAGE.c.source)).scalars())
    assert {origin for origin in made if origin.startswith("harvest")} == {
        origin_of(run) for run in runs if run.state is State.SUCCEEDED
    }
    assert len(ours.observations.releases()) == 1
