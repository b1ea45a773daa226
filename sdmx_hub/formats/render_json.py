"""What both versions of SDMX-JSON data share: escaping, indices, names, and the values of components.

An index is the position of a value in the list the message gives for its component. The rows come as ENUM columns,
whose own numbers find that position in a table as long as the dictionary; the list holds only what the rows use.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sdmx_hub.errors import BadRequest
from sdmx_hub.formats.layout import Layout
from sdmx_hub.formats.render import (
    Cells,
    Escape,
    Part,
    Shape,
    Text,
    draw,
    draw_series,
    joined,
    used_values,
    with_dictionaries,
    without_head,
)
from sdmx_hub.formats.several import ITEM_SQL, LANGUAGE_SQL, each_text, each_value, several
from sdmx_hub.language import localised
from sdmx_hub.model.cells import ITEM, read_cell
from sdmx_hub.model.codelist import Code
from sdmx_hub.model.message import Action, DataMessage, Dataset, Header
from sdmx_hub.model.period import parse_period
from sdmx_hub.model.rows import Rows, literal

JsonObject = dict[str, Any]
ACTIONS: Mapping[Action, str] = {
    Action.INFORMATION: "Information",
    Action.APPEND: "Append",
    Action.REPLACE: "Replace",
    Action.DELETE: "Delete",
    Action.MERGE: "Append",
}
"""Merge came with 2.1; to earlier readers it is an append."""

_HANDFUL = 4
"""Up to so many values are told apart one by one: less to plan than a table, and as fast."""
_ID = re.compile(r"[A-Za-z0-9_@$-]+")
_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
NUMBERS = frozenset({"Numeric", "Long", "Short", "Float", "Double", "Integer", "Count"})
"""Text types whose values are numbers in SDMX-JSON 2.x."""
_BARE = {**dict.fromkeys(NUMBERS, _NUMBER), "Boolean": "true|false"}
_REPLACED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _escape_sql(expression: str) -> str:
    replaced = expression
    for special, sequence in _REPLACED.items():
        replaced = f"replace({replaced}, {literal(special)}, {literal(sequence)})"
    special = literal('["\\\\\\n\\r\\t]')
    return f"CASE WHEN regexp_matches({expression}, {special}) THEN {replaced} ELSE {expression} END"


JSON = Escape(text=_escape, sql=_escape_sql)


def dump(value: Any) -> bytes:
    """Write a value without blanks, as UTF-8."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


@dataclass(frozen=True, kw_only=True)
class Indexed:
    """A dataset whose ``indexed`` components are ENUM columns; ``values`` lists what the message lists of each.

    Dimensions among ``fixed_ids`` have one value, which is told for the whole dataset and left out of keys.
    """

    dataset: Dataset
    layout: Layout
    rows: Rows
    values: Mapping[str, tuple[str, ...]]
    fixed_ids: frozenset[str] = frozenset()

    @property
    def series_ids(self) -> tuple[str, ...]:
        """The dimensions of series keys."""
        return tuple(each for each in self.layout.series_ids if each not in self.fixed_ids)

    @property
    def observation_ids(self) -> tuple[str, ...]:
        """The dimensions of the keys of observations."""
        return tuple(each for each in self.layout.observation_ids if each not in self.fixed_ids)

    @property
    def cells(self) -> Cells:
        """The cells of the rows, escaped for JSON."""
        return Cells(structure=self.dataset.structure, coded=self.rows.coded, escape=JSON)

    def index(self, identifier: str) -> Part:
        """The index of the component's value, NULL where it is absent."""
        listed, dictionary = self.values[identifier], self.rows.coded[identifier]
        positions = {value: str(number) for number, value in enumerate(listed)}
        if not self.dataset.structure.components[identifier].representation.is_plain:
            arrays = (",".join(positions.get(value, "null") for value in cell.split(ITEM)) for cell in dictionary)
            return self.cells.looked_up(identifier, [f"[{each}]" for each in arrays])
        if len(listed) <= _HANDFUL:
            cases = " ".join(f"WHEN {literal(value)} THEN '{number}'" for value, number in positions.items())
            return f"CASE {self.cells.column(identifier)} {cases} END" if cases else "NULL::VARCHAR"
        last = max((number for number, value in enumerate(dictionary) if value in positions), default=-1)
        return self.cells.looked_up(identifier, [positions.get(value, "") for value in dictionary[: last + 1]])

    def key(self, ids: Iterable[str]) -> list[Part]:
        """Indices joined by colons: ``0:12:3``. A dimension with one value needs no look at the rows."""
        parts: list[Part] = []
        for number, identifier in enumerate(ids):
            is_single = len(self.values.get(identifier, ())) == 1
            parts += [Text(":")] * bool(number)
            parts.append(Text("0") if is_single else self.index(identifier))
        return parts

    def array(self, items: Sequence[Part]) -> list[Part]:
        """A JSON array of items; NULL becomes ``null``."""
        parts: list[Part] = [Text("[")]
        for number, item in enumerate(items):
            parts += [Text(",")] * bool(number)
            parts.append(f"coalesce({item}, 'null')")
        return [*parts, Text("]")]


