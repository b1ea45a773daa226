"""One truth in all formats: whatever is written, in whichever format, is valid and reads back as it was.

The formats of SDMX 2.1 tell the view that 2.1 has of the data: one measure, no arrays, each text in one language.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdmx_hub.formats import read_csv_table, read_rows
from sdmx_hub.formats.readers import read_data
from sdmx_hub.formats.writers import WRITERS
from tests.data_factories import TIME, make_dataset, make_message
from tests.formats.cube_strategies import Cube, cubes, full_view, rows_in, view_v2_1
from tests.formats.test_writers import SERIES_ONLY, judge
from tests.support.engine import connect

pytestmark = pytest.mark.usefixtures("parse_here")

OF_2_1 = {name for name in WRITERS if name in {"data-csv-1.0", "data-json-1.0"} or "xml-2.1" in name}
PARAMETERS: dict[str, list[dict[str, str]]] = {
    "data-csv-1.0": [{}, {"labels": "both"}],
    "data-csv-2.0": [{}, {"labels": "both", "keys": "both"}],
    "data-csv-2.1": [{}, {"labels": "name", "keys": "series"}],
}


def told(name: str, cube: Cube, parameters: dict[str, str], folder: Path) -> None:
    """Write a cube, hold the message against its schemas, and read it."""
    structure = cube.specimen.structure
    at = TIME if name in SERIES_ONLY else cube.at
    message = make_message(make_dataset(cube.specimen, cube.observations, at=at))
    written = b"".join(WRITERS[name](message, parameters))
    judge(name, written, cube.specimen, at)
    file = folder / "message"
    file.write_bytes(written)
    found = read_data(file, lambda urn: structure, connect())
    assert found.findings == ()
    (dataset,) = found.datasets
    rows = dataset.rows.connection.execute(dataset.rows.sql).fetchall()
    expected = view_v2_1(cube) if name in OF_2_1 else full_view(cube)
    assert rows_in(dataset.rows.columns, rows, structure) == expected, name


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(cube=cubes(), is_large=st.booleans())
@pytest.mark.parametrize("name", WRITERS)
def test_every_format_tells_the_same_observations(
    name: str, cube: Cube, is_large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``is_large`` reads it as if there was much of it: with columns of few texts as dictionaries."""
    monkeypatch.setattr(read_csv_table, "LARGE", 0 if is_large else 1 << 20)
    monkeypatch.setattr(read_rows, "MANY", 0 if is_large else 1 << 20)
    if name in SERIES_ONLY and cube.specimen.structure.time_dimension is None:
        return
    for parameters in PARAMETERS.get(name, [{}]):
        told(name, cube, parameters, tmp_path)
