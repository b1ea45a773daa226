"""Registrations: added, replaced, removed, each in the audit log, the same on every database."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from sdmx_hub.errors import BadQuery, Conflict, NotFound
from sdmx_hub.model.registration import Queryable, Registration, read_registration
from sdmx_hub.model.urn import parse_urn
from sdmx_hub.store.audit import check_audit, select_audit
from sdmx_hub.store.registrations import Registrations
from tests.factories import urn_of

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=1)
AGREEMENT = parse_urn(urn_of("ProvisionAgreement", "PA"))
SIMPLE = Registration(id="ONE", provision_agreement=AGREEMENT, simple_url="https://office.example/x.csv")
FULL = Registration(
    id="TWO",
    provision_agreement=AGREEMENT,
    simple_url="https://office.example/x.csv",
    queryable=Queryable(
        data_url="https://office.example/sdmx/v2", wadl_url="https://office.example/wadl", is_web_service=True
    ),
    valid_from=NOW,
    valid_to=LATER,
    indexes=frozenset({"indexTimeSeries"}),
)


@pytest.fixture
def store(database):
    return Registrations(database)


@pytest.mark.parametrize("sent", [SIMPLE, FULL])
def test_what_is_added_is_found_as_it_was(store, sent):
    stored = store.add(sent, actor="ana", now=NOW)
    assert stored == replace(sent, updated_at=NOW)
    assert store.get(sent.id) == stored
    assert store.select() == (stored,)
    assert read_registration(stored.as_json()) == stored


def test_the_registry_gives_an_id_to_what_has_none(store):
    first, second = (store.add(replace(SIMPLE, id=""), actor="ana", now=NOW) for _ in range(2))
    assert first.id
    assert first.id != second.id


def test_an_id_is_taken_once_and_free_again_when_removed(store):
    store.add(SIMPLE, actor="ana", now=NOW)
    with pytest.raises(Conflict, match="ONE"):
        store.add(FULL.__class__(**{**vars(FULL), "id": "ONE"}), actor="ana", now=NOW)
    assert store.remove("ONE", actor="ana", now=LATER).simple_url == SIMPLE.simple_url
    assert store.select() == ()
    store.add(SIMPLE, actor="ana", now=LATER)
    assert store.get("ONE").updated_at == LATER


def test_replacing_moves_the_time(store):
    store.add(SIMPLE, actor="ana", now=NOW)
    store.replace(replace(FULL, id="ONE"), actor="ana", now=LATER)
    assert store.get("ONE") == replace(FULL, id="ONE", updated_at=LATER)


def test_what_is_not_there_is_not_replaced_removed_or_got(store):
    for call in (
        lambda: store.replace(SIMPLE, actor="ana", now=NOW),
        lambda: store.remove("ONE", actor="ana", now=NOW),
        lambda: store.get("ONE"),
    ):
        with pytest.raises(NotFound):
            call()


def test_every_change_is_in_the_audit_log(store, database):
    store.add(SIMPLE, actor="ana", now=NOW)
    store.replace(SIMPLE, actor="ben", now=NOW)
    store.remove("ONE", actor="eva", now=NOW)
    told = [(entry.action, entry.actor, entry.subject) for entry in select_audit(database)]
    assert sorted(told) == [
        ("registration-add", "ana", "ONE"),
        ("registration-remove", "eva", "ONE"),
        ("registration-replace", "ben", "ONE"),
    ]
    assert not check_audit(database)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "a b"},
        {"id": "hub-mine"},
        {"id": "x" * 256},
        {"provision_agreement": parse_urn(urn_of("Dataflow", "DF"))},
        {"simple_url": None},
        {"simple_url": "ftp://office.example/x"},
        {"simple_url": "https://ana:secret@office.example/x"},
        {"simple_url": "https:///x"},
        {"simple_url": "https://office.example/a b"},
        {"simple_url": "https://office.example:x/"},
        {"simple_url": "https://office.example/<a>"},
        {"simple_url": "https://office.example/" + "x" * 2000},
        {"simple_url": "https://[office/"},
        {"queryable": Queryable(data_url="file:///etc/passwd")},
        {"queryable": Queryable(data_url="https://office.example/", wsdl_url="javascript:alert(1)")},
    ],
)
def test_what_cannot_be_a_registration_is_refused(store, changes):
    with pytest.raises(BadQuery):
        store.add(replace(SIMPLE, **changes), actor="ana", now=NOW)
    assert store.select() == ()
