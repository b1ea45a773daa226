"""The measurements themselves: each a function over a hub's home that returns plain numbers."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from bench.cube import CODES, COLUMNS, DIMENSIONS, FLOW, TIME, open_cube
from bench.hub import HEADER, ask, open_hub
from sdmx_hub.cli.context import HubContext
from sdmx_hub.formats import (
    compress,
    data_csv_plain,
    data_csv_v2,
    data_csv_v2_1,
    data_json_v2,
    data_json_v2_1,
    data_parquet,
    data_xlsx,
    data_xml_v2_1_generic,
    data_xml_v2_1_specific,
    data_xml_v3_0,
    data_xml_v3_1,
    structure_json_v2_1,
)
from sdmx_hub.formats.readers import read_data
from sdmx_hub.load.artefacts import pack_root, read_pack
from sdmx_hub.load.release import load_file
from sdmx_hub.load.report import LoadOrder
from sdmx_hub.model.message import Action, StructureMessage
from sdmx_hub.model.rows import Rows, quoted
from sdmx_hub.model.urn import Urn
from sdmx_hub.publish.availability import open_availability
from sdmx_hub.publish.sources import find_sources
from sdmx_hub.publish.structure import open_structures
from sdmx_hub.query.urls_v2 import parse_availability, parse_data, parse_structure
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.releases import Lineage

WRITERS = {
    "CSV 2.0": data_csv_v2,
    "ML 2.1 structure-specific": data_xml_v2_1_specific,
    "ML 3.0": data_xml_v3_0,
    "ML 2.1 generic": data_xml_v2_1_generic,
    "JSON 2.0": data_json_v2,
    "CSV 2.1": data_csv_v2_1,
    "ML 3.1": data_xml_v3_1,
    "JSON 2.1": data_json_v2_1,
    "plain CSV": data_csv_plain,
    "Parquet": data_parquet,
    "workbook": data_xlsx,
}
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def _drain(chunks: Iterable[bytes | memoryview]) -> int:
    return sum(len(chunk) for chunk in chunks)


def store_rows(home: Path, parquet: Path) -> float:
    """Stage and release the cube without checks; seconds."""
    hub = open_hub(home)
    rows = open_cube(parquet)
    return _release(hub, rows, Action.REPLACE)


def _release(hub: HubContext, rows: Rows, action: Action) -> float:
    structure = hub.registry.snapshot().structure_of(Urn("Dataflow", FLOW))
    began = time.perf_counter()
    staged = hub.observations.stage(FLOW, structure, {"public": rows, "internal": rows}, action=action)
    hub.observations.release([staged], Lineage(source="bench"), actor="bench", now=dt.datetime.now(dt.UTC))
    return time.perf_counter() - began


def revise(home: Path, parquet: Path) -> float:
    """Change one observation in a hundred and make it visible; seconds."""
    hub = open_hub(home)
    columns = ", ".join("'7.25' AS OBS_VALUE" if name == "OBS_VALUE" else quoted(name) for name in COLUMNS)
    chosen = f"hash({', '.join((*DIMENSIONS, TIME))}) % 100 = 0"
    rows = Rows(connection=duckdb.connect(), sql=f"SELECT {columns} FROM '{parquet}' WHERE {chosen}", columns=COLUMNS)
    return _release(hub, rows, Action.MERGE)


def load(home: Path, file: Path) -> float:
    """Load a message with every check, into a hub that holds none of it; seconds."""
    hub = open_hub(home)
    artefacts = hub.registry.snapshot()
    began = time.perf_counter()
    report = load_file(LoadOrder(path=file), artefacts, hub.observations, actor="bench", now=dt.datetime.now(dt.UTC))
    seconds = time.perf_counter() - began
    if report.has_errors:
        raise RuntimeError(report.findings[0].text())
    return seconds


def read_rate(home: Path, file: Path) -> float:
    """Read a message to its last observation; observations a second."""
    artefacts = open_hub(home).registry.snapshot()
    structure = artefacts.structure_of(Urn("Dataflow", FLOW))
    with duckdb.connect() as engine:
        began = time.perf_counter()
        read = 0
        for dataset in read_data(file, lambda _: structure, engine).datasets:
            read += sum(int(batch.num_rows) for batch in dataset.rows.batches())
        seconds = time.perf_counter() - began
    return read / seconds


def write_rate(home: Path, name: str) -> float:
    """Write the whole cube of a hub in one format; observations a second."""
    seconds, _ = download(home, name)
    rows = ask(open_hub(home)).datasets[0].rows
    return sum(int(batch.num_rows) for batch in rows.batches()) / seconds


def write_file(home: Path, name: str, file: Path) -> None:
    """Write the whole cube of a hub to a file."""
    with file.open("wb") as out:
        for chunk in WRITERS[name].write(ask(open_hub(home)), {}):
            out.write(chunk)


def disk_bytes(home: Path) -> int:
    """Bytes of the segments."""
    return sum(path.stat().st_size for path in (home / "observations" / "segments").rglob("*") if path.is_file())


def download(home: Path, name: str) -> tuple[float, int]:
    """Write the whole cube in one format; seconds and bytes."""
    hub = open_hub(home)
    began = time.perf_counter()
    size = _drain(WRITERS[name].write(ask(hub), {}))
    return time.perf_counter() - began, size


def download_gzip(home: Path) -> tuple[float, int]:
    """Write the whole cube as gzipped CSV; seconds and bytes."""
    hub = open_hub(home)
    began = time.perf_counter()
    size = _drain(compress.compress(data_csv_v2.write(ask(hub), {}), "gzip"))
    return time.perf_counter() - began, size


def copy_csv(home: Path) -> float:
    """Let DuckDB COPY the same rows to a CSV file by itself, with two threads; seconds."""
    rows = ask(open_hub(home)).datasets[0].rows
    columns = ", ".join(map(quoted, rows.columns))
    rows.close()
    segment = max((home / "observations" / "segments").rglob("*.duckdb"), key=lambda path: path.stat().st_size)
    target = home / "copy.csv"
    with duckdb.connect(config={"threads": 2}) as engine:
        engine.execute("SET enable_progress_bar = false")
        engine.execute(f"ATTACH '{segment}' AS segment (READ_ONLY)")
        found = engine.execute("SELECT table_name FROM duckdb_columns() WHERE column_name = ?", ["REF_AREA"]).fetchone()
        table = f"segment.{quoted(found[0])}" if found else ""
        began = time.perf_counter()
        engine.execute(f"COPY (SELECT {columns} FROM {table}) TO '{target}' (FORMAT csv, HEADER)")
        seconds = time.perf_counter() - began
    target.unlink()
    return seconds


def keys(parquet: Path, count: int) -> list[str]:
    """Keys of ``count`` different series of the cube, scattered, always the same ones."""
    key = f"concat_ws('.', {', '.join(DIMENSIONS)})"
    with duckdb.connect() as engine:
        found = engine.execute(
            f"SELECT key FROM (SELECT DISTINCT {key} AS key FROM '{parquet}') ORDER BY hash(key) LIMIT {count}"
        ).fetchall()
    return [name for (name,) in found]


def latencies(home: Path, parquet: Path) -> Mapping[str, float]:
    """One series, and everything of one area, from plan to last row inside the store; milliseconds."""
    hub = open_hub(home)
    points, _ = _latencies(hub, keys(parquet, 300))
    slices, rows = _latencies(hub, [f"A.{code}.*.*.*.FLOW.USD" for code in CODES["REF_AREA"][:30]])
    return {
        "series p50": _share(points, 0.5),
        "series p99": _share(points, 0.99),
        "slice p50": _share(slices, 0.5),
        "slice rows": rows,
    }


def _latencies(hub: HubContext, wanted: list[str]) -> tuple[list[float], float]:
    """Milliseconds of each, sorted, the first tenth left out as warming up; and rows on average."""
    artefacts = hub.registry.snapshot()
    taken, drawn = [], 0
    for key in wanted:
        query = parse_data(("dataflow", FLOW.agency_id, FLOW.id, FLOW.version, key), "")
        source = next(iter(find_sources(query, artefacts)))
        began = time.perf_counter()
        rows = hub.observations.open_rows(FLOW, source.structure, source.plan)
        drawn += sum(batch.num_rows for batch in rows.batches())
        rows.close()
        taken.append(1000 * (time.perf_counter() - began))
    return sorted(taken[len(taken) // 10 :]), drawn / len(wanted)


def _share(ranked: list[float], share: float) -> float:
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def availability(home: Path) -> Mapping[str, float]:
    """What there is of the cube, asked first, again, and by key with what could be added; milliseconds."""
    hub = open_hub(home)
    by_key = [f"*.*.{code}" for code in CODES["COUNTERPART_AREA"][:20]]
    first, *again = [_availability(hub, "*", "") for _ in range(20)]
    chosen = [_availability(hub, key, "mode=available") for key in by_key]
    bounded = [_availability(hub, key, "c[TIME_PERIOD]=ge:2010") for key in by_key]
    return {"first": first, "again": _share(sorted(again), 0.5), "by key": _share(sorted(chosen + bounded), 0.5)}


def _availability(hub: HubContext, key: str, query: str) -> float:
    asked = parse_availability(("dataflow", FLOW.agency_id, FLOW.id, FLOW.version, key), query)
    artefacts, now = hub.registry.snapshot(), dt.datetime.now(dt.UTC)
    began = time.perf_counter()
    open_availability(asked, artefacts, hub.observations, audience="public", now=now)
    return (time.perf_counter() - began) * 1000


def structures() -> tuple[float, int]:
    """One dataflow of the shipped structures with everything around it, opened and written; milliseconds and bytes."""
    artefacts = Artefacts(read_pack(pack_root()))
    query = parse_structure(("dataflow", "ILMH", "DF_STOCK_POP", "~"), "references=all")
    taken, size = [], 0
    for _ in range(5):
        began = time.perf_counter()
        size = len(structure_json_v2_1.write(StructureMessage(HEADER, open_structures(query, artefacts))))
        taken.append((time.perf_counter() - began) * 1000)
    return _share(sorted(taken), 0.5), size
