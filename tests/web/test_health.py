"""What operators and programs ask first."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from sdmx_hub.formats.table import FORMATS


def test_the_process_and_its_readiness(client: FlaskClient) -> None:
    assert client.get("/livez").status_code == 200
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert json.loads(ready.data) == {"ready": True, "checks": {"database": "ok", "disk": "ok"}}


def test_metrics_count_requests_and_tell_no_code_of_the_data(client: FlaskClient) -> None:
    client.get("/sdmx/v2/data/dataflow/ILMH/DF_STOCK_POP/1.0.0?c[REF_AREA]=FRA")
    client.open("/livez", method="BREW")
    text = client.get("/metrics").text
    assert 'sdmx_hub_requests_total{endpoint="sdmx_v2.answer",method="GET",status="200"}' in text
    assert 'method="other"' in text
    assert 'sdmx_hub_scheduler{state="ok"} 1.0' in text
    assert "FRA" not in text
    assert "BREW" not in text


def test_crawlers_are_kept_from_endless_queries(client: FlaskClient) -> None:
    assert "Disallow: /sdmx/" in client.get("/robots.txt").text


def test_the_api_is_described_from_the_tables_it_runs_on(client: FlaskClient) -> None:
    document = json.loads(client.get("/openapi.json").data)
    assert document["openapi"].startswith("3.1")
    data = document["paths"]["/sdmx/v2/data/{context}/{agencyID}/{resourceID}/{version}/{key}"]["get"]
    offered = set(data["responses"]["200"]["content"])
    assert offered == {row.content_type for row in FORMATS if "data" in row.kinds and row.syntax != "html"}
    assert set(data["responses"]) >= {"204", "304", "400", "404", "406", "413", "422"}


@pytest.mark.parametrize(
    "slots", ["data/{flowRef}/{key}/{providerRef}", "codelist/{agencyID}/{resourceID}/{version}/{itemID}"]
)
def test_both_editions_are_described(client: FlaskClient, slots: str) -> None:
    assert f"/sdmx/v1/{slots}" in json.loads(client.get("/openapi.json").data)["paths"]


def test_static_files_are_served_and_may_be_kept(client: FlaskClient) -> None:
    with client.get("/static/site.css") as answer:
        assert answer.status_code == 200
        assert "max-age" in answer.headers["Cache-Control"]
