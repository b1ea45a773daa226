"""Splits (M07): one published figure divided among several codes by the weights a mapping declares.

The parts add up to the figure exactly: each is rounded down in the figure's own last digit, and what is left goes one
by one to the parts that lost most. Every part with a value has OBS_STATUS E; how it was made is told in COMMENT_OBS.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from sdmx_hub.mapping.reading import MEASURE
from sdmx_hub.mapping.rules import TableMapping
from sdmx_hub.mapping.totals import written
from sdmx_hub.model.rows import literal, quoted

_VALUE = quoted(MEASURE)
_ROWID = "_whole"


def divide(mapping: TableMapping, varying: Sequence[str], connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Divide the rows whose text has weights, component by component."""
    for component_id, rule in mapping.components.items():
        if rule.splits and component_id in varying:
            weights = [
                f"({literal(text)}, {place}, {literal(code)}, {weight}::DECIMAL(18, 12))"
                for text, split in rule.splits.items()
                for place, (code, weight) in enumerate(split.weights.items())
            ]
            listed = f"(VALUES {', '.join(weights)}) AS s(text, place, code, weight)"
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {table} AS {_divided(component_id, varying, table, listed)}"
            )


def _divided(component_id: str, varying: Sequence[str], table: str, weights: str) -> str:
    """Rows that are not divided, and the parts of those that are."""
    split = quoted(f"_split_{component_id}")
    has_value = MEASURE in varying
    replaced = [f"_code AS {quoted(component_id)}"]
    if has_value:
        replaced.append(f"{written('_units / pow(10, _digits)::DECIMAL(38, 0)')} AS {_VALUE}")
        replaced.append(
            f"CASE WHEN {_VALUE} IS NULL THEN {quoted('OBS_STATUS')} ELSE 'E' END AS {quoted('OBS_STATUS')}"
        )
    return (
        f"SELECT * FROM {table} WHERE {split} IS NULL UNION ALL "
        f"SELECT * EXCLUDE ({_ROWID}, _place, _code, _weight, _digits, _units) REPLACE ({', '.join(replaced)}) "
        f"FROM ({_parts(split, table, weights, has_value=has_value)})"
    )


def _parts(split: str, table: str, weights: str, *, has_value: bool) -> str:
    text = _VALUE if has_value else "'0'"
    digits = f"length(split_part({text}, '.', 2))"
    whole = f"TRY_CAST({text} AS DECIMAL(38, 8)) * pow(10, {digits})::BIGINT"
    joined = (
        f"SELECT t.*, s.place AS _place, s.code AS _code, s.weight AS _weight, {digits} AS _digits, "
        f"{whole} AS _all FROM (SELECT *, row_number() OVER () AS {_ROWID} FROM {table} "
        f"WHERE {split} IS NOT NULL) AS t JOIN {weights} ON s.text = t.{split}"
    )
    shared = f"SELECT *, floor(_all::DOUBLE * _weight::DOUBLE + 1e-9) AS _low FROM ({joined})"
    ranked = (
        f"SELECT *, row_number() OVER (PARTITION BY {_ROWID} "
        f"ORDER BY _all::DOUBLE * _weight::DOUBLE - _low DESC, _place) AS _rank, "
        f"_all - sum(_low) OVER (PARTITION BY {_ROWID}) AS _left FROM ({shared})"
    )
    return (
        f"SELECT * EXCLUDE (_all, _low, _rank, _left), "
        f"(_low + CASE WHEN _rank <= _left THEN 1 ELSE 0 END)::DECIMAL(38, 0) AS _units FROM ({ranked})"
    )
