"""SDMX-ML 3.0 data, always structure-specific: references are URNs, and the header names the dataflow."""

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
    validity,
    write_header,
)
from sdmx_hub.formats.render_xml_specific import write_dataset
from sdmx_hub.model.message import DataMessage

_SCHEMAS = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0"


def write(message: DataMessage, params: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write the message; rows are drawn while the pieces are taken. ``params`` has no effect."""
    described = describe(message)
    structures = once_each(described)
    namespaces = "".join(f' xmlns:ns{each.number}="{escape(each.namespace)}"' for each in structures)
    yield (
        f'{DECLARATION}<message:StructureSpecificData xmlns:message="{_SCHEMAS}/message"'
        f' xmlns:common="{_SCHEMAS}/common" xmlns:ss="{_SCHEMAS}/data/structurespecific"'
        f' xmlns:xsi="{XSI}"{namespaces}>\n{write_header(message, map(_structure, structures))}'
    ).encode()
    for each in described:
        fixed = (
            f' ss:structureRef="{each.structure_id}" ss:action="{ACTIONS[each.dataset.action]}"'
            f"{validity(each.dataset, 'ss:')}"
        )
        yield from write_dataset(each, fixed, {})
    yield b"</message:StructureSpecificData>\n"


def _structure(described: Described) -> str:
    return (
        f'<message:Structure structureID="{described.structure_id}" namespace="{escape(described.namespace)}"'
        f' dimensionAtObservation="{described.layout.dimension_at_observation}">'
        f"<common:StructureUsage>{escape(str(described.dataset.dataflow.urn))}</common:StructureUsage>"
        "</message:Structure>"
    )
