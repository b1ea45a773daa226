"""What people said of the differences between two ends of a corridor. Nothing is overwritten: the last word counts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from sdmx_hub.store.audit import append_audit
from sdmx_hub.store.database import Database
from sdmx_hub.store.quality_tables import JUDGEMENT

_PAIR = ("rule", "origin", "destination", "frequency", "period", "split")


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One word on one pair; an empty ``cause`` takes an earlier one back."""

    rule: str
    origin: str
    destination: str
    frequency: str
    period: str
    split: str = ""
    cause: str
    comment: str = ""
    actor: str
    at: dt.datetime

    @property
    def pair(self) -> tuple[str, ...]:
        """What it is about."""
        return tuple(getattr(self, name) for name in _PAIR)


class Judgements:
    """The judgements of a hub."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, judgement: Judgement) -> None:
        """Add one, and note it in the audit."""
        values = {name: getattr(judgement, name) for name in (*_PAIR, "cause", "comment", "actor", "at")}
        with self._database.transaction() as connection:
            connection.execute(sa.insert(JUDGEMENT).values(**values))
            append_audit(
                connection,
                actor=judgement.actor,
                action="mirror-judge",
                subject=" ".join(part for part in judgement.pair if part),
                detail={"cause": judgement.cause, "comment": judgement.comment},
                at=judgement.at,
            )

    def last_id(self) -> int:
        """A number that grows with every word."""
        with self._database.reading() as connection:
            return connection.scalar(sa.select(sa.func.max(JUDGEMENT.c.id))) or 0

    def current(self) -> tuple[Judgement, ...]:
        """The latest word on each pair that has one."""
        latest = sa.select(sa.func.max(JUDGEMENT.c.id)).group_by(*(JUDGEMENT.c[name] for name in _PAIR))
        query = sa.select(JUDGEMENT).where(JUDGEMENT.c.id.in_(latest), JUDGEMENT.c.cause != "").order_by(JUDGEMENT.c.id)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(Judgement(**{name: row[name] for name in row if name != "id"}) for row in rows)
