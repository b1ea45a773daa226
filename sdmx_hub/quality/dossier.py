"""A corridor's dossier: everything the hub holds of two countries about each other, and how the two stories compare."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sdmx_hub.language import localised, sentence
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.rows import literal, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.quality.mirror import Mirror, MirrorQuery
from sdmx_hub.quality.mirror_report import Names, figure_text, lines_of, report_mirror
from sdmx_hub.quality.pair_rules import AGENCY, TOTALS
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import ComponentFilter, Condition, DataQuery, Operator
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.observations import Observations

MOST_SERIES = 60
"""Series of one dataflow that are shown; the others are counted."""
ENDS = ("REF_AREA", "COUNTERPART_AREA")
_ASIDE = ("FREQ", *ENDS, "INDICATOR", "COUNTERPART_TYPE", "SOURCE_TYPE", "UNIT_MEASURE")


def open_dossier(
    corridor: tuple[str, str],
    artefacts: Artefacts,
    observations: Observations,
    mirror: Mirror,
    *,
    audience: str,
    now: dt.datetime,
    language: str,
) -> dict[str, Any]:
    """Gather what an audience may see of a corridor, whichever of the two countries reports it.

    ``mirror`` is a comparison that holds the corridor. Of each dataflow: its series with all their figures, those over
    all details first. Of countries the hub knows nothing of the dossier is empty.
    """
    names = Names(artefacts, language)
    compared = report_mirror(mirror.narrowed(MirrorQuery(corridor=corridor)), artefacts, language)
    flows = list(_flows(corridor, artefacts, observations, names, audience=audience, now=now, language=language))
    return {
        "corridor": [{"id": code, "name": names.name("CL_AREA", code)} for code in corridor],
        "dataflows": flows,
        "agreements": _agreements(flows, names),
        "mirror": compared,
    }


def _flows(
    corridor: tuple[str, str],
    artefacts: Artefacts,
    observations: Observations,
    names: Names,
    *,
    audience: str,
    now: dt.datetime,
    language: str,
) -> Iterator[dict[str, Any]]:
    for artefact in sorted(artefacts, key=lambda one: str(one.urn)):
        if artefact.urn.class_name != "Dataflow" or artefact.ref.agency_id != AGENCY or "_Q_" in artefact.ref.id:
            continue
        structure = artefacts.structure_of(artefact.urn)
        version = observations.version(artefact.ref, audience, now=now)
        if version is None or not set(ENDS) <= set(structure.dimension_ids):
            continue
        found = _series(corridor, artefact, structure, observations, version)
        if found:
            yield {
                "dataflow": str(artefact.ref),
                "path": f"/dataflow/{artefact.ref.agency_id}/{artefact.ref.id}",
                "name": localised(artefact.names, language),
                "series_found": found[0]["found"],
                "series": [_named(one, structure, names) for one in found],
            }


def _series(
    corridor: tuple[str, str],
    artefact: Artefact,
    structure: DataStructure,
    observations: Observations,
    version: Any,
) -> list[dict[str, Any]]:
    """The series of one dataflow between the two countries, with their figures by period."""
    alternatives = tuple((Condition(Operator.EQUAL, code),) for code in corridor)
    filters = tuple(ComponentFilter.of(name, alternatives) for name in ENDS)
    rows = observations.open_rows(
        artefact.ref, structure, plan_data(DataQuery(filters=filters), structure), version=version
    )
    details = [name for name in structure.dimension_ids if name not in _ASIDE]
    dimensions = ", ".join(f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}" for name in structure.dimension_ids)
    totals = f"({', '.join(map(literal, TOTALS))})"
    told = " + ".join(f"CAST(CAST({quoted(name)} AS VARCHAR) NOT IN {totals} AS INTEGER)" for name in details) or "0"
    figure = f'{{"period": CAST("TIME_PERIOD" AS VARCHAR), "value": CAST({quoted(structure.measures[0].id)} AS VARCHAR)'
    scale = 'CAST(any_value("UNIT_MULT") AS VARCHAR)' if "UNIT_MULT" in rows.columns else "'0'"
    ordered = ", ".join(map(quoted, structure.dimension_ids))
    query = (
        f"SELECT {dimensions}, {told} AS depth, {scale} AS unit_mult, "
        f'list({figure}, "status": CAST("OBS_STATUS" AS VARCHAR)}} ORDER BY "TIME_PERIOD") AS figures, '
        f'count(*) OVER () AS found FROM ({rows.sql}) WHERE "REF_AREA" <> "COUNTERPART_AREA" '
        f"GROUP BY ALL ORDER BY depth, {ordered} LIMIT {MOST_SERIES}"
    )
    try:
        result = rows.connection.execute(query, list(rows.params))
        columns = [column[0] for column in result.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
    finally:
        rows.close()


def _named(series: Mapping[str, Any], structure: DataStructure, names: Names) -> dict[str, Any]:
    lists = {
        name: urn.ref.id
        for name in structure.dimension_ids
        if (urn := structure.components[name].representation.codelist) is not None
    }
    details = {
        name: series[name] for name in structure.dimension_ids if name not in _ASIDE and series[name] not in TOTALS
    }
    return {
        "key": ".".join(str(series[name]) for name in structure.dimension_ids),
        "reporter": series["REF_AREA"],
        "reporter_name": names.name("CL_AREA", series["REF_AREA"]),
        "partner": series["COUNTERPART_AREA"],
        "indicator": series["INDICATOR"],
        "indicator_name": names.name(lists.get("INDICATOR", ""), series["INDICATOR"]),
        "basis": names.name("CL_COUNTERPART_TYPE", series["COUNTERPART_TYPE"]),
        "source": names.name("CL_SOURCE_TYPE", series.get("SOURCE_TYPE", "")),
        "unit": names.name("CL_UNIT_MEASURE", series.get("UNIT_MEASURE", "")),
        "unit_mult": int(series["unit_mult"] or 0),
        "details": [
            {"id": name, "code": code, "name": names.name(lists[name], code)} for name, code in details.items()
        ],
        "figures": series["figures"],
    }


def _agreements(flows: Iterable[Mapping[str, Any]], names: Names) -> list[dict[str, str]]:
    """The labour agreements the figures name."""
    codes = {
        detail["code"]
        for flow in flows
        for series in flow["series"]
        for detail in series["details"]
        if detail["id"] == "AGREEMENT" and not detail["code"].startswith("_")
    }
    return [{"id": code, "name": names.name("CL_AGREEMENT", code)} for code in sorted(codes)]


def lines_of_dossier(found: Mapping[str, Any], language: str) -> Iterator[str]:
    """The dossier for a terminal: the newest figure of each series, then the comparison."""
    first, second = (one["name"] for one in found["corridor"])
    yield sentence("dossier-title", language, first=first, second=second)
    for flow in found["dataflows"]:
        yield ""
        yield flow["name"]
        for series in flow["series"]:
            last = series["figures"][-1]
            told = [series[name] for name in ("indicator_name", "basis", "source")]
            told += [detail["name"] for detail in series["details"]]
            scale = f" × 10^{series['unit_mult']}" if series["unit_mult"] and last["value"] else ""
            value = float(last["value"]) if last["value"] else None
            figure = f"{figure_text(value, language, last['status'])}{scale} ({last['period']})"
            yield f"  {series['reporter']} → {series['partner']}  {', '.join(told)}: {figure}"
        if flow["series_found"] > len(flow["series"]):
            yield "  " + sentence("dossier-more", language, shown=len(flow["series"]), found=flow["series_found"])
    yield ""
    yield from lines_of(found["mirror"], language)
