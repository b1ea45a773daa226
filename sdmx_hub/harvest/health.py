"""How fresh and how well a source is: computed from its timetable, what was agreed, and the ledger. Worst wins.

A table of rules, from the worst down; the first that fits a flow is its state, and a source is as its worst flow.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sdmx_hub.harvest.slots import due_slots
from sdmx_hub.harvest.source import Source
from sdmx_hub.language import sentence
from sdmx_hub.model.period import Period
from sdmx_hub.store.run_rows import Run, State, Verdict, short_instant

GRACE = dt.timedelta(minutes=15)
"""So long after a slot, and its share of the jitter, a visit is not yet late."""
_LOOKED_BACK = dt.timedelta(days=400)


class HealthState(enum.StrEnum):
    """How a source or a flow is, best first."""

    OK = "ok"
    DISABLED = "disabled"
    NEVER = "never"
    LATE = "late"
    HELD = "held"
    FAILING = "failing"
    PAUSED = "paused"


WELL = frozenset({HealthState.OK, HealthState.DISABLED, HealthState.NEVER})
"""States that need nobody."""
LIGHTS: Mapping[HealthState, str] = {
    HealthState.OK: "green",
    HealthState.DISABLED: "grey",
    HealthState.NEVER: "grey",
    HealthState.LATE: "amber",
    HealthState.HELD: "amber",
    HealthState.FAILING: "red",
    HealthState.PAUSED: "red",
}
_ORDER = tuple(HealthState)


@dataclass(frozen=True, kw_only=True)
class FlowFacts:
    """What is known of a flow: ``since`` when it has its timetable, and how its last runs ended.

    These are the last ``good`` one, the last that ``changed`` anything, and the last that ``ended`` (rehearsals and
    superseded slots do not count). ``newest`` is the newest period held, where a due date hangs on it; its partner is
    not asked before ``paused_until``.
    """

    flow: str
    since: dt.datetime
    good: Run | None = None
    changed: Run | None = None
    ended: Run | None = None
    newest: Period | None = None
    paused_until: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True)
class FlowHealth:
    """How one flow is, and why."""

    flow: str
    state: HealthState
    reason: Verdict
    last_good: dt.datetime | None = None

    @property
    def cause(self) -> str:
        """What tells one trouble from another: alerts are sent once a cause and day."""
        return f"{self.state}:{self.reason.key}"


@dataclass(frozen=True, kw_only=True)
class Health:
    """How a source is: as its worst flow."""

    source: str
    titles: Mapping[str, str]
    flows: tuple[FlowHealth, ...]
    worst: FlowHealth = field(compare=False)

    @property
    def state(self) -> HealthState:
        """How the source is."""
        return self.worst.state

    @property
    def last_good(self) -> dt.datetime | None:
        """When the last good visit to any of its flows ended."""
        return max((one.last_good for one in self.flows if one.last_good), default=None)


def assess(source: Source, facts: Iterable[FlowFacts], *, now: dt.datetime, disabled: bool = False) -> Health:
    """Tell how a source is at ``now``."""
    flows = tuple(assess_flow(source, one, now=now, disabled=disabled) for one in facts)
    worst = max(flows, key=lambda one: _ORDER.index(one.state))
    return Health(source=source.id, titles=source.titles, flows=flows, worst=worst)


def assess_flow(source: Source, facts: FlowFacts, *, now: dt.datetime, disabled: bool = False) -> FlowHealth:
    """Tell how one flow is at ``now``: by the first rule that says something."""
    last_good = facts.good.finished_at if facts.good else None
    if disabled:
        return FlowHealth(
            flow=facts.flow, state=HealthState.DISABLED, reason=Verdict("health-disabled"), last_good=last_good
        )
    for state, rule in _RULES:
        reason = rule(source, facts, now)
        if reason is not None:
            return FlowHealth(flow=facts.flow, state=state, reason=reason, last_good=last_good)
    at = short_instant(last_good) if last_good else "–"
    return FlowHealth(
        flow=facts.flow, state=HealthState.OK, reason=Verdict("health-ok", {"at": at}), last_good=last_good
    )


def _failing(source: Source, facts: FlowFacts, now: dt.datetime) -> Verdict | None:
    del source, now
    return facts.ended.outcome.verdict if facts.ended and facts.ended.state is State.FAILED else None


def _held(source: Source, facts: FlowFacts, now: dt.datetime) -> Verdict | None:
    del source, now
    return facts.ended.outcome.verdict if facts.ended and facts.ended.state is State.HELD else None


def _paused(source: Source, facts: FlowFacts, now: dt.datetime) -> Verdict | None:
    if facts.paused_until is None or facts.paused_until <= now:
        return None
    return Verdict("health-paused", {"host": source.place.host, "until": short_instant(facts.paused_until)})


def _slot_missed(source: Source, facts: FlowFacts, now: dt.datetime) -> Verdict | None:
    """The last slot that is over without a good visit since."""
    until = now - GRACE - dt.timedelta(seconds=source.jitter_seconds)
    after = max(facts.since, now - _LOOKED_BACK)
    slots = due_slots(source.schedule, after, until, most=1) if until > after else []
    if not slots or (facts.good and _begun(facts.good) >= slots[-1]):
        return None
    return Verdict("health-late-slot", {"slot": short_instant(slots[-1])})


def _begun(run: Run) -> dt.datetime:
    return max(run.slot, run.started_at or run.slot)


def _date_missed(source: Source, facts: FlowFacts, now: dt.datetime) -> Verdict | None:
    """The last agreed date that is over without anything new since the one before."""
    today, since = now.astimezone(dt.UTC).date(), facts.since.astimezone(dt.UTC).date()
    dates = sorted(dt.date.fromisoformat(text) for text in source.due.get("dates", ()))
    past = [date for date in dates if date < today]
    if not past or past[-1] < since:
        return None
    before = max((date for date in past[:-1]), default=dt.date.min)
    came = facts.changed.finished_at if facts.changed else None
    if came is not None and came.astimezone(dt.UTC).date() > before:
        return None
    return Verdict("health-late-date", {"date": past[-1].isoformat()})


def _period_missed(source: Source, facts: FlowFacts, now: dt.datetime) -> Verdict | None:
    """The period after the newest one held, when it should have come by now."""
    days = source.due.get("days_after_period")
    if days is None or facts.newest is None:
        return None
    end = _end_of_next(facts.newest)
    due = end.date() + dt.timedelta(days=int(days))
    if now.astimezone(dt.UTC).date() <= due:
        return None
    return Verdict("health-late-period", {"end": (end.date() - dt.timedelta(days=1)).isoformat(), "date": str(due)})


def _end_of_next(period: Period) -> dt.datetime:
    """The end of the period that follows: as many months later where it is made of whole months, else as many days."""
    months = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month
    if period.start.day == period.end.day == 1 and months:
        month = period.end.month - 1 + months
        return period.end.replace(year=period.end.year + month // 12, month=month % 12 + 1)
    return period.end + (period.end - period.start)


def _never(source: Source, facts: FlowFacts, now: dt.datetime) -> Verdict | None:
    del source, now
    return None if facts.good else Verdict("health-never")


_Rule = Callable[[Source, FlowFacts, dt.datetime], Verdict | None]
_RULES: tuple[tuple[HealthState, _Rule], ...] = (
    (HealthState.PAUSED, _paused),
    (HealthState.FAILING, _failing),
    (HealthState.HELD, _held),
    (HealthState.LATE, _slot_missed),
    (HealthState.LATE, _date_missed),
    (HealthState.LATE, _period_missed),
    (HealthState.NEVER, _never),
)


def health_json(health: Health, language: str = "en", *, in_full: bool = True) -> dict[str, object]:
    """Shape the health of a source: who does not operate is told the state, and not what went wrong."""
    told: dict[str, object] = {
        "health": health.state.value,
        "light": LIGHTS[health.state],
        "health_text": sentence(f"health-state-{health.state.value}", language),
        "last_good": short_instant(health.last_good) if health.last_good else None,
    }
    if in_full:
        told["health_reason"] = health.worst.reason.text(language)
        told["flow_health"] = [
            {"flow": one.flow, "health": one.state.value, "reason": one.reason.text(language)} for one in health.flows
        ]
    return told
