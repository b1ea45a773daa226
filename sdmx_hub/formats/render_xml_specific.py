"""The content of structure-specific datasets, the same in SDMX-ML 2.1 and 3.x: components are XML attributes.

SDMX-ML 2.1 §4.2 and 3.x §4.2 ("Structure specific data"): dataset attributes on ``DataSet``, then ``Group``, then
``Series`` with ``Obs`` inside, or ``Obs`` alone. The XML attributes follow the order of the structure. In 3.x what may
hold several values or languages is no XML attribute but an element ``Comp`` with one ``Value`` for each; those of the
dataset stand in ``Atts``. (2.1 never gets to see them, see ``several.view_v2_1``.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sdmx_hub.formats.render import Part, Shape, Text, dataset_values, draw, draw_groups, draw_series, joined
from sdmx_hub.formats.render_xml import Described, escape, escape_sql, xml_attributes
from sdmx_hub.formats.several import LANGUAGE_SQL, each_text, each_value, several
from sdmx_hub.model.cells import Value, read_cell
from sdmx_hub.model.message import Action
from sdmx_hub.model.structure import Attribute, Component, Group, Measure

_CLOSING = "</Series>\n"


def write_dataset(described: Described, fixed: str, renamed: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write one ``DataSet``; ``fixed`` are its own XML attributes, ``renamed`` measures under another name."""
    rows, layout = described.rows, described.layout
    values = dataset_values(rows, [each.id for each in layout.dataset_attributes])
    complex_ids = several(described.dataset.structure, values)
    own = "".join(f' {key}="{escape(value)}"' for key, value in values.items() if key not in complex_ids)
    kind = f'xsi:type="ns{described.number}:DataSetType"'
    yield f"<message:DataSet {kind}{fixed}{own}>\n".encode()
    if complex_ids:
        yield f"<Atts>{''.join(_written(described, each, values[each]) for each in complex_ids)}</Atts>\n".encode()
    for group, attributes in layout.group_attributes:
        yield from _groups(described, group, attributes)
    observation = list(_observation(described, renamed))
    if layout.is_flat:
        yield from draw(rows, f"SELECT {joined(observation)} FROM ({rows.sql}) AS r")
    else:
        shape = Shape(opening=list(_series(described)), observation=observation, closing=_CLOSING)
        yield from draw_series(rows, described.dataset.structure, layout, shape)
    yield b"</message:DataSet>\n"


def complex_type(component: Component) -> str:
    """The name of the type of a ``Comp`` element in the schema of the structure, as the samples of the standard do."""
    return f"{component.id}_{'MEASURE' if isinstance(component, Measure) else 'ATTRIBUTE'}"


def _groups(described: Described, group: Group, attributes: Iterable[Attribute]) -> Iterator[memoryview]:
    ids = [each.id for each in attributes]
    complex_ids = several(described.dataset.structure, ids)
    parts = [
        Text(f'<Group xsi:type="ns{described.number}:{group.id}"'),
        *xml_attributes(described, _same(group.dimension_ids), nullable=_is_partial(described)),
        *xml_attributes(described, _same(_others(ids, complex_ids)), nullable=True),
        *_content(described, complex_ids, "Group"),
    ]
    yield from draw_groups(described.rows, group.dimension_ids, ids, parts)


def _series(described: Described) -> Iterator[Part]:
    layout = described.layout
    present = [identifier for identifier in layout.series_ids if identifier in described.rows.columns]
    ids = [each.id for each in layout.series_attributes]
    complex_ids = several(described.dataset.structure, ids)
    yield Text("<Series")
    yield from xml_attributes(described, _same(present), nullable=_is_partial(described))
    yield from xml_attributes(described, _same(_others(ids, complex_ids)), nullable=True)
    yield Text(">")
    yield from (_component(described, each) for each in complex_ids)
    yield Text("\n")


def _observation(described: Described, renamed: Mapping[str, str]) -> Iterator[Part]:
    layout = described.layout
    ids = [*layout.measure_ids, *(each.id for each in layout.observation_attributes)]
    complex_ids = several(described.dataset.structure, ids)
    yield Text("<Obs")
    if layout.has_observations:
        yield from xml_attributes(described, _same(layout.observation_ids), nullable=_is_partial(described))
        plain = ((each, renamed.get(each, each)) for each in _others(ids, complex_ids))
        yield from xml_attributes(described, plain, nullable=True)
    yield from _content(described, complex_ids, "Obs")


def _is_partial(described: Described) -> bool:
    """Tell whether dimensions may be absent: only what is deleted may be named by a part of its key."""
    return described.dataset.action is Action.DELETE


def _same(ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((identifier, identifier) for identifier in ids)


def _others(ids: Iterable[str], left_out: Sequence[str]) -> list[str]:
    return [each for each in ids if each not in left_out]


def _content(described: Described, complex_ids: Sequence[str], name: str) -> Iterator[Part]:
    """The end of an element: its components of several values, if it has any."""
    if not complex_ids:
        yield Text("/>\n")
        return
    inside = joined([_component(described, each) for each in complex_ids])
    yield f"coalesce('>' || nullif({inside}, '') || '</{name}>\n', '/>\n')"


def _opening(described: Described, identifier: str) -> str:
    kind = complex_type(described.dataset.structure.components[identifier])
    return f'<Comp id="{identifier}" xsi:type="ns{described.number}:{kind}">'


def _component(described: Described, identifier: str) -> Part:
    component = described.dataset.structure.components[identifier]
    write = _texts_sql if component.representation.is_multilingual else escape_sql
    cell = f"{described.cells.column(identifier)}::VARCHAR"
    values = each_value(cell, write, "</Value><Value>")
    return f"'{_opening(described, identifier)}<Value>' || {values} || '</Value></Comp>'"


def _texts_sql(value: str) -> str:
    escaped = escape_sql("t")
    tagged = f"""'<common:Text xml:lang="' || replace({escaped}, {LANGUAGE_SQL}, '">') || '</common:Text>'"""
    plain = f"'<common:Text>' || {escaped} || '</common:Text>'"
    return each_text(value, lambda t: f"CASE WHEN contains({t}, {LANGUAGE_SQL}) THEN {tagged} ELSE {plain} END", "")


def _written(described: Described, identifier: str, cell: str) -> str:
    is_multilingual = described.dataset.structure.components[identifier].representation.is_multilingual
    values = "".join(f"<Value>{_content_of(each, in_text=is_multilingual)}</Value>" for each in read_cell(cell))
    return f"{_opening(described, identifier)}{values}</Comp>"


def _content_of(value: Value, *, in_text: bool) -> str:
    if isinstance(value, str):
        return f"<common:Text>{escape(value)}</common:Text>" if in_text else escape(value)
    return "".join(
        f'<common:Text xml:lang="{language}">{escape(text)}</common:Text>' for language, text in value.items()
    )
