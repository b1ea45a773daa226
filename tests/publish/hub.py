"""A real registry and observation store over the cube, with some releases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

from sdmx_hub.model.message import Action, Header
from sdmx_hub.model.rows import Rows, quoted
from sdmx_hub.model.urn import Ref
from sdmx_hub.publish.data import open_data
from sdmx_hub.query import urls_v2
from sdmx_hub.store.database import Database
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.registry import Registry
from sdmx_hub.store.releases import Lineage
from tests.publish.cube import ARTEFACTS, COLUMNS, Row
from tests.support.engine import connect
from tests.support.homes import make_database

DATAFLOW = Ref("TEST", "DF", "1.0.0")
HEADER = Header(id="T", prepared=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), sender_id="TEST")
FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
NOW = FIRST + 30 * DAY


def day(number: int) -> dt.datetime:
    """The moment of a release."""
    return FIRST + number * DAY


class Hub:
    """A registry, observations and the last state that was released."""

    def __init__(self, folder: Path, *, small: int | None = None) -> None:
        self.database: Database = make_database(folder / "control.db")
        self.registry = Registry(self.database)
        self.registry.save(ARTEFACTS, actor="test", now=FIRST)
        self.artefacts = self.registry.snapshot()
        options = {} if small is None else {"small": small}
        self.observations = Observations(self.database, folder / "data", clock=lambda: NOW, **options)
        self.structure = self.artefacts.structure_of(ARTEFACTS[-1].urn)

    def close(self) -> None:
        self.observations.close()
        self.database.close()

    def release(
        self,
        public: Sequence[Row],
        at: dt.datetime,
        *,
        internal: Sequence[Row] | None = None,
        visible_from: dt.datetime | None = None,
    ) -> None:
        """Replace everything, for each audience."""
        with connect() as connection:
            views = {"public": rows_of(connection, "p", public)}
            views["internal"] = views["public"] if internal is None else rows_of(connection, "i", internal)
            staged = self.observations.stage(DATAFLOW, self.structure, views, scope={}, action=Action.REPLACE)
        held = {"public": visible_from} if visible_from else None
        self.observations.release([staged], Lineage(source="test"), actor="test", now=at, visible_from=held)

    def ask(self, url: str, *, audience: str = "public", now: dt.datetime = NOW) -> list[tuple[Action, list[Row]]]:
        """Ask by a URL of REST v2: the datasets with their rows."""
        return [
            (dataset.action, drawn(dataset.rows)) for dataset in self.open(url, audience=audience, now=now).datasets
        ]

    def open(self, url: str, *, audience: str = "public", now: dt.datetime = NOW):
        """Open the message a URL of REST v2 asks for."""
        path, _, query = url.partition("?")
        asked = urls_v2.parse_data(path.split("/"), query)
        return open_data(asked, self.artefacts, self.observations, audience=audience, now=now, header=HEADER)


def rows_of(connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Row]) -> Rows:
    """Make rows of observations."""
    columns = ", ".join(f"{quoted(column)} VARCHAR" for column in COLUMNS)
    connection.execute(f"CREATE TEMP TABLE {table} ({columns})")
    values = [[row.get(column) for column in COLUMNS] for row in rows]
    if values:
        places = ", ".join("?" for _ in COLUMNS)
        connection.executemany(" ".join(("INSERT INTO", table, "VALUES (", places, ")")), values)
    return Rows(connection=connection, sql=f"FROM {table}", columns=COLUMNS, is_sorted=False)


def drawn(rows: Rows) -> list[Row]:
    """Draw rows and give their connection back."""
    found = [
        dict(zip(rows.columns, (None if one is None else str(one) for one in values), strict=True))
        for values in rows.connection.execute(rows.sql, list(rows.params)).fetchall()
    ]
    rows.close()
    return found
