"""Reading metadata sets of any format, told by their beginning."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sdmx_hub.errors import Malformed
from sdmx_hub.formats import (
    metadata_csv_v2_1,
    metadata_json_v2_1,
    metadata_xml_v2_1_generic,
    metadata_xml_v3_0,
    metadata_xml_v3_1,
)
from sdmx_hub.model.artefact import Artefact

Reader = Callable[[bytes], tuple[Artefact, ...]]
_HEAD = 4000
_XML: Mapping[str, Reader] = {
    metadata_xml_v2_1_generic.NAMESPACE: metadata_xml_v2_1_generic.read,
    metadata_xml_v3_0.NAMESPACE: metadata_xml_v3_0.read,
    metadata_xml_v3_1.NAMESPACE: metadata_xml_v3_1.read,
}
_MESSAGE = re.compile(r'xmlns(?::\w+)?\s*=\s*["\']([^"\']+/message)["\']')
_UTF_8_MARK = b"\xef\xbb\xbf"


def read_metadata(data: bytes) -> tuple[Artefact, ...]:
    """Read the metadata sets of a message, in canonical form. Raises Malformed."""
    plain = data.removeprefix(_UTF_8_MARK)
    head = plain[:_HEAD].decode("utf-8", errors="replace").lstrip()
    if head.startswith("{"):
        return metadata_json_v2_1.read(plain)
    if head.startswith("<"):
        return _xml_reader(head)(plain)
    if head.startswith("MDSTRUCTURE"):
        return metadata_csv_v2_1.read(plain)
    raise Malformed("metadata-unknown")


def _xml_reader(head: str) -> Reader:
    found = _MESSAGE.search(head)
    reader = _XML.get(found[1]) if found else None
    if reader is None:
        raise Malformed("metadata-unknown")
    return reader
