"""Asking in parts: by the source's own limit, by the partner's, again after a failure, and all of it or nothing."""

import dataclasses
import json

import pytest

from sdmx_hub.harvest.second_look import content_hash
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.store.decisions import queue_retry
from sdmx_hub.store.run_rows import State
from sdmx_hub.web.app import create_app
from tests.harvest.hubs import Hub, observation, told
from tests.harvest.partner import Reply
from tests.harvest.test_visit import CSV, DATA, STRUCTURE, ours, structure, theirs, time

__all__ = ["ours", "structure", "theirs", "time"]
AREAS = ("GHA", "MLI", "SEN", "TUN")
ROWS = [
    observation(area, str(year), f"{year}", sex=sex) for area in AREAS for year in range(2015, 2020) for sex in "FM"
]


@pytest.fixture
def full(theirs):
    theirs.publish(ROWS)
    return theirs


@pytest.fixture
def small(full):
    """The partner gives at most 15 observations in one answer, and says so as a hub does."""
    full.settings = dataclasses.replace(full.settings, max_observations=15)
    return full


def parts_of(hub: Hub, run) -> list[str]:
    return [f"{part['codes']} {part['since']} {part['until']}" for part in hub.runs.get(run.id).plan.get("parts", ())]


def test_what_a_hub_refuses_as_too_large_is_asked_in_parts_and_loaded_in_one_release(ours, small):
    with small.serving() as url:
        ours.add_source(f"{url}/sdmx/v2", mechanism="pull")
        run = ours.harvest()
    assert told(run) == ("succeeded", 40, 0, 0, 0), run.outcome
    assert len(ours.observations.releases()) == 1
    assert len(parts_of(ours, run)) > 2
    assert ours.held() == small.held()
    data = [one for one in ours.runs.requests(run.id) if one.purpose == "data"]
    assert data[0].status == 413


def test_a_limit_of_the_source_splits_before_anything_is_refused(ours, full):
    with full.serving() as url:
        ours.add_source(f"{url}/sdmx/v2", mechanism="pull", limits="{observations: 15}")
        run = ours.harvest()
        assert told(run) == ("succeeded", 40, 0, 0, 0), run.outcome
        statuses = [(one.purpose, one.status) for one in ours.runs.requests(run.id)]
        assert statuses[0] == ("available", 200)
        assert [status for _, status in statuses] == [200] * 5 + [304, 200]
        assert len(parts_of(ours, run)) == 4
        assert ours.held() == full.held()
        assert told(ours.harvest())[0] == "unchanged"


def test_version_1_is_asked_in_parts_too(ours, small):
    with small.serving() as url:
        ours.add_source(f"{url}/sdmx/v1", mechanism="pull", api="v1", format="csv-1.0")
        assert told(ours.harvest()) == ("succeeded", 40, 0, 0, 0)
    assert ours.held() == small.held()


@pytest.fixture
def scripted(partner, ours, full, structure):
    """A partner without availability, whose whole answer is too large; each area is one part."""
    partner.on("/", Reply(501))
    partner.on(STRUCTURE, structure)
    partner.on(DATA, Reply(413, b"estimated 40000 rows, max authorised is 12500"))
    app = create_app(
        database=full.database,
        registry=full.registry,
        observations=full.observations,
        settings=full.settings,
        now=full.time.now,
    )
    for area in AREAS:
        path = f"{DATA}/dataflow/TEST/DF/1.0.0/*?c[REF_AREA]={area}"
        answer = app.test_client().get(path, headers={"Accept": CSV})
        partner.on(path, Reply(200, answer.data, {"Content-Type": answer.content_type}))
    ours.add_source(f"{partner.url}/sdmx/v2", mechanism="pull", limits="{tries: 1}")
    return partner


def path_of(area: str) -> str:
    return f"{DATA}/dataflow/TEST/DF/1.0.0/*?c[REF_AREA]={area}"


def test_without_availability_the_codes_of_the_structure_are_what_may_come(ours, scripted, full):
    assert told(ours.harvest()) == ("succeeded", 40, 0, 0, 0)
    assert ours.held() == full.held()


def test_a_part_that_fails_fails_the_run_and_the_next_try_asks_for_what_is_lacking(ours, scripted, full):
    good = scripted.replies[path_of("GHA")][0]
    scripted.on(path_of("GHA"), Reply(500))
    failed = ours.harvest()
    assert (failed.state, failed.outcome.verdict.key) == (State.FAILED, "harvest-status")
    assert ours.held() == []
    shown = [part["sha256"] is not None for part in failed.plan["parts"]]
    assert shown == [True, True, False, False]
    scripted.on(path_of("GHA"), good)
    scripted.seen.clear()
    ours.time.pass_by(60)
    again = queue_retry(ours.database, failed.id, actor="test", now=ours.time.now()).run
    run = Worker(parts=ours.parts()).work_on(again.id)
    assert told(run) == ("succeeded", 40, 0, 0, 0), run.outcome
    assert run.started_at.replace(microsecond=0) == failed.started_at.replace(microsecond=0)
    assert [seen.path.partition("=")[2] for seen in scripted.asked("/data/")] == ["GHA", "TUN", "SEN"]
    assert ours.held() == full.held()


