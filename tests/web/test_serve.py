"""``sdmx-hub serve`` and ``sdmx-hub key``, as an operator types them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from sdmx_hub.cli import cli
from sdmx_hub.cli.serve import announce
from tests.support.commands import type_command

COMMAND = [sys.executable, "-c", "from sdmx_hub.cli import main; main()"]
ENVIRONMENT = {**os.environ, "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    assert "home" in type_command(home, "init").stdout
    return home


@pytest.fixture
def server(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [*COMMAND, "--home", str(home), "serve", "--port", "0", "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=ENVIRONMENT,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        url = next(word for word in line.split() if word.startswith("http://127.0.0.1:"))
        wait_for(f"{url}/livez")
        yield process, url
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(20)
        process.stdout.close()


def wait_for(url: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
                assert answer.status == 200
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_server_answers_and_stops_cleanly(server: tuple[subprocess.Popen[str], str], how: signal.Signals) -> None:
    process, url = server
    with urllib.request.urlopen(f"{url}/readyz", timeout=10) as answer:  # noqa: S310 - our own server
        assert json.loads(answer.read())["ready"]
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:  # noqa: S310 - our own server
        assert b"sdmx_hub_requests_total" in answer.read()
    process.send_signal(how)
    assert process.wait(30) == 0
    assert process.stdout is not None
    assert "Traceback" not in process.stdout.read()


def test_a_worker_that_dies_is_replaced(server: tuple[subprocess.Popen[str], str]) -> None:
    process, url = server
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) == 2
    os.kill(int(children[0]), signal.SIGKILL)
    for _ in range(20):
        wait_for(f"{url}/livez")
        wait_for(f"{url}/metrics")


def test_a_port_in_use_is_said_in_one_sentence(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*COMMAND, "--home", str(home), "serve", "--port", port],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 78
    assert f"serve --port {int(port) + 1}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("host", "warned"), [("127.0.0.1", False), ("::1", False), ("localhost", False), ("192.0.2.1", True)]
)
def test_an_address_others_can_reach_is_warned_about(
    host: str, warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    announce("en", host, 8000)
    printed = capsys.readouterr()
    assert "http://" in printed.out
    assert ("TLS" in printed.err) is warned


def test_keys_are_made_listed_and_revoked(home: Path) -> None:
    runner = CliRunner()
    made = runner.invoke(cli, ["--home", str(home), "key", "add", "office", "--scope", "load", "--json"])
    assert made.exit_code == 0, made.output
    key = json.loads(made.stdout)
    assert key["key"].startswith(f"hub_{key['prefix']}_")
    listed = runner.invoke(cli, ["--home", str(home), "key", "list", "--json"])
    assert key["key"] not in listed.stdout
    assert [one["state"] for one in json.loads(listed.stdout)["keys"]] == ["valid"]
    assert runner.invoke(cli, ["--home", str(home), "key", "revoke", key["prefix"]]).exit_code == 0
    shown = runner.invoke(cli, ["--home", str(home), "--lang", "fr", "key", "list"])
    assert "révoquée" in shown.stdout
