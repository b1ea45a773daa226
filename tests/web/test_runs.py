"""Runs over HTTP: begun, approved, rejected, repeated, stopped by who has a key; notices by who has the token."""

import json

import pytest

from sdmx_hub.harvest.worker import Worker
from sdmx_hub.store.audit import select_audit
from sdmx_hub.store.keys import LOAD, OPERATE
from sdmx_hub.web.app import create_app
from tests.harvest.conftest import partner
from tests.harvest.hubs import Hub, told
from tests.harvest.partner import Reply
from tests.harvest.test_visit import DATA, STRUCTURE, data, ours, structure, theirs, time
from tests.web.test_api import bearer

__all__ = ["data", "ours", "partner", "structure", "theirs", "time"]
TOKEN = "-".join(["token", "of", "the", "partner"])


@pytest.fixture
def http(ours: Hub, partner, data, structure, monkeypatch):
    monkeypatch.setenv("PARTNER_NOTICES", TOKEN)
    partner.on(DATA, data)
    partner.on(STRUCTURE, structure)
    ours.add_source(f"{partner.url}/sdmx/v2", mechanism="subscription", notices="{environment: PARTNER_NOTICES}")
    app = create_app(
        database=ours.database,
        registry=ours.registry,
        observations=ours.observations,
        settings=ours.settings,
        now=ours.time.now,
    )
    return app.test_client()


def work_off(hub: Hub):
    hub.time.pass_by(60)
    return [told(run)[0] for run in Worker(parts=hub.parts()).work_off()]


def test_runs_are_begun_and_decided_on_by_who_has_a_key(http, ours, partner, data):
    key = bearer(ours, OPERATE)
    assert http.post("/api/harvest/run", json={"source": "P"}).status_code == 401
    assert http.post("/api/harvest/run", json={"source": "P"}, headers=bearer(ours, LOAD)).status_code == 403
    assert http.post("/api/harvest/run", json={"source": "NOBODY"}, headers=key).status_code == 404
    begun = http.post("/api/harvest/run", json={"source": "P", "full": True}, headers=key)
    assert (begun.status_code, begun.json["runs"][0]["state"]) == (202, "queued")
    assert work_off(ours) == ["succeeded"]
    partner.on(DATA, Reply(200, b"".join(data.body.splitlines(keepends=True)[:4]), data.headers))
    ours.time.pass_by(60)
    number = http.post("/api/harvest/run?source=P&full=1", headers=key).json["runs"][0]["id"]
    assert http.post(f"/api/harvest/runs/{number}/approve", headers=key).status_code == 409
    assert work_off(ours) == ["held"]
    assert http.post(f"/api/harvest/runs/{number}/reject", headers=key).status_code == 400
    approved = http.post(f"/api/harvest/runs/{number}/approve", json={"reason": "asked"}, headers=key)
    assert (approved.status_code, approved.json["runs"][0]["state"]) == (202, "queued")
    assert work_off(ours) == ["succeeded"]
    assert select_audit(ours.database, subject=f"run {number}")[0].detail["reason"] == "asked"
    again = http.post(f"/api/harvest/runs/{number}/retry", headers=key)
    assert (again.status_code, again.json["runs"][0]["follows"]) == (202, number)
    ours.time.pass_by(5)
    twice = http.post(f"/api/harvest/runs/{number}/retry", headers=key)
    assert (twice.status_code, twice.json["runs"][0]["id"]) == (200, again.json["runs"][0]["id"])
    stopped = http.post(f"/api/harvest/runs/{again.json['runs'][0]['id']}/stop", headers=key)
    assert (stopped.status_code, stopped.json["runs"][0]["state"]) == (200, "failed")
    assert len(ours.held()) == 3


def test_a_notice_makes_a_visit_at_once_and_another_one_waits_with_it(http, ours):
    assert http.post("/api/notify/P").status_code == 401
    assert http.post("/api/notify/NOBODY", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 401
    first = http.post("/api/notify/P", headers={"Authorization": f"Bearer {TOKEN}"})
    ours.time.pass_by(5)
    second = http.post(f"/api/notify/P?token={TOKEN}", data=b"<Structure>Dataflow=TEST:DF(1.0.0)</Structure>")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json["runs"][0]["id"] == second.json["runs"][0]["id"]
    assert first.json["runs"][0]["trigger"] == "notice"
    assert work_off(ours) == ["succeeded"]
    assert len(ours.held()) == 10


def test_wrong_tokens_shut_the_door_of_notices_alone(http, ours):
    key = bearer(ours, OPERATE)
    statuses = [http.post("/api/notify/P?token=wrong-wrong-wrong").status_code for _ in range(11)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert http.post(f"/api/notify/P?token={TOKEN}").status_code == 429
    assert http.post("/api/harvest/runs/99/retry", headers={"Authorization": "Bearer x"}).status_code == 401
    assert http.post("/api/harvest/runs/99/retry", headers=key).status_code == 404


def test_what_may_be_done_with_runs_is_described(http):
    paths = json.loads(http.get("/openapi.json").data)["paths"]
    for verb in ("approve", "reject", "retry", "stop"):
        assert "post" in paths[f"/api/harvest/runs/{{run}}/{verb}"]
    assert {"/api/harvest/run", "/api/notify/{source}"} <= set(paths)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "JSON"),
        (b"[" * 50_000, "JSON"),
        (b"null", "JSON"),
        (b'{"source": "\\ud800"}', "JSON"),
        (b'{"source": NaN}', "JSON"),
        (b"{}", "source"),
        (b'{"source": ["P"]}', "source"),
        (b'{"source": "P", "flow": ["F"]}', "flow"),
        (b'{"source": "P", "flow": {}}', "flow"),
        (b'{"source": "P", "full": "perhaps"}', "full"),
        (b'{"source": "P", "full": [true]}', "full"),
        (b'{"source": "P", "ful": true}', "full, dry_run"),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_queued(http, ours, body, told):
    asked = http.post(
        "/api/harvest/run", data=body, headers={**bearer(ours, OPERATE), "Content-Type": "application/json"}
    )
    assert asked.status_code == 400
    assert told in asked.json["detail"]
    assert http.get("/api/harvest/runs").json["runs"] == []


def test_json_sent_as_a_form_is_told_how_to_be_sent(http, ours):
    form = {**bearer(ours, OPERATE), "Content-Type": "application/x-www-form-urlencoded"}
    asked = http.post("/api/harvest/run", data=b'{"reason": "x"}', headers=form)
    assert asked.status_code == 400
    large = http.post("/api/harvest/run", json={"source": "P", "reason": "x" * 100_000}, headers=bearer(ours, OPERATE))
    assert large.status_code == 413
