"""Numbers in the control database that tell whether a table changed, so that it is read again only then."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.store.tables import COUNTER


class Counter:
    """The counter of one kind of content; every change of that content counts it on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._now = sa.select(COUNTER.c.value).where(COUNTER.c.name == name)  # made once: each request runs it

    def read(self, connection: Connection) -> int:
        """The number now; 0 before anything was counted."""
        return int(connection.execute(self._now).scalar() or 0)

    def bump(self, connection: Connection) -> None:
        """Count one on."""
        counted = connection.execute(
            sa.update(COUNTER).where(COUNTER.c.name == self.name).values(value=COUNTER.c.value + 1)
        )
        if counted.rowcount == 0:
            connection.execute(sa.insert(COUNTER).values(name=self.name, value=1))


def last_change(connection: Connection, table: sa.Table) -> dt.datetime | None:
    """When a table whose rows are saved and removed, never deleted, last changed."""
    row = connection.execute(sa.select(sa.func.max(table.c.saved_at), sa.func.max(table.c.removed_at))).one()
    return max((moment for moment in row if moment is not None), default=None)
