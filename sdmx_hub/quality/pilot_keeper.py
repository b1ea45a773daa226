"""DF_Q_RUN follows the pilots: published anew after a visit, a change of figures or plans, and every day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from sdmx_hub.load.report import LoadReport
from sdmx_hub.quality.pilot import Plan, parse_stored_plan
from sdmx_hub.quality.pilot_judge import judge_pilot
from sdmx_hub.quality.pilot_release import DATAFLOW, release_pilot
from sdmx_hub.sharing.audiences import INTERNAL
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.database import Database
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.pilots import Pilots
from sdmx_hub.store.registry import Registry
from sdmx_hub.store.run_rows import OPEN
from sdmx_hub.store.runs import Runs


def pilot_state(
    plan: Plan, database: Database, artefacts: Artefacts, observations: Observations, *, now: dt.datetime
) -> tuple[object, ...]:
    """What changes when a pilot must be judged anew."""
    runs = Runs(database)
    versions = (observations.version(flow.dataflow, INTERNAL, now=now) for flow in plan.flows)
    latest = (runs.select(source=one.source, limit=5) for one in plan.participants)
    ended = tuple(
        (run.id, run.state.value, run.finished_at) for found in latest for run in found if run.state not in OPEN
    )
    seen = tuple(version.etag if version else "" for version in versions)
    pilots = Pilots(database)
    others = tuple((one.id, one.sha256) for one in pilots.select())
    return (plan.sha256, others, artefacts.revision, seen, ended, len(pilots.rounds(plan.id)), now.date())


@dataclass
class PilotKeeper:
    """Keeps DF_Q_RUN up to date. A new process measures once, whatever was done before it."""

    database: Database
    registry: Registry
    observations: Observations
    _seen: dict[str, tuple[object, ...]] = field(default_factory=dict, init=False)

    def refresh(self, now: dt.datetime) -> tuple[LoadReport, ...]:
        """Measure and publish each pilot of which anything has changed since the last time.

        Raises TryAgain when somebody else is loading DF_Q_RUN.
        """
        artefacts = self.registry.snapshot()
        if artefacts.find(DATAFLOW) is None:
            return ()
        reports: list[LoadReport] = []
        for stored in Pilots(self.database).select():
            plan = parse_stored_plan(stored.document, stored.sha256)
            state = pilot_state(plan, self.database, artefacts, self.observations, now=now)
            if self._seen.get(plan.id) == state or any(artefacts.find(flow.urn) is None for flow in plan.flows):
                continue
            judged = judge_pilot(plan, self.database, artefacts, self.observations, now=now)
            reports += release_pilot(judged, artefacts, self.observations, now=now)
            self._seen[plan.id] = state
        return tuple(reports)
