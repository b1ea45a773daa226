"""SDMX-CSV 2.1 (field guide of SDMX-CSV 2.1): lines are replaced, merged or deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sdmx_hub.formats.render_csv_v2 import write_message
from sdmx_hub.model.message import Action, DataMessage

_ACTIONS = {Action.APPEND: "M", Action.INFORMATION: "M"}
"""What 2.1 calls deprecated, by what it says to write instead."""


def write(message: DataMessage, params: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write the message; rows are drawn while the pieces are taken. Raises BadRequest for a period not of SDMX."""
    yield from write_message(message, params, _ACTIONS)
