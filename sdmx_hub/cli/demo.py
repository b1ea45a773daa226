"""``sdmx-hub demo``: a whole hub on real figures, with a second hub playing a partner, until interrupted.

The first start makes two homes, loads the labour-migration structures into both and maps some of the shipped samples:
those of the ILO into the partner's hub, others into the first. Then it starts the two servers and the scheduler of the
first hub, which harvests the partner every minute. A later start finds everything in place and only starts.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from sdmx_hub import __version__
from sdmx_hub.cli.context import FAILED, HubContext, pass_hub
from sdmx_hub.errors import TryAgain
from sdmx_hub.language import sentence
from sdmx_hub.load.artefact_pack import pack_root

PARTNER = "ILO_STAT"
"""The provider whose samples the second hub publishes."""
SHOWN = (
    "CAN_IRCC/temporary_worker_program",
    "COL_UAEMC/entries_foreigners",
    "ESP_INE/emigration_destination",
    "GHA_LD/placements_agencies",
    "HTI_ONM/returns_months_2021",
    "ILO_STAT/employed_foreign_born",
    "ILO_STAT/nationals_abroad",
    "ILO_STAT/returns",
    "ITA_ISTAT/employed_foreigners",
    "ITA_ISTAT/immigration_citizenship",
    "SEN_ANSD/emigrants_rgph5",
    "TUN_ATCT/recruitments_2019",
    "UNSD/fatal_injuries",
    "UN_DESA/migrant_stock_2019",
    "UN_DESA/migrant_stock_2020",
    "USA_DOS/work_visas",
    "WB/bilateral_stocks_2017",
    "WB/remittances_received",
    "WB/sending_cost_to",
)
"""Mappings whose samples are shown: every kind of table, origins beside destinations, and soon done."""
OPTIONS = {"returns_months_2021": ["--override", "SUM-01"]}
"""The published total of this table is not the sum of its months; its figures are marked unvalidated."""
HARVESTED = "ILMH:DF_STOCK_ABROAD(1.0.0)"
READY_SECONDS = 90
STOP_SECONDS = 30
_STAMP = "demo.json"
_SOURCE = """\
# The partner of the demonstration: the second hub on this machine.
id: DEMO_PARTNER
title:
  en: The partner's hub of the demonstration
  fr: Le hub partenaire de la démonstration
  es: El hub socio de la demostración
endpoint: http://127.0.0.1:{port}/sdmx/v2
api: v2
format: csv-2.0
mechanism: delta
full_every: 10
schedule:
  every: 1 minute
flows:
  - dataflow: {dataflow}
    provider: {provider}
    totals:   # figures are rounded by the source
      - component: COUNTERPART_AREA
        total: W1
        tolerance: 0.01
      - component: SEX
        total: _T
        parts: [F, M]
        tolerance: 0.01
