"""Whatever is asked, nothing breaks: random questions get an answer or a well-formed refusal, never a 500."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

RESOURCES = [
    "/sdmx/v1/data", "/sdmx/v1/availableconstraint", "/sdmx/v1/schema", "/sdmx/v1/codelist", "/sdmx/v1/structure",
    "/sdmx/v2/data", "/sdmx/v2/availability", "/sdmx/v2/schema", "/sdmx/v2/structure", "/sdmx/v1", "/sdmx/v2",
]  # fmt: skip
WORDS = [
    "all", "*", "", "latest", "~", "+", "1.0.0", "1.0+", "2+.0.0", "*.~", "ILMH", "ILMH,DF_STOCK_POP,1.0.0",
    "DF_STOCK_POP", "dataflow", "codelist", "datastructure", "CL_AREA", "FRA", "A.FRA..", "A..F.", "A+B.C+D", "...",
    "A,B", ",", ".", "%2C", "%00", "%ff", "%E2%82%AC", "..", "a" * 300, "é", "'", "--", "<x>", "{x}", "&format=csv",
]  # fmt: skip
NAMES = [
    "startPeriod", "endPeriod", "firstNObservations", "lastNObservations", "updatedAfter", "asOf", "detail", "limit",
    "references", "dimensionAtObservation", "attributes", "measures", "offset", "sort", "mode", "includeHistory",
    "c[REF_AREA]", "c[TIME_PERIOD]", "c[OBS_VALUE]", "c[]", "c[X", "format", "lang", "compression", "labels", "strict",
    "reportingYearStartDay", "formatVersion", "timeFormat", "keys",
]  # fmt: skip
VALUES = [
    "", "1", "-1", "0", "99999999999999999999", "1e9", "2020", "2020-Q5", "2020-W54", "ge:2020+le:2021", "ne:A,B",
    "FRA", "zz:1", "eq:", "A+B", "2020-01-01T00:00:00Z", "2020-13-45", "all", "none", "csv", "json", "xml", "fr",
    "gzip", "TIME_PERIOD:desc", "*", "OBS_VALUE:up", "AllDimensions", "true", "NaN", "%", "%zz", "\u0661", "--02-30",
    "P1Y",
]  # fmt: skip
ACCEPTS = [
    None, "*/*", "text/html", "application/json", "text/csv", ";;;", "application/vnd.sdmx.data+json;version=2.0.0",
    "application/vnd.sdmx.data+xml;version=9", "a/b;q=x", "application/xml;q=0", "*", "\x01",
]  # fmt: skip


def check(client: FlaskClient, path: str, headers: dict[str, str]) -> None:
    answer = client.get(path, headers=headers)
    assert answer.status_code < 500 or answer.status_code == 501, (path, headers, answer.text)
    kind = answer.headers.get("Content-Type", "")
    if answer.status_code >= 400 and "json" in kind:
        json.loads(answer.data)
    elif answer.status_code >= 400 and "xml" in kind:
        ElementTree.fromstring(answer.data)  # noqa: S314 - our own output
    answer.close()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    resource=st.sampled_from(RESOURCES),
    words=st.lists(st.sampled_from(WORDS), max_size=7),
    query=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=4),
    accept=st.sampled_from(ACCEPTS),
)
def test_a_question_made_of_real_words_never_breaks_anything(
    client: FlaskClient, resource: str, words: list[str], query: list[tuple[str, str]], accept: str | None
) -> None:
    path = "/".join([resource, *words]) + "?" + "&".join(f"{name}={value}" for name, value in query)
    check(client, path, {"Accept": accept} if accept else {})


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tail=st.text(st.characters(codec="utf-8", exclude_characters="#\r\n"), max_size=60),
    resource=st.sampled_from([*RESOURCES, "/dataflow", "/harvest", "/releases", "", "/api"]),
    name=st.text(st.characters(codec="ascii", categories=("L", "N", "P")), max_size=20),
)
def test_random_text_never_breaks_anything(client: FlaskClient, tail: str, resource: str, name: str) -> None:
    check(client, f"{resource}/{tail}?{name}={tail}", {})


@pytest.mark.parametrize(
    "path",
    [
        "/dataflow/ILMH/DF_STOCK_POP?c[REF_AREA]=" + ",".join(f"A{number}" for number in range(900)),
        "/dataflow/ILMH/DF_STOCK_POP?page=1e5",
        "/?q=" + "x" * 3000,
        "/harvest?before=99999999999999999999999",
        "/harvest/99999999999999999999999",
        "/releases?page=99999999999999999999999",
        "/api/harvest/runs?limit=-5&before=99999999999999999999",
    ],
)
def test_large_and_odd_parameters_of_pages_break_nothing(client: FlaskClient, path: str) -> None:
    check(client, path, {})
