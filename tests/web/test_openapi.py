"""The description tells what is served: requests are made from it, right ones and wrong ones, by an outside tool.

Every answer has a status and a type the description names, nothing fails inside, and refusals are messages of the
family that was asked.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from sdmx_hub.store.keys import SCOPES
from tests.web.conftest import Parts, make_hub
from tests.web.test_api import bearer

KNOWN: Mapping[str, list[str]] = {
    "context": ["dataflow", "datastructure", "provisionagreement"],
    "artefactType": ["dataflow", "codelist", "datastructure", "categoryscheme", "*"],
    "agencyID": ["ILMH", "SDMX", "*", "all"],
    "resourceID": ["DF_STOCK_POP", "ILM_STOCK", "CL_SEX", "*"],
    "version": ["1.0.0", "+", "~", "*", "latest", "all", "1+.0.0"],
    "flowRef": ["DF_STOCK_POP", "ILMH,DF_STOCK_POP", "ILMH,DF_STOCK_POP,1.0.0", "all"],
    "key": ["all", "*", "A.FRA", "A.FRA+ESP", "A..POP", "A.XXX"],
    "providerRef": ["all", "ILMH", "ILMH,ILMH"],
    "componentID": ["all", "*", "SEX", "NO_SUCH"],
    "itemID": ["all", "*", "F"],
    "references": ["none", "all", "children", "parents", "codelist"],
    "startPeriod": ["2015", "2019-Q1", "2020-02"],
    "endPeriod": ["2019", "2015-W10"],
    "updatedAfter": ["2020-01-01", "2026-11-21T00:00:00Z"],
    "asOf": ["2026-11-21", "2020-01-01T00:00:00Z"],
    "dimensionAtObservation": ["TIME_PERIOD", "AllDimensions", "SEX", "NO_SUCH"],
    "attributes": ["none", "all", "dsd", "series", "OBS_STATUS"],
    "measures": ["none", "all", "OBS_VALUE"],
    "sort": ["series_key", "SEX:desc", "*"],
    "format": ["csv", "json", "structurespecificdata", "xml", "xlsx", "parquet", "nonsense"],
}
"""What an acquainted client asks for."""
READABLE = ("data", "availability", "availableconstraint", "schema", "structure", "dataflow", "codelist", "metadata")
QUIET = settings(
    deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate], derandomize=True
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """A hub that strangers may change as far as they are let."""
    made = make_hub(tmp_path_factory.mktemp("open"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def described(hub: Parts) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_wsgi("/openapi.json", hub.app())


@pytest.fixture(scope="module")
def acquainted(hub: Parts) -> schemathesis.BaseSchema:
    """The description with every slot and parameter that names something narrowed to names there are."""
    app = hub.app()
    document = app.test_client().get("/openapi.json").get_json()
    for path in document["paths"].values():
        shared = path.pop("parameters", [])
        for operation in path.values():
            operation["parameters"] = [*shared, *operation.get("parameters", ())]
            for parameter in operation["parameters"]:
                if parameter["name"] in KNOWN:
                    parameter["schema"] = {"type": "string", "enum": KNOWN[parameter["name"]]}
    schema = schemathesis.openapi.from_dict(document)
    schema.app = app
    return schema


def operations(schema: schemathesis.BaseSchema, *methods: str) -> list[Any]:
    found = [each.ok() for each in schema.get_all_operations()]
    return [each for each in found if each.method.lower() in methods]


def check(operation: Any, answer: Any) -> None:
    status, content_type = answer.status_code, answer.headers.get("content-type", [""])[0]
    body = gzip.decompress(answer.content) if answer.content.startswith(b"\x1f\x8b") else answer.content
    told = f"{operation.method} {answer.request.url} → {status} {content_type} {body[:300]!r}"
    responses = operation.definition.raw["responses"]
    assert str(status) in responses, told
    assert status < 500 or status in {501, 503}, told
    if status == 200 and "content" in responses["200"]:
        assert content_type.partition(";")[0] in {each.partition(";")[0] for each in responses["200"]["content"]}, told
    if status >= 400 and operation.method.lower() != "head" and status != 412:
        assert is_message(content_type, body), told


def is_message(content_type: str, body: bytes) -> bool:
    """Tell whether a refusal is an SDMX error message, or, beside SDMX, one in JSON."""
    if "xml" in content_type:
        return any(name in body for name in (b":Error", b"SubmitStructureResponse", b"SubmitRegistrationsResponse"))
    return "json" in content_type and bool(json.loads(body))


def drive(operation: Any, examples: int, headers: Mapping[str, str] | None = None) -> None:
    """Make requests from the description of one operation; each must be answered as it says."""

    @given(case=operation.as_strategy())
    @settings(QUIET, max_examples=examples)
    def ask(case: Any) -> None:
        case.headers = dict(case.headers or {}) | dict(headers or {})
        check(operation, case.call())

    ask()


def test_whatever_strangers_ask_is_answered_as_described(described: schemathesis.BaseSchema) -> None:
    for operation in operations(described, "get", "head"):
        drive(operation, 3)


@pytest.mark.parametrize("resource", READABLE)
def test_whatever_acquainted_clients_ask_is_answered_as_described(
    acquainted: schemathesis.BaseSchema, resource: str
) -> None:
    for operation in operations(acquainted, "get"):
        if f"/{resource}/" in operation.path and operation.path.startswith("/sdmx"):
            drive(operation, 25)


def test_whatever_is_sent_with_a_key_is_answered_as_described(hub: Parts, described: schemathesis.BaseSchema) -> None:
    key = bearer(hub, *SCOPES)
    for operation in operations(described, "post", "put", "delete"):
        drive(operation, 2, key)
