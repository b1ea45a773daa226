"""Reference metadata over HTTP: every query of both editions, every format, administration, and the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from pysdmx.api.fmr import RegistryClient
from pysdmx.io.json.sdmxjson2.reader.metadata import read as read_json
from pysdmx.io.xml.sdmx30.reader.metadata import read as read_xml_3_0
from pysdmx.io.xml.sdmx31.reader.metadata import read as read_xml_3_1

from sdmx_hub.formats.metadata_reading import read_metadata
from sdmx_hub.formats.metadata_writers import METADATA_WRITERS
from sdmx_hub.formats.table import formats_of
from sdmx_hub.load.artefacts import pack_root
from sdmx_hub.load.metadata import load_sets, locate_pack_sets
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.store.metadata_sets import MetadataSets
from tests.formats import metadata_judges
from tests.formats.metadata_specimens import AGREEMENT, DATAFLOW, OTHER_FLOW, PREFIX, make_set, message, structures
from tests.support.serving import serving
from tests.web.conftest import RELEASED, Parts, make_hub
from tests.web.test_api import bearer

V1, V2 = "/sdmx/v1/metadata", "/sdmx/v2/metadata"
JSON = {"Accept": "application/vnd.sdmx.metadata+json;version=2.1.0"}
TITLE = [{"id": "TITLE", "value": {"en": "Jobs", "fr": "Emplois"}}]
RICH = [
    *TITLE,
    {"id": "TEXT", "value": {"en": "<p>All <em>jobs</em></p>"}},
    {"id": "KIND", "value": "A"},
    {"id": "KIND", "value": "B"},
    {"id": "CONTACT", "attributes": [{"id": "NAME", "value": "Ana"}, {"id": "PHONE", "value": "1"}]},
    {"id": "SIZE", "value": "3"},
]
SETS = (
    make_set(RICH),
    make_set(TITLE, version="1.1.0"),
    make_set(TITLE, id="MDS_PAY", targets=[OTHER_FLOW], metadataflow=None, metadataProvisionAgreement=AGREEMENT),
    make_set(TITLE, id="MDS_CODE", targets=[f"{PREFIX}codelist.Code=LAB:CL_KIND(1.0.0).A"]),
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """A hub with the shipped content and sets of a laboratory."""
    made = make_hub(tmp_path_factory.mktemp("metadata"))
    made.registry.save(structures(), actor="test", now=RELEASED)
    sets = MetadataSets(made.database)
    artefacts = made.registry.snapshot()
    located = locate_pack_sets(pack_root(), artefacts)
    assert load_sets(located, sets, artefacts, actor="test", now=RELEASED).stored
    sets.save(SETS, actor="test", now=RELEASED)
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(hub: Parts) -> FlaskClient:
    return hub.app().test_client()


def names(client: FlaskClient, path: str, **more: str) -> list[str]:
    """The sets of an answer, as ``ID version``."""
    answer = client.get(path, headers=JSON | more)
    assert answer.status_code == 200, answer.text
    found = json.loads(answer.data)["data"]["metadataSets"]
    return sorted(f"{one['id']} {one.get('version', '1.0')}" for one in found)


JOBS, JOBS_OLD, PAY, CODE, INJURIES = (
    "MDS_JOBS 1.1.0", "MDS_JOBS 1.0.0", "MDS_PAY 1.0.0", "MDS_CODE 1.0.0", "MDS_RGT_OSH 1.0.0",
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("metadataset/OFFICE/MDS_JOBS/1.0.0", [JOBS_OLD]),
        ("metadataset/OFFICE/MDS_JOBS", [JOBS]),
        ("metadataset/OFFICE/MDS_JOBS/~", [JOBS]),
        ("metadataset/OFFICE/MDS_JOBS/+", [JOBS]),
        ("metadataset/OFFICE/MDS_JOBS/1.0+.0", [JOBS]),
        ("metadataset/OFFICE/MDS_JOBS/*", [JOBS_OLD, JOBS]),
        ("metadataset/OFFICE/MDS_JOBS/1.0.0,1.1.0", [JOBS_OLD, JOBS]),
        ("metadataset/OFFICE,ILMH/*/*", [CODE, JOBS_OLD, JOBS, PAY, INJURIES]),
        ("metadataset/*/MDS_PAY,MDS_CODE", [CODE, PAY]),
        ("metadataset/LAB.OFFICE/MDS_PAY", [PAY]),
        ("metadataset", [CODE, JOBS, PAY, INJURIES]),
        ("metadataflow/LAB/MDF_NOTES/1.0.0", [CODE, JOBS, PAY]),
        ("metadataflow/LAB/MDF_NOTES/~/LAB.OFFICE", [CODE, JOBS, PAY]),
        ("metadataflow/LAB/MDF_NOTES/~/OFFICE", [CODE, JOBS, PAY]),
        ("metadataflow/*/*/*/*", [CODE, JOBS, PAY, INJURIES]),
        ("metadataflow/*/*/*/ILMH.ILMH,LAB.OFFICE", [CODE, JOBS, PAY, INJURIES]),
        ("metadataflow/*/*/*/ILMH", [INJURIES]),
        ("structure/dataflow/LAB/DF_JOBS/1.0.0", [JOBS]),
        ("structure/dataflow/LAB/DF_JOBS,DF_PAY", [JOBS, PAY]),
        ("structure/dataflow/LAB/*/*", [JOBS, PAY]),
        ("structure/codelist/LAB/CL_KIND/~", [CODE]),
        ("structure/provisionagreement/ILMH/PA_UNSD_RGT_OSH", [INJURIES]),
        ("structure/*/*/*/*", [CODE, JOBS, PAY, INJURIES]),
        ("structure/dataflow/ILMH/DF_RGT_OSH/1.0.0/", [INJURIES]),
    ],
)
def test_queries_of_v2(client, path, found):
    assert names(client, f"{V2}/{path}") == sorted(found)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("LAB,MDF_NOTES,1.0.0", [CODE, JOBS, PAY]),
        ("LAB,MDF_NOTES/all/all", [CODE, JOBS, PAY]),
        ("MDF_NOTES/all/LAB,OFFICE", [CODE, JOBS, PAY]),
        ("all/all/ILMH", [INJURIES]),
        ("LAB,DF_JOBS,1.0.0/all", [JOBS]),
        ("ILMH,DF_RGT_OSH", [INJURIES]),
    ],
)
def test_queries_of_v1(client, path, found):
    assert names(client, f"{V1}/{path}") == sorted(found)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{V2}/metadataset/OFFICE/NONE", 404),
        (f"{V2}/metadataset/LAB.STRANGER/MDS_PAY", 404),
        (f"{V2}/metadataset/ELSE.OFFICE/MDS_PAY", 404),
        (f"{V2}/metadataflow/LAB/MDF_NOTES/~/LAB.STRANGER", 404),
        (f"{V2}/structure/dataflow/LAB/NONE", 404),
        (f"{V2}/structure/nonsense/LAB/DF_JOBS", 400),
        (f"{V2}/nonsense/LAB", 400),
        (f"{V2}/", 400),
        (f"{V2}/metadataset/OFFICE/MDS_JOBS/+.2.3", 400),
        (f"{V2}/metadataset/OFFICE/MDS_JOBS/1.0.0/more", 400),
        (f"{V2}/metadataset/OFFICE/MDS_JOBS?detail=some", 400),
        (f"{V2}/metadataset/OFFICE/MDS_JOBS?asOf=today", 400),
        (f"{V2}/metadataset/OFFICE/MDS_JOBS?strict=1&references=all", 400),
        (f"{V1}/LAB,MDF_NOTES,1.0.0/A.B", 404),
        (f"{V1}/LAB,NONE", 404),
        (f"{V1}/A,B,C,D", 400),
        (f"{V1}/", 400),
    ],
)
def test_what_is_refused_and_what_is_not_there(client, path, status):
    answer = client.get(path, headers={"Accept": "application/xml"})
    assert answer.status_code == status, answer.text
    assert b"Error" in answer.data or b"errors" in answer.data


def test_nothing_found_is_told_as_json_too(client):
    answer = client.get(f"{V2}/metadataset/OFFICE/NONE", headers=JSON)
    assert answer.status_code == 404
    assert json.loads(answer.data)["errors"][0]["code"] == 404


@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize("name", METADATA_WRITERS)
def test_every_format_is_served_valid_and_means_the_same(client, api, name):
    (row,) = [one for one in formats_of("metadata", api) if one.id == name]
    path = f"{V2}/metadataset/OFFICE/MDS_JOBS/1.0.0" if api == "v2" else f"{V1}/LAB,MDF_NOTES,1.0.0"
    answer = client.get(path, headers={"Accept": row.content_type})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == row.content_type
    metadata_judges.assert_valid(name, answer.data)
    if api == "v2":
        (back,) = read_metadata(answer.data)
        assert back.document == SETS[0].document


@pytest.mark.parametrize(
    ("prefix", "accept", "content_type"),
    [
        (V1, "*/*", "application/vnd.sdmx.genericmetadata+xml;version=2.1"),
        (V2, "*/*", "application/vnd.sdmx.metadata+xml;version=3.0.0"),
        (V2, "application/json", "application/vnd.sdmx.metadata+json;version=2.0.0"),
        (V2, "application/vnd.sdmx.metadata+json", "application/vnd.sdmx.metadata+json;version=2.0.0"),
        (V2, "application/vnd.sdmx.metadata+json;version=2+.0.0", "application/vnd.sdmx.metadata+json;version=2.1.0"),
        (V2, "text/csv", "application/vnd.sdmx.metadata+csv;version=2.0.0"),
        (
            V2,
            "application/vnd.sdmx.metadata+csv;version=2.1.0;labels=both",
            "application/vnd.sdmx.metadata+csv;version=2.1.0;labels=both",
        ),
    ],
)
def test_the_format_is_negotiated(client, prefix, accept, content_type):
    path = f"{prefix}/metadataset/OFFICE/MDS_JOBS" if prefix == V2 else f"{prefix}/LAB,MDF_NOTES"
    assert client.get(path, headers={"Accept": accept}).headers["Content-Type"] == content_type


@pytest.mark.parametrize("accept", ["application/vnd.sdmx.structurespecificmetadata+xml;version=2.1", "image/png"])
def test_a_format_not_offered_is_406(client, accept):
    assert client.get(f"{V1}/LAB,MDF_NOTES", headers={"Accept": accept}).status_code == 406


def test_labels_tell_names_in_the_language_asked_for(client):
    path = f"{V2}/metadataset/ILMH/MDS_RGT_OSH?format=metadata-csv-2.1&labels=both&lang=fr"
    first, second = client.get(path).text.splitlines()[:2]
    assert "SOURCE_KIND[]: Type de source" in first
    assert "INS: Registres d'inspection ou d'accidents" in second
    assert "dataflow;provisionagreement" in second


@pytest.mark.parametrize("name", METADATA_WRITERS)
def test_stubs_say_what_a_set_is_and_not_what_it_tells(client, name):
    answer = client.get(f"{V2}/metadataset/OFFICE/*/*?detail=allstubs&format={name}")
    assert answer.status_code == 200
    metadata_judges.assert_valid(name, answer.data)
    assert b"MDS_PAY" in answer.data
    assert b"Emplois" not in answer.data
    assert b"Ana" not in answer.data


def test_a_client_that_has_the_answer_gets_304(client):
    path = f"{V2}/metadataset/OFFICE/MDS_JOBS"
    tag = client.get(path, headers=JSON).headers["ETag"]
    assert client.get(path, headers=JSON | {"If-None-Match": tag}).status_code == 304


def test_a_browser_sees_the_page_of_the_query(client):
    answer = client.get(f"{V2}/structure/dataflow/ILMH/DF_RGT_OSH", headers={"Accept": "text/html"})
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "format=metadata-csv-2.1" in answer.text
    assert "/dataflow/ILMH/DF_RGT_OSH" in answer.text


def test_the_index_of_the_api_knows_the_resource(client):
    paths = json.loads(client.get("/openapi.json").data)["paths"]
    for path in (
        "/sdmx/v2/metadata/metadataset/{providerID}/{metadatasetID}/{version}",
        "/sdmx/v2/metadata/metadataflow/{agencyID}/{resourceID}/{version}/{providerRef}",
        "/sdmx/v2/metadata/structure/{artefactType}/{agencyID}/{resourceID}/{version}",
        "/sdmx/v1/metadata/{flowRef}/{key}/{providerRef}",
    ):
        assert "200" in paths[path]["get"]["responses"]
    assert "post" in paths["/api/metadata"]
    assert "delete" in paths["/api/metadata/{name}"]


# the page of a dataflow


@pytest.mark.parametrize(
    ("language", "title", "told"),
    [
        ("en", "About these data", "Fatal and non-fatal injuries are computed separately"),
        ("fr", "À propos de ces données", "Les lésions mortelles et non mortelles se calculent séparément"),
        ("es", "Acerca de estos datos", "Las lesiones mortales y no mortales se calculan por separado"),
    ],
)
def test_the_page_of_a_dataflow_tells_about_its_data(client, language, title, told):
    page = client.get(f"/dataflow/ILMH/DF_RGT_OSH?lang={language}").text
    assert title in page
    assert told in page
    assert "<strong>" in page.partition(title)[2]
    twin = json.loads(client.get(f"/dataflow/ILMH/DF_RGT_OSH.json?lang={language}").data)
    (one,) = twin["about"]
    assert one["urn"].endswith("MetadataSet=ILMH:MDS_RGT_OSH(1.0.0)")
    assert told in json.dumps(one["attributes"], ensure_ascii=False)


def test_a_dataflow_nothing_is_told_about_has_no_such_part(client):
    assert "About these data" not in client.get("/dataflow/ILMH/DF_STOCK_POP").text
    assert json.loads(client.get("/dataflow/ILMH/DF_STOCK_POP.json").data)["about"] == []


# administration


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """A hub that is told things, and told to forget them."""
    made = make_hub(tmp_path_factory.mktemp("laboratory"))
    made.registry.save(structures(), actor="test", now=RELEASED)
    yield made
    made.close()


@pytest.fixture
def own(laboratory: Parts) -> Iterator[tuple[Parts, FlaskClient]]:
    yield laboratory, laboratory.app().test_client()
    sets = MetadataSets(laboratory.database)
    for one in sets.snapshot():
        sets.remove(one.urn, actor="test", now=laboratory.clock())


def sent(*sets: Any, name: str = "metadata-json-2.1") -> bytes:
    return METADATA_WRITERS[name](message(*sets), {"labels": "id"})


@pytest.mark.parametrize("name", METADATA_WRITERS)
def test_sets_are_stored_over_http_and_served_at_once(own, name):
    parts, client = own
    answer = client.post("/api/metadata", data=sent(SETS[0], name=name), headers=bearer(parts, "structures"))
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.data)["stored"] is True
    assert names(client, f"{V2}/structure/dataflow/LAB/DF_JOBS") == [JOBS_OLD]


def test_findings_are_422_and_nothing_is_stored(own):
    parts, client = own
    bad = make_set([{"id": "NOPE", "value": "x"}], id="B")
    answer = client.post(
        "/api/metadata", data=sent(SETS[0], bad), headers={**bearer(parts, "structures"), "Accept-Language": "fr"}
    )
    assert answer.status_code == 422
    codes = {one["code"] for one in json.loads(answer.data)["findings"]}
    assert codes == {"MD-ATTRIBUTE", "MD-MISSING"}
    assert client.get(f"{V2}/metadataset/OFFICE").status_code == 404


def test_a_dry_run_and_no_key_store_nothing(own):
    parts, client = own
    assert client.post("/api/metadata", data=sent(SETS[0])).status_code == 401
    assert client.post("/api/metadata", data=sent(SETS[0]), headers=bearer(parts, "load")).status_code == 403
    answer = client.post("/api/metadata?dry_run=1", data=sent(SETS[0]), headers=bearer(parts, "structures"))
    assert json.loads(answer.data)["stored"] is False
    assert client.get(f"{V2}/metadataset/OFFICE").status_code == 404


@pytest.mark.parametrize("named", ["OFFICE/MDS_JOBS/1.0.0", "OFFICE:MDS_JOBS(1.0.0)"])
def test_a_set_is_removed_and_was_there(own, named):
    parts, client = own
    key = bearer(parts, "structures")
    client.post("/api/metadata", data=sent(SETS[0]), headers=key)
    kept = MetadataSets(parts.database).history(Urn("MetadataSet", Ref("OFFICE", "MDS_JOBS", "1.0.0")))
    assert client.delete(f"/api/metadata/{named}").status_code == 401
    assert client.delete(f"/api/metadata/{named}", headers=key).status_code == 200
    assert client.get(f"{V2}/metadataset/OFFICE/MDS_JOBS").status_code == 404
    assert client.delete(f"/api/metadata/{named}", headers=key).status_code == 404
    moment = kept[0][0].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert names(client, f"{V2}/metadataset/OFFICE/MDS_JOBS?asOf={moment}") == [JOBS_OLD]
    assert client.get(f"{V2}/metadataset/OFFICE/MDS_JOBS?asOf=2000-01-01").status_code == 404


def test_bytes_that_are_no_metadata_are_400(own):
    parts, client = own
    answer = client.post("/api/metadata", data=b"hello", headers=bearer(parts, "structures"))
    assert answer.status_code == 400


# clients in use


@pytest.fixture(scope="module")
def live(hub: Parts) -> Iterator[str]:
    with serving(hub.app()) as address:
        yield address


def test_pysdmx_asks_for_a_report(live):
    report = RegistryClient(f"{live}/sdmx/v2").get_report("OFFICE", "MDS_JOBS", "1.0.0")
    assert (report.id, report.agency, report.version) == ("MDS_JOBS", "OFFICE", "1.0.0")
    assert report.targets == (DATAFLOW,)
    assert report["SIZE"].value == 3
    assert report["CONTACT.NAME"].value == "Ana"
    assert list(report["KIND"].value) == ["A", "B"]


def test_pysdmx_asks_for_the_reports_about_a_dataflow(live):
    (found,) = RegistryClient(f"{live}/sdmx/v2").get_reports("dataflow", "ILMH", "DF_RGT_OSH", "1.0.0")
    assert found.id == "MDS_RGT_OSH"
    assert found["SUMMARY"].value["en"].startswith("Fatal and non-fatal")


@pytest.mark.parametrize("name", ["metadata-json-2.0", "metadata-json-2.1"])
def test_pysdmx_reads_json(client, name):
    found = read_json(client.get(f"{V2}/metadataset/ILMH/MDS_RGT_OSH?format={name}").text).reports
    assert [one.id for one in found] == ["MDS_RGT_OSH"]


@pytest.mark.parametrize(("name", "read"), [("metadata-xml-3.0", read_xml_3_0), ("metadata-xml-3.1", read_xml_3_1)])
def test_pysdmx_reads_xml(client, name, read):
    (found,) = read(client.get(f"{V2}/metadataset/OFFICE/MDS_JOBS/1.0.0?format={name}").text, validate=False)
    assert found["SIZE"].value == "3"
    assert found["CONTACT.PHONE"].value == "1"
