"""What SDMX-ML 3.0 and 3.1 data share: structure-specific, references by URN, the header names the dataflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sdmx_hub.formats.render_xml import (
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
from sdmx_hub.model.message import Action, DataMessage


@dataclass(frozen=True)
class Edition:
    """What differs between editions: where their schemas are, and how they call actions."""

    schemas: str
    actions: Mapping[Action, str]


def write_message(message: DataMessage, edition: Edition) -> Iterator[bytes | memoryview]:
    """Write the message; rows are drawn while the pieces are taken."""
    described = describe(message)
    structures = once_each(described)
    namespaces = "".join(f' xmlns:ns{each.number}="{escape(each.namespace)}"' for each in structures)
    yield (
        f'{DECLARATION}<message:StructureSpecificData xmlns:message="{edition.schemas}/message"'
        f' xmlns:common="{edition.schemas}/common" xmlns:ss="{edition.schemas}/data/structurespecific"'
        f' xmlns:xsi="{XSI}"{namespaces}>\n{write_header(message, map(_structure, structures), edition.actions)}'
    ).encode()
    for each in described:
        fixed = (
            f' ss:structureRef="{each.structure_id}" ss:action="{edition.actions[each.dataset.action]}"'
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
