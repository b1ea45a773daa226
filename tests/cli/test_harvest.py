"""``source``, ``harvest`` and ``scheduler`` as a person types them: answers, JSON, exit codes."""

import datetime as dt
import json

import pytest
from click.testing import CliRunner

from sdmx_hub.cli import cli
from sdmx_hub.cli.context import NOT_FOUND
from sdmx_hub.errors import HubError
from sdmx_hub.store.database import open_database
from sdmx_hub.store.decisions import queue_retry
from sdmx_hub.store.runs import Runs
from tests.harvest.conftest import partner
from tests.harvest.hubs import Hub
from tests.harvest.partner import Reply, unused_port
from tests.harvest.test_visit import DATA, STRUCTURE, data, structure, theirs, time
from tests.support.commands import type_command

__all__ = ["data", "partner", "structure", "theirs", "time"]

SOURCE = """\
id: P
title: {{en: The partner, fr: Le partenaire}}
endpoint: {url}/sdmx/v2
api: v2
mechanism: {mechanism}
schedule: {{every: 1 second}}
flows:
  - dataflow: TEST:DF(1.0.0)
"""


@pytest.fixture
def home(tmp_path, time):
    hub = Hub(tmp_path / "home", time)
    hub.close()
    (hub.home / "hub.toml").write_text("allow_loopback = true\n", encoding="utf-8")
    return hub.home


