"""A pilot plan: what partners agreed to try, as a file says it and as a value.

Every period of the calendar has a *window*: visits from the end of the period until the end of the next one belong to
it, and the last one stays open. A round begun by a person for a named period belongs to that period.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sdmx_hub.errors import BadRequest
from sdmx_hub.model.period import parse_period
from sdmx_hub.model.urn import Ref, Urn, parse_ref

DEFAULTS: Mapping[str, float] = {"UPTIME": 95, "PUNCT_DAYS": 5, "R1_COMPL": 90, "VALID_RT": 98, "CC1_ABS": 0.20}
"""Thresholds unless a plan says otherwise."""
MOST_CELLS = 1_000_000
"""Cells a plan may require of one participant in one period."""
FREQUENCIES = frozenset("AQMD")
"""What DF_Q_RUN may hold."""


@dataclass(frozen=True, kw_only=True)
class Participant:
    """One partner. ``mechanism`` is None where the source says it."""

    source: str
    area: str
    mechanism: str | None = None


@dataclass(frozen=True, kw_only=True)
class Derogation:
    """Required cells one participant need not send; without ``periods`` in every period."""

    participant: str
    codes: Mapping[str, tuple[str, ...]]
    periods: frozenset[str]
    reason: str


@dataclass(frozen=True, kw_only=True)
class PilotFlow:
    """What is shared: each combination of the codes of a region is a required cell of every period."""

    dataflow: Ref
    participants: tuple[Participant, ...]
    required: tuple[Mapping[str, tuple[str, ...]], ...]
    derogations: tuple[Derogation, ...] = ()

    @property
    def urn(self) -> Urn:
        """The dataflow."""
        return Urn("Dataflow", self.dataflow)

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas reported for."""
        return tuple(dict.fromkeys(one.area for one in self.participants))


@dataclass(frozen=True, kw_only=True)
class CalendarEntry:
    """One period; ``due`` is None where the source says it."""

    period: str
    due: dt.date | None = None

    @property
    def frequency(self) -> str:
        """Code of CL_FREQ."""
        return parse_period(self.period).frequency

    @property
    def last_day(self) -> dt.date:
        """Last day of the period."""
        return (parse_period(self.period).end - dt.timedelta(seconds=1)).date()

    @property
    def opens(self) -> dt.datetime:
        """From when visits are about it."""
        return parse_period(self.period).end.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, kw_only=True)
