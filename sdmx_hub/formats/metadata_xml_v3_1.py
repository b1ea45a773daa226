"""SDMX-ML 3.1 reference metadata messages. What 3.1 cannot carry: links without an address."""

from __future__ import annotations

from sdmx_hub.formats.metadata_xml_v3 import Form
from sdmx_hub.formats.structure_xml.edition_v3 import Own
from sdmx_hub.formats.structure_xml.parts import Attr
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.metadata import MetadataMessage

_FORM = Form("3.1", Own(maintainable=(Attr("isPartialLanguage", "isPartialLanguage", "bool"),)))
NAMESPACE = _FORM.edition.namespaces["message"]


def read(data: bytes) -> tuple[Artefact, ...]:
    """Read the sets of a message, in canonical form. Raises Malformed."""
    return _FORM.read(data)


def write(message: MetadataMessage) -> bytes:
    """Write a message."""
    return _FORM.write(message)
