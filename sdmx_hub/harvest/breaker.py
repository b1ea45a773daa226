"""The circuit breaker: a host that does not answer, visit after visit, is left alone for a while, then tried once.

One run a host at a time is the rule of the queue, so the first run after the pause is the trial: if it reaches the host
the count begins anew, else the next pause is twice as long. What falls due in a pause is superseded, and says why.
"""

from __future__ import annotations

import datetime as dt

from sdmx_hub.harvest.source import Source
from sdmx_hub.store.hosts import Hosts
from sdmx_hub.store.run_rows import Outcome, Run, State, Verdict, short_instant
from sdmx_hub.store.runs import Runs

FORCE = "force"
"""In the plan of a run: ask although the host is left alone."""
UNREACHABLE = frozenset({"fetch-timeout", "fetch-no-connection", "fetch-unknown-host", "fetch-broken", "fetch-cut"})
_STATUS = "harvest-status"


def is_unreachable(verdict: Verdict) -> bool:
    """Tell whether a run ended because the host did not answer, or answered that it is out of order."""
    status = str(verdict.params.get("status", ""))
    return verdict.key in UNREACHABLE or (verdict.key == _STATUS and status.startswith("5"))


def find_pause(hosts: Hosts, run: Run, now: dt.datetime) -> Outcome | None:
    """Find the outcome of a run whose host is left alone; None when it is to be asked."""
    noted = None if run.plan.get(FORCE) else hosts.find(run.host)
    if noted is None or not noted.is_paused(now) or noted.until is None:
        return None
    params = {"host": run.host, "failures": noted.failures, "until": short_instant(noted.until)}
    return Outcome(state=State.SUPERSEDED, verdict=Verdict("harvest-host-paused", params))


def note_outcome(hosts: Hosts, runs: Runs, source: Source, run: Run, outcome: Outcome, *, now: dt.datetime) -> None:
    """Count a visit that did not reach its host; one that did sets the count to nothing."""
    if is_unreachable(outcome.verdict):
        hosts.note_failure(run.host, outcome.verdict, most=source.breaker, now=now)
    elif hosts.find(run.host) is not None and any(request.status for request in runs.requests(run.id)):
        hosts.note_answer(run.host)
