"""Where the indicators of pilots stand in DF_Q_RUN, also when several pilots share a flow.

The structure has no dimension for the pilot: dataflow, area and period are all there is. Pilots that share a flow stand
side by side as long as areas or periods differ. Of one dataflow, area and period the pilot that was there first
publishes, and what others measure of it is in their reports alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sdmx_hub.mapping.groups import HIERARCHY, read_members
from sdmx_hub.quality.pilot import PilotFlow, Plan, parse_stored_plan
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.database import Database
from sdmx_hub.store.pilots import Pilots

WORLD = "W0"
PlaceKey = tuple[str, str, str]
"""Dataflow, area and period."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where a pilot may publish: ``taken`` by pilots that were there first, ``beside`` where others have periods."""

    taken: Mapping[PlaceKey, str]
    beside: frozenset[tuple[str, str]]

    def is_free(self, dataflow: str, area: str, period: str) -> bool:
        """Tell whether nobody else publishes there."""
        return (dataflow, area, period) not in self.taken


NOWHERE_ELSE = Places(taken={}, beside=frozenset())
"""The places of a pilot that is alone."""


def area_of_all(plan: Plan, flow: PilotFlow, artefacts: Artefacts) -> str | None:
    """The area under which all participants of a flow together stand: the plan's, else the smallest group with them.

    The world where no group has them all; None where there is one area, whose own figures are those of all.
    """
    areas = frozenset(flow.areas)
    if plan.area is not None or len(areas) < 2:
        return plan.area
    hierarchy = artefacts.find(HIERARCHY)
    groups = read_members(hierarchy) if hierarchy else {}
    fitting = [(len(members), code) for code, members in groups.items() if areas <= members]
    return min(fitting)[1] if fitting else WORLD


def keys_of(plan: Plan, artefacts: Artefacts) -> frozenset[PlaceKey]:
    """All dataflows, areas and periods a pilot has figures of."""
    found = set()
    for flow in plan.flows:
        together = area_of_all(plan, flow, artefacts)
        areas = {*flow.areas, *([together] if together else [])}
        found |= {(flow.dataflow.id, area, entry.period) for area in areas for entry in plan.calendar}
    return frozenset(found)


def find_places(plan: Plan, database: Database, artefacts: Artefacts) -> Places:
    """Find where a pilot may publish among those the hub keeps; one that is not kept yet comes last."""
    stored = sorted(Pilots(database).select(), key=lambda one: (one.added_at, one.id))
    plans = [parse_stored_plan(one.document, one.sha256) for one in stored]
    return places_among(plan, plans, artefacts)


def places_among(plan: Plan, plans: Sequence[Plan], artefacts: Artefacts) -> Places:
    """Find where a pilot may publish among ``plans``, the first of them first."""
    own, is_before = keys_of(plan, artefacts), True
    taken: dict[PlaceKey, str] = {}
    beside: set[tuple[str, str]] = set()
    for other in plans:
        if other.id == plan.id:
            is_before = False
            continue
        keys = keys_of(other, artefacts)
        beside |= {(dataflow, area) for dataflow, area, _ in keys}
        if is_before:
            taken |= {key: taken.get(key, other.id) for key in own & keys}
    return Places(taken=taken, beside=frozenset(beside))


def gather_taken(taken: Mapping[PlaceKey, str]) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """What others publish, for people: pilot, dataflow, area and the periods, in order."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for (dataflow, area, period), pilot in sorted(taken.items()):
        found.setdefault((pilot, dataflow, area), []).append(period)
    return [(*key, tuple(periods)) for key, periods in found.items()]


def scopes(
    flow: PilotFlow, areas: Iterable[str], periods: Sequence[str], places: Places
) -> list[Mapping[str, frozenset[str]]]:
    """What a pilot replaces of a flow: regions of DF_Q_RUN in which nobody else publishes.

    An area that only this pilot has is replaced whole, so that periods the plan no longer has go.
    """
    dataflow = flow.dataflow.id
    by_periods: dict[frozenset[str] | None, set[str]] = {}
    for area in areas:
        free = frozenset(period for period in periods if places.is_free(dataflow, area, period))
        by_periods.setdefault(free if (dataflow, area) in places.beside else None, set()).add(area)
    return [
        {
            "DATAFLOW_REF": frozenset({dataflow}),
            "REF_AREA": frozenset(found),
            **({} if free is None else {"TIME_PERIOD": free}),
        }
        for free, found in by_periods.items()
        if free is None or free
    ]
