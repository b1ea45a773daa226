"""``sdmx-hub pilot``: try out how partners share, measure it, and decide."""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
from pathlib import Path
from typing import Any

import click

from sdmx_hub.cli.context import DONE, FAILED, FINDINGS, PARTIAL, HubContext, json_option, pass_hub, show, tell
from sdmx_hub.cli.harvest_report import finding_line, make_parts
from sdmx_hub.cli.pilot_run import run_round
from sdmx_hub.cli.structure_select import acting_person
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.language import LANGUAGES, localised, sentence
from sdmx_hub.quality.pilot import Plan, parse_stored_plan
from sdmx_hub.quality.pilot_file import read_plan_file
from sdmx_hub.quality.pilot_html import write_html
from sdmx_hub.quality.pilot_judge import Judged, judge_pilot
from sdmx_hub.quality.pilot_keys import find_places, gather_taken
from sdmx_hub.quality.pilot_release import DATAFLOW, release_pilot, write_observations
from sdmx_hub.quality.pilot_report import report_pilot, write_csv
from sdmx_hub.quality.pilot_runs import source_documents
from sdmx_hub.quality.pilot_text import lines_of_pilot, shared_lines
from sdmx_hub.store.pilots import Pilots
from sdmx_hub.store.run_rows import GOOD

FORMATS = ("text", "json", "html", "csv", "sdmx")


@click.group()
def pilot() -> None:
    r"""Try out how partners share: a plan, rounds of visits, indicators, and a verdict on each dataflow.

    \b
    Examples:
      sdmx-hub pilot add config/pilots/NIC_CRI.yaml
      sdmx-hub pilot run NIC_CRI
      sdmx-hub pilot report NIC_CRI --format html --output report.html
    """


@pilot.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
@pass_hub
def add(hub: HubContext, files: tuple[Path, ...], *, as_json: bool) -> None:
    r"""Check pilot plans and keep them; a pilot that is there already is updated.

    Nothing of a file with errors is kept; exits with 3 then. Of a dataflow, area and period that two pilots share, the
    one that was there first publishes the indicators; it is said which.

    \b
    Examples:
      sdmx-hub pilot add config/pilots/NIC_CRI.yaml
      sdmx-hub pilot add config/pilots/*.yaml --json
    """
    answers = [_add(hub, path) for path in files]
    show({"pilots": answers}, as_json=as_json, text=lambda: "\n".join(_added_line(hub, one) for one in answers))
    if any(not answer["kept"] for answer in answers):
        sys.exit(FINDINGS)


def _add(hub: HubContext, path: Path) -> dict[str, Any]:
    file = read_plan_file(path, hub.registry.snapshot(), source_documents(hub.database))
    changed = False
    if file.plan is not None:
        changed = Pilots(hub.database).save(
            file.plan.id, file.text, file.sha256, origin=str(path), actor=acting_person(), now=dt.datetime.now(dt.UTC)
        )
    return {
        "file": str(path),
        "id": file.plan.id if file.plan else None,
        "kept": file.plan is not None,
        "changed": changed,
        "shared": _shared(hub, file.plan) if file.plan else [],
        "findings": [finding.as_json(hub.language) for finding in file.findings],
        "text": [finding_line(finding, hub.language) for finding in file.findings],
    }


def _shared(hub: HubContext, plan: Plan) -> list[dict[str, Any]]:
    """What other pilots publish already, in place of this one."""
    taken = find_places(plan, hub.database, hub.registry.snapshot()).taken
    return [
        {"pilot": other, "dataflow": dataflow, "area": area, "periods": list(periods)}
        for other, dataflow, area, periods in gather_taken(taken)
    ]


def _added_line(hub: HubContext, answer: dict[str, Any]) -> str:
    key = "pilot-refused" if not answer["kept"] else "pilot-added" if answer["changed"] else "pilot-same"
    head = sentence(key, hub.language, pilot=answer["id"] or answer["file"], count=len(answer["findings"]))
    shared = shared_lines(answer["shared"], answer["id"], hub.language)
    return "\n".join([head, *(f"  {line}" for line in (*answer["text"], *shared))])


def _plans(hub: HubContext) -> list[Plan]:
    return [parse_stored_plan(stored.document, stored.sha256) for stored in Pilots(hub.database).select()]


def _plan(hub: HubContext, pilot_id: str) -> Plan:
    stored = Pilots(hub.database).get(pilot_id)
    return parse_stored_plan(stored.document, stored.sha256)


@pilot.command("list")
@json_option
@pass_hub
def list_(hub: HubContext, *, as_json: bool) -> None:
    r"""List the pilots: who takes part, what is shared, how far they are.

    \b
    Examples:
      sdmx-hub pilot list
      sdmx-hub pilot list --json
    """
    now = dt.datetime.now(dt.UTC)
    rows = [
        {
            "id": plan.id,
            "title": localised(plan.titles, hub.language),
            "participants": [one.source for one in plan.participants],
            "dataflows": [str(flow.dataflow) for flow in plan.flows],
            "periods": len(plan.calendar),
            "begun": len(plan.begun(now)),
            "rounds": len(Pilots(hub.database).rounds(plan.id)),
        }
        for plan in _plans(hub)
    ]
    lines = (f"{row['id']:<20} {row['begun']}/{row['periods']}  {row['rounds']:>3}  {row['title']}" for row in rows)
    show({"pilots": rows}, as_json=as_json, text=lambda: "\n".join(lines) or sentence("pilot-none", hub.language))


