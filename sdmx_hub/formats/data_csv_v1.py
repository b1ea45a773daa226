"""SDMX-CSV 1.0: one line per observation, attributes of every level repeated on it (field guide of SDMX-CSV 1.0).

Columns are DATAFLOW, the dimensions, OBS_VALUE, the attributes. Parameters: ``labels`` (id, both), ``timeFormat``
(original, normalized). Where only series are wanted, one line per series with the time left empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sdmx_hub.formats.render import Part, Text
from sdmx_hub.formats.render_csv import LINE_END, SEPARATOR, Sheet, heading, open_sheet, quote, union
from sdmx_hub.formats.several import view_v2_1
from sdmx_hub.language import localised
from sdmx_hub.model.message import DataMessage, Dataset

_PRIMARY = "OBS_VALUE"


def write(message: DataMessage, params: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write the message; rows are drawn while the pieces are taken. Raises BadRequest for a period not of SDMX."""
    message = view_v2_1(message)
    ids = _component_ids(message)
    yield _heading(message, ids, labels=params.get("labels", "id"))
    for dataset in message.datasets:
        sheet = open_sheet(dataset, message, params)
        yield from sheet.lines(_columns(sheet, ids))


def _component_ids(message: DataMessage) -> list[str]:
    datasets = message.datasets
    return [
        *union(dataset.structure.key_ids for dataset in datasets),
        *union(dataset.measure_ids or (_PRIMARY,) for dataset in datasets),
        *union(dataset.attribute_ids for dataset in datasets),
    ]


def _heading(message: DataMessage, ids: list[str], *, labels: str) -> bytes:
    cells = ["DATAFLOW"]
    for identifier in ids:
        name = heading(identifier, message.datasets, message.language)
        is_named = labels == "both" and name and identifier != _PRIMARY
        cells.append(f"{identifier}: {name}" if is_named else identifier)
    return (SEPARATOR.join(map(quote, cells)) + LINE_END).encode()


def _columns(sheet: Sheet, ids: list[str]) -> list[list[Part]]:
    return [[Text(quote(_dataflow(sheet.dataset, sheet)))], *(sheet.value(identifier) for identifier in ids)]


def _dataflow(dataset: Dataset, sheet: Sheet) -> str:
    name = localised(dataset.dataflow.names, sheet.language)
    return f"{dataset.dataflow.ref}: {name}" if sheet.labels == "both" and name else str(dataset.dataflow.ref)
