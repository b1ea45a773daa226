"""The libraries in use, pointed at a real server: they list, resolve and read, and both editions tell them the same."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

with warnings.catch_warnings():  # what these libraries do while they are imported is theirs
    warnings.simplefilter("ignore")
    import sdmx
    import sdmx.reader.xml.v30
    from pysdmx.api.dc.pd import PandasConnector
    from pysdmx.api.fmr import RegistryClient

from tests.web.conftest import AREAS, COUNT, PARTNERS, SEXES, YEARS

pytestmark = pytest.mark.filterwarnings("ignore")
SOURCE, SOURCE_3 = "ILMH", "ILMH3"
"""This client takes the id of the source for the agency, unless told otherwise."""


@pytest.fixture(scope="module")
def client_1(live_url: str) -> Iterator[Any]:
    sdmx.add_source({"id": SOURCE, "name": "Test", "url": f"{live_url}/sdmx/v1"}, override=True)
    yield sdmx.Client(SOURCE)
    sdmx.source.sources.pop(SOURCE)


@pytest.fixture(scope="module")
def client_2(live_url: str) -> Iterator[Any]:
    url = f"{live_url}/sdmx/v2"
    sdmx.add_source({"id": SOURCE_3, "name": "Test", "url": url, "versions": ["3.0.0"]}, override=True)
    yield sdmx.Client(SOURCE_3)
    sdmx.source.sources.pop(SOURCE_3)


def test_sdmx1_lists_the_dataflows(client_1: Any) -> None:
    flows = client_1.dataflow().dataflow
    assert "DF_STOCK_POP" in {getattr(flow, "id", key) for key, flow in flows.items()}


def test_sdmx1_resolves_a_structure_with_its_codelists(client_1: Any) -> None:
    message = client_1.datastructure("ILM_STOCK", params={"references": "children"}, agency_id="ILMH")
    structure = next(iter(message.structure.values()))
    assert [dimension.id for dimension in structure.dimensions][:3] == ["FREQ", "REF_AREA", "INDICATOR"]
    sexes = message.codelist["CL_SEX"]
    assert str(sexes["F"].name.localized_default("fr")) in {"Femmes", "Female"}


def test_sdmx1_reads_a_selection_of_data(client_1: Any) -> None:
    key = {"REF_AREA": "FRA", "SEX": "F"}
    frame = sdmx.to_pandas(client_1.data("DF_STOCK_POP", key=key, params={"startPeriod": "2018"}, agency_id="ILMH"))
    assert len(frame) == len(PARTNERS) * (YEARS.stop - 2018)


def test_both_editions_give_sdmx1_the_same_observations(client_1: Any, client_2: Any) -> None:
    first = sdmx.to_pandas(client_1.data("DF_STOCK_POP", agency_id="ILMH"))
    second = sdmx.to_pandas(client_2.data("DF_STOCK_POP", agency_id="ILMH", context="dataflow"))
    assert len(first) == len(second) == COUNT
    shared = list(first.index.names)
    second = second.droplevel([name for name in second.index.names if name not in shared]).reorder_levels(shared)
    assert first.sort_index().astype(float).to_dict() == second.sort_index().astype(float).to_dict()


def test_pysdmx_reads_the_registry(live_url: str) -> None:
    registry = RegistryClient(f"{live_url}/sdmx/v2")
    codes = registry.get_codes("SDMX", "CL_SEX", "2.1")
    assert {code.id for code in codes} >= {"F", "M", "_T"}
    flow = registry.get_dataflow_details("ILMH", "DF_STOCK_POP", "1.0.0")
    assert flow.id == "DF_STOCK_POP"
    schema = registry.get_schema("dataflow", "ILMH", "DF_STOCK_POP", "1.0.0")
    assert schema.components["REF_AREA"].local_codes is not None


def test_pysdmx_reads_data_as_a_frame(live_url: str) -> None:
    connector = PandasConnector(f"{live_url}/sdmx/v2")
    asked = "REF_AREA='FRA' AND TIME_PERIOD>='2020'"
    # Its schema cannot stand a DateTime attribute: what it hands to pandas there, pandas refuses.
    frame = connector.data("ILMH:DF_STOCK_POP(1.0.0)", asked, apply_schema=False)
    assert set(frame["REF_AREA"]) == {"FRA"}
    assert len(frame) == len(PARTNERS) * len(SEXES) * (YEARS.stop - 2020)
    assert len(AREAS) == 2
