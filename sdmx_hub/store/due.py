"""Which runs can be begun now: what whoever hands them out looks at, without taking any."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from sdmx_hub.store.database import Database
from sdmx_hub.store.harvest_tables import RUN
from sdmx_hub.store.run_rows import State


@dataclass(frozen=True)
class DueRun:
    """A run that waits, or whose worker died: its partner, and its token as it is now."""

    run: int
    host: str
    token: int


def select_due(database: Database, now: dt.datetime) -> tuple[DueRun, ...]:
    """Select, oldest first, what ``Runs.claim`` would give, and of each host and flow one: no two can be under way."""
    waits = (RUN.c.state == State.QUEUED) & (RUN.c.not_before <= now)
    dead = (RUN.c.state == State.RUNNING) & (RUN.c.expires_at < now)
    live = (RUN.c.state == State.RUNNING) & (RUN.c.expires_at >= now)
    columns = (RUN.c.id, RUN.c.host, RUN.c.token, RUN.c.source, RUN.c.flow)
    found = []
    with database.reading() as connection:
        rows = connection.execute(sa.select(*columns).where(live)).all()
        taken = {place for row in rows for place in ((row.source, row.flow), row.host)}
        for row in connection.execute(sa.select(*columns).where(waits | dead).order_by(RUN.c.slot, RUN.c.id)):
            if taken.isdisjoint({(row.source, row.flow), row.host}):
                taken |= {(row.source, row.flow), row.host}
                found.append(DueRun(row.id, row.host, row.token))
    return tuple(found)
