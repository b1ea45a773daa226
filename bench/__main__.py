"""``make bench``: one table of what the hub costs, each line a figure, its ratio or limit, and whether that is met."""

from __future__ import annotations

import argparse
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from bench import http, measures, peers, tables, visits
from bench.alone import Measured, alone
from bench.cube import SIZES, Size, write_cube
from bench.hub import structure_message
from sdmx_hub.formats import structure_json_v2_1, structure_xml_v2_1

ROUNDS = 3
"""Timed runs of each download; the median counts."""
FILES = {"ML 2.1 structure-specific": "xml", "CSV 2.0": "csv"}
"""The formats that are read back, and how their files end."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: ``value`` against ``limit`` (at most; at least when ``at_least``), in ``unit``; ``told`` explains."""

    name: str
    value: float
    limit: float
    unit: str
    told: str = ""
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Tell whether the target is met."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        verdict = "ok  " if self.is_met else "MISS"
        return f"{verdict} {self.name:<46} {self.value:>10.2f} {sign} {self.limit:<8g} {self.unit:<10} {self.told}"


PARTS = (
    "downloads",
    "workbook",
    "memory",
    "peers",
    "loads",
    "tables",
    "store",
    "questions",
    "server",
    "revision",
    "harvests",
)
"""What is measured, in this order."""


