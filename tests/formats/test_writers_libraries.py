"""Two independent libraries read our messages and find the same observations and attributes."""

from __future__ import annotations

import io

import pytest
import sdmx
from pysdmx.io import read_sdmx

from sdmx_hub.formats.writers import WRITERS
from tests.data_factories import TIME, make_dataset, make_message
from tests.formats import judges
from tests.formats.test_writers import make_cube, make_observations, write

PYSDMX = [name for name in WRITERS if "json" not in name]
SDMX1 = ["data-xml-2.1-generic", "data-xml-2.1-generic-series"]


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # pandas tells pysdmx
@pytest.mark.parametrize("name", PYSDMX)
def test_pysdmx_finds_everything(name):
    specimen, observations = make_cube(), make_observations()
    message = write(name, make_message(make_dataset(specimen, observations, coded=True))).decode()
    (dataset,) = read_sdmx(message, validate=True).data
    found = {}
    for row in dataset.data.to_dict("records"):
        values = {key: value for key, value in row.items() if isinstance(value, str) and value}
        key = tuple(values.pop(each) for each in specimen.structure.key_ids)
        found[key] = {str(each): str(value) for each, value in dataset.attributes.items()} | values
    assert found == judges.expected(specimen.structure, observations)


@pytest.mark.parametrize("at", [TIME, "AllDimensions"])
@pytest.mark.parametrize("name", SDMX1)
def test_sdmx1_finds_everything(name, at):
    specimen, observations = make_cube(), make_observations()
    at = TIME if name.endswith("series") else at
    message = write(name, make_message(make_dataset(specimen, observations, at=at, coded=True)))
    (dataset,) = sdmx.read_sdmx(io.BytesIO(message)).data
    found = {}
    for one in dataset.obs:
        whole = one.key + one.dimension if one.dimension else one.key
        values = {part: str(each.value) for part, each in whole.values.items()}
        attributes = {part: each.value for part, each in (dict(dataset.attrib) | dict(one.attrib)).items()}
        key = tuple(values[each] for each in specimen.structure.key_ids)
        found[key] = attributes | ({} if one.value is None else {"OBS_VALUE": one.value})
    assert found == judges.expected(specimen.structure, observations)
