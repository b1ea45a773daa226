"""The plan: a data query held against one structure; what the store evaluates and the writers need to know."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from sdmx_hub.model.structure import DataStructure
from sdmx_hub.query.periods import PeriodFilter
from sdmx_hub.query.request import AnyOf, KeyPattern, SortTerm


class Kind(enum.StrEnum):
    """How the values of a component compare."""

    TEXT = "text"
    NUMBER = "number"
    INSTANT = "instant"


@dataclass(frozen=True)
class PlannedFilter:
    """A filter on one component of the structure, time left out (see ``Plan.periods``).

    ``kind`` says how ``lt le gt ge`` (and, for numbers, ``eq ne``) compare: as text in code-point order, as numbers, or
    as instants; the values of the conditions are known to be of that kind. The text operators always look at the text.
    An absent value satisfies ``ne`` and ``nc`` and nothing else.
    """

    component_id: str
    any_of: AnyOf
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to select from one dataflow.

    ``keys`` are alternatives, each with one part per series-key dimension of the structure; none means all.
    ``measure_ids`` and ``attribute_ids`` are what is to be written, in the order of the structure. With
    ``series_keys_only`` the rows wanted are series: one row each, time and measures absent, and ``offset`` and
    ``limit`` count series. ``first_n`` and ``last_n`` apply per series after everything else (both: the union), then
    ``offset`` and ``limit``. ``sort`` names components of the structure, followed by the key where it says nothing.
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