@pytest.fixture
def run(home):
    """Run a command; gives exit code and JSON (or text)."""

    def type_in(*words: str, code: int = 0):
        done = CliRunner().invoke(cli, ["--home", str(home), *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert done.exit_code == code, done.output
        return json.loads(done.stdout) if "--json" in words else done.stdout

    return type_in


@pytest.fixture
def source(home, partner, data, structure):
    """The file of a source whose partner answers well."""
    partner.on(DATA, data)
    partner.on(STRUCTURE, structure)
    path = home.parent / "P.yaml"
    path.write_text(SOURCE.format(url=partner.url, mechanism="pull"), encoding="utf-8")
    return path


def test_a_source_is_added_listed_shown_and_removed(run, source):
    assert "kept" in run("source", "add", str(source))
    assert run("source", "add", str(source), "--json")["sources"][0]["changed"] is False
    listed = run("source", "list", "--json")["sources"]
    assert [(one["id"], one["flows"], one["last_state"]) for one in listed] == [("P", ["DF"], None)]
    shown = run("--lang", "fr", "source", "show", "P", "--json")
    assert (shown["title"], shown["sha256"], shown["flow_list"][0]["dataflow"]) == (
        "Le partenaire",
        listed[0]["sha256"],
        "TEST:DF(1.0.0)",
    )
    told = run("--lang", "fr", "source", "show", "P")
    assert "\n  DF                    TEST:DF(1.0.0)" in told
    assert not set("[]{}") & set(told)
    run("source", "remove", "P")
    assert "no sources" in run("source", "list")


def test_a_source_with_faults_is_not_kept(run, source):
    source.write_text(source.read_text(encoding="utf-8").replace("every:", "evry:"), encoding="utf-8")
    answer = run("source", "add", str(source), "--json", code=3)
    finding = answer["sources"][0]["findings"][0]
    assert (answer["sources"][0]["kept"], finding["row"], finding["path"]) == (False, 6, "schedule")
    assert "erreur P.yaml" in run("--lang", "fr", "source", "add", str(source), code=3)
    assert run("source", "list", "--json")["sources"] == []


def test_a_visit_is_made_listed_and_shown(run, source):
    run("source", "add", str(source))
    done = run("harvest", "run", "P", "--json")["runs"]
    assert [(one["state"], one["added"], one["findings"]) for one in done] == [("succeeded", 10, 0)]
    assert run("harvest", "run", "--json")["runs"][0]["state"] == "unchanged"
    listed = run("harvest", "list", "--json")["runs"]
    assert [one["state"] for one in listed] == ["unchanged", "succeeded"]
    assert run("harvest", "list", "--state", "succeeded", "--json")["runs"] == listed[1:]
    shown = run("harvest", "show", str(listed[1]["id"]), "--json")
    assert [request["purpose"] for request in shown["requests"]] == ["data", "structure"]
    assert shown["requests"][0]["status"] == 200
    assert "10" in run("harvest", "show", str(listed[1]["id"]))


def test_a_dry_run_loads_nothing(run, source):
    run("source", "add", str(source))
    assert run("harvest", "run", "P", "--dry-run", "--json")["runs"][0]["verdict_code"] == "harvest-checked"
    assert run("harvest", "run", "P", "--json")["runs"][0]["added"] == 10


@pytest.mark.parametrize(
    ("reply", "code"),
    [(Reply(503), 69), (Reply(200, b"<html></html>"), 69), (Reply(200, b"x", {"Content-Encoding": "gzip"}), 69)],
)
def test_a_visit_that_failed_says_how_by_its_exit_code(run, source, partner, monkeypatch, *, reply, code):
    monkeypatch.setattr("sdmx_hub.harvest.asking.FIRST_WAIT", 0.01)
    partner.on(DATA, reply)
    run("source", "add", str(source))
    run("harvest", "run", "P", code=code)
    run_id = run("harvest", "list", "--json")["runs"][0]["id"]
    partner.on(DATA, Reply(204))
    again = run("harvest", "retry", str(run_id), "--json")["runs"][0]
    assert (again["trigger"], again["follows"], again["state"]) == ("retry", run_id, "unchanged")


def test_a_repetition_that_waits_is_worked_on_and_one_under_way_is_shown(run, home, source):
    run("source", "add", str(source))
    run_id = run("harvest", "run", "P", "--json")["runs"][0]["id"]
    database, now = open_database(f"sqlite:///{home / 'control.db'}"), dt.datetime.now(dt.UTC)
    waiting = queue_retry(database, run_id, actor="test", now=now).run
    done = CliRunner().invoke(cli, ["--home", str(home), "--lang", "fr", "harvest", "retry", str(run_id)])
    assert f"La collecte {waiting.id} répète déjà la collecte {run_id}" in done.stderr
    busy = queue_retry(database, run_id, actor="test", now=now + dt.timedelta(seconds=1)).run
    later = now + dt.timedelta(hours=1)
    assert Runs(database).claim("elsewhere", now=later, lease=dt.timedelta(hours=1), run_id=busy.id) is not None
    database.close()
    assert f"{busy.id}  " in run("harvest", "retry", str(run_id))
    assert [one["state"] for one in run("harvest", "list", "--json")["runs"]] == ["running", "unchanged", "succeeded"]


def test_a_partner_that_is_not_there_is_told_by_the_exit_code(run, source, monkeypatch):
    monkeypatch.setattr("sdmx_hub.harvest.asking.FIRST_WAIT", 0.01)
    url = f"http://127.0.0.1:{unused_port()}"
    source.write_text(SOURCE.format(url=url, mechanism="delta"), encoding="utf-8")
    run("source", "add", str(source))
    run("harvest", "run", "P", code=69)


def test_what_has_ended_is_not_stopped(run, source, home):
    run("source", "add", str(source))
    run_id = run("harvest", "run", "P", "--json")["runs"][0]["id"]
    done = CliRunner().invoke(cli, ["--home", str(home), "harvest", "stop", str(run_id)])
    assert isinstance(done.exception, HubError)
    assert "already ended" in str(done.exception)


def test_the_scheduler_works_off_what_is_due_once(run, source):
    run("source", "add", str(source))
    done = {"runs": []}
    for _ in range(50):
        done = run("scheduler", "--once", "--json")
        if done["runs"]:
            break
    assert [one["state"] for one in done["runs"]] == ["succeeded"]
    assert done["runs"][0]["trigger"] == "schedule"


def test_a_flow_that_no_source_has_is_not_found(run, source, home):
    run("source", "add", str(source))
    done = type_command(home, "--lang", "fr", "harvest", "run", "P", "--flow", "NOWHERE")
    assert (done.returncode, done.stdout) == (NOT_FOUND, "")
    assert "n'a pas de flux « NOWHERE »" in done.stderr
