"""The report of a pilot as one value: what the command line prints, the page shows and programs read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from sdmx_hub import __version__
from sdmx_hub.language import localised, sentence
from sdmx_hub.quality.indicators import Figure
from sdmx_hub.quality.mechanisms import compare_mechanisms
from sdmx_hub.quality.pilot import DEFAULTS, PilotFlow
from sdmx_hub.quality.pilot_judge import Judged
from sdmx_hub.quality.pilot_runs import Attempt
from sdmx_hub.quality.verdict import is_met, participant_name, shown
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.run_rows import GOOD, short_instant

COLUMNS = ("pilot", "dataflow", "participant", "provider", "area", "period", "indicator", "value", "unit", "count",
           "threshold", "met", "remark", "verdict")  # fmt: skip
"""The columns of the report as a table."""
_PAIR = ("rule", "frequency", "period", "origin", "destination", "split", "detail", "state", "verdict",
         "origin_value", "destination_value", "difference", "cc1", "ratio")  # fmt: skip


def report_pilot(judged: Judged, artefacts: Artefacts, language: str, *, period: str | None = None) -> dict[str, Any]:
    """Shape a judged pilot: everything, with the visits about ``period`` (the last that has begun unless told)."""
    begun = judged.plan.begun(judged.now)
    chosen = period or (begun[-1].period if begun else None)
    return {
        **public_pilot(judged, artefacts, language),
        "shown_period": chosen,
        "partners": _partners(judged, chosen, language),
        "findings": _findings(judged, chosen, language),
        "mechanisms": compare_mechanisms(judged.ledger.attempts),
    }


def public_pilot(judged: Judged, artefacts: Artefacts, language: str) -> dict[str, Any]:
    """Shape what everybody may know: the plan, the indicators, the mirror as the public sees it, the verdicts."""
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
        "calendar": [
            {"period": entry.period, "due": str(entry.due) if entry.due else None, "begun": entry.opens <= judged.now}
            for entry in plan.calendar
        ],
        "thresholds": {name: plan.threshold(name) for name in DEFAULTS},
        "participants": [
            {"source": one.source, "area": one.area, "mechanism": judged.ledger.mechanism(one)}
            for one in plan.participants
        ],
        "flows": [_flow(judged, place, artefacts, language) for place in range(len(plan.flows))],
    }


def _flow(judged: Judged, place: int, artefacts: Artefacts, language: str) -> dict[str, Any]:
    flow, verdict, measured = judged.plan.flows[place], judged.verdicts[place], judged.measured[place]
    dataflow = artefacts.get(flow.urn)
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
        "indicators": [_figure(judged, one) for one in measured.figures],
        "mirror": [
            {
                **{name: pair[name] for name in _PAIR},
                "causes": [one["id"] for one in pair["causes"]],
                "confirmed": pair["confirmed"] and pair["confirmed"]["id"],
            }
            for pair in judged.pairs[flow.dataflow.id]
        ],
    }


def _figure(judged: Judged, one: Figure) -> dict[str, Any]:
    plan = judged.plan
    threshold = plan.threshold(one.indicator) if one.indicator in DEFAULTS else None
    return {
        "participant": participant_name(one.participant),
        "provider": judged.ledger.provider(one.participant, one.flow) if one.participant else None,
        "area": one.participant.area if one.participant else plan.area,
        "period": one.entry.period,
        "indicator": one.indicator,
        "value": shown(one),
        "unit": one.unit,
        "count": one.count,
        "threshold": threshold,
        "met": None if threshold is None else is_met(one, threshold),
        "remark": one.remark,
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
        "outcome": outcome.verdict.text(language),
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
        {"source": one.participant.source, "run": one.run.id, **finding.as_json(language)}
        for flow in judged.plan.flows
        for participant in flow.participants
        for one in judged.ledger.of(flow, period or "", participant)[-1:]
        for finding in one.run.outcome.findings
    ]


def write_csv(report: Mapping[str, Any]) -> str:
    """Write the quality table as CSV: one row an indicator, with the verdict on its flow."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    for flow in report["flows"]:
        for row in flow["indicators"]:
            values = {**row, "pilot": report["id"], "dataflow": flow["dataflow"], "verdict": flow["verdict"]}
            met = values["met"]
            writer.writerow({**values, "met": "" if met is None else str(met).lower()})
    return text.getvalue()


def lines_of_pilot(report: Mapping[str, Any], language: str) -> Iterator[str]:
    """The report for a terminal."""
    yield f"{report['id']}  {report['title']}"
    yield sentence("pilot-head", language, at=report["at"], visits=report["visits"], software=report["software"])
    if report["partners"]:
        yield ""
        yield sentence("pilot-partners", language, period=report["shown_period"])
        for row in report["partners"]:
            yield "  " + _partner_line(row, language)
    for flow in report["flows"]:
        yield ""
        yield f"{flow['dataflow']}  {flow['name']}  ({flow['structure']})"
        yield from (f"  {line}" for line in _indicator_lines(flow, language))
        yield from (f"  {line}" for line in _mirror_lines(flow))
        yield f"  {sentence('pilot-verdict', language)}: {flow['verdict_text']}"
        yield from (f"    - {reason['text']}" for reason in flow["reasons"])
    yield ""
    yield sentence("pilot-mechanisms", language)
    for row in report["mechanisms"]:
        yield "  " + sentence("pilot-mechanism-line", language, **_plain(row))


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: "–" if value is None else value for name, value in row.items()}


def _partner_line(row: Mapping[str, Any], language: str) -> str:
    counts = f"+{row['added']} ~{row['revised']} -{row['deleted']}"
    age = "" if row["age_days"] is None else "; " + sentence("pilot-age", language, days=row["age_days"])
    asked = f"{row['http'] or '–'!s:>4} ×{row['tries'] or 0} {row['bytes']:>9} B"
    head = f"{row['source']:<16} {row['dataflow']:<18} {asked}  {counts:<16}"
    return f"{head} {row['state']}: {row['outcome']}{age}"


def _indicator_lines(flow: Mapping[str, Any], language: str) -> Iterator[str]:
    everybody = sentence("pilot-all", language)
    for row in flow["indicators"]:
        mark = {None: " ", True: "✓", False: "✗"}[row["met"]]
        value = f"{row['value']:.0f} d" if row["unit"] == "DAY" else f"{row['value']:.1f} %"
        remark = f"  ({row['remark']})" if row["remark"] else ""
        who = row["participant"] or everybody
        yield f"{row['period']:<8} {who:<16} {row['indicator']:<11}{value:>9} {mark}{remark}".rstrip()


def _mirror_lines(flow: Mapping[str, Any]) -> Iterator[str]:
    for pair in flow["mirror"]:
        values = [pair[end] for end in ("origin_value", "destination_value")]
        told = " / ".join("–" if value is None else f"{value:g}" for value in values)
        cc1 = "–" if pair["cc1"] is None else f"{pair['cc1']:+.4f}"
        said = pair["confirmed"] or ", ".join(pair["causes"])
        where = " ".join(part for part in (pair["split"], pair["detail"]) if part)
        corridor = f"{pair['period']:<8} {pair['origin']}–{pair['destination']} {where}".rstrip()
        yield f"{corridor}  {told}  {cc1}  {pair['verdict'] or pair['state']}  {said}".rstrip()
