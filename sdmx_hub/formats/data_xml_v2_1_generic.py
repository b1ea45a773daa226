"""SDMX-ML 2.1 generic data: every component an element with ``id`` and ``value``, the same for all structures.

SDMX-ML 2.1 §4.1: attributes of the dataset first, then groups, then series with observations, or observations alone.
2.1 knows one measure, values of one text and one language (see ``several.view_v2_1``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sdmx_hub.formats.data_xml_v2_1_specific import structure_reference
from sdmx_hub.formats.render import Part, Shape, Text, dataset_values, draw, draw_groups, draw_series, joined
from sdmx_hub.formats.render_xml import (
    ACTIONS,
    DECLARATION,
    Described,
    describe,
    escape,
    once_each,
    primary_measure,
    validity,
    write_header,
)
from sdmx_hub.formats.several import view_v2_1
from sdmx_hub.model.message import Action, DataMessage
from sdmx_hub.model.structure import Attribute, Group

_SCHEMAS = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
_CLOSING = "</generic:Series>\n"


def write(message: DataMessage, params: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write the message; rows are drawn while the pieces are taken. ``params`` has no effect."""
    yield from write_message(message, describe(view_v2_1(message)), "GenericData")


def write_message(message: DataMessage, described: list[Described], root: str) -> Iterator[bytes | memoryview]:
    """Write a message of generic data under the name ``root``."""
    yield (
        f'{DECLARATION}<message:{root} xmlns:message="{_SCHEMAS}/message" xmlns:common="{_SCHEMAS}/common"'
        f' xmlns:generic="{_SCHEMAS}/data/generic">\n'
        f"{write_header(message, map(_structure, once_each(described)))}"
    ).encode()
    for each in described:
        yield from _dataset(each)
    yield f"</message:{root}>\n".encode()


def _structure(described: Described) -> str:
    return (
        f'<message:Structure structureID="{described.structure_id}"'
        f' dimensionAtObservation="{described.layout.dimension_at_observation}">'
        f"{structure_reference(described)}</message:Structure>"
    )


def _dataset(described: Described) -> Iterator[bytes | memoryview]:
    rows, layout = described.rows, described.layout
    action = ACTIONS[described.dataset.action]
    name = escape(described.dataset.dataflow.ref.id)  # nothing else in the message names the dataflow
    fixed = f'structureRef="{described.structure_id}" setID="{name}" action="{action}"{validity(described.dataset)}'
    yield f"<message:DataSet {fixed}>\n{_dataset_attributes(described)}".encode()
    for group, attributes in layout.group_attributes:
        yield from _groups(described, group, attributes)
    observation = list(_observation(described))
    if layout.is_flat:
        yield from draw(rows, f"SELECT {joined(observation)} FROM ({rows.sql}) AS r")
    else:
        shape = Shape(opening=list(_series(described)), observation=observation, closing=_CLOSING)
        yield from draw_series(rows, described.dataset.structure, layout, shape)
    yield b"</message:DataSet>\n"


def _dataset_attributes(described: Described) -> str:
    found = dataset_values(described.rows, [each.id for each in described.layout.dataset_attributes])
    values = "".join(f'<generic:Value id="{key}" value="{escape(value)}"/>' for key, value in found.items())
    return f"<generic:Attributes>{values}</generic:Attributes>\n" if values else ""


def _groups(described: Described, group: Group, attributes: Iterable[Attribute]) -> Iterator[memoryview]:
    ids = [each.id for each in attributes]
    parts = [
        Text(f'<generic:Group type="{group.id}">'),
        *_key("GroupKey", described, group.dimension_ids),
        _attributes(described, ids),
        Text("</generic:Group>\n"),
    ]
    yield from draw_groups(described.rows, group.dimension_ids, ids, parts)


def _series(described: Described) -> Iterator[Part]:
    layout = described.layout
    yield Text("<generic:Series>")
    yield from _key("SeriesKey", described, [each for each in layout.series_ids if each in described.rows.columns])
    yield _attributes(described, [each.id for each in layout.series_attributes])
    yield Text("\n")


def _observation(described: Described) -> Iterator[Part]:
    layout, cells = described.layout, described.cells
    if not layout.has_observations:
        return
    primary = primary_measure(described.dataset)
    yield Text("<generic:Obs>")
    if layout.is_flat:
        yield from _key("ObsKey", described, layout.observation_ids)
    else:
        at = layout.observation_ids[0]
        yield from (Text('<generic:ObsDimension value="'), cells.cell(at), Text('"/>'))
    if primary in layout.measure_ids:
        yield cells.wrapped(primary, '<generic:ObsValue value="', '"/>')
    yield _attributes(described, [each.id for each in layout.observation_attributes])
    yield Text("</generic:Obs>\n")


def _key(name: str, described: Described, ids: Iterable[str]) -> Iterator[Part]:
    """A key; only what is deleted may be named by a part of its key."""
    cells = described.cells
    yield Text(f"<generic:{name}>")
    for identifier in ids:
        before = f'<generic:Value id="{identifier}" value="'
        if described.dataset.action is Action.DELETE:
            yield cells.wrapped(identifier, before, '"/>')
        else:
            yield from (Text(before), cells.cell(identifier), Text('"/>'))
    yield Text(f"</generic:{name}>")


def _attributes(described: Described, ids: Iterable[str]) -> Part:
    """The attributes that have a value, in their element; nothing where none has."""
    cells = described.cells
    values = [cells.wrapped(identifier, f'<generic:Value id="{identifier}" value="', '"/>') for identifier in ids]
    if not values:
        return ""
    return f"'<generic:Attributes>' || nullif({joined(values)}, '') || '</generic:Attributes>'"
