"""SDMX-ML 3 reference metadata, what 3.0 and 3.1 share. What they cannot carry: links without an address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sdmx_hub.errors import Malformed, NotFound
from sdmx_hub.formats import metadata_xml
from sdmx_hub.formats.metadata_canonical import check_depth, make_metadata_set
from sdmx_hub.formats.metadata_xml import Known
from sdmx_hub.formats.structure_xml import edition_v3
from sdmx_hub.formats.structure_xml.parts import Attr, Ref, Refs
from sdmx_hub.formats.structure_xml.shape import Edition, Element, Node, Shape, read_shape, shape, write_shape
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.metadata import MetadataMessage, Path, flow_of

_TIMES = (
    Attr("reportingBeginDate", "reportingBegin"),
    Attr("reportingEndDate", "reportingEnd"),
    Attr("publicationYear", "publicationYear"),
    Attr("publicationPeriod", "publicationPeriod"),
)


def edition(version: str) -> Edition:
    """The namespaces of an edition; what stands in a set is in that of generic metadata."""
    plain = edition_v3.edition(version)
    base = plain.namespaces["message"].removesuffix("message")
    return replace(plain, namespaces={**plain.namespaces, "structure": f"{base}metadata/generic"})


class Form:
    """How an edition writes sets; ``own`` is what its artefacts have besides."""

    def __init__(self, version: str, own: edition_v3.Own) -> None:
        self.edition = edition(version)
        kit = edition_v3.kit(own)
        self._notes = kit.annotations
        self._head = shape(*_TIMES, kit.maintainable)
        self._body: Shape = (
            Ref("MetadataProvisionAgreement", "metadataProvisionAgreement", "MetadataProvisionAgreement"),
            Ref("Metadataflow", "metadataflow", "Metadataflow"),
            Refs("Target", "targets"),
        )

    def write(self, message: MetadataMessage) -> bytes:
        """Write a message."""
        root = metadata_xml.open_message(self.edition)
        flows = [flow_urn(one, message) for one in message.sets]
        metadata_xml.write_header(root, message.header, self.edition, flows, self.edition.references.write)
        for one in message.sets:
            structure = message.structures[one.urn]
            self._write_set(root, one, structure.by_path if structure else {})
        return metadata_xml.finish(root)

    def _write_set(self, root: Element, one: Artefact, known: Known) -> None:
        element = self.edition.add(root, "message:MetadataSet")
        write_shape(element, dict(one.document) | {"urn": str(one.urn)}, self._head, self.edition)
        if not one.is_stub:
            write_shape(element, one.document, self._body, self.edition)
            self._write_attributes(element, one.document.get("attributes", ()), (), known)

    def _write_attributes(self, parent: Element, listed: Sequence[Document], above: Path, known: Known) -> None:
        for path, attribute in metadata_xml.walk(listed, above):
            element = self.edition.add(parent, "Attribute")
            element.set("id", attribute["id"])
            write_shape(element, attribute, self._notes, self.edition)
            value = attribute.get("value")
            if isinstance(value, str):
                self.edition.add(element, "Value").text = value
            elif value:
                metadata_xml.write_texts(element, value, known.get(path), self.edition)
            self._write_attributes(element, attribute.get("attributes", ()), path, known)

    def read(self, data: bytes) -> tuple[Artefact, ...]:
        """Read the sets of a message, in canonical form. Raises Malformed."""
        root = metadata_xml.read_root(data, self.edition)
        return tuple(self._read_set(element) for element in root.iterfind(self.edition.tag("message:MetadataSet")))

    def _read_set(self, element: Element) -> Artefact:
        document = read_shape(element, self._head, self.edition)
        document |= read_shape(element, self._body, self.edition)
        document.pop("urn", None)
        if not document.get("id") or not document.get("agencyID"):
            raise Malformed("metadata-xml-set", line=element.sourceline)
        document["attributes"] = self._read_attributes(element)
        return make_metadata_set(document)

    def _read_attributes(self, parent: Element, depth: int = 1) -> list[Node]:
        check_depth(depth)
        return [self._read_attribute(element, depth) for element in parent.iterfind(self.edition.tag("Attribute"))]

    def _read_attribute(self, element: Element, depth: int) -> Node:
        made = metadata_xml.identified(element) | read_shape(element, self._notes, self.edition)
        value = self._read_value(element)
        below = self._read_attributes(element, depth + 1)
        return made | ({} if value is None else {"value": value}) | ({"attributes": below} if below else {})

    def _read_value(self, element: Element) -> Any:
        values = [child.text or "" for child in element.iterfind(self.edition.tag("Value"))]
        if values:
            return values if len(values) > 1 else values[0]
        return metadata_xml.read_texts(element, self.edition) or None


def flow_urn(one: Artefact, message: MetadataMessage) -> str:
    """The metadataflow of a set, which the header names. Raises NotFound."""
    flow = flow_of(one, message.find)
    if flow is not None:
        return str(flow.urn)
    named = one.document.get("metadataflow")
    if named is None:
        raise NotFound("metadata-no-flow", urn=str(one.urn))
    return str(named)
