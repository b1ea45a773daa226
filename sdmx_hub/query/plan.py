"""The plan: a data query held against one structure; what the store evaluates and the writers need to know.

A plan never widens the query: what it selects, the query asked for. It is made without looking at data, so a code that
no list has is no error: it matches nothing.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sdmx_hub.errors import BadQuery, BadRequest
from sdmx_hub.model.key import Key
from sdmx_hub.model.structure import Attachment, Component, DataStructure, Measure
from sdmx_hub.query.conditions import Kind, PlannedFilter, is_number
from sdmx_hub.query.periods import PeriodFilter, is_period
from sdmx_hub.query.request import ALL_DIMENSIONS, ANY, TIME, ComponentFilter, DataQuery, KeyPattern, SortTerm
from sdmx_hub.query.text import shown

START_DAY = "REPORTING_YEAR_START_DAY"
"""The attribute that says when the reporting year of an observation begins (SDMX 2.1 technical notes, §4.2.6)."""
SERIES_KEY = "series_key"
_NUMBERS = frozenset(
    {
        "BigInteger", "Integer", "Long", "Short", "Decimal", "Float", "Double", "Count", "Numeric", "Incremental",
        "InclusiveValueRange", "ExclusiveValueRange",
    }
)  # fmt: skip
_TIMES = frozenset(
    {
        "ObservationalTimePeriod", "StandardTimePeriod", "BasicTimePeriod", "GregorianTimePeriod", "GregorianYear",
        "GregorianYearMonth", "GregorianDay", "ReportingTimePeriod", "ReportingYear", "ReportingSemester",
        "ReportingTrimester", "ReportingQuarter", "ReportingMonth", "ReportingWeek", "ReportingDay", "DateTime",
        "TimeRange",
    }
)  # fmt: skip
_ATTACHMENTS = {
    "dataset": (Attachment.DATASET,),
    "series": (Attachment.GROUP, Attachment.DIMENSIONS),
    "obs": (Attachment.OBSERVATION,),
    "dsd": tuple(Attachment),
    "all": tuple(Attachment),
    "msd": (),  # reference metadata are not kept with data
    "none": (),
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to select from one dataflow.

    ``keys`` are alternatives, each with one part per series-key dimension of the structure; none means all.
    ``measure_ids`` and ``attribute_ids`` are what is to be written, in the order of the structure. With
    ``series_keys_only`` the rows wanted are series: one row each, time and measures absent, and ``offset`` and
    ``limit`` count series. ``first_n`` and ``last_n`` apply per series after everything else (both: the union), then
    ``offset`` and ``limit`` over ``order``. ``sort`` names components of the structure as the query did.
    """

    structure: DataStructure
    keys: tuple[KeyPattern, ...] = ()
    filters: tuple[PlannedFilter, ...] = ()
    periods: PeriodFilter | None = None
    measure_ids: tuple[str, ...] = ()
    attribute_ids: tuple[str, ...] = ()
    dimension_at_observation: str
    series_keys_only: bool = False
    first_n: int | None = None
    last_n: int | None = None
    updated_after: dt.datetime | None = None
    as_of: dt.datetime | None = None
    include_history: bool = False
    offset: int = 0
    limit: int | None = None
    sort: tuple[SortTerm, ...] = ()

    def period_matches(self, text: str, start_day: str | None = None) -> bool:
        """Tell whether a period of the data is wanted; ``start_day`` is its REPORTING_YEAR_START_DAY, if any."""
        return self.periods is None or self.periods.matches(text, start_day)

    @property
    def start_day_id(self) -> str | None:
        """The component ``period_matches`` takes its start day from, if the structure has it."""
        return START_DAY if START_DAY in self.structure.components else None

    @property
    def order(self) -> tuple[SortTerm, ...]:
        """The total order of the rows: what ``sort`` says, then the key.

        The dimension at the observation comes last, so that the observations of one series (or section) stay together;
        what ``sort`` says of it, of measures and of observation attributes orders them within.
        """
        outer = [one for one in self.structure.key_ids if one != self.dimension_at_observation]
        inner = [one for one in self.structure.key_ids if one == self.dimension_at_observation]
        if self.series_keys_only:
            outer, inner = list(self.structure.dimension_ids), []
        said = {term.component_id: term for term in self.sort}
        if self.dimension_at_observation == ALL_DIMENSIONS:
            first, last = list(said), []
        else:
            first, last = [one for one in said if one in outer], [one for one in said if one not in outer]
        if self.series_keys_only:
            first, last = [one for one in first if one in outer], []
        in_order = dict.fromkeys((*first, *outer, *last, *inner))
        return tuple(said.get(one, SortTerm(one)) for one in in_order)

    @property
    def selected_ids(self) -> tuple[str, ...]:
        """The dimensions the query itself narrows, by key or filter, in the order of the structure."""
        by_key = {one for key in self.keys for one, part in self._named(key) if part is not None}
        by_filter = {one.component_id for one in self.filters}
        time = self.structure.time_dimension
        narrowed = by_key | by_filter | ({time.id} if time and self.periods else set())
        return tuple(one for one in self.structure.key_ids if one in narrowed)

    def without(self, component_id: str) -> Plan:
        """Leave out what the query says of one dimension."""
        time = self.structure.time_dimension
        return dataclasses.replace(
            self,
            keys=tuple(dict.fromkeys(self._freed(key, component_id) for key in self.keys)),
            filters=tuple(one for one in self.filters if one.component_id != component_id),
            periods=None if time and time.id == component_id else self.periods,
        )

    def _freed(self, key: KeyPattern, component_id: str) -> KeyPattern:
        return tuple(None if one == component_id else part for one, part in self._named(key))

    def _named(self, key: KeyPattern) -> Iterator[tuple[str, frozenset[str] | None]]:
        return zip(self.structure.dimension_ids, key, strict=True)