def index_rows(dataset: Dataset, layout: Layout, ids: Iterable[str]) -> Indexed:
    """Make the components ``ids`` ENUM columns and read which of their values the rows hold."""
    present = [identifier for identifier in ids if identifier in dataset.rows.columns]
    rows = with_dictionaries(dataset.rows, present)
    values = used_values(rows, present)
    values |= {each: _items(dataset, each, values[each]) for each in several(dataset.structure, present)}
    return Indexed(dataset=dataset, layout=layout, rows=rows, values=values)


def _items(dataset: Dataset, identifier: str, cells: Iterable[str]) -> tuple[str, ...]:
    """The values of arrays, once each: those of the codelist in its order, then others."""
    codelist = dataset.codelist(identifier)
    used = {value for cell in cells for value in cell.split(ITEM)}
    known = [code for code in codelist.codes if code in used] if codelist else []
    return (*known, *sorted(used.difference(known)))


def draw_flat(indexed: Indexed, observation: Sequence[Part]) -> Iterator[bytes | memoryview]:
    """Draw observations with all their dimensions as the members of one object."""
    text = joined([Text(","), *observation])
    yield from without_head(draw(indexed.rows, f"SELECT {text} FROM ({indexed.rows.sql}) AS r"), 1)


def draw_keyed(
    indexed: Indexed, attributes: Sequence[Part], observation: Sequence[Part]
) -> Iterator[bytes | memoryview]:
    """Draw series as the members of one object, their attributes first, then their observations."""
    opening: list[Part] = [Text('"'), *indexed.key(indexed.series_ids), Text('":{')]
    if attributes:
        opening += [Text('"attributes":'), *attributes]
    closing = "}"
    if indexed.layout.has_observations:
        opening.append(Text(',"observations":{' if attributes else '"observations":{'))
        closing = "}}"
    shape = Shape(opening=opening, observation=observation, closing=closing, between=",", separator=",")
    yield from draw_series(indexed.rows, indexed.dataset.structure, indexed.layout, shape)


def number_sql(cells: Cells, identifier: str) -> Part:
    """A number as JSON has it, digits untouched; what JSON cannot write so (``NaN``) becomes a string."""
    column = f"{cells.column(identifier)}::VARCHAR"
    read = f"TRY_CAST({column} AS DOUBLE)"
    return (
        f"CASE WHEN regexp_full_match({column}, {literal(_NUMBER)}) THEN {column}"
        f" WHEN isfinite({read}) THEN {read}::VARCHAR ELSE {string_sql(cells, identifier)} END"
    )


def string_sql(cells: Cells, identifier: str) -> Part:
    """A text as a JSON string."""
    return cells.wrapped(identifier, '"', '"')


def boolean_sql(cells: Cells, identifier: str) -> Part:
    """A truth value of XML Schema as JSON has it."""
    column = f"{cells.column(identifier)}::VARCHAR"
    return (
        f"CASE WHEN {column} IN ('true', '1') THEN 'true' WHEN {column} IN ('false', '0') THEN 'false'"
        f" ELSE {string_sql(cells, identifier)} END"
    )


