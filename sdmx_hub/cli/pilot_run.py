"""One round of a pilot: all participants visited in order, for one period."""

from __future__ import annotations

import datetime as dt

from sdmx_hub.errors import BadRequest
from sdmx_hub.harvest.source import parse_stored
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.quality.pilot import Plan
from sdmx_hub.quality.pilot_file import flow_ids
from sdmx_hub.quality.pilot_runs import source_documents
from sdmx_hub.store.pilots import Pilots, Round
from sdmx_hub.store.run_rows import Run, Slot, State, Trigger
from sdmx_hub.store.runs import Runs


def run_round(worker: Worker, plan: Plan, *, period: str | None, actor: str) -> tuple[Round, tuple[Run, ...]]:
    """Visit every participant of every flow now, one after the other, and take all files of folders; give the visits.

    A round begun again in the same minute visits nobody twice. Raises BadRequest when no
    period of the calendar has ended yet, TryAgain when somebody else is visiting one of the partners.
    """
    now = worker.parts.clock.now()
    chosen = plan.entry(period).period if period else plan.period_of(now)
    if chosen is None:
        first = plan.calendar[0]
        raise BadRequest("pilot-not-begun", pilot=plan.id, period=first.period, day=first.opens.date())
    minute = now.replace(second=0, microsecond=0)
    begun = Pilots(worker.parts.database).begin_round(plan.id, minute=minute, period=chosen, actor=actor)
    return begun, tuple(_visits(worker, plan, begun.slot))


def _visits(worker: Worker, plan: Plan, slot: dt.datetime) -> list[Run]:
    parts, documents = worker.parts, source_documents(worker.parts.database)
    done = []
    for flow in plan.flows:
        for participant in flow.participants:
            stored = parts.sources.get(participant.source)
            host = parse_stored(stored.document, stored.sha256).place.authority
            for flow_id in flow_ids(documents[participant.source], str(flow.dataflow)):
                wanted = Slot(
                    source=participant.source,
                    flow=flow_id,
                    slot=slot,
                    host=host,
                    trigger=Trigger.MANUAL,
                    not_before=slot,
                )
                done.append(_visit(worker, wanted))
                done += _followers(worker, done[-1])
    return done


def _followers(worker: Worker, run: Run) -> list[Run]:
    """The further files of a folder: each is a run that follows the one before."""
    parts, done = worker.parts, []
    while waiting := _waiting(parts.runs, run):
        parts.clock.sleep(max((waiting.not_before - parts.clock.now()).total_seconds(), 0.0))
        run = worker.work_on(waiting.id)
        done.append(run)
    return done


def _waiting(runs: Runs, run: Run) -> Run | None:
    queued = runs.select(source=run.source, flow=run.flow, states=[State.QUEUED])
    found = [one for one in queued if one.follows == run.id and one.trigger is Trigger.NOTICE]
    return found[0] if found else None


def _visit(worker: Worker, wanted: Slot) -> Run:
    """Make the visit, unless there is one for this slot."""
    runs = worker.parts.runs
    run = runs.queue(wanted, now=worker.parts.clock.now())
    if run is None:
        found = runs.select(source=wanted.source, flow=wanted.flow, limit=100)
        run = next(one for one in found if one.slot == wanted.slot)
    return worker.work_on(run.id) if run.state is State.QUEUED else run
