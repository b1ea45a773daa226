"""Maintenance over REST: what is stored, replaced and deleted, and the answer of the standard to each case."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pysdmx.model as pm
import pytest
from flask.testing import FlaskClient
from pysdmx.api.fmr.maintenance import RegistryMaintenanceClient, StructureAction
from pysdmx.errors import Invalid

from sdmx_hub.formats import (
    structure_json_v1_0,
    structure_json_v2_0,
    structure_json_v2_1,
    structure_xml_v2_1,
    structure_xml_v3_0,
    structure_xml_v3_1,
)
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.urn import parse_urn
from sdmx_hub.store.audit import check_audit, select_audit
from tests.factories import make_artefact, make_codelist, urn_of
from tests.support.serving import serving
from tests.web.conftest import Parts
from tests.web.registry_hub import draft_list, drafted, message, read_valid, small_hub, told
from tests.web.test_api import bearer

V2 = "/sdmx/v2/structure"
DRAFT = f"{V2}/codelist/TEST/CL_DRAFT/0.1.0"
NAME = "TEST:CL_DRAFT(0.1.0)"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Parts]:
    yield from small_hub(tmp_path)


@pytest.fixture
def client(hub: Parts) -> FlaskClient:
    client = hub.app().test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = bearer(hub, "structures")["Authorization"]
    return client


def codes(hub: Parts, version: str = "0.1.0") -> str:
    found = hub.registry.snapshot().get(parse_urn(urn_of("Codelist", "CL_DRAFT", version)))
    return "".join(item["id"] for item in found.items)


def holds(hub: Parts, class_name: str, artefact_id: str, version: str = "1.0.0") -> bool:
    return hub.registry.snapshot().find(parse_urn(urn_of(class_name, artefact_id, version))) is not None


@pytest.mark.parametrize(
    "write",
    [
        structure_json_v1_0.write,
        structure_json_v2_0.write,
        structure_json_v2_1.write,
        structure_xml_v2_1.write,
        structure_xml_v3_0.write,
        structure_xml_v3_1.write,
    ],
)
def test_a_new_artefact_of_any_format_is_created(client: FlaskClient, hub: Parts, write: object) -> None:
    answer = client.post(V2, data=message(make_codelist("CL_NEW", "XY"), write=write))
    assert answer.status_code == 201
    assert answer.headers["Location"] == "http://localhost/sdmx/v2/structure/codelist/TEST/CL_NEW/1.0.0"
    assert told(answer)["TEST:CL_NEW(1.0.0)"][:3] == ("Append", "Success", 201)
    assert holds(hub, "Codelist", "CL_NEW")
    assert select_audit(hub.database)[0].actor.startswith("key:")
    assert not check_audit(hub.database)


@pytest.mark.parametrize(
    ("path", "accept", "version"),
    [
        (V2, "*/*", "3.1.0"),
        (V2, "application/vnd.sdmx.registry+xml;version=3.0.0", "3.0.0"),
        (V2, "application/vnd.sdmx.structure+xml;version=3.0.0", "3.0.0"),
        (V2, "application/vnd.sdmx.structure+json;version=2.0.0", "3.1.0"),
        ("/sdmx/v1/codelist", "*/*", "2.1"),
    ],
)
def test_the_answer_is_in_the_edition_asked_for(client: FlaskClient, path: str, accept: str, version: str) -> None:
    answer = client.post(path, data=message(make_codelist("CL_NEW", "XY")), headers={"Accept": accept})
    assert answer.status_code == 201
    assert "TEST:CL_NEW(1.0.0)" in told(answer, version)


def test_every_sentence_comes_in_all_languages(client: FlaskClient) -> None:
    root = read_valid(client.post(V2, data=message(draft_list("AB"))))
    languages = [text.get("{http://www.w3.org/XML/1998/namespace}lang") for text in root.iterfind(".//{*}Text")]
    assert languages == ["en", "fr", "es"]


def test_a_draft_is_replaced_whole(client: FlaskClient, hub: Parts) -> None:
    answer = client.put(DRAFT, data=message(draft_list("AD")))
    assert answer.status_code == 200
    assert told(answer)[NAME][:3] == ("Replace", "Success", 200)
    assert codes(hub) == "AD"


def test_the_same_again_changes_nothing(client: FlaskClient, hub: Parts) -> None:
    before = hub.registry.snapshot()
    answer = client.post(V2, data=message(draft_list()))
    assert answer.status_code == 200
    assert "the same as sent" in told(answer)[NAME][3]
    assert hub.registry.snapshot() is before


def test_put_creates_nothing(client: FlaskClient, hub: Parts) -> None:
    answer = client.put(f"{V2}/codelist/TEST/CL_NEW/1.0.0", data=message(make_codelist("CL_NEW", "X")))
    assert answer.status_code == 404
    assert told(answer)["TEST:CL_NEW(1.0.0)"][1] == "Failure"
    assert not holds(hub, "Codelist", "CL_NEW")


@pytest.mark.parametrize(
    ("method", "path", "artefact", "status"),
    [
        ("PUT", f"{V2}/codelist/TEST/CL_OTHER/0.1.0", draft_list(), 422),
        ("PUT", f"{V2}/dataflow/TEST/CL_DRAFT/0.1.0", draft_list(), 422),
        ("PUT", f"{V2}/codelist/TEST/CL_DRAFT", draft_list(), 400),
        ("PUT", f"{V2}/codelist/TEST/CL_DRAFT/~", draft_list(), 400),
        ("PUT", f"{V2}/codelist/*/CL_DRAFT/0.1.0", draft_list(), 400),
        ("POST", f"{V2}/dataflow", draft_list(), 422),
        ("POST", f"{V2}/nothing", draft_list(), 400),
        ("POST", f"{V2}/codelist/TEST", draft_list(), 400),
        ("DELETE", f"{V2}/codelist/TEST/CL_DRAFT", None, 400),
        ("DELETE", f"{V2}/codelist/TEST/CL_DRAFT/*", None, 400),
        ("DELETE", V2, None, 400),
        ("PATCH", DRAFT, draft_list(), 405),
    ],
)
def test_what_the_address_does_not_name_is_refused(
    client: FlaskClient, hub: Parts, *, method: str, path: str, artefact: Artefact | None, status: int
) -> None:
    before = hub.registry.snapshot()
    answer = client.open(path, method=method, data=message(artefact) if artefact else b"")
    assert answer.status_code == status, answer.text
    assert hub.registry.snapshot() is before


def test_what_is_final_does_not_change_and_the_difference_is_told(client: FlaskClient, hub: Parts) -> None:
    answer = client.post(V2, data=message(make_codelist("CL_SEX", ["F", "M", "X"])))
    assert answer.status_code == 409
    assert "codes[X]: added" in told(answer)["TEST:CL_SEX(1.0.0)"][3]
    assert answer.headers.get("ETag") is None


def test_a_2_1_artefact_declared_final_does_not_change(client: FlaskClient, hub: Parts) -> None:
    listed = drafted(make_codelist("CL_OLD", "AB"), "1.0")
    final = Artefact(listed.artefact_class, listed.document, final=True)
    assert client.post("/sdmx/v1/codelist", data=message(final, write=structure_xml_v2_1.write)).status_code == 201
    changed = drafted(make_codelist("CL_OLD", "ABC"), "1.0")
    answer = client.post("/sdmx/v1/codelist", data=message(changed, write=structure_xml_v2_1.write))
    assert answer.status_code == 409
    assert "codes[C]: added" in told(answer, "2.1")["TEST:CL_OLD(1.0)"][3]


@pytest.mark.parametrize(
    ("codes", "version", "status"),
    [
        ("FMX", "1.1.0", 201),
        ("FMX", "1.0.1", 409),
        ("F", "1.1.0", 409),
        ("F", "2.0.0", 201),
        ("F", "1.1.0-draft", 201),
        ("F", "2.0", 201),
    ],
)
def test_a_new_version_may_change_what_its_number_says(
    client: FlaskClient, codes: str, version: str, status: int
) -> None:
    sent = drafted(make_codelist("CL_SEX", codes), version)
    assert client.post(V2, data=message(sent)).status_code == status


def test_missing_references_are_a_conflict(client: FlaskClient, hub: Parts) -> None:
    flow = make_artefact("Dataflow", "DF_LONELY", structure=urn_of("DataStructure", "NOWHERE"))
    answer = client.post(V2, data=message(flow))
    assert answer.status_code == 409
    assert "NOWHERE" in told(answer)["TEST:DF_LONELY(1.0.0)"][3]


def test_what_can_be_stored_is_and_the_rest_is_told(client: FlaskClient, hub: Parts) -> None:
    flow = make_artefact("Dataflow", "DF_LONELY", structure=urn_of("DataStructure", "NOWHERE"))
    answer = client.post(V2, data=message(make_codelist("CL_NEW", "X"), flow))
    assert answer.status_code == 207
    results = told(answer)
    assert results["TEST:CL_NEW(1.0.0)"][2] == 201
    assert results["TEST:DF_LONELY(1.0.0)"][2] == 409
    assert holds(hub, "Codelist", "CL_NEW")
    assert not holds(hub, "Dataflow", "DF_LONELY")


def test_what_needs_something_refused_is_refused_too(client: FlaskClient, hub: Parts) -> None:
    broken = make_artefact("Codelist", "CL_BAD", codes=[{"id": "A", "name": "A", "names": {"en": "A"}, "parent": "Z"}])
    user = drafted(make_codelist("CL_USER", "X"), "1.0.0", codelistExtensions=[{"codelist": str(broken.urn)}])
    answer = client.post(V2, data=message(broken, user))
    assert answer.status_code == 409
    assert {code for _, _, code, _ in told(answer).values()} == {409, 422}
    assert not holds(hub, "Codelist", "CL_USER")


def test_all_or_none_where_asked(client: FlaskClient, hub: Parts) -> None:
    flow = make_artefact("Dataflow", "DF_LONELY", structure=urn_of("DataStructure", "NOWHERE"))
    answer = client.post(f"{V2}?atomic=true", data=message(make_codelist("CL_NEW", "X"), flow))
    assert answer.status_code == 409
    assert "something sent with it" in told(answer)["TEST:CL_NEW(1.0.0)"][3]
    assert not holds(hub, "Codelist", "CL_NEW")


def test_a_dry_run_says_all_and_stores_nothing(client: FlaskClient, hub: Parts) -> None:
    before = hub.registry.snapshot()
    assert client.post(f"{V2}?dryRun=true", data=message(make_codelist("CL_NEW", "X"))).status_code == 201
    assert client.put(f"{DRAFT}?dryRun", data=message(draft_list("A"))).status_code == 200
    assert client.delete(f"{DRAFT}?dryRun=true").status_code == 200
    assert hub.registry.snapshot() is before


@pytest.mark.parametrize(
    ("sent", "kept"), [("BX", "ABCX"), ("XB", "AXBC"), ("B", "ABC"), ("AXB", "AXBC"), ("XYA", "XYABC"), ("X", "ABCX")]
)
def test_a_partial_scheme_updates_the_items_it_holds(client: FlaskClient, hub: Parts, sent: str, kept: str) -> None:
    part = drafted(make_codelist("CL_DRAFT", sent), isPartial=True, names={"es": "Borrador"}, name="Borrador")
    assert client.put(DRAFT, data=message(part)).status_code == 200
    assert codes(hub) == kept
    stored = hub.registry.snapshot().get(parse_urn(urn_of("Codelist", "CL_DRAFT", "0.1.0")))
    assert set(stored.names) == {"en", "fr", "es"}
    assert "isPartial" not in stored.document


def test_a_partial_scheme_of_what_is_not_here_is_refused(client: FlaskClient) -> None:
    part = drafted(make_codelist("CL_NEW", "A"), isPartial=True)
    assert client.post(V2, data=message(part)).status_code == 404


def test_a_change_that_breaks_what_refers_to_it_is_refused(client: FlaskClient, hub: Parts) -> None:
    parent = drafted(make_codelist("CL_USER", "X"), "0.1.0")
    scheme = make_artefact("CategoryScheme", "CS_CAT", categories=[{"id": "X", "name": "X", "names": {"en": "X"}}])
    tied = make_artefact(
        "Categorisation",
        "CAT",
        source=urn_of("Code", "CL_DRAFT", "0.1.0", "B"),
        target=urn_of("Category", "CS_CAT", "1.0.0", "X"),
    )
    assert client.post(V2, data=message(parent, scheme, tied)).status_code == 201
    answer = client.put(DRAFT, data=message(draft_list("AC")))
    assert answer.status_code == 409
    assert "TEST:CAT(1.0.0)" in told(answer)[NAME][3]
    answer = client.delete(f"{DRAFT}/B")
    assert answer.status_code == 409
    assert client.delete(f"{DRAFT}/C").status_code == 200
    assert codes(hub) == "AB"
    answer = client.delete(DRAFT)
    assert answer.status_code == 409
    assert "Categorisation=TEST:CAT(1.0.0)" in told(answer)[NAME][3]


def test_deleting_keeps_the_history(client: FlaskClient, hub: Parts) -> None:
    answer = client.delete(DRAFT)
    assert answer.status_code == 200
    assert told(answer)[NAME][:3] == ("Delete", "Success", 200)
    assert not holds(hub, "Codelist", "CL_DRAFT", "0.1.0")
    assert len(hub.registry.history(parse_urn(urn_of("Codelist", "CL_DRAFT", "0.1.0")))) == 1
    assert client.delete(DRAFT).status_code == 404


def test_children_of_a_deleted_code_become_orphans(client: FlaskClient, hub: Parts) -> None:
    tree = drafted(make_codelist("CL_DRAFT", "ABC", parents={"B": "A", "C": "B"}))
    client.put(DRAFT, data=message(tree))
    assert client.delete(f"{DRAFT}/B").status_code == 200
    items = hub.registry.snapshot().get(parse_urn(urn_of("Codelist", "CL_DRAFT", "0.1.0"))).items
    assert [(item["id"], item.get("parent")) for item in items] == [("A", None), ("C", None)]


def test_children_of_a_deleted_category_go_with_it(client: FlaskClient, hub: Parts) -> None:
    def category(name: str, *below: object) -> dict[str, object]:
        rest = {"categories": list(below)} if below else {}
        return {"id": name, "name": name, "names": {"en": name}, **rest}

    scheme = make_artefact("CategoryScheme", "CS", "0.1.0", categories=[category("A", category("B", category("C")))])
    assert client.post(V2, data=message(scheme)).status_code == 201
    assert client.delete(f"{V2}/categoryscheme/TEST/CS/0.1.0/A.X").status_code == 404
    assert client.delete(f"{V2}/categoryscheme/TEST/CS/0.1.0/A.B").status_code == 200
    stored = hub.registry.snapshot().get(scheme.urn)
    assert stored.items == [category("A")]


def test_what_is_final_is_not_deleted(client: FlaskClient, hub: Parts) -> None:
    answer = client.delete(f"{V2}/dataflow/TEST/DF/1.0.0")
    assert answer.status_code == 409
    assert holds(hub, "Dataflow", "DF")


def test_the_second_of_two_editors_is_told(client: FlaskClient, hub: Parts) -> None:
    seen = client.get(DRAFT).headers["ETag"]
    other = client.get(DRAFT, headers={"Accept": "application/vnd.sdmx.structure+json;version=2.0.0"}).headers["ETag"]
    assert seen != other
    first = client.put(DRAFT, data=message(draft_list("AB")), headers={"If-Match": other})
    assert first.status_code == 200
    assert client.put(DRAFT, data=message(draft_list("A")), headers={"If-Match": seen}).status_code == 412
    assert client.delete(DRAFT, headers={"If-Match": seen}).status_code == 412
    assert codes(hub) == "AB"
    now = {"If-Match": first.headers["ETag"]}
    assert client.put(DRAFT, data=message(draft_list("A")), headers=now).status_code == 200
    assert client.put(DRAFT, data=message(draft_list("A")), headers={"If-Match": '"what"'}).status_code == 400


def test_a_change_elsewhere_is_no_change_here(client: FlaskClient) -> None:
    seen = client.get(DRAFT).headers["ETag"]
    client.post(V2, data=message(make_codelist("CL_NEW", "X")))
    assert client.put(DRAFT, data=message(draft_list("A")), headers={"If-Match": seen}).status_code == 200


def test_only_new_where_asked(client: FlaskClient) -> None:
    headers = {"If-None-Match": "*"}
    assert client.post(V2, data=message(draft_list("A")), headers=headers).status_code == 412
    assert client.post(V2, data=message(make_codelist("CL_NEW", "X")), headers=headers).status_code == 201


def test_of_many_editors_at_once_one_wins(hub: Parts) -> None:
    app, key = hub.app(), bearer(hub, "structures")
    seen = app.test_client().get(DRAFT).headers["ETag"]
    statuses: list[int] = []

    def edit(letter: str) -> None:
        body = message(draft_list(letter))
        statuses.append(app.test_client().put(DRAFT, data=body, headers={**key, "If-Match": seen}).status_code)

    threads = [threading.Thread(target=edit, args=(letter,)) for letter in "DEFGHIJK"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(statuses) == [200] + [412] * 7
    assert len(hub.registry.history(parse_urn(urn_of("Codelist", "CL_DRAFT", "0.1.0")))) == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", [DRAFT, "/sdmx/v1/codelist/TEST/CL_DRAFT/0.1.0"])
def test_nobody_writes_without_a_key_for_structures(hub: Parts, method: str, path: str) -> None:
    client = hub.app().test_client()
    assert client.open(path, method=method, data=b"x").status_code == 401
    assert client.open(path, method=method, data=b"x", headers=bearer(hub, "load")).status_code == 403


@pytest.mark.parametrize("body", [b"", b"x", b"{}", b"<a/>", message(), b'{"data": 1}', b"\xff\xfe"])
def test_a_body_without_artefacts_is_refused(client: FlaskClient, body: bytes) -> None:
    answer = client.post(V2, data=body)
    assert answer.status_code in {400, 422}
    assert b"Error" in answer.data


def test_a_document_type_is_refused(client: FlaskClient) -> None:
    body = b'<!DOCTYPE a [<!ENTITY b "c">]>' + message(draft_list(), write=structure_xml_v3_0.write).partition(b"?>")[2]
    assert client.post(V2, data=body).status_code == 400


@pytest.fixture
def maintenance(hub: Parts) -> Iterator[RegistryMaintenanceClient]:
    text = bearer(hub, "structures")["Authorization"].removeprefix("Bearer ")
    with serving(hub.app()) as address:
        yield RegistryMaintenanceClient(address, access_token=text)


def pysdmx_list(codes: str) -> pm.Codelist:
    items = [pm.Code(code, name=f"Code {code}") for code in codes]
    return pm.Codelist(id="CL_DRAFT", agency="TEST", version="0.1.0", name="Draft", items=items)


@pytest.mark.parametrize(("action", "kept"), [(StructureAction.Replace, "BX"), (StructureAction.Merge, "ABCX")])
def test_pysdmx_maintains_the_hub_as_it_does_a_registry(
    maintenance: RegistryMaintenanceClient, hub: Parts, action: StructureAction, kept: str
) -> None:
    maintenance.put_structures([pysdmx_list("BX")], action=action)
    assert codes(hub) == kept


def test_pysdmx_appends_only_what_is_new(maintenance: RegistryMaintenanceClient, hub: Parts) -> None:
    new = pm.Codelist(id="CL_NEW", agency="TEST", version="1.0", name="New", items=[pm.Code("A", name="A")])
    maintenance.put_structures([new], action=StructureAction.Append)
    assert holds(hub, "Codelist", "CL_NEW", "1.0")
    with pytest.raises(Invalid):
        maintenance.put_structures([pysdmx_list("X"), new], action=StructureAction.Append)
    assert codes(hub) == "ABC"


def test_an_unknown_action_is_refused(client: FlaskClient) -> None:
    path = "/ws/secure/sdmxapi/rest"
    assert client.post(path, data=message(draft_list()), headers={"Action": "Burn"}).status_code == 400
