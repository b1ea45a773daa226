"""Rows divided among the audiences a release is for (design D5): everything inside, what may be seen outside."""

from __future__ import annotations

import dataclasses
import datetime as dt
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import ACTION, Rows, literal, open_reader, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref
from sdmx_hub.sharing.audiences import INTERNAL, PUBLIC
from sdmx_hub.sharing.visibility import (
    CONF_REDIST,
    EMBARGO_TIME,
    is_restricting,
    public_changes_sql,
    public_view_sql,
    visibility_sql,
)
from sdmx_hub.store.changes import Scope
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.staging import Staged


def stage_rows(
    rows: Rows,
    observations: Observations,
    dataflow: Ref,
    structure: DataStructure,
    *,
    now: dt.datetime,
    action: Action,
    scope: Scope | None,
    holder: str,
    rehearse: bool,
) -> Staged:
    """Stage rows for every audience, so that the public view stays that of all rows inside.

    Where nothing sent or held is kept from the public, both see the same rows, and share their files. Otherwise the
    rows are staged inside first, and what that changes there, in whole rows, decides what changes outside: a message
    that sends a value alone says nothing about who may see it. Raises as ``Observations.stage``.
    """

    def stage(sent: Mapping[str, Rows], **options: Any) -> Staged:
        return observations.stage(dataflow, structure, sent, **options)

    if not _is_divided(rows, observations, dataflow, structure, now):
        both = {PUBLIC: rows, INTERNAL: rows}
        return stage(both, scope=scope, action=action, holder=holder, rehearse=rehearse)
    inside = stage({INTERNAL: rows}, scope=scope, action=action, holder=holder, rehearse=rehearse)
    try:
        with tempfile.TemporaryDirectory(prefix="sdmx-hub-public-") as folder, duckdb.connect() as connection:
            changes = _kept(observations.open_staged_changes(inside, INTERNAL), Path(folder) / "changes.parquet")
            outside = Rows(
                connection=connection,
                sql=public_changes_sql(structure, f"read_parquet({literal(str(changes))})", now),
                columns=(ACTION, *structure.key_ids, *values_of(structure)),
                is_sorted=False,
            )
            public = stage({PUBLIC: outside}, action=Action.REPLACE, holder=holder, rehearse=True, is_exact=True)
    except BaseException:
        observations.discard(inside)
        raise
    return dataclasses.replace(inside, views={**public.views, **inside.views})


def values_of(structure: DataStructure) -> tuple[str, ...]:
    """The components that are not part of the key, in order."""
    return tuple(one for one in structure.components if one not in structure.key_ids)


def _is_divided(
    rows: Rows, observations: Observations, dataflow: Ref, structure: DataStructure, now: dt.datetime
) -> bool:
    """Tell whether the public sees, or will see, something else than the office."""
    if not is_restricting(structure):
        return False
    public, internal = (observations.version(dataflow, audience, now=now) for audience in (PUBLIC, INTERNAL))
    if (public.links if public else None) != (internal.links if internal else None):
        return True
    return has_restricted(rows, structure, now)


def _kept(rows: Rows, path: Path) -> Path:
    """Write rows to a file another engine can read, in batches."""
    try:
        reader = open_reader(rows.connection, rows.sql, rows.params)
        with pq.ParquetWriter(path, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
    finally:
        rows.close()
    return path


def has_restricted(rows: Rows, structure: DataStructure, now: dt.datetime) -> bool:
    """Tell whether the public sees any row otherwise than it is."""
    changed = [f"({visibility_sql(structure, rows.columns, now)}) <> 'shown'"]
    if "CONF_STATUS" in rows.columns:
        changed.append(f"CAST({quoted('CONF_STATUS')} AS VARCHAR) = 'E'")
    changed += [f"{quoted(name)} IS NOT NULL" for name in (EMBARGO_TIME, CONF_REDIST) if name in rows.columns]
    if ACTION in rows.columns:
        changed = [f"coalesce({ACTION}, '') <> 'D' AND ({test})" for test in changed]
    look = f"SELECT 1 FROM ({rows.sql}) WHERE {' OR '.join(changed)} LIMIT 1"
    return bool(rows.connection.execute(look, list(rows.params)).fetchall())


def public_rows(rows: Rows, structure: DataStructure, now: dt.datetime) -> Rows:
    """What the public sees of rows; one it does not see takes back what it may have seen of that key before."""
    relation, columns = f"({rows.sql})", rows.columns
    if ACTION not in columns:
        relation, columns = f"(SELECT *, NULL::VARCHAR AS {ACTION} FROM {relation})", (*columns, ACTION)
    sql = public_view_sql(structure, relation, columns, now, withdraw=True)
    return dataclasses.replace(rows, sql=sql, columns=columns, coded={})
