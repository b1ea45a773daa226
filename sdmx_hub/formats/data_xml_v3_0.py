"""SDMX-ML 3.0 data: structure-specific, with a merge told as an append."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sdmx_hub.formats.render_xml import ACTIONS
from sdmx_hub.formats.render_xml_v3 import Edition, write_message
from sdmx_hub.model.message import DataMessage

_EDITION = Edition("http://www.sdmx.org/resources/sdmxml/schemas/v3_0", ACTIONS)


def write(message: DataMessage, params: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write the message; rows are drawn while the pieces are taken. ``params`` has no effect."""
    yield from write_message(message, _EDITION)
