"""The outbox: what happened is told once to who asked, with the change or not at all, and tried until it cannot be."""

from __future__ import annotations

import datetime as dt

import pytest

from sdmx_hub.errors import Conflict, NotFound
from sdmx_hub.model.message import Action
from sdmx_hub.model.registration import Registration
from sdmx_hub.model.subscription import (
    DataEvents,
    Event,
    StructureEvents,
    Subscription,
    Target,
    read_event,
    read_subscription,
)
from sdmx_hub.model.urn import Ref, parse_urn
from sdmx_hub.store.audit import check_audit
from sdmx_hub.store.outbox import HOLD, KEPT, MOST_ATTEMPTS, Outbox, note_release
from sdmx_hub.store.registrations import Registrations
from sdmx_hub.store.registry import Registry
from sdmx_hub.store.subscriptions import Subscriptions
from tests.factories import make_artefact, make_codelist, make_dataflow, urn_of

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
ORGANISATION = "urn:sdmx:org.sdmx.infomodel.base.Agency=SDMX:AGENCIES(1.0).OFFICE"
PROVIDER = urn_of("DataProvider", "DATA_PROVIDERS", "1.0", "AA")
AGREEMENT = parse_urn(urn_of("ProvisionAgreement", "PA"))
MAIL = ("data@office.example",)


def make_subscription(**changes):
    given = {
        "organisation": ORGANISATION,
        "mail_to": MAIL,
        "valid_from": NOW.date(),
        "valid_to": NOW.date() + dt.timedelta(days=365),
    }
    return Subscription(**{**given, **changes})


@pytest.fixture
def registry(database):
    registry = Registry(database)
    agreement = make_artefact("ProvisionAgreement", "PA", dataflow=urn_of("Dataflow", "DF"), dataProvider=PROVIDER)
    registry.save([make_dataflow(), agreement], actor="ana", now=NOW)
    return registry


@pytest.fixture
def subscribe(database):
    return lambda **changes: Subscriptions(database).add(make_subscription(**changes), actor="ana", now=NOW)


@pytest.fixture
def outbox(database):
    return Outbox(database)


def drain(outbox, now=NOW):
    found = []
    while (one := outbox.take(now=now)) is not None:
        outbox.finish(one, now=now)
        found.append(one)
    return found


STRUCTURES = [
    (StructureEvents(), True),
    (StructureEvents(agency_ids=("TEST",)), True),
    (StructureEvents(agency_ids=("OTHER", "TE%")), True),
    (StructureEvents(agency_ids=("OTHER",)), False),
    (StructureEvents(targets=(Target(class_name="Codelist"),)), True),
    (StructureEvents(targets=(Target(class_name="Dataflow"),)), False),
    (StructureEvents(targets=(Target(class_name="Codelist", id="CL_%"),)), True),
    (StructureEvents(targets=(Target(class_name="Codelist", id="CL%X", version="%"),)), True),
    (StructureEvents(targets=(Target(class_name="Codelist", id="CL.X"),)), False),
    (StructureEvents(targets=(Target(class_name="Codelist", version="2.0.0"),)), False),
    (StructureEvents(targets=(Target(urn=urn_of("Codelist", "CL_X")),)), True),
    (StructureEvents(targets=(Target(urn=urn_of("Codelist", "CL_Y")),)), False),
]


@pytest.mark.parametrize(("events", "is_told"), STRUCTURES)
def test_who_asked_for_a_structure_is_told_of_its_changes(registry, subscribe, outbox, events, is_told):
    subscribe(structures=events)
    listed = make_codelist("CL_X", "AB")
    registry.save([listed], actor="ana", now=NOW)
    registry.remove(listed.urn, actor="ana", now=NOW)
    told = [(one.event.urn, one.event.action) for one in drain(outbox)]
    urn = urn_of("Codelist", "CL_X")
    assert told == ([(urn, Action.APPEND), (urn, Action.DELETE)] if is_told else [])


