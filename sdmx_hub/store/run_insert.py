"""A run as it is written first, and the repetition that waits already: what queueing needs inside one transaction."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.store.harvest_tables import RUN
from sdmx_hub.store.run_rows import (
    OPEN,
    Outcome,
    Run,
    Slot,
    State,
    Trigger,
    Verdict,
    outcome_values,
    plan_text,
    read_run,
    verdict_text,
)


def insert_run(connection: Connection, slot: Slot, state: State, verdict: Verdict, now: dt.datetime) -> Run | None:
    """Write a run for ``slot`` inside a writing transaction; None when there is one of that flow and moment."""
    same = (RUN.c.source == slot.source) & (RUN.c.flow == slot.flow) & (RUN.c.slot == slot.slot)
    if connection.execute(sa.select(RUN.c.id).where(same)).first():
        return None
    connection.execute(
        sa.insert(RUN).values(
            source=slot.source,
            flow=slot.flow,
            slot=slot.slot,
            trigger=slot.trigger,
            full=slot.full,
            dry_run=slot.dry_run,
            host=slot.host,
            follows=slot.follows,
            state=state,
            verdict=verdict_text(verdict),
            queued_at=now,
            not_before=slot.not_before or slot.slot,
            finished_at=None if state in OPEN else now,
            token=0,
            stop_requested=False,
            attempts=0,
            plan=plan_text(slot.plan),
            **outcome_values(Outcome(state=state, verdict=verdict)),
        )
    )
    row = connection.execute(sa.select(RUN).where(same)).one()
    return read_run(row)


def find_waiting(connection: Connection, run_id: int) -> Run | None:
    """Find the repetition of a run that is queued or under way; the first where an older hub made several."""
    query = (
        sa.select(RUN)
        .where(RUN.c.follows == run_id, RUN.c.trigger == Trigger.RETRY, RUN.c.state.in_(OPEN))
        .order_by(RUN.c.id)
        .limit(1)
    )
    row = connection.execute(query).first()
    return read_run(row) if row else None
