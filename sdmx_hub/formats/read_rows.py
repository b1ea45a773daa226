"""Rows of a message put together by the engine from what the sandbox left: series, observations, groups.

Each observation gets the values of its own, else of its series, else of a group whose dimensions it shares.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from sdmx_hub.formats.read_cells import allowed_sql
from sdmx_hub.formats.read_coded import MANY, choose_types
from sdmx_hub.formats.read_data import (
    PRIMARY_MEASURE,
    ReadDataset,
    new_table,
    parse_action,
    primary_measure,
    rows_of,
)
from sdmx_hub.formats.read_spool import DATASET, SERIES
from sdmx_hub.model.finding import Finding, Where
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import ACTION, SOURCE_ROW, literal, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Urn


def assemble(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    names: list[str],
    keys: frozenset[str],
    found: Mapping[str, Any],
) -> str:
    """Join observations with their series and groups; names the table of rows, with the number of their data set.

    ``names`` are all component ids, ``keys`` those of dimensions, ``found`` the counts of what lies in ``folder``.
    An empty text is an absent value.
    """
    table, series = new_table(), new_table()
    above = frozenset[str]()
    files = [folder / "series.arrow"] * bool(found["series"]) + [folder / "obs.arrow"]
    is_large = found["obs"] >= MANY and not found["groups"]
    types = choose_types(connection, table, files, names) if is_large else {}
    cell = "nullif({}, '')" if found["has_empty"] else "{}"
    if found["series"]:
        above = _columns(folder / "series.arrow")
        coded = ", ".join(
            f"CAST({cell.format(quoted(name))} AS {kind}) AS {quoted(name)}"
            for name, kind in types.items()
            if name in above
        )
        every = f"* REPLACE ({coded})" if coded else "*"
        _load(connection, folder / "series.arrow", f"CREATE TABLE {series} AS SELECT {every} FROM {{stream}}")
    present = _columns(folder / "obs.arrow")
    shown = ", ".join(f"{_first(name, present, above, cell, types.get(name))} AS {quoted(name)}" for name in names)
    number, joined = "NULL::BIGINT", ""
    if above:  # a join gives rows in any order; in theirs, each after the one before it, they are quicker checked
        number, joined = f"o.{SERIES}", f"LEFT JOIN {series} AS s USING ({SERIES}) ORDER BY o.{SOURCE_ROW}"
    _load(
        connection,
        folder / "obs.arrow",
        f"CREATE TABLE {table} AS SELECT o.{DATASET}, {number} AS {SERIES}, o.{SOURCE_ROW}, {shown} "
        f"FROM {{stream}} AS o {joined}",
    )
    if above:
        texts = {name: quoted(name) if name in types else f"nullif({quoted(name)}, '')" for name in names}
        held = ", ".join(text if name in above else "NULL" for name, text in texts.items())
        _add_empty_series(connection, table, series, held)
        connection.execute(f"DROP TABLE {series}")
    if found["groups"]:
        _spread_groups(connection, table, folder / "groups.arrow", names, keys)
    return table


def _first(name: str, present: frozenset[str], above: frozenset[str], cell: str, kind: str | None) -> str:
    """The value of the observation, else of its series; of a type where the series has it already."""
    own = cell.format(f"o.{quoted(name)}")
    of_series = f"s.{quoted(name)}" if kind else cell.format(f"s.{quoted(name)}")
    found = ((f"CAST({own} AS {kind})" if kind else own, present), (of_series, above))
    places = [sql for sql, held in found if name in held]
    return f"coalesce({', '.join(places)})" if len(places) > 1 else (places[0] if places else "NULL::VARCHAR")


def _columns(file: Path) -> frozenset[str]:
    with pa.ipc.open_stream(pa.memory_map(str(file))) as reader:
        return frozenset(reader.schema.names)


def _load(connection: duckdb.DuckDBPyConnection, file: Path, sql: str) -> None:
    stream = new_table()
    with pa.memory_map(str(file)) as mapped, pa.ipc.open_stream(mapped) as reader:
        connection.register(stream, reader)
        try:
            connection.execute(sql.format(stream=stream))
        finally:
            connection.unregister(stream)


def _add_empty_series(connection: duckdb.DuckDBPyConnection, table: str, series: str, shown: str) -> None:
    """Keep series without observations: in a deletion they mean all of their observations."""
    connection.execute(
        f"INSERT INTO {table} SELECT {DATASET}, {SERIES}, NULL, {shown} FROM {series} "
        f"WHERE {SERIES} NOT IN (SELECT {SERIES} FROM {table} WHERE {SERIES} IS NOT NULL)"
    )


def _spread_groups(
    connection: duckdb.DuckDBPyConnection, table: str, file: Path, names: list[str], keys: frozenset[str]
) -> None:
    """Give rows the values of the groups they belong to: those whose dimensions all agree.

    What an observation or its series says itself wins; of two groups that say different things the first does. A group
    nothing here belongs to becomes a row without a number, which states its attributes alone.
    """
    groups, known = new_table(), _columns(file)
    names = [name for name in names if name in known]
    _load(connection, file, f"CREATE TABLE {groups} AS SELECT *, row_number() OVER () AS place FROM {{stream}}")
    patterns = connection.execute(
        f"SELECT DISTINCT {', '.join(f'{quoted(name)} IS NOT NULL' for name in names)} FROM {groups}"
    ).fetchall()
    for pattern in patterns:
        held = dict(zip(names, pattern, strict=True))
        carried = [name for name in names if held[name] and name not in keys]
        if carried:
            matched = [DATASET, *(quoted(name) for name in names if held[name] and name in keys)]
            chosen = ", ".join(f"arg_min({quoted(name)}, place) AS {quoted(name)}" for name in carried)
            of_pattern = " AND ".join(f"{quoted(name)} IS {'NOT ' if held[name] else ''}NULL" for name in names)
            changed = ", ".join(f"{quoted(name)} = coalesce(t.{quoted(name)}, g.{quoted(name)})" for name in carried)
            of_group = f"(SELECT {', '.join(matched)}, {chosen} FROM {groups} WHERE {of_pattern} GROUP BY ALL)"
            belongs = " AND ".join(f"t.{name} = g.{name}" for name in matched)
            connection.execute(f"UPDATE {table} AS t SET {changed} FROM {of_group} AS g WHERE {belongs}")
            connection.execute(
                f"INSERT INTO {table} BY NAME SELECT * FROM {of_group} AS g "
                f"WHERE NOT EXISTS (SELECT 1 FROM {table} AS t WHERE {belongs} AND t.{SOURCE_ROW} IS NOT NULL)"
            )
    connection.execute(f"DROP TABLE {groups}")


def describe_dataset(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    *,
    urn: Urn,
    structure: DataStructure,
    held: frozenset[str],
    given: Mapping[str, Any],
    action: str | None,
    packed: Collection[str] = (),
    has_primary: bool = False,
) -> ReadDataset:
    """Describe the rows of one data set of an assembled table.

    ``source`` is the table with its condition, ``held`` the components it has columns for, ``given`` what the data set
    says of itself (its attributes marked ``@``), ``packed`` the components with cells of several values or languages.
    ``has_primary`` says that the message calls the first measure as SDMX 2.1 does.
    Series and groups without observations count where they state attributes, and in a deletion.
    """
    chosen = parse_action(action) if action else None
    selected = {SOURCE_ROW: SOURCE_ROW, ACTION: literal(chosen.value) if chosen else "NULL::VARCHAR"}
    for name in structure.components:
        cell = quoted(name) if name in held else "NULL::VARCHAR"
        common = given.get(f"@{name}")
        cell = f"coalesce(CAST({cell} AS VARCHAR), {literal(common)})" if common else cell
        if has_primary and name == primary_measure(structure) != PRIMARY_MEASURE and PRIMARY_MEASURE in held:
            cell = f"coalesce(CAST({cell} AS VARCHAR), CAST({quoted(PRIMARY_MEASURE)} AS VARCHAR))"
        selected[name] = allowed_sql(cell, structure.components[name].representation) if name in packed else cell
    if chosen is not Action.DELETE:
        stated = [f"{quoted(one.id)} IS NOT NULL" for one in structure.attributes if one.id in held]
        source += f" AND ({' OR '.join([f'{SOURCE_ROW} IS NOT NULL', *stated])})"
    counted = connection.execute(f"SELECT count(*) FROM {source}").fetchone()
    return ReadDataset(
        described_by=urn,
        structure=structure,
        rows=rows_of(connection, structure, selected, source),
        count=counted[0] if counted else 0,
        actions=(chosen,) if chosen else (),
    )


def check_cells(found: Mapping[str, Any], structure: DataStructure) -> Iterator[Finding]:
    """Find components that were given several values, or languages, though the structure allows one."""
    told: dict[str, tuple[int, int]] = {}
    for name, component in structure.components.items():
        representation = component.representation
        notes = [
            found.get(key, {}).get(name)
            for key, is_allowed in (
                ("several", representation.is_array),
                ("several_languages", representation.is_multilingual),
            )
            if not is_allowed
        ]
        for count, row, _ in filter(None, notes):
            before = told.get(name, (0, row))
            told[name] = (max(before[0], count), min(before[1], row))
    for name, (count, row) in told.items():
        yield Finding(
            code="READ-VALUES",
            where=Where(row=row, column=name),
            params={"name": name, "structure": structure.ref},
            count=count,
        )
