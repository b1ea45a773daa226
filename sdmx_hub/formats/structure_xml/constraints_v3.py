"""The constraints of SDMX-ML 3."""

from __future__ import annotations

from sdmx_hub.formats.structure_xml.parts import Attr, Child, Children, Ref, Refs
from sdmx_hub.formats.structure_xml.schemes import Kit
from sdmx_hub.formats.structure_xml.shape import LANG, Shape, shape
from sdmx_hub.formats.structure_xml.shared import KeyValues, Values, time_range

_OWN = (Attr("id", "id"), Attr("include", "include", "bool"), Attr("removePrefix", "removePrefix", "bool"))
_VALIDITY = (Attr("validFrom", "validFrom"), Attr("validTo", "validTo"))
_CASCADE = Attr("cascadeValues", "cascadeValues", "cascade")
_COMPONENT = shape(
    _OWN, Values("Value", shape(_CASCADE, Attr(LANG, "lang"), _VALIDITY)), time_range(with_validity=True)
)


def regions(one: Kit) -> Shape:
    """The key sets and regions of a data constraint."""
    value = Values("Value", shape(_CASCADE, _VALIDITY))
    key_value = shape(_OWN, _VALIDITY, value, time_range(with_validity=True))
    key = shape(
        _VALIDITY,
        one.annotations,
        Children("KeyValue", "keyValues", shape(_OWN, KeyValues())),
        Children("Component", "components", _COMPONENT),
    )
    region = shape(
        Attr("include", "include", "bool"),
        one.annotations,
        Children("KeyValue", "keyValues", key_value),
        Children("Component", "components", _COMPONENT),
    )
    return (
        Children(
            "DataKeySet", "dataKeySets", shape(Attr("isIncluded", "isIncluded", "bool"), Children("Key", "keys", key))
        ),
        Children("CubeRegion", "cubeRegions", region),
    )


def target_regions(one: Kit) -> Shape:
    """The regions of a metadata constraint."""
    inner = Children("Component", "components", _COMPONENT)
    region = shape(Attr("include", "include", "bool"), _VALIDITY, inner)
    return (Children("MetadataTargetRegion", "metadataTargetRegions", region),)


DATA_ATTACHMENT = Child(
    "ConstraintAttachment",
    "constraintAttachment",
    (
        Ref("DataProvider", "dataProvider"),
        Refs("DataStructure", "dataStructures"),
        Refs("Dataflow", "dataflows"),
        Refs("ProvisionAgreement", "provisionAgreements"),
    ),
)
METADATA_ATTACHMENT = Child(
    "ConstraintAttachment",
    "constraintAttachment",
    (
        Ref("MetadataProvider", "metadataProvider"),
        Refs("MetadataStructure", "metadataStructures"),
        Refs("Metadataflow", "metadataflows"),
        Refs("MetadataProvisionAgreement", "metadataProvisionAgreements"),
    ),
)
