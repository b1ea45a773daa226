"""Registrations over REST: who finds which, what a key may change, and the messages of the standard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree

from sdmx_hub.formats import registry_registrations
from sdmx_hub.model.registration import Registration
from tests.factories import make_artefact, make_dataflow, urn_of
from tests.formats.judges import assert_valid_xml, message_schema
from tests.web.conftest import Parts
from tests.web.registry_hub import EDITIONS, make_small_hub, read_valid
from tests.web.test_api import bearer

PATH = "/sdmx/v2/registration"
SPACES = "".join(
    f' xmlns:{name}="http://www.sdmx.org/resources/sdmxml/schemas/{{edition}}/{name}"'
    for name in ("message", "common", "registry")
)
HEADER = (
    "<message:Header><message:ID>X</message:ID><message:Test>false</message:Test>"
    '<message:Prepared>2026-03-01T00:00:00</message:Prepared><message:Sender id="A"/><message:Receiver id="B"/>'
    "</message:Header>"
)
SIMPLE = "<registry:SimpleDataSource>https://office.example/x.csv?a=1&amp;b=2</registry:SimpleDataSource>"
QUERYABLE = (
    '<registry:QueryableDataSource isRESTDatasource="true" isWebServiceDatasource="false">'
    "<common:DataURL>https://office.example/sdmx</common:DataURL>"
    "<common:WADLURL>https://office.example/wadl</common:WADLURL></registry:QueryableDataSource>"
)


def interface(name: str, inner: str, version: str = "3.1.0") -> bytes:
    """A valid registry message."""
    body = (
        f"<message:RegistryInterface{SPACES.format(edition=EDITIONS[version])}>{HEADER}"
        f"<message:{name}>{inner}</message:{name}></message:RegistryInterface>"
    ).encode()
    assert_valid_xml(body, message_schema(EDITIONS[version]))
    return body


def requests(*wanted: tuple[str, str, str], version: str = "3.1.0") -> bytes:
    """Requests of an action for an id and agreement; both kinds of datasource."""
    inner = "".join(
        f'<registry:RegistrationRequest action="{action}"><registry:Registration'
        + (f' id="{key}"' if key else "")
        + ' indexTimeSeries="true" validFrom="2026-01-01T00:00:00"><registry:ProvisionAgreement>'
        + (f"<URN>{agreement}</URN>" if version == "2.1" else agreement)
        + f"</registry:ProvisionAgreement><registry:Datasource>{SIMPLE}{QUERYABLE}</registry:Datasource>"
        "</registry:Registration></registry:RegistrationRequest>"
        for action, key, agreement in wanted
    )
    return interface("SubmitRegistrationsRequest", inner, version)


def agreement(artefact_id: str) -> str:
    return urn_of("ProvisionAgreement", artefact_id)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Parts]:
    made = make_small_hub(tmp_path)
    providers = [{"id": one, "name": one, "names": {"en": one}} for one in ("AA", "BB")]
    scheme = make_artefact("DataProviderScheme", "DATA_PROVIDERS", "1.0", dataProviders=providers)
    pairs = (("PA_A", "DF", "AA"), ("PA_B", "DF", "BB"), ("PA_C", "DF_C", "BB"))
    agreements = [
        make_artefact(
            "ProvisionAgreement",
            key,
            dataflow=urn_of("Dataflow", flow),
            dataProvider=urn_of("DataProvider", "DATA_PROVIDERS", "1.0", provider),
        )
        for key, flow, provider in pairs
    ]
    made.registry.save([scheme, make_dataflow("DF_C"), *agreements], actor="test", now=made.clock())
    yield made
    made.close()


@pytest.fixture
def client(hub: Parts) -> FlaskClient:
    client = hub.app().test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = bearer(hub, "structures")["Authorization"]
    return client


@pytest.fixture
def client_of_pack(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def filled(client: FlaskClient) -> FlaskClient:
    wanted = [("Append", name, agreement(f"PA_{name}")) for name in "ABC"]
    assert client.post(PATH, data=requests(*wanted)).status_code == 201
    return client


def found(answer: object, version: str = "3.1.0") -> list[str]:
    return [one.get("id") for one in read_valid(answer, version).iterfind(".//{*}Registration")]


@pytest.mark.parametrize("version", ["3.1.0", "3.0.0", "2.1"])
def test_a_registration_comes_back_as_it_was_sent(client: FlaskClient, version: str) -> None:
    accept = {"Accept": f"application/vnd.sdmx.registry+xml;version={version}"}
    sent = requests(("Append", "ONE", agreement("PA_A")), version=version)
    answer = client.post(PATH, data=sent, headers=accept)
    assert answer.status_code == 201
    root = read_valid(answer, version)
    assert root.find(".//{*}StatusMessage").get("status") == "Success"
    answer = client.get(f"{PATH}/id/ONE", headers=accept)
    assert answer.status_code == 200
    (one,) = read_valid(answer, version).iterfind(".//{*}Registration")
    assert one.get("indexTimeSeries") == "true"
    assert one.get("validFrom").startswith("2026-01-01T00:00:00")
    assert one.get("lastUpdated").startswith("2026-11-22T09:30:00")
    assert one.find(".//{*}SimpleDataSource").text == "https://office.example/x.csv?a=1&b=2"
    assert one.find(".//{*}DataURL").text == "https://office.example/sdmx"
    assert "".join(one.find("{*}ProvisionAgreement").itertext()) == agreement("PA_A")


def test_what_is_written_is_read_again(filled: FlaskClient) -> None:
    root = read_valid(filled.get(f"{PATH}/id/A"))
    read: Registration = registry_registrations._read(root.find(".//{*}Registration"))
    assert read.simple_url == "https://office.example/x.csv?a=1&b=2"
    assert str(read.provision_agreement) == agreement("PA_A")


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("", "ABC"),
        ("/*", "ABC"),
        ("/provider", "ABC"),
        ("/provider/TEST/BB", "BC"),
        ("/provider/TEST/AA,BB", "ABC"),
        ("/provider/*/AA", "A"),
        ("/provider/OTHER", ""),
        ("/dataflow/TEST/DF/1.0.0", "AB"),
        ("/dataflow/TEST/DF,DF_C", "ABC"),
        ("/dataflow/TEST/DF_C/~", "C"),
        ("/dataflow/TEST/*/2.0.0", ""),
        ("/provisionagreement/TEST/PA_B", "B"),
        ("/datastructure/TEST/DSD/1.0.0", "ABC"),
        ("/datastructure/OTHER", ""),
    ],
)
def test_queries_choose_by_provider_and_context(filled: FlaskClient, path: str, ids: str) -> None:
    answer = filled.get(PATH + path)
    assert answer.status_code == (200 if ids else 204), answer.text
    if ids:
        assert found(answer) == list(ids)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/id/NONE", 404), ("/id", 400), ("/nothing/A", 400), ("/dataflow/a/b/c/d/e", 400), ("?updatedAfter=x", 400)],
)
def test_what_cannot_be_asked_is_refused(filled: FlaskClient, path: str, status: int) -> None:
    assert filled.get(PATH + path).status_code == status


def test_times_are_exclusive(filled: FlaskClient, hub: Parts) -> None:
    moment = read_valid(filled.get(f"{PATH}/id/A")).find(".//{*}Registration").get("lastUpdated")
    assert filled.get(f"{PATH}?updatedAfter={quote(moment)}").status_code == 204
    assert "A" not in filled.get(f"{PATH}?updatedBefore={quote(moment)}").text
    assert filled.get(f"{PATH}?updatedAfter=2040-01-01").status_code == 204
    assert found(filled.get(f"{PATH}?updatedBefore=2040-01-01")) == ["A", "B", "C"]


def test_an_answer_is_not_sent_twice(filled: FlaskClient) -> None:
    first = filled.get(PATH)
    again = filled.get(PATH, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    filled.delete(f"{PATH}/id/A")
    assert filled.get(PATH, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_registrations_are_replaced_and_deleted(filled: FlaskClient) -> None:
    answer = filled.post(PATH, data=requests(("Replace", "A", agreement("PA_C")), ("Delete", "B", agreement("PA_B"))))
    assert answer.status_code == 200
    assert found(filled.get(f"{PATH}/provisionagreement/TEST/PA_C")) == ["A", "C"]
    assert filled.get(f"{PATH}/id/B").status_code == 404
    assert filled.delete(f"{PATH}/id/A").status_code == 200
    assert filled.delete(f"{PATH}/id/A").status_code == 404


@pytest.mark.parametrize(
    ("action", "key", "name", "status"),
    [
        ("Append", "A", "PA_A", 409),
        ("Append", "NEW", "PA_NONE", 409),
        ("Append", "hub-x", "PA_A", 422),
        ("Replace", "NEW", "PA_A", 404),
        ("Delete", "NEW", "PA_A", 404),
    ],
)
def test_a_request_that_cannot_be_is_told_beside_the_others(
    filled: FlaskClient, action: str, key: str, name: str, status: int
) -> None:
    answer = filled.post(PATH, data=requests((action, key, agreement(name))))
    assert answer.status_code == status
    assert read_valid(answer).find(".//{*}StatusMessage").get("status") == "Failure"
    both = filled.post(PATH, data=requests((action, key, agreement(name)), ("Append", "", agreement("PA_A"))))
    assert both.status_code == 207
    states = [one.get("status") for one in read_valid(both).iterfind(".//{*}StatusMessage")]
    assert states == ["Failure", "Success"]


@pytest.mark.parametrize(
    ("about", "ids"),
    [
        ("<registry:All/>", "ABC"),
        (f"<registry:Dataflow>{urn_of('Dataflow', 'DF')}</registry:Dataflow>", "AB"),
        (f"<registry:ProvisionAgreement>{agreement('PA_C')}</registry:ProvisionAgreement>", "C"),
        (
            f"<registry:DataProvider>{urn_of('DataProvider', 'DATA_PROVIDERS', '1.0', 'AA')}</registry:DataProvider>",
            "A",
        ),
        (f"<registry:Dataflow>{urn_of('Dataflow', 'NONE')}</registry:Dataflow>", ""),
    ],
)
def test_a_query_message_is_answered(filled: FlaskClient, about: str, ids: str) -> None:
    body = interface("QueryRegistrationRequest", f"<registry:QueryType>AllSets</registry:QueryType>{about}")
    answer = filled.post(PATH, data=body)
    assert answer.status_code == 200
    assert found(answer) == list(ids)


def test_references_of_2_1_may_be_in_parts(client: FlaskClient) -> None:
    body = requests(("Append", "ONE", agreement("PA_A")), version="2.1").decode()
    ref = '<Ref agencyID="TEST" id="PA_A" version="1.0.0"/>'
    assert client.post(PATH, data=body.replace(f"<URN>{agreement('PA_A')}</URN>", ref).encode()).status_code == 201
    assert found(client.get(f"{PATH}/provisionagreement/TEST/PA_A")) == ["ONE"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a/>",
        b"<RegistryInterface/>",
        requests(("Append", "X", agreement("PA_A"))).replace(b'action="Append"', b'action="Burn"'),
        requests(("Append", "X", agreement("PA_A"))).replace(b"2026-01-01T00:00:00", b"soon"),
        requests(("Append", "X", agreement("PA_A"))).replace(b"ProvisionAgreement>", b"Thing>"),
        requests(("Append", "X", agreement("PA_A"))).replace(b"common:DataURL>", b"common:Else>"),
    ],
)
def test_a_message_that_cannot_be_read_is_refused_with_its_place(client: FlaskClient, body: bytes) -> None:
    answer = client.post(PATH, data=body)
    assert answer.status_code == 400
    assert etree.fromstring(answer.data).tag.endswith("Error")


def test_nobody_changes_anything_without_a_key(hub: Parts) -> None:
    client = hub.app().test_client()
    assert client.post(PATH, data=b"x").status_code == 401
    assert client.delete(f"{PATH}/id/A").status_code == 401
    assert client.post(PATH, data=b"x", headers=bearer(hub, "load")).status_code == 403


def test_only_one_registration_is_deleted_at_a_time(client: FlaskClient) -> None:
    assert client.delete(PATH).status_code == 400
    assert client.delete(f"{PATH}/dataflow/TEST").status_code == 400
    assert client.put(f"{PATH}/id/A", data=b"").status_code == 400


def test_what_the_hub_has_published_is_registered_by_itself(client_of_pack: FlaskClient) -> None:
    root = read_valid(client_of_pack.get(f"{PATH}/dataflow/ILMH"))
    ids = [one.get("id") for one in root.iterfind(".//{*}Registration")]
    assert ids
    assert all("_STOCK_POP_" in one for one in ids)
    (one,) = read_valid(client_of_pack.get(f"{PATH}/id/{ids[0]}")).iterfind(".//{*}Registration")
    assert one.find(".//{*}DataURL").text == "http://localhost/sdmx/v2"
    assert one.get("lastUpdated") == "2026-11-20T08:00:00.000000Z"
    named = one.find("{*}ProvisionAgreement").text.rpartition("=")[2]
    path = named.removesuffix(")").replace("(", "/").replace(":", "/")
    assert client_of_pack.get(f"/sdmx/v2/data/provisionagreement/{path}").status_code == 200


def test_nothing_is_registered_of_what_is_not_published(client_of_pack: FlaskClient) -> None:
    assert client_of_pack.get(f"{PATH}/dataflow/ILMH/DF_FLOW_POP").status_code == 204
    assert client_of_pack.get(f"{PATH}?updatedAfter=2026-11-20T08:00:00Z").status_code == 204
