"""Availability: which codes, which periods, how many observations and series there are within a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from sdmx_hub.model.rows import quoted
from sdmx_hub.query.plan import Plan
from sdmx_hub.store.profile import Profiles, answers, tell
from sdmx_hub.store.segments import columns_sql
from sdmx_hub.store.select import Selection, living_parts
from sdmx_hub.store.state import State


@dataclass(frozen=True, kw_only=True)
class Availability:
    """What there is: ``codes`` of each dimension, time included, in order (time chronologically).

    ``spans`` has the first and last period of each code of a dimension, where a profile tells it.
    """

    codes: Mapping[str, tuple[str, ...]]
    observations: int
    series: int
    spans: Mapping[str, Mapping[str, tuple[str, str]]] = field(default_factory=dict, compare=False)


def find_availability(
    plan: Plan,
    state: State,
    connection: duckdb.DuckDBPyConnection,
    profiles: Profiles,
    *,
    since: int | None = None,
) -> Availability:
    """Count what a plan covers of a state, by its profile where that knows enough."""
    if since is None and answers(plan, state):
        profile = profiles.find(plan.structure, state, connection)
        if profile is not None:
            try:
                told = tell(plan, profile, connection)
            except duckdb.CatalogException:
                return select_availability(plan, state, connection)  # it was dropped for a newer one meanwhile
            return Availability(codes=told.codes, observations=told.observations, series=told.series, spans=told.spans)
    return select_availability(plan, state, connection, since=since)


def select_availability(
    plan: Plan, state: State, connection: duckdb.DuckDBPyConnection, *, since: int | None = None
) -> Availability:
    """Count what a plan covers of a state, its first, last, offset and limit left aside.

    What was deleted after release ``since`` has changed too (REST v2.2, availability queries, ``updatedAfter``).
    """
    keys, dimensions = plan.structure.key_ids, plan.structure.dimension_ids
    selection = Selection(plan, connection)
    parts = list(living_parts(state, selection, keys, since))
    gone = state.deleted_since(since, keys, selection.narrow) if since is not None else None
    sql = " UNION ALL ".join([*parts, f"SELECT {columns_sql(keys)} FROM ({gone})"] if gone else parts)
    if not sql:
        return Availability(codes=dict.fromkeys(keys, ()), observations=0, series=0)
    params = list(selection.params)
    codes = {}
    for key in keys:
        name = quoted(key)
        rows = connection.execute(f"SELECT {name} FROM ({sql}) GROUP BY {name} ORDER BY {name}", params).fetchall()
        codes[key] = tuple(str(row[0]) for row in rows)
    counted = connection.execute(f"SELECT count(*) FROM ({sql})", params).fetchone()
    distinct = f"SELECT count(*) FROM (SELECT DISTINCT {columns_sql(dimensions)} FROM ({sql}))"
    series = connection.execute(distinct, params).fetchone()
    return Availability(codes=codes, observations=int((counted or (0,))[0]), series=int((series or (0,))[0]))
