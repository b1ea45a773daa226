"""What was published when, as one audience sees it: releases that changed nothing for it do not exist for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sdmx_hub.language import localised
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.releases import Change
from sdmx_hub.web.hub import Visit
from sdmx_hub.web.listing import page_path

MOST_RELEASES = 10_000


def list_releases(visit: Visit) -> list[dict[str, Any]]:
    """List the moments at which something became visible to this audience, newest first, with what it did.

    Releases are told by their moment, not by their number: a gap in the numbers would tell of what is withheld.
    """
    moments: dict[str, list[dict[str, Any]]] = {}
    for change in _visible_changes(visit):
        moments.setdefault(change.visible_from.isoformat(), []).append(_change(visit, change))
    return [{"visible_from": moment, "dataflows": moments[moment]} for moment in sorted(moments, reverse=True)]


def _visible_changes(visit: Visit) -> Iterator[Change]:
    for release in visit.hub.observations.releases(limit=MOST_RELEASES):
        for change in release.changes:
            if change.audience == visit.audience and change.visible_from <= visit.now and change.counts.changed:
                yield change


def _change(visit: Visit, change: Change) -> dict[str, Any]:
    artefact = visit.artefacts.find(Urn("Dataflow", change.dataflow))
    return {
        "dataflow": str(change.dataflow),
        "path": page_path(change.dataflow),
        "name": localised(artefact.names, visit.language) if artefact else change.dataflow.id,
        "added": change.counts.added,
        "revised": change.counts.revised,
        "deleted": change.counts.deleted,
    }
