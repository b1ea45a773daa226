"""The pages about corridors: whether origin and destination agree, and all that is published of two countries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from sdmx_hub.errors import NotFound
from sdmx_hub.language import sentence
from sdmx_hub.quality.dossier import open_dossier
from sdmx_hub.quality.mirror import MirrorQuery, open_mirror, versions_compared
from sdmx_hub.quality.mirror_report import report_mirror
from sdmx_hub.quality.pair_rules import RULES
from sdmx_hub.store.judgements import Judgements
from sdmx_hub.web.hub import Visit, current_visit
from sdmx_hub.web.site import show

PAIRS_SHOWN = 300

pages_mirror = Blueprint("pages_mirror", __name__)


@pages_mirror.get("/mirror")
@pages_mirror.get("/mirror.json")
def mirror() -> Response:
    """Compare what both ends of corridors report; ``?rule=``, ``?area=`` and ``?period=`` narrow it."""
    visit = current_visit()
    asked = {name: request.args.get(name, "").strip()[:40] for name in ("rule", "area", "period")}
    content = visit.hub.memory.recall(
        ("mirror", *asked.values(), *_state(visit)), lambda: _compared(visit, _query(asked), asked)
    )
    return show("mirror.html", content)


@pages_mirror.get("/corridors/<first>/<second>")
@pages_mirror.get("/corridors/<first>/<second>.json")
def corridor(first: str, second: str) -> Response:
    """Show all that is published of two countries about each other."""
    visit = current_visit()
    if not all(len(code) <= 40 for code in (first, second)):
        raise NotFound("dossier-empty", first=first[:40], second=second[:40])
    content = visit.hub.memory.recall(
        ("corridor", first, second, *_state(visit)), lambda: _dossier(visit, (first, second))
    )
    return show("corridor.html", content)


def _state(visit: Visit) -> tuple[object, ...]:
    """What an answer depends on beside what was asked."""
    judged = Judgements(visit.hub.database).last_id()
    seen = versions_compared(visit.artefacts, visit.hub.observations, audience=visit.audience, now=visit.now)
    return (visit.language, visit.artefacts.revision, judged, *seen)


def _query(asked: Mapping[str, str]) -> MirrorQuery:
    known = {rule.id for rule in RULES}
    return MirrorQuery(
        rules=frozenset({asked["rule"]} & known),
        area=asked["area"].upper() or None,
        periods=frozenset({asked["period"]} - {""}),
    )


def _compared(visit: Visit, query: MirrorQuery, asked: Mapping[str, str]) -> dict[str, Any]:
    with open_mirror(
        query,
        visit.artefacts,
        visit.hub.observations,
        audience=visit.audience,
        now=visit.now,
        judgements=Judgements(visit.hub.database).current(),
    ) as found:
        report = report_mirror(found, visit.artefacts, visit.language, limit=PAIRS_SHOWN)
    rules = [{"id": rule.id, "title": sentence(f"mirror-rule-{rule.id}", visit.language)} for rule in RULES]
    return {"asked": dict(asked), "rules": rules, **report}


def _dossier(visit: Visit, asked: tuple[str, str]) -> dict[str, Any]:
    found = open_dossier(
        asked,
        visit.artefacts,
        visit.hub.observations,
        audience=visit.audience,
        now=visit.now,
        language=visit.language,
        judgements=Judgements(visit.hub.database).current(),
    )
    if not found["dataflows"]:
        raise NotFound("dossier-empty", first=found["corridor"][0]["name"], second=found["corridor"][1]["name"])
    return found
