"""What a file is, from its first bytes: which reader it needs, or why none can read it."""

from __future__ import annotations

import enum
import re
from pathlib import Path

from sdmx_hub.errors import Malformed

HEAD = 65_536
"""Bytes looked at."""


class Kind(enum.StrEnum):
    """What bytes claim to be; the value is what people are told."""

    CSV_V1 = "SDMX-CSV 1.0"
    CSV_V2 = "SDMX-CSV 2.0 or 2.1"
    XML_V2_1_SPECIFIC = "SDMX-ML 2.1 structure-specific data"
    XML_V2_1_GENERIC = "SDMX-ML 2.1 generic data"
    XML_V3_0 = "SDMX-ML 3.0 structure-specific data"
    XML_V3_1 = "SDMX-ML 3.1 structure-specific data"
    JSON_V1 = "SDMX-JSON 1.0 data"
    JSON_V2 = "SDMX-JSON 2.0 data"
    JSON_V2_1 = "SDMX-JSON 2.1 data"
    XML_STRUCTURE = "an SDMX-ML structure message"
    JSON_STRUCTURE = "an SDMX-JSON structure message"
    XML_ERROR = "an SDMX error message"
    XML_OTHER = "XML that is not an SDMX message"
    JSON_OTHER = "JSON that is not an SDMX message"
    HTML = "a web page"
    GZIP = "a gzip file"
    ZIP = "a zip file"
    XLSX = "an Excel workbook"
    XLS = "an Excel 97 workbook"
    PDF = "a PDF document"
    CSV = "a table of text"
    EMPTY = "an empty file"
    BINARY = "binary data"


DATA_MESSAGES = frozenset(
    {
        Kind.CSV_V1,
        Kind.CSV_V2,
        Kind.XML_V2_1_SPECIFIC,
        Kind.XML_V2_1_GENERIC,
        Kind.XML_V3_0,
        Kind.XML_V3_1,
        Kind.JSON_V1,
        Kind.JSON_V2,
        Kind.JSON_V2_1,
    }
)
XML_KINDS = frozenset(kind for kind in Kind if kind.name.startswith("XML"))

_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"\x1f\x8b", Kind.GZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.XLS),
    (b"%PDF-", Kind.PDF),
)
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]{0,100}:)?([A-Za-z_][\w.-]{0,100})[\s/>]")
_SKIPPED = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?[^>]*>", re.DOTALL)
_CSV_V1 = re.compile(r'"?DATAFLOW(?:: [^",;\t\r\n]*)?"?[,;\t]', re.ASCII)
_CSV_V2 = re.compile(r'"?STRUCTURE(?:\[.\])?(?:: [^",;\t\r\n]*)?"?[,;\t|]"?STRUCTURE_ID', re.ASCII)
_JSON_V2 = re.compile(r'"(?:structures"\s*:\s*\[|dataSets")')
_STRUCTURES = re.compile(rb'"structure(s"\s{0,9}:\s{0,9}\[)?(?:(?<=\[)|"\s{0,9}:\s{0,9}\{)')
_BLOCK, _OVERLAP = 1 << 20, 64
_JSON_V2_1 = re.compile(r'"https?://json\.sdmx\.org/2\.1(?:\.\d+)?/')
_JSON_V1 = re.compile(r'"structure"\s*:\s*\{')
_JSON_STRUCTURE = re.compile(
    r'"(?:codelists|conceptSchemes|dataStructures|dataflows|agencySchemes|dataProviderSchemes|provisionAgreements|'
    r'structureMaps|representationMaps|dataConstraints|contentConstraints|categorySchemes|hierarchies|valueLists)"\s*:'
)
_ROOTS = {
    "StructureSpecificData": Kind.XML_V2_1_SPECIFIC,
    "StructureSpecificTimeSeriesData": Kind.XML_V2_1_SPECIFIC,
    "GenericData": Kind.XML_V2_1_GENERIC,
    "GenericTimeSeriesData": Kind.XML_V2_1_GENERIC,
    "Structure": Kind.XML_STRUCTURE,
    "RegistryInterface": Kind.XML_STRUCTURE,
    "Error": Kind.XML_ERROR,
    "Fault": Kind.XML_ERROR,
    "Envelope": Kind.XML_ERROR,
}


