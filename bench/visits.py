"""What a harvest costs: one hub visits another on this machine, each in a process of its own, over real HTTP.

The visit is the whole of it: structures read and compared, the answer kept by its hash, every check, one release. sdmx1
fetches the same data into memory and checks nothing.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

from bench.cube import AGENCY, FLOW
from bench.http import serving
from bench.hub import open_hub
from sdmx_hub.cli import cli

SOURCE = "PARTNER"


def copy_partner(home: Path, target: Path) -> Path:
    """A hub with the cube that may be changed."""
    shutil.rmtree(target, ignore_errors=True)
    return Path(shutil.copytree(home, target))


def add_source(home: Path, port: int, mechanism: str) -> None:
    """Make a hub that harvests the cube from the hub at ``port``."""
    shutil.rmtree(home, ignore_errors=True)
    open_hub(home).close()
    source = {
        "id": SOURCE,
        "title": {"en": "A hub with the cube"},
        "endpoint": f"http://127.0.0.1:{port}/sdmx/v2",
        "api": "v2",
        "mechanism": mechanism,
        "schedule": {"every": "1 days"},
        "flows": [{"dataflow": str(FLOW)}],
    }
    file = home / f"{SOURCE}.yaml"
    file.write_text(json.dumps(source), encoding="utf-8")
    _type(home, "source", "add", str(file))


def visit(home: Path) -> tuple[float, float, dict[str, Any]]:
    """Visit the partner once: seconds, processor seconds, the run in the ledger. Raises RuntimeError for a bad one."""
    began, worked = time.perf_counter(), time.process_time()
    answer = json.loads(_type(home, "harvest", "run", SOURCE, "--json"))
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    (run,) = answer["runs"]
    if run["state"] not in {"succeeded", "unchanged"}:
        raise RuntimeError(run["verdict"])
    return seconds, processor, run


def _type(home: Path, *words: str) -> str:
    """Type a command in this process; what it said."""
    os.environ["SDMX_HUB_ALLOW_LOOPBACK"] = "true"
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            cli.main(["--home", str(home), *words], standalone_mode=False)
        except SystemExit as ended:
            if ended.code:
                raise RuntimeError(said.getvalue()) from ended
    return said.getvalue()


def fetch_by_sdmx1(home: Path, count: int) -> float:
    """Observations a second that sdmx1 fetches from a hub into memory, by structure-specific SDMX-ML."""
    import sdmx  # noqa: PLC0415 - heavy, and only for this peer

    with serving(home) as (port, _):
        entry = {"id": "BENCH_HUB", "name": "hub", "url": f"http://127.0.0.1:{port}/sdmx/v1"}
        sdmx.add_source(entry, override=True)
        client = sdmx.Client("BENCH_HUB")
        began = time.perf_counter()
        message = client.data(FLOW.id, agency_id=AGENCY)
        seconds = time.perf_counter() - began
    read = sum(len(data.obs) for data in message.data)
    if read != count:
        raise RuntimeError(f"sdmx1 read {read} of {count}")
    return count / seconds
