"""The content of structure-specific datasets, the same in SDMX-ML 2.1 and 3.0: components are XML attributes.

SDMX-ML 2.1 §4.2 and 3.0 §4.2 ("Structure specific data"): dataset attributes on ``DataSet``, then ``Group``, then
``Series`` with ``Obs`` inside, or ``Obs`` alone. The XML attributes follow the order of the structure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sdmx_hub.formats.render import Part, Shape, Text, dataset_values, draw, draw_groups, draw_series, joined
from sdmx_hub.formats.render_xml import Described, escape, xml_attributes
from sdmx_hub.model.message import Action
from sdmx_hub.model.structure import Attribute, Group

_CLOSING = "</Series>\n"


def write_dataset(described: Described, fixed: str, renamed: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write one ``DataSet``; ``fixed`` are its own XML attributes, ``renamed`` measures under another name."""
    rows, layout = described.rows, described.layout
    values = dataset_values(rows, [each.id for each in layout.dataset_attributes])
    own = "".join(f' {identifier}="{escape(value)}"' for identifier, value in values.items())
    kind = f'xsi:type="ns{described.number}:DataSetType"'
    yield f"<message:DataSet {kind}{fixed}{own}>\n".encode()
    for group, attributes in layout.group_attributes:
        yield from _groups(described, group, attributes)
    observation = [Text("<Obs"), *_observation(described, renamed), Text("/>\n")]
    if layout.is_flat:
        yield from draw(rows, f"SELECT {joined(observation)} FROM ({rows.sql}) AS r")
    else:
        opening = [Text("<Series"), *_series(described), Text(">\n")]
        shape = Shape(opening=opening, observation=observation, closing=_CLOSING)
        yield from draw_series(rows, described.dataset.structure, layout, shape)
    yield b"</message:DataSet>\n"


def _groups(described: Described, group: Group, attributes: Iterable[Attribute]) -> Iterator[memoryview]:
    ids = [each.id for each in attributes]
    parts = [
        Text(f'<Group xsi:type="ns{described.number}:{group.id}"'),
        *xml_attributes(described, _same(group.dimension_ids), nullable=_is_partial(described)),
        *xml_attributes(described, _same(ids), nullable=True),
        Text("/>\n"),
    ]
    yield from draw_groups(described.rows, group.dimension_ids, ids, parts)


def _series(described: Described) -> Iterator[Part]:
    layout = described.layout
    present = [identifier for identifier in layout.series_ids if identifier in described.rows.columns]
    yield from xml_attributes(described, _same(present), nullable=_is_partial(described))
    yield from xml_attributes(described, _same(each.id for each in layout.series_attributes), nullable=True)


def _observation(described: Described, renamed: Mapping[str, str]) -> Iterator[Part]:
    layout = described.layout
    if not layout.has_observations:
        return
    yield from xml_attributes(described, _same(layout.observation_ids), nullable=_is_partial(described))
    measures = ((identifier, renamed.get(identifier, identifier)) for identifier in layout.measure_ids)
    yield from xml_attributes(described, measures, nullable=True)
    yield from xml_attributes(described, _same(each.id for each in layout.observation_attributes), nullable=True)


def _is_partial(described: Described) -> bool:
    """Tell whether dimensions may be absent: only what is deleted may be named by a part of its key."""
    return described.dataset.action is Action.DELETE


def _same(ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((identifier, identifier) for identifier in ids)