def test_a_change_of_a_draft_is_a_replacement_and_the_same_again_is_nothing(registry, subscribe, outbox):
    subscribe(structures=StructureEvents())
    for codes in ("AB", "ABC", "ABC"):
        listed = make_codelist("CL_X", codes)
        draft = type(listed)(listed.artefact_class, {**listed.document, "version": "0.1.0"})
        registry.save([draft], actor="ana", now=NOW)
    assert [one.event.action for one in drain(outbox)] == [Action.APPEND, Action.REPLACE]


def test_a_change_that_failed_is_not_told(registry, subscribe, outbox):
    subscribe(structures=StructureEvents())
    registry.save([make_codelist("CL_X", "AB")], actor="ana", now=NOW)
    with pytest.raises(Conflict):
        registry.save([make_codelist("CL_NEW", "A"), make_codelist("CL_X", "A")], actor="ana", now=NOW)
    assert len(drain(outbox)) == 1


DATA = [
    (DataEvents(), "flow"),
    (DataEvents(targets=(Target(class_name="Dataflow", id="DF"),)), "flow"),
    (DataEvents(targets=(Target(urn=urn_of("Dataflow", "DF")),)), "flow"),
    (DataEvents(targets=(Target(class_name="DataStructure"),)), "flow"),
    (DataEvents(targets=(Target(class_name="Dataflow", id="OTHER"),)), None),
    (DataEvents(targets=(Target(urn=str(AGREEMENT)),)), "registration"),
    (DataEvents(providers=(PROVIDER,)), "registration"),
    (DataEvents(providers=(PROVIDER + "X",)), None),
    (DataEvents(registration_ids=("hub-TEST_PA_1-0-0",)), "registration"),
    (DataEvents(registration_ids=("OTHER",)), None),
]


@pytest.mark.parametrize(("events", "kind"), DATA)
def test_who_asked_for_data_is_told_when_everybody_may_see_them(database, registry, subscribe, outbox, *, events, kind):
    subscribe(data=events)
    with database.transaction() as connection:
        note_release(connection, Ref("TEST", "DF", "1.0.0"), now=NOW, visible_from=NOW + HOUR)
    assert drain(outbox, NOW) == []
    told = drain(outbox, NOW + HOUR)
    assert len(told) == (1 if kind else 0)
    if kind == "flow":
        assert told[0].event.urn == urn_of("Dataflow", "DF")
    elif kind == "registration":
        assert told[0].event.registration["id"] == "hub-TEST_PA_1-0-0"
        assert told[0].event.registration["provisionAgreement"] == str(AGREEMENT)


@pytest.mark.parametrize(
    ("events", "is_told"),
    [
        (DataEvents(), True),
        (DataEvents(registration_ids=("ONE",)), True),
        (DataEvents(registration_ids=("TWO",)), False),
        (DataEvents(providers=(PROVIDER,)), True),
        (DataEvents(targets=(Target(urn=str(AGREEMENT)),)), True),
        (DataEvents(targets=(Target(class_name="Dataflow", id="D%"),)), True),
        (DataEvents(targets=(Target(class_name="Dataflow", id="X%"),)), False),
    ],
)
def test_who_asked_for_registrations_is_told_of_them(database, registry, subscribe, outbox, *, events, is_told):
    subscribe(data=events)
    sent = Registration(id="ONE", provision_agreement=AGREEMENT, simple_url="https://office.example/x")
    store = Registrations(database)
    store.add(sent, actor="ana", now=NOW)
    store.replace(sent, actor="ana", now=NOW)
    store.remove("ONE", actor="ana", now=NOW)
    actions = [one.event.action for one in drain(outbox)]
    assert actions == ([Action.APPEND, Action.REPLACE, Action.DELETE] if is_told else [])


def test_each_address_gets_its_own(registry, subscribe, outbox):
    subscribe(
        structures=StructureEvents(), mail_to=("a@office.example", "b@office.example"), http=("https://x.example/",)
    )
    registry.save([make_codelist("CL_X", "AB")], actor="ana", now=NOW)
    told = {(one.channel, one.address) for one in drain(outbox)}
    assert told == {("mail", "a@office.example"), ("mail", "b@office.example"), ("http", "https://x.example/")}


