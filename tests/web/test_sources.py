"""Sources as records: the same documents and checks as the command, a key of its own, nothing of the server told."""

import json

import pytest

from sdmx_hub.store.audit import select_audit
from sdmx_hub.store.keys import ADMIN, LOAD, OPERATE
from tests.web.conftest import make_hub
from tests.web.test_api import bearer

SOURCE = """\
id: OFFICE
title: {en: The office, fr: L'office}
endpoint: https://office.example/sdmx/v2
api: v2
schedule: {cron: 30 6 * * *, zone: Africa/Dakar}
flows:
  - dataflow: ILMH:DF_STOCK_POP(1.0.0)
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    made = make_hub(tmp_path_factory.mktemp("sources"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def http(hub):
    return hub.app().test_client()


@pytest.fixture(scope="module")
def admin(hub):
    return bearer(hub, ADMIN)


def test_a_source_is_added_read_replaced_switched_and_removed(hub, http, admin):
    added = http.post("/api/sources", data=SOURCE, headers=admin)
    assert (added.status_code, added.json["kept"], added.json["source"]["health"]) == (201, True, "never")
    assert http.post("/api/sources", data=SOURCE, headers=admin).status_code == 409
    read = http.get("/api/sources/OFFICE", headers=admin).json
    assert read["document"]["schedule"] == {"cron": "30 6 * * *", "zone": "Africa/Dakar"}
    assert http.put("/api/sources/OFFICE", data=SOURCE, headers=admin).json["changed"] is False
    changed = read["document"] | {"mechanism": "delta"}
    put = http.put("/api/sources/OFFICE", json=changed, headers=admin)
    assert (put.status_code, put.json["source"]["document"]["mechanism"]) == (200, "delta")
    assert http.post("/api/sources/OFFICE/disable", headers=admin).json == {
        "id": "OFFICE",
        "disabled": True,
        "changed": True,
    }
    listed = http.get("/api/sources?lang=fr", headers=bearer(hub, OPERATE)).json["sources"]
    assert [(one["id"], one["title"], one["health"], one["health_text"]) for one in listed] == [
        ("OFFICE", "L'office", "disabled", "désactivée")
    ]
    assert http.post("/api/sources/OFFICE/enable", headers=admin).json["changed"] is True
    assert http.delete("/api/sources/OFFICE", headers=admin).json == {"removed": "OFFICE"}
    assert http.get("/api/sources/OFFICE", headers=admin).status_code == 404
    told = [entry.action for entry in select_audit(hub.database, subject="OFFICE")]
    assert told[::-1] == ["source-save", "source-save", "source-disable", "source-enable", "source-remove"]


def test_every_fault_is_told_with_its_line_and_path(http, admin):
    wrong = SOURCE.replace("cron: 30", "corn: 30").replace("api: v2", "api: v3") + "  - data: x\n"
    answer = http.put("/api/sources/OFFICE", data=wrong, headers=admin)
    assert (answer.status_code, answer.json["kept"]) == (422, False)
    told = {(one["row"], one["path"]) for one in answer.json["findings"]}
    assert told == {(4, "api"), (5, "schedule"), (8, "flows[2]"), (8, "flows[2].data")}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ("credentials: {kind: bearer, environment: HOME}\n", "credentials"),
        ("credentials: {kind: bearer, file: /etc/hostname}\n", "credentials"),
        ("    mapping: /etc/hostname\n", "flows[0].mapping"),
    ],
)
def test_nothing_of_the_server_can_be_named(http, admin, change, path):
    text = SOURCE + change if change.startswith(" ") else change + SOURCE
    answer = http.post("/api/sources", data=text, headers=admin)
    assert answer.status_code == 422
    assert [(one["code"], one["path"]) for one in answer.json["findings"]] == [("source-local", path)]


@pytest.mark.parametrize(
    ("method", "path", "scope", "body", "status"),
    [
        ("GET", "/api/sources", None, None, 401),
        ("GET", "/api/sources", LOAD, None, 403),
        ("POST", "/api/sources", None, SOURCE, 401),
        ("POST", "/api/sources", OPERATE, SOURCE, 403),
        ("DELETE", "/api/sources/OFFICE", OPERATE, None, 403),
        ("DELETE", "/api/sources/OFFICE", ADMIN, None, 404),
        ("POST", "/api/sources/OFFICE/disable", ADMIN, None, 404),
        ("POST", "/api/sources", ADMIN, b"", 400),
        ("POST", "/api/sources", ADMIN, b"\xff\xfe", 400),
        ("POST", "/api/sources", ADMIN, b"x" * 1_000_001, 400),
        ("POST", "/api/sources", ADMIN, b"[1, 2]", 422),
        ("POST", "/api/sources", ADMIN, json.dumps({"id": 1, "flows": 2, "credentials": []}), 422),
        ("PUT", "/api/sources/OTHER", ADMIN, SOURCE, 400),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_status(hub, http, *, method, path, scope, body, status):
    headers = bearer(hub, scope) if scope else {}
    assert http.open(path, method=method, data=body, headers=headers).status_code == status
