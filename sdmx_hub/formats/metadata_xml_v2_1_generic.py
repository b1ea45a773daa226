"""SDMX-ML 2.1 generic reference metadata messages, read and written.

In 2.1 a set is no artefact: it has a ``setID`` and reports, each about one target. What 2.1 has no place for stands in
annotations of the set (``METADATASET``: reference and descriptions, ``METADATAPROVISIONAGREEMENT``: the agreement) and
comes back. Reports and targets are called as ``structure_metadata_v2_1`` calls them. A set about several targets is as
many reports with the same attributes; reports of one set about one target belong together, and those that then say the
same of several targets are one set again. Dropped: links, ``isPartialLanguage``, the value and all but one URL of
annotations.

Read, besides what the hub writes: sets of others, whose agency is the sender and whose version is 1.0. One that says
different things about different targets becomes a set for each. The period a report is about becomes the reporting
period. Reports about keys, data sets and constraints are refused (``NotBuilt``): SDMX 3 reports about structures only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from sdmx_hub.errors import BadRequest, Malformed, NotBuilt
from sdmx_hub.formats import metadata_xml
from sdmx_hub.formats.metadata_canonical import check_depth, make_metadata_set
from sdmx_hub.formats.metadata_xml import Known
from sdmx_hub.formats.metadata_xml_v3 import flow_urn
from sdmx_hub.formats.structure_metadata_v2_1 import REPORT, TARGET, part_id, split_structure
from sdmx_hub.formats.structure_xml.parts import Attr, Localised
from sdmx_hub.formats.structure_xml.references import UrnReferences
from sdmx_hub.formats.structure_xml.shape import Edition, Element, Node, Shape, read_shape, write_shape
from sdmx_hub.formats.structure_xml.shared import notes
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.classes import SYNONYMS
from sdmx_hub.model.metadata import MetadataMessage, Path, flow_of
from sdmx_hub.model.urn import Ref, Urn, parse_ref, parse_urn

STRUCTURE = "metadataStructure"
"""The key of a set that names its structure and no metadataflow; whoever loads it finds the flow."""
_SET_NOTE, _AGREEMENT_NOTE = "METADATASET", "METADATAPROVISIONAGREEMENT"
_BASE = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
EDITION = Edition(
    version="2.1",
    namespaces={
        "message": f"{_BASE}/message",
        "structure": f"{_BASE}/metadata/generic",
        "common": f"{_BASE}/common",
    },
    references=UrnReferences(),
)
NAMESPACE = EDITION.namespaces["message"]
_NOTES = notes(with_value=False)
_NAMES: Shape = (Localised("common:Name", "name"),)
_SET: Shape = (
    Attr("reportingBeginDate", "reportingBegin"),
    Attr("reportingEndDate", "reportingEnd"),
    Attr("validFromDate", "validFrom"),
    Attr("validToDate", "validTo"),
    Attr("publicationYear", "publicationYear"),
    Attr("publicationPeriod", "publicationPeriod"),
)


def write(message: MetadataMessage) -> bytes:
    """Write a message."""
    root = metadata_xml.open_message(EDITION)
    flows = {one.urn: flow_urn(one, message) for one in message.sets}
    ids = metadata_xml.write_header(root, message.header, EDITION, flows.values(), _name_flow)
    for one in message.sets:
        element = EDITION.add(root, "message:MetadataSet")
        element.set("structureRef", ids[flows[one.urn]])
        element.set("setID", one.ref.id)
        structure = message.structures[one.urn]
        write_shape(element, {**one.document, "annotations": _with_identity(one)}, (*_SET, *_NOTES, *_NAMES), EDITION)
        _write_reports(element, one, _ids(one, message), structure.by_path if structure else {})
    return metadata_xml.finish(root)


@dataclass(frozen=True, kw_only=True)
class _Ids:
    """What the metadata structure, written as 2.1, calls its targets (with their parts) and each attribute's report."""

    targets: Sequence[Document]
    reports: Mapping[str, str]

    def of(self, class_name: str) -> tuple[str, str]:
        """The ids of the target for a class of objects, and of the part of it that names the object."""
        parts = [
            (target["id"], part)
            for target in self.targets
            for part in target["parts"]
            if part["kind"] == "IdentifiableObjectTarget"
        ]
        fitting = [one for one in parts if one[1].get("objectType") == class_name] or parts
        return (fitting[0][0], fitting[0][1]["id"]) if fitting else (TARGET, part_id("IdentifiableObjectTarget"))


