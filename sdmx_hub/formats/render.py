"""Rendering in the engine: SQL that turns each row into its piece of the message, and the pieces as they come.

A writer describes one row as a list of parts: literal text and cells. The engine joins them into one text column, and
the Arrow buffer of that column *is* the message, so that Python touches one buffer for thousands of rows. Only what
can hold a special character is escaped: codes of a codelist, numbers and periods cannot (loading sees to that), and
the dictionary of an ENUM column is looked through once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from sdmx_hub.formats.layout import Layout
from sdmx_hub.model.rows import Rows, literal, open_reader, quoted
from sdmx_hub.model.structure import Component, DataStructure

CHUNK_ROWS = 40_960
"""Rows in one piece of a message: twenty vectors of the engine."""
FEW = 8
"""Dictionaries up to this size are written into the SQL as ready-made texts; the planner is slow on longer lists."""

_PLAIN = re.compile(r"[A-Za-z0-9_@$.:/+-]*")
_NUMBERS = frozenset(
    {"BigInteger", "Integer", "Long", "Short", "Decimal", "Float", "Double", "Count", "Numeric", "Incremental"}
)
_SEPARATOR = "\x1f"


class Text(str):
    """Literal text of the message, as a part beside SQL expressions."""

    __slots__ = ()


Part = str
"""One part of a row: an SQL expression that gives text (NULL is nothing), or ``Text``."""


def joined(parts: Iterable[Part]) -> str:
    """Join parts into one SQL expression; neighbouring texts become one."""
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, Text) and merged and isinstance(merged[-1], Text):
            merged[-1] = Text(merged[-1] + part)
        elif part:
            merged.append(part)
    if not merged:
        return "''"
    return f"concat({', '.join(literal(part) if isinstance(part, Text) else part for part in merged)})"


@dataclass(frozen=True)
class Escape:
    """How one format protects text: in Python for what is known beforehand, in SQL for what is in the rows."""

    text: Callable[[str], str]
    sql: Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The cells of some rows as SQL expressions, escaped for one format. ``alias`` names the rows in the query."""

    structure: DataStructure
    coded: Mapping[str, Sequence[str]]
    escape: Escape
    alias: str = "r"

    def column(self, identifier: str) -> str:
        """Name the column."""
        return f"{self.alias}.{quoted(identifier)}"

    def cell(self, identifier: str) -> str:
        """Give the text of a component, NULL where it is absent."""
        column = self.column(identifier)
        if self.is_plain(identifier):
            return column
        return self.escape.sql(f"{column}::VARCHAR" if identifier in self.coded else column)

    def wrapped(self, identifier: str, before: str, after: str) -> str:
        """Give ``before``, the cell and ``after`` as one, nothing at all where the component is absent."""
        dictionary = self.coded.get(identifier)
        if dictionary is not None and len(dictionary) <= FEW:
            return self.looked_up(identifier, [f"{before}{self.escape.text(text)}{after}" for text in dictionary])
        return f"{literal(before)} || {self.cell(identifier)} || {literal(after)}"

    def looked_up(self, identifier: str, texts: Sequence[str]) -> str:
        """Give the text at the ENUM's own number, as it stands in ``texts``; NULL where the component is absent."""
        if not texts:
            return "NULL::VARCHAR"
        if len(texts) <= FEW:
            listed = f"[{', '.join(map(literal, texts))}]"
        else:
            whole = _SEPARATOR.join(text.replace(_SEPARATOR, " ") for text in texts)
            listed = f"string_split({literal(whole)}, {literal(_SEPARATOR)})"
        return f"list_extract({listed}, enum_code({self.column(identifier)})::BIGINT + 1)"

    def is_plain(self, identifier: str) -> bool:
        """Tell whether no value of the component can hold a special character of any format."""
        dictionary = self.coded.get(identifier)
        if dictionary is not None:
            return all(map(_PLAIN.fullmatch, dictionary))
        component = self.structure.components[identifier]
        return _holds_codes(component) or is_number(component) or component is self.structure.time_dimension


def _holds_codes(component: Component) -> bool:
    codelist = component.representation.codelist
    return codelist is not None and codelist.class_name == "Codelist"


