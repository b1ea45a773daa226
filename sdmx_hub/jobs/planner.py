"""What is due: found in the control database each time anew, so that nothing is lost with whoever was asked."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sdmx_hub.harvest.parts import Parts
from sdmx_hub.jobs.doer import COMPACT, EMBARGOES, HARVEST, MIRROR, PILOTS
from sdmx_hub.jobs.job import DONE, VISITS, Job, Planned
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.urn import Ref
from sdmx_hub.quality.mirror import versions_compared
from sdmx_hub.quality.mirror_release import DATAFLOW as MIRRORED
from sdmx_hub.quality.pilot import parse_stored_plan
from sdmx_hub.quality.pilot_keeper import pilot_state
from sdmx_hub.quality.pilot_release import DATAFLOW as MEASURED
from sdmx_hub.sharing.audiences import PUBLIC
from sdmx_hub.store.due import select_due
from sdmx_hub.store.judgements import Judgements
from sdmx_hub.store.pilots import Pilots

EMBARGO_SECONDS = 45
"""How often embargoes are looked at: more often than ``load.embargo.AHEAD``."""
MIRROR_SECONDS = 30
PILOT_SECONDS = 15
COMPACT_SECONDS = 600
"""How often the two sides of corridors, pilots, and the files of dataflows are looked at."""


class _Now:
    """True once in so many seconds, the first time at once."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._last = seconds, -seconds

    def __call__(self) -> bool:
        due = time.monotonic() - self._last >= self._seconds
        self._last = time.monotonic() if due else self._last
        return due


@dataclass(frozen=True)
class Planner:
    """Finds the jobs that are due. What has not changed since a job was done is not asked for again."""

    parts: Parts
    _settled: dict[str, object] = field(default_factory=dict)
    _rounds: list[tuple[_Now, Callable[[dt.datetime], Iterable[Planned]]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rounds.extend(
            [
                (_Now(EMBARGO_SECONDS), lambda _: [Planned(job=Job(EMBARGOES))]),
                (_Now(MIRROR_SECONDS), self._mirror),
                (_Now(PILOT_SECONDS), self._pilots),
                (_Now(COMPACT_SECONDS), self._compactions),
            ]
        )

    def visits(self, now: dt.datetime) -> list[Planned]:
        """The runs that can be begun now, one for each flow and host."""
        found = select_due(self.parts.database, now)
        return [
            Planned(job=Job(HARVEST, str(one.run), str(one.token)), lane=VISITS, alone=f"host {one.host}")
            for one in found
        ]

    def keeping(self, now: dt.datetime) -> list[Planned]:
        """Everything else, each kind once in its time."""
        found = [planned for is_time, plan in self._rounds if is_time() for planned in plan(now)]
        return [one for one in found if one.state is None or self._settled.get(one.job.key) != one.state]

    def settle(self, planned: Planned, state: str) -> None:
        """Note how a job went."""
        if state == DONE and planned.state is not None:
            self._settled[planned.job.key] = planned.state

    def _mirror(self, now: dt.datetime) -> Iterable[Planned]:
        artefacts, observations = self.parts.registry.snapshot(), self.parts.observations
        if artefacts.find(MIRRORED) is None:
            return ()
        versions = versions_compared(artefacts, observations, audience=PUBLIC, now=now)
        if not any(versions):
            return ()
        state = (artefacts.revision, Judgements(self.parts.database).last_id(), *versions)
        return (Planned(job=Job(MIRROR), state=state),)

    def _pilots(self, now: dt.datetime) -> Iterable[Planned]:
        database, observations, artefacts = self.parts.database, self.parts.observations, self.parts.registry.snapshot()
        plans = [parse_stored_plan(one.document, one.sha256) for one in Pilots(database).select()]
        if not plans or artefacts.find(MEASURED) is None:
            return ()
        state = tuple(pilot_state(plan, database, artefacts, observations, now=now) for plan in plans)
        return (Planned(job=Job(PILOTS), state=state),)

    def _compactions(self, now: dt.datetime) -> Iterable[Planned]:
        flows = (one.ref for one in self.parts.registry.snapshot().select(CLASS_BY_NAME["Dataflow"]))
        return [Planned(job=Job(COMPACT, str(ref))) for ref in flows if self._is_scattered(ref, now)]

    def _is_scattered(self, dataflow: Ref, now: dt.datetime) -> bool:
        observations = self.parts.observations
        versions = (observations.version(dataflow, one, now=now) for one in observations.audiences(dataflow))
        several = any(version is not None and len(version.links) > 1 for version in versions)
        return several and observations.wants_compaction(dataflow)
