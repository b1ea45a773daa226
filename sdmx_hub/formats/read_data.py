"""What every reader of data messages gives back, and how rows of any format become a table of the engine.

A reader turns one file into tables of the connection it is given (a private, in-memory engine that spills to disk) and
describes them as ``Rows``: all text, absent is NULL, ``_row`` is the record or observation it came from, counted from 1
as the file shows it, and ``_action`` the letter of its action where the message says one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from sdmx_hub.errors import HubError, Malformed, NotFound
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.message import Action, Header
from sdmx_hub.model.rows import ACTION, SOURCE_ROW, Rows, literal, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Urn

FindStructure = Callable[[Urn], DataStructure | None]
"""The structure behind the URN of a dataflow, a data structure or a provision agreement."""

ACTIONS = {
    "information": Action.INFORMATION,
    "append": Action.APPEND,
    "replace": Action.REPLACE,
    "delete": Action.DELETE,
    "merge": Action.MERGE,
} | {action.value.lower(): action for action in Action}
"""Actions by the names and letters messages use, in lower case."""

PRIMARY_MEASURE = "OBS_VALUE"
"""What SDMX 2.1 calls the one measure of any structure."""

UNKNOWN = "read-structure-unknown"
"""Why a message cannot be read whose structure nobody has."""

_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class ReadDataset:
    """Rows of one structure in a message; ``described_by`` is what the message says they belong to.

    ``actions`` are those met, in the order they appear; empty when the message says none.
    """

    described_by: Urn
    structure: DataStructure
    rows: Rows
    count: int
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReadData:
    """One message: its header where the format has one, its datasets in order, and what was noticed while reading."""

    datasets: tuple[ReadDataset, ...]
    header: Header | None = None
    findings: tuple[Finding, ...] = ()


def new_table() -> str:
    """Name a table nobody has."""
    return f"read_{next(_numbers)}"


def spool(connection: duckdb.DuckDBPyConnection, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> str:
    """Draw batches into a new table of the connection and name it.

    Raises Malformed when the bytes behind the batches cannot be read on.
    """
    table = new_table()
    stream = f"{table}_stream"
    failures: list[HubError] = []
    connection.register(stream, pa.RecordBatchReader.from_batches(schema, _watched(batches, failures)))
    try:
        connection.execute(f"CREATE TABLE {table} AS SELECT * FROM {stream}")
    except duckdb.Error as error:
        if failures:
            raise failures[0] from error
        raise Malformed("read-broken", why=_first_line(error)) from error
    finally:
        connection.unregister(stream)
    return table


def _watched(batches: Iterable[pa.RecordBatch], failures: list[HubError]) -> Iterable[pa.RecordBatch]:
    """Pass batches on; a refusal on the way is kept, for the engine only passes on its text."""
    try:
        yield from batches
    except HubError as error:
        failures.append(error)
        raise


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:300]


def code_types(
    connection: duckdb.DuckDBPyConnection, table: str, values: Mapping[str, Collection[str]]
) -> dict[str, str]:
    """Make a type (ENUM) for each of some columns of a table from its different texts; the SQL names of the types.

    A column without any text, or with one that SQL cannot spell out, gets none.
    """
    types: dict[str, str] = {}
    for column, texts in values.items():
        if texts and not any("\0" in text for text in texts):
            types[column] = quoted(f"{table}_{column}")
            connection.execute(f"CREATE TYPE {types[column]} AS ENUM ({', '.join(map(literal, sorted(texts)))})")
    return types


def rows_of(
    connection: duckdb.DuckDBPyConnection, structure: DataStructure, selected: dict[str, str], source: str
) -> Rows:
    """Describe rows: every component of the structure, from ``selected`` (id → SQL) or absent, then row and action."""
    columns = (*structure.components, SOURCE_ROW, ACTION)
    empty = {SOURCE_ROW: "NULL::BIGINT", ACTION: "NULL::VARCHAR"}
    shown = ", ".join(f"{selected.get(name, empty.get(name, 'NULL::VARCHAR'))} AS {quoted(name)}" for name in columns)
    return Rows(connection=connection.cursor(), sql=f"SELECT {shown} FROM {source}", columns=columns, is_sorted=False)


def resolve_structure(urn: Urn, find: FindStructure) -> DataStructure:
    """Find the structure a message names. Raises NotFound."""
    structure = find(urn)
    if structure is None:
        raise NotFound(UNKNOWN, urn=urn)
    return structure


def actions_in(connection: duckdb.DuckDBPyConnection, table: str, expression: str) -> tuple[Action, ...]:
    """List the actions of a table in the order they first appear. Raises Malformed for one that is not known."""
    found = connection.execute(
        f"SELECT {expression}, min({SOURCE_ROW}) FROM {table} WHERE {expression} IS NOT NULL GROUP BY ALL ORDER BY 2"
    ).fetchall()
    return tuple(parse_action(text, row) for text, row in found)


def primary_measure(structure: DataStructure) -> str | None:
    """The measure that SDMX 2.1 sees in a structure: the one with its name, else the first."""
    ids = [measure.id for measure in structure.measures]
    return PRIMARY_MEASURE if PRIMARY_MEASURE in ids else next(iter(ids), None)


def parse_action(text: str, row: int | None = None) -> Action:
    """Read an action by name or letter. Raises Malformed."""
    action = ACTIONS.get(text.strip().lower())
    if action is None:
        raise Malformed("read-action", text=text[:40], row=row or 1)
    return action


def action_letters(expression: str) -> str:
    """Write SQL that turns actions by name or letter into letters."""
    cases = " ".join(f"WHEN {literal(name)} THEN {literal(action.value)}" for name, action in ACTIONS.items())
    return f"CASE lower(trim({expression})) {cases} END"
