"""``source profiles`` and ``source probe`` as a person types them."""

import json

import pytest

from sdmx_hub.harvest.dialect.profiles import profiles
from tests.harvest.conftest import partner
from tests.harvest.hubs import Hub, observation
from tests.harvest.partner import Reply, unused_port
from tests.harvest.virtual import VirtualTime
from tests.support.commands import type_command

__all__ = ["partner"]


@pytest.fixture
def home(tmp_path):
    hub = Hub(tmp_path / "home", VirtualTime())
    hub.close()
    (hub.home / "hub.toml").write_text("allow_loopback = true\n", encoding="utf-8")
    return hub.home


def test_every_profile_is_listed(home):
    told = json.loads(type_command(home, "source", "profiles", "--json").stdout)["profiles"]
    assert [row["id"] for row in told] == list(profiles())
    text = type_command(home, "source", "profiles").stdout
    assert all(name in text for name in profiles())


@pytest.mark.parametrize(
    ("language", "title", "reason"),
    [
        ("en", "European Central Bank", "how nothing is told: 404 means that nothing matches"),
        ("fr", "Banque centrale européenne", "comment se dit « rien »: 404 veut dire que rien ne correspond"),
        ("es", "Banco Central Europeo", "cómo se dice «nada»: 404 significa que nada coincide"),
    ],
)
def test_a_profile_is_shown_with_its_reasons(home, language, title, reason):
    done = type_command(home, "--lang", language, "source", "profiles", "ECB")
    assert done.returncode == 0
    assert title in done.stdout
    assert reason in done.stdout
    told = json.loads(type_command(home, "--lang", language, "source", "profiles", "ECB", "--json").stdout)
    assert told["title"] == title
    assert reason.endswith(told["remarks"]["nothing"].partition(" ; ")[0].partition("; ")[0])
    assert title in type_command(home, "--lang", language, "source", "profiles").stdout


def test_a_profile_nobody_knows_is_not_found(home):
    done = type_command(home, "source", "profiles", "NOBODY")
    assert (done.returncode, "NOBODY" in done.stderr) == (5, True)


def test_why_a_partner_lets_nobody_in_is_said_with_what_to_do(home, partner):
    partner.live = lambda _: Reply(401)
    words = ("source", "probe", f"{partner.url}/rest", "--spacing", 0)
    done = type_command(home, *words, "--lang", "es")
    assert done.returncode == 77
    assert "quiere saber quién pregunta" in done.stdout
    assert f"401  -  {partner.url}/rest/dataflow" in done.stdout
    both = type_command(home, *words, "--secret-file", "x", "--secret-environment", "Y")
    assert both.returncode == 2
    missing = type_command(home, *words, "--secret-environment", "NOBODY_SET_THIS")
    assert (missing.returncode, "NOBODY_SET_THIS" in missing.stderr) == (78, True)


def test_a_probe_writes_a_draft_that_can_be_added(home, tmp_path):
    hub = Hub(tmp_path / "theirs", VirtualTime())
    hub.publish([observation("SEN", str(year), "1") for year in range(2015, 2025)])
    draft = tmp_path / "P.yaml"
    words = ("--api", "v2", "--spacing", 0, "--output", draft)
    with hub.serving() as url:
        done = type_command(home, "source", "probe", f"{url}/sdmx/v2", "--lang", "fr", *words)
        assert done.returncode == 0, done.stderr
        assert "note A" in done.stdout
        assert f"source add {draft}" in done.stdout
        again = type_command(home, "source", "probe", url, *words)
        assert (again.returncode, str(draft) in again.stderr) == (1, True)
    hub.close()
    added = json.loads(type_command(home, "source", "add", draft, "--json").stdout)["sources"][0]
    assert (added["kept"], added["findings"]) == (True, [])


def test_a_probe_tells_what_failed_and_what_to_do(home, partner):
    partner.live = lambda _: Reply(200, b"<html></html>", {"Content-Type": "text/html"})
    done = type_command(home, "source", "probe", partner.url, "--spacing", 0, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["scorecard"]["grade"], told["draft"]) == (3, "E", None)
    assert len(told["requests"]) == len(partner.seen)
    failed = [check for area in told["scorecard"]["areas"] for check in area["checks"] if check["passed"] is False]
    assert all(check["advice"] for check in failed)


def test_a_partner_that_is_not_there_is_unavailable(home):
    done = type_command(home, "source", "probe", f"http://127.0.0.1:{unused_port()}", "--spacing", 0)
    assert (done.returncode, done.stdout) == (69, "")


def test_a_probe_asks_no_more_than_told(home, partner):
    partner.live = lambda _: Reply(404)
    type_command(home, "source", "probe", partner.url, "--spacing", 0, "--max-requests", 1)
    assert len(partner.seen) == 1
