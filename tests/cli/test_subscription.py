"""``sdmx-hub subscription``: subscribed by hand, told by the scheduler, seen in the list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from sdmx_hub.cli import cli
from sdmx_hub.language import LANGUAGES
from tests.cli.test_structures import Hub, code
from tests.factories import make_codelist
from tests.support.commands import type_command
from tests.web.registry_hub import message

MAIL = ["--mail", "data@office.example"]


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    made = Hub(tmp_path / "home")
    made.run("init")
    return made


def listed(hub: Hub) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(hub.run("subscription", "list", "--json").stdout)["subscriptions"]
    return found


def test_the_scheduler_tells_of_what_was_loaded(hub: Hub, tmp_path: Path) -> None:
    words = ["--structures", "codelist/TEST", "--data", "*", "--id", "MINE"]
    added = hub.run("subscription", "add", "OFFICE", *MAIL, *words)
    assert code(added) == 0, added.output
    path = tmp_path / "list.json"
    path.write_bytes(message(make_codelist("CL_X", "AB")))
    hub.structures("load", str(path))
    assert listed(hub)[0]["notifications"] == {"waiting": 1}
    assert code(hub.run("scheduler", "--once")) == 0
    assert listed(hub)[0]["notifications"] == {"sent": 1}
    (mail,) = (hub.home / "outbox").glob("*.eml")
    assert b"CL_X" in mail.read_bytes()
    assert "1 delivered" in hub.run("subscription", "list").output
    assert code(hub.run("subscription", "remove", "MINE")) == 0
    assert "No subscriptions" in hub.run("subscription", "list").output


def test_a_test_says_whether_it_arrived(hub: Hub) -> None:
    hub.run("subscription", "add", "OFFICE", *MAIL, "--structures", "*", "--id", "ONE")
    result = hub.run("subscription", "test", "ONE")
    assert (code(result), "Delivered: 1" in result.output) == (0, True)
    url = "http://127.0.0.1:9/"
    words = ["--home", str(hub.home), "subscription", "add", "OFFICE", "--http", url, "--data", "dataflow/TEST/DF"]
    allowed = {"SDMX_HUB_NOTIFY_HOSTS": "127.0.0.1:9"}
    assert CliRunner().invoke(cli, [*words, "--id", "TWO"], env=allowed).exit_code == 0
    result = CliRunner().invoke(cli, ["--home", str(hub.home), "subscription", "test", "TWO"], env=allowed)
    assert result.exit_code == 69
    assert "127.0.0.1" in result.output
    assert "127.0.0.1" in str([one["last_failure"] for one in listed(hub)])
    told = [
        type_command(hub.home, "--lang", language, "subscription", "list", "--json").stdout for language in LANGUAGES
    ]
    said = {one["last_failure"] for text in told for one in json.loads(text)["subscriptions"]} - {""}
    assert len(said) == len(LANGUAGES)
    assert not any("{" in one for one in said)


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (["add", "OFFICE", *MAIL], 2),
        (["add", "OFFICE", "--structures", "*"], 2),
        (["add", "OFFICE", "--http", "https://office.example/", "--structures", "*"], 2),
        (["add", "OFFICE", "--mail", "nobody", "--structures", "*"], 2),
        (["add", "OFFICE", *MAIL, "--structures", "nothing"], 2),
        (["add", "OFFICE", *MAIL, "--structures", "codelist/a/b/c/d"], 2),
        (["add", "OFFICE", *MAIL, "--structures", "*", "--until", "2001-01-01"], 2),
        (["add", "urn:sdmx:org.sdmx.infomodel.codelist.Codelist=A:B(1.0)", *MAIL, "--structures", "*"], 2),
        (["remove", "NONE"], 5),
        (["test", "NONE"], 5),
    ],
)
def test_what_cannot_be_is_refused(hub: Hub, words: list[str], exit_code: int) -> None:
    assert code(hub.run("subscription", *words)) == exit_code
    assert listed(hub) == []
