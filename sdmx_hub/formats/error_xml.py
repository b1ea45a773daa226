"""SDMX-ML error messages: a code of the standard (100 nothing found, 140 syntax, 150 semantics …) and a sentence.

SDMX-ML 2.1 and 3.0, ``Error``; codes as in the REST API v1.5, "HTTP status codes".
"""

from __future__ import annotations

from sdmx_hub.formats.render_xml import DECLARATION, escape

CONTENT_TYPE_V2_1 = "application/vnd.sdmx.structure+xml;version=2.1"
"""The standard gives errors no media type of their own; services answer with that of structures."""
CONTENT_TYPE_V3_0 = "application/vnd.sdmx.structure+xml;version=3.0.0"


def write_v2_1(code: int, text: str, *, language: str = "en") -> bytes:
    """Write an SDMX-ML 2.1 error message."""
    return _write("v2_1", code, text, language)


def write_v3_0(code: int, text: str, *, language: str = "en") -> bytes:
    """Write an SDMX-ML 3.0 error message."""
    return _write("v3_0", code, text, language)


def _write(edition: str, code: int, text: str, language: str) -> bytes:
    schemas = f"http://www.sdmx.org/resources/sdmxml/schemas/{edition}"
    return (
        f'{DECLARATION}<message:Error xmlns:message="{schemas}/message" xmlns:common="{schemas}/common">\n'
        f'<message:ErrorMessage code="{code}"><common:Text xml:lang="{escape(language)}">{escape(text)}</common:Text>'
        "</message:ErrorMessage>\n</message:Error>\n"
    ).encode()
