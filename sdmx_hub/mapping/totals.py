"""Sums a mapping declares: rows of one key added up, and residuals derived from a total and its other parts."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from sdmx_hub.mapping.reading import MEASURE
from sdmx_hub.mapping.rules import TableMapping, TotalRule
from sdmx_hub.model.rows import SOURCE_ROW, literal, quoted
from sdmx_hub.model.structure import DataStructure

_STATUS = quoted("OBS_STATUS")
_VALUE = quoted(MEASURE)
_NUMBER = f"TRY_CAST({_VALUE} AS DECIMAL(38, 8))"
_GOOD = "NOT _bad AND NOT _skip"


def written(number: str) -> str:
    """Write a decimal expression without zeros that say nothing."""
    text = f"CAST({number} AS VARCHAR)"
    return f"CASE WHEN contains({text}, '.') THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END"


def add_up(
    mapping: TableMapping,
    structure: DataStructure,
    varying: Sequence[str],
    connection: duckdb.DuckDBPyConnection,
    table: str,
) -> None:
    """Make one row of all good rows with the same key, where the mapping says so.

    A missing part makes the sum missing (O); with ``partial`` what is there is added up (W). Parts that are all missing
    for one reason keep it. A key met once is left as it is.
    """
    rule = mapping.aggregate
    if rule is None or MEASURE not in varying:
        return
    keys = [quoted(key) for key in structure.key_ids if key in varying]
    others = [name for name in varying if name not in structure.key_ids and name not in {MEASURE, "OBS_STATUS"}]
    total = written(f"sum({_NUMBER})")
    complete = f"count({_VALUE}) = count(*)"
    enough = "true" if rule.partial else complete
    whole = f"CASE WHEN count(*) = 1 THEN min({_VALUE}) WHEN {enough} THEN {total} END"
    status = (
        f"CASE WHEN count(*) = 1 OR {complete} THEN coalesce(min({_STATUS}) FILTER ({_STATUS} <> 'A'), min({_STATUS})) "
        f"WHEN count({_VALUE}) = 0 AND min({_STATUS}) = max({_STATUS}) THEN min({_STATUS}) "
        f"WHEN count({_VALUE}) = 0 OR NOT ({enough}) THEN 'O' ELSE 'W' END"
    )
    columns = [
        f"min({SOURCE_ROW}) AS {SOURCE_ROW}",
        "min(_col) AS _col",
        "false AS _bad",
        "false AS _skip",
        *keys,
        f"{whole} AS {_VALUE}",
        f"{status} AS {_STATUS}",
        *(f"min({quoted(name)}) AS {quoted(name)}" for name in others),
    ]
    grouped = f" GROUP BY {', '.join(keys)}" if keys else ""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {', '.join(columns)} FROM {table} WHERE {_GOOD}{grouped}"
    )


def derive_residuals(
    mapping: TableMapping,
    structure: DataStructure,
    varying: Sequence[str],
    connection: duckdb.DuckDBPyConnection,
    table: str,
) -> None:
    """Set each residual the mapping asks for to the total less the other parts (OBS_STATUS E), when all are known."""
    for rule in mapping.totals:
        if rule.derive_residual and rule.residual and rule.component_id in varying and MEASURE in varying:
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE _residual AS {_residuals(rule, structure, varying, table)}"
            )
            same = " AND ".join(f"t.{key} IS NOT DISTINCT FROM r.{key}" for key in _keys(rule, structure, varying))
            component = quoted(rule.component_id)
            empty = f"t.{component} = {literal(rule.residual)} AND t.{_VALUE} IS NULL"
            connection.execute(
                f"UPDATE {table} AS t SET {_VALUE} = r.rest, {_STATUS} = 'E' FROM _residual AS r "
                f"WHERE {empty} AND {_GOOD} AND {same or 'true'}"
            )
            _insert_missing(rule, varying, connection, table=table, same=same)


def _keys(rule: TotalRule, structure: DataStructure, varying: Sequence[str]) -> list[str]:
    return [quoted(key) for key in structure.key_ids if key in varying and key != rule.component_id]


def _residuals(rule: TotalRule, structure: DataStructure, varying: Sequence[str], table: str) -> str:
    """For each key the total less its parts, where the total and every part have a value."""
    keys = _keys(rule, structure, varying)
    component = quoted(rule.component_id)
    total, residual = literal(rule.total), literal(rule.residual or "")
    part = f"{component} NOT IN ({total}, {residual})"
    if rule.parts:
        part = f"{component} IN ({', '.join(literal(code) for code in rule.parts if code != rule.residual)})"
    sums = f"coalesce(sum({_NUMBER}) FILTER ({part}), 0)"
    rest = written(f"max({_NUMBER}) FILTER ({component} = {total}) - {sums}")
    selected = ", ".join([*keys, f"{rest} AS rest"])
    grouped = f"GROUP BY {', '.join(keys)} " if keys else ""
    return (
        f"SELECT {selected} FROM {table} WHERE {_GOOD} {grouped}"
        f"HAVING count({_VALUE}) FILTER ({component} = {total}) = 1 "
        f"AND count(*) FILTER ({part} AND {_VALUE} IS NULL) = 0"
    )


def _insert_missing(
    rule: TotalRule, varying: Sequence[str], connection: duckdb.DuckDBPyConnection, *, table: str, same: str
) -> None:
    """Add a residual where the table has no row for it: the total's row with another code and value."""
    component = quoted(rule.component_id)
    changed = {component: literal(rule.residual or ""), _VALUE: "r.rest", _STATUS: "'E'"}
    names = [SOURCE_ROW, "_col", "_bad", "_skip", *map(quoted, varying)]
    values = [changed.get(name, f"t.{name}") for name in names]
    there = f"o.{component} = {literal(rule.residual or '')} AND NOT o._bad AND NOT o._skip"
    beside = same.replace("t.", "o.") or "true"
    connection.execute(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table} AS t "
        f"JOIN _residual AS r ON {same or 'true'} WHERE t.{component} = {literal(rule.total)} AND {_GOOD} "
        f"AND NOT EXISTS (SELECT 1 FROM {table} AS o WHERE {there} AND {beside})"
    )
