"""Hosts that did not answer: how often in a row, and until when they are left alone."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

import sqlalchemy as sa

from sdmx_hub.store.database import Database
from sdmx_hub.store.harvest_tables import HOST
from sdmx_hub.store.run_rows import Verdict, verdict_text

FIRST_PAUSE = dt.timedelta(minutes=5)
LONGEST_PAUSE = dt.timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Host:
    """A host that failed lately; ``until`` is None while it is still asked."""

    host: str
    failures: int
    verdict: Verdict
    failed_at: dt.datetime
    until: dt.datetime | None

    def is_paused(self, now: dt.datetime) -> bool:
        """Tell whether the host is left alone at a moment."""
        return self.until is not None and now < self.until


class Hosts:
    """The hosts of harvests that failed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, host: str) -> Host | None:
        """Find what is noted of a host; None when it answered the last time."""
        with self._database.reading() as connection:
            row = connection.execute(sa.select(HOST).where(HOST.c.host == host)).first()
        if row is None:
            return None
        told = json.loads(row.verdict)
        verdict = Verdict(told["key"], told["params"])
        return Host(host=host, failures=row.failures, verdict=verdict, failed_at=row.failed_at, until=row.until)

    def note_failure(self, host: str, verdict: Verdict, *, most: int, now: dt.datetime) -> Host:
        """Note that a host did not answer; after ``most`` times in a row it is paused, each time twice as long."""
        before = self.find(host)
        failures = before.failures + 1 if before else 1
        until = now + pause_after(failures - most) if most and failures >= most else None
        values = {"failures": failures, "verdict": verdict_text(verdict), "failed_at": now, "until": until}
        with self._database.transaction() as connection:
            if before:
                connection.execute(sa.update(HOST).where(HOST.c.host == host).values(**values))
            else:
                connection.execute(sa.insert(HOST).values(host=host, **values))
        return Host(host=host, failures=failures, verdict=verdict, failed_at=now, until=until)

    def note_answer(self, host: str) -> None:
        """Note that a host answered."""
        with self._database.transaction() as connection:
            connection.execute(sa.delete(HOST).where(HOST.c.host == host))


def pause_after(more: int) -> dt.timedelta:
    """How long a host is left alone that failed so many times more than it takes."""
    doublings: int = 2 ** min(more, 10)
    return min(LONGEST_PAUSE, FIRST_PAUSE * doublings)
