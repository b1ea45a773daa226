"""The writer of every data format, by the id of the format in ``table``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sdmx_hub.formats import (
    data_csv_plain,
    data_csv_v1,
    data_csv_v2,
    data_csv_v2_1,
    data_json_v1,
    data_json_v2,
    data_json_v2_1,
    data_parquet,
    data_xlsx,
    data_xml_v2_1_generic,
    data_xml_v2_1_series,
    data_xml_v2_1_specific,
    data_xml_v3_0,
    data_xml_v3_1,
)
from sdmx_hub.model.message import DataMessage

WriteData = Callable[[DataMessage, Mapping[str, str]], Iterator[bytes | memoryview]]

WRITERS: Mapping[str, WriteData] = {
    "data-csv-1.0": data_csv_v1.write,
    "data-csv-2.0": data_csv_v2.write,
    "data-csv-2.1": data_csv_v2_1.write,
    "data-json-1.0": data_json_v1.write,
    "data-json-2.0": data_json_v2.write,
    "data-json-2.1": data_json_v2_1.write,
    "data-xml-2.1-generic": data_xml_v2_1_generic.write,
    "data-xml-2.1-generic-series": data_xml_v2_1_series.write_generic,
    "data-xml-2.1-specific": data_xml_v2_1_specific.write,
    "data-xml-2.1-specific-series": data_xml_v2_1_series.write_specific,
    "data-xml-3.0": data_xml_v3_0.write,
    "data-xml-3.1": data_xml_v3_1.write,
}
"""The writers of SDMX messages."""

TABLES: Mapping[str, WriteData] = {
    "data-csv-plain": data_csv_plain.write,
    "data-parquet": data_parquet.write,
    "data-xlsx": data_xlsx.write,
}
"""The writers of tables for people and their tools."""

DATA_WRITERS: Mapping[str, WriteData] = {**WRITERS, **TABLES}