def is_number(component: Component) -> bool:
    """Tell whether values are written as numbers."""
    representation = component.representation
    return representation.codelist is None and representation.text_type in _NUMBERS


def series_starts(ids: Sequence[str], alias: str = "r") -> str:
    """SQL that is true where a row begins a new series: where any part of the key differs from the row before."""
    columns = [f"{alias}.{quoted(identifier)}" for identifier in ids]
    return " OR ".join(f"{column} IS DISTINCT FROM lag({column}) OVER ()" for column in columns)


def source(rows: Rows, structure: DataStructure, key_ids: Sequence[str]) -> str:
    """SQL of the rows, sorted by ``key_ids`` unless they are so already."""
    if rows.is_sorted and tuple(key_ids) == structure.key_ids:
        return f"({rows.sql})"
    order = ", ".join(quoted(identifier) for identifier in key_ids if identifier in rows.columns)
    return f"(SELECT * FROM ({rows.sql}) ORDER BY {order})"


def fetch(rows: Rows, sql: str) -> list[tuple[object, ...]]:
    """Run a small query over the rows to its end. It must be over before a stream of the same rows begins."""
    return rows.connection.execute(sql, list(rows.params)).fetchall()


def draw(rows: Rows, sql: str) -> Iterator[memoryview]:
    """Draw a query of one text column: the texts one after the other, thousands in one piece.

    ``sql`` holds ``rows.sql`` once, and so takes its parameters. Few rows are drawn whole: a stream is planned twice.
    """
    if rows.is_few:
        whole = "".join(str(text) for (text,) in fetch(rows, sql) if text is not None).encode()
        if whole:
            yield memoryview(whole)
        return
    for batch in open_reader(rows.connection, sql, rows.params, CHUNK_ROWS):
        column = batch.column(0)
        if not pa.types.is_string(column.type):
            column = column.cast(pa.string())
        _, offsets, data = column.buffers()
        if data is None:
            continue
        positions = memoryview(offsets).cast("i")
        start, end = positions[column.offset], positions[column.offset + len(column)]
        if end > start:
            yield memoryview(data)[start:end]


