"""Profiles: the series of a state, each with the periods it has, kept in memory for availability.

A profile is made by one pass over the keys of a state when first asked for, and serves every later question about the
same state that names dimensions and periods only. One pass over a million observations takes 60 to 90 ms, over ten
million 250 to 400 ms (two cores); a question then takes 3 to 40 ms, and 27 bytes a series are held. That is little
enough to make it in each process when first needed: nothing has to be written, moved or collected with a release.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import duckdb

from sdmx_hub.model.rows import quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.query.plan import Plan
from sdmx_hub.store.state import Place, State

MOST_SERIES = 1_000_000
"""Series in one profile; a state with more is read anew each time."""
_KEPT = 2_000_000
"""Series in all profiles of a process."""
_SMALL = 65_536
_NUMBERS = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A table of series: a code number in ``c0``, ``c1`` … for each dimension, and in ``b`` the periods, as bits.

    ``codes`` are the dictionaries the numbers point into, time included where there is one.
    """

    table: str
    dimension_ids: tuple[str, ...]
    time_id: str | None
    codes: Mapping[str, tuple[str, ...]]
    series: int


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
    periods = f"bitstring_agg(enum_code({quoted(time)})::INTEGER, 0, {len(codes[time]) - 1})" if time else "'1'::BIT"
    living = " UNION ALL ".join(state.living(project))
    connection.execute(
        f"CREATE TABLE memory.{table} AS SELECT {numbers}, b FROM"
        f" (SELECT {dimensions}, {periods} AS b FROM ({living}) GROUP BY ALL LIMIT {MOST_SERIES + 1})"
    )
    series = _counted(connection, table)
    if series > MOST_SERIES:
        connection.execute(f"DROP TABLE memory.{table}")
        return None
    return Profile(table=table, dimension_ids=structure.dimension_ids, time_id=time, codes=codes, series=series)


def _counted(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM memory.{table}").fetchall()[0][0])


def answers(plan: Plan, state: State) -> bool:
    """Tell whether a profile can answer a plan: it knows no attributes, and only one start of the reporting year."""
    start_day = plan.start_day_id
    if plan.periods and start_day and any(start_day in segment.columns for segment in state.segments):
        return False
    return all(asked.component_id in plan.structure.dimension_ids for asked in plan.filters)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a profile tells of a plan: the codes there are in each dimension, in order, and two counts."""

    codes: Mapping[str, tuple[str, ...]]
    observations: int
    series: int


def tell(plan: Plan, profile: Profile, connection: duckdb.DuckDBPyConnection) -> Told:
    """Count and list what a plan covers of a profile."""
    nothing = Told(codes=dict.fromkeys(plan.structure.key_ids, ()), observations=0, series=0)
    conditions, periods = _conditions(plan, profile), _periods(plan, profile)
    if conditions is None or periods is None:
        return nothing
    source = f"memory.{profile.table}"
    if periods:
        source = f"(SELECT * REPLACE (b & {periods} AS b) FROM {source})"
        conditions = [*conditions, "bit_count(b) > 0"]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    seen = [
        f"bitstring_agg(c{position}::INTEGER, 0, {len(profile.codes[key]) - 1})::VARCHAR"
        for position, key in enumerate(profile.dimension_ids)
    ]
    columns = ", ".join(("count(*)", "sum(bit_count(b))", "bit_or(b)::VARCHAR", *seen))
    series, observations, times, *bits = connection.execute(f"SELECT {columns} FROM {source}{where}").fetchall()[0]
    if not series:
        return nothing
    codes = {key: _named(profile.codes[key], found) for key, found in zip(profile.dimension_ids, bits, strict=True)}
    if profile.time_id:
        codes[profile.time_id] = _named(profile.codes[profile.time_id], times)
    return Told(codes=codes, observations=int(observations), series=int(series))


def _named(codes: tuple[str, ...], bits: str) -> tuple[str, ...]:
    return tuple(code for code, bit in zip(codes, bits, strict=True) if bit == "1")


def _periods(plan: Plan, profile: Profile) -> str | None:
    """The periods wanted as bits; empty for all, None for none."""
    if plan.periods is None or profile.time_id is None:
        return ""
    bits = "".join("1" if plan.period_matches(code) else "0" for code in profile.codes[profile.time_id])
    if "1" not in bits:
        return None
    return f"'{bits}'::BIT" if "0" in bits else ""


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
