"""Constraints as objects of SDMX-JSON 1.0, out and in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sdmx_hub.formats.structure_constraint_v2_1 import (
    actual,
    allowed,
    allowed_metadata,
    as_constraint_today,
    is_attachment,
)
from sdmx_hub.model.artefact import Artefact, Document

Node = dict[str, Any]


def constraint_out(artefact: Artefact) -> Node:
    """A content or attachment constraint of data."""
    if artefact.artefact_class.name == "AvailabilityConstraint":
        shown = actual(artefact.document) | {"type": "Actual"}
    elif is_attachment(artefact):
        shown = allowed(artefact.document)
    else:
        shown = allowed(artefact.document) | {"type": "Allowed"}
    if "dataKeySets" in shown:
        shown["dataKeySets"] = [_keys_out(keys) for keys in shown["dataKeySets"]]
    if "cubeRegions" in shown:
        shown["cubeRegions"] = [_region_out(region) for region in shown["cubeRegions"] if _can_be_said(region)]
    return shown


def _keys_out(keys: Document) -> Node:
    listed = [
        {"keyValues": [{"id": part["id"], "value": part["value"]} for part in key["keyValues"]]}
        for key in keys.get("keys", ())
        if key.get("keyValues")
    ]
    return {"isIncluded": keys["isIncluded"], "keys": listed}


def _region_out(region: Document) -> Node:
    parts = {new: _selections_out(region, old) for old, new in _PARTS.items() if old in region}
    return {"isIncluded": region.get("include", True), **parts}


def _selections_out(region: Document, key: str) -> list[Node]:
    """The selections of a region, without those that exclude: 1.0 has no word for it."""
    return [_selection_out(part) for part in region.get(key, ()) if part.get("include", True)]


def _can_be_said(region: Document) -> bool:
    """Tell whether a region says no more without the selections that exclude."""
    parts = [part for key in _PARTS for part in region.get(key, ())]
    return bool(region.get("include", True)) or all(part.get("include", True) for part in parts)


def metadata_constraint_out(artefact: Artefact) -> Node:
    """A content constraint of metadata."""
    shown = allowed_metadata(artefact.document) | {"type": "Allowed"}
    regions = [
        {key: region[key] for key in ("include", "report", "metadataTarget") if key in region}
        | {"attributes": _selections_out(region, "components")}
        for region in shown.get("metadataTargetRegions", ())
        if _can_be_said(region)
    ]
    return shown | {"metadataTargetRegions": regions}


_PARTS = {"keyValues": "keyValues", "components": "attributes"}


def _selection_out(part: Document) -> Node:
    node = {key: part[key] for key in ("id", "timeRange") if key in part}
    if "values" in part:
        node["values"] = [value["value"] for value in part["values"]]
        cascading = [value["value"] for value in part["values"] if value.get("cascadeValues")]
        node |= {"cascadeValues": cascading} if cascading else {}
    return node


def _selection_in(part: Document) -> Node:
    cascading = set(part.get("cascadeValues", ()))
    node = {key: part[key] for key in ("id", "timeRange") if key in part}
    if "values" in part:
        node["values"] = [
            {"value": one} | ({"cascadeValues": True} if one in cascading else {}) for one in part["values"]
        ]
    return node


def constraint_in(node: Node, kind: str) -> Iterator[tuple[str, Node]]:
    """What a constraint stands for today; ``kind`` is Allowed, Actual, or ``ATTACHMENT``."""
    node["cubeRegions"] = [
        {
            "include": region.get("isIncluded", True),
            **{old: [_selection_in(part) for part in region[new]] for old, new in _PARTS.items() if new in region},
        }
        for region in node.get("cubeRegions", ())
    ]
    if "metadataTargetRegions" in node:
        node["metadataTargetRegions"] = [
            {"include": region.get("include", True)}
            | {"components": [_selection_in(part) for part in region.get("attributes", ())]}
            for region in node["metadataTargetRegions"]
        ]
    kept = {key: value for key, value in node.items() if key not in {"releaseCalendar", "referencePeriod"}}
    yield from as_constraint_today(kept, kind)
