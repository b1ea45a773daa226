"""SDMX-CSV 2.0: one line per observation, led by structure and action (field guide of SDMX-CSV 2.0).

Parameters: ``labels`` (id, name: a column with the name behind each, both), ``timeFormat`` (original, normalized),
``keys`` (none, obs, series, both). Where only series are wanted, one line per series with the time left empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sdmx_hub.formats.render import Part, Text
from sdmx_hub.formats.render_csv import LINE_END, SEPARATOR, Sheet, heading, open_sheet, quote, union
from sdmx_hub.language import localised
from sdmx_hub.model.message import Action, DataMessage

_ACTIONS = {Action.MERGE: "A"}
"""Actions 2.0 does not know yet, by the one that means the same to a reader of 2.0."""


@dataclass(frozen=True)
class _Options:
    labels: str
    with_series_key: bool
    with_observation_key: bool


def write(message: DataMessage, params: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write the message; rows are drawn while the pieces are taken. Raises BadRequest for a period not of SDMX."""
    keys = params.get("keys", "none")
    options = _Options(params.get("labels", "id"), keys in {"series", "both"}, keys in {"obs", "both"})
    ids = _component_ids(message)
    yield _heading(message, ids, options)
    for dataset in message.datasets:
        sheet = open_sheet(dataset, message, params)
        yield from sheet.lines(_columns(sheet, ids, options))


def _component_ids(message: DataMessage) -> list[str]:
    return [
        *union(dataset.structure.key_ids for dataset in message.datasets),
        *union(dataset.measure_ids for dataset in message.datasets),
        *union(dataset.attribute_ids for dataset in message.datasets),
    ]


def _heading(message: DataMessage, ids: list[str], options: _Options) -> bytes:
    cells = ["STRUCTURE", "STRUCTURE_ID"]
    cells += ["STRUCTURE_NAME"] * (options.labels == "name")
    cells += ["ACTION"]
    cells += ["SERIES_KEY"] * options.with_series_key
    cells += ["OBS_KEY"] * options.with_observation_key
    for identifier in ids:
        name = heading(identifier, message.datasets, message.language)
        cells.append(f"{identifier}: {name}" if options.labels == "both" and name else identifier)
        cells += [name or identifier] * (options.labels == "name")
    return (SEPARATOR.join(map(quote, cells)) + LINE_END).encode()


def _columns(sheet: Sheet, ids: list[str], options: _Options) -> Iterator[list[Part]]:
    dataflow = sheet.dataset.dataflow
    name = localised(dataflow.names, sheet.language)
    labelled = f"{dataflow.ref}: {name}" if options.labels == "both" and name else str(dataflow.ref)
    yield [Text("dataflow")]
    yield [Text(quote(labelled))]
    if options.labels == "name":
        yield [Text(quote(name))]
    action = sheet.dataset.action
    yield [Text(_ACTIONS.get(action, action.value))]
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
