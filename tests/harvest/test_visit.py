"""One visit against a partner that misbehaves: the right state, nothing in part, the last good state stands."""

import datetime as dt
import email.utils
import threading

import pytest

from sdmx_hub.harvest.worker import Worker
from sdmx_hub.store.run_rows import Slot, State, Trigger
from sdmx_hub.web.app import create_app
from tests.harvest.hubs import Hub, make_artefacts, observation, told
from tests.harvest.partner import Partner, Reply, unused_port
from tests.harvest.virtual import VirtualTime

ROWS = [observation("SEN", str(year), str(year - 2000)) for year in range(2015, 2025)]
CSV = "application/vnd.sdmx.data+csv;version=2.0.0"
JSON = "application/vnd.sdmx.structure+json;version=2.0.0"
DATA, STRUCTURE = "/sdmx/v2/data", "/sdmx/v2/structure"


@pytest.fixture
def time():
    return VirtualTime()


@pytest.fixture
def ours(tmp_path, time):
    hub = Hub(tmp_path / "ours", time)
    yield hub
    hub.close()


@pytest.fixture
def theirs(tmp_path, time):
    hub = Hub(tmp_path / "theirs", time)
    hub.publish(ROWS)
    yield hub
    hub.close()


def answer_of(hub: Hub, path: str, accept: str) -> Reply:
    """What a real hub answers, as a reply for the script."""
    app = create_app(
        database=hub.database,
        registry=hub.registry,
        observations=hub.observations,
        settings=hub.settings,
        now=hub.time.now,
    )
    answer = app.test_client().get(path, headers={"Accept": accept})
    assert answer.status_code == 200, answer.text
    return Reply(200, answer.data, {"Content-Type": answer.content_type})


@pytest.fixture
def data(theirs):
    return answer_of(theirs, f"{DATA}/dataflow/TEST/DF/1.0.0/*", CSV)


@pytest.fixture
def structure(theirs):
    return answer_of(theirs, f"{STRUCTURE}/dataflow/TEST/DF/1.0.0?references=descendants", JSON)


@pytest.fixture
def scripted(partner: Partner, ours: Hub, data: Reply, structure: Reply) -> Partner:
    """A partner that begins well: the first visit has taken everything."""
    partner.on(DATA, data)
    partner.on(STRUCTURE, structure)
    ours.add_source(f"{partner.url}/sdmx/v2", mechanism="pull", limits="{seconds: 2, idle_seconds: 1}")
    assert told(ours.harvest()) == ("succeeded", 10, 0, 0, 0)
    return partner


NOTHING = {
    "204": Reply(204),
    "404 that says so": Reply(
        404, b'<m:Error xmlns:m="x"><m:ErrorMessage code="100"><Text>No</Text></m:ErrorMessage></m:Error>'
    ),
    "no rows": None,
}


@pytest.mark.parametrize("reply", NOTHING.values(), ids=NOTHING)
def test_nothing_where_we_hold_something_is_held(scripted, ours, data, reply):
    before = ours.held()
    scripted.on(DATA, reply or Reply(200, data.body.splitlines(keepends=True)[0], data.headers))
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.HELD, "harvest-empty"), run.outcome
    assert ours.held() == before


def test_a_404_because_the_dataflow_is_gone_is_a_failure(scripted, ours):
    scripted.on(DATA, NOTHING["404 that says so"])
    scripted.on(STRUCTURE, Reply(404))
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.FAILED, "harvest-status")


def test_a_partner_that_has_nothing_yet_is_no_failure(partner, ours):
    partner.on(DATA, Reply(204))
    ours.add_source(f"{partner.url}/sdmx/v2", mechanism="pull")
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.UNCHANGED, "harvest-nothing")


def test_a_large_deletion_is_held_for_a_person(scripted, ours, data):
    before = ours.held()
    lines = data.body.splitlines(keepends=True)
    scripted.on(DATA, Reply(200, b"".join(lines[:4]), data.headers))
    run = ours.harvest()
    assert told(run) == ("held", 0, 0, 7, 3)
    assert run.outcome.verdict.params == {"deleted": 7, "held": 10, "most": "50%"}
    assert ours.held() == before
    scripted.on(DATA, Reply(200, b"".join([lines[0], *lines[4:]]), data.headers))
    assert told(ours.harvest()) == ("succeeded", 0, 0, 3, 7)


def test_a_wrong_content_type_is_told_and_the_answer_read_as_what_it_is(scripted, ours, data):
    scripted.on(DATA, Reply(200, data.body, {"Content-Type": "application/force-download"}))
    run = ours.harvest()
    assert run.state is State.UNCHANGED
    assert [finding.code for finding in run.outcome.findings] == ["harvest-content-type"]


def test_a_partner_that_is_down_is_asked_three_times(ours, time):
    ours.add_source(f"http://127.0.0.1:{unused_port()}/sdmx/v2")
    begun = time.at
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.FAILED, "fetch-no-connection")
    assert ours.runs.requests(run.id)[0].tries == 3
    assert time.waited == 2 + 4
    assert time.at - begun == dt.timedelta(seconds=126)


def test_a_busy_partner_is_waited_for(scripted, ours, data, time):
    scripted.on(DATA, Reply(503), Reply(503, headers={"Retry-After": "5"}), data)
    run = ours.harvest()
    assert run.state is State.UNCHANGED
    assert ours.runs.requests(run.id)[0].tries == 3
    assert time.waited == 2 + 5


def test_a_partner_that_asks_for_an_hour_gets_it(scripted, ours, data, time):
    scripted.on(DATA, Reply(429, headers={"Retry-After": "3600"}), data)
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.QUEUED, "harvest-deferred")
    assert Worker(parts=ours.parts()).work_off() == []
    time.pass_by(3600)
    assert [done.state for done in Worker(parts=ours.parts()).work_off()] == [State.UNCHANGED]


