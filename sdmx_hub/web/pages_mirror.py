"""The pages about corridors: whether origin and destination agree, and all that is published of two countries."""

from __future__ import annotations

from flask import Blueprint, Response, request

from sdmx_hub.errors import NotFound
from sdmx_hub.language import sentence
from sdmx_hub.quality.dossier import open_dossier
from sdmx_hub.quality.mirror import Mirror, MirrorQuery, make_mirror, versions_compared
from sdmx_hub.quality.mirror_page import report_page
from sdmx_hub.quality.pair_rules import RULES
from sdmx_hub.store.judgements import Judgements
from sdmx_hub.web.charts import mark
from sdmx_hub.web.corridor_charts import draw_corridor
from sdmx_hub.web.hub import Visit, current_visit
from sdmx_hub.web.site import asked_number, show, with_parameters

ROWS_A_PAGE = 50
MOST_ROWS = 500
MOST_PAGES = 10_000

pages_mirror = Blueprint("pages_mirror", __name__)


@pages_mirror.get("/mirror")
@pages_mirror.get("/mirror.json")
def mirror() -> Response:
    """Compare what both ends of corridors report; ``?rule=``, ``?area=`` and ``?period=`` narrow it.

    Fifty rows a page (``?limit=`` changes that, ``?page=`` continues): what both ends tell, the worst first; corridors
    where nothing can be compared; last what one end tells, counted by country, of one ``area`` by partner.
    """
    visit = current_visit()
    asked = {name: request.args.get(name, "").strip()[:40] for name in ("rule", "area", "period")}
    asked["area"] = asked["area"].upper()
    number = asked_number("page", most=MOST_PAGES) or 1
    query = MirrorQuery(
        rules=frozenset({asked["rule"]} & {rule.id for rule in RULES}),
        area=asked["area"] or None,
        periods=frozenset({asked["period"]} - {""}),
    )
    report = report_page(
        _compared(visit).narrowed(query),
        visit.artefacts,
        visit.language,
        page=number,
        limit=asked_number("limit", most=MOST_ROWS) or ROWS_A_PAGE,
    )
    rules = [{"id": rule.id, "title": sentence(f"mirror-rule-{rule.id}", visit.language)} for rule in RULES]
    return show(
        "mirror.html",
        {"asked": asked, "rules": rules, **report},
        previous_page=with_parameters({"page": str(min(number - 1, report["pages"]))}) if number > 1 else None,
        next_page=with_parameters({"page": str(number + 1)}) if number < report["pages"] else None,
    )


def _compared(visit: Visit) -> Mirror:
    """The comparison of everything, made once for what this visit sees of the two sides."""
    judgements = Judgements(visit.hub.database)
    seen = versions_compared(visit.artefacts, visit.hub.observations, audience=visit.audience, now=visit.now)
    return visit.hub.memory.recall(
        ("mirror", visit.artefacts.revision, judgements.last_id(), visit.audience, *seen),
        lambda: make_mirror(
            MirrorQuery(),
            visit.artefacts,
            visit.hub.observations,
            audience=visit.audience,
            now=visit.now,
            judgements=judgements.current(),
        ),
    )


@pages_mirror.get("/corridors/<first>/<second>")
@pages_mirror.get("/corridors/<first>/<second>.json")
def corridor(first: str, second: str) -> Response:
    """Show all that is published of two countries about each other."""
    visit = current_visit()
    if not all(len(code) <= 40 for code in (first, second)):
        raise NotFound("dossier-empty", first=first[:40], second=second[:40])
    found = open_dossier(
        (first, second),
        visit.artefacts,
        visit.hub.observations,
        _compared(visit),
        audience=visit.audience,
        now=visit.now,
        language=visit.language,
    )
    if not found["dataflows"]:
        raise NotFound("dossier-empty", first=found["corridor"][0]["name"], second=found["corridor"][1]["name"])
    return show("corridor.html", found, charts=draw_corridor(found["mirror"]["pairs"], visit.language), mark=mark)