def without_head(chunks: Iterator[memoryview], size: int) -> Iterator[memoryview]:
    """Leave out the first ``size`` bytes of a stream: a separator with nothing before it."""
    for first in chunks:
        yield first[size:]
        break
    yield from chunks


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How series and observations look: what opens a series, what an observation is, what closes a series.

    ``between`` stands between two series, ``separator`` between two observations of one.
    """

    opening: Sequence[Part]
    observation: Sequence[Part]
    closing: str
    between: str = ""
    separator: str = ""


def draw_series(rows: Rows, structure: DataStructure, layout: Layout, shape: Shape) -> Iterator[bytes | memoryview]:
    """Draw series with their observations; only series where no observations are wanted."""
    key_ids = (*layout.series_ids, *layout.observation_ids)
    sorted_rows = source(rows, structure, key_ids)
    starts = series_starts(layout.series_ids) or "lag(1) OVER () IS NULL"
    tail = Text(shape.closing + shape.between)
    if not layout.has_observations:
        text = joined([*shape.opening, tail])
        yield from _without_tail(draw(rows, f"SELECT {text} FROM {sorted_rows} AS r QUALIFY {starts}"), shape.between)
        return
    opening = joined([tail, *shape.opening])
    other = f"ELSE {literal(shape.separator)} " if shape.separator else ""
    text = joined([f"CASE WHEN {_STARTS} THEN {opening} {other}END", *shape.observation])
    sql = f"SELECT {text} FROM (SELECT *, {starts} AS {_STARTS} FROM {sorted_rows} AS r) AS r"
    is_empty = True
    for chunk in without_head(draw(rows, sql), len(tail.encode())):
        is_empty = False
        yield chunk
    if not is_empty:
        yield shape.closing.encode()


def _without_tail(chunks: Iterator[memoryview], tail: str) -> Iterator[memoryview]:
    held: memoryview | None = None
    for chunk in chunks:
        if held is not None:
            yield held
        held = chunk
    if held is not None:
        yield held[: len(held) - len(tail.encode())]


_STARTS = "_starts"


def dataset_values(rows: Rows, attribute_ids: Sequence[str]) -> dict[str, str]:
    """Read the values of attributes that describe the whole dataset; absent ones are left out."""
    if not attribute_ids:
        return {}
    maxima = ", ".join(f"max({quoted(identifier)})::VARCHAR" for identifier in attribute_ids)
    found = fetch(rows, f"SELECT {maxima} FROM ({rows.sql})")[0]
    return {key: value for key, value in zip(attribute_ids, found, strict=True) if isinstance(value, str)}


def draw_groups(
    rows: Rows, key_ids: Sequence[str], attribute_ids: Sequence[str], parts: Sequence[Part]
) -> Iterator[memoryview]:
    """Draw one text per combination of ``key_ids`` for which one of the attributes has a value, sorted by key."""
    keys = ", ".join(map(quoted, key_ids))
    maxima = ", ".join(f"max({quoted(identifier)}) AS {quoted(identifier)}" for identifier in attribute_ids)
    present = " OR ".join(f"{quoted(identifier)} IS NOT NULL" for identifier in attribute_ids)
    groups = f"SELECT {keys}, {maxima} FROM ({rows.sql}) WHERE {present} GROUP BY {keys}"
    yield from draw(rows, f"SELECT {joined(parts)} FROM ({groups}) AS r ORDER BY {keys}")


def with_dictionaries(rows: Rows, ids: Iterable[str]) -> Rows:
    """Make ENUM columns of those ``ids`` that are not: their distinct values are read first, in the order of text."""
    missing = [identifier for identifier in ids if identifier in rows.columns and identifier not in rows.coded]
    if not missing:
        return rows
    distinct = _distinct(rows, missing)
    columns = ", ".join(
        _as_enum(column, distinct[column]) if column in distinct else quoted(column) for column in rows.columns
    )
    return Rows(
        connection=rows.connection,
        sql=f"SELECT {columns} FROM ({rows.sql})",
        columns=rows.columns,
        params=rows.params,
        coded={**rows.coded, **distinct},
        is_sorted=rows.is_sorted,
    )


def _as_enum(column: str, values: Sequence[str]) -> str:
    name = quoted(column)
    return f"{name}::VARCHAR::ENUM({', '.join(map(literal, values or ['']))}) AS {name}"


def _distinct(rows: Rows, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    lists = ", ".join(f"list(DISTINCT {quoted(identifier)}::VARCHAR)" for identifier in ids)
    found = fetch(rows, f"SELECT {lists} FROM ({rows.sql})")[0]
    return {identifier: tuple(sorted(values)) for identifier, values in zip(ids, map(_texts, found), strict=True)}


def _texts(values: object) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def used_values(rows: Rows, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read which values of coded columns the rows really hold, in the order of their dictionaries.

    The first rows tell all about small selections, and of large ones which dictionaries are used whole; only the other
    columns are read to their end.
    """
    if not ids:
        return {}
    count, used = _first_values(rows, ids)
    open_ids = [identifier for identifier in ids if len(used[identifier]) < len(rows.coded[identifier])]
    if count == _FIRST_ROWS and open_ids:
        lists = ", ".join(f"list(DISTINCT {quoted(identifier)})" for identifier in open_ids)
        found = fetch(rows, f"SELECT {lists} FROM ({rows.sql})")[0]
        used |= {identifier: frozenset(values) for identifier, values in zip(open_ids, map(_texts, found), strict=True)}
    return {
        identifier: tuple(value for value in rows.coded[identifier] if value in values)
        for identifier, values in used.items()
    }


_FIRST_ROWS = 65_536


def _first_values(rows: Rows, ids: Sequence[str]) -> tuple[int, dict[str, frozenset[str]]]:
    lists = ", ".join(f"list(DISTINCT {quoted(identifier)})" for identifier in ids)
    first = f"SELECT * FROM ({rows.sql}) LIMIT {_FIRST_ROWS}"
    count, *found = fetch(rows, f"SELECT count(*), {lists} FROM ({first})")[0]
    used = {identifier: frozenset(values) for identifier, values in zip(ids, map(_texts, found), strict=True)}
    return int(str(count)), used
