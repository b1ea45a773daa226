"""What was measured of a pilot becomes observations of DF_Q_RUN, one load a flow.

The key is the area of the participant (the area of the plan for UPTIME of all together), the dataflow and the period; a
load replaces what the pilot published of the flow. Days are whole, percentages have one decimal; COMMENT_OBS tells the
two numbers of a share, or a share by sex, and SAMPLE_SIZE the denominator.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from sdmx_hub.load.report import LoadReport
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.quality.indicators import Figure
from sdmx_hub.quality.own_load import ACTOR, PROVIDER, load_own
from sdmx_hub.quality.pilot import Plan
from sdmx_hub.quality.pilot_judge import Judged
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
        flow = measured.flow
        figures = [one for one in measured.figures if one.is_coded and area_of(one, judged.plan) is not None]
        if not figures:
            continue
        areas = {*flow.areas, *([judged.plan.area] if judged.plan.area else [])}
        report = load_own(
            functools.partial(_write, figures, judged.plan, dataflow),
            dataflow,
            artefacts,
            observations,
            name=f"pilot {judged.plan.id}",
            scope={"DATAFLOW_REF": frozenset({flow.dataflow.id}), "REF_AREA": frozenset(areas)},
            now=now,
            actor=actor,
            dry_run=dry_run,
        )
        reports.append(report)
    return tuple(reports)


def area_of(figure: Figure, plan: Plan) -> str | None:
    """Where a figure is published; None for nowhere."""
    return plan.area if figure.participant is None else figure.participant.area


def _write(figures: Iterable[Figure], plan: Plan, dataflow: Urn, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        write_observations(figures, plan, dataflow, file)


def write_observations(figures: Iterable[Figure], plan: Plan, dataflow: Urn, file: IO[str]) -> None:
    """Write figures as SDMX-CSV 2.0."""
    rows = list(_rows(figures, plan, dataflow))
    writer = csv.DictWriter(file, rows[0] if rows else ["STRUCTURE", "STRUCTURE_ID", "ACTION"], lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)


def _rows(figures: Iterable[Figure], plan: Plan, dataflow: Urn) -> Iterator[dict[str, str]]:
    for one in figures:
        area = area_of(one, plan)
        if area is None or not one.is_coded:
            continue
        in_days = one.unit == "DAY"
        yield {
            "STRUCTURE": "dataflow",
            "STRUCTURE_ID": str(dataflow.ref),
            "ACTION": "R",
            "FREQ": one.entry.frequency,
            "REF_AREA": area,
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
