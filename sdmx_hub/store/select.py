"""A plan over the state of a dataflow, as SQL.

Conditions on coded components are decided here, on the dictionary of each segment, and reach the engine as typed
literals of that segment (compared as text, a column would lose its zone maps); a segment none of whose codes is wanted
is passed over. Conditions on text are SQL, their values bound; what they mean is defined by ``query.conditions``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import duckdb

from sdmx_hub.model.cells import ITEM, LANGUAGE, TEXT
from sdmx_hub.model.rows import Rows, literal, quoted
from sdmx_hub.model.structure import Measure
from sdmx_hub.query.conditions import NEGATIVE, Kind, PlannedFilter
from sdmx_hub.query.plan import Plan
from sdmx_hub.query.request import Condition, Operator
from sdmx_hub.store.segments import VALID_FROM, Segment
from sdmx_hub.store.state import Place, State

_SIGNS = {
    Operator.EQUAL: "=",
    Operator.NOT_EQUAL: "IS DISTINCT FROM",
    Operator.LESS: "<",
    Operator.LESS_OR_EQUAL: "<=",
    Operator.GREATER: ">",
    Operator.GREATER_OR_EQUAL: ">=",
}
_LOOKS: dict[Operator, Callable[[str, str], str]] = {
    Operator.CONTAINS: "contains({}, {})".format,
    Operator.NOT_CONTAINS: "coalesce(NOT contains({}, {}), true)".format,
    Operator.STARTS_WITH: "starts_with({}, {})".format,
    Operator.ENDS_WITH: "ends_with({}, {})".format,
}
_LOOKED_AHEAD = 1000
"""Rows a streaming window may look before or behind itself."""
_BINDS_CODES = not duckdb.__version__.startswith("1.")
"""DuckDB 2 takes a text beside an ENUM for a code of it, and looks no type up: a fifth of planning one series. DuckDB
1.5 compares as text instead, past the zone maps."""
_RUN = 3
"""Codes that follow each other in a dictionary are a range from this many on."""


@dataclass(frozen=True)
class Selection:
    """What of a plan is evaluated row by row; ``params`` collects the values bound."""

    plan: Plan
    connection: duckdb.DuckDBPyConnection
    params: list[object] = field(default_factory=list)

    def narrow(self, segment: Segment, table: str) -> str | None:
        """The conditions on keys and periods: a ``Narrow`` of ``store.state``."""
        conditions = [self._allowed(segment, table), self._periods(segment, table)]
        if self.plan.keys:
            conditions.append(self._keys(segment, table))
        return (
            None if None in conditions else " AND ".join(condition for condition in conditions if condition) or "true"
        )

    def others(self, segment: Segment, table: str = "t") -> str | None:
        """The conditions on measures and attributes; empty when there are none, None when nothing can match."""
        conditions, bound = [], len(self.params)
        for asked in self.plan.filters:
            if asked.component_id not in self.plan.structure.key_ids:
                condition = self._condition(segment, table, asked)
                if condition is None:
                    del self.params[bound:]  # the engine refuses values that no condition uses
                    return None
                conditions.append(condition)
        return " AND ".join(conditions)

    def _allowed(self, segment: Segment, table: str) -> str | None:
        """Per dimension the codes that filters and the keys taken together leave."""
        conditions = []
        for position, dimension in enumerate(self.plan.structure.dimension_ids):
            codes: Iterable[str] = segment.dictionaries.get(dimension, ())
            parts = [key[position] for key in self.plan.keys]
            if parts and None not in parts:
                wanted = frozenset().union(*(part for part in parts if part is not None))
                codes = [code for code in codes if code in wanted]
            for asked in self.plan.filters:
                if asked.component_id == dimension:
                    codes = [code for code in codes if asked.matches(code)]
            condition = _among(segment, table, dimension, tuple(codes))
            if condition is None:
                return None
            conditions.append(condition)
        return " AND ".join(condition for condition in conditions if condition)

    def _keys(self, segment: Segment, table: str) -> str | None:
        """The keys one by one, where the codes left per dimension would also allow their mixtures."""
        if len(self.plan.keys) == 1:
            return ""
        alternatives = []
        for key in self.plan.keys:
            conditions = [
                _among(segment, table, dimension, _in_order(segment, dimension, part))
                for dimension, part in zip(self.plan.structure.dimension_ids, key, strict=True)
                if part is not None
            ]
            if None not in conditions:
                alternatives.append(" AND ".join(condition for condition in conditions if condition) or "true")
        return f"({' OR '.join(alternatives)})" if alternatives else None

    def _periods(self, segment: Segment, table: str) -> str | None:
        time = self.plan.structure.time_dimension
        if time is None or self.plan.periods is None:
            return ""
        start_days = self._start_days(segment)
        alternatives = []
        for start_day in start_days:
            codes = [code for code in segment.dictionaries[time.id] if self.plan.period_matches(code, start_day)]
            condition = _among(segment, table, time.id, tuple(codes))
            if condition is not None and len(start_days) > 1:
                same = "IS NULL" if start_day is None else f"= {literal(start_day)}"
                condition = f"({table}.{quoted(str(self.plan.start_day_id))} {same} AND {condition or 'true'})"
            if condition is not None:
                alternatives.append(condition)
        if not alternatives:
            return None
        return "" if "" in alternatives else f"({' OR '.join(alternatives)})"

    def _start_days(self, segment: Segment) -> Sequence[str | None]:
        column = self.plan.start_day_id
        if column is None or column not in segment.columns:
            return (None,)
        return _distinct(self.connection, segment, column) or (None,)

    def _condition(self, segment: Segment, table: str, asked: PlannedFilter) -> str | None:
        column = asked.component_id
        name = f"{table}.{quoted(column)}"
        if column not in segment.columns:
            return "true" if asked.matches(None) else None
        if column in segment.dictionaries:
            codes = tuple(code for code in segment.dictionaries[column] if asked.matches(code))
            return _with_absent(_among(segment, table, column, codes, whole=None), name, asked)
        if asked.kind is Kind.PERIOD:
            texts = [text for text in _distinct(self.connection, segment, column) if text and asked.matches(text)]
            among = f"{name} IN ({', '.join(map(self._bound, texts))})" if texts else None
            return _with_absent(among, name, asked)
        compare = self._compared if asked.is_plain else self._compared_each
        return _any(_all(compare(name, one, asked.kind) for one in all_of) for all_of in asked.any_of)

    def _compared_each(self, name: str, condition: Condition, kind: Kind) -> str:
        """Compare each text of a cell: one has to fit, or all where the condition is negative."""
        fits = self._compared("one", condition, kind)
        if condition.operator in NEGATIVE:
            return f"coalesce(len(list_filter({_texts(name)}, lambda one: NOT {fits})) = 0, true)"
        return f"coalesce(len(list_filter({_texts(name)}, lambda one: {fits})) > 0, false)"

    def _compared(self, name: str, condition: Condition, kind: Kind) -> str:
        value = self._bound(condition.value)
        look = _LOOKS.get(condition.operator)
        if look:
            return look(name, value)
        sign = _SIGNS[condition.operator]
        if kind is Kind.NUMBER:
            return f"coalesce({_number(name)} {sign} CAST({value} AS DOUBLE), false)"
        return f"coalesce({name} {sign} {value}, false)"

    def _bound(self, value: object) -> str:
        self.params.append(value)
        return f"${len(self.params)}"


def select_rows(plan: Plan, state: State, connection: duckdb.DuckDBPyConnection, *, since: int | None = None) -> Rows:
    """Select what a plan asks for from a state, on ``connection``; only what came after release ``since`` when told."""
    selection = Selection(plan, connection)
    columns = selected_columns(plan)
    is_sorted = state.is_plain and _is_stored_order(plan)
    is_whole = not plan.series_keys_only and plan.first_n is None and plan.last_n is None
    needed = columns
    if not (is_sorted and is_whole):
        needed = tuple(dict.fromkeys((*columns, *(term.component_id for term in plan.order), *plan.structure.key_ids)))
    sql = " UNION ALL ".join(living_parts(state, selection, needed, since))
    if not sql:
        return empty_rows(connection, columns)
    if not (is_sorted and is_whole):
        if not is_whole:
            sql = _first_of_series(plan, sql) if plan.series_keys_only else _ends_of_series(plan, sql, state)
        sql = f"SELECT {', '.join(map(quoted, columns))} FROM ({sql}){_order(plan)}"
    coded = {column: state.dictionary(column) for column in columns if state.dictionary(column)}
    params = tuple(selection.params)
    return Rows(connection=connection, sql=sql + _page(plan), columns=columns, params=params, coded=coded)


def select_keys(plan: Plan, state: State, connection: duckdb.DuckDBPyConnection, *, since: int | None = None) -> Rows:
    """Select the keys of what a plan asks for, in no order, before its offset and limit: what is to be counted."""
    selection = Selection(plan, connection)
    keys = plan.structure.dimension_ids if plan.series_keys_only else plan.structure.key_ids
    sql = " UNION ALL ".join(living_parts(state, selection, plan.structure.key_ids, since))
    if not sql:
        return empty_rows(connection, keys)
    if plan.series_keys_only:
        sql = f"SELECT DISTINCT {', '.join(map(quoted, keys))} FROM ({sql})"
    elif plan.first_n is not None or plan.last_n is not None:
        sql = _ends_of_series(plan, sql, state)
    return Rows(connection=connection, sql=sql, columns=keys, params=tuple(selection.params), is_sorted=False)


def select_deleted(plan: Plan, state: State, connection: duckdb.DuckDBPyConnection, *, since: int) -> Rows:
    """Select the keys within a plan that lived after release ``since`` was made and do not in ``state``."""
    keys = plan.structure.key_ids
    selection = Selection(plan, connection)
    sql = state.deleted_since(since, keys, selection.narrow)
    if sql is None:
        return empty_rows(connection, keys)
    coded = {key: state.dictionary(key) for key in keys if state.dictionary(key)}
    order = f" ORDER BY {', '.join(map(quoted, keys))}"
    return Rows(connection=connection, sql=f"{sql}{order}", columns=keys, params=tuple(selection.params), coded=coded)


def empty_rows(connection: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> Rows:
    """No rows, of the given columns."""
    nothing = ", ".join(f"CAST(NULL AS VARCHAR) AS {quoted(column)}" for column in columns)
    return Rows(connection=connection, sql=f"SELECT {nothing} WHERE false", columns=tuple(columns))


def living_parts(state: State, selection: Selection, columns: Sequence[str], since: int | None) -> Iterable[str]:
    """Select the rows within a plan, one SELECT a place, unordered and before its limits."""

    def project(place: Place) -> str:
        return ", ".join(f"{place.column(column)} AS {quoted(column)}" for column in columns)

    def narrow(segment: Segment, table: str) -> str | None:
        condition = selection.narrow(segment, table)
        if condition is None or table != "t":
            return condition
        if since is not None and links[segment.alias] <= since:
            return None
        other = selection.others(segment)
        if other is None:
            return None
        if since is not None:
            other = _all(
                part for part in (other, f"coalesce(t.{VALID_FROM}, {links[segment.alias]}) > {since}") if part
            )
        return f"{condition} AND {other}" if other else condition

    links = {segment.alias: link.since for segment, link in zip(state.segments, state.version.links, strict=False)}
    return state.living(project, narrow)


def selected_columns(plan: Plan) -> tuple[str, ...]:
    """The components a plan asks for, in the order of the structure."""
    keys = plan.structure.dimension_ids if plan.series_keys_only else plan.structure.key_ids
    return (*keys, *(() if plan.series_keys_only else plan.measure_ids), *plan.attribute_ids)


def _first_of_series(plan: Plan, sql: str) -> str:
    """One row for each series: its first, whose attributes of the series are those of all."""
    return f"SELECT * FROM ({sql}) QUALIFY {_rank(plan)} = 1"


def _ends_of_series(plan: Plan, sql: str, state: State) -> str:
    """The first and last rows of each series.

    Where the rows come sorted, a row is among the first *n* when the row *n* places before it is of another series,
    which the engine sees while it streams; elsewhere it has to rank them.
    """
    first, last = plan.first_n, plan.last_n
    if not state.is_plain or max(first or 0, last or 0) > _LOOKED_AHEAD or 0 in {first, last}:
        ends = [f"{_rank(plan)} <= {first}"] if first is not None else []
        ends += [f"{_rank(plan, 'DESC')} <= {last}"] if last is not None else []
        return f"SELECT * FROM ({sql}) QUALIFY {' OR '.join(ends)}"
    series = f"({', '.join(map(quoted, plan.structure.dimension_ids))})"
    ends = [f"lag({series}, {first}) OVER () IS DISTINCT FROM {series}"] if first else []
    ends += [f"lead({series}, {last}) OVER () IS DISTINCT FROM {series}"] if last else []
    return f"SELECT * FROM ({sql}) QUALIFY {' OR '.join(ends)}"


def _rank(plan: Plan, direction: str = "") -> str:
    series = ", ".join(map(quoted, plan.structure.dimension_ids))
    time = plan.structure.time_dimension
    order = f" ORDER BY {quoted(time.id)} {direction}" if time else ""
    return f"row_number() OVER (PARTITION BY {series}{order})"


def _is_stored_order(plan: Plan) -> bool:
    asked = plan.order
    ids = plan.structure.key_ids
    return tuple(term.component_id for term in asked) == ids[: len(asked)] and not any(
        term.descending for term in asked
    )


def _order(plan: Plan) -> str:
    terms = []
    for term in plan.order:
        direction = "DESC" if term.descending else "ASC"
        if isinstance(plan.structure.components[term.component_id], Measure):
            terms.append(f"{_number(quoted(term.component_id))} {direction} NULLS LAST")
        terms.append(f"{quoted(term.component_id)} {direction} NULLS LAST")
    return f" ORDER BY {', '.join(terms)}"


def _number(name: str) -> str:
    """A text as number: TRY_CAST also reads blanks, underscores, inf and nan, which are no numbers here."""
    return f"TRY_CAST(CASE WHEN NOT regexp_matches({name}, '[^0-9.eE+-]') THEN {name} END AS DOUBLE)"


def _texts(name: str) -> str:
    """The texts of a cell, languages left out."""
    parts = f"string_split(replace({name}, chr({ord(ITEM)}), chr({ord(TEXT)})), chr({ord(TEXT)}))"
    return f"list_transform({parts}, lambda part: split_part(part, chr({ord(LANGUAGE)}), -1))"


def _page(plan: Plan) -> str:
    limit = "" if plan.limit is None else f" LIMIT {plan.limit}"
    return limit + (f" OFFSET {plan.offset}" if plan.offset else "")


def _among(segment: Segment, table: str, column: str, codes: tuple[str, ...], *, whole: str | None = "") -> str | None:
    """Compare a coded column with codes of its dictionary, in its order: None for none, ``whole`` for all of them."""
    dictionary = segment.dictionaries.get(column, ())
    if not codes:
        return None
    if len(codes) == len(dictionary) and whole is not None:
        return whole
    name, kind = f"{table}.{quoted(column)}", segment.type_of(column)
    if len(codes) == 1 and _BINDS_CODES:
        return f"{name} = {literal(codes[0])}"
    typed = [f"{literal(code)}::{kind}" for code in codes]
    if len(codes) == 1:
        return f"{name} = {typed[0]}"
    start = dictionary.index(codes[0])
    if len(codes) >= _RUN and dictionary[start : start + len(codes)] == codes:
        return f"{name} BETWEEN {typed[0]} AND {typed[-1]}"
    return f"{name} IN ({', '.join(typed)})"


def _in_order(segment: Segment, column: str, codes: Collection[str]) -> tuple[str, ...]:
    return tuple(code for code in segment.dictionaries.get(column, ()) if code in codes)


def _with_absent(condition: str | None, name: str, asked: PlannedFilter) -> str | None:
    if asked.matches(None):
        return f"({condition or 'false'} OR {name} IS NULL)"
    return condition


def _distinct(connection: duckdb.DuckDBPyConnection, segment: Segment, column: str) -> tuple[str | None, ...]:
    rows = connection.execute(f"SELECT DISTINCT {quoted(column)}::VARCHAR FROM {segment.alias}.cur").fetchall()
    return tuple(row[0] for row in rows)


def _all(conditions: Iterable[str]) -> str:
    return " AND ".join(conditions)


def _any(conditions: Iterable[str]) -> str:
    return f"({' OR '.join(conditions)})"
