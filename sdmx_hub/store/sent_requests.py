"""When a host was asked: read from the ledger, so that several workers keep to the limits of one partner."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from sdmx_hub.store.database import Database
from sdmx_hub.store.harvest_tables import REQUEST, RUN


def select_sent(database: Database, host: str, since: dt.datetime) -> list[tuple[str, dt.datetime]]:
    """Purpose and moment of every request sent to a host since; repeated tries count at the end of the last one."""
    query = (
        sa.select(REQUEST.c.purpose, REQUEST.c.sent_at, REQUEST.c.milliseconds, REQUEST.c.tries)
        .join(RUN, RUN.c.id == REQUEST.c.run_id)
        .where(RUN.c.host == host, REQUEST.c.sent_at >= since)
    )
    sent: list[tuple[str, dt.datetime]] = []
    with database.reading() as connection:
        for purpose, begun, milliseconds, tries in connection.execute(query):
            ended = begun + dt.timedelta(milliseconds=milliseconds)
            sent += [(purpose, begun), *((purpose, ended) for _ in range(tries - 1))]
    return sent
