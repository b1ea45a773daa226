"""The end of embargoes: what the office has, and the public gets at its moment.

Shortly before the moment a release is prepared that becomes visible at it, so that no job has to run at the second
itself; one that was missed (the hub was down) is made up for at once. It is not prepared earlier, because a release
that waits to be seen holds up every other load of its dataflow.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable

import duckdb
import pyarrow as pa

from sdmx_hub.formats.read_data import spool
from sdmx_hub.load.audiences import public_rows
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import Rows, literal, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Urn
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import DataQuery
from sdmx_hub.sharing.audiences import INTERNAL, PUBLIC
from sdmx_hub.sharing.visibility import CONF_STATUS, EMBARGO_TIME, parse_embargo
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.releases import Lineage, Release

AHEAD = dt.timedelta(minutes=2)
"""How long before its moment a release is prepared; whoever calls ``release_due`` calls it more often than that."""


def release_due(
    observations: Observations,
    artefacts: Artefacts,
    *,
    actor: str,
    now: dt.datetime,
    dataflows: Iterable[Urn] | None = None,
) -> tuple[Release, ...]:
    """Release what embargoes have held back until now, or will until ``AHEAD`` from now, to be seen at its moment.

    Nothing happens where nothing is due; calling it twice is as calling it once. Raises TryAgain, Conflict.
    """
    chosen = dataflows if dataflows is not None else [one.urn for one in artefacts if _is_flow(one.urn)]
    made = (_release_flow(observations, artefacts, dataflow, actor=actor, now=now) for dataflow in chosen)
    return tuple(release for release in made if release is not None)


def _is_flow(urn: Urn) -> bool:
    return urn.class_name == "Dataflow"


def _release_flow(
    observations: Observations, artefacts: Artefacts, dataflow: Urn, *, actor: str, now: dt.datetime
) -> Release | None:
    version = observations.version(dataflow.ref, INTERNAL, now=now)
    if version is None:
        return None
    structure = artefacts.structure_of(dataflow)
    if not {CONF_STATUS, EMBARGO_TIME} <= structure.components.keys():
        return None
    with duckdb.connect(config={"threads": 2}) as connection:
        held = _held_back(observations, structure, dataflow, connection)
        moment = _moment(held, now) if held is not None else None
        if held is None or moment is None:
            return None
        staged = observations.stage(
            dataflow.ref, structure, {PUBLIC: public_rows(held, structure, moment)}, action=Action.MERGE, holder=actor
        )
        lineage = Lineage(source="embargo", details={"ended": moment.isoformat()})
        return observations.release(
            [staged],
            lineage,
            actor=actor,
            now=now,
            visible_from={PUBLIC: moment} if moment > now else None,
            reason="embargo",
        )


def _held_back(
    observations: Observations, structure: DataStructure, dataflow: Urn, connection: duckdb.DuckDBPyConnection
) -> Rows | None:
    """The rows under embargo, over or not, in an engine of their own."""
    rows = observations.open_rows(dataflow.ref, structure, plan_data(DataQuery(), structure), audience=INTERNAL)
    try:
        columns = tuple(name for name in rows.columns if name in structure.components)
        shown = ", ".join(f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}" for name in columns)
        under_embargo = f"CAST({quoted(CONF_STATUS)} AS VARCHAR) = {literal('E')}"
        held = dataclasses.replace(rows, sql=f"SELECT {shown} FROM ({rows.sql}) WHERE {under_embargo}", columns=columns)
        table = spool(connection, pa.schema([(name, pa.string()) for name in columns]), held.batches())
    finally:
        rows.close()
    if not connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
        return None
    return Rows(connection=connection, sql=f"SELECT * FROM {table}", columns=columns, is_sorted=False)


def _moment(held: Rows, now: dt.datetime) -> dt.datetime | None:
    """The moment to release for: the last that is past, unless one is about to come."""
    found = held.connection.execute(f"SELECT DISTINCT {quoted(EMBARGO_TIME)} FROM ({held.sql})").fetchall()
    ends = sorted(end for (text,) in found if (end := parse_embargo(text)) is not None)
    coming = [end for end in ends if now < end <= now + AHEAD]
    past = [end for end in ends if end <= now]
    if coming:
        return coming[0]
    return now if past else None