def sniff(path: Path) -> Kind:
    """Tell what a file is from its first bytes; JSON whose structure stands behind the data is searched for it."""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
        kind = sniff_bytes(head)
        if kind is not Kind.JSON_V2 or len(head) < HEAD or _STRUCTURES.search(head):
            return kind
        end = head[-_OVERLAP:]
        while block := stream.read(_BLOCK):
            found = _STRUCTURES.search(end + block)
            if found:
                return kind if found[1] else Kind.JSON_V1
            end = block[-_OVERLAP:]
    return kind


def sniff_bytes(head: bytes) -> Kind:
    """Tell what bytes are from the first of them (``HEAD`` are enough)."""
    packed = _kind_of_package(head)
    if packed is not None:
        return packed
    text = _decoded(head)
    if text is None:
        return Kind.BINARY
    stripped = text.lstrip()
    if not stripped:
        return Kind.EMPTY
    if stripped.startswith("<"):
        return _kind_of_xml(stripped)
    if stripped[0] in "{[":
        return _kind_of_json(stripped)
    return _kind_of_csv(stripped)


def require_data_message(path: Path) -> Kind:
    """Tell which data message a file is. Raises Malformed, naming what it is instead."""
    kind = sniff(path)
    if kind in DATA_MESSAGES:
        return kind
    hint = {
        Kind.EMPTY: "sniff-empty",
        Kind.HTML: "sniff-html",
        Kind.XML_ERROR: "sniff-error",
        Kind.XLSX: "sniff-table",
        Kind.XLS: "sniff-table",
        Kind.CSV: "sniff-table",
        Kind.XML_STRUCTURE: "sniff-structure",
        Kind.JSON_STRUCTURE: "sniff-structure",
    }.get(kind, "sniff-other")
    raise Malformed(hint, what=kind.name.partition("_")[0])


def _kind_of_package(head: bytes) -> Kind | None:
    if head.startswith(b"PK\x03\x04"):
        return Kind.XLSX if b"[Content_Types].xml" in head or b"xl/" in head else Kind.ZIP
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)


def _decoded(head: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return head.decode(encoding, errors="ignore")
    if head[:2] == b"<\0" or head[:2] == b"\0<":
        return head.decode("utf-16-le" if head[1] == 0 else "utf-16-be", errors="ignore")
    return None if head[:1024].count(0) > 2 else head.decode("utf-8", errors="replace")


def _kind_of_xml(text: str) -> Kind:
    position = 0
    while skipped := _SKIPPED.match(text, position):
        position = skipped.end()
    root = _ROOT.match(text, position)
    name = root[1] if root else ""
    if name.lower() in {"html", "head", "body"} or text[:200].lower().startswith("<!doctype html"):
        return Kind.HTML
    kind = _ROOTS.get(name, Kind.XML_OTHER)
    edition = re.search(r"schemas/v3_([01])/message", text) if kind is Kind.XML_V2_1_SPECIFIC else None
    if edition:
        return Kind.XML_V3_1 if edition[1] == "1" else Kind.XML_V3_0
    return kind


def _kind_of_json(text: str) -> Kind:
    v1, v2 = _JSON_V1.search(text), _JSON_V2.search(text)
    if v1 and '"dimensions"' in text and '"structures"' not in text:
        return Kind.JSON_V1
    if v2:
        return Kind.JSON_V2_1 if _JSON_V2_1.search(text) else Kind.JSON_V2
    return Kind.JSON_STRUCTURE if _JSON_STRUCTURE.search(text) else Kind.JSON_OTHER


def _kind_of_csv(text: str) -> Kind:
    if _CSV_V2.match(text):
        return Kind.CSV_V2
    return Kind.CSV_V1 if _CSV_V1.match(text) else Kind.CSV
