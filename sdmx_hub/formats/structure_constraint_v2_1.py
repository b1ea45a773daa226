"""Constraints between SDMX 2.1 and today.

A content constraint of 2.1 is about data or about metadata, allowed or actual; today these are three classes. An
attachment constraint of 2.1 says to which keys an attribute or group is attached: it comes as a data constraint of key
sets with the annotation ``ATTACHMENT_CONSTRAINT``, and goes as it came.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sdmx_hub.formats.structure_constraint import as_availability, as_data_constraint, merge_regions, split_keys
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
    """Shape a data constraint for 2.1: one value to each component of a key, regions 2.1 can say, no note of ours."""
    notes = without_notes(document, ATTACHMENT)
    plain = {key: value for key, value in split_keys(document).items() if key != "annotations"}
    if "cubeRegions" in plain:
        plain["cubeRegions"] = [one for region in plain["cubeRegions"] if (one := _data_region(region))]
    if "dataKeySets" in plain:
        plain["dataKeySets"] = [one for keys in plain["dataKeySets"] if (one := _data_keys(keys))["keys"]]
    return plain | ({"annotations": notes} if notes else {})


def actual(availability: Document) -> Node:
    """Shape an availability constraint for 2.1."""
    return allowed(as_data_constraint(availability))


def allowed_metadata(document: Document) -> Node:
    """Shape a metadata constraint for 2.1: regions of the target and report that are written."""
    regions = [
        one | {"report": REPORT, "metadataTarget": TARGET}
        for region in document.get("metadataTargetRegions", ())
        if (one := _region(region, "components"))
    ]
    attachment = document.get("constraintAttachment", {})
    kept = {key: attachment[key] for key in _OF_METADATA if key in attachment}
    shown = dict(document) | {"constraintAttachment": kept}
    return shown | {"metadataTargetRegions": regions}


def _data_keys(keys: Document) -> Node:
    """A set of keys: of attributes and measures 2.1 says nothing, so that keys excluded by them are left out."""
    listed = [
        key
        for key in keys.get("keys", ())
        if key.get("keyValues") and (keys["isIncluded"] or not key.get("components"))
    ]
    return dict(keys) | {"keys": listed}


def _data_region(region: Document) -> Node | None:
    """A region of data: dimensions only with values, which the schema of 2.1 wants, and no nested attributes."""
    nested = [part for part in region.get("components", ()) if "." in part["id"]]
    if nested and not region.get("include", True):
        return None
    plain = dict(region)
    if nested:
        plain["components"] = [part for part in region["components"] if "." not in part["id"]]
    if "keyValues" in plain:
        plain["keyValues"] = [part for part in plain["keyValues"] if part.get("values") or part.get("timeRange")]
    return _region(plain, "keyValues", "components")


def _region(region: Document, *keys: str) -> Node | None:
    """A region without ``excluderoot``, as 2.1 cannot leave a root out.

    What is included may come to hold a root more; what is excluded, and cannot be said, is no longer excluded.
    """
    if region.get("include", True):
        return dict(region) | {key: [_with_root(part) for part in region[key]] for key in keys if key in region}
    parts = [part for key in keys for part in region.get(key, ())]
    below = any(value.get("cascadeValues") == _BELOW for part in parts for value in part.get("values", ()))
    return None if below else dict(region)


def _with_root(part: Document) -> Node:
    if "values" not in part:
        return dict(part)
    values = [
        value | {"cascadeValues": True} if value.get("cascadeValues") == _BELOW else value for value in part["values"]
    ]
    return dict(part) | {"values": values}


_BELOW = "excluderoot"


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