@pilot.command("show")
@click.argument("pilot_id", metavar="PILOT")
@json_option
@pass_hub
def show_(hub: HubContext, pilot_id: str, *, as_json: bool) -> None:
    r"""Show a plan as it was read, and its rounds.

    \b
    Examples:
      sdmx-hub pilot show NIC_CRI
      sdmx-hub pilot show NIC_CRI --json
    """
    pilots = Pilots(hub.database)
    stored = pilots.get(pilot_id)
    rounds = [
        {"number": one.number, "slot": str(one.slot), "period": one.period, "by": one.actor}
        for one in pilots.rounds(pilot_id)
    ]
    answer = {"plan": json.loads(stored.document), "sha256": stored.sha256, "origin": stored.origin, "rounds": rounds}
    show(answer, as_json=as_json, text=lambda: json.dumps(answer, ensure_ascii=False, indent=2))


@pilot.command()
@click.argument("pilot_id", metavar="PILOT")
@pass_hub
def remove(hub: HubContext, pilot_id: str) -> None:
    r"""Forget a pilot; its visits stay in the ledger, what was published of it stays published.

    \b
    Examples:
      sdmx-hub pilot remove NIC_CRI
    """
    Pilots(hub.database).remove(pilot_id, actor=acting_person(), now=dt.datetime.now(dt.UTC))


@pilot.command()
@click.argument("pilot_id", metavar="PILOT")
@click.option("--period", help="What the round is about; the last period that has ended unless told.")
@json_option
@pass_hub
def run(hub: HubContext, pilot_id: str, *, period: str | None, as_json: bool) -> None:
    r"""Visit all participants now, in order, publish the indicators, and report.

    Again in the same minute nobody is visited twice. Exits with 0 when every visit succeeded or found nothing new,
    4 when some did not, 1 when none did.

    \b
    Examples:
      sdmx-hub pilot run NIC_CRI
      sdmx-hub pilot run NIC_CRI --period 2026-01 --json
    """
    plan = _plan(hub, pilot_id)
    worker = Worker(parts=make_parts(hub))
    begun, done = run_round(worker, plan, period=period, actor=acting_person())
    tell(f"{plan.id} {begun.number} {begun.period}")
    judged = _judged(hub, plan)
    release_pilot(judged, hub.registry.snapshot(), hub.observations, now=judged.now, actor=acting_person())
    report = report_pilot(judged, hub.registry.snapshot(), hub.language, period=begun.period)
    show(report, as_json=as_json, text=lambda: "\n".join(lines_of_pilot(report, hub.language)))
    bad = sum(one.state not in GOOD for one in done)
    sys.exit(DONE if not bad else FAILED if bad == len(done) else PARTIAL)


def _judged(hub: HubContext, plan: Plan) -> Judged:
    now = dt.datetime.now(dt.UTC)
    return judge_pilot(plan, hub.database, hub.registry.snapshot(), hub.observations, now=now)


@pilot.command("report")
@click.argument("pilot_id", metavar="PILOT")
@click.option("--period", help="The visits of which period are shown; the last that has ended unless told.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="As what.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it into this file.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Language of the report; that of messages unless told.")
@click.option("--strict", is_flag=True, help="Exit with 3 unless every dataflow is adopted.")
@json_option
@pass_hub
def report_(
    hub: HubContext,
    pilot_id: str,
    *,
    period: str | None,
    form: str,
    output: Path | None,
    language: str | None,
    strict: bool,
    as_json: bool,
) -> None:
    r"""Report on a pilot: visits, indicators, the mirror between its participants, mechanisms compared, verdicts.

    \b
    Examples:
      sdmx-hub pilot report NIC_CRI
      sdmx-hub pilot report NIC_CRI --format html --language es --output informe.html
      sdmx-hub pilot report NIC_CRI --format sdmx --output DF_Q_RUN.csv
    """
    plan = _plan(hub, pilot_id)
    if period is not None:
        plan.entry(period)
    judged = _judged(hub, plan)
    spoken = language or hub.language
    report = report_pilot(judged, hub.registry.snapshot(), spoken, period=period)
    text = _rendered(hub, judged, report, "json" if as_json else form, spoken)
    if output is None:
        click.echo(text.replace("\r\n", "\n"), nl=not text.endswith("\n"))
    else:
        output.write_text(text, encoding="utf-8", newline="")
        tell(sentence("export-done", hub.language, file=output))
    if strict and any(flow["verdict"] != "adopt" for flow in report["flows"]):
        sys.exit(FINDINGS)


def _rendered(hub: HubContext, judged: Judged, report: dict[str, Any], form: str, language: str) -> str:
    if form == "json":
        return json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    if form == "html":
        return write_html(report, language)
    if form == "csv":
        return write_csv(report)
    if form == "sdmx":
        told = io.StringIO(newline="")
        write_observations(judged, judged.figures, hub.registry.snapshot().get(DATAFLOW).urn, told)
        return told.getvalue()
    return "\n".join(lines_of_pilot(report, language)) + "\n"
