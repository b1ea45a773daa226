"""What persons decide about runs: approve or reject what is held, repeat, stop, run now. Each is in the audit log.

A decision only changes rows; the work is done by whichever worker takes the run.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.errors import BadRequest, Conflict
from sdmx_hub.model.urn import parse_ref
from sdmx_hub.store.audit import append_audit
from sdmx_hub.store.database import Database
from sdmx_hub.store.harvest_tables import RUN
from sdmx_hub.store.manifest import INTERNAL, find_version
from sdmx_hub.store.run_insert import find_waiting, insert_run
from sdmx_hub.store.run_rows import (
    APPROVED,
    OPEN,
    PARTS,
    REJECTED,
    Run,
    Slot,
    State,
    Trigger,
    Verdict,
    plan_text,
    select_run,
    short_instant,
    verdict_text,
)
from sdmx_hub.store.runs import Runs

FRESH = dt.timedelta(days=1)
"""Parts of a failed run are good for a repetition so long."""
BASE, DATAFLOW = "base", "dataflow"
"""In the plan of a run: the release it was compared with, and of which dataflow."""
_EMPTY = "harvest-empty"


def approve(
    database: Database, run_id: int, *, actor: str, now: dt.datetime, reason: str = "", force: bool = False
) -> Run:
    """Let a held run be loaded: exactly the bytes that were held, by the next worker.

    Raises NotFound, and Conflict when the run is not held, holds nothing, or the dataflow has another state than the
    one it was compared with (unless ``force``).
    """
    with database.transaction() as connection:
        run = _held(connection, run_id)
        if run.outcome.verdict.key == _EMPTY:
            raise Conflict("harvest-nothing-held", run=run_id)
        was, current = run.plan.get(BASE), find_base(connection, run, now)
        if was != current and not force:
            raise Conflict("harvest-moved-on", run=run_id, was=was or "-", now=current or "-")
        plan = {**run.plan, BASE: current}
        _decide(connection, run, APPROVED, actor=actor, now=now, reason=reason)
        connection.execute(
            sa.update(RUN)
            .where(RUN.c.id == run_id)
            .values(
                state=State.QUEUED,
                verdict=verdict_text(Verdict("harvest-approved", {"actor": actor})),
                not_before=now,
                finished_at=None,
                stop_requested=False,
                attempts=0,
                plan=plan_text(plan),
            )
        )
        return select_run(connection, run_id)


def reject(database: Database, run_id: int, *, actor: str, now: dt.datetime, reason: str) -> Run:
    """Turn a held run down: it has failed, and says why. Raises NotFound, Conflict, BadRequest without a reason."""
    if not reason.strip():
        raise BadRequest("harvest-reason-missing")
    with database.transaction() as connection:
        run = _held(connection, run_id)
        _decide(connection, run, REJECTED, actor=actor, now=now, reason=reason)
        verdict = Verdict("harvest-turned-down", {"actor": actor, "reason": reason})
        connection.execute(
            sa.update(RUN).where(RUN.c.id == run_id).values(state=State.FAILED, verdict=verdict_text(verdict))
        )
        return select_run(connection, run_id)


def find_base(connection: Connection, run: Run, now: dt.datetime) -> int | None:
    """Find the release the dataflow of a run stands at; None before the first."""
    dataflow = run.plan.get(DATAFLOW)
    version = find_version(connection, parse_ref(dataflow), INTERNAL, now=now) if dataflow else None
    return version.release_id if version else None


def _held(connection: Connection, run_id: int) -> Run:
    run = select_run(connection, run_id)
    if run.state is not State.HELD:
        raise Conflict("harvest-not-held", run=run_id, state=run.state)
    return run


def _decide(connection: Connection, run: Run, decision: str, *, actor: str, now: dt.datetime, reason: str) -> None:
    connection.execute(
        sa.update(RUN)
        .where(RUN.c.id == run.id)
        .values(decision=decision, decided_by=actor, decided_at=now, reason=reason)
    )
    detail = {"source": run.source, "flow": run.flow, "reason": reason, "held": run.outcome.verdict.key}
    append_audit(connection, at=now, actor=actor, action=f"harvest-{decision}", subject=f"run {run.id}", detail=detail)


class Repeat(NamedTuple):
    """The repetition of a run; ``is_new`` is False when it waited or was under way already."""

    run: Run
    is_new: bool


def queue_retry(database: Database, run_id: int, *, actor: str, now: dt.datetime) -> Repeat:
    """Queue a run that has ended once more, unless a repetition of it waits already or is under way.

    Parts it got shortly before it failed are not asked for again. Raises NotFound, Conflict when it has not ended.
    """
    with database.transaction() as connection:
        earlier = select_run(connection, run_id)
        if earlier.state in OPEN:
            raise Conflict("harvest-run-open", run=run_id, state=earlier.state)
        waiting = find_waiting(connection, run_id)
        if waiting is not None:
            return Repeat(waiting, is_new=False)
        slot = Slot(
            source=earlier.source,
            flow=earlier.flow,
            slot=now,
            host=earlier.host,
            trigger=Trigger.RETRY,
            full=earlier.full,
            dry_run=earlier.dry_run,
            follows=earlier.id,
            plan=_kept_plan(earlier, now),
        )
        return Repeat(_queue(connection, slot, actor=actor, now=now), is_new=True)


def _kept_plan(earlier: Run, now: dt.datetime) -> dict[str, object]:
    begun = earlier.started_at
    if earlier.state is not State.FAILED or PARTS not in earlier.plan or begun is None or now - begun > FRESH:
        return {}
    return {"begun": short_instant(begun), **earlier.plan}


def queue_slot(database: Database, slot: Slot, *, actor: str, now: dt.datetime) -> Run:
    """Queue a run somebody asked for. Raises Conflict when there is one at the same moment."""
    with database.transaction() as connection:
        return _queue(connection, slot, actor=actor, now=now)


def _queue(connection: Connection, slot: Slot, *, actor: str, now: dt.datetime) -> Run:
    run = insert_run(connection, slot, State.QUEUED, Verdict("harvest-queued"), now)
    if run is None:
        raise Conflict("harvest-slot-taken", source=slot.source, flow=slot.flow)
    detail = {"source": slot.source, "flow": slot.flow, "follows": slot.follows, "full": slot.full}
    append_audit(
        connection, at=now, actor=actor, action=f"harvest-{slot.trigger}", subject=f"run {run.id}", detail=detail
    )
    return run


def stop(database: Database, run_id: int, *, actor: str, now: dt.datetime) -> Run:
    """Ask a run to stop. Raises as ``Runs.stop``."""
    run = Runs(database).stop(run_id, now=now)
    with database.transaction() as connection:
        append_audit(connection, at=now, actor=actor, action="harvest-stop", subject=f"run {run_id}")
    return run
