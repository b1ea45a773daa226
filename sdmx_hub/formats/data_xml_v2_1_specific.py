"""SDMX-ML 2.1 structure-specific data: the header names the data structure by ``Ref``, the namespace the dataflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sdmx_hub.formats.render_xml import (
    ACTIONS,
    DECLARATION,
    XSI,
    Described,
    describe,
    escape,
    once_each,
    primary_measure,
    validity,
    write_header,
)
from sdmx_hub.formats.render_xml_specific import write_dataset
from sdmx_hub.formats.several import view_v2_1
from sdmx_hub.model.message import DataMessage

_SCHEMAS = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"


def write(message: DataMessage, params: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write the message; rows are drawn while the pieces are taken. ``params`` has no effect."""
    yield from write_message(message, describe(view_v2_1(message)), "StructureSpecificData")


def write_message(message: DataMessage, described: list[Described], root: str) -> Iterator[bytes | memoryview]:
    """Write a message of structure-specific data under the name ``root``."""
    structures = once_each(described)
    namespaces = "".join(f' xmlns:ns{each.number}="{escape(each.namespace)}"' for each in structures)
    yield (
        f'{DECLARATION}<message:{root} xmlns:message="{_SCHEMAS}/message" xmlns:common="{_SCHEMAS}/common"'
        f' xmlns:ss="{_SCHEMAS}/data/structurespecific" xmlns:xsi="{XSI}"{namespaces}>\n'
        f"{write_header(message, map(_structure, structures))}"
    ).encode()
    for each in described:
        fixed = (
            f' ss:structureRef="{each.structure_id}" ss:dataScope="DataStructure"'
            f' ss:action="{ACTIONS[each.dataset.action]}"{validity(each.dataset, "ss:")}'
        )
        primary = primary_measure(each.dataset)
        yield from write_dataset(each, fixed, {primary: "OBS_VALUE"} if primary else {})
    yield f"</message:{root}>\n".encode()


def _structure(described: Described) -> str:
    return (
        f'<message:Structure structureID="{described.structure_id}" namespace="{escape(described.namespace)}"'
        f' dimensionAtObservation="{described.layout.dimension_at_observation}">'
        f"{structure_reference(described)}</message:Structure>"
    )


def structure_reference(described: Described) -> str:
    """The reference to the data structure, as an element (a URN alone is not understood by all readers of 2.1).

    Where data were asked of a provider, it is the agreement that is named, in the spelling of 2.1.
    """
    agreement = described.dataset.agreement
    if agreement is not None:
        ref = agreement.ref
        return (
            f'<common:ProvisionAgrement><Ref agencyID="{escape(ref.agency_id)}" id="{escape(ref.id)}"'
            f' version="{escape(ref.version)}" class="ProvisionAgreement" package="registry"/>'
            "</common:ProvisionAgrement>"
        )
    ref = described.dataset.structure.ref
    return (
        f'<common:Structure><Ref agencyID="{escape(ref.agency_id)}" id="{escape(ref.id)}"'
        f' version="{escape(ref.version)}" class="DataStructure" package="datastructure"/></common:Structure>'
    )
