"""Constraints between the editions.

SDMX 3.1 says what is there with an availability constraint that is no artefact; earlier editions with a data constraint
of role Actual, which is one. Key sets and regions differ too.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from sdmx_hub.model.artefact import Document
from sdmx_hub.model.urn import parse_urn

Node = dict[str, Any]
_ATTACHED = {"dataStructure": "dataStructures", "dataflow": "dataflows", "provisionAgreement": "provisionAgreements"}
_COUNTS = {"seriesCount": "series_count", "obsCount": "obs_count"}
_NAMED = ("id", "agencyID", "version", "name", "names", "description", "descriptions")
METRICS = "sdmx_metrics"
"""Type of the annotations that hold counts, as the conformance kit of the standard knows them."""


def identify(availability: Document) -> Node:
    """What names an availability constraint where it must have a name: made of what it is attached to."""
    urn = next(iter(availability.get("constraintAttachment", {}).values()), None)
    ref = parse_urn(urn).ref if urn else None
    return {
        "id": f"AVAILABLE_{ref.id}" if ref else "AVAILABLE",
        "agencyID": ref.agency_id if ref else "SDMX",
        "version": "1.0",
        "names": {"en": "Data available", "fr": "Données disponibles", "es": "Datos disponibles"},
    }


def as_data_constraint(availability: Document) -> Node:
    """Shape an availability constraint as the data constraint earlier editions know, role left to the caller."""
    attachment = availability.get("constraintAttachment", {})
    counts = [
        {"id": name, "type": METRICS, "title": str(availability[key])}
        for key, name in _COUNTS.items()
        if key in availability
    ]
    document = {key: availability[key] for key in _NAMED if key in availability}
    document |= {
        "annotations": [*availability.get("annotations", ()), *counts],
        "constraintAttachment": {_ATTACHED[key]: [value] for key, value in attachment.items()},
    }
    if "cubeRegion" in availability:
        document["cubeRegions"] = [availability["cubeRegion"]]
    return document


def as_availability(constraint: Document) -> Node:
    """Shape a data constraint of role Actual as the availability constraint of SDMX 3.1.

    Identification is kept beside it, so that it can be written back; further regions and attachments are dropped.
    """
    annotations = list(constraint.get("annotations", ()))
    found = {note.get("id"): note for note in annotations if note.get("type") == METRICS}
    counts = {key: int(found[name]["title"]) for key, name in _COUNTS.items() if _is_count(found.get(name))}
    kept = [note for note in annotations if note.get("id") not in _COUNTS.values()]
    attachment = constraint.get("constraintAttachment", {})
    document: Node = {
        key: constraint[key]
        for key in ("id", "agencyID", "version", "names", "name", "descriptions")
        if key in constraint
    }
    document |= {
        "annotations": kept,
        "constraintAttachment": {key: attachment[many][0] for key, many in _ATTACHED.items() if attachment.get(many)},
        **counts,
    }
    if constraint.get("cubeRegions"):
        document["cubeRegion"] = constraint["cubeRegions"][0]
    return document


def split_keys(document: Document) -> Node:
    """Write each key with several values of a component as one key for each combination."""
    if "dataKeySets" not in document:
        return dict(document)
    sets = [
        keys | {"keys": [single for key in keys.get("keys", ()) for single in _single(key)]}
        for keys in document["dataKeySets"]
    ]
    return dict(document) | {"dataKeySets": sets}


def merge_regions(document: Document, key: str = "cubeRegions") -> Node:
    """Write at most one region that allows and one that excludes, as SDMX-ML 3 wants; ``key`` is where regions stand.

    Regions that allow become the smallest single region that holds them all; of those that exclude the first remains,
    so that nothing is said to be excluded that is not.
    """
    regions = document.get(key, ())
    allowing = [region for region in regions if region.get("include", True)]
    excluding = [region for region in regions if not region.get("include", True)]
    if len(allowing) <= 1 and len(excluding) <= 1:
        return dict(document)
    return dict(document) | {key: [*_union(allowing), *excluding[:1]]}


def _union(regions: list[Node]) -> list[Node]:
    if not regions:
        return []
    merged = dict(regions[0])
    for region in regions[1:]:
        merged = {
            "include": True,
            **{
                key: _common(merged.get(key, ()), region.get(key, ()))
                for key in ("keyValues", "components")
                if key in merged
            },
        }
    return [merged]


def _common(left: list[Node], right: list[Node]) -> list[Node]:
    """The components both restrict to values, each with the values of either; others are not restricted at all."""
    others = {part["id"]: part for part in right if _allows(part)}
    return [
        part | {"values": list({value["value"]: value for value in (*part["values"], *other["values"])}.values())}
        for part in left
        if _allows(part) and (other := others.get(part["id"]))
    ]


def _allows(part: Document) -> bool:
    return "values" in part and part.get("include", True)


def _single(key: Document) -> Iterator[Node]:
    if "keyValues" not in key:
        yield dict(key)
        return
    listed = [
        [{**part, "value": value} for value in part.get("values", [part.get("value")])] for part in key["keyValues"]
    ]
    for parts in itertools.product(*listed):
        yield dict(key) | {
            "keyValues": [{name: item for name, item in part.items() if name != "values"} for part in parts]
        }


def _is_count(note: Document | None) -> bool:
    return note is not None and str(note.get("title", "")).isdigit()
