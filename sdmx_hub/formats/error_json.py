"""SDMX-JSON error messages: ``errors`` in place of ``data``.

SDMX-JSON 1.0 uses the codes of the standard (100 nothing found, 140 syntax, 150 semantics …), 2.0 the HTTP status.
"""

from __future__ import annotations

from sdmx_hub.formats.render_json import dump


def write_v1(code: int, text: str, *, language: str = "en") -> bytes:
    """Write an SDMX-JSON 1.0 error message."""
    return dump({"errors": [{"code": code, "title": text, "titles": {language: text}}]})


def write_v2(status: int, text: str, *, language: str = "en") -> bytes:
    """Write an SDMX-JSON 2.0 error message, for data and structure queries alike."""
    return dump({"errors": [{"code": status, "title": text, "titles": {language: text}}]})
