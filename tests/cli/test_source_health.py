"""Health of sources, switching them, alerts: as a person types for it."""

import email
import email.policy

from click.testing import CliRunner

from sdmx_hub.cli import cli
from sdmx_hub.cli.context import NOT_FOUND
from sdmx_hub.errors import ConfigurationError
from tests.cli.test_harvest import data, home, partner, run, source, structure, theirs, time
from tests.support.commands import type_command

__all__ = ["data", "home", "partner", "run", "source", "structure", "theirs", "time"]


def test_a_source_is_listed_with_its_health_and_switched_off_and_on(run, source):
    source.write_text(source.read_text(encoding="utf-8").replace("1 second", "300 days"), encoding="utf-8")
    run("source", "add", str(source))
    assert run("source", "list", "--json")["sources"][0]["health"] == "never"
    run("harvest", "run", "P", "--json")
    shown = run("--lang", "fr", "source", "show", "P", "--json")
    assert (shown["health"], shown["health_text"], shown["flow_health"][0]["flow"]) == ("ok", "à jour", "DF")
    assert "no visits are queued" in run("source", "disable", "P")
    assert "switched off" in run("source", "list")
    assert run("source", "enable", "P", "--json") == {"id": "P", "disabled": False, "changed": True}
    assert run("source", "enable", "P", "--json")["changed"] is False


def test_what_is_switched_off_is_not_queued(run, source):
    run("source", "add", str(source))
    run("source", "disable", "P")
    assert run("scheduler", "--once", "--json")["queued"] == []


def test_the_scheduler_sends_alerts_and_a_test_is_sent_now(run, source, home, partner):
    text = source.read_text(encoding="utf-8").replace("1 second", "300 days")
    source.write_text(text + "alerts: {mail: [ana@office.example]}\n", encoding="utf-8")
    run("source", "add", str(source))
    assert "no alerts" in run("source", "alerts")
    assert type_command(home, "source", "alerts", "NIX").returncode == NOT_FOUND
    partner.replies.clear()
    run("harvest", "run", "P", code=69)
    run("scheduler", "--once", "--json")
    (listed,) = run("source", "alerts", "P", "--json")["alerts"]
    assert (listed["state"], listed["address"]) == ("sent", "ana@office.example")
    with (home / "hub.toml").open("a", encoding="utf-8") as file:
        file.write('[alerts]\nmail = "ben@office.example, ana@office.example"\n')
    assert run("source", "alerts", "P", "--test", "--json") == {"sent": 2, "failed": 0, "failures": []}
    mails = sorted((home / "outbox").iterdir())
    subjects = [email.message_from_bytes(one.read_bytes(), policy=email.policy.default)["Subject"] for one in mails]
    assert subjects == ["Labour-migration data hub: The partner is failing"] * 3


def test_a_wrong_setting_of_a_table_is_told_by_its_whole_name(home):
    (home / "hub.toml").write_text('[alerts]\nmial = "ana@office.example"\n', encoding="utf-8")
    done = CliRunner().invoke(cli, ["--home", str(home), "source", "alerts"])
    assert isinstance(done.exception, ConfigurationError)
    assert "alerts_mail" in str(done.exception)