def values_sql(cells: Cells, identifier: str, *, are_strings: bool) -> Part:
    """The values of an array, or the languages of a text, as JSON has them: ``[1,2]``, ``{"en":"…"}``.

    With ``are_strings`` all values of arrays are strings.
    """
    component = cells.structure.components[identifier]
    representation, column = component.representation, f"{cells.column(identifier)}::VARCHAR"
    one = _texts_sql if representation.is_multilingual else _string_sql
    if not representation.is_array:
        return one(column)
    strings = f"'[' || {each_value(column, one, ',')} || ']'"
    bare = _BARE.get(representation.text_type)
    if bare is None or are_strings or representation.is_coded:
        return strings
    # All values of an array are of one type: a ``NaN`` among numbers makes strings of them all.
    same = literal(f"(?:{bare})(?:{ITEM}(?:{bare}))*")
    listed = f"'[' || replace({column}, {ITEM_SQL}, ',') || ']'"
    return f"CASE WHEN regexp_full_match({column}, {same}) THEN {listed} ELSE {strings} END"


def _string_sql(value: str) -> str:
    return f"""'"' || {_escape_sql(value)} || '"'"""


def _texts_sql(value: str) -> str:
    pair = f"""'"' || replace({_escape_sql("t")}, {LANGUAGE_SQL}, '":"') || '"'"""
    texts = each_text(value, lambda _: pair, ",")
    return f"CASE WHEN contains({value}, {LANGUAGE_SQL}) THEN '{{' || {texts} || '}}' ELSE {_string_sql(value)} END"


def told(indexed: Indexed, identifier: str, cell: str) -> object:
    """Give the value of one cell as JSON has it, by index where the message lists values."""
    component = indexed.dataset.structure.components[identifier]
    listed = indexed.values.get(identifier)
    values = [listed.index(str(each)) if listed else each for each in read_cell(cell)]
    return values if component.representation.is_array else values[0]


def named(names: Mapping[str, str], message: DataMessage, fallback: str) -> JsonObject:
    """``name`` in the best language, ``names`` in all that are wanted."""
    wanted = {language: names[language] for language in message.languages if language in names}
    name = localised(names, message.language) or fallback
    return {"name": name, "names": wanted} if wanted else {"name": name}


def code_values(indexed: Indexed, identifier: str, message: DataMessage) -> list[JsonObject]:
    """The codes of a component with their names, and their parents where those are listed too."""
    codelist = indexed.dataset.codelist(identifier)
    codes: Mapping[str, Code] = codelist.codes if codelist else {}
    listed = indexed.values[identifier]
    found = []
    for code in listed:
        known = codes.get(code)
        value = {"id": code, **named(known.names if known else {}, message, code)}
        if known and known.parent in listed:
            value["parent"] = known.parent
        found.append(value)
    return found


def time_values(periods: Iterable[str]) -> list[JsonObject]:
    """Periods with the instants they begin and end; one that cannot be an id is given as a value."""
    return [
        ({"id": period, "name": period} if _ID.fullmatch(period) else {"value": period}) | _range(period)
        for period in periods
    ]


def _range(period: str) -> JsonObject:
    try:
        found = parse_period(period)
    except BadRequest:
        return {}
    last = found.end - dt.timedelta(seconds=1)
    return {"start": f"{found.start.isoformat()}Z", "end": f"{last.isoformat(timespec='seconds')}Z"}


def meta(header: Header, message: DataMessage, schema: str | None = None) -> JsonObject:
    """The header of the message; ``schema`` is told there up to 2.0."""
    sender: JsonObject = {"id": header.sender_id}
    if header.sender_names:
        sender |= named(header.sender_names, message, header.sender_id)
    return {
        **({"schema": schema} if schema else {}),
        "id": header.id,
        "test": header.test,
        "prepared": header.prepared.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "contentLanguages": list(message.languages),
        "sender": sender,
    }


def links(dataset: Dataset) -> list[JsonObject]:
    """What the dataset follows: its dataflow, first, and its data structure."""
    return [
        {"urn": str(dataset.dataflow.urn), "rel": "dataflow"},
        {"urn": str(dataset.structure_artefact.urn), "rel": "datastructure"},
    ]


def validity(dataset: Dataset) -> JsonObject:
    """Since when and until when the dataset was valid."""
    moments = (("validFrom", dataset.valid_from), ("validTo", dataset.valid_to))
    return {
        name: moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        for name, moment in moments
        if moment
    }


def separated(pieces: Iterable[Callable[[], Iterator[bytes | memoryview]]]) -> Iterator[bytes | memoryview]:
    """Draw several streams with a comma between those that hold anything."""
    is_first = True
    for piece in pieces:
        is_empty = True
        for chunk in piece():
            if is_empty and not is_first:
                yield b","
            is_empty = is_first = False
            yield chunk