def plan_data(query: DataQuery, structure: DataStructure) -> Plan:
    """Hold a query against the structure of one dataflow.

    Raises BadQuery for components the structure does not have and values of the wrong kind, BadRequest for a key with
    more parts than dimensions and for periods that are none.
    """
    at_observation = _at_observation(query, structure)
    measure_ids = _measures(query.measures, structure)
    attribute_ids = _attributes(query.attributes, structure)
    sort = _sort(query.sort, structure, at_observation)
    return Plan(
        structure=structure,
        keys=tuple(_padded(key, structure) for key in query.keys),
        filters=tuple(_filter(one, structure) for one in query.filters if not _is_on_time(one, structure)),
        periods=_periods(query, structure),
        measure_ids=measure_ids,
        attribute_ids=attribute_ids,
        dimension_at_observation=_view(query, structure, at_observation, sort),
        series_keys_only=query.measures == ("none",) and not _has_observed(attribute_ids, structure),
        first_n=query.first_n,
        last_n=query.last_n,
        updated_after=query.updated_after,
        as_of=query.as_of,
        include_history=query.include_history,
        offset=query.offset,
        limit=query.limit,
        sort=sort,
    )


def _unknown(part: str, found: str, structure: DataStructure, allowed: Iterable[str]) -> BadQuery:
    return BadQuery(
        "query-component", part=part, found=shown(found), what=str(structure.ref), allowed=", ".join(allowed)
    )


def _at_observation(query: DataQuery, structure: DataStructure) -> str:
    asked = query.dimension_at_observation
    if asked is None:
        return structure.time_dimension.id if structure.time_dimension else ALL_DIMENSIONS
    if asked != ALL_DIMENSIONS and asked not in structure.key_ids:
        raise _unknown("dimensionAtObservation", asked, structure, (*structure.key_ids, ALL_DIMENSIONS))
    return asked


def _view(query: DataQuery, structure: DataStructure, at_observation: str, sort: tuple[SortTerm, ...]) -> str:
    """Flatten where the order asked for would tear series apart and no particular view was asked for."""
    if query.dimension_at_observation or at_observation == ALL_DIMENSIONS:
        return at_observation
    outer = {one for one in structure.key_ids if one != at_observation}
    seen: set[str] = set()
    for term in sort:
        if term.component_id not in outer and seen != outer:
            return ALL_DIMENSIONS
        seen.add(term.component_id)
    return at_observation


