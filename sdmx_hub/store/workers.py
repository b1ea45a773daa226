"""Who works for the hub: schedulers and workers, each heard of every few seconds while it lives.

Nothing is decided by it. A run is safe by its lease and token; this tells people whether anybody is there to take one.
A scheduler that left is remembered until another one is heard of, so that it can be told since when there is none.
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
    sa.Column("left_at", Instant),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
)
SCHEDULER, TIMER, WORKER_ROLE = "scheduler", "timer", "worker"
"""Roles: a scheduler that stays, one that comes and goes (``--once``, from a timer), one that works runs off."""
_KEEPERS = (SCHEDULER, TIMER)
SILENT = dt.timedelta(minutes=1)
"""Who was not heard of for so long is taken for dead."""
FORGOTTEN = dt.timedelta(days=7)
OVERDUE = dt.timedelta(hours=1)
"""A run that could have begun so long ago, and has not, is something to look at."""


@dataclass(frozen=True, kw_only=True)
class Presence:
    """One process that works for the hub; ``note`` is what else it says of itself, as JSON."""

    name: str
    role: str
    machine: str
    started_at: dt.datetime
    heartbeat_at: dt.datetime
    note: str = ""

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
        """Note that somebody is there, and forget who left or has been silent for days.

        A scheduler is forgotten only when another one is heard of.
        """
        forgotten = WORKER.c.heartbeat_at < presence.heartbeat_at - FORGOTTEN
        if presence.role in _KEEPERS:
            forgotten |= WORKER.c.left_at.is_not(None)
        else:
            forgotten &= WORKER.c.role.not_in(_KEEPERS)
        with self._database.transaction() as connection:
            connection.execute(sa.delete(WORKER).where((WORKER.c.name == presence.name) | forgotten))
            connection.execute(sa.insert(WORKER).values(**vars(presence)))

    def leave(self, name: str, *, now: dt.datetime) -> None:
        """Note that somebody went by itself."""
        mine = WORKER.c.name == name
        with self._database.transaction() as connection:
            connection.execute(sa.delete(WORKER).where(mine, WORKER.c.role.not_in(_KEEPERS)))
            connection.execute(sa.update(WORKER).where(mine).values(left_at=now, heartbeat_at=now, note=""))

    def select(self) -> tuple[Presence, ...]:
        """Select everybody who has not left, by role and name."""
        query = sa.select(WORKER).where(WORKER.c.left_at.is_(None)).order_by(WORKER.c.role, WORKER.c.name)
        with self._database.reading() as connection:
            return tuple(_presence(row) for row in connection.execute(query).mappings())

    def last_scheduler(self) -> Presence | None:
        """Find the scheduler that was heard of last, whether it is there or left; None when there never was one."""
        query = sa.select(WORKER).where(WORKER.c.role.in_(_KEEPERS)).order_by(WORKER.c.heartbeat_at.desc()).limit(1)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return _presence(row) if row else None

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


def _presence(row: Any) -> Presence:
    return Presence(**{name: row[name] for name in Presence.__dataclass_fields__})
