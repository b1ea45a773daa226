"""Uploads checked and loaded over HTTP: the report as JSON, as a page, as a marked copy; templates."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from flask.testing import FlaskClient

from sdmx_hub.load.artefact_pack import pack_root, read_pack
from sdmx_hub.load.page_html import style_source
from sdmx_hub.load.template.layout import plan_template
from sdmx_hub.load.template.writing import write_template
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.keys import LOAD
from sdmx_hub.web.reports import WORKBOOK
from tests.web.conftest import FLOW, Parts
from tests.web.test_api import bearer, revised

WRONG = {"SEX": "Z9"}


@pytest.fixture
def own(own_parts: Parts) -> FlaskClient:
    return own_parts.app().test_client()


def test_checking_needs_a_key_and_stores_nothing(own_parts: Parts, own: FlaskClient) -> None:
    text = revised(own)
    assert own.post("/api/check", data=text).status_code == 401
    answer = own.post("/api/check", data=text, headers=bearer(own_parts, LOAD))
    assert answer.status_code == 200
    assert answer.json is not None
    assert (answer.json["revised"], answer.json["release"], answer.json["stored"]) == (1, None, False)


@pytest.mark.parametrize("asked", [{"query_string": {"report": "html"}}, {"headers": {"Accept": "text/html"}}])
def test_the_report_can_be_a_page_that_its_policy_lets_through(
    own_parts: Parts, own: FlaskClient, asked: dict[str, dict[str, str]]
) -> None:
    key = bearer(own_parts, LOAD)
    answer = own.post(
        "/api/check", data=revised(own, **WRONG), query_string=asked.get("query_string", {}),
        headers={**key, **asked.get("headers", {}), "Accept-Language": "fr"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert answer.mimetype == "text/html"
    assert style_source() in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert 'data-code="V01"' in answer.text
    assert '<html lang="fr">' in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("asked", [{"report": "xlsx"}, {}])
def test_the_report_can_be_a_marked_copy(own_parts: Parts, own: FlaskClient, asked: dict[str, str]) -> None:
    headers = bearer(own_parts, LOAD) | ({} if asked else {"Accept": WORKBOOK})
    answer = own.post(
        "/api/load", data=revised(own, **WRONG), query_string={"dry_run": "1", **asked}, headers=headers
    )  # fmt: skip
    assert (answer.status_code, answer.mimetype) == (422, WORKBOOK)
    assert "attachment" in answer.headers["Content-Disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    codes = [row[1] for row in book["Findings"].iter_rows(min_row=7, values_only=True)]
    assert "V01" in codes
    assert any(cell.comment for row in book.worksheets[0].iter_rows() for cell in row)


def test_a_report_that_does_not_exist_is_refused(own_parts: Parts, own: FlaskClient) -> None:
    answer = own.post("/api/check", data=b"x", query_string={"report": "pdf"}, headers=bearer(own_parts, LOAD))
    assert answer.status_code == 400
    assert "xlsx" in answer.text


def test_a_filled_in_template_is_loaded_without_a_mapping(own_parts: Parts, own: FlaskClient, tmp_path: Path) -> None:
    artefacts = Artefacts(read_pack(pack_root()))
    path = tmp_path / "template.xlsx"
    write_template(plan_template(artefacts, Urn("Dataflow", FLOW), language="fr"), path)
    answer = own.post("/api/load?name=t.xlsx", data=path.read_bytes(), headers=bearer(own_parts, LOAD))
    assert answer.status_code == 200
    assert answer.json is not None
    assert [one["code"] for one in answer.json["findings"]] == ["TEMPLATE-EMPTY"]
