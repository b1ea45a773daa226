"""Which structure format some bytes are in: the one table of the readers.

XML is told by the namespace of its root, JSON by the address of its schema, and where that is missing by its content.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping

from sdmx_hub.errors import Malformed
from sdmx_hub.formats import (
    structure_json_v1_0,
    structure_json_v2_0,
    structure_json_v2_1,
    structure_xml_v2_1,
    structure_xml_v3_0,
    structure_xml_v3_1,
)
from sdmx_hub.model.artefact import Artefact

Reader = Callable[[bytes], tuple[Artefact, ...]]

READERS: Mapping[str, Reader] = {
    "structure-xml-2.1": structure_xml_v2_1.read,
    "structure-xml-3.0": structure_xml_v3_0.read,
    "structure-xml-3.1": structure_xml_v3_1.read,
    "structure-json-1.0": structure_json_v1_0.read,
    "structure-json-2.0": structure_json_v2_0.read,
    "structure-json-2.1": structure_json_v2_1.read,
}
_HEAD = 4096
_SPACE = re.compile(rb"schemas/v(2_1|3_0|3_1)/message")
_SCHEMA = re.compile(rb"/(1\.0|2\.[01])(?:\.0)?/(?:tools/schemas/\S*?)?sdmx-json-structure-schema\.json")
_FIRST = re.compile(
    rb'"(?:contentConstraints|attachmentConstraints|hierarchicalCodelists|structureSets|assignmentStatus|textFormat)"\s*:'
)
"""Words only SDMX-JSON 1.0 has, whatever address a message gives."""
_ROLE = re.compile(rb'"role"\s*:\s*"(?:Allowed|Actual)"')


def sniff_structures(data: bytes) -> str:
    """Tell the format of a structure message, a key of ``READERS``. Raises Malformed when it is none of them."""
    head = data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<"):
        found = _SPACE.search(head)
        if found:
            return f"structure-xml-{found[1].decode().replace('_', '.')}"
    elif head.startswith(b"{"):
        if _FIRST.search(data):
            return "structure-json-1.0"
        found = _SCHEMA.search(data)
        if found:
            return f"structure-json-{found[1].decode()}"
        return "structure-json-2.0" if _ROLE.search(data) else "structure-json-2.1"
    raise Malformed("structures-format")


def read_structures(data: bytes) -> tuple[Artefact, ...]:
    """Read the artefacts of a message in whichever format it is. Raises Malformed, NotBuilt."""
    plain = data.removeprefix(codecs.BOM_UTF8)
    return READERS[sniff_structures(plain)](plain)
