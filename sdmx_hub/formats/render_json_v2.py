"""What SDMX-JSON 2.0 and 2.1 data share: series with observations, or observations alone (field guides of both).

- Coded components are written as indices into the ``values`` of their definition, uncoded ones directly. ``values``
  lists what the message holds, not the whole codelist.
- Attributes of groups (and, among observations alone, those that describe some dimensions) are
  ``dimensionGroupAttributes``.
- Types: numbers for Numeric, Long, Short, Float, Double, Integer and Count, truth values for Boolean, and strings for
  the rest, Decimal and BigInteger too: the mapping the field guide of 2.1 spells out, and the one under which ``1.10``
  and large integers come out as they went in.
- Several values are an array (of indices, for codes), a text in several languages is an object by language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sdmx_hub.formats.layout import Layout, choose_layout
from sdmx_hub.formats.render import Part, Text, dataset_values, draw_groups, without_head
from sdmx_hub.formats.render_json import (
    NUMBERS,
    Indexed,
    JsonObject,
    boolean_sql,
    code_values,
    draw_flat,
    draw_keyed,
    dump,
    index_rows,
    links,
    named,
    number_sql,
    separated,
    string_sql,
    time_values,
    told,
    validity,
    values_sql,
)
from sdmx_hub.formats.several import several
from sdmx_hub.model.message import Action, DataMessage, Dataset
from sdmx_hub.model.structure import Attachment, Attribute, Component

Fix = Callable[[Indexed], frozenset[str]]
"""Which dimensions an edition tells once for the whole dataset."""


@dataclass(frozen=True, kw_only=True)
class Edition:
    """What differs between editions: the beginning of the message, the names of actions, and what is told once.

    With ``strings_in_arrays`` several values are told as strings, codes too: the schema of 2.0 takes no array of
    integers, for it wants each array to be of one type only and integers are numbers as well.
    """

    head: JsonObject
    actions: Mapping[Action, str]
    fix: Fix
    strings_in_arrays: bool = False


def write_message(message: DataMessage, edition: Edition) -> Iterator[bytes | memoryview]:
    """Write the message; the values in use are read first, then rows are drawn."""
    prepared = [_prepare(dataset, edition) for dataset in message.datasets]
    structures = [_structure(each, number, message) for number, each in enumerate(prepared)]
    yield dump(edition.head)[:-1] + b',"data":{"structures":' + dump(structures) + b',"dataSets":['
    for number, each in enumerate(prepared):
        yield b"," * bool(number)
        yield from _dataset(each, number, edition)
    yield b"]}}\n"


def _prepare(dataset: Dataset, edition: Edition) -> Indexed:
    layout = choose_layout(dataset)
    of_groups = {identifier for ids in _dimension_sets(layout) for identifier in ids}
    shown = {*layout.series_ids, *of_groups, *(layout.observation_ids if layout.has_observations else ())}
    ids = [identifier for identifier in dataset.structure.key_ids if identifier in shown]
    ids += [
        identifier
        for identifier in (*layout.measure_ids, *(attribute.id for attribute in _attributes(layout)))
        if dataset.codelist(identifier) is not None
    ]
    if edition.strings_in_arrays:
        told_whole = several(dataset.structure, ids)
        ids = [identifier for identifier in ids if identifier not in told_whole]
    indexed = index_rows(dataset, layout, ids)
    return replace(indexed, fixed_ids=edition.fix(indexed))


def _attributes(layout: Layout) -> list[Attribute]:
    of_groups = (attribute for _, attributes in layout.group_attributes for attribute in attributes)
    return [*layout.dataset_attributes, *of_groups, *layout.series_attributes, *layout.observation_attributes]


def _of_dimensions(layout: Layout) -> list[Attribute]:
    """Attributes written by partial keys, those of one set of dimensions together."""
    found = [attribute for _, attributes in layout.group_attributes for attribute in attributes]
    if layout.is_flat:
        found += [each for each in layout.observation_attributes if each.attached_to is Attachment.DIMENSIONS]
    return found


def _of_observations(layout: Layout) -> list[Attribute]:
    if not layout.is_flat:
        return list(layout.observation_attributes)
    return [each for each in layout.observation_attributes if each.attached_to is not Attachment.DIMENSIONS]


def _structure(indexed: Indexed, number: int, message: DataMessage) -> JsonObject:
    dataset, layout = indexed.dataset, indexed.layout
    measures = [dataset.structure.components[identifier] for identifier in layout.measure_ids]
    keys = dataset.structure.key_ids
    return {
        "dataSets": [number],
        "links": links(dataset),
        **named(dataset.dataflow.names, message, dataset.dataflow.ref.id),
        "dimensions": {
            "dataSet": _dimensions(indexed, [each for each in keys if each in indexed.fixed_ids], message),
            "series": _dimensions(indexed, indexed.series_ids, message),
            "observation": _dimensions(indexed, indexed.observation_ids, message),
        },
        "measures": {"observation": [_component(indexed, measure, message) for measure in measures]},
        "attributes": {
            "dataSet": [_attribute(indexed, each, message) for each in layout.dataset_attributes],
            "dimensionGroup": [_attribute(indexed, each, message) for each in _of_dimensions(layout)],
            "series": [_attribute(indexed, each, message) for each in layout.series_attributes],
            "observation": [_attribute(indexed, each, message) for each in _of_observations(layout)],
        },
    }


def _dimensions(indexed: Indexed, ids: Sequence[str], message: DataMessage) -> list[JsonObject]:
    structure = indexed.dataset.structure
    found = []
    for identifier in ids:
        if not indexed.values.get(identifier):
            continue
        dimension: JsonObject = {
            "id": identifier,
            **named(indexed.dataset.names(identifier), message, identifier),
            "keyPosition": structure.key_ids.index(identifier),
        }
        if structure.time_dimension and identifier == structure.time_dimension.id:
            dimension["roles"] = [identifier]
            dimension["values"] = time_values(indexed.values[identifier])
        elif indexed.dataset.codelist(identifier) is None:
            dimension["values"] = [{"value": value} for value in indexed.values[identifier]]
        else:
            dimension["values"] = code_values(indexed, identifier, message)
        found.append(dimension)
    return found


def _component(indexed: Indexed, component: Component, message: DataMessage) -> JsonObject:
    shown: JsonObject = {"id": component.id, **named(indexed.dataset.names(component.id), message, component.id)}
    if indexed.values.get(component.id):
        shown["values"] = code_values(indexed, component.id, message)
    else:
        shown["format"] = _format(component)
    return shown


def _format(component: Component) -> JsonObject:
    representation = component.representation
    told: JsonObject = {"dataType": representation.text_type}
    if representation.is_multilingual:
        told["isMultiLingual"] = True
    if representation.is_array:
        told["maxOccurs"] = representation.max_occurs or "unbounded"
    return told


def _attribute(indexed: Indexed, attribute: Attribute, message: DataMessage) -> JsonObject:
    relationship: JsonObject
    if attribute.attached_to is Attachment.OBSERVATION:
        relationship = {"observation": {}}
    elif attribute.attached_to is Attachment.DATASET:
        relationship = {"dataflow": {}}
    else:
        relationship = {"dimensions": list(attribute.dimension_ids)}
    shown = _component(indexed, attribute, message)
    return {**shown, "isMandatory": attribute.is_mandatory, "relationship": relationship}


def _dataset(indexed: Indexed, number: int, edition: Edition) -> Iterator[bytes | memoryview]:
    dataset, layout = indexed.dataset, indexed.layout
    head: JsonObject = {
        "structure": number,
        "action": edition.actions[dataset.action],
        "links": links(dataset)[:1],
        **validity(dataset),
    }
    if layout.dataset_attributes:
        head["attributes"] = _dataset_attributes(indexed)
    yield dump(head)[:-1]
    if _of_dimensions(layout):
        yield b',"dimensionGroupAttributes":{'
        yield from separated([partial(_groups, indexed, ids, edition) for ids in _dimension_sets(layout)])
        yield b"}"
    values = [*layout.measure_ids, *(each.id for each in _of_observations(layout))]
    observation: list[Part] = [Text('"'), *indexed.key(indexed.observation_ids if layout.has_observations else ())]
    observation += [Text('":'), *indexed.array([_value(indexed, identifier, edition) for identifier in values])]
    if layout.is_flat:
        yield b',"observations":{'
        yield from draw_flat(indexed, observation)
    else:
        own = [_value(indexed, attribute.id, edition) for attribute in layout.series_attributes]
        yield b',"series":{'
        yield from draw_keyed(indexed, indexed.array(own) if own else [], observation)
    yield b"}}"


def _dataset_attributes(indexed: Indexed) -> list[object]:
    ids = [each.id for each in indexed.layout.dataset_attributes]
    found = dataset_values(indexed.rows, ids)
    return [told(indexed, each, found[each]) if each in found else None for each in ids]


def _dimension_sets(layout: Layout) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(attribute.dimension_ids for attribute in _of_dimensions(layout)))


def _groups(indexed: Indexed, ids: tuple[str, ...], edition: Edition) -> Iterator[memoryview]:
    """The values of all attributes that depend on the dimensions ``ids``, by their partial key (``::4:0:``)."""
    key: list[Part] = []
    for number, identifier in enumerate(indexed.dataset.structure.key_ids):
        key += [Text(":")] * bool(number)
        key += [indexed.index(identifier)] if identifier in ids else []
    attributes = _of_dimensions(indexed.layout)
    its = [each.id for each in attributes if each.dimension_ids == ids]
    items = [_value(indexed, each.id, edition) if each.id in its else "NULL" for each in attributes]
    parts = [Text(',"'), *key, Text('":'), *indexed.array(items)]
    yield from without_head(draw_groups(indexed.rows, ids, its, parts), 1)


def _value(indexed: Indexed, identifier: str, edition: Edition) -> Part:
    if indexed.values.get(identifier):
        return indexed.index(identifier)
    cells, component = indexed.cells, indexed.dataset.structure.components[identifier]
    if not component.representation.is_plain:
        return values_sql(cells, identifier, are_strings=edition.strings_in_arrays)
    if component.representation.text_type in NUMBERS:
        return number_sql(cells, identifier)
    if component.representation.text_type == "Boolean":
        return boolean_sql(cells, identifier)
    return string_sql(cells, identifier)
