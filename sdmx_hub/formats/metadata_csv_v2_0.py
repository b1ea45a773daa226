"""SDMX-CSV 2.0 reference metadata messages: with an action, without partial languages."""

from __future__ import annotations

from collections.abc import Mapping

from sdmx_hub.formats.metadata_csv import read, write_csv
from sdmx_hub.model.metadata import MetadataMessage

__all__ = ["read", "write"]


def write(message: MetadataMessage, params: Mapping[str, str]) -> bytes:
    """Write a message; ``labels`` says whether names stand beside ids."""
    return write_csv(message, params, action=True, partial=False)
