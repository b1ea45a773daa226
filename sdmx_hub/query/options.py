"""The parameters of data queries, the same for both URL families.

What one family says in the path or by another name (``startPeriod``, ``detail``) is understood from the other family as
well: clients mix them. Only ``strict=1`` holds a request to the words of its own edition.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeVar

from sdmx_hub.errors import BadRequest
from sdmx_hub.model.period import JANUARY_1, parse_period
from sdmx_hub.query.filters import both, parse_filters, period_filter
from sdmx_hub.query.parameters import Parameters
from sdmx_hub.query.request import (
    ALL_DIMENSIONS,
    TIME,
    ComponentFilter,
    Context,
    DataQuery,
    KeyPattern,
    SortTerm,
)
from sdmx_hub.query.text import choose, parse_count, parse_flag, parse_id, parse_moment, shown, split_list

T = TypeVar("T")

DATA_V1 = frozenset(
    {
        "startPeriod", "endPeriod", "updatedAfter", "firstNObservations", "lastNObservations",
        "dimensionAtObservation", "detail", "includeHistory",
    }
)  # fmt: skip
DATA_V2 = frozenset(
    {
        "updatedAfter", "firstNObservations", "lastNObservations", "dimensionAtObservation", "attributes", "measures",
        "includeHistory", "offset", "limit", "sort", "asOf", "reportingYearStartDay",
    }
)  # fmt: skip
AVAILABILITY_V1 = frozenset({"startPeriod", "endPeriod", "updatedAfter", "references", "mode"})
AVAILABILITY_V2 = frozenset({"updatedAfter", "references", "mode", "reportingYearStartDay"})

DETAIL = {
    "full": (("dsd",), ("all",)),
    "dataonly": (("none",), ("all",)),
    "serieskeysonly": (("none",), ("none",)),
    "nodata": (("dataset", "series"), ("none",)),
}
"""``detail`` of REST v1 as ``attributes`` and ``measures`` of REST v2."""
_DETAIL_SPELLINGS = {"serieskeyonly": "serieskeysonly"}
_ATTRIBUTE_WORDS = ("dsd", "msd", "dataset", "series", "obs", "all", "none")
_MEASURE_WORDS = ("all", "none")
_DIRECTIONS = ("asc", "desc")


def read_options(
    parameters: Parameters,
    *,
    context: Context,
    agency_ids: tuple[str, ...],
    resource_ids: tuple[str, ...],
    versions: tuple[str, ...],
    keys: tuple[KeyPattern, ...],
    providers: tuple[tuple[str, str], ...] = (),
) -> DataQuery:
    """Complete a data query, whose path is read already, by its parameters."""
    attributes, measures = _contents(parameters)
    updated_after, as_of = _value(parameters, "updatedAfter", parse_moment), _value(parameters, "asOf", parse_moment)
    _check_moments(updated_after, as_of)
    return DataQuery(
        context=context,
        agency_ids=agency_ids,
        resource_ids=resource_ids,
        versions=versions,
        keys=keys,
        providers=providers,
        filters=_filters(parameters),
        updated_after=updated_after,
        as_of=as_of,
        include_history=_value(parameters, "includeHistory", parse_flag) or False,
        first_n=_value(parameters, "firstNObservations", parse_count),
        last_n=_value(parameters, "lastNObservations", parse_count),
        dimension_at_observation=_value(parameters, "dimensionAtObservation", parse_observation_dimension),
        attributes=attributes,
        measures=measures,
        reporting_year_start_day=_value(parameters, "reportingYearStartDay", _start_day),
        offset=_value(parameters, "offset", _from_zero) or 0,
        limit=_value(parameters, "limit", parse_count),
        sort=_value(parameters, "sort", _sort) or (),
    )


def _value(parameters: Parameters, name: str, parse: Callable[[str, str], T]) -> T | None:
    text = parameters.get(name)
    return parse(text, name) if text else None


def _from_zero(text: str, part: str) -> int:
    return parse_count(text, part, least=0)


def _check_moments(updated_after: dt.datetime | None, as_of: dt.datetime | None) -> None:
    if updated_after and as_of and updated_after > as_of:
        raise BadRequest("query-moments", updated_after=updated_after.isoformat(), as_of=as_of.isoformat())


def parse_observation_dimension(text: str, part: str) -> str:
    """Read a dimension id, or ``AllDimensions`` in any case."""
    return ALL_DIMENSIONS if text.lower() == ALL_DIMENSIONS.lower() else parse_id(text, part, TIME)


def _filters(parameters: Parameters) -> tuple[ComponentFilter, ...]:
    start, end = (_value(parameters, name, _period) for name in ("startPeriod", "endPeriod"))
    filters = parse_filters(parameters.filters())
    period = period_filter(start, end)
    if period is None:
        return filters
    others = tuple(one for one in filters if one.component_id != TIME)
    on_time = next((both(one, period) for one in filters if one.component_id == TIME), period)
    return tuple(sorted((*others, on_time)))


def _period(text: str, part: str) -> str:
    try:
        parse_period(text)
    except BadRequest as error:
        raise BadRequest("query-period", part=part, found=shown(text)) from error
    return text


def _start_day(text: str, part: str) -> str:
    try:
        parse_period("2001-A1", text)
    except BadRequest as error:
        raise BadRequest("query-start-day", part=part, found=shown(text), example=JANUARY_1) from error
    return text


def _contents(parameters: Parameters) -> tuple[tuple[str, ...], tuple[str, ...]]:
    said = parameters.get("detail", "").lower()
    detail = choose(_DETAIL_SPELLINGS.get(said, said) or "full", "detail", tuple(DETAIL))
    attributes, measures = DETAIL[detail]
    return (
        _chosen(parameters, "attributes", _ATTRIBUTE_WORDS, attributes),
        _chosen(parameters, "measures", _MEASURE_WORDS, measures),
    )


def _chosen(parameters: Parameters, name: str, words: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
    text = parameters.get(name)
    if not text:
        return default
    chosen = {_word(one, name, words) for one in split_list(text)}
    if "none" in chosen and len(chosen) > 1:
        raise BadRequest("query-none", part=name, found=shown(text))
    return ("all",) if "all" in chosen else tuple(sorted(chosen))


def _word(text: str, part: str, words: tuple[str, ...]) -> str:
    return text.lower() if text.lower() in words else parse_id(text, part, words[0])


def _sort(text: str, part: str) -> tuple[SortTerm, ...]:
    return tuple(_term(one, part) for one in split_list(text, "+,"))


def _term(text: str, part: str) -> SortTerm:
    component_id, colon, direction = text.partition(":")
    if colon:
        direction = choose(direction, part, _DIRECTIONS)
    if component_id != "*":
        parse_id(component_id, part, "TIME_PERIOD:desc")
    return SortTerm(component_id, descending=direction == "desc")
