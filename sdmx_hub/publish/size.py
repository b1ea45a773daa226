"""Size: how much an answer would hold, found out before it is opened, and how to ask for less of it.

Counting takes a part of what drawing takes, and nothing where the whole dataflow is smaller than the limit. What is too
large is refused with the number, the limit, and the dimension to split the question by: the one with the fewest codes
of those whose every part would be allowed, with the number each code has.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from sdmx_hub.errors import TooLarge
from sdmx_hub.model.rows import Rows, quoted
from sdmx_hub.publish.paging import count_rows, within
from sdmx_hub.publish.sources import Source
from sdmx_hub.query.plan import Plan
from sdmx_hub.query.request import DataQuery
from sdmx_hub.store.manifest import Version
from sdmx_hub.store.observations import Observations

_TOLD = 60
"""Codes whose numbers are told, the largest first."""


def count_answer(query: DataQuery, sources: Sequence[tuple[Source, Version]], observations: Observations) -> int:
    """Count what the answer to a query holds: observations (deleted ones too), or series keys when only they come."""
    return within(query, sum(_count(query, source, version, observations) for source, version in sources))


def check_size(
    query: DataQuery, sources: Sequence[tuple[Source, Version]], observations: Observations, most: int
) -> None:
    """Refuse an answer of more than ``most``, before anything of it is drawn. Raises TooLarge."""
    if _is_small(query, sources, most):
        return
    count = count_answer(query, sources, observations)
    if count > most:
        raise _refusal(count, most, sources, observations)


def _is_small(query: DataQuery, sources: Sequence[tuple[Source, Version]], most: int) -> bool:
    """Tell without looking that there cannot be too much."""
    if query.limit is not None and query.limit <= most:
        return True
    known = [version.rows for _, version in sources if version.rows is not None]
    return not query.include_history and len(known) == len(sources) and sum(known) <= most


def _count(query: DataQuery, source: Source, version: Version, observations: Observations) -> int:
    plan, ref = _bare(source.plan), source.dataflow.ref
    if query.include_history:
        vintages = observations.open_history(ref, plan.structure, plan, version=version)
        after = query.updated_after
        return sum(
            _counted(rows) * (after is None or vintage.visible_from > after)
            for vintage in vintages
            for rows in (vintage.rows, vintage.deleted)
        )
    count = _counted(observations.open_keys(plan, version))
    if query.updated_after is not None:
        count += _counted(observations.open_deleted(ref, plan.structure, plan, version=version))
    return count


def _bare(plan: Plan) -> Plan:
    """The same rows without what counting does not need."""
    return dataclasses.replace(plan, measure_ids=(), attribute_ids=(), sort=(), offset=0, limit=None)


def _counted(rows: Rows) -> int:
    try:
        return count_rows(rows)
    finally:
        rows.close()


def _refusal(count: int, most: int, sources: Sequence[tuple[Source, Version]], observations: Observations) -> TooLarge:
    """Say how to split: by the source with most, where there are several."""
    parts = [
        (sum(next(iter(found.values()), {}).values()), found)
        for source, version in sources
        if (found := _by_code(source, version, observations))
    ]
    dimension, by_code = choose_split(max(parts, key=lambda part: part[0])[1] if parts else {}, most)
    if not dimension:
        return TooLarge("publish-too-large", count=count, most=most)
    listed = sorted(by_code.items(), key=lambda one: -one[1])
    told = ", ".join(f"{code} {found}" for code, found in listed[:_TOLD])
    return TooLarge(
        "publish-too-large-split",
        count=count,
        most=most,
        dimension=dimension,
        parts=told + (", …" if len(listed) > _TOLD else ""),
        codes=len(listed),
    )


def _by_code(source: Source, version: Version, observations: Observations) -> dict[str, dict[str, int]]:
    """Count by each code of each dimension."""
    rows = observations.open_keys(_bare(source.plan), version)
    try:
        return {key: _grouped(rows, key) for key in rows.columns}
    finally:
        rows.close()


def _grouped(rows: Rows, key: str) -> dict[str, int]:
    name = quoted(key)
    sql = f"SELECT {name}, count(*) FROM ({rows.sql}) GROUP BY 1 ORDER BY 1"  # noqa: S608 - the store's own SQL
    return {str(code): int(count) for code, count in rows.connection.execute(sql, list(rows.params)).fetchall()}


def choose_split(found: Mapping[str, Mapping[str, int]], most: int) -> tuple[str, Mapping[str, int]]:
    """Choose the dimension to split by: the fewest parts that are all allowed, else those that are smallest."""
    several = {key: by_code for key, by_code in found.items() if len(by_code) > 1}
    if not several:
        return "", {}

    def worth(key: str) -> tuple[bool, int]:
        largest = max(several[key].values())
        return largest > most, largest if largest > most else len(several[key])

    chosen = min(several, key=worth)
    return chosen, several[chosen]
