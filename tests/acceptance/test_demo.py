"""The demonstration: one command, two hubs, a harvest between them, and Ctrl-C ends it all."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.hubs import CSV_2, Answer, Server, data_path, rows_of
from tests.acceptance.playing import Demo, start_demo

FLOW = "DF_STOCK_ABROAD"
PREPARED_SECONDS, HARVESTED_SECONDS, AGAIN_SECONDS, STOPPED_SECONDS = 280, 120, 120, 60


@pytest.fixture(scope="module", autouse=True)
def _stopped(demo: Demo) -> None:
    """Stop it whatever happens (the fixture ``demo`` does)."""


def wait_for(seconds: float, is_there: Callable[[], bool], demo: Demo) -> float:
    """Wait until something holds; gives the seconds it took."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        assert demo.process.poll() is None, demo.said()
        if is_there():
            return time.monotonic() - begun
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} seconds: {demo.said()}")


def ask(server: Server, path: str, accept: str | None = None) -> Answer | None:
    try:
        return server.get(path, accept)
    except OSError:
        return None


def is_ready(demo: Demo) -> bool:
    return all((answer := ask(hub, "/readyz")) is not None and answer.status == 200 for hub in (demo.hub, demo.partner))


def harvested(demo: Demo) -> bool:
    answer = ask(demo.hub, data_path("v2", FLOW), CSV_2)
    return answer is not None and answer.status == 200


def observations(server: Server) -> set[tuple[tuple[str, str], ...]]:
    rows = rows_of(server.get(data_path("v2", FLOW), CSV_2).body)
    found = {tuple(sorted(row.items())) for row in rows}
    assert len(found) == len(rows) == 216
    return found


@pytest.mark.timeout(600)
def test_one_command_shows_two_hubs_and_a_harvest_and_ends_cleanly(demo: Demo) -> None:
    wait_for(PREPARED_SECONDS, lambda: f"http://127.0.0.1:{demo.hub.port}/harvest" in demo.said(), demo)
    for url in (f"{demo.hub.url}/", f"{demo.partner.url}/", f"{demo.hub.url}/sdmx/v2/"):
        assert url in demo.said()
    assert is_ready(demo)
    for path in ("/", "/harvest", data_path("v2", "DF_FLOW_POP", query="format=csv")):
        assert demo.hub.get(path).status == 200

    wait_for(HARVESTED_SECONDS, lambda: harvested(demo), demo)
    got = observations(demo.hub)
    assert got == observations(demo.partner)
    (first,) = [run for run in demo.hub.get("/api/harvest/runs").json()["runs"] if run["added"]]
    assert (first["state"], first["added"], first["deleted"]) == ("succeeded", 216, 0)

    seconds = interrupt(demo)
    assert seconds < STOPPED_SECONDS

    again = start_demo(demo.home, demo.hub.port)
    try:
        seconds = wait_for(AGAIN_SECONDS, lambda: is_ready(again), again)
        assert seconds < AGAIN_SECONDS
        assert observations(again.hub) == got
        wait_for(AGAIN_SECONDS, lambda: f"{again.hub.url}/harvest" in again.said(), again)
        interrupt(again)
    finally:
        again.kill()


def interrupt(demo: Demo) -> float:
    """Press Ctrl-C; everything ends, with 0. Gives the seconds it took."""
    family = demo.family()
    assert len(family) >= 4, "two servers with their workers, and the scheduler"
    begun = time.monotonic()
    demo.process.send_signal(signal.SIGINT)
    try:
        ended = demo.process.wait(STOPPED_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise AssertionError(demo.said()) from error
    assert ended == 0, demo.said()
    assert "Traceback" not in demo.said()
    assert [pid for pid in family if Path(f"/proc/{pid}").exists()] == []
    assert demo.family() == set()
    return time.monotonic() - begun