def test_a_mismatch_of_structures_loads_nothing(scripted, ours, theirs):
    theirs.registry.save(make_artefacts(version="2.0.0")[-2:-1], actor="test", now=theirs.time.now())
    reply = answer_of(theirs, f"{STRUCTURE}/dataflow/TEST/DF/1.0.0?references=descendants", JSON)
    changed = reply.body.replace(b"DataStructure=TEST:DSD(1.0.0)", b"DataStructure=TEST:DSD(2.0.0)").replace(
        b'"id":"DSD","agencyID":"TEST","version":"1.0.0"', b'"id":"DSD","agencyID":"TEST","version":"2.0.0"'
    )
    scripted.on(STRUCTURE, Reply(200, changed, reply.headers))
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.FAILED, "STRUCT-MISMATCH"), run.outcome
    assert [finding.code for finding in run.outcome.findings] == ["STRUCT-MISMATCH", "STRUCT-VERSION"]


def test_a_304_is_taken_for_an_answer(partner, ours, data, structure):
    tagged = Reply(200, data.body, {**data.headers, "ETag": '"one"'})
    partner.on(DATA, tagged, Reply(304))
    partner.on(STRUCTURE, structure)
    ours.add_source(f"{partner.url}/sdmx/v2", mechanism="conditional")
    assert ours.harvest().state is State.SUCCEEDED
    again = [ours.harvest(), ours.harvest()]
    assert {run.outcome.verdict.key for run in again} == {"harvest-not-modified"}
    assert [seen.headers.get("if-none-match") for seen in partner.asked("/data/")] == [None, '"one"', '"one"']
    assert len(partner.asked("/structure/")) == 1


def test_structures_that_have_not_changed_are_not_read_again(partner, ours, data, structure):
    partner.on(DATA, data)
    partner.on(STRUCTURE, Reply(200, structure.body, {**structure.headers, "ETag": '"s"'}), Reply(304))
    ours.add_source(f"{partner.url}/sdmx/v2", mechanism="pull")
    assert [ours.harvest().state for _ in range(3)] == [State.SUCCEEDED, State.UNCHANGED, State.UNCHANGED]
    assert [seen.headers.get("if-none-match") for seen in partner.asked("/structure/")] == [None, '"s"', '"s"']


def test_a_lagging_clock_moves_the_moment_of_a_delta_back(partner, ours, data, structure, time):
    lag = dt.timedelta(minutes=7)
    late = email.utils.format_datetime(time.at.replace(microsecond=0) - lag + dt.timedelta(seconds=60), usegmt=True)
    partner.on(STRUCTURE, structure)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nDate: %s\r\n\r\n" % (len(data.body), late.encode())
    partner.on(DATA, Reply(raw=head + data.body))
    ours.add_source(f"{partner.url}/sdmx/v2", mechanism="delta")
    first = ours.harvest()
    assert first.state is State.SUCCEEDED
    ours.harvest()
    moment = (first.started_at - lag).strftime("%Y-%m-%dT%H%%3A%M%%3A%SZ")
    assert f"updatedAfter={moment}" in partner.asked("/data/")[1].path


def test_a_stopped_run_loads_nothing(scripted, ours, data, time):
    scripted.on(DATA, Reply(503), data)
    time.pass_by(60)
    queued = ours.runs.queue(Slot(source="P", flow="DF", slot=time.at, host="p", trigger=Trigger.MANUAL), now=time.at)

    def stop(seconds):
        time.pass_by(seconds)
        if ours.runs.get(queued.id).state is State.RUNNING:
            ours.runs.stop(queued.id, now=time.at)

    parts = ours.parts()
    clock = type(parts.clock)(now=time.now, sleep=stop, chance=lambda: 0.0)
    run = Worker(parts=type(parts)(**{**vars(parts), "clock": clock})).work_on(queued.id)
    assert (run.state, run.outcome.verdict.key) == (State.FAILED, "harvest-stopped")


def test_a_worker_that_shuts_down_gives_its_run_back(scripted, ours, time):
    closing = threading.Event()
    time.pass_by(60)
    ours.runs.queue(Slot(source="P", flow="DF", slot=time.at, host="p"), now=time.at)
    parts = ours.parts()

    def shut(_):
        closing.set()

    worker = Worker(parts=type(parts)(**{**vars(parts), "step": shut}), closing=closing)
    assert [run.state for run in worker.work_off()] == [State.QUEUED]
    time.pass_by(1)
    assert [run.state for run in Worker(parts=ours.parts()).work_off()] == [State.UNCHANGED]


def test_a_source_that_was_removed_fails_its_queued_runs(scripted, ours, time):
    time.pass_by(60)
    ours.runs.queue(Slot(source="P", flow="DF", slot=time.at, host="p"), now=time.at)
    ours.parts().sources.remove("P", actor="test", now=time.at)
    run = Worker(parts=ours.parts()).work_off()[0]
    assert (run.state, run.outcome.verdict.key) == (State.FAILED, "harvest-source-unknown")


def test_secrets_are_sent_and_never_kept(partner, ours, data, structure, monkeypatch):
    monkeypatch.setenv("PARTNER_TOKEN", "s3cret-t0ken")
    partner.on(DATA, data)
    partner.on(STRUCTURE, structure)
    ours.add_source(f"{partner.url}/sdmx/v2", credentials="{kind: bearer, environment: PARTNER_TOKEN}")
    assert ours.harvest().state is State.SUCCEEDED
    assert {seen.headers["authorization"] for seen in partner.seen} == {"Bearer s3cret-t0ken"}
    kept = b"".join(path.read_bytes() for path in ours.home.rglob("*") if path.is_file())
    assert b"s3cret" not in kept
