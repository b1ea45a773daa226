"""A whole pilot judged: its visits, the indicators of every flow, the mirror between its participants, the verdicts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sdmx_hub.quality.indicators import Figure, Measured, measure_flow
from sdmx_hub.quality.mirror import MirrorQuery, open_mirror
from sdmx_hub.quality.mirror_report import report_mirror
from sdmx_hub.quality.pair_rules import RULES
from sdmx_hub.quality.pilot import PilotFlow, Plan
from sdmx_hub.quality.pilot_keys import NOWHERE_ELSE, Places, area_of_all, find_places
from sdmx_hub.quality.pilot_runs import Ledger, read_ledger
from sdmx_hub.quality.verdict import FlowVerdict, judge_flow
from sdmx_hub.sharing.audiences import PUBLIC
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.database import Database
from sdmx_hub.store.judgements import Judgements
from sdmx_hub.store.observations import Observations

SEXES = ("", "SEX=F", "SEX=M")
"""The cells of a mirror that are judged: the total and the two sexes."""
MOST_PAIRS = 10_000


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A pilot as it stands at ``now``; ``pairs`` are those of the mirror, by dataflow id."""

    plan: Plan
    now: dt.datetime
    ledger: Ledger
    measured: tuple[Measured, ...]
    pairs: Mapping[str, tuple[Mapping[str, Any], ...]]
    verdicts: tuple[FlowVerdict, ...]
    places: Places = NOWHERE_ELSE
    together: Mapping[str, str | None] = field(default_factory=dict)
    """The area of all participants together, by dataflow id."""

    def area_of(self, figure: Figure) -> str | None:
        """Where a figure stands; None for nowhere."""
        return figure.participant.area if figure.participant else self.together.get(figure.flow.dataflow.id)

    def is_published(self, figure: Figure) -> bool:
        """Tell whether a figure is an observation of DF_Q_RUN: it has a code and a place that nobody else has."""
        area = self.area_of(figure)
        if not figure.is_coded or area is None:
            return False
        return self.places.is_free(figure.flow.dataflow.id, area, figure.entry.period)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures of all flows."""
        return tuple(figure for one in self.measured for figure in one.figures)


def judge_pilot(
    plan: Plan, database: Database, artefacts: Artefacts, observations: Observations, *, now: dt.datetime
) -> Judged:
    """Measure and judge a pilot. Raises NotFound when the hub no longer holds one of its dataflows."""
    ledger = read_ledger(database, plan, now=now)
    measured = tuple(measure_flow(flow, ledger, artefacts, observations, now=now) for flow in plan.flows)
    pairs = _mirrored(plan, database, artefacts, observations, now)
    verdicts = tuple(judge_flow(one, ledger, pairs[one.flow.dataflow.id], now=now) for one in measured)
    return Judged(
        plan=plan,
        now=now,
        ledger=ledger,
        measured=measured,
        pairs=pairs,
        verdicts=verdicts,
        places=find_places(plan, database, artefacts),
        together={flow.dataflow.id: area_of_all(plan, flow, artefacts) for flow in plan.flows},
    )


def _mirrored(
    plan: Plan, database: Database, artefacts: Artefacts, observations: Observations, now: dt.datetime
) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """The pairs between participants, of the periods that have begun, as the public sees them."""
    areas = frozenset(one.area for one in plan.participants)
    periods = frozenset(entry.period.removesuffix("-A1") for entry in plan.begun(now))
    rules = {flow.dataflow.id: _rules_of(flow) for flow in plan.flows}
    asked = frozenset().union(*rules.values())
    if len(areas) < 2 or not periods or not asked:
        return dict.fromkeys(rules, ())
    query = MirrorQuery(
        rules=asked,
        origins=areas,
        destinations=areas,
        periods=periods,
        threshold=plan.threshold("CC1_ABS"),
        details=True,
    )
    with open_mirror(
        query, artefacts, observations, audience=PUBLIC, now=now, judgements=Judgements(database).current()
    ) as mirror:
        found = report_mirror(mirror, artefacts, "en", limit=MOST_PAIRS)["pairs"]
    said = {_cell(pair): pair["confirmed"] for pair in found if not pair["detail"]}
    told = [
        {**pair, "confirmed": pair["confirmed"] or said.get(_cell(pair))} for pair in found if pair["detail"] in SEXES
    ]
    return {name: tuple(pair for pair in told if pair["rule"] in mine) for name, mine in rules.items()}


def _rules_of(flow: PilotFlow) -> frozenset[str]:
    """The comparisons a dataflow takes part in."""
    return frozenset(rule.id for rule in RULES if flow.dataflow.id in {rule.origin.dataflow, rule.destination.dataflow})


def _cell(pair: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(pair[name] for name in ("rule", "origin", "destination", "frequency", "period", "split"))
