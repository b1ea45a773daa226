"""What SDMX-CSV 2.0 and 2.1 share: one line per observation, led by structure and action (field guides of both).

Parameters: ``labels`` (id, name: a column with the name behind each, both), ``timeFormat`` (original, normalized),
``keys`` (none, obs, series, both). Where only series are wanted, one line per series with the time left empty.
Several values or languages are sub-fields, told by the headings: ``STRUCTURE[;]``, ``ATTR[]``, ``ATTR[en;fr]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sdmx_hub.formats.render import Part, Text
from sdmx_hub.formats.render_csv import (
    LINE_END,
    SEPARATOR,
    Sheet,
    choose_separator,
    heading,
    open_sheet,
    quote,
    union,
)
from sdmx_hub.formats.several import languages_of
from sdmx_hub.language import localised
from sdmx_hub.model.message import Action, DataMessage


@dataclass(frozen=True, kw_only=True)
class _Options:
    labels: str
    with_series_key: bool
    with_observation_key: bool
    separator: str | None
    actions: Mapping[Action, str]


def write_message(
    message: DataMessage, params: Mapping[str, str], actions: Mapping[Action, str]
) -> Iterator[bytes | memoryview]:
    """Write the message; rows are drawn while the pieces are taken. ``actions`` are those with a code of their own.

    Raises BadRequest for a period not of SDMX.
    """
    keys = params.get("keys", "none")
    options = _Options(
        labels=params.get("labels", "id"),
        with_series_key=keys in {"series", "both"},
        with_observation_key=keys in {"obs", "both"},
        separator=choose_separator(message.datasets),
        actions=actions,
    )
    ids = _component_ids(message)
    yield _heading(message, ids, options)
    for dataset in message.datasets:
        sheet = open_sheet(dataset, message, params, options.separator)
        yield from sheet.lines(_columns(sheet, ids, options))


def _component_ids(message: DataMessage) -> list[str]:
    return [
        *union(dataset.structure.key_ids for dataset in message.datasets),
        *union(dataset.measure_ids for dataset in message.datasets),
        *union(dataset.attribute_ids for dataset in message.datasets),
    ]


def _heading(message: DataMessage, ids: list[str], options: _Options) -> bytes:
    cells = [f"STRUCTURE[{options.separator}]" if options.separator else "STRUCTURE", "STRUCTURE_ID"]
    cells += ["STRUCTURE_NAME"] * (options.labels == "name")
    cells += ["ACTION"]
    cells += ["SERIES_KEY"] * options.with_series_key
    cells += ["OBS_KEY"] * options.with_observation_key
    for identifier in ids:
        name = heading(identifier, message.datasets, message.language)
        shown = identifier + (_brackets(message, identifier, options.separator) if options.separator else "")
        cells.append(f"{shown}: {name}" if options.labels == "both" and name else shown)
        cells += [name or identifier] * (options.labels == "name")
    return (SEPARATOR.join(map(quote, cells)) + LINE_END).encode()


def _brackets(message: DataMessage, identifier: str, separator: str) -> str:
    """What a heading says of sub-fields: nothing, ``[]``, or the languages there are."""
    having = [each for each in message.datasets if identifier in each.structure.components]
    representations = [each.structure.components[identifier].representation for each in having]
    if any(each.is_multilingual for each in representations):
        held = [each.rows for each in having if identifier in each.rows.columns]
        found = union(languages_of(rows, identifier, message.languages) for rows in held)
        return f"[{separator.join(found or message.languages)}]"
    return "[]" if any(each.is_array for each in representations) else ""


def _columns(sheet: Sheet, ids: list[str], options: _Options) -> Iterator[list[Part]]:
    dataflow = sheet.dataset.dataflow
    name = localised(dataflow.names, sheet.language)
    labelled = f"{dataflow.ref}: {name}" if options.labels == "both" and name else str(dataflow.ref)
    yield [Text("dataflow")]
    yield [Text(quote(labelled))]
    if options.labels == "name":
        yield [Text(quote(name))]
    action = sheet.dataset.action
    yield [Text(options.actions.get(action, action.value))]
    yield from _keys(sheet, options)
    for identifier in ids:
        yield sheet.value(identifier)
        if options.labels == "name":
            yield sheet.name(identifier)


def _keys(sheet: Sheet, options: _Options) -> Iterator[list[Part]]:
    structure = sheet.dataset.structure
    if options.with_series_key:
        yield sheet.key(sheet.layout.series_ids or structure.dimension_ids)
    if options.with_observation_key:
        yield sheet.key(structure.key_ids if sheet.layout.has_observations else ())
