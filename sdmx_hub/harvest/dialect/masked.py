"""What comes with the status 200 and is no data: an error, a page, or data whose footer says they are not whole.

An error message of SDMX or SOAP and one in JSON are never data, whoever sends them; a page is neither. Plain text and
footers are heeded where the dialect says that errors are told so: a line of text may be a table, and a footer may hold
a remark only.
"""

from __future__ import annotations

import re
from pathlib import Path

from sdmx_hub.formats.sniff import Kind, sniff_bytes
from sdmx_hub.harvest.dialect.answers import json_errors
from sdmx_hub.harvest.dialect.record import Dialect

HEAD = 65_536
_TAIL = 16_384
"""A footer stands at the end of a message, and is smaller than this."""
_LINE = 2000
"""An error that is a line of text is shorter than this."""
_XML_DATA = frozenset({Kind.XML_V2_1_GENERIC, Kind.XML_V2_1_SPECIFIC, Kind.XML_V3_0, Kind.XML_V3_1})
_MARKS = {"footer": re.compile(rb"<(?:\w+:)?Footer\b"), "rows": re.compile(rb"<(?:\w+:)?(?:Obs|Series)\b")}
_MESSAGE = re.compile(r"<(?:\w+:)?Message\b([^<>]{0,400})>(.{0,8000}?)</(?:\w+:)?Message\s*>", re.ASCII | re.DOTALL)
_ATTRIBUTE = re.compile(r"\b(code|severity)\s*=\s*[\"']([^\"']{1,40})[\"']", re.ASCII)
_WHOLE = frozenset({"information", "infomation", "warning", ""})
"""Severities of remarks; the second is how Eurostat writes the first."""
_GRAVE = frozenset({"100", "130", "413", "510"})
"""Codes that say, whatever the severity, that these are not the data asked for: none, or too many."""


def find_error(path: Path, dialect: Dialect) -> str | None:
    """Look behind the status 200: the error, or the footer, as it came.

    None for what is taken for data, or is left for the readers to refuse.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(HEAD)
        stream.seek(max(0, size - _TAIL))
        tail = stream.read(_TAIL)
    kind = sniff_bytes(head)
    if kind in _XML_DATA:
        return _footer(head, tail) if "footer" in dialect.errors else None
    text = head.decode("utf-8", errors="replace")
    is_line = kind is Kind.CSV and size <= _LINE and len(text.split()) > 1 and len(text.splitlines()) == 1
    is_error = (
        kind in {Kind.HTML, Kind.XML_ERROR}
        or (kind is Kind.JSON_OTHER and size <= HEAD and bool(json_errors(text)))
        or (is_line and "text" in dialect.errors)
    )
    return text if is_error else None


def _footer(head: bytes, tail: bytes) -> str | None:
    """The messages of a footer that say that the data are not what was asked for."""
    found = _MARKS["footer"].search(tail)
    if found is None:
        return None
    text = tail[found.start() :].decode("utf-8", errors="replace")
    for attributes, _ in _MESSAGE.findall(text):
        told = dict(_ATTRIBUTE.findall(attributes))
        code, severity = told.get("code", ""), told.get("severity", "").lower()
        if code == "100" and _MARKS["rows"].search(head):
            continue
        if code in _GRAVE or severity not in _WHOLE:
            return text
    return None
