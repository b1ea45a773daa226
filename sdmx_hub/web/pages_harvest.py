"""The pages about harvests: which partners are visited, when, and how it went, as far as the reader may know."""

from __future__ import annotations

from flask import Blueprint, Response, request

from sdmx_hub.harvest.attendance import read_attendance
from sdmx_hub.harvest.health import health_json
from sdmx_hub.language import localised
from sdmx_hub.store.ledger import list_runs, show_run
from sdmx_hub.web.conditional import parse_moment
from sdmx_hub.web.hub import Visit, current_visit
from sdmx_hub.web.run_changes import FIRST_CHANGES, first_changes
from sdmx_hub.web.site import asked_number, show, with_parameters
from sdmx_hub.web.sources import health_reader

RUNS_A_PAGE = 50

pages_harvest = Blueprint("pages_harvest", __name__)


@pages_harvest.get("/harvest")
@pages_harvest.get("/harvest.json")
def harvests() -> Response:
    """Tell the visits, newest first, fifty at a time (``?before=`` continues), and each partner's last good one."""
    visit = current_visit()
    before = asked_number("before")
    source = request.args.get("source") or None
    listed = list_runs(
        visit.hub.database,
        source=source,
        before=before,
        limit=RUNS_A_PAGE + 1,
        language=visit.language,
        audience=visit.audience,
    )["runs"]
    shown = listed[:RUNS_A_PAGE]
    keeper = read_attendance(visit.hub.database, now=visit.now)
    content = {"sources": _sources(visit), "scheduler": keeper.as_public(visit.language), "runs": shown}
    older = with_parameters({"before": str(shown[-1]["id"])}) if len(listed) > RUNS_A_PAGE else None
    newer = with_parameters({"before": None}) if before is not None else None
    return show("harvest.html", content, parse=parse_moment, older=older, newer=newer)


def _sources(visit: Visit) -> list[dict[str, object]]:
    """Every partner with its health; what went wrong, and for which flow, is for operators."""
    return [
        {
            "id": health.source,
            "name": localised(health.titles, visit.language),
            **health_json(health, visit.language, in_full=False),
        }
        for health in health_reader(visit.hub).read_all(now=visit.now)
    ]


@pages_harvest.get("/harvest/<int(max=9223372036854775807):run_id>")
@pages_harvest.get("/harvest/<int(max=9223372036854775807):run_id>.json")
def harvest(run_id: int) -> Response:
    """Show one visit."""
    visit = current_visit()
    run = show_run(visit.hub.database, run_id, visit.language, audience=visit.audience)
    first = first_changes(visit, run_id)
    content = {**run, "changes": list(first.changes)}
    return show("harvest_run.html", content, parse=parse_moment, most=FIRST_CHANGES, heads=first.heads)
