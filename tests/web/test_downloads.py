"""What the buttons of the pages give: tables for people, in their language, and every message of SDMX."""

from __future__ import annotations

import io

import pyarrow.parquet
import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from sdmx_hub.formats.table import FORMATS
from sdmx_hub.web.downloads import list_downloads, plainest

from .conftest import COUNT

URL = "/sdmx/v2/data/dataflow/ILMH/DF_STOCK_POP/1.0.0"


def test_tables_for_people_come_first_and_speak_their_language() -> None:
    found = list_downloads("data", "v2", URL, "fr")
    assert [one["label"] for one in found[:3]] == ["CSV", "Excel", "Parquet"]
    assert [one["url"] for one in found[:3]] == [
        f"{URL}?format=data-csv-plain&labels=both&lang=fr&bom=yes",
        f"{URL}?format=data-xlsx&labels=both&lang=fr",
        f"{URL}?format=data-parquet&labels=both&lang=fr",
    ]
    assert [one["label"] for one in plainest(found)] == [
        "CSV", "Excel", "Parquet", "SDMX-CSV 2.0", "SDMX-CSV 2.0 + labels", "SDMX-ML 3.0", "SDMX-JSON 2.0",
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_every_button_of_the_page_answers_with_what_it_says(client: FlaskClient, language: str) -> None:
    page = client.get(f"/dataflow/ILMH/DF_STOCK_POP.json?lang={language}").get_json()
    for button in page["downloads"]:
        path = "/" + button["url"].split("/", 3)[3]
        answer = client.get(path, headers={"Accept": "text/html,application/xml;q=0.9,*/*;q=0.8"})
        assert answer.status_code == 200, path
        assert answer.headers["Content-Type"] == button["media_type"]
        assert "attachment" in answer.headers["Content-Disposition"]


def test_a_workbook_is_named_and_holds_names_in_the_language(client: FlaskClient) -> None:
    answer = client.get(f"{URL}?format=xlsx&labels=both&lang=es", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Content-Disposition"].endswith('.xlsx"')
    lines = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert len(lines) == COUNT + 1
    assert "Francia" in lines[1] or "España" in lines[1]


def test_parquet_is_had_by_its_media_type_too(client: FlaskClient) -> None:
    answer = client.get(URL, headers={"Accept": "application/vnd.apache.parquet"})
    assert answer.headers["Content-Type"] == "application/vnd.apache.parquet"
    assert pyarrow.parquet.read_table(io.BytesIO(answer.data)).num_rows == COUNT


def test_labels_make_another_answer(client: FlaskClient) -> None:
    plain, labelled = (client.get(f"{URL}?format=table{more}") for more in ("", "&labels=both"))
    assert plain.data.splitlines()[0].startswith(b"FREQ,REF_AREA,")
    assert labelled.data.splitlines()[0].startswith(b"FREQ,Frequency,")
    assert plain.headers["ETag"] != labelled.headers["ETag"]


def test_every_data_format_answers_on_both_apis(client: FlaskClient) -> None:
    for row in FORMATS:
        if "data" in row.kinds and row.syntax != "html":
            for path in ("/sdmx/v1/data/ILMH,DF_STOCK_POP,1.0.0", URL):
                answer = client.get(f"{path}?format={row.id}")
                assert (answer.status_code, answer.headers["Content-Type"]) == (200, row.content_type)
