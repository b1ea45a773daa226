"""What one release changed, row by row, old beside new."""

from __future__ import annotations

import duckdb

from sdmx_hub.model.rows import Rows, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.store.segments import columns_sql
from sdmx_hub.store.state import Place, State

CHANGE_KIND = "_change"
"""The column that says A (added), R (revised) or D (deleted)."""
NEXT = 2_147_483_647
"""Stands for the release a staged load has not got yet."""


def change_columns(structure: DataStructure) -> tuple[str, ...]:
    """The columns of ``select_changes``."""
    values = [column for column in structure.components if column not in structure.key_ids]
    return (CHANGE_KIND, *structure.key_ids, *(f"{side}.{column}" for column in values for side in ("old", "new")))


def select_changes(structure: DataStructure, state: State, connection: duckdb.DuckDBPyConnection) -> Rows:
    """Select what the release of ``state`` changed, sorted by key.

    ``state`` must be that of a release of the dataflow, with all segments of its version attached.
    """
    release = state.version.release_id
    keys = columns_sql(structure.key_ids)

    def listed(place: Place) -> str:
        return ", ".join(f"{place.column(column)} AS {quoted(column)}" for column in structure.components)

    brought = " UNION ALL ".join(
        f"SELECT * FROM ({part}) WHERE valid_from = {release}"
        for part in state.living(lambda place: f"{listed(place)}, {place.valid_from} AS valid_from")
    )
    ended = " UNION ALL ".join(
        f"SELECT * FROM ({part}) WHERE valid_to = {release}"
        for part in state.ended(lambda place, until: f"{listed(place)}, {until} AS valid_to")
    )
    kind = "CASE WHEN o.valid_to IS NULL THEN 'A' WHEN n.valid_from IS NULL THEN 'D' ELSE 'R' END"
    values = "".join(
        f', {side[0]}.{quoted(column)} AS "{side}.{column}"'
        for column in structure.components
        if column not in structure.key_ids
        for side in ("old", "new")
    )
    sql = (
        f"SELECT {kind} AS {CHANGE_KIND}, {keys}{values} FROM ({brought}) AS n FULL JOIN ({ended}) AS o"
        f" USING ({keys}) ORDER BY {keys}"
    )
    return Rows(connection=connection, sql=sql, columns=change_columns(structure))
