"""Statuses, headers and bodies of the SDMX API, one row a rule."""

from __future__ import annotations

import dataclasses
import gzip
import json
from xml.etree import ElementTree

import pytest
import zstandard
from flask.testing import FlaskClient

from tests.web.conftest import COUNT, Parts

V1, V2 = "/sdmx/v1", "/sdmx/v2"
DATA_V1 = f"{V1}/data/ILMH,DF_STOCK_POP,1.0.0"
DATA_V2 = f"{V2}/data/dataflow/ILMH/DF_STOCK_POP/1.0.0"
CSV = {"Accept": "application/vnd.sdmx.data+csv;version=2.0.0"}
SDMX = "application/vnd.sdmx."


@pytest.mark.parametrize(
    ("path", "accept", "content_type"),
    [
        (DATA_V1, None, SDMX + "genericdata+xml;version=2.1"),
        (DATA_V1, "*/*", SDMX + "genericdata+xml;version=2.1"),
        (DATA_V1, "application/xml", SDMX + "genericdata+xml;version=2.1"),
        (DATA_V1, SDMX + "structurespecificdata+xml;version=2.1", SDMX + "structurespecificdata+xml;version=2.1"),
        (DATA_V1, SDMX + "data+json;version=1.0.0-wd", SDMX + "data+json;version=1.0.0"),
        (DATA_V1, "application/json", SDMX + "data+json;version=1.0.0"),
        (DATA_V1, "text/csv", SDMX + "data+csv;version=1.0.0"),
        (DATA_V1, SDMX + "data+csv;version=2.0.0", SDMX + "data+csv;version=2.0.0"),
        (DATA_V1, SDMX + "data+csv; version=1.0.0; labels=both", SDMX + "data+csv;version=1.0.0;labels=both"),
        (DATA_V2, None, SDMX + "data+xml;version=3.0.0"),
        (DATA_V2, SDMX + "structurespecificdata+xml;version=2.1", SDMX + "structurespecificdata+xml;version=2.1"),
        (DATA_V2, "application/json", SDMX + "data+json;version=2.0.0"),
        (DATA_V2, SDMX + "data+csv;version=1.0.0", SDMX + "data+csv;version=1.0.0"),
        (f"{DATA_V2}?format=jsondata", "*/*", SDMX + "data+json;version=2.0.0"),
        (f"{DATA_V2}?format=csvfilewithlabels", None, SDMX + "data+csv;version=2.0.0;labels=both"),
        (f"{DATA_V2}?format=csv&labels=name", None, SDMX + "data+csv;version=2.0.0;labels=name"),
        (f"{DATA_V2}?format=csv&formatVersion=1.0.0", None, SDMX + "data+csv;version=1.0.0"),
        (f"{DATA_V1}/all&format=jsondata", None, SDMX + "data+json;version=2.0.0"),
        (f"{V1}/dataflow/ILMH/all/latest", None, SDMX + "structure+xml;version=2.1"),
        (f"{V1}/dataflow", "application/json", SDMX + "structure+json;version=2.0.0"),
        (f"{V2}/structure/dataflow", None, SDMX + "structure+xml;version=3.0.0"),
        (f"{V2}/structure/dataflow", "application/json", SDMX + "structure+json;version=2.0.0"),
        (
            f"{V2}/structure/codelist/SDMX/CL_SEX",
            SDMX + "structure+xml;version=2.1",
            SDMX + "structure+xml;version=2.1",
        ),
        (f"{V1}/availableconstraint/DF_STOCK_POP", None, SDMX + "structure+xml;version=2.1"),
        (f"{V2}/availability/dataflow/ILMH/DF_STOCK_POP/1.0.0", None, SDMX + "structure+xml;version=3.0.0"),
        (f"{V1}/schema/dataflow/ILMH/DF_STOCK_POP/1.0.0", None, SDMX + "schema+xml;version=2.1"),
        (f"{V2}/schema/dataflow/ILMH/DF_STOCK_POP/1.0.0", None, SDMX + "schema+xml;version=3.0.0"),
        (f"{V2}/schema/dataflow/ILMH/DF_STOCK_POP/~", "application/json", SDMX + "schema+json;version=2.1.0"),
    ],
)
def test_an_answer_has_exactly_the_type_asked_for(
    client: FlaskClient, path: str, accept: str | None, content_type: str
) -> None:
    answer = client.get(path, headers={"Accept": accept} if accept else {})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == content_type
    assert answer.data
    if "+json" in content_type:
        json.loads(answer.data)
    if "+xml" in content_type:
        ElementTree.fromstring(answer.data)  # noqa: S314 - our own output


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{DATA_V1}/A.FRA.POP.CCT.SEN._T._T._T._T._T._T._T.CEN.PS", 200),
        (f"{V1}/data/ILMH,DF_STOCK_POP,1.0.0/all/", 200),
        (f"{V1}/data/DF_STOCK_POP", 200),
        (f"{V1}/data/DF_STOCK_POP/ALL/ALL", 200),
        (f"{DATA_V1}/M.............", 404),
        (f"{DATA_V1}/A.XXX............", 404),
        (f"{DATA_V1}/A.FRA", 200),
        (f"{DATA_V1}/A{'.X' * 20}", 400),
        (f"{DATA_V1}?startPeriod=soon", 400),
        (f"{V1}/data/NO_SUCH_FLOW", 404),
        (f"{V1}/data/A,B,C,D", 400),
        (f"{V1}/metadata/DF_STOCK_POP", 404),
        (f"{V1}/nothing", 404),
        (f"{V1}/codelist/ILMH/NO_SUCH_LIST", 404),
        (f"{V1}/dataflow/ILMH/all/latest?references=cousins", 400),
        (f"{V1}/schema/dataflow/ILMH/NO_SUCH_FLOW", 404),
        (f"{V1}/schema/metadataflow/ILMH/NO_SUCH_FLOW", 501),
        (f"{V1}/schema/dataflow/ILMH/DF_STOCK_POP?dimensionAtObservation=COLOUR", 403),
        (f"{V2}/schema/dataflow/ILMH/DF_STOCK_POP/+?dimensionAtObservation=AllDimensions", 200),
        (f"{DATA_V1}?lang=de", 406),
        (f"{DATA_V1}?compression=br", 406),
        (f"{DATA_V1}?strict=1&colour=red", 400),
        (f"{DATA_V1}?colour=red", 200),
        (f"{DATA_V2}/A.FRA.*", 200),
        (f"{DATA_V2}/A{'.X' * 20}?c[SEX]=F", 400),
        (f"{DATA_V2}/A.FRA............?c[SEX]=F", 200),
        (f"{DATA_V2}?c[SEX]=XX", 204),
        (f"{DATA_V2}?c[TIME_PERIOD]=ge:2020+le:2021", 200),
        (f"{DATA_V2}?c%5BTIME_PERIOD%5D=ge%3A2020%2Ble%3A2021", 200),
        (f"{DATA_V2}?c[NO_SUCH]=X", 422),
        (f"{DATA_V2}?c[SEX]=zz:1+", 400),
        (f"{V2}/data/*/ILMH/DF_STOCK_POP/+", 200),
        (f"{V2}/data/dataflow/ILMH/NO_SUCH_FLOW/1.0.0", 404),
        (f"{V2}/structure/codelist/ILMH/NO_SUCH_LIST/1.0.0", 404),
        (f"{V2}/structure/codelist/ILMH/CL_AREA/1.+.3", 400),
        (f"{V2}/metadata/metadataset/P/R/1.0/", 404),
        (f"{V2}/registration/id/R", 404),
        (f"{V2}/", 404),
        (f"{V2}/nothing", 404),
        (f"{DATA_V2}?{'x' * 8100}", 414),
    ],
)
def test_a_question_gets_its_status(client: FlaskClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    if status == 204:
        assert answer.data == b""


@pytest.mark.parametrize(
    ("path", "accept", "content_type"),
    [
        (f"{V1}/data/NO_SUCH_FLOW", "*/*", "xml"),
        (f"{V1}/data/NO_SUCH_FLOW", "application/vnd.sdmx.data+json;version=1.0.0", "json"),
        (f"{V2}/data/dataflow/ILMH/NO_SUCH_FLOW", "*/*", "xml"),
        (f"{V2}/data/dataflow/ILMH/NO_SUCH_FLOW", "application/vnd.sdmx.data+json;version=2.0.0", "json"),
        (f"{V2}/data/dataflow/ILMH/NO_SUCH_FLOW", "text/html,*/*;q=0.8", "text/html"),
        (DATA_V1, "image/png", "xml"),
    ],
)
def test_a_refusal_speaks_the_language_of_who_asked(
    client: FlaskClient, path: str, accept: str, content_type: str
) -> None:
    answer = client.get(path, headers={"Accept": accept})
    assert answer.status_code in {404, 406}
    assert content_type in answer.headers["Content-Type"]
    if content_type == "xml":
        assert b"Error" in ElementTree.fromstring(answer.data).tag.encode()  # noqa: S314 - our own output
    if content_type == "json":
        assert json.loads(answer.data)["errors"]


def test_a_refusal_names_its_sdmx_number_and_speaks_the_language_asked_for(client: FlaskClient) -> None:
    answer = client.get(f"{V1}/data/NO_SUCH_FLOW", headers={"Accept-Language": "fr"})
    assert 'code="100"' in answer.text
    assert answer.headers["Content-Language"] == "fr"
    assert 'xml:lang="fr">Rien ici' in answer.text


@pytest.mark.parametrize("path", [DATA_V1, DATA_V2, f"{V2}/structure/dataflow", f"{V1}/nothing"])
def test_any_origin_may_read_answers_and_refusals(client: FlaskClient, path: str) -> None:
    headers = client.get(path, headers={"Origin": "https://example.org"}).headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in headers["Access-Control-Expose-Headers"]
    assert headers["Vary"] == "Accept, Accept-Language, Accept-Encoding"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", [DATA_V1, DATA_V2, f"{V2}/structure/dataflow", f"{V1}/availableconstraint/DF_STOCK_POP"]
)
def test_head_has_the_headers_of_get_and_no_body(client: FlaskClient, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert head.status_code == 200
    assert head.data == b""
    for name in ("Content-Type", "ETag", "Last-Modified", "Vary", "Content-Language"):
        assert head.headers[name] == get.headers[name]


def test_options_says_what_may_be_asked(client: FlaskClient) -> None:
    answer = client.options(DATA_V2, headers={"Access-Control-Request-Method": "GET"})
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS, POST"
    assert "If-None-Match" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("path", [DATA_V1, DATA_V2, f"{V2}/structure/codelist", f"{V1}/codelist/ILMH"])
@pytest.mark.parametrize("name", ["If-None-Match", "If-Modified-Since"])
def test_who_has_the_answer_is_told_so(client: FlaskClient, path: str, name: str) -> None:
    first = client.get(path)
    validator = first.headers["ETag"] if name == "If-None-Match" else first.headers["Last-Modified"]
    again = client.get(path, headers={name: validator})
    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["ETag"] == first.headers["ETag"]


def test_an_iso_instant_is_understood_too(client: FlaskClient) -> None:
    assert client.get(DATA_V1, headers={"If-Modified-Since": "2030-01-01T00:00:00Z"}).status_code == 304


def test_equal_answers_have_equal_bytes_and_different_ones_another_etag(client: FlaskClient) -> None:
    first, second = client.get(DATA_V2), client.get(DATA_V2)
    assert first.data == second.data
    variants = [
        client.get(DATA_V2, headers=headers).headers["ETag"]
        for headers in (
            {},
            CSV,
            {"Accept-Language": "fr"},
            {"Accept-Encoding": "gzip"},
            {"Accept": "application/json"},
        )
    ]
    assert len(set(variants)) == len(variants)


def test_an_answer_is_compressed_as_asked(client: FlaskClient) -> None:
    plain = client.get(DATA_V2, headers=CSV)
    packed = client.get(DATA_V2, headers=CSV | {"Accept-Encoding": "gzip, deflate"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    small = client.get(f"{DATA_V2}?compression=zstd", headers=CSV)
    assert small.headers["Content-Encoding"] == "zstd"
    assert zstandard.ZstdDecompressor().decompressobj().decompress(small.data) == plain.data
    assert "Content-Encoding" not in plain.headers


def test_a_file_name_is_given_only_where_it_helps(client: FlaskClient) -> None:
    assert "Content-Disposition" not in client.get(DATA_V2).headers
    named = client.get(f"{DATA_V2}?format=csv").headers["Content-Disposition"]
    assert named == 'attachment; filename="ILMH_DF_STOCK_POP.csv"'


def test_all_observations_arrive(client: FlaskClient) -> None:
    lines = client.get(DATA_V2, headers=CSV).text.splitlines()
    assert len(lines) == COUNT + 1


def test_a_browser_gets_a_page_with_the_downloads(client: FlaskClient) -> None:
    answer = client.get(DATA_V2, headers={"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"})
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "format=data-csv-2.0" in answer.text
    assert "/dataflow/ILMH/DF_STOCK_POP" in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    ("path", "status"), [(f"{V2}/structure/codelist", 401), (DATA_V2, 405), (f"{V2}/registration", 401), (DATA_V1, 405)]
)
def test_nothing_can_be_written_through_the_sdmx_api(client: FlaskClient, method: str, path: str, status: int) -> None:
    if (path, method) in {(DATA_V1, "POST"), (DATA_V2, "POST")}:
        status = 200  # a query: see test_queries
    answer = client.open(path, method=method)
    assert answer.status_code == status
    if status == 405:
        assert "GET" in answer.headers["Allow"]


def test_both_editions_give_the_same_bytes_for_the_same_question(client: FlaskClient) -> None:
    key = "A.FRA+ESP............"
    first = client.get(f"{DATA_V1}/{key}?startPeriod=2018&endPeriod=2020", headers=CSV)
    second = client.get(f"{DATA_V2}?c[REF_AREA]=FRA,ESP&c[TIME_PERIOD]=ge:2018+le:2020", headers=CSV)
    assert first.status_code == 200
    assert first.data == second.data


def test_a_bug_is_a_clean_answer_and_a_logged_incident(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret path /srv/x")

    monkeypatch.setattr("sdmx_hub.web.views.open_data", fail)
    answer = client.get(DATA_V1)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert 'code="500"' in answer.text
    assert "incident" in caplog.text
    assert "RuntimeError" in caplog.text


def test_more_than_the_hub_gives_at_once_is_refused_with_the_way_out(parts: Parts) -> None:
    settings = dataclasses.replace(parts.settings, max_observations=100)
    client = parts._replace(settings=settings).app().test_client()
    assert client.get(f"{DATA_V2}?c[SEX]=F", headers=CSV).status_code == 200
    answer = client.get(DATA_V1)
    assert answer.status_code == 413
    assert 'code="510"' in answer.text
    assert str(COUNT) in answer.text
    assert "limit" in answer.text
