"""What the server does: one series at a time over eight connections, alone and beside a full download."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bench.cube import FLOW
from bench.load import LOOPBACK, Outcome, measure
from bench.measures import keys

DATA = f"/sdmx/v2/data/dataflow/{FLOW.agency_id}/{FLOW.id}/{FLOW.version}"
CSV = "?format=csvfile"


def free_port() -> int:
    """Find a port nobody uses."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(home: Path) -> Iterator[tuple[int, int]]:
    """Run ``sdmx-hub serve`` over ``home`` with its default settings; gives its port and process id."""
    port = free_port()
    command = [sys.executable, "-m", "sdmx_hub", "--home", str(home), "serve", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait(port, process)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(60)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError, http.client.HTTPException):
            if _get(port, "/readyz") == 200:
                return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


def _get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=300)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        while answer.read(1 << 20):
            pass
        return answer.status
    finally:
        connection.close()


def series_paths(parquet: Path, count: int) -> list[str]:
    """Paths of ``count`` different series: enough that none is asked for twice, and no answer comes from memory."""
    return [f"{DATA}/{key}{CSV}" for key in keys(parquet, count)]


def one_series(port: int, paths: list[str], seconds: float) -> Outcome:
    """Ask for one series after the other."""
    measure(port, paths[: len(paths) // 10], seconds=1.0)
    return measure(port, paths, seconds=seconds)


def beside_a_download(port: int, paths: list[str], seconds: float) -> Outcome:
    """The same while the whole cube streams over another connection, again and again."""
    until = time.monotonic() + seconds

    def download() -> None:
        while time.monotonic() < until:
            _get(port, f"{DATA}/*{CSV}")

    thread = threading.Thread(target=download)
    thread.start()
    time.sleep(0.3)
    outcome = measure(port, paths, seconds=seconds - 0.5)
    thread.join()
    return outcome


def worker_memory(pid: int) -> float:
    """The most memory a worker of the server at ``pid`` held so far, in MB (0 where /proc is missing)."""
    peaks = [0.0]
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line)
            if int(status["PPid"]) == pid or int(status["Pid"]) == pid:
                peaks.append(int(status.get("VmHWM", "0 kB").split()[0]) / 1024)
    return max(peaks)


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