def _measures(asked: tuple[str, ...], structure: DataStructure) -> tuple[str, ...]:
    there = tuple(measure.id for measure in structure.measures)
    if asked in {("all",), ("none",)}:
        return there if asked == ("all",) else ()
    for one in asked:
        if one not in there:
            raise _unknown("measures", one, structure, (*there, "all", "none"))
    return tuple(one for one in there if one in asked)


def _attributes(asked: tuple[str, ...], structure: DataStructure) -> tuple[str, ...]:
    there = {attribute.id: attribute.attached_to for attribute in structure.attributes}
    chosen: set[str] = set()
    for one in asked:
        if one in _ATTACHMENTS:
            chosen |= {attribute_id for attribute_id, attached in there.items() if attached in _ATTACHMENTS[one]}
        elif one in there:
            chosen.add(one)
        else:
            raise _unknown("attributes", one, structure, (*there, *_ATTACHMENTS))
    return tuple(one for one in there if one in chosen)


def _has_observed(attribute_ids: tuple[str, ...], structure: DataStructure) -> bool:
    return any(attribute.id in attribute_ids for attribute in structure.attributes_of(Attachment.OBSERVATION))


def _padded(key: KeyPattern, structure: DataStructure) -> KeyPattern:
    ids = structure.dimension_ids
    if len(key) > len(ids):
        raise BadRequest(
            "query-key-long",
            found=shown(str(Key(key))),
            what=str(structure.ref),
            most=len(ids),
            dimensions=", ".join(ids),
        )
    return key + (None,) * (len(ids) - len(key))


def _is_on_time(asked: ComponentFilter, structure: DataStructure) -> bool:
    time = structure.time_dimension
    return time is not None and asked.component_id in {TIME, time.id}


def _periods(query: DataQuery, structure: DataStructure) -> PeriodFilter | None:
    for asked in query.filters:
        if _is_on_time(asked, structure):
            _check_periods(asked)
            return PeriodFilter(asked.any_of, query.reporting_year_start_day)
    return None


def _check_periods(asked: ComponentFilter) -> None:
    for all_of in asked.any_of:
        for condition in all_of:
            if condition.operator.compares and not is_period(condition.value):
                raise BadRequest("query-period", part=f"c[{asked.component_id}]", found=shown(condition.value))


def _filter(asked: ComponentFilter, structure: DataStructure) -> PlannedFilter:
    component = structure.components.get(asked.component_id)
    if component is None:
        raise _unknown(f"c[{asked.component_id}]", asked.component_id, structure, structure.components)
    kind = _kind(component, asked)
    return PlannedFilter(asked.component_id, asked.any_of, kind, component.representation.is_plain)


def _kind(component: Component, asked: ComponentFilter) -> Kind:
    representation = component.representation
    compared = [one.value for all_of in asked.any_of for one in all_of if one.operator.compares]
    if representation.is_coded:
        return Kind.TEXT
    if representation.text_type in _TIMES:
        _check_periods(asked)
        return Kind.PERIOD
    wrong = next((value for value in compared if not is_number(value)), None)
    if representation.text_type in _NUMBERS and wrong is not None:
        raise BadQuery("query-filter-number", component=component.id, found=shown(wrong))
    # A measure without representation (as SDMX 2.1 has them) holds numbers when it is compared with numbers.
    is_numeric = representation.text_type in _NUMBERS or (isinstance(component, Measure) and wrong is None)
    return Kind.NUMBER if is_numeric else Kind.TEXT


def _sort(asked: tuple[SortTerm, ...], structure: DataStructure, at_observation: str) -> tuple[SortTerm, ...]:
    terms: dict[str, SortTerm] = {}
    for term in asked:
        for component_id in _expanded(term.component_id, structure, at_observation):
            terms.setdefault(component_id, SortTerm(component_id, term.descending))
    return tuple(terms.values())


def _expanded(component_id: str, structure: DataStructure, at_observation: str) -> tuple[str, ...]:
    if component_id == ANY:
        return structure.key_ids
    if component_id == SERIES_KEY:
        return tuple(one for one in structure.key_ids if one != at_observation)
    if component_id not in structure.components:
        raise _unknown("sort", component_id, structure, (*structure.components, ANY, SERIES_KEY))
    return (component_id,)
