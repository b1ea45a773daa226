"""Constraints between SDMX 2.1 and today.

A content constraint of 2.1 is about data or about metadata, allowed or actual; today these are three classes. An
attachment constraint of 2.1 says to which keys an attribute or group is attached: it comes as a data constraint of key
sets with the annotation ``ATTACHMENT_CONSTRAINT``, and goes as it came.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sdmx_hub.formats.structure_constraint import as_availability, merge_regions, split_keys
from sdmx_hub.formats.structure_metadata_v2_1 import REPORT, TARGET
from sdmx_hub.formats.structure_wrapped import without_notes
from sdmx_hub.model.artefact import Artefact, Document

Node = dict[str, Any]
ATTACHMENT = "ATTACHMENT_CONSTRAINT"
"""Type of the annotation an attachment constraint is told by."""
_OF_METADATA = ("metadataStructures", "metadataflows")
_OF_DATA = ("dataProvider", "dataStructures", "dataflows", "provisionAgreements")
_ONLY_METADATA = ("metadataTargetRegions", "metadataKeySets")
_ONLY_DATA = ("dataKeySets", "cubeRegions")
_MOST_REGIONS = 2


def is_attachment(artefact: Artefact) -> bool:
    """Tell a constraint that was an attachment constraint."""
    return any(note.get("type") == ATTACHMENT for note in artefact.document.get("annotations", ()))


def allowed(document: Document) -> Node:
    """Shape a data constraint for 2.1: one value to each component of a key, no annotation of ours."""
    notes = without_notes(document, ATTACHMENT)
    plain = {key: value for key, value in split_keys(document).items() if key != "annotations"}
    if "cubeRegions" in plain:
        plain["cubeRegions"] = [_with_values(region) for region in plain["cubeRegions"]]
    return plain | ({"annotations": notes} if notes else {})


def _with_values(region: Document) -> Node:
    """A region without the dimensions it names and does not restrict: the schema of 2.1 wants values of each."""
    if "keyValues" not in region:
        return dict(region)
    kept = [part for part in region["keyValues"] if part.get("values") or part.get("timeRange")]
    return dict(region) | {"keyValues": kept}


def allowed_metadata(document: Document) -> Node:
    """Shape a metadata constraint for 2.1: regions of the target and report that are written."""
    regions = [
        region | {"report": REPORT, "metadataTarget": TARGET} for region in document.get("metadataTargetRegions", ())
    ]
    attachment = document.get("constraintAttachment", {})
    shown = dict(document) | {
        "constraintAttachment": {key: attachment[key] for key in _OF_METADATA if key in attachment}
    }
    return shown | ({"metadataTargetRegions": regions} if regions else {})


def as_constraint_today(node: Node, kind: str) -> Iterator[tuple[str, Node]]:
    """Give the class and document of a constraint of 2.1; ``kind`` is Allowed, Actual, or ``ATTACHMENT``."""
    attachment = node.get("constraintAttachment", {})
    if any(key in attachment for key in _OF_METADATA) or any(key in node for key in _ONLY_METADATA):
        yield "MetadataConstraint", _of_metadata(node, attachment)
        return
    plain = {key: value for key, value in node.items() if key not in _ONLY_METADATA}
    plain["constraintAttachment"] = {key: attachment[key] for key in _OF_DATA if key in attachment}
    if kind == ATTACHMENT:
        yield "DataConstraint", plain | {"annotations": [*plain.get("annotations", ()), {"type": ATTACHMENT}]}
    elif kind == "Actual":
        yield "AvailabilityConstraint", as_availability(plain)
    else:
        yield "DataConstraint", merge_regions(plain) if len(plain.get("cubeRegions", ())) > _MOST_REGIONS else plain


def _of_metadata(node: Node, attachment: Document) -> Node:
    kept = {key: value for key, value in node.items() if key not in (*_ONLY_DATA, "metadataKeySets")}
    regions = [
        {key: region[key] for key in ("include", "components") if key in region}
        for region in node.get("metadataTargetRegions", ())
    ][:_MOST_REGIONS]
    kept["metadataTargetRegions"] = [region for region in regions if region]
    kept["constraintAttachment"] = {key: attachment[key] for key in _OF_METADATA if key in attachment}
    return kept


def as_agreement_today(node: Node) -> Iterator[tuple[str, Node]]:
    """Give the class and document of a provision agreement of 2.1.

    One about a metadataflow is a class of its own today, and its provider one of metadata.
    """
    usage, provider = node.get("dataflow", ""), node.get("dataProvider", "")
    if ".Metadataflow=" not in usage:
        yield "ProvisionAgreement", node
        return
    kept = {key: value for key, value in node.items() if key not in {"dataflow", "dataProvider"}}
    named = provider.replace(".DataProvider=", ".MetadataProvider=").replace(":DATA_PROVIDERS(", ":METADATA_PROVIDERS(")
    yield "MetadataProvisionAgreement", kept | {"metadataflow": usage, "metadataProvider": named}