class Incident:
    """A disclosure somebody noted."""

    dataflow: str
    date: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A pilot plan."""

    id: str
    titles: Mapping[str, str]
    participants: tuple[Participant, ...]
    flows: tuple[PilotFlow, ...]
    calendar: tuple[CalendarEntry, ...]
    area: str | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    incidents: tuple[Incident, ...] = ()
    reviewers: tuple[str, ...] = ()
    sha256: str = ""

    def threshold(self, indicator: str) -> float:
        """What is good enough."""
        return self.thresholds.get(indicator, DEFAULTS[indicator])

    def begun(self, now: dt.datetime) -> tuple[CalendarEntry, ...]:
        """The periods whose window has opened."""
        return tuple(entry for entry in self.calendar if entry.opens <= now)

    def period_of(self, at: dt.datetime) -> str | None:
        """The period a visit due at ``at`` is about."""
        begun = self.begun(at)
        return begun[-1].period if begun else None

    def entry(self, period: str) -> CalendarEntry:
        """Get an entry of the calendar. Raises BadRequest."""
        for entry in self.calendar:
            if entry.period == period:
                return entry
        known = ", ".join(entry.period for entry in self.calendar)
        raise BadRequest("pilot-period-unknown", period=period[:40], known=known)


def read_plan(document: Mapping[str, Any], sha256: str = "") -> Plan:
    """Read a document the schema allows. Raises BadRequest for what a schema cannot tell, with the ``path`` of it."""
    participants = tuple(
        Participant(source=one["source"], area=one["area"], mechanism=one.get("mechanism"))
        for one in document["participants"]
    )
    by_source = {one.source: one for one in participants}
    if len(by_source) < len(participants):
        twice = next(one.source for one, count in _counted(participants) if count > 1)
        raise BadRequest("PILOT-TWICE", path=("participants",), what=twice)
    flows = tuple(_flow(item, by_source, ("flows", place)) for place, item in enumerate(document["flows"]))
    if len({flow.dataflow for flow in flows}) < len(flows):
        raise BadRequest("PILOT-TWICE", path=("flows",), what=str(flows[-1].dataflow))
    calendar = _calendar(document["calendar"])
    return Plan(
        id=document["id"],
        titles=document["title"],
        participants=participants,
        flows=flows,
        calendar=calendar,
        area=document.get("area"),
        thresholds={name: float(value) for name, value in document.get("thresholds", {}).items()},
        incidents=tuple(Incident(**one) for one in document.get("incidents", ())),
        reviewers=tuple(document.get("reviewers", ())),
        sha256=sha256,
    )


def _counted(participants: tuple[Participant, ...]) -> list[tuple[Participant, int]]:
    sources = [one.source for one in participants]
    return [(one, sources.count(one.source)) for one in participants]


def _flow(item: Mapping[str, Any], known: Mapping[str, Participant], path: tuple[str | int, ...]) -> PilotFlow:
    def participant(source: str, *place: str | int) -> Participant:
        if source not in known:
            raise BadRequest("PILOT-PARTICIPANT", path=(*path, *place), participant=source, known=", ".join(known))
        return known[source]

    named = item.get("participants", list(known))
    chosen = tuple(participant(source, "participants", place) for place, source in enumerate(named))
    areas = [one.area for one in chosen]
    if len(set(areas)) < len(areas):
        twice = next(area for area in areas if areas.count(area) > 1)
        raise BadRequest("PILOT-AREA", path=path, area=twice, dataflow=item["dataflow"])
    required = tuple(_codes(region["codes"]) for region in item["required"])
    cells = sum(functools.reduce(lambda count, codes: count * len(codes), one.values(), 1) for one in required)
    if cells > MOST_CELLS:
        raise BadRequest("PILOT-CELLS", path=(*path, "required"), count=cells, most=MOST_CELLS)
    derogations = []
    for place, one in enumerate(item.get("derogations", ())):
        participant(one["participant"], "derogations", place, "participant")
        derogations.append(
            Derogation(
                participant=one["participant"],
                codes=_codes(one["codes"]),
                periods=frozenset(one.get("periods", ())),
                reason=one["reason"],
            )
        )
    return PilotFlow(
        dataflow=parse_ref(item["dataflow"]),
        participants=chosen,
        required=required,
        derogations=tuple(derogations),
    )


def _codes(item: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(dict.fromkeys(codes)) for name, codes in item.items()}


def _calendar(items: list[Mapping[str, Any]]) -> tuple[CalendarEntry, ...]:
    """The periods, all of one frequency and in order. Raises BadRequest."""
    found: list[CalendarEntry] = []
    for place, item in enumerate(items):
        path = ("calendar", place)
        try:
            due = dt.date.fromisoformat(item["due"]) if "due" in item else None
            entry = CalendarEntry(period=item["period"], due=due)
            frequency = entry.frequency
        except (ValueError, BadRequest) as error:
            raise BadRequest("PILOT-DATE", path=path, text=f"{item['period']} {item.get('due', '')}".strip()) from error
        if frequency not in FREQUENCIES or frequency != (found[0] if found else entry).frequency:
            raise BadRequest("PILOT-FREQUENCY", path=path, period=entry.period, known=", ".join(sorted(FREQUENCIES)))
        found.append(entry)
    for place, (before, after) in enumerate(itertools.pairwise(found), 1):
        if after.opens <= before.opens:
            raise BadRequest("PILOT-ORDER", path=("calendar", place), period=after.period, before=before.period)
    return tuple(found)


def parse_stored_plan(document: str, sha256: str) -> Plan:
    """Read a plan as the control database keeps it."""
    return read_plan(json.loads(document), sha256)


def text_hash(text: str) -> str:
    """The hash that tells whether a plan file has changed."""
    return hashlib.sha256(text.encode()).hexdigest()
