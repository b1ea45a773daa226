"""Pilots at the command line and as pages, and DF_Q_RUN following what happens: one hub for all of it."""

from __future__ import annotations

import csv
import datetime as dt
import json

import pytest
from axe_playwright_python.sync_playwright import Axe

from sdmx_hub.quality.indicators import CODED
from sdmx_hub.quality.pilot_keeper import PilotKeeper
from tests.quality.cells import write_cells
from tests.quality.pilots import RUNS, PilotHub, permits
from tests.quality.test_pilot_plan import PLAN
from tests.support.commands import type_command
from tests.support.serving import serving
from tests.web.browsing import RULES

TRY = PLAN.replace("2026-", "2025-")
AREA = TRY.replace("flows:", "area: G_AU\nflows:", 1)


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """A hub with two sources, the permits of one of them, and a pilot."""
    folder = tmp_path_factory.mktemp("pilots")
    found = PilotHub(folder / "home", dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    for source, area in (("LSO_MOLE", "LSO"), ("BEN_DGT", "BEN")):
        more = "mechanism: pull\n" if area == "BEN" else ""
        found.add_source(source, f"https://{area.lower()}.example/sdmx/v2", area, more=more)
    sent = write_cells(folder / "LSO.csv", "DF_FLOW_PERMIT", permits("LSO", "LSO_MOLE", "2025-01", ["AGO", "BWA"]))
    assert type_command(found.home, "load", sent, "--provider", "LSO_MOLE", "--yes").returncode == 0
    plan = folder / "TRY.yaml"
    plan.write_text(AREA, encoding="utf-8")
    assert type_command(found.home, "pilot", "add", plan).stdout == "pilot TRY kept\n"
    assert type_command(found.home, "pilot", "add", plan).stdout == "pilot TRY is as it was\n"
    yield found
    found.close()


@pytest.fixture
def type_(hub):
    def typed(*words, expect=0):
        done = type_command(hub.home, *words)
        assert done.returncode == expect, done.stdout + done.stderr
        return done

    return typed


def test_pilots_are_listed_and_shown(type_):
    (row,) = json.loads(type_("pilot", "list", "--json").stdout)["pilots"]
    assert (row["id"], row["participants"], row["periods"], row["rounds"]) == ("TRY", ["LSO_MOLE", "BEN_DGT"], 3, 0)
    assert json.loads(type_("pilot", "show", "TRY", "--json").stdout)["plan"]["area"] == "G_AU"


def test_the_report_is_told_in_every_form(type_, tmp_path):
    report = json.loads(type_("pilot", "report", "TRY", "--json").stdout)
    (flow,) = report["flows"]
    complete = {
        (row["participant"], row["period"]): row["value"]
        for row in flow["indicators"]
        if row["indicator"] == "R1_COMPL"
    }
    assert complete["LSO_MOLE", "2025-01"] == 100.0
    assert complete["BEN_DGT", "2025-01"] == 0.0
    assert flow["verdict"] == "extend"
    assert {row["indicator"] for row in flow["indicators"]} - CODED == {"SUMS_RT", "METHOD_RT", "LANG_RT"}
    assert "Verdict: extend" in type_("pilot", "report", "TRY", "--strict", expect=3).stdout
    assert "Veredicto" in type_("pilot", "report", "TRY", "--format", "html", "--language", "es").stdout
    for form in ("csv", "sdmx"):
        type_("pilot", "report", "TRY", "--format", form, "--output", tmp_path / form)
    with (tmp_path / "csv").open(encoding="utf-8", newline="") as file:
        assert {row["verdict"] for row in csv.DictReader(file)} == {"extend"}
    type_("check", tmp_path / "sdmx")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("pilot", "report", "NO"), 5, "NO"),
        (("pilot", "report", "TRY", "--period", "2026-01"), 2, "2025-01, 2025-02, 2025-03"),
        (("pilot", "remove", "NO"), 5, "NO"),
    ],
)
def test_what_is_not_there_is_told(type_, words, code, told):
    assert told in type_(*words, expect=code).stderr


def test_a_plan_with_faults_is_not_kept(type_, tmp_path):
    plan = tmp_path / "OTHER.yaml"
    plan.write_text(TRY.replace("mechanism: pull", "mechanism: push"), encoding="utf-8")
    assert "OTHER.yaml:r5:participants[2].mechanism" in type_("pilot", "add", plan, expect=3).stdout


def test_a_pilot_that_shares_a_flow_is_kept_and_told_what_another_publishes(type_, tmp_path):
    plan = tmp_path / "OTHER.yaml"
    plan.write_text(TRY.replace("id: TRY", "id: OTHER"), encoding="utf-8")
    told = type_("pilot", "add", plan).stdout
    assert "pilot OTHER kept" in told
    assert "pilot TRY was there first and publishes the indicators of DF_FLOW_PERMIT for BEN, 2025-01, 2025-02" in told
    assert "pilot TRY was there first" in type_("pilot", "report", "OTHER").stdout
    (one,) = json.loads(type_("pilot", "add", plan, "--json").stdout)["pilots"]
    assert {(row["pilot"], row["area"]) for row in one["shared"]} == {("TRY", "BEN"), ("TRY", "LSO"), ("TRY", "G_AU")}
    type_("pilot", "remove", "OTHER")


def test_the_pages_tell_the_verdict_to_everybody(hub):
    client = hub.client()
    for language, words in (("en", "Verdict: extend"), ("fr", "Verdict : prolonger"), ("es", "Veredicto: prolongar")):
        page = client.get("/pilots/TRY", query_string={"lang": language})
        assert (page.status_code, words in page.text) == (200, True)
    (flow,) = client.get("/pilots/TRY.json").json["flows"]
    assert flow["verdict"] == "extend"
    assert {row["indicator"] for row in flow["indicators"]} <= CODED  # what is not published is not here either
    assert [one["id"] for one in client.get("/pilots.json").json["pilots"]] == ["TRY"]
    assert "/pilots/TRY" in client.get("/pilots").text
    assert client.get("/pilots/NO").status_code == 404


def test_the_indicators_are_published_when_something_has_changed_and_only_then(hub, tmp_path):
    keeper = PilotKeeper(hub.database, hub.registry, hub.observations)
    later = hub.time.now()
    assert sum(report.added for report in keeper.refresh(later)) > 0
    assert ("LSO", "R1_COMPL", "2025-01", "100.0") in hub.rows(
        RUNS, "REF_AREA", "INDICATOR", "TIME_PERIOD", "OBS_VALUE"
    )
    assert keeper.refresh(later) == ()
    again = PilotKeeper(hub.database, hub.registry, hub.observations)
    assert [report.release_id for report in again.refresh(later)] == [None]
    sent = write_cells(tmp_path / "BEN.csv", "DF_FLOW_PERMIT", permits("BEN", "BEN_DGT", "2025-01", ["TGO"]))
    assert type_command(hub.home, "load", sent, "--provider", "BEN_DGT", "--yes").returncode == 0
    assert sum(report.revised for report in keeper.refresh(later)) > 0


@pytest.mark.browser
def test_page_and_report_break_no_rule_of_wcag_2_2_aa(hub, type_, chromium, tmp_path):
    type_("pilot", "report", "TRY", "--format", "html", "--language", "fr", "--output", tmp_path / "report.html")
    with serving(hub.client().application) as served, chromium.new_context() as context:
        page = context.new_page()
        for address in (f"{served}/pilots", f"{served}/pilots/TRY?lang=es", (tmp_path / "report.html").as_uri()):
            page.goto(address)
            results = Axe().run(page, options=RULES)
            assert results.violations_count == 0, results.generate_report()