def _ids(one: Artefact, message: MetadataMessage) -> _Ids:
    flow = flow_of(one, message.find)
    named = flow.document.get("structure") if flow else None
    structure = message.find(parse_urn(named)) if named else None
    components = split_structure(structure.document)["metadataStructureComponents"] if _has_parts(structure) else {}
    reports = {
        attribute["id"]: report["id"]
        for report in components.get("reports", ())
        for attribute in report["metadataAttributes"]
        if "id" in attribute
    }
    return _Ids(targets=components.get("targets", ()), reports=reports)


def _has_parts(structure: Artefact | None) -> TypeGuard[Artefact]:
    return structure is not None and bool(structure.document.get("metadataStructureComponents"))


def _name_flow(element: Element, flow: str) -> None:
    """Name a metadataflow by its parts, as 2.1 does; its version loses what 2.1 cannot say."""
    ref = parse_urn(flow).ref
    part = element.makeelement("Ref")
    part.attrib.update({"agencyID": ref.agency_id, "id": ref.id, "version": ref.version.partition("-")[0]})
    element.append(part)


def _with_identity(one: Artefact) -> list[Node]:
    document = one.document
    identity: Node = {"type": _SET_NOTE, "title": str(one.ref)}
    if "descriptions" in document:
        identity["texts"] = document["descriptions"]
    agreement = document.get("metadataProvisionAgreement")
    named = [{"type": _AGREEMENT_NOTE, "title": agreement}] if agreement else []
    return [identity, *named, *document.get("annotations", ())]


def _write_reports(parent: Element, one: Artefact, ids: _Ids, known: Known) -> None:
    groups: dict[str, list[Document]] = {}
    for attribute in one.document.get("attributes", ()):
        groups.setdefault(ids.reports.get(attribute["id"], REPORT), []).append(attribute)
    for target in one.document.get("targets", ()):
        for identifier, listed in groups.items():
            report = EDITION.add(parent, "Report")
            report.set("id", identifier)
            _write_target(report, target, ids)
            _write_attributes(EDITION.add(report, "AttributeSet"), listed, (), known)


def _write_target(report: Element, target: str, ids: _Ids) -> None:
    class_name = target.partition("=")[0].rpartition(".")[2]
    target_id, object_id = ids.of(class_name)
    about = EDITION.add(report, "Target")
    about.set("id", target_id)
    value = EDITION.add(about, "ReferenceValue")
    value.set("id", object_id)
    # a reference by its URN alone says every class, and every version, there is
    reference = EDITION.add(value, "ObjectReference")
    reference.append(reference.makeelement("URN"))
    reference[0].text = target


def _write_attributes(parent: Element, listed: Sequence[Document], above: Path, known: Known) -> None:
    for path, attribute in metadata_xml.walk(listed, above):
        element = EDITION.add(parent, "ReportedAttribute")
        element.set("id", attribute["id"])
        write_shape(element, attribute, _NOTES, EDITION)
        value = attribute.get("value")
        if isinstance(value, str):
            element.set("value", value)
        elif value:
            metadata_xml.write_texts(element, value, known.get(path), EDITION)
        if attribute.get("attributes"):
            _write_attributes(EDITION.add(element, "AttributeSet"), attribute["attributes"], path, known)


def read(data: bytes) -> tuple[Artefact, ...]:
    """Read the sets of a message, in canonical form. Raises Malformed, NotBuilt."""
    root = metadata_xml.read_root(data, EDITION)
    header = root.find(EDITION.tag("message:Header"))
    usages = dict(_structures(header)) if header is not None else {}
    sender = _sender(header)
    elements = root.iterfind(EDITION.tag("message:MetadataSet"))
    return tuple(
        make_metadata_set(document)
        for number, element in enumerate(elements, start=1)
        for document in _read_set(element, number, usages, sender)
    )


def _structures(header: Element) -> Iterator[tuple[str, Node]]:
    for element in header.iterfind(EDITION.tag("message:Structure")):
        usage = element.find(EDITION.tag("common:StructureUsage"))
        structure = element.find(EDITION.tag("common:Structure"))
        named: Node = {}
        if usage is not None:
            named["metadataflow"] = _read_reference(usage, "Metadataflow")
        elif structure is not None:
            named[STRUCTURE] = _read_reference(structure, "MetadataStructure")
        yield element.get("structureID", ""), named


def _sender(header: Element | None) -> str:
    sender = header.find(EDITION.tag("message:Sender")) if header is not None else None
    return (sender.get("id") if sender is not None else None) or "UNKNOWN"


