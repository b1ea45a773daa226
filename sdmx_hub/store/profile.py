"""Profiles: the series of a state, each with the periods it has, kept in memory for availability.

A profile is made by one pass over the keys of a state when first asked for, and serves every later question about the
same state that names dimensions and periods only. One pass over a million observations takes 60 to 90 ms, over ten
million 250 to 400 ms (two cores); a question then takes 3 to 40 ms, and 27 bytes a series are held. That is little
enough to make it in each process when first needed: nothing has to be written, moved or collected with a release.
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from sdmx_hub.errors import BadRequest
from sdmx_hub.model.period import parse_period
from sdmx_hub.model.rows import quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.query.plan import Plan
from sdmx_hub.store.state import Place, State

MOST_SERIES = 1_000_000
"""Series in one profile; a state with more is read anew each time."""
_KEPT = 2_000_000
"""Series in all profiles of a process."""
_SMALL = 65_536
_WORD = 64
_NUMBERS = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Bits:
    """A set of periods as bits, for SQL and back: an integer up to 64 periods, which is quicker, else a bit string."""

    codes: tuple[str, ...]

    @property
    def is_number(self) -> bool:
        """Tell whether the bits are an integer, the first period its lowest bit."""
        return len(self.codes) <= _WORD

    def gathered(self, column: str) -> str:
        """SQL that gathers the codes of a column."""
        if self.is_number:
            return f"bit_or(1::UBIGINT << enum_code({column})::UBIGINT)"
        return f"bitstring_agg(enum_code({column})::INTEGER, 0, {len(self.codes) - 1})"

    def written(self, wanted: Iterable[bool]) -> str:
        """SQL of a set."""
        digits = "".join("1" if one else "0" for one in wanted)
        return f"{int(digits[::-1], 2)}::UBIGINT" if self.is_number else f"'{digits}'::BIT"

    def ends(self, found: object) -> tuple[str, str]:
        """The period of a set that begins first and the one that ends last; the set is not empty."""
        digits = self._digits(found)
        first = self.codes[digits.index("1")]
        if self._ends_in_order:
            return first, self.codes[digits.rindex("1")]
        return first, max(self.named(found), key=period_end)

    def named(self, found: object) -> tuple[str, ...]:
        """The periods of a set, in order."""
        return tuple(code for code, digit in zip(self.codes, self._digits(found), strict=False) if digit == "1")

    def _digits(self, found: object) -> str:
        return f"{int(str(found)):b}"[::-1] if self.is_number else str(found)

    @functools.cached_property
    def _ends_in_order(self) -> bool:
        """Whether what begins later also ends later, as periods of one frequency do."""
        ends = [period_end(code) for code in self.codes]
        return ends == sorted(ends)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What there is: the codes of each dimension in order, time too, and two counts.

    ``spans`` has the first and last period of each code of a dimension, where there is a time dimension.
    """

    codes: Mapping[str, tuple[str, ...]]
    observations: int
    series: int
    spans: Mapping[str, Mapping[str, tuple[str, str]]]


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A table of series: a code number in ``c0``, ``c1`` … for each dimension, and in ``b`` the periods, as bits.

    ``codes`` are the dictionaries the numbers point into, time included where there is one; ``whole`` is what it tells
    of everything.
    """

    table: str
    dimension_ids: tuple[str, ...]
    time_id: str | None
    codes: Mapping[str, tuple[str, ...]]
    series: int
    whole: Told | None = None

    @functools.cached_property
    def bits(self) -> Bits:
        """How periods are kept; without time there is one, which every series has."""
        return Bits(codes=self.codes[self.time_id] if self.time_id else ("",))


class Profiles:
    """The profiles of one process, by state; the oldest used go first. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[object, Profile | None] = OrderedDict()
        self._process = 0

    def find(self, structure: DataStructure, state: State, connection: duckdb.DuckDBPyConnection) -> Profile | None:
        """Find the profile of a state, or make it; None for a state with too many series."""
        version = state.version
        asked = (structure.key_ids, version.release_id, version.links[: len(state.segments)])
        with self._lock:
            self._forget_parent()
            if asked not in self._kept:
                self._kept[asked] = _make(f"profile_{next(_NUMBERS)}", structure, state, connection)
                self._drop_oldest(connection)
            self._kept.move_to_end(asked)
            return self._kept[asked]

    def _forget_parent(self) -> None:
        """Begin anew after a fork: the tables were those of the engine before it."""
        if self._process != os.getpid():
            self._process = os.getpid()
            self._kept.clear()

    def _drop_oldest(self, connection: duckdb.DuckDBPyConnection) -> None:
        while len(self._kept) > 1 and sum(one.series for one in self._kept.values() if one) > _KEPT:
            _, oldest = self._kept.popitem(last=False)
            if oldest is not None:
                connection.execute(f"DROP TABLE IF EXISTS memory.{oldest.table}")


