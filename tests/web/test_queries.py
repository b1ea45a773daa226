"""Queries by POST, parts by range, sizes by HEAD, and what is too large: all of them about the answer GET gives."""

from __future__ import annotations

import dataclasses
import http.client
import json
import re
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import COUNT, Parts

V1, V2 = "/sdmx/v1", "/sdmx/v2"
FLOW = f"{V2}/data/dataflow/ILMH/DF_STOCK_POP/1.0.0"
THERE = f"{V2}/availability/dataflow/ILMH/DF_STOCK_POP/1.0.0"
OLD, OLD_THERE = f"{V1}/data/DF_STOCK_POP", f"{V1}/availableconstraint/DF_STOCK_POP"
SERIES = 18
SIZE, SERIES_SIZE = "X-SDMX-Observation-Count", "X-SDMX-Series-Count"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
POSTED = [
    (FLOW, "c[SEX]=F,M&c[TIME_PERIOD]=ge:2018+le:2020", FORM, f"{FLOW}?c[SEX]=F,M&c[TIME_PERIOD]=ge:2018+le:2020"),
    (FLOW, "c%5BSEX%5D=F%2CM&format=csv", FORM, f"{FLOW}?c[SEX]=F,M&format=csv"),
    (FLOW, "key=A.*.*.*.SEN,A.*.*.*.MLI&measures=none", FORM, f"{FLOW}/A.*.*.*.SEN,A.*.*.*.MLI?measures=none"),
    (f"{FLOW}/body", "key=A.*.*.*.SEN", FORM, f"{FLOW}/A.*.*.*.SEN"),
    (f"{FLOW}?format=json", '{"key": ["A.*.*.*.SEN"], "limit": 3}', JSON, f"{FLOW}/A.*.*.*.SEN?format=json&limit=3"),
    (FLOW, '{"c": {"SEX": ["F", "M"]}, "includeHistory": true}', JSON, f"{FLOW}?c[SEX]=F,M&includeHistory=true"),
    (f"{OLD}/body/all", "key=A....SEN&startPeriod=2020", FORM, f"{OLD}/A....SEN/all?startPeriod=2020"),
    (OLD, "key=A....SEN+MLI", FORM, f"{OLD}/A....SEN+MLI"),
    (THERE, "key=A.*.*.*.SEN&mode=available", FORM, f"{THERE}/A.*.*.*.SEN?mode=available"),
    (f"{OLD_THERE}/all/all/SEX", "key=A....SEN", FORM, f"{OLD_THERE}/A....SEN/all/SEX"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "body", "content_type", "same"), POSTED)
def test_a_posted_query_is_answered_as_the_get_it_stands_for(
    client: FlaskClient, url: str, body: str, content_type: str, same: str
) -> None:
    posted = client.post(url, data=body, content_type=content_type)
    plain = client.get(same)
    assert (posted.status_code, posted.content_type) == (200, plain.content_type), posted.text
    without_id = [re.sub("ILMH-[0-9a-f]{16}", "", answer.text) for answer in (posted, plain)]
    assert without_id[0] == without_id[1]
    assert posted.headers["Last-Modified"] == plain.headers["Last-Modified"]


@pytest.mark.parametrize("body", ["c[SEX]=F&key=A.*.*.*.SEN", "c%5BTIME_PERIOD%5D=ge:2018%2Ble:2020", "format=csv"])
def test_the_address_told_gives_the_same_answer(live_url: str, body: str) -> None:
    def ask(method: str, path: str, sent: str | None = None) -> tuple[bytes, dict[str, str]]:
        connection = http.client.HTTPConnection(live_url.removeprefix("http://"), timeout=30)
        connection.request(method, path, sent, {"Content-Type": FORM} if sent else {})
        answer = connection.getresponse()
        found = answer.read(), dict(answer.getheaders())
        connection.close()
        return found

    posted, headers = ask("POST", FLOW, body)
    plain, plain_headers = ask("GET", headers["Content-Location"])
    assert (posted, headers["ETag"]) == (plain, plain_headers["ETag"])


def test_a_form_in_parts_is_read_too(client: FlaskClient) -> None:
    answer = client.post(f"{FLOW}?format=csv", data={"key": "A.*.*.*.SEN"}, content_type="multipart/form-data")
    assert answer.text == client.get(f"{FLOW}/A.*.*.*.SEN?format=csv").text


