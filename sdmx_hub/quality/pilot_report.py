"""The report of a pilot as one value: what the command line prints, the page shows and programs read."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from sdmx_hub import __version__
from sdmx_hub.language import localised, sentence
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.paths import hide_paths
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.quality.indicators import FORMATS, Figure
from sdmx_hub.quality.mechanisms import compare_mechanisms
from sdmx_hub.quality.pilot import DEFAULTS, PilotFlow
from sdmx_hub.quality.pilot_content import METHODS, NAMES, SUMS
from sdmx_hub.quality.pilot_judge import Judged
from sdmx_hub.quality.pilot_keys import gather_taken
from sdmx_hub.quality.pilot_runs import Attempt
from sdmx_hub.quality.pilot_words import figures_of
from sdmx_hub.quality.verdict import is_met, participant_name, shown
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.run_rows import GOOD, short_instant

COLUMNS = ("pilot", "dataflow", "participant", "provider", "area", "period", "mechanism", "indicator", "value", "unit",
           "count", "threshold", "met", "remark", "verdict")  # fmt: skip
"""The columns of the report as a table."""
CODELIST = Urn("Codelist", Ref("ILMH", "CL_IND_QUALITY", "1.0+.0"))
_PAIR = ("rule", "frequency", "period", "origin", "destination", "split", "detail", "state", "verdict",
         "origin_value", "destination_value", "difference", "cc1", "ratio")  # fmt: skip


def report_pilot(judged: Judged, artefacts: Artefacts, language: str, *, period: str | None = None) -> dict[str, Any]:
    """Shape a judged pilot: everything, with the visits about ``period`` (the last that has begun unless told)."""
    begun = judged.plan.begun(judged.now)
    chosen = period or (begun[-1].period if begun else None)
    return {
        **_shaped(judged, artefacts, language, in_full=True),
        "shown_period": chosen,
        "partners": _partners(judged, chosen, language),
        "findings": _findings(judged, chosen, language),
        "mechanisms": compare_mechanisms(judged.ledger.attempts),
    }


_PUBLIC_MECHANISM = ("mechanism", "attempted", "good", "success")
"""What everybody may know of a mechanism: no more than UPTIME tells. What came in may be confidential."""


def public_pilot(judged: Judged, artefacts: Artefacts, language: str) -> dict[str, Any]:
    """Shape what everybody may know: the plan, the published indicators, the mirror as all see it, the verdicts."""
    return _shaped(judged, artefacts, language, in_full=False)


def _shaped(judged: Judged, artefacts: Artefacts, language: str, *, in_full: bool) -> dict[str, Any]:
    plan = judged.plan
    slots = [one.run.slot for one in judged.ledger.attempts]
    return {
        "id": plan.id,
        "title": localised(plan.titles, language),
        "at": short_instant(judged.now),
        "from": short_instant(min(slots)) if slots else None,
        "to": short_instant(max(slots)) if slots else None,
        "rounds": judged.ledger.rounds,
        "visits": len(judged.ledger.attempts),
        "software": __version__,
        "plan_sha256": plan.sha256,
        "area": plan.area,
        "reviewers": list(plan.reviewers),
        "shared": [
            {"pilot": other, "dataflow": dataflow, "area": area, "periods": list(periods)}
            for other, dataflow, area, periods in gather_taken(judged.places.taken)
        ],
        "calendar": [
            {"period": entry.period, "due": str(entry.due) if entry.due else None, "begun": entry.opens <= judged.now}
            for entry in plan.calendar
        ],
        "thresholds": {name: plan.threshold(name) for name in DEFAULTS},
        "participants": [
            {"source": one.source, "area": one.area, "mechanism": judged.ledger.mechanism(one)}
            for one in plan.participants
        ],
        "flows": [_flow(judged, place, artefacts, language, in_full=in_full) for place in range(len(plan.flows))],
        "mechanisms": [
            {name: row[name] for name in _PUBLIC_MECHANISM} for row in compare_mechanisms(judged.ledger.attempts)
        ],
    }


def _flow(judged: Judged, place: int, artefacts: Artefacts, language: str, *, in_full: bool) -> dict[str, Any]:
    flow, verdict, measured = judged.plan.flows[place], judged.verdicts[place], judged.measured[place]
    dataflow, names = artefacts.get(flow.urn), names_of_indicators(artefacts, language)
    return {
        "dataflow": str(flow.dataflow),
        "name": localised(dataflow.names, language),
        "structure": str(artefacts.structure_of(flow.urn).ref),
        "verdict": verdict.verdict,
        "verdict_text": sentence(f"pilot-verdict-{verdict.verdict}", language),
        "reasons": [
            {"code": reason.code, "verdict": reason.verdict, "text": reason.text(language)}
            for reason in verdict.reasons
        ],
        "indicators": [
            _figure(judged, one, names) for one in measured.figures if _is_told(judged, one, in_full=in_full)
        ],
        "mirror": [
            {
                **{name: pair[name] for name in _PAIR},
                "causes": [one["id"] for one in pair["causes"]],
                "confirmed": pair["confirmed"] and pair["confirmed"]["id"],
            }
            for pair in judged.pairs[flow.dataflow.id]
        ],
    }


def _is_told(judged: Judged, one: Figure, *, in_full: bool) -> bool:
    """Tell whether a figure is shown: of one participant alone, its own are those of all together."""
    return (in_full or one.is_coded) and (one.participant is not None or judged.area_of(one) is not None)


def names_of_indicators(artefacts: Artefacts, language: str) -> dict[str, str]:
    """What the indicators are called, by code: as their codelist says where the hub holds it, the others as we do."""
    coded = artefacts.codelist(CODELIST).codes if artefacts.find(CODELIST) else {}
    own = {name: sentence(f"pilot-indicator-{name}", language) for name in (SUMS, METHODS, NAMES, FORMATS)}
    return own | {code.id: localised(code.names, language) for code in coded.values()}


def _figure(judged: Judged, one: Figure, names: Mapping[str, str]) -> dict[str, Any]:
    plan = judged.plan
    threshold = plan.threshold(one.indicator) if one.indicator in DEFAULTS else None
    return {
        "participant": participant_name(one.participant),
        "provider": judged.ledger.provider(one.participant, one.flow) if one.participant else None,
        "area": judged.area_of(one),
        "period": one.entry.period,
        "indicator": one.indicator,
        "name": names.get(one.indicator, one.indicator),
        "value": shown(one),
        "unit": one.unit,
        "count": one.count,
        "threshold": threshold,
        "met": None if threshold is None else is_met(one, threshold),
        "remark": one.remark,
        "published": judged.is_published(one),
    }


def _partners(judged: Judged, period: str | None, language: str) -> list[dict[str, Any]]:
    """The last visit about a period to every participant of every flow."""
    rows = []
    for flow in judged.plan.flows:
        for participant in flow.participants:
            found = judged.ledger.of(flow, period or "", participant)
            if found:
                rows.append(_visit(judged, flow, found[-1], language))
    return rows


def _visit(judged: Judged, flow: PilotFlow, one: Attempt, language: str) -> dict[str, Any]:
    run, answer = one.run, one.answer
    good = judged.ledger.last_good.get((one.participant.source, str(flow.dataflow)))
    outcome = run.outcome
    return {
        "source": one.participant.source,
        "area": one.participant.area,
        "dataflow": flow.dataflow.id,
        "mechanism": one.mechanism,
        "run": run.id,
        "slot": short_instant(run.slot),
        "state": run.state.value,
        "outcome": hide_paths(outcome.verdict.text(language)),
        "outcome_code": outcome.verdict.key,
        "http": answer.status if answer else None,
        "tries": answer.tries if answer else None,
        "bytes": one.bytes,
        "received": outcome.received,
        "added": outcome.added,
        "revised": outcome.revised,
        "deleted": outcome.deleted,
        "last_good": short_instant(good) if good else None,
        "age_days": (judged.now - good).days if good and run.state not in GOOD else None,
    }


def _findings(judged: Judged, period: str | None, language: str) -> list[dict[str, Any]]:
    return [
        {"source": one.participant.source, "run": one.run.id, **_told_abroad(finding, language)}
        for flow in judged.plan.flows
        for participant in flow.participants
        for one in judged.ledger.of(flow, period or "", participant)[-1:]
        for finding in one.run.outcome.findings
    ]


def _told_abroad(finding: Finding, language: str) -> dict[str, object]:
    """A finding for readers elsewhere, to whom paths of this machine say nothing."""
    told = finding.as_json(language)
    return {name: hide_paths(value) if isinstance(value, str) else value for name, value in told.items()}


def write_csv(report: Mapping[str, Any]) -> str:
    """Write the report as CSV: one row an indicator, with the verdict on its flow; then one a figure of a mechanism."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    for flow in report["flows"]:
        for row in flow["indicators"]:
            values = {**row, "pilot": report["id"], "dataflow": flow["dataflow"], "verdict": flow["verdict"]}
            met = values["met"]
            writer.writerow({**values, "met": "" if met is None else str(met).lower()})
    for row in report["mechanisms"]:
        told = {"pilot": report["id"], "mechanism": row["mechanism"]}
        for figure, value in figures_of(row):
            writer.writerow({**told, "indicator": figure.name, "value": value, "unit": figure.unit})
    return text.getvalue()
