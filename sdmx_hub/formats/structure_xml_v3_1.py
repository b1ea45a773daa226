"""SDMX-ML 3.1 structure messages: every class of the artefact table, read and written.

What 3.1 cannot carry:

| Canonical (SDMX 3.1) | In SDMX-ML 3.1 | On the way back |
|---|---|---|
| the ISO reference of a concept | an annotation, as common readers stop at the element | restored |
| the version of a categorisation | the schema knows none but 1.0 | 1.0 |
| several regions that allow, or exclude, in one constraint | one that holds those that allow; one that excludes | one |
| ``decimals``, ``minLength``, ``maxLength`` of 0 | dropped: the schema wants positive numbers | absent |
| the time of day in the validity of a mapping | the date alone | midnight, UTC |
| links without an address | dropped | absent |
| title, language and ``uri`` of a link; of an annotation's also URN and type; links of groups | dropped | absent |
| all links but the first of a metadata attribute usage | dropped | absent |
| annotations of a metadata target region; properties of one's own (``x-…``) | dropped | absent |
| what the hub keeps to name an availability constraint | dropped: it is no artefact in 3.1 | absent |
"""

from __future__ import annotations

from dataclasses import replace

from sdmx_hub.formats.structure_constraint import merge_regions
from sdmx_hub.formats.structure_xml.constraints_v3 import (
    DATA_ATTACHMENT,
    METADATA_ATTACHMENT,
    regions,
    target_regions,
)
from sdmx_hub.formats.structure_xml.edition_v3 import Own, edition, kit, make_rows, row
from sdmx_hub.formats.structure_xml.message import ClassRow, read_message, write_message
from sdmx_hub.formats.structure_xml.parts import Attr, Child, Children, Ref, Texts
from sdmx_hub.formats.structure_xml.shape import shape
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.message import StructureMessage

EDITION = edition("3.1")
_OWN = Own(
    maintainable=(Attr("isPartialLanguage", "isPartialLanguage", "bool"),),
    dataflow=(Texts("Dimension", "dimensionConstraint", within="DimensionConstraint"),),
    data_structure=(Attr("evolvingStructure", "evolvingStructure", "bool"),),
    unversioned=frozenset({"Categorisation"}),
)
_KIT = kit(_OWN)


def read(data: bytes) -> tuple[Artefact, ...]:
    """Read the artefacts of a message, in canonical form. Raises Malformed."""
    return read_message(data, EDITION, ROWS)


def write(message: StructureMessage) -> bytes:
    """Write a message."""
    return write_message(message, EDITION, ROWS)


def _availability_row() -> ClassRow:
    region = next(part for part in regions(_KIT) if isinstance(part, Children) and part.key == "cubeRegions")
    attachment = (
        Ref("DataStructure", "dataStructure"),
        Ref("Dataflow", "dataflow"),
        Ref("ProvisionAgreement", "provisionAgreement"),
    )
    body = shape(
        Attr("seriesCount", "seriesCount", "int"),
        Attr("obsCount", "obsCount", "int"),
        _KIT.annotations,
        Child("ConstraintAttachment", "constraintAttachment", attachment),
        Child("CubeRegion", "cubeRegion", region.shape),
    )
    return replace(row("AvailabilityConstraint", "AvailabilityConstraints", body), is_maintainable=False)


def _categorisation_row(given: ClassRow) -> ClassRow:
    return replace(given, outward=lambda artefact: dict(artefact.document) | {"version": "1.0"})


def _constraint_rows() -> tuple[ClassRow, ...]:
    return (
        replace(
            row("DataConstraint", "DataConstraints", shape(_KIT.maintainable, DATA_ATTACHMENT, regions(_KIT))),
            outward=lambda artefact: merge_regions(artefact.document),
        ),
        replace(
            row(
                "MetadataConstraint",
                "MetadataConstraints",
                shape(_KIT.maintainable, METADATA_ATTACHMENT, target_regions(_KIT)),
            ),
            outward=lambda artefact: merge_regions(artefact.document, "metadataTargetRegions"),
        ),
        _availability_row(),
    )


ROWS = tuple(
    _categorisation_row(given) if given.name == "Categorisation" else given
    for given in make_rows(_OWN, _constraint_rows())
)
"""How each class is written, in the order of the containers."""
