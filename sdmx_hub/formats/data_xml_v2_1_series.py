"""The two time-series messages of SDMX-ML 2.1: as the general ones, but always by time, and of one dataflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sdmx_hub.errors import BadQuery
from sdmx_hub.formats import data_xml_v2_1_generic, data_xml_v2_1_specific
from sdmx_hub.formats.render_xml import Described, describe, once_each
from sdmx_hub.formats.several import view_v2_1
from sdmx_hub.model.message import DataMessage


def write_generic(message: DataMessage, params: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write GenericTimeSeriesData. Raises BadQuery for data without time, or of several dataflows."""
    yield from data_xml_v2_1_generic.write_message(message, _by_time(message), "GenericTimeSeriesData")


def write_specific(message: DataMessage, params: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write StructureSpecificTimeSeriesData. Raises BadQuery for data without time, or of several dataflows."""
    yield from data_xml_v2_1_specific.write_message(message, _by_time(message), "StructureSpecificTimeSeriesData")


def _by_time(message: DataMessage) -> list[Described]:
    for dataset in message.datasets:
        if dataset.structure.time_dimension is None:
            raise BadQuery("format-without-time", dataflow=str(dataset.dataflow.ref))
    found = describe(view_v2_1(message), "TIME_PERIOD")
    if len(once_each(found)) > 1:
        raise BadQuery("format-of-one-dataflow", format="SDMX-ML 2.1 TimeSeriesData")
    return found