def test_a_query_longer_than_any_address_can_be_posted(client: FlaskClient) -> None:
    codes = ",".join(f"X{number:05}" for number in range(5_000))
    assert client.get(f"{FLOW}?c[COUNTERPART_AREA]=SEN,{codes}").status_code == 414
    answer = client.post(f"{FLOW}?format=csv", data=f"c[COUNTERPART_AREA]=SEN,{codes}", content_type=FORM)
    assert answer.text == client.get(f"{FLOW}/*.*.*.*.SEN?format=csv").text
    assert "Content-Location" not in answer.headers
    keys = ",".join(f"A.X{number:04}.*.*.SEN.*" for number in range(900))
    answer = client.post(f"{FLOW}?format=csv", data=f"key=A.*.*.*.SEN,{keys}", content_type=FORM)
    assert answer.text == client.get(f"{FLOW}/A.*.*.*.SEN?format=csv").text


def test_a_posted_query_keeps_the_conditions_of_its_kind(client: FlaskClient) -> None:
    answer = client.post(FLOW, data="key=A.*.*.*.SEN", content_type=FORM)
    again = client.post(
        FLOW, data="key=A.*.*.*.SEN", content_type=FORM, headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (412, b"")
    since = {"If-Modified-Since": answer.headers["Last-Modified"]}
    assert client.post(FLOW, data="key=A.*.*.*.SEN", content_type=FORM, headers=since).status_code == 200
    assert client.get(f"{FLOW}/A.*.*.*.SEN", headers=since).status_code == 304


REFUSED = [
    (FLOW, "key=A.*.*.*.SEN", "text/csv", 400),
    (FLOW, "[1]", JSON, 400),
    (FLOW, "{", JSON, 400),
    (FLOW, '{"c": 7}', JSON, 400),
    (FLOW, '{"key": {"FREQ": "A"}}', JSON, 400),
    (FLOW, '{"updatedAfter": null}', JSON, 400),
    (f"{FLOW}/A", "key=M", FORM, 400),
    (f"{FLOW}?limit=1", "limit=2", FORM, 400),
    (FLOW, "c[NONE]=A", FORM, 422),
    (FLOW, "key=A.XXX", FORM, 204),
    (FLOW, "x" * 1_100_000, FORM, 413),
    (OLD, "key=A.XXX", FORM, 404),
    (f"{V2}/schema/dataflow/ILMH/DF_STOCK_POP", "", FORM, 405),
]


@pytest.mark.parametrize(("url", "body", "content_type", "status"), REFUSED)
def test_a_posted_query_is_refused_as_a_get_is(
    client: FlaskClient, url: str, body: str, content_type: str, status: int
) -> None:
    assert client.post(url, data=body, content_type=content_type).status_code == status


def test_data_are_not_written_by_queries(client: FlaskClient) -> None:
    for method in ("PUT", "DELETE"):
        answer = client.open(FLOW, method=method, data="x")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")


RANGES = [
    ("values=0-9", 0, 10),
    ("values=10-", 10, None),
    ("values=-5", -5, None),
    ("values = 3 - 3", 3, 4),
    (f"values=150-{10**9}", 150, None),
    ("values=-9999", 0, None),
]


@pytest.mark.parametrize("header", ["Range", "X-Range"])
@pytest.mark.parametrize(("asked", "start", "end"), RANGES)
def test_a_range_of_values_is_a_part_of_the_answer(
    client: FlaskClient, header: str, asked: str, start: int, end: int | None
) -> None:
    whole = client.get(f"{FLOW}?format=csv")
    answer = client.get(f"{FLOW}?format=csv", headers={header: asked})
    head, *rows = whole.text.splitlines()
    wanted = rows[start:end]
    first = start % COUNT
    assert answer.status_code == 206
    assert answer.text.splitlines() == [head, *wanted]
    assert answer.headers["Content-Range"] == f"values {first}-{first + len(wanted) - 1}/{COUNT}"
    assert answer.headers["ETag"] == whole.headers["ETag"]
    assert (whole.headers["Accept-Ranges"], answer.headers["Accept-Ranges"]) == ("values", "values")
    assert client.get(f"{FLOW}?format=csv").text == whole.text


@pytest.mark.parametrize("asked", ["values=5-2", "bytes=0-9", "values=0-1,4-5", "values=x", "values=-", ""])
def test_a_range_that_cannot_be_read_is_passed_over(client: FlaskClient, asked: str) -> None:
    assert client.get(f"{FLOW}?format=csv", headers={"Range": asked}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "path"), [(f"values={COUNT}-", FLOW), ("values=-0", FLOW), ("values=9-", f"{FLOW}?limit=5")]
)
def test_a_range_behind_the_end_is_refused(client: FlaskClient, asked: str, path: str) -> None:
    answer = client.get(path, headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == ("values */5" if "limit" in path else f"values */{COUNT}")
    assert "Error" in answer.text


def test_a_range_lies_within_offset_and_limit(client: FlaskClient) -> None:
    whole = client.get(f"{FLOW}?format=csv&offset=10&limit=20").text.splitlines()
    answer = client.get(f"{FLOW}?format=csv&offset=10&limit=20", headers={"Range": "values=5-99"})
    assert answer.text.splitlines() == [whole[0], *whole[6:]]
    assert answer.headers["Content-Range"] == "values 5-19/20"


def test_a_range_counts_series_where_only_keys_are_asked_for(client: FlaskClient) -> None:
    answer = client.get(f"{OLD}?detail=serieskeysonly", headers={"Range": "values=0-3"})
    assert answer.headers["Content-Range"] == f"values 0-3/{SERIES}"
    assert answer.text.count("<generic:Series>") == 4


def test_a_range_of_another_version_gives_the_whole(client: FlaskClient) -> None:
    etag = client.get(FLOW).headers["ETag"]
    old = client.get(FLOW, headers={"Range": "values=0-1", "If-Range": '"other"'})
    same = client.get(FLOW, headers={"Range": "values=0-1", "If-Range": etag})
    assert (old.status_code, same.status_code) == (200, 206)
    assert client.get(FLOW, headers={"Range": "values=0-1", "If-None-Match": etag}).status_code == 304


SIZES = [
    (FLOW, SIZE, COUNT),
    (f"{FLOW}/A.FRA", SIZE, COUNT // 2),
    (f"{FLOW}?limit=7", SIZE, 7),
    (f"{FLOW}?offset=150", SIZE, COUNT - 150),
    (f"{FLOW}?lastNObservations=1", SIZE, SERIES),
    (f"{FLOW}?attributes=none&measures=none", SERIES_SIZE, SERIES),
    (f"{FLOW}?includeHistory=true", SIZE, COUNT),
    (f"{OLD}?startPeriod=2023", SIZE, SERIES),
]


@pytest.mark.parametrize(("url", "name", "count"), SIZES)
def test_head_tells_how_much_there_is_and_sends_none_of_it(
    client: FlaskClient, url: str, name: str, count: int
) -> None:
    answer, plain = client.head(url), client.get(url)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers[name] == str(count)
    for header in ("ETag", "Last-Modified", "Content-Type", "Content-Language", "Cache-Control", "Vary"):
        assert answer.headers[header] == plain.headers[header]


def test_head_is_refused_as_get_is(client: FlaskClient) -> None:
    for url in (f"{FLOW}/A.XXX", f"{FLOW}?c[NONE]=A", f"{V2}/data/dataflow/ILMH/NONE"):
        answer = client.head(url)
        assert answer.status_code == client.get(url).status_code
        assert SIZE not in answer.headers
    etag = client.head(FLOW).headers["ETag"]
    assert client.head(FLOW, headers={"If-None-Match": etag}).status_code == 304


@pytest.fixture
def narrow(parts: Parts) -> FlaskClient:
    """The hub with a limit of a hundred observations."""
    settings = dataclasses.replace(parts.settings, max_observations=100)
    return parts._replace(settings=settings).app().test_client()


def test_too_much_is_told_with_the_number_the_limit_and_the_split(narrow: FlaskClient) -> None:
    answer = narrow.get(FLOW)
    assert answer.status_code == 413
    assert answer.headers[SIZE] == str(COUNT)
    for told in (str(COUNT), "100", "REF_AREA", "ESP 81", "FRA 80"):
        assert told in answer.text
    assert narrow.head(FLOW).status_code == 413
    as_json = json.loads(narrow.get(f"{FLOW}?format=jsondata&lang=fr").text)
    assert as_json["errors"][0]["code"] == 413
    assert "REF_AREA" in as_json["errors"][0]["title"]
    v1 = narrow.get(OLD)
    assert v1.status_code == 413
    assert 'code="510"' in v1.text


@pytest.mark.parametrize("url", [f"{FLOW}/A.FRA", f"{FLOW}?limit=100", f"{FLOW}?c[SEX]={quote('F')}"])
def test_what_was_split_is_answered(narrow: FlaskClient, url: str) -> None:
    assert narrow.get(url).status_code == 200


def test_what_is_too_much_can_be_had_range_by_range(narrow: FlaskClient, client: FlaskClient) -> None:
    whole = client.get(f"{FLOW}?format=csv").text.splitlines()[1:]
    found: list[str] = []
    for first in range(0, COUNT, 90):
        answer = narrow.get(f"{FLOW}?format=csv", headers={"Range": f"values={first}-{first + 89}"})
        assert answer.status_code == 206
        found += answer.text.splitlines()[1:]
    assert found == whole
