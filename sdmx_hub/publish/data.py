"""Data: a query becomes a message of datasets whose rows are still to be drawn.

Which datasets (SDMX 3.1, section 5; REST v2.2, data queries):

| asked | datasets of each dataflow |
|---|---|
| data | the observations: Replace; Merge when attributes or measures were left out |
| ``updatedAfter`` | the keys deleted since: Delete; then the observations that came or changed since |
| ``includeHistory`` | for each release: what it brought (valid from), then the keys it deleted (valid to): Delete |

A message has a dataset only where there is something to tell; without any there are no results.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from sdmx_hub.errors import NoResults
from sdmx_hub.formats.several import without_idle_languages
from sdmx_hub.model.message import Action, DataMessage, Dataset, Header
from sdmx_hub.model.rows import FEW_ROWS, Rows
from sdmx_hub.publish.labels import find_codelist, find_names
from sdmx_hub.publish.paging import Window
from sdmx_hub.publish.size import check_size, count_answer
from sdmx_hub.publish.sources import Source, find_sources, query_name
from sdmx_hub.query.request import DataQuery
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.manifest import Version
from sdmx_hub.store.observations import Observations


@dataclass(frozen=True)
class DataVersion:
    """What the answer to a query depends on, apart from how it is written; ``etag`` is a bare text.

    ``sources`` are what it is told of: given to ``open_data``, the answer is of this version and no later one.
    """

    etag: str
    last_modified: dt.datetime
    sources: tuple[tuple[Source, Version], ...] = field(default=(), repr=False, compare=False)


def data_version(
    query: DataQuery, artefacts: Artefacts, observations: Observations, *, audience: str, now: dt.datetime
) -> DataVersion:
    """Tell the version of what ``open_data`` would open, without looking at observations.

    Raises NotFound, NoResults when nothing was ever released, and what ``plan_data`` raises.
    """
    sources = tuple(_versions(query, artefacts, observations, audience=audience, now=now))
    if not sources:
        raise NoResults("no-results", what=query_name(query))
    told = "\x1f".join((str(artefacts.revision), repr(query), *(version.etag for _, version in sources)))
    etag = hashlib.sha256(told.encode()).hexdigest()[:32]
    return DataVersion(etag, max(version.visible_from for _, version in sources), sources)


def open_data(
    query: DataQuery,
    artefacts: Artefacts,
    observations: Observations,
    *,
    audience: str,
    now: dt.datetime,
    header: Header,
    language: str = "en",
    base_url: str = "",
    most: int | None = None,
    version: DataVersion | None = None,
) -> DataMessage:
    """Open the answer to a query: for each dataflow that matches, the datasets of the table above.

    ``version`` is what ``data_version`` gave for this query; without it the newest is opened. Raises NotFound when
    nothing has the name asked for, NoResults when nothing matches, TooLarge when there are more than ``most``
    observations, and what ``plan_data`` raises.
    """
    asked = version or data_version(query, artefacts, observations, audience=audience, now=now)
    if most is not None:
        check_size(query, asked.sources, observations, most)
    window = _window(query, asked)
    datasets = [
        without_idle_languages(_dataset(source, dataclasses.replace(part, rows=rows), artefacts))
        for source, state in asked.sources
        for part in _parts(query, _paged(source, query, window), state, observations)
        if (rows := _looked_at(part.rows, window)) is not None
    ]
    if not datasets:
        raise NoResults("no-results", what=query_name(query))
    return DataMessage(header=header, datasets=tuple(datasets), language=language, base_url=base_url)


def count_data(query: DataQuery, version: DataVersion, observations: Observations, *, most: int | None = None) -> int:
    """Count what ``open_data`` would give: observations, or series where only their keys are asked for.

    ``version`` is what ``data_version`` gave for this query. Raises NoResults when there is nothing, TooLarge when
    there is more than ``most``.
    """
    if most is not None:
        check_size(query, version.sources, observations, most)
    count = count_answer(query, version.sources, observations)
    if not count:
        raise NoResults("no-results", what=query_name(query))
    return count


def is_of_series(version: DataVersion) -> bool:
    """Tell whether series, not observations, are what an answer consists of."""
    return all(source.plan.series_keys_only for source, _ in version.sources)


def _window(query: DataQuery, version: DataVersion) -> Window | None:
    """What pages an answer of several datasets; None for one dataset, which the engine pages itself."""
    if len(version.sources) > 1 or query.include_history or query.updated_after is not None:
        return Window(query)
    return None


def _paged(source: Source, query: DataQuery, window: Window | None) -> Source:
    offset, limit = (0, None) if window else (query.offset, query.limit)
    if (source.plan.offset, source.plan.limit) == (offset, limit):
        return source
    return dataclasses.replace(source, plan=dataclasses.replace(source.plan, offset=offset, limit=limit))


def _versions(
    query: DataQuery, artefacts: Artefacts, observations: Observations, *, audience: str, now: dt.datetime
) -> Iterator[tuple[Source, Version]]:
    """The sources of a query that hold anything the audience may see, with the version it sees."""
    for source in find_sources(query, artefacts):
        version = observations.version(source.dataflow.ref, audience, now=now, as_of=query.as_of)
        if version is not None:
            yield source, version


@dataclass(frozen=True, kw_only=True)
class _Part:
    """What becomes a dataset."""

    rows: Rows
    action: Action
    valid_from: dt.datetime | None = None
    valid_to: dt.datetime | None = None


def _parts(query: DataQuery, source: Source, version: Version, observations: Observations) -> Iterator[_Part]:
    ref, plan = source.dataflow.ref, source.plan
    action = Action.MERGE if query.is_partial else Action.REPLACE
    if query.include_history:
        for vintage in observations.open_history(ref, source.structure, plan, version=version):
            if query.updated_after is not None and vintage.visible_from <= query.updated_after:
                vintage.rows.close()
                vintage.deleted.close()
                continue
            yield _Part(rows=vintage.rows, action=action, valid_from=vintage.visible_from)
            yield _Part(rows=vintage.deleted, action=Action.DELETE, valid_to=vintage.visible_from)
        return
    if query.updated_after is not None:
        yield _Part(rows=observations.open_deleted(ref, source.structure, plan, version=version), action=Action.DELETE)
    yield _Part(rows=observations.open_rows(ref, source.structure, plan, version=version), action=action)


def _looked_at(whole: Rows, window: Window | None) -> Rows | None:
    """Find out whether there is anything to draw; without any, give the connection back.

    Few rows are kept in a table of the connection's own, for writers ask for them more than once.
    """
    rows = window.cut(whole) if window else whole
    if rows is None:
        return None
    beginning = f"SELECT * FROM ({rows.sql}) LIMIT {FEW_ROWS + 1}"  # noqa: S608 - the store's own SQL
    made = rows.connection.execute(f"CREATE OR REPLACE TEMP TABLE {_FEW} AS {beginning}", list(rows.params))
    counted = made.fetchall()[0][0]
    if counted > FEW_ROWS:
        rows.connection.execute(f"DROP TABLE {_FEW}")
        return rows
    if counted:
        return dataclasses.replace(rows, sql=f"SELECT * FROM {_FEW}", params=(), is_few=True)  # noqa: S608 - the same
    rows.close()
    return None


_FEW = "few_rows"


def _dataset(source: Source, part: _Part, artefacts: Artefacts) -> Dataset:
    plan, structure = source.plan, source.structure
    is_deletion = part.action is Action.DELETE
    return Dataset(
        dataflow=source.dataflow,
        structure=structure,
        structure_artefact=source.structure_artefact,
        rows=part.rows,
        action=part.action,
        dimension_at_observation=plan.dimension_at_observation,
        measure_ids=() if is_deletion else plan.measure_ids,
        attribute_ids=() if is_deletion else plan.attribute_ids,
        codelist=find_codelist(structure, artefacts),
        names=find_names(structure, artefacts),
        series_keys_only=plan.series_keys_only and not is_deletion,
        valid_from=part.valid_from,
        valid_to=part.valid_to,
        agreement=source.agreement,
    )
