"""Subscriptions over REST: requests and answers of the standard, and what they lead to."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from lxml import etree

from sdmx_hub.formats.registry_subscriptions import CLASSES, URN, read_message, write_notification, write_query_response
from sdmx_hub.model.message import Action, Header
from sdmx_hub.model.rows import Rows
from sdmx_hub.model.subscription import DataEvents, Event, StructureEvents, Subscription, Target
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.outbox import Outbox
from sdmx_hub.store.releases import Lineage
from sdmx_hub.store.subscriptions import Subscriptions
from tests.factories import make_codelist, urn_of
from tests.formats.judges import assert_valid_xml, message_schema
from tests.web.conftest import FLOW, NOW, Parts, stock_rows
from tests.web.registry_hub import EDITIONS, make_small_hub, message, read_valid
from tests.web.test_api import bearer
from tests.web.test_registrations import interface

PATH = "/sdmx/v2/subscription"
ORGANISATION = "urn:sdmx:org.sdmx.infomodel.base.Agency=SDMX:AGENCIES(1.0).OFFICE"
MAIL = "<registry:NotificationMailTo>mailto:data@office.example</registry:NotificationMailTo>"
ALL = (
    '<registry:StructuralRepositoryEvents TYPE="STRUCTURE"><registry:AgencyID>%</registry:AgencyID>'
    "<registry:AllEvents/></registry:StructuralRepositoryEvents>"
)
HEADER = Header(id="X", prepared=NOW, sender_id="T")


def requests(
    action: str = "Append",
    *,
    registry_urn: str = "",
    addresses: str = MAIL,
    own: str = "MINE",
    events: str = ALL,
    version: str = "3.1.0",
    days: tuple[str, str] = ("2026-01-01", "2027-01-01"),
) -> bytes:
    organisation = f"<URN>{ORGANISATION}</URN>" if version == "2.1" else ORGANISATION
    inner = (
        f'<registry:SubscriptionRequest action="{action}"><registry:Subscription>'
        f"<registry:Organisation>{organisation}</registry:Organisation>"
        + (f"<registry:RegistryURN>{registry_urn}</registry:RegistryURN>" if registry_urn else "")
        + addresses
        + (f"<registry:SubscriberAssignedID>{own}</registry:SubscriberAssignedID>" if own else "")
        + f"<registry:ValidityPeriod><registry:StartDate>{days[0]}</registry:StartDate>"
        f"<registry:EndDate>{days[1]}</registry:EndDate></registry:ValidityPeriod>"
        f"<registry:EventSelector>{events}</registry:EventSelector>"
        "</registry:Subscription></registry:SubscriptionRequest>"
    )
    return interface("SubmitSubscriptionsRequest", inner, version)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Parts]:
    made = make_small_hub(tmp_path)
    settings = dataclasses.replace(made.settings, notify_hosts="office.example, other.example:8443")
    yield made._replace(settings=settings)
    made.close()


@pytest.fixture
def client(hub: Parts) -> FlaskClient:
    client = hub.app().test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = bearer(hub, "structures")["Authorization"]
    return client


@pytest.mark.parametrize("version", list(EDITIONS))
def test_a_subscription_is_made_replaced_asked_for_and_deleted(client: FlaskClient, hub: Parts, version: str) -> None:
    accept = {"Accept": f"application/vnd.sdmx.registry+xml;version={version}"}
    answer = client.post(PATH, data=requests(version=version), headers=accept)
    assert answer.status_code == 201
    urn = read_valid(answer, version).find(".//{*}SubscriptionURN").text
    assert urn.startswith(URN)
    (stored,) = Subscriptions(hub.database).select()
    assert stored.version == version
    assert stored.mail_to == ("data@office.example",)
    both = MAIL + "<registry:NotificationHTTP>https://office.example/x?a=1&amp;b=2</registry:NotificationHTTP>"
    changed = requests("Replace", registry_urn=urn, addresses=both, version=version)
    assert client.post(PATH, data=changed, headers=accept).status_code == 200
    (stored,) = Subscriptions(hub.database).select()
    assert stored.http == ("https://office.example/x?a=1&b=2",)
    organisation = f"<URN>{ORGANISATION}</URN>" if version == "2.1" else ORGANISATION
    question = f"<registry:Organisation>{organisation}</registry:Organisation>"
    answer = client.post(PATH, data=interface("QuerySubscriptionRequest", question, version), headers=accept)
    assert answer.status_code == 200
    assert read_valid(answer, version).find(".//{*}RegistryURN").text == urn
    assert client.post(PATH, data=requests("Delete", version=version), headers=accept).status_code == 200
    assert Subscriptions(hub.database).select() == ()


def test_a_change_over_rest_is_noted_for_the_subscriber(client: FlaskClient, hub: Parts) -> None:
    client.post(PATH, data=requests())
    client.post("/sdmx/v2/structure", data=message(make_codelist("CL_NEW", "X")))
    found = Outbox(hub.database).take(now=hub.clock())
    assert found is not None
    assert found.event.urn == urn_of("Codelist", "CL_NEW")
    assert found.address == "data@office.example"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (requests("Replace"), 404),
        (requests("Delete"), 404),
        (requests("Replace", registry_urn=URN + "none"), 404),
        (requests(addresses=""), 422),
        (requests(addresses="<registry:NotificationMailTo>nobody</registry:NotificationMailTo>"), 422),
        (requests(addresses="<registry:NotificationHTTP>https://elsewhere.example/</registry:NotificationHTTP>"), 422),
        (requests(addresses="<registry:NotificationHTTP>http://office.example/</registry:NotificationHTTP>"), 422),
        (requests(addresses="<registry:NotificationHTTP>ftp://office.example/</registry:NotificationHTTP>"), 422),
        (requests(addresses="<registry:NotificationHTTP>https://a@office.example/</registry:NotificationHTTP>"), 422),
        (requests(addresses=MAIL * 21), 422),
        (requests(days=("2027-01-01", "2026-01-01")), 422),
        (
            requests(
                events='<registry:MetadataRegistrationEvents TYPE="METADATA"><registry:AllEvents/>'
                "</registry:MetadataRegistrationEvents>"
            ),
            422,
        ),
    ],
)
def test_what_cannot_be_subscribed_is_refused_with_its_reason(client: FlaskClient, sent: bytes, status: int) -> None:
    answer = client.post(PATH, data=sent)
    assert answer.status_code == status
    root = read_valid(answer)
    assert root.find(".//{*}StatusMessage").get("status") == "Failure"
    assert len(root.findall(".//{*}Text")) == 3


def test_the_same_id_of_a_subscriber_is_taken_once(client: FlaskClient) -> None:
    assert client.post(PATH, data=requests()).status_code == 201
    assert client.post(PATH, data=requests()).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a/>",
        requests().replace(b"2026-01-01", b"sometime"),
        requests().replace(b"EventSelector", b"Other"),
        requests().replace(
            b"<registry:AllEvents/>", b"<registry:NameAliasScheme><registry:All/></registry:NameAliasScheme>"
        ),
        requests().replace(b"SubmitSubscriptionsRequest", b"SubmitRegistrationsRequest"),
        requests().replace(ORGANISATION.encode(), b"urn:nobody"),
    ],
)
def test_a_message_that_cannot_be_read_is_refused(client: FlaskClient, body: bytes) -> None:
    answer = client.post(PATH, data=body)
    assert answer.status_code == 400
    assert etree.fromstring(answer.data).tag.endswith("Error")


def test_only_a_key_may_subscribe_and_only_by_post(hub: Parts, client: FlaskClient) -> None:
    anybody = hub.app().test_client()
    assert anybody.post(PATH, data=requests()).status_code == 401
    assert anybody.post(PATH, data=requests(), headers=bearer(hub, "load")).status_code == 403
    for method, path in (("GET", PATH), ("PUT", PATH), ("DELETE", f"{PATH}/x"), ("POST", f"{PATH}/x")):
        answer = client.open(path, method=method, data=b"")
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "POST"


TARGETS = [Target(class_name=name) for name in CLASSES.values()] + [
    Target(class_name="Codelist", id="CL_X", version="1.0.0"),
    Target(class_name="Categorisation", id="X"),
    Target(urn=urn_of("Codelist", "CL_X")),
]
SELECTED = [
    {"structures": StructureEvents(agency_ids=("TEST", "%"))},
    {"data": DataEvents()},
    {"structures": StructureEvents(), "data": DataEvents(registration_ids=("ONE", "TWO"))},
    {
        "data": DataEvents(
            providers=(urn_of("DataProvider", "DATA_PROVIDERS", "1.0", "AA"),),
            targets=(
                Target(urn=urn_of("ProvisionAgreement", "PA")),
                Target(urn=urn_of("Dataflow", "DF")),
                Target(class_name="Dataflow", agency_id="TEST", id="DF"),
                Target(class_name="DataStructure", agency_id="TEST", id="DSD", version="1.0.0"),
            ),
        )
    },
    *({"structures": StructureEvents(targets=(target,))} for target in TARGETS),
]


def make(version: str, **events: object) -> Subscription:
    return Subscription(
        id="abc",
        organisation=ORGANISATION,
        subscriber_id="MINE",
        mail_to=("data@office.example",),
        http=("https://office.example/",),
        valid_from=dt.date(2026, 1, 1),
        valid_to=dt.date(2027, 1, 1),
        version=version,
        **events,  # type: ignore[arg-type] # each selects events
    )


@pytest.mark.parametrize("version", list(EDITIONS))
@pytest.mark.parametrize("events", SELECTED)
def test_every_selector_is_valid_and_comes_back(version: str, events: dict[str, object]) -> None:
    made = make(version, **events)
    body = write_query_response([made], HEADER, version)
    assert_valid_xml(body, message_schema(EDITIONS[version]))
    inner = etree.tostring(etree.fromstring(body).find(".//{*}Subscription")).decode()
    request = interface(
        "SubmitSubscriptionsRequest",
        f'<registry:SubscriptionRequest action="Append">{inner}</registry:SubscriptionRequest>',
        version,
    )
    found = read_message(request)
    assert isinstance(found, list)
    assert found[0].subscription == made


@pytest.mark.parametrize("version", list(EDITIONS))
@pytest.mark.parametrize(
    "event",
    [
        Event(at=NOW, action=Action.APPEND, urn=urn_of("Codelist", "CL_X")),
        Event(at=NOW, action=Action.DELETE, urn=urn_of("ValueList", "VL")),
        Event(
            at=NOW,
            action=Action.REPLACE,
            registration={
                "id": "ONE",
                "provisionAgreement": urn_of("ProvisionAgreement", "PA"),
                "simple": "https://office.example/x?a=1&b=2",
                "lastUpdated": NOW.isoformat(),
            },
        ),
        Event(
            at=NOW,
            action=Action.REPLACE,
            registration={
                "id": "hub-PA",
                "provisionAgreement": urn_of("ProvisionAgreement", "PA"),
                "queryable": {"data_url": "https://hub.example/sdmx/v2"},
            },
        ),
    ],
)
def test_every_notification_is_valid(version: str, event: Event) -> None:
    body = write_notification(event, make(version, structures=StructureEvents()), HEADER)
    assert_valid_xml(body, message_schema(EDITIONS[version]))
    root = etree.fromstring(body)
    assert root.find(".//{*}SubscriptionURN").text == URN + "abc"
    assert root.find(".//{*}EventAction").text == event.action.name.capitalize()
    told = root.find(".//{*}ObjectURN") if event.urn else root.find(".//{*}RegistrationID")
    assert told.text == event.urn or told.text == (event.registration or {}).get("id")


def test_a_release_is_told_to_who_asked_for_data_and_only_what_everybody_sees(own_parts: Parts) -> None:
    asked = make("3.1.0", data=DataEvents(targets=(Target(class_name="Dataflow", agency_id="ILMH"),)))
    Subscriptions(own_parts.database).add(asked, actor="ana", now=NOW)
    structure = own_parts.registry.snapshot().structure_of(Urn("Dataflow", FLOW))
    whole = stock_rows(structure)
    less = dataclasses.replace(whole, sql=f"{whole.sql} AND area = 'FRA'")
    later = NOW + dt.timedelta(days=1)

    def release(rows: dict[str, Rows]) -> list[Event]:
        staged = own_parts.observations.stage(FLOW, structure, rows, scope={}, action=Action.REPLACE)
        own_parts.observations.release(
            [staged], Lineage(source="x"), actor="ana", now=NOW, visible_from={"public": later}
        )
        outbox, found = Outbox(own_parts.database), []
        assert outbox.take(now=NOW + dt.timedelta(hours=23)) is None
        while (one := outbox.take(now=later)) is not None:
            outbox.finish(one, now=later)
            found.append(one.event)
        return found

    assert release({"public": whole, "internal": less}) == []
    told = release({"public": less, "internal": less})
    assert {one.urn for one in told} == {str(Urn("Dataflow", FLOW))}
    assert len(told) == len(asked.addresses)
