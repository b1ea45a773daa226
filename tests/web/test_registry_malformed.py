"""Whatever is sent to be stored, nothing breaks and nothing half is stored: an answer of the standard, never a 500."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from sdmx_hub.formats import structure_json_v1_0, structure_json_v2_0, structure_xml_v2_1, structure_xml_v3_1
from tests.factories import component, make_artefact, make_dataflow, make_dsd, urn_of
from tests.web.conftest import Parts
from tests.web.registry_hub import draft_list, drafted, make_small_hub, message
from tests.web.test_api import bearer
from tests.web.test_registrations import requests as registrations
from tests.web.test_subscriptions import requests as subscriptions

SEEDS = (
    draft_list("ABC"),
    drafted(make_dsd([component("SEX", "CL_SEX")])),
    drafted(make_dataflow()),
    make_artefact(
        "DataConstraint",
        "CON",
        "0.1.0",
        role="Allowed",
        constraintAttachment={"dataStructures": [urn_of("DataStructure", "DSD")]},
        cubeRegions=[{"include": True, "keyValues": [{"id": "SEX", "values": [{"value": "F"}]}]}],
    ),
    make_artefact("CategoryScheme", "CAT", "0.1.0", categories=[{"id": "A", "name": "A", "names": {"en": "A"}}]),
)
XML = [message(seed, write=write) for seed in SEEDS for write in (structure_xml_v2_1.write, structure_xml_v3_1.write)]
JSON = [message(seed) for seed in SEEDS] + [
    message(seed, write=write) for seed in SEEDS for write in (structure_json_v1_0.write, structure_json_v2_0.write)
]
REGISTRY = [registrations(("Append", "X", urn_of("ProvisionAgreement", "PA"))), subscriptions()]
LEAVES: list[Any] = [
    None,
    0,
    -1,
    1e300,
    True,
    "",
    "x",
    "A" * 300,
    "urn:sdmx:",
    [],
    {},
    [None],
    {"a": 1},
    [[]],
    "\u0000",
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    made: Parts = make_small_hub(tmp_path_factory.mktemp("hub"))
    client = made.app().test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = bearer(made, "structures")["Authorization"]
    yield client
    made.close()


def check(client: FlaskClient, path: str, body: bytes) -> None:
    answer = client.post(path, data=body)
    assert answer.status_code < 500 or answer.status_code == 501, (answer.text, body)
    etree.fromstring(answer.data)


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from places(value, (*path, key))


def put(node: Any, path: tuple[Any, ...], leaf: Any) -> Any:
    if not path:
        return leaf
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = put(node[path[0]], path[1:], leaf)
    return copy


LAW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@LAW
@given(data=st.data())
def test_json_with_anything_anywhere_is_answered(client: FlaskClient, data: st.DataObject) -> None:
    document = json.loads(data.draw(st.sampled_from(JSON)))
    path = data.draw(st.sampled_from([*places(document)]))
    changed = put(document, path, data.draw(st.sampled_from(LEAVES)))
    check(client, "/sdmx/v2/structure?dryRun=true", json.dumps(changed).encode())


@LAW
@given(data=st.data())
def test_xml_with_anything_missing_or_changed_is_answered(client: FlaskClient, data: st.DataObject) -> None:
    where, seeds = data.draw(
        st.sampled_from([("structure?dryRun=true", XML), ("registration", REGISTRY), ("subscription", REGISTRY)])
    )
    body = data.draw(st.sampled_from(seeds)).decode()
    pieces = list(re.finditer(r'(?<=>)[^<]+|(?<==")[^"]*(?=")|<[^<>]+/>|(?<= )[A-Za-z:]+="[^"]*"', body))
    piece = data.draw(st.sampled_from(pieces))
    word = data.draw(st.sampled_from(["", "x", "%", "0", "true", "urn:sdmx:x", "A:B(1.0)", "é", "-"]))
    check(client, f"/sdmx/v2/{where}", (body[: piece.start()] + word + body[piece.end() :]).encode())


@LAW
@given(data=st.data())
def test_a_message_that_is_cut_or_scrambled_is_answered(client: FlaskClient, data: st.DataObject) -> None:
    body = data.draw(st.sampled_from([*XML, *JSON, *REGISTRY]))
    at = data.draw(st.integers(0, len(body)))
    tail = data.draw(st.one_of(st.just(b""), st.binary(max_size=3).map(lambda found: found + body[at + 1 :])))
    where = data.draw(st.sampled_from(["structure?dryRun=true", "registration", "subscription"]))
    check(client, f"/sdmx/v2/{where}", body[:at] + tail)
