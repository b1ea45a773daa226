"""Outside judges of reference metadata: the official schemas.

The XML schemas ask for XHTML of the W3C, which does not come with them; its part the hub takes stands in for it.
"""

from __future__ import annotations

import csv
import io
from functools import cache

import jsonschema_rs
import orjson
from lxml import etree

from sdmx_hub.formats.xhtml import CONTENT, NAMESPACE
from tests.formats.judges import FOLDER, assert_valid_xml, xml_schema

_EDITIONS = {"metadata-xml-3.1": "v3_1", "metadata-xml-3.0": "v3_0", "metadata-xml-2.1-generic": "v2_1"}


@cache
def _xhtml() -> bytes:
    elements = "".join(
        f'<xs:element name="{name}"><xs:complexType mixed="true"><xs:choice minOccurs="0" maxOccurs="unbounded">'
        + "".join(f'<xs:element ref="x:{below}"/>' for below in sorted(allowed))
        + '</xs:choice><xs:anyAttribute processContents="lax"/></xs:complexType></xs:element>'
        for name, allowed in CONTENT.items()
    )
    return (
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:x="{NAMESPACE}" targetNamespace="{NAMESPACE}"'
        f' elementFormDefault="qualified">{elements}</xs:schema>'
    ).encode()


@cache
def _schema(edition: str) -> etree.XMLSchema:
    return xml_schema(edition, {NAMESPACE: _xhtml()})


@cache
def _json(edition: str) -> object:
    schema = orjson.loads((FOLDER / "json" / f"sdmx{edition}" / "sdmx-json-metadata-schema.json").read_bytes())
    kind = jsonschema_rs.Draft201909Validator if edition == "21" else jsonschema_rs.Draft7Validator
    return kind(schema, validate_formats=True)


def assert_valid(name: str, text: bytes) -> None:
    """Hold a message against the schema of its format; CSV has none: its rows are as long as its heading."""
    if name in _EDITIONS:
        assert_valid_xml(text, _schema(_EDITIONS[name]))
    elif name.startswith("metadata-json"):
        errors = [str(error) for error in _json(name[-3:].replace(".", "")).iter_errors(orjson.loads(text))]
        assert not errors, errors
    else:
        rows = list(csv.reader(io.StringIO(text.decode(), newline=""), strict=True))
        assert len({len(row) for row in rows}) == 1
