"""Metadata structures and metadataflows as SDMX 2.1 knows them, in a form ML and JSON share.

In 2.1 a metadata structure has *targets* (what is described) and *report structures* (by which attributes); in SDMX 3
it is a list of attributes, and the metadataflow says its targets. What is written is one target for any object and one
report; what else is read is kept as annotations, and so comes back:

- ``REPORT_STRUCTURE`` on an attribute: the id of its report;
- ``METADATA_TARGET`` on the structure: the id of a target, then ``Kind/id`` or ``Kind/id/object class`` of each part;
- ``METADATA_TARGET`` on a metadataflow: the URN, perhaps with wildcards, of one of its targets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.formats.structure_wrapped import without_notes
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.classes import CLASS_BY_ITEM, CLASS_BY_NAME, PREFIX, SYNONYMS
from sdmx_hub.model.urn import parse_urn

Node = dict[str, Any]
TARGET = "TARGET"
"""The id of the target that is written for any object, and of the target of regions."""
REPORT = "REPORT"
"""The id of the report that is written where no other is told."""
_TARGET_NOTE, _REPORT_NOTE = "METADATA_TARGET", "REPORT_STRUCTURE"
_ANY = f"{PREFIX}base.Any=*:*(*)"
TYPES = {
    "KeyDescriptorValuesTarget": "KeyValues",
    "DataSetTarget": "DataSetReference",
    "ConstraintContentTarget": "AttachmentConstraintReference",
    "ReportPeriodTarget": "ObservationalTimePeriod",
    "IdentifiableObjectTarget": "IdentifiableReference",
}
"""The parts a target is made of, and the type of what each holds."""
_IDS = {
    "KeyDescriptorValuesTarget": "DIMENSION_DESCRIPTOR_VALUES_TARGET",
    "DataSetTarget": "DATA_SET_TARGET",
    "ConstraintContentTarget": "CONSTRAINT_CONTENT_TARGET",
    "ReportPeriodTarget": "REPORT_PERIOD_TARGET",
}
_DEFAULT: Node = {
    "id": TARGET,
    "parts": [{"kind": "IdentifiableObjectTarget", "id": "OBJECT", "objectType": "Any"}],
}


def split_structure(document: Document) -> Node:
    """Shape a metadata structure for 2.1: ``targets`` and ``reports`` in place of one list of attributes."""
    components = document.get("metadataStructureComponents", {})
    listed = components.get("metadataAttributeList", {}).get("metadataAttributes", ())
    if not listed:
        return {key: value for key, value in document.items() if key != "metadataStructureComponents"}
    targets = [_target(note["title"]) for note in document.get("annotations", ()) if _is_target(note)] or [_DEFAULT]
    reports: dict[str, list[Node]] = {}
    for attribute in listed:
        told = [note["title"] for note in attribute.get("annotations", ()) if note.get("type") == _REPORT_NOTE]
        reports.setdefault(told[0] if told else REPORT, []).append(_plain(attribute, _REPORT_NOTE))
    shown = _plain(document, _TARGET_NOTE)
    shown["metadataStructureComponents"] = {
        "targets": targets,
        "reports": [
            {"id": name, "metadataAttributes": attributes, "targets": [target["id"] for target in targets]}
            for name, attributes in reports.items()
        ],
    }
    return shown


def join_structure(node: Node) -> Node:
    """Bring one list of attributes back; of two with one id the first counts."""
    components = node.get("metadataStructureComponents")
    if not components:
        return node
    attributes: dict[str, Node] = {}
    for report in components.get("reports", ()):
        for attribute in report.get("metadataAttributes", ()):
            if report.get("id") != REPORT:
                note = {"type": _REPORT_NOTE, "title": report.get("id", "")}
                attribute["annotations"] = [*attribute.get("annotations", ()), note]
            identifier = attribute.get("id") or attribute.get("conceptIdentity", "").rpartition(").")[2]
            attributes.setdefault(identifier, attribute | {"id": identifier})
    targets = components.get("targets", [])
    notes = [] if targets == [_DEFAULT] else [{"type": _TARGET_NOTE, "title": _title(target)} for target in targets]
    listed = {"metadataAttributeList": {"metadataAttributes": list(attributes.values())}}
    return node | {
        "annotations": [*node.get("annotations", ()), *notes],
        "metadataStructureComponents": listed,
    }


def part_id(kind: str) -> str:
    """The id of a part of a target that has a fixed one."""
    return _IDS.get(kind, "OBJECT")


def _plain(document: Document, note_type: str) -> Node:
    kept = without_notes(document, note_type)
    plain = {key: value for key, value in document.items() if key != "annotations"}
    return plain | ({"annotations": kept} if kept else {})


def _is_target(note: Document) -> bool:
    return note.get("type") == _TARGET_NOTE and bool(note.get("title"))


def _title(target: Document) -> str:
    ordered = sorted(target["parts"], key=lambda part: list(TYPES).index(part["kind"]))
    parts = ("/".join(part[key] for key in ("kind", "id", "objectType") if key in part) for part in ordered)
    return " ".join((target.get("id", TARGET), *parts))


def _target(title: str) -> Node:
    name, *parts = title.split()
    listed = [dict(zip(("kind", "id", "objectType"), part.split("/"), strict=False)) for part in parts]
    for part in listed:
        if part.get("kind") == "IdentifiableObjectTarget":
            part.setdefault("objectType", "Any")
    return {"id": name, "parts": [part for part in listed if part.get("kind") in TYPES] or _DEFAULT["parts"]}


def split_flow(document: Document) -> Node:
    """Shape a metadataflow for 2.1: its targets as annotations."""
    notes = [{"type": _TARGET_NOTE, "title": urn} for urn in document.get("targets", ())]
    return dict(document) | ({"annotations": [*document.get("annotations", ()), *notes]} if notes else {})


def join_flow(node: Node) -> Node:
    """Bring the targets back."""
    targets = [note["title"] for note in node.get("annotations", ()) if _is_target(note)]
    return _plain(node, _TARGET_NOTE) | ({"targets": targets} if targets else {})


def with_targets(artefacts: Iterable[Artefact]) -> Iterator[Artefact]:
    """Give metadataflows without targets those of their structure; SDMX 3 wants one, and any object is one."""
    listed = list(artefacts)
    known = {artefact.urn: artefact for artefact in listed}
    for artefact in listed:
        document = artefact.document
        if artefact.artefact_class.name != "Metadataflow" or artefact.is_stub or "targets" in document:
            yield artefact
        else:
            urn = document.get("structure")
            structure = known.get(parse_urn(urn)) if urn else None
            targets = list(dict.fromkeys(_targets(structure))) or [_ANY]
            yield make_artefact(artefact.artefact_class, dict(document) | {"targets": targets}, final=artefact.final)


def _targets(structure: Artefact | None) -> Iterator[str]:
    for note in structure.document.get("annotations", ()) if structure else ():
        for part in _target(note["title"])["parts"] if _is_target(note) else ():
            name = SYNONYMS.get(part.get("objectType", ""), part.get("objectType", ""))
            row = CLASS_BY_NAME.get(name) or CLASS_BY_ITEM.get(name)
            if row is not None:
                yield f"{PREFIX}{row.package}.{name}=*:*(*)" + (".*" if name in CLASS_BY_ITEM else "")
