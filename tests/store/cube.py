"""A small cube for the tests of the store: its structure, rows to load, and reading back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import ACTION, Rows, literal, quoted
from sdmx_hub.model.urn import Ref
from sdmx_hub.query.plan import Plan, plan_data
from sdmx_hub.query.request import DataQuery
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.releases import Lineage, Release
from tests.factories import DATASET, OBSERVATION, component, make_structure, series
from tests.support.engine import connect

FLOW = Ref("TEST", "DF", "1.0.0")
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
STRUCTURE = make_structure(
    "REF_AREA.SEX.TIME_PERIOD",
    attributes=[
        component("OBS_STATUS", "CL_OBS_STATUS", **OBSERVATION),
        component("TITLE", **series("REF_AREA", "SEX")),
        component("UNIT", "CL_UNIT", **series("REF_AREA")),
        component("SOURCE", **DATASET),
    ],
)
COLUMNS = tuple(STRUCTURE.components)
KEYS = STRUCTURE.key_ids
VALUES = COLUMNS[len(KEYS) :]
Row = tuple[str | None, ...]
State = dict[Row, Row]


def plan(**query: object) -> Plan:
    return plan_data(DataQuery(**query), STRUCTURE)


def make_rows(rows: Iterable[Sequence[str | None]], columns: Sequence[str] = COLUMNS) -> Rows:
    """Rows to load, in a table of a connection of their own."""
    connection = connect()
    names = ", ".join(f"{quoted(column)} VARCHAR" for column in columns)
    connection.execute(f"CREATE TEMP TABLE given ({names})")
    values = ", ".join(
        "(" + ", ".join("NULL" if value is None else literal(value) for value in row) + ")" for row in rows
    )
    if values:
        connection.execute(f"INSERT INTO given VALUES {values}")  # noqa: S608 - our own literals
    return Rows(connection=connection, sql="SELECT * FROM given", columns=tuple(columns), is_sorted=False)


def series_rows(*rows: str) -> Rows:
    """Rows from texts: ``"SN F 2020 1.10"``, a value and perhaps a status behind the key."""
    parts = [row.split(" ") for row in rows]
    return make_rows([(*part, *[None] * (len(COLUMNS) - len(part))) for part in parts])


def load(
    observations: Observations,
    rows: Rows | Mapping[str, Rows],
    *,
    at: int = 0,
    action: Action = Action.APPEND,
    scope: Mapping[str, frozenset[str]] | None = None,
    **more: object,
) -> Release | None:
    """Stage and release at hour ``at`` of the tests' day."""
    by_audience = rows if isinstance(rows, Mapping) else {"internal": rows, "public": rows}
    staged = observations.stage(FLOW, STRUCTURE, by_audience, action=action, scope=scope)
    return observations.release([staged], Lineage(source="test"), actor="tester", now=moment(at), **more)


def moment(hour: int) -> dt.datetime:
    return START + dt.timedelta(hours=hour)


def drawn(rows: Rows) -> list[Row]:
    """Draw rows as tuples, in their order."""
    try:
        return [tuple(row.values()) for batch in rows.batches() for row in batch.to_pylist()]
    finally:
        rows.close()


def read(observations: Observations, audience: str = "public", **query: object) -> list[Row]:
    return drawn(observations.open_rows(FLOW, STRUCTURE, plan(**query), audience=audience))


def state_of(rows: Iterable[Row]) -> State:
    return {row[: len(KEYS)]: row[len(KEYS) :] for row in rows}


__all__ = ["ACTION"]
