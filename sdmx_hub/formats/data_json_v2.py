"""SDMX-JSON 2.0 data: every dimension is in the series key or with the observations (field guide of SDMX-JSON 2.0)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sdmx_hub.formats.render_json import ACTIONS, Indexed, meta
from sdmx_hub.formats.render_json_v2 import Edition, write_message
from sdmx_hub.model.message import DataMessage

_SCHEMA = "https://json.sdmx.org/2.0.0/sdmx-json-data-schema.json"


def write(message: DataMessage, params: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write the message; the values in use are read first, then rows are drawn. ``params`` has no effect."""
    head = {"meta": meta(message.header, message, _SCHEMA)}
    yield from write_message(message, Edition(head=head, actions=ACTIONS, fix=_none, strings_in_arrays=True))


def _none(_indexed: Indexed) -> frozenset[str]:
    return frozenset()
