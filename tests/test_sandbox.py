"""Functions named by the tests run in the child, so they stand at the top of this module."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from sdmx_hub.errors import Malformed, TooLarge
from sdmx_hub.sandbox import MEBIBYTE, Limits, run_limited


def add(left: int, right: int) -> int:
    return left + right


def refuse(text: str) -> None:
    raise TooLarge("sandbox-time", seconds=text)


def eat() -> int:
    return len(bytearray(4096 * MEBIBYTE))


def sleep() -> None:
    time.sleep(60)


def die() -> None:
    os.abort()


def dial(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=1).close()


def write(path: str, size: int) -> None:
    Path(path).write_bytes(bytes(size))


def chatter() -> str:
    os.write(1, b"a library talks\n")
    return "answer"


def environment() -> list[str]:
    return sorted(os.environ)


def test_the_result_comes_back() -> None:
    assert run_limited(add, 2, 3) == 5


def test_a_refusal_in_the_child_is_raised_here() -> None:
    with pytest.raises(TooLarge) as caught:
        run_limited(refuse, "7")
    assert "7 seconds" in caught.value.text("en")


def test_too_much_memory_is_refused() -> None:
    with pytest.raises(TooLarge):
        run_limited(eat, limits=Limits(memory=1024 * MEBIBYTE))


def test_a_hanging_parser_is_stopped() -> None:
    with pytest.raises(TooLarge):
        run_limited(sleep, limits=Limits(seconds=1))


def test_a_dying_parser_is_a_refusal() -> None:
    with pytest.raises(Malformed):
        run_limited(die)


def test_the_child_reaches_no_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(Malformed, match="PermissionError"):
        run_limited(dial, server.getsockname()[1])


def test_a_file_may_not_grow_beyond_the_limit(tmp_path: Path) -> None:
    with pytest.raises(Malformed):
        run_limited(write, tmp_path / "big", 3 * MEBIBYTE, limits=Limits(file_size=MEBIBYTE))


def test_what_a_library_prints_does_not_disturb_the_answer() -> None:
    assert run_limited(chatter) == "answer"


def test_the_child_knows_no_secrets_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDMX_HUB_SECRET", "s3cret")
    assert "SDMX_HUB_SECRET" not in run_limited(environment)
