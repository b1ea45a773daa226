"""The demonstration as a process, with all the processes it starts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.hubs import Server, command, environment


@dataclass(frozen=True)
class Demo:
    """A demonstration that runs."""

    home: Path
    process: subprocess.Popen[str]
    hub: Server
    partner: Server

    def said(self) -> str:
        return (self.home.parent / "demo.log").read_text(encoding="utf-8")

    def family(self) -> set[int]:
        """All processes but the first that work in its homes."""
        home = str(self.home).encode()
        return {pid for pid in _processes() if pid != self.process.pid and home in _words(pid)}

    def kill(self) -> None:
        """End whatever is left, by the ids of what it started."""
        for pid in (self.process.pid, *self.family()):
            if pid != self.process.pid or self.process.poll() is None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()


def start_demo(home: Path, port: int) -> Demo:
    with (home.parent / "demo.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command(home, "demo", "--port", port),
            env=environment({"PYTHONUNBUFFERED": "1"}),
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
    return Demo(home, process, Server(port, process), Server(port + 1, process))


def find_two_ports() -> int:
    """Find a free port with a free one behind it; gives the first."""
    for _ in range(100):
        with ExitStack() as stack, suppress(OSError):
            first = stack.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            second = stack.enter_context(socket.socket())
            second.bind(("127.0.0.1", port + 1))
            return port
    raise AssertionError("no two free ports")


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def _words(pid: int) -> bytes:
    """The command line of a process; empty when it is gone or only waits to be counted."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
