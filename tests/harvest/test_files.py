"""Plain files of a partner, fetched as a visit is due and loaded by the mapping of their flow."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from sdmx_hub.harvest.files import file_period, file_url
from sdmx_hub.harvest.source import Flow, read_source
from sdmx_hub.harvest.source_file import read_source_file
from sdmx_hub.model.urn import parse_ref
from tests.harvest.hubs import Hub, told
from tests.harvest.partner import Partner, Reply
from tests.harvest.virtual import VirtualTime

MAPPING = """
id: FILES
title: {en: Files}
provider: P
dataflow: TEST:DF(1.0.0)
language: en
action: replace
source: {line: Made up for a test, licence: None needed, format: csv}
components:
  FREQ: A
  REF_AREA: {column: area}
  SEX: F
  TIME_PERIOD: {column: $period}
  OBS_VALUE: {column: n}
  UNIT_MEASURE: USD
  OBS_STATUS: A
"""
FLOW = '    path: "data/t {period:%Y}.csv"\n    mapping: files.yaml\n'


@pytest.fixture
def hub(tmp_path: Path):
    opened = Hub(tmp_path / "ours", VirtualTime())
    (opened.home / "files.yaml").write_text(MAPPING, encoding="utf-8")
    yield opened
    opened.close()


def reply(text: str) -> Reply:
    return Reply(200, text.encode(), {"Content-Type": "application/octet-stream"})


def test_each_visit_brings_the_file_of_its_period(hub: Hub, partner: Partner) -> None:
    partner.on("/pub/data/t%202025.csv", reply("area,n\nSEN,1\nMLI,2\n"))
    partner.on("/pub/data/t%202026.csv", reply("area,n\nSEN,3\n"))
    hub.add_source(f"{partner.url}/pub", flow=FLOW + "    periods_back: 1\n", api="file", mechanism="pull")
    assert told(hub.harvest()) == ("succeeded", 2, 0, 0, 0)
    assert told(hub.harvest()) == ("unchanged", 0, 0, 0, 2)
    hub.time.pass_by(340 * 86_400)
    assert told(hub.harvest()) == ("succeeded", 1, 0, 0, 0)
    partner.on("/pub/data/t%202026.csv", reply("area,n\nSEN,4\n"))
    assert told(hub.harvest()) == ("succeeded", 0, 1, 0, 0)
    assert [(row["REF_AREA"], row["TIME_PERIOD"], row["OBS_VALUE"]) for row in hub.held()] == [
        ("MLI", "2025", "2"), ("SEN", "2025", "1"), ("SEN", "2026", "4"),
    ]  # fmt: skip


def test_a_file_that_is_not_there_or_is_another_fails_the_run(hub: Hub, partner: Partner) -> None:
    hub.add_source(f"{partner.url}/pub", flow=FLOW, api="file", mechanism="pull")
    partner.on("/pub/data/t%202026.csv", Reply(404, b"<!DOCTYPE html><title>Not found</title>", {}))
    assert told(hub.harvest())[0] == "failed"
    partner.on("/pub/data/t%202026.csv", reply("<html></html>"))
    assert told(hub.harvest())[0] == "failed"
    assert hub.held() == []


@pytest.mark.parametrize(
    ("path", "back", "url", "period"),
    [
        ("a {period:%Y-%m}.xlsx", 0, "a%202026-03.xlsx", "2026-03"),
        ("{period:%m%Y}.csv", 3, "122025.csv", "2025-12"),
        ("y/{period:%YT%q}.csv", 1, "y/2025T4.csv", "2025-Q4"),
        ("{period:%d.%m.%Y}.csv", 5, "28.02.2026.csv", "2026-02-28"),
        ("{period:%Y}.csv", 2, "2024.csv", "2024"),
        ("all.csv", 0, "all.csv", ""),
    ],
)
def test_the_path_tells_the_period_of_the_visit(path: str, back: int, url: str, period: str) -> None:
    ref = parse_ref("TEST:DF(1.0.0)")
    flow = Flow(id="DF", dataflow=ref, partner=ref, path=path, periods_back=back)
    document = {"id": "P", "title": {"en": "P"}, "endpoint": "https://x.example/d/", "api": "file", "flows": []}
    source = read_source({**document, "schedule": {"every": "1 day"}})
    at = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
    assert (file_url(source, flow, at), file_period(flow, at)) == (f"https://x.example/d/{url}", period)


@pytest.mark.parametrize(
    ("api", "flow", "code"),
    [
        ("file", "    mapping: files.yaml\n", "source-path-missing"),
        ("file", "    path: a.csv\n", "source-path-missing"),
        ("v2", FLOW, "source-path-api"),
        ("file", '    path: "a*.csv"\n    mapping: files.yaml\n', "files-pattern"),
        ("file", '    path: "../a.csv"\n    mapping: files.yaml\n', "files-outside"),
    ],
)
def test_flows_that_do_not_go_with_files_are_told(hub: Hub, api: str, flow: str, code: str) -> None:
    path = hub.home / "Q.yaml"
    path.write_text(
        "id: Q\ntitle: {en: Q}\nendpoint: https://x.example/d\n"
        f"api: {api}\nschedule: {{every: 1 hour}}\nflows:\n  - dataflow: TEST:DF(1.0.0)\n{flow}",
        encoding="utf-8",
    )
    assert [finding.code for finding in read_source_file(path).findings] == [code]
