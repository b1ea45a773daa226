"""Pages for people, each with a ``.json`` twin of the same content. Server-rendered; a page is its address."""

from __future__ import annotations

from flask import Blueprint, Response, request

from sdmx_hub.language import localised
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.web import downloads
from sdmx_hub.web.categories import group_dataflows, list_schemes
from sdmx_hub.web.charts import mark
from sdmx_hub.web.conditional import parse_moment
from sdmx_hub.web.explorer import explore
from sdmx_hub.web.hub import base_url, current_hub, current_visit
from sdmx_hub.web.languages import explicit_language
from sdmx_hub.web.limits import list_limits
from sdmx_hub.web.listing import list_dataflows, search
from sdmx_hub.web.notes import structured
from sdmx_hub.web.published import list_releases
from sdmx_hub.web.site import asked_number, show, with_parameters

RELEASES_A_PAGE = 50
MOST_PAGES = 200
LONGEST_SEARCH = 200

pages = Blueprint("pages", __name__)


@pages.get("/")
@pages.get("/index.json")
def home() -> Response:
    """List the dataflows by category, with what they hold; ``?q=`` searches, ``?by=`` names a category scheme."""
    visit = current_visit()
    text = request.args.get("q", "").strip()[:LONGEST_SEARCH]
    listed = search(list_dataflows(visit), text)
    schemes = list_schemes(visit)
    scheme = next((one for one in schemes if one.ref.id == request.args.get("by")), schemes[0] if schemes else None)
    updated = max((one.updated for one in listed if one.updated), default=None)
    content = {
        "search": text,
        "found": len(listed),
        "with_data": sum(one.holdings is not None for one in listed),
        "observations": sum(one.holdings.observations for one in listed if one.holdings),
        "updated": updated.isoformat() if updated else None,
        "by": scheme.ref.id if scheme else None,
        "schemes": [{"id": one.ref.id, "name": localised(one.names, visit.language)} for one in schemes],
        "groups": [group.as_json() for group in group_dataflows(visit, listed, scheme)],
    }
    moments = {one.path: one.updated for one in listed}
    return show("home.html", content, updated=updated, moments=moments, explicit=explicit_language())


@pages.get("/dataflow/<agency_id>/<dataflow_id>")
@pages.get("/dataflow/<agency_id>/<dataflow_id>.json")
def dataflow(agency_id: str, dataflow_id: str) -> Response:
    """Show one dataflow: choices, chart, table, downloads, lines of code, citation."""
    visit = current_visit()
    artefact = visit.artefacts.get(Urn("Dataflow", Ref(agency_id, dataflow_id, "~")))
    page = explore(visit, artefact, request.args)
    number = page.selection.page
    return show(
        "dataflow.html",
        page.content,
        chart=page.chart,
        dataset=page.dataset,
        mark=mark,
        structured=structured,
        updated=page.updated,
        explicit=explicit_language(),
        previous_page=with_parameters({"page": str(number - 1)}) if number > 1 else None,
        next_page=with_parameters({"page": str(number + 1)}) if page.has_more else None,
    )


@pages.get("/releases")
@pages.get("/releases.json")
def releases() -> Response:
    """Tell what was published when, newest first, fifty at a time (``?page=`` continues)."""
    visit = current_visit()
    number = asked_number("page", most=MOST_PAGES) or 1
    found = list_releases(visit)
    shown = found[(number - 1) * RELEASES_A_PAGE : number * RELEASES_A_PAGE]
    older = with_parameters({"page": str(number + 1)}) if number * RELEASES_A_PAGE < len(found) else None
    newer = with_parameters({"page": str(number - 1)}) if number > 1 else None
    return show("releases.html", {"page": number, "releases": shown}, parse=parse_moment, older=older, newer=newer)


@pages.get("/about")
@pages.get("/about.json")
def about() -> Response:
    """Say what this is, where the API answers, in which formats, and how programs connect."""
    settings, base = current_hub().settings, base_url()
    content = {
        "name": settings.hub_name,
        "contact": settings.contact or None,
        "licence": settings.licence,
        "editions": [
            {
                "name": "SDMX REST 1.5 (SDMX 2.1)",
                "url": f"{base}/sdmx/v1",
                "example": f"{base}/sdmx/v1/dataflow/all/all/latest?detail=allstubs",
            },
            {
                "name": "SDMX REST 2.2 (SDMX 3)",
                "url": f"{base}/sdmx/v2",
                "example": f"{base}/sdmx/v2/structure/dataflow/*/*/~?detail=allstubs",
            },
        ],
        "formats": [
            {"media_type": row.content_type, "names": [row.id, *row.aliases]} for row in downloads.known_formats("data")
        ],
        "snippets": downloads.client_snippets(base, settings.hub_id, settings.hub_name),
    }
    return show("about.html", content)


@pages.get("/about/limits")
@pages.get("/about/limits.json")
def limits() -> Response:
    """Publish the limits."""
    found = list_limits(current_hub().settings)
    return show("limits.html", {"limits": [{"name": name, "value": value} for name, value in found]})
