"""A dataflow as it was after a release, brought into a store where something is tried that must leave no trace."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import duckdb

from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import Rows, open_reader, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import DataQuery
from sdmx_hub.store.manifest import INTERNAL
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.releases import Lineage

_ACTOR = "copy"


def copy_state(
    origin: Observations,
    target: Observations,
    dataflow: Ref,
    structure: DataStructure,
    release_id: int,
    *,
    now: dt.datetime,
) -> None:
    """Release in ``target`` what ``origin`` held inside of a dataflow after a release; nothing if it held nothing."""
    version = origin.version(dataflow, INTERNAL)
    if version is None:
        return
    then = replace(version, release_id=release_id)
    rows = origin.open_rows(dataflow, structure, plan_data(DataQuery(), structure), audience=INTERNAL, version=then)
    columns = ", ".join(f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}" for name in rows.columns)
    connection = duckdb.connect()
    try:
        reader = open_reader(rows.connection, f"SELECT {columns} FROM ({rows.sql})", rows.params)
        connection.register("stream", reader)
        connection.execute("CREATE TABLE copied AS SELECT * FROM stream")
        connection.unregister("stream")
        copied = Rows(connection=connection, sql="FROM copied", columns=rows.columns, is_sorted=False)
        staged = target.stage(
            dataflow, structure, {INTERNAL: copied}, scope={}, action=Action.REPLACE, holder=_ACTOR, is_exact=True
        )
        target.release([staged], Lineage(source=f"release {release_id}"), actor=_ACTOR, now=now)
    finally:
        rows.close()
        connection.close()
