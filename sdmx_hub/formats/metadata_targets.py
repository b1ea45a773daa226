"""Targets of metadata sets as SDMX-CSV and SDMX-ML 2.1 name them: a type, and agency, id, version and item."""

from __future__ import annotations

import re

from sdmx_hub.errors import Malformed
from sdmx_hub.model.classes import CLASS_BY_ITEM, CLASS_BY_NAME, CLASS_BY_RESOURCE, PREFIX, SYNONYMS

_URN = re.compile(re.escape(PREFIX) + r"([a-z]+)\.([A-Za-z]+)=(.+)")
_COMPONENTS = {
    **dict.fromkeys(
        (
            "DimensionDescriptor",
            "Dimension",
            "TimeDimension",
            "MeasureDescriptor",
            "Measure",
            "AttributeDescriptor",
            "DataAttribute",
            "GroupDimensionDescriptor",
        ),
        "datastructure",
    ),
    **dict.fromkeys(("MetadataAttributeDescriptor", "MetadataAttribute"), "metadatastructure"),
    **dict.fromkeys(("Level",), "codelist"),
    **dict.fromkeys(("Transition",), "process"),
}
"""Identifiable things inside artefacts that are no items, and their packages."""
_COMPONENT_BY_TYPE = {name.lower(): (package, name) for name, package in _COMPONENTS.items()}


def split_target(urn: str) -> tuple[str, str]:
    """Take a URN apart: the type of structure queries, and ``AGENCY:ID(VERSION)`` with the item. Raises Malformed."""
    match = _URN.fullmatch(urn)
    if match is None:
        raise Malformed("urn-syntax", text=urn[:100])
    name = SYNONYMS.get(match[2], match[2])
    row = CLASS_BY_NAME.get(name) or CLASS_BY_ITEM.get(name)
    return (row.resource or row.name.lower() if row else name.lower()), match[3]


def join_target(kind: str, reference: str) -> str:
    """Write the URN of what a type and a reference name. Raises Malformed for an unknown type."""
    wanted = kind.strip().lower()
    row = CLASS_BY_RESOURCE.get(wanted) or {row.name.lower(): row for row in CLASS_BY_NAME.values()}.get(wanted)
    if row is None:
        package, name = _COMPONENT_BY_TYPE.get(wanted, (None, None))
        if package is None:
            raise Malformed("metadata-target-type", kind=kind[:100])
        return f"{PREFIX}{package}.{name}={reference.strip()}"
    is_item = ")." in reference and row.item_class is not None
    return f"{PREFIX}{row.package}.{row.item_class if is_item else row.name}={reference.strip()}"
