"""SDMX-JSON 1.0 data (field guide of SDMX-JSON 1.0): one structure for all datasets, every attribute by index.

- Attributes of groups and of some dimensions are written with the series, or with the observations where there are no
  series or where they depend on a dimension at the observation.
- The value is a number where the measure is one, digits as they were sent, and a string else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sdmx_hub.errors import BadQuery
from sdmx_hub.formats.layout import Layout, choose_layout
from sdmx_hub.formats.render import Part, Text, dataset_values, is_number
from sdmx_hub.formats.render_json import (
    ACTIONS,
    Indexed,
    JsonObject,
    code_values,
    draw_flat,
    draw_keyed,
    dump,
    index_rows,
    links,
    meta,
    named,
    number_sql,
    string_sql,
    time_values,
    validity,
)
from sdmx_hub.formats.several import view_v2_1
from sdmx_hub.model.message import DataMessage, Dataset
from sdmx_hub.model.structure import Attachment, Attribute

_SCHEMA = "https://json.sdmx.org/1.0/sdmx-json-data-schema.json"


def write(message: DataMessage, params: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write the message; the values in use are read first, then rows are drawn. ``params`` has no effect.

    Raises BadQuery for datasets of several dataflows, which 1.0 cannot describe in one message.
    """
    datasets = view_v2_1(message).datasets
    if len({str(dataset.dataflow.urn) for dataset in datasets}) > 1:
        raise BadQuery("format-of-one-dataflow", format="SDMX-JSON 1.0")
    prepared = _with_common_values([_prepare(dataset) for dataset in datasets])
    yield b'{"meta":' + dump(meta(message.header, message, _SCHEMA))
    yield b',"data":{"structure":' + dump(_structure(prepared[0], message)) + b',"dataSets":['
    for number, each in enumerate(prepared):
        yield b"," * bool(number)
        yield from _dataset(each)
    yield b"]}}\n"


def _prepare(dataset: Dataset) -> Indexed:
    layout = _lowered(choose_layout(dataset))
    at_observation = layout.observation_ids if layout.has_observations else ()
    attributes = (*layout.dataset_attributes, *layout.series_attributes, *layout.observation_attributes)
    return index_rows(dataset, layout, [*layout.series_ids, *at_observation, *(each.id for each in attributes)])


def _lowered(layout: Layout) -> Layout:
    """Write the attributes of groups with series or observations: 1.0 has no groups."""
    of_groups = [attribute for _, attributes in layout.group_attributes for attribute in attributes]
    if layout.has_observations:
        varying = set(layout.observation_ids)
        at_each = [one for one in of_groups if layout.is_flat or not varying.isdisjoint(one.dimension_ids)]
    else:
        at_each = []
    in_series = [attribute for attribute in of_groups if attribute not in at_each]
    return replace(
        layout,
        group_attributes=(),
        series_attributes=(*layout.series_attributes, *in_series),
        observation_attributes=(*layout.observation_attributes, *at_each),
    )


def _with_common_values(prepared: Sequence[Indexed]) -> list[Indexed]:
    """Give all datasets the same lists of values, those of the first first."""
    common: dict[str, dict[str, None]] = {}
    for each in prepared:
        for identifier, values in each.values.items():
            common.setdefault(identifier, {}).update(dict.fromkeys(values))
    lists = {identifier: tuple(values) for identifier, values in common.items()}
    return [replace(each, values={**dict.fromkeys(lists, ()), **_of(lists, each)}) for each in prepared]


def _of(lists: Mapping[str, tuple[str, ...]], indexed: Indexed) -> dict[str, tuple[str, ...]]:
    return {identifier: values for identifier, values in lists.items() if identifier in indexed.values}


def _structure(indexed: Indexed, message: DataMessage) -> JsonObject:
    dataset, layout = indexed.dataset, indexed.layout
    return {
        "links": links(dataset),
        **named(dataset.dataflow.names, message, dataset.dataflow.ref.id),
        "dimensions": {
            "dataSet": [],
            "series": _dimensions(indexed, layout.series_ids, message),
            "observation": _dimensions(indexed, layout.observation_ids, message),
        },
        "attributes": {
            "dataSet": [_attribute(indexed, each, message) for each in layout.dataset_attributes],
            "series": [_attribute(indexed, each, message) for each in layout.series_attributes],
            "observation": [_attribute(indexed, each, message) for each in layout.observation_attributes],
        },
    }


def _dimensions(indexed: Indexed, ids: Sequence[str], message: DataMessage) -> list[JsonObject]:
    structure = indexed.dataset.structure
    time_id = structure.time_dimension.id if structure.time_dimension else None
    return [
        {
            "id": identifier,
            **named(indexed.dataset.names(identifier), message, identifier),
            "keyPosition": structure.key_ids.index(identifier),
            "roles": [identifier] if identifier == time_id else [],
            "values": time_values(indexed.values[identifier])
            if identifier == time_id
            else code_values(indexed, identifier, message),
        }
        for identifier in ids
        if identifier in indexed.values
    ]


def _attribute(indexed: Indexed, attribute: Attribute, message: DataMessage) -> JsonObject:
    relationship: JsonObject
    if attribute.attached_to is Attachment.OBSERVATION:
        relationship = {"primaryMeasure": "OBS_VALUE"}
    elif attribute.attached_to is Attachment.DATASET:
        relationship = {"none": {}}
    else:
        relationship = {"dimensions": list(attribute.dimension_ids)}
    is_coded = indexed.dataset.codelist(attribute.id) is not None
    values = indexed.values[attribute.id]
    return {
        "id": attribute.id,
        **named(indexed.dataset.names(attribute.id), message, attribute.id),
        "relationship": relationship,
        "values": code_values(indexed, attribute.id, message) if is_coded else [{"name": text} for text in values],
    }


def _dataset(indexed: Indexed) -> Iterator[bytes | memoryview]:
    dataset, layout = indexed.dataset, indexed.layout
    head: JsonObject = {"action": ACTIONS[dataset.action], "links": links(dataset)[:1], **validity(dataset)}
    if layout.dataset_attributes:
        head["attributes"] = _dataset_attributes(indexed)
    yield dump(head)[:-1]
    observation = list(_observation(indexed)) if layout.has_observations else []
    if layout.is_flat:
        yield b',"observations":{'
        yield from draw_flat(indexed, observation)
    else:
        own = [indexed.index(attribute.id) for attribute in layout.series_attributes]
        yield b',"series":{'
        yield from draw_keyed(indexed, indexed.array(own) if own else [], observation)
    yield b"}}"


def _dataset_attributes(indexed: Indexed) -> list[int | None]:
    ids = [each.id for each in indexed.layout.dataset_attributes]
    found = dataset_values(indexed.rows, ids)
    return [indexed.values[key].index(found[key]) if key in found else None for key in ids]


def _observation(indexed: Indexed) -> Iterator[Part]:
    layout = indexed.layout
    values = [_measure(indexed, identifier) for identifier in layout.measure_ids[:1]] or ["NULL"]
    values += [indexed.index(attribute.id) for attribute in layout.observation_attributes]
    yield from (Text('"'), *indexed.key(layout.observation_ids), Text('":'), *indexed.array(values))


def _measure(indexed: Indexed, identifier: str) -> Part:
    component = indexed.dataset.structure.components[identifier]
    return number_sql(indexed.cells, identifier) if is_number(component) else string_sql(indexed.cells, identifier)