def test_parts_that_hold_less_than_was_announced_are_not_loaded(ours, scripted, full):
    codes = {"REF_AREA": AREAS, "SEX": ("F", "M"), "FREQ": ("A",)}
    values = [{"id": name, "include": True, "values": [{"value": one} for one in some]} for name, some in codes.items()]
    constraint = {
        "id": "AVAILABLE_DF",
        "agencyID": "TEST",
        "version": "1.0.0",
        "name": "What there is",
        "role": "Actual",
        "constraintAttachment": {"dataflows": ["urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=TEST:DF(1.0.0)"]},
        "annotations": [{"id": "obs_count", "type": "sdmx_metrics", "title": "41"}],
        "cubeRegions": [{"include": True, "keyValues": values}],
    }
    message = {"meta": {"id": "A", "prepared": "2026-02-01T00:00:00Z", "sender": {"id": "T"}, "test": False}}
    message["data"] = {"dataConstraints": [constraint]}
    kind = {"Content-Type": "application/vnd.sdmx.structure+json;version=2.0.0"}
    scripted.on("/sdmx/v2/availability", Reply(200, json.dumps(message).encode(), kind))
    run = ours.harvest()
    assert run.state is State.FAILED
    assert "harvest-parts-less" in [finding.code for finding in run.outcome.findings], run.outcome
    assert ours.held() == []


# A second look


def test_a_period_across_two_years_is_in_one_part_and_taken_once(ours, theirs):
    theirs.publish([observation("SEN", f"{year}-07-01/P1Y", f"{year}") for year in range(2016, 2022)])
    theirs.settings = dataclasses.replace(theirs.settings, max_observations=4)
    with theirs.serving() as url:
        ours.add_source(f"{url}/sdmx/v2", mechanism="pull")
        run = ours.harvest()
    assert told(run) == ("succeeded", 6, 0, 0, 0), (run.outcome, parts_of(ours, run))
    assert run.outcome.received == 6
    assert [part["since"] for part in run.plan["parts"]][1:] != [None]
    assert ours.held() == theirs.held()


@pytest.fixture
def publishing(partner, small, ours):
    """A partner that publishes while its parts are asked for: before each data request of these numbers."""

    small.settings = dataclasses.replace(small.settings, max_observations=25)

    def begin(*numbers, validators=True):
        app = create_app(
            database=small.database,
            registry=small.registry,
            observations=small.observations,
            settings=small.settings,
            now=small.time.now,
        )
        client, asked = app.test_client(), []

        def live(seen):
            if "/data/" in seen.path:
                asked.append(seen.path)
                if len(asked) in numbers:
                    small.publish([*ROWS[1:], observation("GHA", "2015", f"{len(asked)}000", sex="F")])
            headers = {name: value for name, value in seen.headers.items() if name in WANTED}
            answer = client.get(seen.path, headers=headers)
            given = {name: value for name, value in answer.headers.items() if validators or name not in VALIDATORS}
            return Reply(answer.status_code, answer.data, {**given, "Content-Length": str(len(answer.data))})

        partner.live = live
        ours.add_source(f"{partner.url}/sdmx/v2", mechanism="pull")
        return asked

    return begin


WANTED = {"accept", "if-none-match", "if-modified-since"}
VALIDATORS = {"ETag", "Last-Modified"}


@pytest.mark.parametrize("validators", [True, False])
def test_data_that_change_while_parts_are_asked_for_are_asked_for_again(publishing, ours, small, validators):
    asked = publishing(3, validators=validators)
    run = ours.harvest()
    assert told(run) == ("succeeded", 40, 0, 0, 0), run.outcome
    assert ours.held() == small.held()
    assert len(asked) > 2 * len(run.plan["parts"])
    assert run.plan["settled"]


def test_data_that_never_stand_still_are_not_loaded(publishing, ours):
    publishing(*range(3, 20))
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.FAILED, "harvest-parts-changed"), run.outcome
    assert ours.held() == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (b"<m:Header><m:Prepared>1</m:Prepared></m:Header><x/>", b"<m:Header><m:ID>2</m:ID></m:Header><x/>", True),
        (b"<m:Header>1</m:Header><x v='1'/>", b"<m:Header>1</m:Header><x v='2'/>", False),
        (b'{"meta":{"id":"A","prepared":"1"},"x":1}', b'{"meta":{"id":"B","prepared":"2"},"x":1}', True),
        (b'{"meta":{},"values":[{"id":"SEN"}]}', b'{"meta":{},"values":[{"id":"MLI"}]}', False),
        (b"a,b\n1,2\n", b"a,b\n1,3\n", False),
    ],
)
def test_when_a_message_was_written_is_no_change(tmp_path, one, other, same):
    (tmp_path / "one").write_bytes(one)
    (tmp_path / "other").write_bytes(other)
    assert (content_hash(tmp_path / "one") == content_hash(tmp_path / "other")) is same
