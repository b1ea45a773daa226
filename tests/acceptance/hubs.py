"""A hub driven from outside: commands in processes of their own, a real server on loopback, plain HTTP."""

from __future__ import annotations

import contextlib
import csv
import http.client
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.support.forking import run_forked

ROOT = Path(__file__).parents[2]
MAPPINGS = ROOT / "mappings"
COMMAND_SECONDS = 120
READY_SECONDS = 60
STOP_SECONDS = 40
V2_1, V3_0 = ";version=2.1", ";version=3.0.0"
SPECIFIC = "application/vnd.sdmx.structurespecificdata+xml;version=2.1"
GENERIC = "application/vnd.sdmx.genericdata+xml;version=2.1"
XML_3 = "application/vnd.sdmx.data+xml;version=3.0.0"
JSON_1, JSON_2 = (f"application/vnd.sdmx.data+json;version={version}" for version in ("1.0.0", "2.0.0"))
CSV_1, CSV_2 = (f"application/vnd.sdmx.data+csv;version={version}" for version in ("1.0.0", "2.0.0"))
STRUCTURE_JSON_2 = "application/vnd.sdmx.structure+json;version=2.0.0"


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a fresh shell: no setting of the hub comes in from outside."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SDMX_HUB_")}
    return kept | {"COLUMNS": "200"} | dict(more or {})


def command(home: Path, *words: object) -> list[str]:
    return [sys.executable, "-m", "sdmx_hub", "--home", str(home), *map(str, words)]


def run(home: Path, *words: object, more: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return run_forked(["--home", home, *words], environment=environment(more), seconds=COMMAND_SECONDS)


def run_well(home: Path, *words: object) -> str:
    """Run one command that must end well; gives its standard output."""
    done = run(home, *words)
    assert done.returncode == 0, f"{words} → {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def ask(home: Path, *words: object) -> Any:
    """Run one command that must end well, with ``--json``; gives its answer."""
    return json.loads(run_well(home, *words, "--json"))


def load_sample(home: Path, provider: str, name: str) -> Any:
    """Load a shipped sample by its shipped mapping."""
    folder = MAPPINGS / provider
    return ask(home, "load", folder / "samples" / f"{name}.csv", "--mapping", folder / f"{name}.yaml", "--yes")


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def content_type(self) -> str | None:
        return self.headers["Content-Type"]

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    port: int
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        seconds: float = 60,
    ) -> Answer:
        """Send exactly this path and these headers: no client in between tidies them up."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            got = connection.getresponse()
            return Answer(got.status, got.msg, got.read())
        finally:
            connection.close()

    def get(self, path: str, accept: str | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("GET", path, named | ({"Accept": accept} if accept else {}))


@contextlib.contextmanager
def serving(home: Path, *words: object, more: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Serve a home on a free port until the context ends."""
    log = home / "serve.log"
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command(home, "serve", "--port", 0, "--workers", 1, *words),
            env=environment(more),
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
    try:
        server = Server(_port(log, process), process)
        wait_until_ready(server)
        yield server
    finally:
        stop(process)


def stop(process: subprocess.Popen[Any]) -> int:
    """Ask a process to end, then wait for it."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _port(log: Path, process: subprocess.Popen[str]) -> int:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text(encoding="utf-8"))
        if found:
            return int(found[1])
        time.sleep(0.05)
    raise AssertionError(f"the server did not start: {log.read_text(encoding='utf-8')}")


def wait_until_ready(server: Server) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and server.process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if server.get("/readyz").status == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"the server at {server.port} is not ready")


def data_path(api: str, flow: str, key: str = "", query: str = "") -> str:
    """Path of data of a dataflow of the hub's agency."""
    path = f"/sdmx/v1/data/ILMH,{flow}/{key or 'all'}" if api == "v1" else f"/sdmx/v2/data/dataflow/ILMH/{flow}/+/{key}"
    return path + (f"?{query}" if query else "")


def structure_of(server: Server, identifier: str) -> Any:
    """The ids of the dimensions of a data structure, as the API tells them; all that the judges need to know."""
    answer = server.get(f"/sdmx/v2/structure/datastructure/ILMH/{identifier}/+", STRUCTURE_JSON_2).json()
    (found,) = answer["data"]["dataStructures"]
    listed = found["dataStructureComponents"]["dimensionList"]
    dimensions = sorted(listed["dimensions"], key=lambda each: each["position"])
    return SimpleNamespace(key_ids=(*(each["id"] for each in dimensions), listed["timeDimension"]["id"]))


def rows_of(body: bytes) -> list[dict[str, str]]:
    """Rows of a CSV."""
    return list(csv.DictReader(io.StringIO(body.decode("utf-8"), newline="")))
