"""SDMX-CSV 2.0 (field guide of SDMX-CSV 2.0), which does not know yet what it is to merge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sdmx_hub.formats.render_csv_v2 import write_message
from sdmx_hub.model.message import Action, DataMessage

_ACTIONS = {Action.MERGE: "A"}
"""Actions 2.0 does not know yet, by the one that means the same to a reader of 2.0."""


def write(message: DataMessage, params: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write the message; rows are drawn while the pieces are taken. Raises BadRequest for a period not of SDMX."""
    yield from write_message(message, params, _ACTIONS)
