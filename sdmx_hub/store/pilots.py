"""Pilots as their plans were written, and the rounds that people began, in the control database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sdmx_hub.store.audit import append_audit
from sdmx_hub.store.documents import Documents
from sdmx_hub.store.quality_tables import PILOT, PILOT_ROUND

_MINUTE = dt.timedelta(minutes=1)
_APART = dt.timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class StoredPilot:
    """One pilot: ``document`` is the checked JSON text of its plan, ``sha256`` the hash of the file it came from."""

    id: str
    document: str
    sha256: str
    origin: str
    added_at: dt.datetime
    changed_at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class Round:
    """One visit to all participants, begun by a person: its harvest runs have ``slot`` as their slot."""

    number: int
    pilot: str
    slot: dt.datetime
    period: str
    actor: str


class Pilots(Documents[StoredPilot]):
    """The pilots of a hub; the rounds of one that is removed, and what was published of it, stay."""

    table = PILOT
    kind = "pilot"
    unknown = "pilot-unknown"

    def select(self) -> tuple[StoredPilot, ...]:
        """Select all pilots, by id."""
        return self._select()

    def _read(self, row: Mapping[Any, Any]) -> StoredPilot:
        return StoredPilot(**{name: row[name] for name in StoredPilot.__dataclass_fields__})

    def begin_round(self, pilot_id: str, *, minute: dt.datetime, period: str, actor: str) -> Round:
        """Begin a round about a period, or find the one that was begun in this minute.

        Rounds about different periods that begin in one minute are kept apart by a microsecond.
        """
        with self._database.transaction() as connection:
            numbers = sa.select(sa.func.coalesce(sa.func.max(PILOT_ROUND.c.number), 0))
            last = connection.execute(numbers.where(PILOT_ROUND.c.pilot == pilot_id)).scalar_one()
            known = sa.select(PILOT_ROUND.c.slot, PILOT_ROUND.c.period).where(
                PILOT_ROUND.c.pilot == pilot_id, PILOT_ROUND.c.slot >= minute, PILOT_ROUND.c.slot < minute + _MINUTE
            )
            found = {row.period: row.slot for row in connection.execute(known)}
            slot = found.get(period, minute + len(found) * _APART)
            if period not in found:
                values = {"pilot": pilot_id, "number": last + 1, "slot": slot, "period": period, "actor": actor}
                connection.execute(sa.insert(PILOT_ROUND).values(**values))
                append_audit(
                    connection, at=slot, actor=actor, action="pilot-round", subject=pilot_id, detail={"period": period}
                )
        return next(one for one in self.rounds(pilot_id) if one.slot == slot)

    def rounds(self, pilot_id: str) -> tuple[Round, ...]:
        """Select the rounds of a pilot, in order."""
        query = sa.select(PILOT_ROUND).where(PILOT_ROUND.c.pilot == pilot_id).order_by(PILOT_ROUND.c.number)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(Round(**dict(row)) for row in rows)
