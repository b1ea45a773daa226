"""Schedulers and workers as they are run: processes on one database, one of them killed; no slot twice, none lost."""

import contextlib
import datetime as dt
import os
import signal
import subprocess
import sys
import time as real
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from sdmx_hub.harvest.loading import origin_of
from sdmx_hub.harvest.schedule import queue_due
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.store.database import open_database
from sdmx_hub.store.run_rows import GOOD, State
from sdmx_hub.store.tables import LINEAGE
from sdmx_hub.store.workers import Workers
from tests.harvest.hubs import Hub, observation
from tests.harvest.test_takeover import LEASE, later
from tests.harvest.test_visit import CSV, DATA, ROWS, STRUCTURE, answer_of, data, structure, theirs
from tests.harvest.virtual import VirtualTime

__all__ = ["data", "structure", "theirs"]
SECOND = dt.timedelta(seconds=1)
TEAMS = {
    "sqlite": (("scheduler",), ("scheduler",), ("worker", "--name", "one")),
    "postgres": (("scheduler",), ("worker", "--name", "one")),
}


@pytest.fixture
def time():
    return VirtualTime(dt.datetime.now(dt.UTC))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def ours(request, tmp_path, time):
    """A hub whose partner is due every second."""
    database, lines = None, "allow_loopback = true\n"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
        database = open_database(url)
        database.migrate()
        lines += f'database_url = "{url}"\n'
    hub = Hub(tmp_path / "ours", time, database=database)
    (hub.home / "hub.toml").write_text(lines, encoding="utf-8")
    hub.team = TEAMS[request.param]
    yield hub
    hub.close()


@contextlib.contextmanager
def at_work(hub: Hub):
    """Run the team of the hub; whoever is left in the end is killed."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "sdmx_hub", "--home", str(hub.home)]
    team = [subprocess.Popen([*command, *words], env=environment) for words in hub.team]
    try:
        yield team
    finally:
        for process in team:
            process.kill()
            process.wait(10)


def wait_for(what, seconds=60):
    """Wait until something is the case."""
    until = real.monotonic() + seconds
    while not what():
        assert real.monotonic() < until
        real.sleep(0.1)


def ended(hub: Hub) -> list:
    return list(hub.runs.select(states=GOOD, limit=1000))


def test_processes_do_each_slot_once_and_survive_one_of_them(partner, ours, theirs, data, structure):
    partner.on(DATA, data)
    partner.on(STRUCTURE, structure)
    ours.add_source(f"{partner.url}/sdmx/v2", mechanism="pull", schedule="{every: 1 second}")
    with at_work(ours) as team:
        wait_for(lambda: len(Workers(ours.database).select()) == len(team) and len(ended(ours)) >= 3)
        theirs.publish([*ROWS[1:], observation("MLI", "2020", "7")])
        partner.on(DATA, answer_of(theirs, f"{DATA}/dataflow/TEST/DF/1.0.0/*", CSV))
        team[1].send_signal(signal.SIGKILL)
        real.sleep(2)
        rest = [process for process in team if process is not team[1]]
        for process in rest:
            process.terminate()
        assert [process.wait(30) for process in rest] == [0] * len(rest)
    assert len(Workers(ours.database).select()) == 1  # the one that was killed could not say goodbye
    finish(ours)
    assert ours.held() == theirs.held()


def finish(hub: Hub) -> None:
    """Look at the ledger when the lease of the dead has run out and the last slot was worked off."""
    queue_due(hub.parts().sources, hub.runs, now=dt.datetime.now(dt.UTC))
    for leases in (2, 3, 4):  # what was put off for half a minute is done the next time
        Worker(parts=later(hub, leases * LEASE)).work_off()
    runs = hub.runs.select(limit=1000)
    assert not [vars(run) for run in runs if run.state not in {*GOOD, State.SUPERSEDED}]
    slots = sorted(run.slot for run in runs)
    assert slots == [slots[0] + SECOND * number for number in range(len(slots))]
    with hub.database.reading() as connection:
        made = Counter(connection.execute(sa.select(LINEAGE.c.source)).scalars())
    assert {origin for origin in made if origin.startswith("harvest")} == {
        origin_of(run) for run in runs if run.state is State.SUCCEEDED
    }
