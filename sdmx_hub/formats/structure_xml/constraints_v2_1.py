"""The constraints of SDMX-ML 2.1: content constraints of data and of metadata, and attachment constraints."""

from __future__ import annotations

from sdmx_hub.formats.structure_xml.parts import Attr, Child, Children, Ref, Refs
from sdmx_hub.formats.structure_xml.schemes import Kit
from sdmx_hub.formats.structure_xml.shape import Shape, shape
from sdmx_hub.formats.structure_xml.shared import KeyValues, Values, time_range

_ATTACHMENT = Child(
    "ConstraintAttachment",
    "constraintAttachment",
    (
        Ref("DataProvider", "dataProvider", "DataProvider"),
        Refs("DataStructure", "dataStructures", "DataStructure"),
        Refs("MetadataStructure", "metadataStructures", "MetadataStructure"),
        Refs("Dataflow", "dataflows", "Dataflow"),
        Refs("Metadataflow", "metadataflows", "Metadataflow"),
        Refs("ProvisionAgreement", "provisionAgreements", "ProvisionAgreement"),
    ),
)
_VALUE = Values("common:Value", (Attr("cascadeValues", "cascadeValues", "cascade"),))
_SELECTION = shape(
    Attr("id", "id"), Attr("include", "include", "bool"), _VALUE, time_range(with_validity=False, prefix="common:")
)
_ATTRIBUTES = Children("common:Attribute", "components", _SELECTION)
_KEY = (Children("common:KeyValue", "keyValues", (Attr("id", "id"), KeyValues("common:Value"))),)
_DATA_KEYS = Children(
    "DataKeySet", "dataKeySets", (Attr("isIncluded", "isIncluded", "bool"), Children("Key", "keys", _KEY))
)
_REGION = (
    Attr("include", "include", "bool"),
    Children("common:KeyValue", "keyValues", _SELECTION),
    _ATTRIBUTES,
)
_TARGET_REGION = (
    Attr("include", "include", "bool"),
    Attr("report", "report"),
    Attr("metadataTarget", "metadataTarget"),
    _ATTRIBUTES,
)


def content_constraint(one: Kit) -> Shape:
    """A content constraint."""
    return shape(
        one.maintainable,
        Attr("type", "type"),
        _ATTACHMENT,
        _DATA_KEYS,
        Children("CubeRegion", "cubeRegions", _REGION),
        Children("MetadataTargetRegion", "metadataTargetRegions", _TARGET_REGION),
        Children("MetadataKeySet", "metadataKeySets", ()),
    )


def attachment_constraint(one: Kit) -> Shape:
    """An attachment constraint."""
    return shape(one.maintainable, _ATTACHMENT, _DATA_KEYS, Children("MetadataKeySet", "metadataKeySets", ()))
