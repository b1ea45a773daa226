"""Records of a JSON file, streamed: each object a row, its members (those of objects in it by dotted name) the columns.

The file is read twice: first for the names of the columns, then for the rows. Records never stand in memory together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import ijson
import pyarrow as pa

from sdmx_hub.mapping.json_depth import find_depth
from sdmx_hub.mapping.rules import SourceRule
from sdmx_hub.mapping.table import bad_table
from sdmx_hub.model.finding import Where
from sdmx_hub.model.rows import SOURCE_ROW

MOST_COLUMNS = 10_000
MOST_LEVELS = 100
"""Levels of the whole file."""
DEEPEST = 16
"""Levels of objects in a record whose members are columns."""
_BATCH = 5_000
_WORDS = {True: "TRUE", False: "FALSE", None: ""}


class JsonGrid:
    """A grid over the records of a file."""

    def __init__(self, path: Path, source: SourceRule) -> None:
        self.path = path
        self.file = path.name
        self.sheet: str | None = None
        self.first_column = 1
        self.head: list[tuple[int, list[str]]] = []
        self._where = Where(file=self.file)
        self._records_at = source.records or "$[*]"
        self._decimal = source.decimal or "."
        if find_depth(path, MOST_LEVELS) > MOST_LEVELS:
            raise bad_table("TABLE-JSON", self._where, why=f"> {MOST_LEVELS} × [ {{")
        self.names = self._find_names()
        self.width = len(self.names)

    def _find_names(self) -> list[str]:
        names: dict[str, None] = {}
        for row, record in enumerate(self._records(), start=1):
            names.update(dict.fromkeys(record))
            if len(names) > MOST_COLUMNS:
                where = Where(file=self.file, row=row)
                raise bad_table("TABLE-JSON-WIDE", where, columns=len(names), most=MOST_COLUMNS)
        if not names:
            raise bad_table("TABLE-JSON-NONE", self._where, records=self._records_at)
        return list(names)

    def batches(self, positions: Sequence[int], first_row: int, last_row: int | None) -> Iterator[pa.RecordBatch]:
        """Draw the rows; a member a record does not have is an empty cell."""
        wanted = [self.names[position - 1] for position in positions]
        columns = [SOURCE_ROW, *(f"c{position}" for position in positions)]
        numbered = islice(enumerate(self._records(), start=1), first_row - 1, last_row)
        while chunk := list(islice(numbered, _BATCH)):
            cells = [pa.array([record.get(name, "") for _, record in chunk], pa.string()) for name in wanted]
            yield pa.record_batch([pa.array([row for row, _ in chunk], pa.int64()), *cells], names=columns)

    def _records(self) -> Iterator[dict[str, str]]:
        with self.path.open("rb") as stream:
            try:
                found = self._items(stream)
                for record in found:
                    yield dict(self._flat(record, ""))
            except (ijson.JSONError, UnicodeDecodeError, RecursionError) as error:
                raise bad_table("TABLE-JSON", self._where, why=" ".join(str(error).split())[:200]) from error

    def _items(self, stream: Any) -> Iterator[Any]:
        path = self._records_at.removeprefix("$")
        if path.endswith(".*"):
            prefix = path.removesuffix(".*").replace("[*]", ".item").removeprefix(".")
            return (value for _, value in ijson.kvitems(stream, prefix))
        items: Iterator[Any] = ijson.items(stream, path.replace("[*]", ".item").removeprefix("."))
        return items

    def _flat(self, value: Any, name: str, depth: int = 0) -> Iterator[tuple[str, str]]:
        """The cells of a record: members by dotted name, elements of lists in it by their number from 1."""
        members: Mapping[str, Any] | None = None
        if isinstance(value, dict):
            members = value
        elif isinstance(value, list):
            members = {str(number): one for number, one in enumerate(value, start=1)}
        if members is None or depth > DEEPEST:
            yield name or "value", self._text(value)
            return
        for key, one in members.items():
            yield from self._flat(one, f"{name}.{key}" if name else key, depth + 1)

    def _text(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        if value is None or isinstance(value, bool):
            return _WORDS[value]
        if isinstance(value, Decimal):
            return f"{value:f}".replace(".", self._decimal)
        return str(value)
