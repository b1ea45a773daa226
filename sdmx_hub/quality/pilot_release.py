"""What was measured of a pilot becomes observations of DF_Q_RUN, one load a flow.

The key is the area of the participant (that of the plan, or of the group they are in, for UPTIME of all together), the
dataflow and the period; a load replaces what the pilot published of the flow, and nothing of other pilots. Days are
whole, percentages have one decimal; COMMENT_OBS tells the two numbers of a share, or a share by sex, and SAMPLE_SIZE
the denominator.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

from sdmx_hub.load.report import LoadReport
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.quality.indicators import Figure
from sdmx_hub.quality.own_load import ACTOR, PROVIDER, load_own
from sdmx_hub.quality.pilot import PilotFlow
from sdmx_hub.quality.pilot_judge import Judged
from sdmx_hub.quality.pilot_keys import scopes
from sdmx_hub.quality.verdict import shown
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.observations import Observations

DATAFLOW = Urn("Dataflow", Ref("ILMH", "DF_Q_RUN", "1.0+.0"))
_FIXED = {
    "COUNTERPART_TYPE": "_Z",
    "COUNTERPART_AREA": "_Z",
    "OBS_STATUS": "A",
    "CONF_STATUS": "F",
    "UNIT_MULT": "0",
    "TIME_PER_COLLECT": "S",
    "DATA_PROVIDER": PROVIDER,
}


def release_pilot(
    judged: Judged,
    artefacts: Artefacts,
    observations: Observations,
    *,
    now: dt.datetime,
    actor: str = ACTOR,
    dry_run: bool = False,
) -> tuple[LoadReport, ...]:
    """Load the indicators of every flow of which there are any; the same figures again change nothing.

    Raises NotFound when the hub does not hold DF_Q_RUN, TryAgain when somebody else is loading it.
    """
    dataflow = artefacts.get(DATAFLOW).urn
    reports = []
    for measured in judged.measured:
        for scope in _scopes(judged, measured.flow):
            figures = [one for one in measured.figures if judged.is_published(one) and _is_within(judged, one, scope)]
            if not figures:
                continue
            report = load_own(
                functools.partial(_write, judged, figures, dataflow),
                dataflow,
                artefacts,
                observations,
                name=f"pilot {judged.plan.id}",
                scope=scope,
                now=now,
                actor=actor,
                dry_run=dry_run,
            )
            reports.append(report)
    return tuple(reports)


def _scopes(judged: Judged, flow: PilotFlow) -> list[Mapping[str, frozenset[str]]]:
    together = judged.together.get(flow.dataflow.id)
    areas = dict.fromkeys([*flow.areas, *([together] if together else [])])
    return scopes(flow, areas, [entry.period for entry in judged.plan.calendar], judged.places)


def _is_within(judged: Judged, figure: Figure, scope: Mapping[str, frozenset[str]]) -> bool:
    return judged.area_of(figure) in scope["REF_AREA"]


def _write(judged: Judged, figures: Iterable[Figure], dataflow: Urn, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        write_observations(judged, figures, dataflow, file)


def write_observations(judged: Judged, figures: Iterable[Figure], dataflow: Urn, file: IO[str]) -> None:
    """Write those of some figures that are published as SDMX-CSV 2.0."""
    rows = list(_rows(judged, figures, dataflow))
    writer = csv.DictWriter(file, rows[0] if rows else ["STRUCTURE", "STRUCTURE_ID", "ACTION"], lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)


def _rows(judged: Judged, figures: Iterable[Figure], dataflow: Urn) -> Iterator[dict[str, str]]:
    for one in figures:
        if not judged.is_published(one):
            continue
        in_days = one.unit == "DAY"
        yield {
            "STRUCTURE": "dataflow",
            "STRUCTURE_ID": str(dataflow.ref),
            "ACTION": "R",
            "FREQ": one.entry.frequency,
            "REF_AREA": judged.area_of(one) or "",
            "INDICATOR": one.indicator,
            "DATAFLOW_REF": one.flow.dataflow.id,
            "UNIT_MEASURE": one.unit,
            "TIME_PERIOD": one.entry.period,
            "OBS_VALUE": f"{one.value:.0f}" if in_days else f"{shown(one):.1f}",
            "COMMENT_OBS": one.remark,
            "SAMPLE_SIZE": "" if in_days else str(one.count),
            "DECIMALS": "0" if in_days else "1",
            **_FIXED,
        }
