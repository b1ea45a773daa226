"""One table of all writers of reference metadata, by the id of their format."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sdmx_hub.formats import (
    metadata_csv_v2_0,
    metadata_csv_v2_1,
    metadata_json_v2_0,
    metadata_json_v2_1,
    metadata_xml_v2_1_generic,
    metadata_xml_v3_0,
    metadata_xml_v3_1,
)
from sdmx_hub.model.metadata import MetadataMessage

Writer = Callable[[MetadataMessage, Mapping[str, str]], bytes]

METADATA_WRITERS: Mapping[str, Writer] = {
    "metadata-json-2.1": lambda message, _: metadata_json_v2_1.write(message),
    "metadata-json-2.0": lambda message, _: metadata_json_v2_0.write(message),
    "metadata-xml-3.1": lambda message, _: metadata_xml_v3_1.write(message),
    "metadata-xml-3.0": lambda message, _: metadata_xml_v3_0.write(message),
    "metadata-csv-2.1": metadata_csv_v2_1.write,
    "metadata-csv-2.0": metadata_csv_v2_0.write,
    "metadata-xml-2.1-generic": lambda message, _: metadata_xml_v2_1_generic.write(message),
}
