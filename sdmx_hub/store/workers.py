"""Who works for the hub: schedulers and workers, each heard of every few seconds while it lives.

Nothing is decided by it. A run is safe by its lease and token; this tells people whether anybody is there to take one.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sdmx_hub.store.database import Database
from sdmx_hub.store.harvest_tables import RUN
from sdmx_hub.store.run_rows import State, short_instant
from sdmx_hub.store.tables import METADATA, Instant

WORKER = sa.Table(
    "harvest_worker",
    METADATA,
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("machine", sa.String(255), nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("heartbeat_at", Instant, nullable=False),
)
SILENT = dt.timedelta(minutes=1)
"""Who was not heard of for so long is taken for dead."""
FORGOTTEN = dt.timedelta(days=7)
OVERDUE = dt.timedelta(hours=1)
"""A run that could have begun so long ago, and has not, is something to look at."""


@dataclass(frozen=True, kw_only=True)
class Presence:
    """One process that works for the hub; ``role`` is ``scheduler`` or ``worker``."""

    name: str
    role: str
    machine: str
    started_at: dt.datetime
    heartbeat_at: dt.datetime

    def is_heard(self, now: dt.datetime) -> bool:
        """Tell whether it was heard of lately."""
        return now - self.heartbeat_at < SILENT

    def as_json(self, now: dt.datetime) -> dict[str, Any]:
        """Shape for reports."""
        return {
            "name": self.name,
            "role": self.role,
            "machine": self.machine,
            "started": short_instant(self.started_at),
            "heartbeat": short_instant(self.heartbeat_at),
            "alive": self.is_heard(now),
        }


class Workers:
    """The processes that work for a hub."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, presence: Presence) -> None:
        """Note that somebody is there, and forget who has been silent for days."""
        with self._database.transaction() as connection:
            connection.execute(
                sa.delete(WORKER).where(
                    (WORKER.c.name == presence.name) | (WORKER.c.heartbeat_at < presence.heartbeat_at - FORGOTTEN)
                )
            )
            connection.execute(sa.insert(WORKER).values(**vars(presence)))

    def leave(self, name: str) -> None:
        """Note that somebody went by itself."""
        with self._database.transaction() as connection:
            connection.execute(sa.delete(WORKER).where(WORKER.c.name == name))

    def select(self) -> tuple[Presence, ...]:
        """Select everybody, by role and name."""
        names = Presence.__dataclass_fields__
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(WORKER).order_by(WORKER.c.role, WORKER.c.name)).mappings()
            return tuple(Presence(**{name: row[name] for name in names}) for row in rows)

    def waiting(self, now: dt.datetime) -> tuple[int, int]:
        """Count the runs that are overdue: nobody has begun them, or nobody has taken them over from the dead."""
        queued = (RUN.c.state == State.QUEUED) & (RUN.c.not_before < now - OVERDUE)
        dead = (RUN.c.state == State.RUNNING) & (RUN.c.expires_at < now - OVERDUE)
        with self._database.reading() as connection:
            counts = [
                int(connection.execute(sa.select(sa.func.count()).select_from(RUN).where(one)).scalar_one())
                for one in (queued, dead)
            ]
        return counts[0], counts[1]
