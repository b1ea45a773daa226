"""Rows divided among the audiences a release is for (design D5): everything inside, what may be seen outside."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping

from sdmx_hub.model.rows import ACTION, Rows, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.sharing.audiences import INTERNAL, PUBLIC
from sdmx_hub.sharing.visibility import (
    CONF_REDIST,
    EMBARGO_TIME,
    is_restricting,
    public_view_sql,
    visibility_sql,
)


def divide_rows(rows: Rows, structure: DataStructure, now: dt.datetime) -> Mapping[str, Rows]:
    """Give each audience its rows; the same object for both when nothing is kept from the public."""
    if is_restricting(structure) and has_restricted(rows, structure, now):
        return {PUBLIC: public_rows(rows, structure, now), INTERNAL: rows}
    return {PUBLIC: rows, INTERNAL: rows}


def has_restricted(rows: Rows, structure: DataStructure, now: dt.datetime) -> bool:
    """Tell whether the public sees any row otherwise than it is."""
    changed = [f"({visibility_sql(structure, rows.columns, now)}) <> 'shown'"]
    if "CONF_STATUS" in rows.columns:
        changed.append(f"CAST({quoted('CONF_STATUS')} AS VARCHAR) = 'E'")
    changed += [f"{quoted(name)} IS NOT NULL" for name in (EMBARGO_TIME, CONF_REDIST) if name in rows.columns]
    if ACTION in rows.columns:
        changed = [f"coalesce({ACTION}, '') <> 'D' AND ({test})" for test in changed]
    found = rows.connection.execute(
        f"SELECT 1 FROM ({rows.sql}) WHERE {' OR '.join(changed)} LIMIT 1", list(rows.params)
    ).fetchone()
    return found is not None


def public_rows(rows: Rows, structure: DataStructure, now: dt.datetime) -> Rows:
    """What the public sees of rows; one it does not see takes back what it may have seen of that key before."""
    relation, columns = f"({rows.sql})", rows.columns
    if ACTION not in columns:
        relation, columns = f"(SELECT *, NULL::VARCHAR AS {ACTION} FROM {relation})", (*columns, ACTION)
    sql = public_view_sql(structure, relation, columns, now, withdraw=True)
    return dataclasses.replace(rows, sql=sql, columns=columns, coded={})
