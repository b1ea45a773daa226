"""Administration under ``/api``: what an operator's scripts do. Nothing that writes is reachable without a key."""

from __future__ import annotations

from flask import Blueprint, Response, request

from sdmx_hub.store.ledger import list_runs
from sdmx_hub.web.hub import current_visit
from sdmx_hub.web.published import list_releases
from sdmx_hub.web.site import answer_bytes, dump_json

MOST_RUNS = 500

api = Blueprint("api", __name__, url_prefix="/api")


@api.get("/releases")
def releases() -> Response:
    """Give what was published when, newest first."""
    return _json({"releases": list_releases(current_visit())})


@api.get("/harvest/runs")
def harvest_runs() -> Response:
    """Give the runs of the harvester, newest first; ``source``, ``before`` and ``limit`` narrow."""
    visit = current_visit()
    runs = list_runs(
        visit.hub.database,
        source=request.args.get("source"),
        limit=min(request.args.get("limit", 100, type=int), MOST_RUNS),
        before=request.args.get("before", type=int),
        language=visit.language,
        audience=visit.audience,
    )
    return _json(runs)


def _json(content: dict[str, object], status: int = 200) -> Response:
    return answer_bytes(dump_json(content), "application/json", status)