def _read_set(element: Element, number: int, usages: dict[str, Node], sender: str) -> Iterator[Node]:
    read = read_shape(element, (*_SET, *_NOTES, *_NAMES), EDITION)
    document: Node = {"agencyID": sender, "id": element.get("setID") or f"SET{number}"} | read
    document |= usages.get(element.get("structureRef", ""), {})
    _restore(document)
    if "names" not in document:
        document["names"] = {"en": document["id"]}
    groups: dict[str, tuple[Node, Node]] = {}
    for about, told in _by_target(element):
        key = json.dumps([told, {name: value for name, value in about.items() if name != "targets"}], sort_keys=True)
        first, _ = groups.setdefault(key, ({"targets": []}, {"attributes": told}))
        first |= {**about, "targets": [*first["targets"], *about["targets"]]}
    for position, (about, said) in enumerate(groups.values(), start=1):
        own = {"id": f"{document['id']}_{position}"} if len(groups) > 1 else {}
        yield {**about, **document, **own, "targets": about["targets"], **said}


def _by_target(element: Element) -> Iterable[tuple[Node, list[Node]]]:
    """What is told about each target, by all reports about it."""
    found: dict[str, tuple[Node, list[Node]]] = {}
    for report in element.iterfind(EDITION.tag("Report")):
        about = _read_target(report)
        _, told = found.setdefault(json.dumps(about, sort_keys=True), (about, []))
        told += _read_attributes(report)
    return found.values()


def _restore(document: Node) -> None:
    """Bring back from annotations what 2.1 has no place for."""
    kept = []
    for note in document.pop("annotations", []):
        if note.get("type") == _SET_NOTE:
            try:
                ref = parse_ref(note.get("title", ""))
            except BadRequest:
                continue
            document |= {"agencyID": ref.agency_id, "id": ref.id, "version": ref.version}
            if note.get("texts"):
                document["descriptions"] = note["texts"]
        elif note.get("type") == _AGREEMENT_NOTE:
            document.pop("metadataflow", None)
            document["metadataProvisionAgreement"] = note.get("title", "")
        else:
            kept.append(note)
    if kept:
        document["annotations"] = kept


_REFUSED = ("DataKey", "DataSetReference", "ConstraintContentReference")


def _read_target(report: Element) -> Node:
    about: Node = {"targets": []}
    path = f"{EDITION.tag('Target')}/{EDITION.tag('ReferenceValue')}"
    for value in report.iterfind(path):
        for name in _REFUSED:
            if value.find(EDITION.tag(name)) is not None:
                raise NotBuilt("metadata-target-kind", kind=name)
        period = value.findtext(EDITION.tag("ReportPeriod"))
        if period:
            about |= {"reportingBegin": period.strip(), "reportingEnd": period.strip()}
        reference = value.find(EDITION.tag("ObjectReference"))
        if reference is not None:
            about["targets"].append(_read_reference(reference))
    return about


def _read_reference(element: Element, class_name: str | None = None) -> str:
    """Read a reference as URN: said as such, or by its parts. Raises Malformed, BadRequest."""
    urn = (element.findtext("URN") or "").strip()
    part = element.find("Ref")
    if urn or part is None:
        return str(_said(urn))
    name = SYNONYMS.get(part.get("class", ""), part.get("class")) or class_name or ""
    inside = part.get("maintainableParentID")
    version = part.get("maintainableParentVersion") or part.get("version") or "1.0"
    ref = Ref(part.get("agencyID") or "", inside or part.get("id") or "", version)
    return str(_said(str(Urn(name, ref, _item_id(part) if inside else None))))


def _item_id(part: Element) -> str:
    return ".".join(text for text in (part.get("containerID"), part.get("id")) if text)


def _said(urn: str) -> Urn:
    try:
        return parse_urn(urn)
    except BadRequest as error:
        raise Malformed(error.key, **error.params) from error


def _read_attributes(parent: Element, depth: int = 1) -> list[Node]:
    check_depth(depth)
    path = f"{EDITION.tag('AttributeSet')}/{EDITION.tag('ReportedAttribute')}"
    return [_read_attribute(element, depth) for element in parent.iterfind(path)]


def _read_attribute(element: Element, depth: int) -> Node:
    made = metadata_xml.identified(element) | read_shape(element, _NOTES, EDITION)
    value = element.get("value")
    texts = metadata_xml.read_texts(element, EDITION)
    below = _read_attributes(element, depth + 1)
    said = {"value": value} if value is not None else {"value": texts} if texts else {}
    return made | said | ({"attributes": below} if below else {})
