"""What a person sees who opens an address of the API in a browser: the query, and its answer in every format."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response, request

from sdmx_hub.formats.table import Api, Kind
from sdmx_hub.language import localised
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.web.downloads import list_downloads
from sdmx_hub.web.hub import Visit
from sdmx_hub.web.listing import page_path
from sdmx_hub.web.site import show

MOST_DATAFLOWS = 50


def show_query(kind: Kind, api: Api, visit: Visit, dataflows: Iterable[Artefact] = ()) -> Response:
    """Show the page of a query; ``dataflows`` are those it reads, each with a page of its own."""
    query = request.query_string.decode("latin-1")
    url = visit.base_url + request.path + (f"?{query}" if query else "")
    flows = [
        {"path": page_path(one.ref), "name": localised(one.names, visit.language) or one.ref.id}
        for one, _ in zip(dataflows, range(MOST_DATAFLOWS), strict=False)
    ]
    found = list_downloads(kind, api, url, visit.language)
    content = {"url": url, "kind": kind, "downloads": found, "dataflows": flows}
    return show("query.html", content)