def test_a_subscription_that_is_over_or_not_begun_hears_nothing(registry, subscribe, outbox):
    day = dt.timedelta(days=1)
    subscribe(structures=StructureEvents(), valid_from=NOW.date() + day, valid_to=NOW.date() + 2 * day)
    subscribe(structures=StructureEvents(), valid_from=NOW.date() - 2 * day, valid_to=NOW.date() - day)
    registry.save([make_codelist("CL_X", "AB")], actor="ana", now=NOW)
    assert drain(outbox) == []


def test_what_waits_for_a_removed_subscription_is_dropped(database, registry, subscribe, outbox):
    added = subscribe(structures=StructureEvents())
    registry.save([make_codelist("CL_X", "AB")], actor="ana", now=NOW)
    Subscriptions(database).remove(added, actor="ana", now=NOW)
    assert outbox.take(now=NOW) is None
    assert outbox.counts([added.id]) == {added.id: {"dropped": 1}}


def test_who_takes_one_holds_it_and_who_dies_lets_it_go(subscribe, outbox):
    added = subscribe(structures=StructureEvents())
    outbox.put(added, Event(at=NOW, action=Action.INFORMATION, urn=ORGANISATION), now=NOW)
    first = outbox.take(now=NOW)
    assert outbox.take(now=NOW) is None
    again = outbox.take(now=NOW + HOLD)
    assert (again.id, again.attempts) == (first.id, 2)


def test_tries_come_later_and_later_and_end(subscribe, outbox):
    added = subscribe(structures=StructureEvents())
    outbox.put(added, Event(at=NOW, action=Action.INFORMATION, urn=ORGANISATION), now=NOW)
    now, waits = NOW, []
    for attempt in range(1, MOST_ATTEMPTS + 1):
        one = outbox.take(now=now)
        assert one.attempts == attempt
        outbox.postpone(one, "nobody there", now=now)
        wait = min(dt.timedelta(seconds=30) * 2 ** (attempt - 1), dt.timedelta(hours=6))
        assert outbox.take(now=now + wait - dt.timedelta(seconds=1)) is None
        waits.append(wait)
        now += wait
    assert waits == sorted(waits)
    assert outbox.take(now=now + dt.timedelta(days=30)) is None
    assert outbox.counts([added.id]) == {added.id: {"failed": 1}}
    assert outbox.last_failure(added.id) == "nobody there"


def test_what_ended_long_ago_is_forgotten(subscribe, outbox):
    added = subscribe(structures=StructureEvents())
    outbox.put(added, Event(at=NOW, action=Action.INFORMATION, urn=ORGANISATION), now=NOW)
    assert outbox.forget(now=NOW + 2 * KEPT) == 0
    drain(outbox)
    assert outbox.forget(now=NOW + KEPT) == 0
    assert outbox.forget(now=NOW + KEPT + HOUR) == 1


def test_subscriptions_are_kept_replaced_and_removed(database, subscribe):
    store = Subscriptions(database)
    added = subscribe(structures=StructureEvents(), subscriber_id="MINE")
    assert store.get("MINE") == store.get(added.id) == added
    with pytest.raises(Conflict):
        subscribe(structures=StructureEvents(), subscriber_id="MINE")
    changed = store.replace(make_subscription(subscriber_id="MINE", data=DataEvents()), actor="ana", now=NOW)
    assert changed.id == added.id
    assert store.select() == (changed,)
    store.remove(changed, actor="ana", now=NOW)
    for call in (
        lambda: store.get("MINE"),
        lambda: store.remove(changed, actor="ana", now=NOW),
        lambda: store.replace(make_subscription(id="NONE"), actor="ana", now=NOW),
    ):
        with pytest.raises(NotFound):
            call()
    assert not check_audit(database)


@pytest.mark.parametrize(
    "subscription",
    [make_subscription(id="A", structures=events) for events, _ in STRUCTURES]
    + [make_subscription(id="B", data=events, http=("https://x.example",)) for events, _ in DATA],
)
def test_what_is_shaped_for_json_is_read_again(subscription):
    assert read_subscription(subscription.as_json()) == subscription


def test_events_are_read_again():
    event = Event(at=NOW, action=Action.DELETE, registration={"id": "X"})
    assert read_event(event.as_json()) == event
