"""Approve, reject, retry and replay over both databases: the whole way of a held run, once in each."""

from __future__ import annotations

import pytest

from sdmx_hub.harvest.replay import replay_run
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.store.audit import check_audit
from sdmx_hub.store.decisions import approve, queue_retry, reject
from sdmx_hub.store.run_rows import State
from sdmx_hub.store.visit_facts import select_deeds
from tests.harvest.conftest import database, database_url, partner, postgres_server
from tests.harvest.hubs import Hub, told
from tests.harvest.partner import Reply
from tests.harvest.test_doubts import sent, times
from tests.harvest.test_visit import DATA, ROWS, STRUCTURE, data, structure, theirs, time

__all__ = ["data", "database", "database_url", "partner", "postgres_server", "structure", "theirs", "time"]


@pytest.fixture
def ours(tmp_path, time, database):
    """A hub with a control database of either kind."""
    hub = Hub(tmp_path / "ours", time, database=database)
    yield hub
    hub.observations.close()


def work_off(hub):
    hub.time.pass_by(60)
    return Worker(parts=hub.parts()).work_off()


def test_a_held_run_is_rejected_or_approved_and_can_be_repeated(ours, theirs, partner, data, structure):
    partner.on(DATA, data)
    partner.on(STRUCTURE, structure)
    ours.add_source(f"{partner.url}/sdmx/v2", mechanism="conditional")
    first = ours.harvest()
    assert told(first) == ("succeeded", 10, 0, 0, 0)
    partner.on(DATA, sent(theirs, times(ROWS, 1000)))
    held, who = ours.harvest(), {"actor": "person:ana", "reason": "asked by telephone"}
    assert told(held) == ("held", 0, 10, 0, 0)
    rejected = reject(ours.database, held.id, now=ours.time.now(), **who)
    assert (rejected.state, rejected.decided_by) == (State.FAILED, "person:ana")
    ours.time.pass_by(60)
    again = queue_retry(ours.database, held.id, actor="person:ana", now=ours.time.now()).run
    assert [(run.id, told(run)[0]) for run in work_off(ours)] == [(again.id, "held")]
    partner.on("/", Reply(500))
    assert approve(ours.database, again.id, now=ours.time.now(), **who).state is State.QUEUED
    (loaded,) = work_off(ours)
    assert (loaded.id, told(loaded)) == (again.id, ("succeeded", 0, 10, 0, 0))
    assert loaded.outcome.verdict.key == "harvest-approved-loaded"
    assert replay_run(ours.parts(), first.id).differences == ()
    assert select_deeds(ours.database, [first.id, held.id, again.id]) == {
        held.id: ("rejected",), again.id: ("retry", "approved"),
    }  # fmt: skip
    assert check_audit(ours.database) == []