def _make(table: str, structure: DataStructure, state: State, connection: duckdb.DuckDBPyConnection) -> Profile | None:
    time = structure.time_dimension.id if structure.time_dimension else None
    codes = {key: state.dictionary(key) for key in structure.key_ids}
    if not all(codes.values()):
        return None

    def project(place: Place) -> str:
        return ", ".join(f"{place.column(key)} AS {quoted(key)}" for key in structure.key_ids)

    dimensions = ", ".join(map(quoted, structure.dimension_ids))
    numbers = ", ".join(
        f"enum_code({quoted(key)})::{'USMALLINT' if len(codes[key]) < _SMALL else 'UINTEGER'} AS c{position}"
        for position, key in enumerate(structure.dimension_ids)
    )
    periods = Bits(codes=codes[time]).gathered(quoted(time)) if time else "1::UBIGINT"
    living = " UNION ALL ".join(state.living(project))
    connection.execute(
        f"CREATE TABLE memory.{table} AS SELECT {numbers}, b FROM"
        f" (SELECT {dimensions}, {periods} AS b FROM ({living}) GROUP BY ALL LIMIT {MOST_SERIES + 1})"
    )
    series = _counted(connection, table)
    if series > MOST_SERIES:
        connection.execute(f"DROP TABLE memory.{table}")
        return None
    made = Profile(table=table, dimension_ids=structure.dimension_ids, time_id=time, codes=codes, series=series)
    return replace(made, whole=_told(made, [], "", connection))


def _counted(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM memory.{table}").fetchall()[0][0])


def answers(plan: Plan, state: State) -> bool:
    """Tell whether a profile can answer a plan: it knows no attributes, and only one start of the reporting year."""
    start_day = plan.start_day_id
    if plan.periods and start_day and any(start_day in segment.columns for segment in state.segments):
        return False
    return all(asked.component_id in plan.structure.dimension_ids for asked in plan.filters)


def tell(plan: Plan, profile: Profile, connection: duckdb.DuckDBPyConnection) -> Told:
    """Count and list what a plan covers of a profile."""
    conditions, periods = _conditions(plan, profile), _periods(plan, profile)
    if conditions is None or periods is None:
        return _nothing(profile)
    if profile.whole is not None and not conditions and not periods:
        return profile.whole
    return _told(profile, conditions, periods, connection)


def period_end(text: str) -> dt.datetime:
    """When a period ends; what is no period never does, as in the order of the store."""
    try:
        return parse_period(text).end
    except BadRequest:
        return dt.datetime.max  # noqa: DTZ901 - periods are in the provider's own time


def _nothing(profile: Profile) -> Told:
    return Told(codes=dict.fromkeys(profile.codes, ()), observations=0, series=0, spans={})


def _told(profile: Profile, conditions: Sequence[str], periods: str, connection: duckdb.DuckDBPyConnection) -> Told:
    """Go once through the series: by each dimension, and all together."""
    source = f"memory.{profile.table}"
    if periods:
        source = f"(SELECT * REPLACE (b & {periods} AS b) FROM {source})"
        conditions = [*conditions, "bit_count(b) > 0"]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    columns = [f"c{position}" for position in range(len(profile.dimension_ids))]
    listed, sets = ", ".join(columns), ", ".join(f"({one})" for one in columns)
    rows = connection.execute(
        f"SELECT coalesce({listed}), grouping({listed}), count(*), sum(bit_count(b)), bit_or(b)::VARCHAR"
        f" FROM {source}{where} GROUP BY GROUPING SETS ((), {sets})"
    ).fetchall()
    everything = 2 ** len(columns) - 1
    by_dimension: dict[int, dict[int, object]] = {}
    for number, grouped, _, _, found in rows:
        by_dimension.setdefault(grouped, {})[number] = found
    series, observations, times = next((row[2:] for row in rows if row[1] == everything), (0, 0, ""))
    if not series:
        return _nothing(profile)
    codes, spans = {}, {}
    for position, key in enumerate(profile.dimension_ids):
        found = by_dimension[everything - 2 ** (len(columns) - 1 - position)]
        numbers = sorted(found)
        codes[key] = tuple(profile.codes[key][number] for number in numbers)
        if profile.time_id:
            spans[key] = {profile.codes[key][number]: profile.bits.ends(found[number]) for number in numbers}
    if profile.time_id:
        codes[profile.time_id] = profile.bits.named(times)
    return Told(codes=codes, observations=int(observations), series=int(series), spans=spans)


def _periods(plan: Plan, profile: Profile) -> str | None:
    """The periods wanted as bits; empty for all, None for none."""
    if plan.periods is None or profile.time_id is None:
        return ""
    wanted = [plan.period_matches(code) for code in profile.codes[profile.time_id]]
    if not any(wanted):
        return None
    return "" if all(wanted) else profile.bits.written(wanted)


def _conditions(plan: Plan, profile: Profile) -> list[str] | None:
    """The conditions on the dimensions; None when no series can match."""
    numbers = {key: {code: number for number, code in enumerate(profile.codes[key])} for key in profile.dimension_ids}
    conditions = []
    for asked in plan.filters:
        known = numbers[asked.component_id]
        wanted = [number for code, number in known.items() if asked.matches(code)]
        if not wanted:
            return None
        if len(wanted) < len(known):
            conditions.append(_among(profile, asked.component_id, wanted))
    if plan.keys:
        alternatives = list(_keys(plan, profile, numbers))
        if not alternatives:
            return None
        if "" not in alternatives:
            conditions.append(f"({' OR '.join(alternatives)})")
    return conditions


def _keys(plan: Plan, profile: Profile, numbers: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Each key that can match anything; empty for one that matches everything."""
    for key in plan.keys:
        parts = [
            _among(profile, one, [numbers[one][code] for code in part if code in numbers[one]])
            for one, part in zip(profile.dimension_ids, key, strict=True)
            if part is not None
        ]
        if "false" not in parts:
            yield " AND ".join(parts)


def _among(profile: Profile, dimension_id: str, wanted: Iterable[int]) -> str:
    listed = sorted(wanted)
    if not listed:
        return "false"
    return f"c{profile.dimension_ids.index(dimension_id)} IN ({', '.join(map(str, listed))})"
