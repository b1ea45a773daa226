"""Whether a flow of a pilot is adopted, extended or stopped, and why.

| reason | when | verdict |
|---|---|---|
| `disclosure` | a figure was seen by somebody who may not: found by the hub, or noted in the plan | stop |
| `nothing` | the calendar is over and no participant has sent anything | stop |
| `collapse` | UPTIME of all together, or R1_COMPL of every participant, below half its threshold: see below | stop |
| `below`, `above` | an indicator misses its threshold in one of the last three periods | extend |
| `not-received` | the agreed day of one of these periods has passed and nothing has come | extend |
| `mirror` | an asymmetry above the threshold that no person has explained | extend |
| `going-on` | fewer periods have begun than the calendar has, or one of them was never visited | extend |

None of these: adopt. One that stops is enough to stop. ``collapse`` is in each of the last three periods of a calendar
that is over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sdmx_hub.language import sentence
from sdmx_hub.quality.indicators import Figure, Measured
from sdmx_hub.quality.pilot import CalendarEntry, Participant
from sdmx_hub.quality.pilot_runs import Ledger
from sdmx_hub.quality.pilot_words import number_text

ADOPT, EXTEND, STOP = "adopt", "extend", "stop"
LAST = 3
"""Periods that are judged: the last ones that have begun."""
LEAST = ("UPTIME", "R1_COMPL", "VALID_RT")
"""Indicators that must not be below their threshold; PUNCT_DAYS must not be above."""


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why not adopt: a catalogue key and what fills it."""

    code: str
    verdict: str
    params: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: str) -> str:
        """Say it."""
        told = {
            name: number_text(value, language) if isinstance(value, float) else value
            for name, value in self.params.items()
        }
        return sentence(f"pilot-reason-{self.code}", language, **told)


@dataclass(frozen=True, kw_only=True)
class FlowVerdict:
    """The verdict on one flow."""

    verdict: str
    reasons: tuple[Reason, ...]


def judge_flow(
    measured: Measured, ledger: Ledger, pairs: Iterable[Mapping[str, Any]], *, now: dt.datetime
) -> FlowVerdict:
    """Judge a flow by what was measured and by the mirror ``pairs`` it takes part in."""
    judge = _Judge(measured=measured, ledger=ledger, entries=ledger.plan.begun(now)[-LAST:], now=now)
    reasons = (*judge.stops(), *judge.misses(), *judge.absent(), *judge.mirror(pairs), *judge.going_on())
    kinds = {reason.verdict for reason in reasons}
    return FlowVerdict(verdict=STOP if STOP in kinds else EXTEND if kinds else ADOPT, reasons=reasons)


def is_met(figure: Figure, threshold: float) -> bool:
    """Tell whether a figure keeps its threshold."""
    return figure.value <= threshold if figure.indicator == "PUNCT_DAYS" else figure.value >= threshold


@dataclass(frozen=True, kw_only=True)
class _Judge:
    measured: Measured
    ledger: Ledger
    entries: tuple[CalendarEntry, ...]
    now: dt.datetime

    @property
    def is_over(self) -> bool:
        """Every period has begun, and the last agreed day has passed."""
        plan = self.ledger.plan
        last = plan.calendar[-1]
        dues = [self.ledger.due(one, last.period) or last.last_day for one in self.measured.flow.participants]
        return len(plan.begun(self.now)) == len(plan.calendar) and self.now.date() > max(dues)

    def judged(self, *indicators: str) -> list[Figure]:
        periods = {entry.period for entry in self.entries}
        return [one for one in self.measured.figures if one.entry.period in periods and one.indicator in indicators]

    def stops(self) -> Iterator[Reason]:
        flow, plan = self.measured.flow, self.ledger.plan
        noted = sum(one.dataflow in {str(flow.dataflow), flow.dataflow.id} for one in plan.incidents)
        if noted + self.measured.disclosed:
            yield Reason(code="disclosure", verdict=STOP, params={"count": noted + self.measured.disclosed})
        if not self.is_over:
            return
        periods = {entry.period for entry in plan.calendar}
        if not any(period in periods for _, period in self.measured.received):
            yield Reason(code="nothing", verdict=STOP)
        for indicator, figures in (
            ("UPTIME", [one for one in self.judged("UPTIME") if one.participant is None]),
            ("R1_COMPL", self.judged("R1_COMPL")),
        ):
            half = plan.threshold(indicator) / 2
            told = {one.entry.period for one in figures}
            if len(told) == LAST and all(one.value < half for one in figures):
                yield Reason(code="collapse", verdict=STOP, params={"indicator": indicator, "half": float(half)})

    def misses(self) -> Iterator[Reason]:
        """Thresholds that are missed. UPTIME is judged over all participants together."""
        for one in self.judged(*LEAST, "PUNCT_DAYS"):
            if one.indicator == "UPTIME" and one.participant is not None:
                continue
            threshold = self.ledger.plan.threshold(one.indicator)
            if is_met(one, threshold):
                continue
            yield Reason(
                code="above" if one.indicator == "PUNCT_DAYS" else "below",
                verdict=EXTEND,
                params={
                    "indicator": one.indicator,
                    "who": "" if one.participant is None else f"{one.participant.source} ",
                    "period": one.entry.period,
                    "value": float(shown(one)),
                    "threshold": float(threshold),
                },
            )

    def absent(self) -> Iterator[Reason]:
        for entry in self.entries:
            for one in self.measured.flow.participants:
                due = self.ledger.due(one, entry.period)
                if due is not None and self.now.date() > due and (one.area, entry.period) not in self.measured.received:
                    params = {"who": one.source, "period": entry.period, "days": (self.now.date() - due).days}
                    yield Reason(code="not-received", verdict=EXTEND, params=params)

    def mirror(self, pairs: Iterable[Mapping[str, Any]]) -> Iterator[Reason]:
        for pair in pairs:
            if pair["verdict"] == "exceeds" and pair["confirmed"] is None:
                params: dict[str, object] = {name: pair[name] for name in ("origin", "destination", "period")}
                cell = "".join(f" {pair[name]}" for name in ("split", "detail") if pair.get(name))
                numbers = {"cc1": round(abs(pair["cc1"]), 4), "threshold": self.ledger.plan.threshold("CC1_ABS")}
                yield Reason(code="mirror", verdict=EXTEND, params={**params, "cell": cell, **numbers})

    def going_on(self) -> Iterator[Reason]:
        plan = self.ledger.plan
        visited = sum(bool(self.ledger.of(self.measured.flow, entry.period)) for entry in plan.calendar)
        if visited < len(plan.calendar):
            yield Reason(code="going-on", verdict=EXTEND, params={"done": visited, "of": len(plan.calendar)})


def shown(figure: Figure) -> float:
    """The value as it is published: whole days, percentages with one decimal. Thresholds are held to the exact one."""
    return figure.value if figure.unit == "DAY" else round(figure.value, 1)


def participant_name(one: Participant | None) -> str | None:
    """The source of a participant; None for all together."""
    return None if one is None else one.source
