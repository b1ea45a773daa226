"""What a run changed, observation by observation: as a download, and the first of it on the page of the run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response, request

from sdmx_hub.errors import NotFound
from sdmx_hub.load.changes import ReleaseChanges, changes_seen, open_release_changes, open_run_changes
from sdmx_hub.model.urn import Ref, parse_ref
from sdmx_hub.query.text import choose
from sdmx_hub.sharing.audiences import INTERNAL
from sdmx_hub.store.keys import OPERATE
from sdmx_hub.store.run_rows import Run
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.sources import Sources
from sdmx_hub.web.access import find_key
from sdmx_hub.web.hub import Visit, current_visit
from sdmx_hub.web.labels import Labels
from sdmx_hub.web.stream import asked_encoding, stream

CSV, JSON = "csv", "json"
CONTENT_TYPES = {CSV: "application/vnd.sdmx.data+csv;version=2.0.0", JSON: "application/json"}
FIRST_CHANGES = 50


def send_changes(run_id: int) -> Response:
    """Answer what a run changed: to who operates all of it, to others what they saw change."""
    visit, key = current_visit(), find_key()
    audience = INTERNAL if key and OPERATE in key.scopes else visit.audience
    form = choose((request.args.get("format") or _accepted()).lower(), "format", (CSV, JSON))
    run = Runs(visit.hub.database).get(run_id)
    changes = open_run_changes(
        run.outcome.release_id,
        _dataflow(visit, run),
        visit.artefacts,
        visit.hub.observations,
        audience=audience,
        now=visit.now,
    )
    pieces = changes.csv() if form == CSV else changes.json()
    response = stream(pieces, content_type=CONTENT_TYPES[form], encoding=asked_encoding())
    response.call_on_close(changes.close)
    response.headers["Content-Disposition"] = f'attachment; filename="run-{run_id}-changes.{form}"'
    response.headers["Vary"] = "Authorization, Accept, Accept-Encoding"
    response.headers["Cache-Control"] = "private, no-store" if key else "no-cache"
    return response


@dataclass(frozen=True)
class FirstChanges:
    """The first changes of a run, with the names of their codes, and what their components are called."""

    changes: tuple[dict[str, Any], ...] = ()
    heads: Mapping[str, str] = field(default_factory=dict)


def first_changes(visit: Visit, run_id: int) -> FirstChanges:
    """The first changes of a run that the reader may see, named in their language; none when there are none."""
    release = Runs(visit.hub.database).get(run_id).outcome.release_id
    observations = visit.hub.observations
    if release is None or not changes_seen(release, observations, audience=visit.audience, now=visit.now):
        return FirstChanges()
    changes = open_release_changes(release, visit.artefacts, observations, audience=visit.audience, now=visit.now)
    labels = Labels(visit.artefacts, changes.structure, visit.language)
    drawn = tuple({**one, "names": _names(one["key"], labels)} for one in _drawn(changes))
    return FirstChanges(drawn, {name: labels.component(name) for name in changes.structure.components})


def _names(key: Mapping[str, str | None], labels: Labels) -> dict[str, str]:
    return {name: labels.code(name, code) for name, code in key.items() if code is not None}


def _drawn(changes: ReleaseChanges) -> list[dict[str, Any]]:
    try:
        return changes.first(FIRST_CHANGES)
    finally:
        changes.close()


def _accepted() -> str:
    wanted = request.accept_mimetypes.best_match([CONTENT_TYPES[JSON], "text/csv", CONTENT_TYPES[CSV]], "text/csv")
    return JSON if wanted == CONTENT_TYPES[JSON] and not request.accept_mimetypes["text/csv"] else CSV


def _dataflow(visit: Visit, run: Run) -> Ref | None:
    """The dataflow a run was for; None when its source is not there any more."""
    try:
        document = json.loads(Sources(visit.hub.database).get(run.source).document)
    except NotFound:
        return None
    flows = (parse_ref(flow["dataflow"]) for flow in document["flows"] if flow_id(flow) == run.flow)
    return next(flows, None)


def flow_id(flow: dict[str, str]) -> str:
    """The name of a flow in the ledger."""
    return flow.get("id") or flow["dataflow"].partition(":")[2].partition("(")[0]
