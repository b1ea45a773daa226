"""JSON-stat 2.0: a cube as one list of values becomes a table of a column for each dimension, ``value`` and ``status``.

Dimensions are columns of category ids, named by the ids of the dimensions. Rows count as the values do, from 1; what
the cube leaves out (null, or not in a sparse cube) is no row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from sdmx_hub.mapping.rules import SourceRule
from sdmx_hub.mapping.table import bad_table
from sdmx_hub.model.finding import Where
from sdmx_hub.model.rows import SOURCE_ROW

MOST_BYTES = 512 << 20
"""Of a file, which is read at once: the values of a cube stand before or behind what they mean."""
_BATCH = 100_000


class JsonStatGrid:
    """A grid over one dataset."""

    def __init__(self, path: Path, source: SourceRule) -> None:
        self.file = path.name
        self.sheet: str | None = None
        self.first_column = 1
        self.head: list[tuple[int, list[str]]] = []
        self._decimal = source.decimal or "."
        cube = self._read(path)
        try:
            self._dimensions = [(name, _categories(cube["dimension"][name])) for name in cube["id"]]
            self._sizes = [len(categories) for _, categories in self._dimensions]
            self._places, self._values = _cells(cube["value"], math.prod(self._sizes))
            self._status = cube.get("status")
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise self._bad(f"{type(error).__name__} {error}") from error
        if list(cube.get("size", self._sizes)) != self._sizes:
            raise self._bad(f"size {cube['size']} ≠ {self._sizes}")
        self.names = [*(name for name, _ in self._dimensions), "value", "status"]
        self.width = len(self.names)

    def _read(self, path: Path) -> Mapping[str, Any]:
        if path.stat().st_size > MOST_BYTES:
            raise self._bad(f"> {MOST_BYTES} bytes")
        try:
            read = orjson.loads(path.read_bytes())
        except orjson.JSONDecodeError as error:
            raise self._bad(str(error)) from error
        if not isinstance(read, dict) or read.get("class", "dataset") != "dataset" or "id" not in read:
            raise self._bad("class ≠ dataset")
        return read

    def _bad(self, why: str) -> Exception:
        return bad_table("TABLE-JSON", Where(file=self.file), why=why[:200])

    def batches(self, positions: Sequence[int], first_row: int, last_row: int | None) -> Iterator[pa.RecordBatch]:
        """Draw the rows of the columns asked for."""
        names = [SOURCE_ROW, *(f"c{position}" for position in positions)]
        places = self._places[(self._places >= first_row - 1) & (self._places < (last_row or math.inf))]
        for start in range(0, len(places), _BATCH):
            part = places[start : start + _BATCH]
            columns = [self._column(position - 1, part) for position in positions]
            yield pa.record_batch([pa.array(part + 1, pa.int64()), *columns], names=names)

    def _column(self, index: int, places: np.ndarray[Any, Any]) -> pa.Array:
        if index < len(self._dimensions):
            stride = math.prod(self._sizes[index + 1 :])
            codes = pa.array(places // stride % self._sizes[index], pa.int32())
            return pa.array(self._dimensions[index][1], pa.string()).take(codes)
        if index == len(self._dimensions):
            return pa.array([self._text(self._values[place]) for place in places.tolist()], pa.string())
        return pa.array([_status(self._status, place) for place in places.tolist()], pa.string())

    def _text(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        text = f"{Decimal(repr(value)):f}" if isinstance(value, float) else str(value)
        return text.removesuffix(".0").replace(".", self._decimal)


def _categories(dimension: Mapping[str, Any]) -> list[str]:
    """The ids of a dimension in their order; a dimension of one category needs no index."""
    category = dimension["category"]
    index = category.get("index")
    if index is None:
        return [str(one) for one in category["label"]]
    return [str(one) for one in (index if isinstance(index, list) else sorted(index, key=lambda one: int(index[one])))]


def _cells(value: Any, size: int) -> tuple[np.ndarray[Any, Any], Any]:
    """The places of the cube that have a value, and the values by place."""
    if isinstance(value, list):
        if len(value) != size:
            raise ValueError(f"value: {len(value)} ≠ {size}")
        return np.array([place for place, one in enumerate(value) if one is not None], np.int64), value
    sparse = {int(place): one for place, one in value.items() if one is not None}
    if any(not 0 <= place < size for place in sparse):
        raise ValueError(f"value: > {size}")
    return np.array(sorted(sparse), np.int64), sparse


def _status(status: Any, place: int) -> str:
    if isinstance(status, list):
        found = status[place] if place < len(status) else status[0] if len(status) == 1 else None
    else:
        found = status.get(str(place)) if isinstance(status, dict) else status
    return "" if found is None else str(found)
