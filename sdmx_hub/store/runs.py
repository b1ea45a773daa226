"""Harvest runs as rows: one for each (source, flow, slot), held by at most one worker at a time.

A worker *claims* a run: it gets a lease that it must renew, and a fencing token that grows with every claim. A lease
that ran out may be claimed by anybody; the earlier holder's token then no longer fits and everything it still tries is
refused (``LeaseLost``). So neither two schedulers, nor a restart, nor a worker that died or slept can double or lose a
run. Runs of one flow never overlap, and no partner is asked twice at the same time (one live run a host).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.errors import Conflict
from sdmx_hub.store.database import Database
from sdmx_hub.store.harvest_tables import REQUEST, RUN
from sdmx_hub.store.run_insert import insert_run
from sdmx_hub.store.run_rows import (
    GOOD,
    OPEN,
    PARTS,
    REJECTED,
    Outcome,
    Request,
    Run,
    Slot,
    State,
    Trigger,
    Verdict,
    outcome_values,
    plan_text,
    read_run,
    select_run,
    short_instant,
    verdict_text,
)
from sdmx_hub.store.sent_requests import select_sent
from sdmx_hub.store.tables import LEASE

_LONG_AGO = dt.timedelta(days=1)
_TICK = dt.timedelta(microseconds=1)
MOST_ATTEMPTS = 3
"""A run whose worker died so often is failed, not tried for ever."""


class LeaseLost(Conflict):
    """The run is no longer held by who asks."""


class Runs:
    """The runs of a hub."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def queue(self, slot: Slot, *, now: dt.datetime) -> Run | None:
        """Queue a run for ``slot``; None when it exists already."""
        with self._database.transaction() as connection:
            return insert_run(connection, slot, State.QUEUED, Verdict("harvest-queued"), now)

    def queue_latest(self, slots: Sequence[Slot], *, now: dt.datetime) -> Run | None:
        """Queue the last of ``slots`` (one flow, in order) and record the earlier ones as superseded.

        Runs of the flow that the schedule had queued and nobody has begun are superseded too. None when the last slot
        exists already.
        """
        latest = slots[-1]
        verdict = Verdict("harvest-superseded", {"slot": short_instant(latest.slot)})
        with self._database.transaction() as connection:
            run = insert_run(connection, latest, State.QUEUED, Verdict("harvest-queued"), now)
            if run is None:
                return None
            connection.execute(
                sa.update(RUN)
                .where(RUN.c.source == latest.source, RUN.c.flow == latest.flow, RUN.c.id != run.id)
                .where(RUN.c.state == State.QUEUED, RUN.c.trigger == Trigger.SCHEDULE, RUN.c.decision == "")
                .values(state=State.SUPERSEDED, verdict=verdict_text(verdict), finished_at=now)
            )
            for slot in slots[:-1]:
                insert_run(connection, slot, State.SUPERSEDED, verdict, now)
            return run

    def queue_every(self, slots: Sequence[Slot], *, now: dt.datetime) -> list[Run]:
        """Queue a run for each of ``slots`` that does not exist yet; none stands for another."""
        with self._database.transaction() as connection:
            made = [insert_run(connection, slot, State.QUEUED, Verdict("harvest-queued"), now) for slot in slots]
        return [run for run in made if run is not None]

    def leave_out(self, slots: Sequence[Slot], *, now: dt.datetime) -> None:
        """Record ``slots`` as missed: nobody will run them."""
        with self._database.transaction() as connection:
            for slot in slots:
                insert_run(connection, slot, State.SUPERSEDED, Verdict("harvest-left-out"), now)

    def claim(self, holder: str, *, now: dt.datetime, lease: dt.timedelta, run_id: int | None = None) -> Run | None:
        """Take the next run that is due, or the one named; None when there is none to be had now.

        A running one whose lease ran out counts as due; when that happened ``MOST_ATTEMPTS`` times, it is failed.
        """
        with self._database.transaction() as connection:
            live = connection.execute(
                sa.select(RUN.c.source, RUN.c.flow, RUN.c.host).where(
                    RUN.c.state == State.RUNNING, RUN.c.expires_at >= now
                )
            ).all()
            flows = {(row.source, row.flow) for row in live}
            hosts = {row.host for row in live}
            for row in connection.execute(_claimable(now, run_id)).all():
                if (row.source, row.flow) in flows or row.host in hosts:
                    continue
                if row.attempts >= MOST_ATTEMPTS and row.release_id is None:
                    self._fail_dead(connection, row.id, now)
                    continue
                return _take(connection, row, holder, now, lease)
        return None

    @staticmethod
    def _fail_dead(connection: Connection, run_id: int, now: dt.datetime) -> None:
        verdict = Verdict("harvest-worker-died", {"attempts": MOST_ATTEMPTS})
        connection.execute(
            sa.update(RUN)
            .where(RUN.c.id == run_id)
            .values(state=State.FAILED, verdict=verdict_text(verdict), finished_at=now, token=RUN.c.token + 1)
        )

    def heartbeat(self, run: Run, *, now: dt.datetime, lease: dt.timedelta) -> bool:
        """Renew the lease; tell whether somebody asked the run to stop. Raises LeaseLost."""
        with self._database.transaction() as connection:
            _change(connection, run, heartbeat_at=now, expires_at=now + lease)
            return bool(connection.execute(sa.select(RUN.c.stop_requested).where(RUN.c.id == run.id)).scalar_one())

    def add_request(self, run: Run, request: Request) -> None:
        """Write one request into the ledger."""
        with self._database.transaction() as connection:
            connection.execute(sa.insert(REQUEST).values(run_id=run.id, token=run.token, **vars(request)))

    def finish(self, run: Run, outcome: Outcome, *, now: dt.datetime) -> Run:
        """End the run. Raises LeaseLost when it is no longer held by its holder."""
        with self._database.transaction() as connection:
            _change(
                connection,
                run,
                state=outcome.state,
                verdict=verdict_text(outcome.verdict),
                finished_at=_after_others(connection, run, now),
                expires_at=None,
                **outcome_values(outcome),
            )
            return select_run(connection, run.id)

    def defer(self, run: Run, *, until: dt.datetime, verdict: Verdict) -> Run:
        """Put a claimed run back into the queue, not to be taken before ``until``. Raises LeaseLost."""
        with self._database.transaction() as connection:
            _change(
                connection,
                run,
                state=State.QUEUED,
                verdict=verdict_text(verdict),
                not_before=until,
                expires_at=None,
                attempts=0,
            )
            return select_run(connection, run.id)

    def stop(self, run_id: int, *, now: dt.datetime) -> Run:
        """Ask a run to stop: a queued one ends at once, a running one at its next step. Raises NotFound, Conflict."""
        with self._database.transaction() as connection:
            run = select_run(connection, run_id)
            if run.state not in OPEN:
                raise Conflict("harvest-run-ended", run=run_id, state=run.state)
            if run.state is State.QUEUED:
                values = {"state": State.FAILED, "verdict": verdict_text(Verdict("harvest-stopped"))}
                connection.execute(sa.update(RUN).where(RUN.c.id == run_id).values(finished_at=now, **values))
            else:
                connection.execute(sa.update(RUN).where(RUN.c.id == run_id).values(stop_requested=True))
            return select_run(connection, run_id)

    def get(self, run_id: int) -> Run:
        """Get one run. Raises NotFound."""
        with self._database.reading() as connection:
            return select_run(connection, run_id)

    def select(
        self,
        *,
        source: str | None = None,
        flow: str | None = None,
        states: Iterable[State] = (),
        limit: int = 100,
        before: int | None = None,
    ) -> tuple[Run, ...]:
        """Select runs, newest slot first: of a source or flow, in some states; those after the run ``before``."""
        query = sa.select(RUN).order_by(RUN.c.slot.desc(), RUN.c.id.desc()).limit(limit)
        for column, value in ((RUN.c.source, source), (RUN.c.flow, flow)):
            query = query if value is None else query.where(column == value)
        wanted = list(states)
        query = query.where(RUN.c.state.in_(wanted)) if wanted else query
        with self._database.reading() as connection:
            if before is not None:
                mark = select_run(connection, before)
                query = query.where((RUN.c.slot < mark.slot) | ((RUN.c.slot == mark.slot) & (RUN.c.id < before)))
            return tuple(read_run(row) for row in connection.execute(query))

    def requests(self, run_id: int) -> tuple[Request, ...]:
        """Select the requests of a run, in the order they were made."""
        query = sa.select(REQUEST).where(REQUEST.c.run_id == run_id).order_by(REQUEST.c.id)
        names = Request.__dataclass_fields__
        with self._database.reading() as connection:
            return tuple(Request(**{name: row[name] for name in names}) for row in connection.execute(query).mappings())

    def find_brought(self, run: Run, sha256: str) -> int | None:
        """Find an earlier run of the same flow that loaded, held or was denied the same bytes."""
        settled = RUN.c.state.in_([*GOOD, State.HELD]) | (RUN.c.decision == REJECTED)
        query = (
            sa.select(sa.func.max(RUN.c.id))
            .join(REQUEST, REQUEST.c.run_id == RUN.c.id)
            .where(RUN.c.source == run.source, RUN.c.flow == run.flow, RUN.c.id != run.id, settled)
            .where(REQUEST.c.raw_sha256 == sha256, RUN.c.dry_run.is_(False))
        )
        with self._database.reading() as connection:
            found: int | None = connection.execute(query).scalar_one()
        return found

    def sent_since(self, host: str, since: dt.datetime) -> list[tuple[str, dt.datetime]]:
        """Purpose and moment of every request sent to a host since, by whichever worker."""
        return select_sent(self._database, host, since)

    def tokens_and_requests(self, run_id: int) -> tuple[tuple[int, Request], ...]:
        """Select the requests of a run with the token of the worker that made each."""
        tokens = sa.select(REQUEST.c.token).where(REQUEST.c.run_id == run_id).order_by(REQUEST.c.id)
        with self._database.reading() as connection:
            found = tuple(int(token) for token in connection.execute(tokens).scalars())
        return tuple(zip(found, self.requests(run_id), strict=False))

    def last_good(self, source: str, flow: str) -> Run | None:
        """Find the last run of a flow to succeed or find nothing new; dry runs do not count.

        A run approved late is the last: what it asked for is older than what came between, which is asked for again.
        """
        query = (
            sa.select(RUN)
            .where(RUN.c.source == source, RUN.c.flow == flow, RUN.c.state.in_(GOOD), RUN.c.dry_run.is_(False))
            .order_by(RUN.c.finished_at.desc(), RUN.c.id.desc())
            .limit(1)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
            return read_run(row) if row else None

    def good_since_full(self, source: str, flow: str) -> int:
        """Count the good runs of a flow after its last good one that compared everything."""
        mine = (RUN.c.source == source) & (RUN.c.flow == flow) & RUN.c.state.in_(GOOD) & RUN.c.dry_run.is_(False)
        last = sa.select(sa.func.coalesce(sa.func.max(RUN.c.id), 0)).where(mine, RUN.c.full.is_(True))
        with self._database.reading() as connection:
            newest = connection.execute(last).scalar_one()
            count = sa.select(sa.func.count()).where(mine, RUN.c.id > newest)
            return int(connection.execute(count).scalar_one())

    def last_slots(self, flows: Iterable[tuple[str, str]]) -> dict[tuple[str, str], dt.datetime]:
        """Find the latest slot of each (source, flow) that the schedule has made a row of, where there is one."""
        found: dict[tuple[str, str], dt.datetime] = {}
        with self._database.reading() as connection:
            for source, flow in flows:
                query = sa.select(RUN.c.slot).where(
                    RUN.c.source == source, RUN.c.flow == flow, RUN.c.trigger == Trigger.SCHEDULE
                )
                slot = connection.execute(query.order_by(RUN.c.slot.desc()).limit(1)).scalar()
                if slot is not None:
                    found[source, flow] = slot
        return found

    def free_leases(self, holder: str, dataflow: str, *, now: dt.datetime) -> None:
        """Free what a dead worker of ``holder`` holds of a dataflow; were it alive, its token would be refused."""
        mine = (LEASE.c.name == f"dataflow {dataflow}", LEASE.c.holder.like(f"{holder} %"))
        with self._database.transaction() as connection:
            connection.execute(
                sa.update(LEASE).where(*mine).values(expires_at=now - _LONG_AGO, token=LEASE.c.token + 1)
            )

    def keep_plan(self, run: Run, plan: Mapping[str, Any]) -> None:
        """Keep what the run works by for whoever takes it over. Raises LeaseLost."""
        with self._database.transaction() as connection:
            _change(connection, run, plan=plan_text(plan))

    def mark_full(self, run: Run) -> None:
        """Note that the run compares everything, whatever was asked. Raises LeaseLost."""
        with self._database.transaction() as connection:
            _change(connection, run, full=True)


def _claimable(now: dt.datetime, run_id: int | None) -> sa.Select[Any]:
    due = (RUN.c.state == State.QUEUED) & (RUN.c.not_before <= now)
    dead = (RUN.c.state == State.RUNNING) & (RUN.c.expires_at < now)
    query = sa.select(RUN).where(due | dead).order_by(RUN.c.slot, RUN.c.id).with_for_update(skip_locked=True)
    return query if run_id is None else query.where(RUN.c.id == run_id)


def _take(connection: Connection, row: Any, holder: str, now: dt.datetime, lease: dt.timedelta) -> Run:
    connection.execute(
        sa.update(RUN)
        .where(RUN.c.id == row.id)
        .values(
            state=State.RUNNING,
            verdict=verdict_text(Verdict("harvest-running")),
            holder=holder,
            token=row.token + 1,
            started_at=_begun(row, now),
            heartbeat_at=now,
            expires_at=now + lease,
            attempts=row.attempts + 1,
        )
    )
    return select_run(connection, row.id)


def _begun(row: Any, now: dt.datetime) -> dt.datetime:
    """When the run began: a run that goes on with what it has was begun when it first asked."""
    plan = json.loads(row.plan)
    if row.started_at and (row.decision or PARTS in plan):
        begun: dt.datetime = row.started_at
        return begun
    return dt.datetime.fromisoformat(plan["begun"]) if "begun" in plan else now


def _after_others(connection: Connection, run: Run, now: dt.datetime) -> dt.datetime:
    """When a run ended: after every other of its flow, also when the clock was set back, for their order is needed."""
    mine = (RUN.c.source == run.source, RUN.c.flow == run.flow, RUN.c.state.in_(GOOD))
    last: dt.datetime | None = connection.execute(sa.select(sa.func.max(RUN.c.finished_at)).where(*mine)).scalar_one()
    return now if last is None else max(now, last + _TICK)


def _change(connection: Connection, run: Run, **values: object) -> None:
    done = connection.execute(
        sa.update(RUN)
        .where(RUN.c.id == run.id, RUN.c.token == run.token, RUN.c.state == State.RUNNING)
        .values(**values)
    )
    if done.rowcount != 1:
        raise LeaseLost("harvest-lease-lost", run=run.id)
