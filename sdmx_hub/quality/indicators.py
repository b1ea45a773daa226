"""The indicators of one flow of a pilot (§5.4), computed in the engine from the store, the ledger and the plan.

| indicator | definition |
|---|---|
| TL_DAYS | day on which the first figures of a period were held − last day of the period |
| PUNCT_DAYS | that day − agreed day; negative is early |
| R1_COMPL | available required cells ÷ required cells; derogations and confidential cells are in neither |
| VALID_RT | observations without a blocking error ÷ observations received |
| SUPPR_RT | suppressed cells ÷ cells that are not missing |
| REV_MAR | mean of abs(value now − first value) ÷ abs(first value), over the cells of the first vintage |
| UPTIME | good visits ÷ visits attempted |
| FORMATS | kinds of messages the figures came as |

SUMS_RT, METHOD_RT and LANG_RT are told in ``pilot_content``. Shares are percentages. What cannot be computed (nothing
received, nothing due yet) is not told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sdmx_hub.quality.pilot import CalendarEntry, Participant, PilotFlow
from sdmx_hub.quality.pilot_cells import Completeness, Key, Share, open_cells
from sdmx_hub.quality.pilot_content import content_of
from sdmx_hub.quality.pilot_runs import Ledger
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.observations import Observations

DAYS = ("TL_DAYS", "PUNCT_DAYS")
"""Indicators in days; the others are percentages, but for FORMATS, which is a number."""
FORMATS = "FORMATS"
CODED = frozenset({*DAYS, "R1_COMPL", "VALID_RT", "SUPPR_RT", "REV_MAR", "UPTIME"})
"""Indicators that DF_Q_RUN has codes for; the others are in the report alone."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One indicator of one participant (None: all of them together) in one period of a flow.

    ``count`` is the denominator, or 1.
    """

    flow: PilotFlow
    participant: Participant | None
    entry: CalendarEntry
    indicator: str
    value: float
    count: int = 1
    remark: str = ""

    @property
    def unit(self) -> str:
        """Code of CL_UNIT_MEASURE, or ``NUMBER``."""
        return "DAY" if self.indicator in DAYS else "NUMBER" if self.indicator == FORMATS else "PT"

    @property
    def is_coded(self) -> bool:
        """Tell whether DF_Q_RUN can hold it."""
        return self.indicator in CODED


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was computed of one flow. ``received`` is when the first figures of (area, period) were held."""

    flow: PilotFlow
    figures: tuple[Figure, ...]
    received: Mapping[Key, dt.datetime]
    completeness: Mapping[Key, Completeness]
    disclosed: int


def measure_flow(
    flow: PilotFlow, ledger: Ledger, artefacts: Artefacts, observations: Observations, *, now: dt.datetime
) -> Measured:
    """Compute the indicators of every period that has begun."""
    entries = ledger.plan.begun(now)
    with open_cells(flow, artefacts, observations, now=now) as cells:
        cells.require([entry.period for entry in entries])
        received, completeness = cells.received(), cells.completeness()
        shares = {
            "SUPPR_RT": cells.suppression(),
            "REV_MAR": cells.revision(),
            **content_of(cells, artefacts),
        }
        disclosed = cells.disclosed()
    figures: list[Figure] = []
    for entry in entries:
        for one in flow.participants:
            key = (one.area, entry.period)
            make = _Maker(flow=flow, participant=one, entry=entry)
            figures += make.timeliness(received.get(key), ledger.due(one, entry.period))
            figures += make.complete(completeness.get(key), key in received, ledger.due(one, entry.period), now.date())
            figures += [make.share(indicator, found[key]) for indicator, found in shares.items() if key in found]
            figures += make.runs(ledger)
        figures += _Maker(flow=flow, participant=None, entry=entry).uptime(ledger)
    return Measured(
        flow=flow, figures=tuple(figures), received=received, completeness=completeness, disclosed=disclosed
    )


@dataclass(frozen=True, kw_only=True)
class _Maker:
    """Makes the figures of one participant and period."""

    flow: PilotFlow
    participant: Participant | None
    entry: CalendarEntry

    def figure(self, indicator: str, value: float, count: int = 1, remark: str = "") -> Figure:
        return Figure(
            flow=self.flow,
            participant=self.participant,
            entry=self.entry,
            indicator=indicator,
            value=value,
            count=count,
            remark=remark,
        )

    def timeliness(self, received: dt.datetime | None, due: dt.date | None) -> Iterator[Figure]:
        if received is None:
            return
        day = received.astimezone(dt.UTC).date()
        yield self.figure("TL_DAYS", (day - self.entry.last_day).days)
        if due is not None:
            yield self.figure("PUNCT_DAYS", (day - due).days)

    def complete(
        self, found: Completeness | None, is_received: bool, due: dt.date | None, today: dt.date
    ) -> Iterator[Figure]:
        """R1: once something has come, or should have."""
        if found is None or found.counted == 0 or not (is_received or (due is not None and today > due)):
            return
        remark = f"{found.available} / {found.counted}"
        yield self.figure("R1_COMPL", 100 * found.available / found.counted, found.counted, remark)

    def share(self, indicator: str, found: Share) -> Figure:
        return self.figure(indicator, found.percent, found.count, found.remark)

    def runs(self, ledger: Ledger) -> Iterator[Figure]:
        attempts = ledger.of(self.flow, self.entry.period, self.participant)
        received = sum(one.run.outcome.received for one in attempts)
        if received:
            valid = received - sum(one.errors for one in attempts)
            yield self.figure("VALID_RT", 100 * valid / received, received, f"{valid} / {received}")
        formats = sorted({one.format for one in attempts if one.format})
        if formats:
            yield self.figure(FORMATS, len(formats), remark=", ".join(formats))
        yield from self.uptime(ledger)

    def uptime(self, ledger: Ledger) -> Sequence[Figure]:
        good, attempted = ledger.uptime(self.flow, self.entry.period, self.participant)
        if not attempted:
            return ()
        return (self.figure("UPTIME", 100 * good / attempted, attempted, f"{good} / {attempted}"),)