"""


@click.command()
@click.option("--port", type=click.IntRange(1, 65534), default=8000, show_default=True, help="Port of the first hub.")
@click.option("--partner-port", type=click.IntRange(1, 65535), help="Port of the partner; the next one unless told.")
@pass_hub
def demo(hub: HubContext, *, port: int, partner_port: int | None) -> None:
    r"""Start a hub on real national figures, a second hub as its partner, and the scheduler that harvests it.

    Everything is kept under the home directory; a second start loses nothing. Ctrl-C stops all.

    \b
    Examples:
      sdmx-hub --home .demo demo
      sdmx-hub --home .demo demo --port 9000
    """
    language = hub.language
    partner_port = partner_port or port + 1
    partner = hub.home / "partner"
    prepare(hub.home, partner, partner_port, language)
    with contextlib.ExitStack() as running:
        processes = [
            running.enter_context(_started(partner, ["serve", "--port", str(partner_port), "--workers", "1"])),
            running.enter_context(_started(hub.home, ["serve", "--port", str(port)])),
        ]
        for each, process in zip((partner_port, port), processes, strict=True):
            wait_until_ready(each, process)
        processes.append(running.enter_context(_started(hub.home, ["scheduler"])))
        click.echo(sentence("demo-running", language, port=port, partner=partner_port))
        try:
            _watch(processes)
        finally:
            for process in processes:  # all at once; then each is waited for
                process.terminate()
    click.echo(sentence("demo-stopped", language, home=hub.home))


def prepare(home: Path, partner: Path, partner_port: int, language: str) -> None:
    """Make both homes and load the structures and samples, unless an earlier start did so with this content."""
    root = pack_root()
    content = f"{__version__} {_fingerprint(root)}"
    stamp = home / _STAMP
    if not stamp.is_file() or json.loads(stamp.read_text(encoding="utf-8")).get("content") != content:
        click.echo(sentence("demo-preparing", language, home=home))
        loads: dict[Path, list[list[str]]] = {home: [], partner: []}
        for name in SHOWN:
            mapping, sample = shipped_sample(root, name)
            words = ["load", str(sample), "--mapping", str(mapping), "--yes", *OPTIONS.get(mapping.stem, [])]
            loads[partner if mapping.parent.name == PARTNER else home].append(words)
        with ThreadPoolExecutor(len(loads)) as pool:
            for made in [pool.submit(_fill, each, words) for each, words in loads.items()]:
                made.result()
        stamp.write_text(json.dumps({"content": content}), encoding="utf-8")
    source = home / "demo-partner.yaml"
    source.write_text(_SOURCE.format(port=partner_port, dataflow=HARVESTED, provider=PARTNER), encoding="utf-8")
    _run(home, ["source", "add", str(source)])


def _fill(home: Path, loads: Sequence[Sequence[str]]) -> None:
    _run(home, ["init"], ["structures", "load", "--pack"], ["metadata", "load", "--pack"], *loads)


def shipped_sample(root: Path, name: str) -> tuple[Path, Path]:
    """Give a shipped mapping, and the sample of the same name beside it."""
    mapping = root / "mappings" / f"{name}.yaml"
    [sample] = (mapping.parent / "samples").glob(f"{mapping.stem}.*")
    return mapping, sample


def _fingerprint(root: Path) -> str:
    digest = hashlib.sha256()
    for folder in ("codelists", "dsd", "metadata", "mappings"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file():
                digest.update(path.relative_to(root).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _command(home: Path, arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "sdmx_hub", "--home", str(home), *arguments]


def _environment() -> dict[str, str]:
    # The partner is on this machine: the one case in which a harvest may reach it.
    return {**os.environ, "SDMX_HUB_ALLOW_LOOPBACK": "true"}


def _run(home: Path, *commands: Sequence[str]) -> None:
    """Run commands on a home, in one process of their own; end as the first that fails does."""
    done = subprocess.run(
        [sys.executable, "-m", "sdmx_hub.cli.commands"],
        input=json.dumps([["--home", str(home), *words] for words in commands]),
        env=_environment(),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        click.echo(done.stdout, err=True)
        sys.exit(done.returncode)


@contextlib.contextmanager
def _started(home: Path, arguments: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a part in a session of its own, so that Ctrl-C reaches this process first; stop it at the end."""
    process = subprocess.Popen(_command(home, arguments), env=_environment(), start_new_session=True)  # noqa: S603 - our own
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the hub at ``port`` says it is ready. Raises TryAgain when it ends or takes too long."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise TryAgain("demo-not-ready", port=port)


def _watch(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Wait for Ctrl-C (or SIGTERM); end as failed when a part ends by itself."""

    def stop(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):  # a shell may start what it puts aside with SIGINT ignored
        signal.signal(number, stop)
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(0.2)
    except KeyboardInterrupt:
        return
    ended = next(process for process in processes if process.poll() is not None)
    click.echo(f"{' '.join(map(str, ended.args[3:]))} → {ended.returncode}", err=True)  # type: ignore[index] # a list, as given
    sys.exit(FAILED)
