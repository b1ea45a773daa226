"""What a dataflow holds, for pages: counts, codes with data, periods; kept in memory by version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sdmx_hub.errors import NoResults
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.message import Header
from sdmx_hub.publish.data import open_data
from sdmx_hub.publish.sources import Source, find_sources
from sdmx_hub.query.request import DataQuery
from sdmx_hub.store.availability import Availability
from sdmx_hub.store.manifest import Version
from sdmx_hub.web.hub import Visit


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """What one version of a dataflow holds: the codes with data of each dimension, the periods in order of time."""

    observations: int
    series: int
    codes: Mapping[str, tuple[str, ...]]
    periods: tuple[str, ...]
    updated: dt.datetime

    @property
    def first_period(self) -> str | None:
        """The earliest period, if there is time."""
        return self.periods[0] if self.periods else None

    @property
    def last_period(self) -> str | None:
        """The latest period, if there is time."""
        return self.periods[-1] if self.periods else None


def find_holdings(visit: Visit, artefact: Artefact) -> Holdings | None:
    """Find what a dataflow holds for this audience; None when nothing is published."""
    ref = artefact.ref
    version = visit.hub.observations.version(ref, visit.audience, now=visit.now)
    if version is None:
        return None
    key = ("holdings", str(ref), visit.audience, version.etag, visit.artefacts.revision)
    query = DataQuery(agency_ids=(ref.agency_id,), resource_ids=(ref.id,), versions=(ref.version,))
    held: Holdings | None = visit.hub.memory.recall(key, lambda: _read(visit, query, version))
    return held


def _read(visit: Visit, query: DataQuery, version: Version) -> Holdings | None:
    source = find_sources(query, visit.artefacts)[0]
    found = _availability(visit, source, version)
    if not found.observations:
        return None
    time = source.structure.time_dimension
    return Holdings(
        observations=found.observations,
        series=found.series,
        codes=found.codes,
        periods=found.codes[time.id] if time else (),
        updated=version.visible_from,
    )


def count_series(visit: Visit, query: DataQuery) -> int:
    """Count the series a query of one dataflow finds."""
    source = find_sources(query, visit.artefacts)[0]
    version = visit.hub.observations.version(source.dataflow.ref, visit.audience, now=visit.now)
    return _availability(visit, source, version).series if version else 0


def _availability(visit: Visit, source: Source, version: Version) -> Availability:
    ref, observations = source.dataflow.ref, visit.hub.observations
    return observations.availability(ref, source.structure, source.plan, version=version)


def draw_rows(visit: Visit, query: DataQuery) -> list[dict[str, Any]]:
    """Draw the rows of a query that is known to be small."""
    header = Header(id="page", prepared=visit.now, sender_id=visit.hub.settings.hub_id)
    try:
        message = open_data(
            query,
            visit.artefacts,
            visit.hub.observations,
            audience=visit.audience,
            now=visit.now,
            header=header,
            language=visit.language,
        )
    except NoResults:
        return []
    rows: list[dict[str, Any]] = []
    for dataset in message.datasets:
        for batch in dataset.rows.batches():
            rows += batch.to_pylist()
        dataset.rows.close()
    return rows
