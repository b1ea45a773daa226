from __future__ import annotations

from pathlib import Path

import pytest

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.sniff import Kind, require_data_message, sniff, sniff_bytes

M21 = 'xmlns:m="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"'
M30 = 'xmlns:m="http://www.sdmx.org/resources/sdmxml/schemas/v3_0/message"'
BEGINNINGS = [
    (b"DATAFLOW,FREQ,OBS_VALUE\n", Kind.CSV_V1),
    (b"\xef\xbb\xbfDATAFLOW;FREQ;OBS_VALUE\n", Kind.CSV_V1),
    (b"STRUCTURE,STRUCTURE_ID,ACTION,FREQ\n", Kind.CSV_V2),
    (b"STRUCTURE[;],STRUCTURE_ID,ACTION,FREQ\n", Kind.CSV_V2),
    (b"Pays;2019;2020\n", Kind.CSV),
    (f"<m:StructureSpecificData {M21}>".encode(), Kind.XML_V2_1_SPECIFIC),
    (
        f"<?xml version='1.0'?>\n<!-- note -->\n<m:StructureSpecificTimeSeriesData {M21}>".encode(),
        Kind.XML_V2_1_SPECIFIC,
    ),
    (f"<m:StructureSpecificData {M30}>".encode(), Kind.XML_V3_0),
    (f"<m:StructureSpecificData {M30.replace('v3_0', 'v3_1')}>".encode(), Kind.XML_V3_1),
    (f"<m:GenericData {M21}>".encode(), Kind.XML_V2_1_GENERIC),
    (f"<m:Structure {M21}>".encode(), Kind.XML_STRUCTURE),
    (f"<m:Error {M21}>".encode(), Kind.XML_ERROR),
    (b"<S:Envelope><S:Body><S:Fault>", Kind.XML_ERROR),
    (b"<!DOCTYPE html>\n<html lang='fr'>", Kind.HTML),
    (b"\n<html><body>", Kind.HTML),
    (b"<kml>", Kind.XML_OTHER),
    (b'{"meta":{},"data":{"structures":[{"dimensions":{}}]}}', Kind.JSON_V2),
    (b'{"$schema":"https://json.sdmx.org/2.1/sdmx-json-data-schema.json","data":{"structures":[]}}', Kind.JSON_V2_1),
    (b'{"header":{},"structure":{"dimensions":{}},"dataSets":[]}', Kind.JSON_V1),
    (b'{"meta":{},"data":{"codelists":[]}}', Kind.JSON_STRUCTURE),
    (b'{"type":"FeatureCollection"}', Kind.JSON_OTHER),
    (b"\x1f\x8b\x08\x00", Kind.GZIP),
    (b"PK\x03\x04....[Content_Types].xml", Kind.XLSX),
    (b"PK\x03\x04....data.csv", Kind.ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.XLS),
    (b"%PDF-1.7", Kind.PDF),
    (b"", Kind.EMPTY),
    (b" \r\n\t", Kind.EMPTY),
    (b"\x7fELF\x00\x00\x00", Kind.BINARY),
    ("DATAFLOW,FREQ\n".encode("utf-16"), Kind.CSV_V1),
]


@pytest.mark.parametrize(("head", "kind"), BEGINNINGS)
def test_the_first_bytes_tell_what_a_file_is(head: bytes, kind: Kind) -> None:
    assert sniff_bytes(head) is kind


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"<html>", "web page"),
        (b"Pays;2019\n", "--mapping"),
        (b"PK\x03\x04xl/", "--mapping"),
        (b'{"data":{"codelists":[]}}', "structures load"),
        (b"<Fault>", "error"),
        (b"%PDF-1.7", "PDF"),
    ],
)
def test_what_is_no_data_message_is_refused_with_what_it_is(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(Malformed) as caught:
        require_data_message(file)
    assert said in caught.value.text("en")
    assert caught.value.text("fr") != caught.value.text("es")
    assert not any(word in caught.value.text("fr") for word in ("table of", "workbook", "document"))


@pytest.mark.parametrize(
    ("structure", "kind"), [('"structures":[{}]', Kind.JSON_V2), ('"structure": {"dimensions":{}}', Kind.JSON_V1)]
)
def test_the_structure_may_stand_behind_very_many_data(structure: str, kind: Kind, tmp_path: Path) -> None:
    file = tmp_path / "message.json"
    file.write_text(f'{{"data":{{"dataSets":[{{"series":{{}},"x":"{"9" * 2_000_000}"}}],{structure}}}}}')
    assert sniff(file) is kind
