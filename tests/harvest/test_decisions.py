"""What persons decide about runs: approve, reject, repeat; and that a run can be repeated from what was kept."""

import datetime as dt

import pytest

from sdmx_hub.errors import BadRequest, Conflict
from sdmx_hub.harvest.replay import replay_run
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.store.audit import select_audit
from sdmx_hub.store.decisions import approve, queue_retry, reject, stop
from sdmx_hub.store.run_rows import Slot, State
from tests.harvest.hubs import Hub, observation, told
from tests.harvest.partner import Reply
from tests.harvest.test_doubts import sent, times
from tests.harvest.test_visit import DATA, ROWS, STRUCTURE, data, ours, structure, theirs, time

__all__ = ["data", "ours", "structure", "theirs", "time"]


@pytest.fixture
def held(partner, ours, theirs, data, structure):
    """A run that was held for values a thousand times as large; the partner is then silent."""
    partner.on(DATA, data)
    partner.on(STRUCTURE, structure)
    ours.add_source(f"{partner.url}/sdmx/v2", mechanism="conditional")
    assert told(ours.harvest()) == ("succeeded", 10, 0, 0, 0)
    partner.on(DATA, sent(theirs, times(ROWS, 1000)))
    run = ours.harvest()
    assert told(run) == ("held", 0, 10, 0, 0)
    partner.on("/", Reply(500))
    partner.seen.clear()
    return run


def work_off(hub: Hub):
    hub.time.pass_by(60)
    return Worker(parts=hub.parts()).work_off()


def test_what_is_approved_is_loaded_from_the_bytes_that_were_held(held, ours, theirs, partner):
    waiting = approve(ours.database, held.id, actor="person:ana", now=ours.time.now(), reason="asked by telephone")
    assert waiting.state is State.QUEUED
    run = work_off(ours)[0]
    assert told(run) == ("succeeded", 0, 10, 0, 0)
    assert run.outcome.verdict.key == "harvest-approved-loaded"
    assert (run.id, run.started_at, run.decided_by, run.reason) == (
        held.id,
        held.started_at,
        "person:ana",
        "asked by telephone",
    )
    assert partner.seen == []
    assert ours.held() == theirs.held()
    entry = select_audit(ours.database, subject=f"run {held.id}")[0]
    assert (entry.actor, entry.action, entry.detail["reason"]) == (
        "person:ana",
        "harvest-approved",
        "asked by telephone",
    )
    assert ours.runs.last_good("P", "DF").id == held.id
    with pytest.raises(Conflict, match="not held"):
        approve(ours.database, held.id, actor="person:ana", now=ours.time.now())


def test_nothing_is_approved_that_others_have_overtaken_unless_somebody_insists(held, ours):
    ours.publish([*ROWS, observation("SEN", "2025", "1")])
    with pytest.raises(Conflict, match="release"):
        approve(ours.database, held.id, actor="person:ana", now=ours.time.now())
    approve(ours.database, held.id, actor="person:ana", now=ours.time.now(), force=True)
    assert work_off(ours)[0].state is State.SUCCEEDED


def test_what_is_overtaken_between_approval_and_load_is_held_again(held, ours):
    approve(ours.database, held.id, actor="person:ana", now=ours.time.now())
    ours.publish([*ROWS, observation("SEN", "2025", "1")])
    run = work_off(ours)[0]
    assert (run.state, run.outcome.verdict.key) == (State.HELD, "harvest-moved-on")
    assert [finding.code for finding in run.outcome.findings] == ["HOLD-JUMP"]


def test_an_approved_run_is_not_superseded_by_a_later_slot(held, ours):
    approve(ours.database, held.id, actor="person:ana", now=ours.time.now())
    slot = Slot(source="P", flow="DF", slot=ours.time.now(), host="p")
    assert ours.runs.queue_latest([slot], now=ours.time.now()) is not None
    assert ours.runs.get(held.id).state is State.QUEUED


def test_a_rejected_run_has_failed_and_says_why(held, ours):
    before = ours.held()
    with pytest.raises(BadRequest):
        reject(ours.database, held.id, actor="person:ana", now=ours.time.now(), reason=" ")
    run = reject(ours.database, held.id, actor="person:ana", now=ours.time.now(), reason="wrong unit")
    assert run.state is State.FAILED
    assert "person:ana: wrong unit" in run.outcome.verdict.text()
    assert work_off(ours) == []
    assert ours.held() == before


def test_a_run_can_be_repeated_and_stopped(held, ours):
    later = ours.time.now() + dt.timedelta(seconds=1)
    again, is_new = queue_retry(ours.database, held.id, actor="person:ana", now=later)
    assert is_new
    assert (again.follows, again.state) == (held.id, State.QUEUED)
    with pytest.raises(Conflict):
        queue_retry(ours.database, again.id, actor="person:ana", now=ours.time.now())
    assert stop(ours.database, again.id, actor="person:ana", now=ours.time.now()).state is State.FAILED
    actions = [entry.action for entry in select_audit(ours.database, subject=f"run {again.id}")]
    assert actions == ["harvest-stop", "harvest-retry"]


def test_a_replay_gives_the_same_again_and_publishes_nothing(held, ours, partner):
    releases = len(ours.observations.releases())
    before = ours.held()
    found = [replay_run(ours.parts(), run.id) for run in ours.runs.select()]
    assert [(one.run.state.value, one.differences) for one in found] == [("held", ()), ("succeeded", ())]
    approve(ours.database, held.id, actor="person:ana", now=ours.time.now())
    assert work_off(ours)[0].state is State.SUCCEEDED
    assert replay_run(ours.parts(), held.id).is_equal
    assert (len(ours.observations.releases()), partner.seen) == (releases + 1, [])
    assert ours.held() != before


def test_a_replay_of_a_failed_run_and_of_a_delta_tells_the_same(partner, ours, theirs, data, structure):
    partner.on(DATA, data)
    partner.on(STRUCTURE, structure)
    ours.add_source(f"{partner.url}/sdmx/v2", mechanism="delta")
    ours.harvest()
    more = sent(theirs, [*ROWS, observation("SEN", "2025", "31")])
    partner.on(DATA, more)
    assert told(ours.harvest()) == ("succeeded", 1, 0, 0, 10)
    partner.on(DATA, Reply(404, b"gone fishing"))
    failed = ours.harvest()
    assert failed.state is State.FAILED
    found = [replay_run(ours.parts(), run.id) for run in ours.runs.select()]
    assert [one.differences for one in found] == [(), (), ()]
    assert "gone fishing" in found[0].outcome.verdict.text()


def test_a_replay_of_bytes_that_were_changed_says_what_differs(held, ours):
    sha256 = next(one.raw_sha256 for one in ours.runs.requests(held.id) if one.purpose == "data")
    path = ours.parts().raw.get(sha256)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"15000", b"15"))
    found = replay_run(ours.parts(), held.id)
    assert not found.is_equal
    assert "revised" in found.differences
    assert found.as_json()["equal"] is False
