"""The pages about pilots: what everybody may know of them, indicators and verdicts. Visits are on the harvest pages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from markupsafe import Markup

from sdmx_hub.errors import NotFound
from sdmx_hub.language import localised
from sdmx_hub.quality.pilot import Plan, parse_stored_plan
from sdmx_hub.quality.pilot_html import write_body
from sdmx_hub.quality.pilot_judge import Judged, judge_pilot
from sdmx_hub.quality.pilot_keeper import pilot_state
from sdmx_hub.quality.pilot_report import public_pilot
from sdmx_hub.store.judgements import Judgements
from sdmx_hub.store.pilots import Pilots
from sdmx_hub.web.hub import Visit, current_visit
from sdmx_hub.web.site import link, show

pages_pilot = Blueprint("pages_pilot", __name__)


@pages_pilot.get("/pilots")
@pages_pilot.get("/pilots.json")
def pilots() -> Response:
    """List the pilots: who takes part, and how far they are."""
    visit = current_visit()
    rows = [_row(plan, visit) for plan in _plans(visit)]
    return show("pilots.html", {"pilots": rows})


def _row(plan: Plan, visit: Visit) -> dict[str, Any]:
    return {
        "id": plan.id,
        "title": localised(plan.titles, visit.language),
        "participants": [one.source for one in plan.participants],
        "dataflows": [str(flow.dataflow) for flow in plan.flows],
        "periods": len(plan.calendar),
        "begun": len(plan.begun(visit.now)),
    }


def _plans(visit: Visit) -> list[Plan]:
    """The pilots all dataflows of which the hub still holds."""
    read = [parse_stored_plan(stored.document, stored.sha256) for stored in Pilots(visit.hub.database).select()]
    return [plan for plan in read if all(visit.artefacts.find(flow.urn) is not None for flow in plan.flows)]


@pages_pilot.get("/pilots/<pilot_id>")
@pages_pilot.get("/pilots/<pilot_id>.json")
def pilot(pilot_id: str) -> Response:
    """Show one pilot: indicators, the mirror between its participants, and the verdict on each dataflow."""
    visit = current_visit()
    found = [plan for plan in _plans(visit) if plan.id == pilot_id]
    if not found:
        raise NotFound("pilot-unknown", pilot=pilot_id[:60])
    report = public_pilot(_judged(found[0], visit), visit.artefacts, visit.language)
    body = write_body(report, visit.language, lambda pair: link(f"/corridors/{pair['origin']}/{pair['destination']}"))
    return show("pilot.html", report, body=Markup(body))  # noqa: S704 - every text of it was escaped there


def _judged(plan: Plan, visit: Visit) -> Judged:
    """The pilot judged, once for all readers until something changes."""
    hub = visit.hub
    state = pilot_state(plan, hub.database, visit.artefacts, hub.observations, now=visit.now)
    return hub.memory.recall(
        ("pilot", plan.id, Judgements(hub.database).last_id(), *state),
        lambda: judge_pilot(plan, hub.database, visit.artefacts, hub.observations, now=visit.now),
    )
