"""The limits of the doors, in one place: what is enforced is what is published."""

from __future__ import annotations

from sdmx_hub.config import Settings

LONGEST_URL = 8_000
"""Bytes of path and query; a little below what the server in front accepts, so that the refusal is ours."""


def list_limits(settings: Settings) -> tuple[tuple[str, int], ...]:
    """Name each limit and its value; the names are those of the sentences on the page."""
    return (
        ("observations", settings.max_observations),
        ("url", LONGEST_URL),
        ("upload", settings.max_upload_bytes),
    )
