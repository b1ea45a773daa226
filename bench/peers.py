"""What pysdmx and sdmx1 take for the same work: observations a second, on the small cube, each in this process.

Only the library's own reading or writing is timed; making its objects is not. sdmx1 and pysdmx hold everything in
memory, so the small cube (100 k observations) stands for the large ones.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from bench.cube import TIME

Rates = dict[str, float]


@contextlib.contextmanager
def _timed(rates: Rates, name: str, observations: int) -> Iterator[None]:
    began = time.perf_counter()
    yield
    rates[name] = observations / (time.perf_counter() - began)


def measure_pysdmx(structure: Path, parquet: Path, specific: Path, csv: Path, observations: int) -> Rates:
    """Write and read the cube with pysdmx.

    ``structure`` is its SDMX-JSON 2.1 structure message, ``specific`` and ``csv`` are our own files of it. Returns
    observations a second by name of the work.
    """
    from pysdmx.io import get_datasets, read_sdmx, write_sdmx  # noqa: PLC0415 - heavy, and only for this peer
    from pysdmx.io.format import Format  # noqa: PLC0415
    from pysdmx.io.pd import PandasDataset  # noqa: PLC0415

    schema = read_sdmx(structure).get_data_structure_definitions()[0].to_schema()
    with duckdb.connect() as engine:
        frame = engine.execute(f"SELECT * FROM '{parquet}'").df().fillna("")
    dataset = PandasDataset(structure=schema, data=frame)
    series: dict[str, Any] = {"dimension_at_observation": {schema.short_urn: TIME}}
    rates: Rates = {}
    for name, media, options in (
        ("write structure-specific", Format.DATA_SDMX_ML_2_1_STR, series),
        ("write generic", Format.DATA_SDMX_ML_2_1_GEN, series),
        ("write CSV", Format.DATA_SDMX_CSV_2_0_0, {}),
    ):
        with _timed(rates, name, observations):
            write_sdmx([dataset], media, output_path=str(parquet.with_suffix(".peer")), **options)
    for name, source in (("read structure-specific", specific), ("read CSV", csv)):
        with _timed(rates, name, observations):
            get_datasets(source, structure)
    return rates


def measure_sdmx1(structure: Path, specific: Path, observations: int) -> Rates:
    """Read and write the cube with sdmx1; ``structure`` is its SDMX-ML 2.1 structure message."""
    import sdmx  # noqa: PLC0415 - heavy, and only for this peer

    rates: Rates = {}
    with contextlib.redirect_stdout(io.StringIO()):
        described: Any = sdmx.read_sdmx(structure)
        known = next(iter(described.structure.values()))
        with _timed(rates, "read structure-specific", observations):
            message = sdmx.read_sdmx(specific, structure=known)
        with _timed(rates, "write structure-specific", observations):
            sdmx.to_xml(message)
    return rates