def main() -> None:
    """Measure and print. Exits with 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--scale", choices=["1m", "10m"], default="10m", help="The larger of the two cubes.")
    parser.add_argument("--keep", type=Path, help="Folder for the cubes and hubs; a temporary one unless told.")
    parser.add_argument("--only", choices=PARTS, action="append", help="Measure this part alone; may be repeated.")
    told = parser.parse_args()
    folder = told.keep or Path(tempfile.mkdtemp(prefix="sdmx-hub-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    print(
        f"{platform.machine()}, {http.cores()} cores, Python {platform.python_version()}, DuckDB {duckdb.__version__}"
    )
    missed = 0
    try:
        for line in lines(folder, SIZES[told.scale], frozenset(told.only or PARTS)):
            print(line, flush=True)
            missed += not line.is_met
    finally:
        if told.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    print("every target is met" if not missed else f"{missed} targets are missed")
    sys.exit(1 if missed else 0)


def lines(folder: Path, large: Size, parts: frozenset[str]) -> Iterator[Line]:
    """Measure what is asked for, line by line."""
    cubes = {name: folder / f"{name}.parquet" for name in ("100k", "1m", large.name)}
    counts = {name: write_cube(SIZES[name], path) for name, path in cubes.items()}
    homes = {name: folder / f"home-{name}" for name in cubes}
    for name, home in homes.items():
        shutil.rmtree(home, ignore_errors=True)
        alone(measures.store_rows, home, cubes[name])
    million, most = homes["1m"], homes[large.name]
    measured: dict[str, Callable[[], Iterator[Line]]] = {
        "downloads": lambda: _downloads(most, counts[large.name]),
        "workbook": lambda: iter((_workbook(million, counts["1m"]),)),
        "memory": lambda: _memory(homes, large),
        "peers": lambda: _peers(folder, homes["100k"], cubes["100k"], counts["100k"]),
        "loads": lambda: _loads(folder, most, counts[large.name]),
        "tables": lambda: _tables(folder, million, cubes["1m"], cubes[large.name]),
        "store": lambda: _store(most, cubes[large.name], counts[large.name]),
        "questions": lambda: _questions(million),
        "server": lambda: _server(most, cubes[large.name]),
        "revision": lambda: _revision(most, cubes[large.name]),
        "harvests": lambda: _harvests(folder, homes, cubes["1m"], counts),
    }
    for name in PARTS:
        if name in parts:
            yield from measured[name]()


def _median(function: Callable[..., Any], *arguments: Any) -> tuple[float, Measured]:
    """Seconds (the median of the rounds) and the last measurement."""
    runs = [alone(function, *arguments) for _ in range(ROUNDS)]
    return statistics.median(_seconds(run) for run in runs), runs[-1]


def _middle(function: Callable[..., float], *arguments: Any) -> float:
    return statistics.median(alone(function, *arguments).result for _ in range(ROUNDS))


def _seconds(run: Measured) -> float:
    return float(run.result[0] if isinstance(run.result, tuple) else run.result)


def _downloads(home: Path, count: int) -> Iterator[Line]:
    """Whole downloads: CSV against COPY, the others against that CSV."""
    copy, _ = _median(measures.copy_csv, home)
    csv, run = _median(measures.download, home, "CSV 2.0")
    rate = (
        f"{count / csv / 1e6:.2f} M obs/s, {run.result[1] / csv / 1e6:.0f} MB/s; COPY {count / copy / 1e6:.2f} M obs/s"
    )
    yield Line(name="full CSV / DuckDB COPY", value=csv / copy, limit=1.2, unit="× time", told=rate)
    for name, limit in (
        ("ML 2.1 structure-specific", 1.6),
        ("ML 3.0", 1.6),
        ("JSON 2.0", 1.3),
        ("ML 2.1 generic", 2.2),
        ("CSV 2.1", 1.1),
        ("ML 3.1", 1.6),
        ("JSON 2.1", 1.3),
        ("plain CSV", 1.1),
        ("Parquet", 4),
    ):
        seconds, run = _median(measures.download, home, name)
        rate = f"{count / seconds / 1e6:.2f} M obs/s, {run.result[1] / seconds / 1e6:.0f} MB/s"
        yield Line(name=f"full {name} / CSV", value=seconds / csv, limit=limit, unit="× time", told=rate)
    gzip, run = _median(measures.download_gzip, home)
    yield Line(
        name="full CSV gzipped / plain",
        value=gzip / csv,
        limit=1.3,
        unit="× time",
        told=f"{run.result[1] / 1e6:.0f} MB",
    )


def _workbook(home: Path, count: int) -> Line:
    """A workbook of a million observations, close to the most it holds, against the CSV of the same."""
    csv, _ = _median(measures.download, home, "CSV 2.0")
    seconds, run = _median(measures.download, home, "workbook")
    told = f"{count / seconds / 1e6:.2f} M obs/s, {run.result[1] / 1e6:.0f} MB, {run.peak_mb:.0f} MB of memory"
    return Line(name="full workbook, 1m / CSV", value=seconds / csv, limit=12, unit="× time", told=told)


def _memory(homes: dict[str, Path], large: Size) -> Iterator[Line]:
    """Resident memory of a process that writes everything."""
    small = alone(measures.download, homes["1m"], "ML 2.1 structure-specific").peak_mb
    whole = alone(measures.download, homes[large.name], "ML 2.1 structure-specific").peak_mb
    yield Line(
        name=f"memory of a full download, {large.name}", value=whole, limit=400, unit="MB", told=f"1m: {small:.0f} MB"
    )


def _peers(folder: Path, home: Path, parquet: Path, count: int) -> Iterator[Line]:
    """The same work by pysdmx and sdmx1, on the small cube; ours on the larger one, in the folder beside it."""
    larger = home.parent / "home-1m"
    message = structure_message()
    json, xml = folder / "structure.json", folder / "structure.xml"
    json.write_bytes(structure_json_v2_1.write(message))
    xml.write_bytes(structure_xml_v2_1.write(message))
    specific, csv = (folder / f"100k.{ending}" for ending in FILES.values())
    ours = {}
    for name, ending in FILES.items():
        alone(measures.write_file, home, name, folder / f"100k.{ending}")
        ours[f"write {name}"] = statistics.median(
            alone(measures.write_rate, larger, name).result for _ in range(ROUNDS)
        )
        file = folder / f"1m.{ending}"
        alone(measures.write_file, larger, name, file)
        ours[f"read {name}"] = _middle(measures.read_rate, larger, file)
    pysdmx = alone(peers.measure_pysdmx, json, parquet, specific, csv, count).result
    sdmx1 = alone(peers.measure_sdmx1, xml, specific, count).result
    for ours_name, their_name, rates, who, limit in (
        ("write ML 2.1 structure-specific", "write structure-specific", pysdmx, "pysdmx", 80),
        ("write ML 2.1 structure-specific", "write structure-specific", sdmx1, "sdmx1", 40),
        ("write CSV 2.0", "write CSV", pysdmx, "pysdmx", 15),
        ("read ML 2.1 structure-specific", "read structure-specific", pysdmx, "pysdmx", 12),
        ("read CSV 2.0", "read CSV", pysdmx, "pysdmx", 6),
    ):
        ratio = ours[ours_name] / rates[their_name]
        told = f"{ours[ours_name] / 1e6:.2f} M obs/s against {rates[their_name] / 1e3:.1f} k"
        yield Line(name=f"{ours_name} / {who}", value=ratio, limit=limit, unit="× speed", told=told, at_least=True)


def _loads(folder: Path, home: Path, count: int) -> Iterator[Line]:
    """Validated loads, from bytes to release, into an empty hub."""
    for name, limit in (("CSV 2.0", 500), ("ML 2.1 structure-specific", 250)):
        file = folder / f"{home.name.removeprefix('home-')}.{FILES[name]}"
        alone(measures.write_file, home, name, file)
        empty = folder / f"home-load-{FILES[name]}"
        shutil.rmtree(empty, ignore_errors=True)
        run = alone(measures.load, empty, file)
        yield Line(
            name=f"validated load, {name}",
            value=count / run.result / 1000,
            limit=limit,
            unit="k obs/s",
            told=f"{run.peak_mb:.0f} MB",
            at_least=True,
        )


def _tables(folder: Path, home: Path, cube: Path, large: Path) -> Iterator[Line]:
    """Tables in words, with four tables of codes, mapped; by processor seconds, which others disturb less."""
    rates: dict[str, float] = {}
    for shape, kind in (("wide", "20 columns of years become rows"), ("long", "one observation a row")):
        table, mapping = folder / f"1m-{shape}.csv", tables.write_mapping(folder / f"{shape}.yaml", shape)
        count = tables.write_table(cube, table, shape)
        runs = [alone(tables.map_table, home, table, mapping, "512MB") for _ in range(ROUNDS)]
        rates[shape] = count / statistics.median(run.result[0] for run in runs)
        told = f"{kind}; {count / runs[-1].result[1] / 1e3:.0f} k obs/s by the clock, {runs[-1].peak_mb:.0f} MB"
        name = f"map a CSV of ten columns, {shape}"
        yield Line(name=name, value=rates[shape] / 1e3, limit=500, unit="k obs/cpu s", told=told, at_least=True)
    bare = count / _middle(tables.floor, folder / "1m-wide.csv")
    told = f"UNPIVOT and 4 joins, nothing checked: {bare / 1e3:.0f} k obs/cpu s"
    yield Line(name="DuckDB alone / map, wide", value=bare / rates["wide"], limit=8, unit="× speed", told=told)
    table = folder / "large-long.csv"
    count = tables.write_table(large, table, "long", 100)
    small, run = (alone(tables.check_table, home, one, folder / "long.yaml") for one in (folder / "1m-long.csv", table))
    told = f"{count / 1e6:.1f} M rows mapped and checked; 1m: {small.peak_mb:.0f} MB"
    yield Line(name="memory of a check of a large CSV", value=run.peak_mb, limit=1000, unit="MB", told=told)


def _store(home: Path, parquet: Path, count: int) -> Iterator[Line]:
    """Inside the store: disk, one series, a slice."""
    yield Line(name="disk", value=measures.disk_bytes(home) / count, limit=10, unit="B/obs")
    taken = alone(measures.latencies, home, parquet).result
    yield Line(name="one series in the store, p50", value=taken["series p50"], limit=5, unit="ms")
    yield Line(name="one series in the store, p99", value=taken["series p99"], limit=15, unit="ms")
    told = f"{taken['slice rows']:.0f} observations"
    yield Line(name="slice of one area in the store, p50", value=taken["slice p50"], limit=20, unit="ms", told=told)


def _questions(home: Path) -> Iterator[Line]:
    """What there is of a million observations, and a dataflow with everything around it."""
    taken = alone(measures.availability, home).result
    told = f"first {taken['first']:.0f} ms"
    yield Line(name="availability of 1m, p50", value=taken["again"], limit=100, unit="ms", told=told)
    yield Line(name="availability of 1m by key or period, p50", value=taken["by key"], limit=100, unit="ms")
    milliseconds, size = alone(measures.structures).result
    told = f"{size / 1e6:.1f} MB"
    yield Line(name="structures, references=all", value=milliseconds, limit=500, unit="ms", told=told)


def _server(home: Path, parquet: Path) -> Iterator[Line]:
    """Over HTTP, eight connections, the server and its clients on the same cores."""
    paths = http.series_paths(parquet, 40_000)
    with http.serving(home) as (port, pid):
        quiet = http.one_series(port, paths[:20_000], 8)
        busy = http.beside_a_download(port, paths[20_000:], 12)
        memory = http.worker_memory(pid)
    told = f"p50 {quiet.percentile(0.5):.1f} ms, {quiet.failures} failures"
    yield Line(name="one series over HTTP", value=quiet.per_second, limit=300, unit="req/s", told=told, at_least=True)
    yield Line(name="one series over HTTP, p99", value=quiet.percentile(0.99), limit=60, unit="ms")
    told = f"p50 {busy.percentile(0.5):.1f} ms, {busy.per_second:.0f} req/s, {busy.failures} failures"
    yield Line(name="the same beside a full download, p99", value=busy.percentile(0.99), limit=60, unit="ms", told=told)
    yield Line(name="memory of a web worker after that", value=memory, limit=400, unit="MB")


def _revision(home: Path, parquet: Path) -> Iterator[Line]:
    """One observation in a hundred changes: until it is visible, and what that costs readers."""
    run = alone(measures.revise, home, parquet)
    yield Line(name="revision of 1 % until visible", value=run.result, limit=2, unit="s", told=f"{run.peak_mb:.0f} MB")
    taken = alone(measures.latencies, home, parquet).result
    yield Line(name="one series after it, p99", value=taken["series p99"], limit=20, unit="ms")


def _harvests(folder: Path, homes: dict[str, Path], cube: Path, counts: dict[str, int]) -> Iterator[Line]:
    """One hub visits another: everything, nothing new, and one observation in a hundred."""
    peer = alone(visits.fetch_by_sdmx1, homes["100k"], counts["100k"]).result
    partner = visits.copy_partner(homes["1m"], folder / "partner")
    with http.serving(partner) as (port, _):
        for mechanism in ("conditional", "delta"):
            alone(visits.add_source, folder / mechanism, port, mechanism)
        first = alone(visits.visit, folder / "conditional")
        alone(visits.visit, folder / "delta")
        whole, worked, _ = first.result
        rate = counts["1m"] / whole
        told = (
            f"{rate / 1e3:.0f} k obs/s, {worked:.1f} processor s, checked and released; "
            f"sdmx1 {peer / 1e3:.0f} k obs/s of 100k into memory"
        )
        yield Line(name="harvest 1m / sdmx1", value=rate / peer, limit=3, unit="× speed", told=told, at_least=True)
        yield Line(name="memory of a harvest of 1m", value=first.peak_mb, limit=1000, unit="MB")
        again, cost, _ = alone(visits.visit, folder / "conditional").result
        told = f"{again:.1f} s, asked with its ETag; {cost / worked:.2f} of the processor time"
        yield Line(name="harvest of nothing new / of 1m", value=again / whole, limit=0.1, unit="× time", told=told)
        alone(measures.revise, partner, cube)
        delta, cost, run = alone(visits.visit, folder / "delta").result
        told = f"{delta:.1f} s, {run['revised']} revised; {cost / worked:.2f} of the processor time"
        yield Line(name="harvest of 1 % changed / of 1m", value=delta / whole, limit=0.3, unit="× time", told=told)


if __name__ == "__main__":
    main()
