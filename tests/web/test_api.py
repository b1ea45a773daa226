"""Administration: nothing that writes without a key, all or nothing with one, and every mistake a clean answer."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from sdmx_hub.store.keys import ApiKeys
from sdmx_hub.web.tries import MOST_WRONG
from tests.factories import make_codelist
from tests.mapping.tables import changed
from tests.web.conftest import COUNT, NOW, RELEASED, Parts

LONELY = ("FRA", "MLI", "F", "2019")
DATA = "/sdmx/v2/data/dataflow/ILMH/DF_STOCK_POP/1.0.0"
WRITING = ["/api/load", "/api/structures"]


@pytest.fixture
def own(own_parts: Parts) -> FlaskClient:
    return own_parts.app().test_client()


def bearer(parts: Parts, *scopes: str, expires_at: dt.datetime | None = None) -> dict[str, str]:
    _, text = ApiKeys(parts.database).add("office", scopes, actor="test", now=RELEASED, expires_at=expires_at)
    return {"Authorization": f"Bearer {text}"}


def message(client: FlaskClient) -> str:
    return client.get(f"{DATA}?format=csv").text


def revised(client: FlaskClient, **changes: str) -> str:
    """The message with another value where no total is published, and perhaps other changes in that row."""
    header, *rows = csv.reader(io.StringIO(message(client)))
    for row in rows:
        found = dict(zip(header, row, strict=True))
        if (found["REF_AREA"], found["COUNTERPART_AREA"], found["SEX"], found["TIME_PERIOD"]) == LONELY:
            row[header.index("OBS_VALUE")] = "12345"
            for name, value in changes.items():
                row[header.index(name)] = value
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue()


@pytest.mark.parametrize("path", WRITING)
def test_nothing_is_written_without_a_key(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data=b"x")
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert json.loads(answer.data)["status"] == 401


@pytest.mark.parametrize(
    "text", ["Bearer x", "Bearer hub_00000000_" + "a" * 43, "Basic eDp5", "Bearer ", "hub_00000000_" + "a" * 43]
)
@pytest.mark.parametrize("path", WRITING)
def test_a_wrong_key_opens_nothing(own: FlaskClient, path: str, text: str) -> None:
    assert own.post(path, data=b"x", headers={"Authorization": text}).status_code == 401


def test_a_key_in_the_address_opens_nothing(own: FlaskClient, own_parts: Parts) -> None:
    text = bearer(own_parts, "load")["Authorization"].removeprefix("Bearer ")
    assert own.post(f"/api/load?key={text}&access_token={text}", data=b"x").status_code == 401


def test_a_key_opens_only_what_its_scopes_say(own: FlaskClient, own_parts: Parts) -> None:
    answer = own.post("/api/load", data=b"x", headers=bearer(own_parts, "structures"))
    assert answer.status_code == 403
    assert "load" in json.loads(answer.data)["detail"]


def test_an_expired_or_revoked_key_opens_nothing(own: FlaskClient, own_parts: Parts) -> None:
    expired = bearer(own_parts, "load", expires_at=NOW - dt.timedelta(seconds=1))
    assert own.post("/api/load", data=b"x", headers=expired).status_code == 401
    keys = ApiKeys(own_parts.database)
    made, text = keys.add("office", ["load"], actor="test", now=RELEASED)
    keys.revoke(made.prefix, actor="test", now=RELEASED)
    assert own.post("/api/load", data=b"x", headers={"Authorization": f"Bearer {text}"}).status_code == 401


def test_guessing_keys_shuts_the_door_but_not_for_a_valid_key(own: FlaskClient, own_parts: Parts) -> None:
    for _ in range(MOST_WRONG):
        assert own.post("/api/load", headers={"Authorization": "Bearer x"}).status_code == 401
    valid = bearer(own_parts, "load")
    near = {"Authorization": valid["Authorization"][:-4] + "AAAA"}
    for wrong in ({"Authorization": "Bearer x"}, near):
        answer = own.post("/api/load", data=b"x", headers=wrong)
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 0
    assert own.post("/api/load", data=b"x", headers=valid).status_code == 422
    assert own.post("/api/load", data=b"x", headers=near).status_code == 429


def test_a_message_is_loaded_as_one_release_and_seen_at_once(own: FlaskClient, own_parts: Parts) -> None:
    key = bearer(own_parts, "load")
    sent = revised(own)
    before = own.get(DATA).headers["ETag"]
    report = json.loads(own.post("/api/load?name=stocks.csv&action=append", data=sent, headers=key).data)
    assert [(flow["added"], flow["revised"], flow["deleted"]) for flow in report["dataflows"]] == [(0, 1, 0)]
    assert own.get(DATA).headers["ETag"] != before
    assert ",12345," in message(own)
    again = json.loads(own.post("/api/load?name=stocks.csv&action=append", data=sent, headers=key).data)
    assert (again["revised"], again["unchanged"]) == (0, COUNT)
    moments = json.loads(own.get("/api/releases").data)["releases"]
    assert [moment["dataflows"][0]["revised"] for moment in moments] == [1, 0]


def test_what_curl_calls_a_form_is_the_file(own: FlaskClient, own_parts: Parts) -> None:
    key = bearer(own_parts, "load") | {"Content-Type": "application/x-www-form-urlencoded"}
    report = json.loads(own.post("/api/load?name=stocks.csv&action=append", data=revised(own), headers=key).data)
    assert [(flow["added"], flow["revised"], flow["deleted"]) for flow in report["dataflows"]] == [(0, 1, 0)]


def test_a_rehearsal_stores_nothing(own: FlaskClient, own_parts: Parts) -> None:
    answer = own.post("/api/load?dry_run=1&action=append", data=revised(own), headers=bearer(own_parts, "load"))
    assert answer.status_code == 200
    assert ",12345," not in message(own)


def test_a_file_with_an_error_changes_nothing(own: FlaskClient, own_parts: Parts) -> None:
    sent = revised(own, UNIT_MEASURE="NOTHING")
    answer = own.post("/api/load?action=append", data=sent, headers=bearer(own_parts, "load"))
    assert answer.status_code == 422
    assert any(finding["severity"] == "error" for finding in json.loads(answer.data)["findings"])
    assert ",12345," not in message(own)


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("", b"", 400),
        ("?action=destroy", b"x", 400),
        ("?dataflow=nonsense", b"x", 400),
        ("", b"\x00\x01\x02", 422),
        ("", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", 422),
    ],
)
def test_what_cannot_be_loaded_is_refused_with_a_reason(
    own: FlaskClient, own_parts: Parts, query: str, body: bytes, status: int
) -> None:
    answer = own.post(f"/api/load{query}", data=body, headers=bearer(own_parts, "load"))
    assert answer.status_code == status, answer.text
    assert len(json.loads(answer.data)) > 1


def test_a_table_is_loaded_with_its_mapping_and_code_tables(own: FlaskClient, own_parts: Parts) -> None:
    folder = Path(__file__).parents[2] / "mappings" / "COL_UAEMC"
    codes = [(io.BytesIO(path.read_bytes()), f"codes/{path.name}") for path in sorted((folder / "codes").iterdir())]
    form = {
        "file": (io.BytesIO((folder / "samples" / "entries_foreigners.csv").read_bytes()), "entries.csv"),
        "mapping": (io.BytesIO((folder / "entries_foreigners.yaml").read_bytes()), "entries.yaml"),
        "codes": codes,
    }
    answer = own.post("/api/load", data=form, headers=bearer(own_parts, "load"))
    report = json.loads(answer.data)
    assert answer.status_code == 200, answer.text
    assert report["stored"]
    assert report["added"] > 0


@pytest.mark.parametrize(
    ("source", "status", "told"),
    [
        ("format: sql, url_env: HOME, query: SELECT 1", 422, "TABLE-NOT-BROUGHT"),
        ("format: sdmx, structure: /etc/hostname", 400, "leads out"),
        ("format: csv, files: '*.csv'", 422, "MAP-COLUMN"),
    ],
)
def test_a_mapping_that_is_sent_opens_nothing_of_the_server(
    own: FlaskClient, own_parts: Parts, source: str, status: int, told: str
) -> None:
    mapping = changed({"format: csv": source}).encode()
    form = {"file": (io.BytesIO(b"a,b\n1,2\n"), "table.csv"), "mapping": (io.BytesIO(mapping), "m.yaml")}
    answer = own.post("/api/load", data=form, headers=bearer(own_parts, "load"))
    assert (answer.status_code, told in answer.text) == (status, True), answer.text


@pytest.mark.parametrize("name", ["../escape.csv", "/etc/escape.csv", "a/../../escape.csv"])
def test_no_file_is_written_outside_its_folder(own: FlaskClient, own_parts: Parts, name: str) -> None:
    form = {
        "file": (io.BytesIO(b"a,b\n1,2\n"), name),
        "mapping": (io.BytesIO(b"x: 1"), name),
        "codes": (io.BytesIO(b"id"), name),
    }
    answer = own.post("/api/load", data=form, headers=bearer(own_parts, "load"))
    assert answer.status_code == 422
    assert not list(own_parts.home.parent.glob("**/escape.csv"))


def test_structures_are_stored_all_or_none(own: FlaskClient, own_parts: Parts) -> None:
    key = bearer(own_parts, "structures")
    codelist = {**make_codelist("CL_NEW", ["A", "B"]).document, "agencyID": "ILMH"}
    codelist["names"] = {"en": "New", "fr": "Nouvelle", "es": "Nueva"}
    body = {"meta": {"id": "T", "prepared": "2026-01-01T00:00:00Z", "sender": {"id": "T"}, "test": False}}
    sent = json.dumps({**body, "data": {"codelists": [codelist]}})
    answer = own.post("/api/structures", data=sent, headers=key)
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.data)["added"] == ["urn:sdmx:org.sdmx.infomodel.codelist.Codelist=ILMH:CL_NEW(1.0.0)"]
    assert own.get("/sdmx/v2/structure/codelist/ILMH/CL_NEW").status_code == 200
    changed = sent.replace('"Code A"', '"Code AA"')
    assert own.post("/api/structures", data=changed, headers=key).status_code in {409, 422}


def test_runs_are_listed_without_a_key(client: FlaskClient) -> None:
    assert json.loads(client.get("/api/harvest/runs").data) == {"runs": []}


@pytest.mark.parametrize(("path", "status"), [("/api/nothing", 404), ("/api/load", 405)])
def test_refusals_are_problem_details(client: FlaskClient, path: str, status: int) -> None:
    answer = client.get(path, headers={"Accept-Language": "es"})
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert json.loads(answer.data)["detail"]
