"""The difference between what is there and what is sent, as one table: what a release will change, row by row.

Computed in the engine, on the coded columns of the incoming file. Per row of ``changes``: the key, the values it will
have, ``_gone`` for a deletion, and the position of the row it supersedes (none for an addition).

- Append and merge keep the stored value where none is sent; replace takes the row as it is sent.
- Replace with a scope deletes what lies in the scope and is not sent.
- Delete removes the rows that match the parts of the key it names, or clears the components it names.
- What a series, a group or the dataset is said to be holds for all of its rows: a new value spreads to rows that were
  not sent, and rows sent without take it over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import literal, quoted
from sdmx_hub.model.structure import Attribute, DataStructure
from sdmx_hub.store.incoming import Incoming, shared_attributes
from sdmx_hub.store.segments import AT, GONE, OF, columns_sql
from sdmx_hub.store.state import Place, State

Scope = Mapping[str, frozenset[str]]
"""What a replacement is about: component id → codes; empty for the whole dataflow."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many observations a load adds, revises, deletes, and sends again as they were."""

    added: int = 0
    revised: int = 0
    deleted: int = 0
    unchanged: int = 0

    @property
    def changed(self) -> int:
        """All that is not as it was."""
        return self.added + self.revised + self.deleted


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The tables and views of one comparison on ``connection``: ``live``, ``sent``, ``changes``.

    When ``is_exact`` the rows sent are taken as they are, whatever they say of their series.
    """

    connection: duckdb.DuckDBPyConnection
    structure: DataStructure
    incoming: Incoming
    state: State | None
    action: Action
    scope: Scope | None
    is_exact: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of the key."""
        return self.structure.key_ids

    @property
    def values(self) -> tuple[str, ...]:
        """The columns of measures and attributes."""
        return tuple(column for column in self.structure.components if column not in self.keys)

    def compute(self) -> Counts:
        """Fill ``changes`` and count it."""
        self._views()
        spread = self._shared_values()
        self._table("dels", self._deleted())
        self._table("changes", self._sent_changes(spread))
        added, revised = self._counted(f"count(*) FILTER ({AT} IS NULL), count({AT})")
        sent, live = self._rows_of("sent"), self._rows_of("live")
        nothing = "".join(", NULL" for _ in self.values)
        self.connection.execute(
            f"INSERT INTO changes SELECT {columns_sql(self.keys)}{nothing}, true, {OF}, {AT} FROM dels"
        )
        self._clear()
        if spread and live > sent - added + self._rows_of("dels"):
            self._spread(spread)
        all_revised, deleted = self._counted(f"count({AT}) FILTER (NOT {GONE}), count(*) FILTER ({GONE})")
        return Counts(added=added, revised=all_revised, deleted=deleted, unchanged=sent - added - revised)

    def count_live(self) -> int:
        """Count the rows there are."""
        return self._rows_of("live")

    def live_sql(self) -> str:
        """The rows there are, with their position, in the types of what is sent."""
        if self.state is None:
            nothing = ", ".join(f"CAST(NULL AS {self.type_of(column)}) AS {quoted(column)}" for column in self._all)
            return f"SELECT {nothing}, 0::UTINYINT AS {OF}, 0::BIGINT AS {AT} WHERE false"
        return " UNION ALL ".join(self.state.living(self._project)) or "SELECT NULL WHERE false"

    def type_of(self, column: str) -> str:
        """The type of a component in the segment to be written."""
        segment = self.incoming.segment
        return segment.type_of(column) if column in segment.dictionaries else "VARCHAR"

    def column(self, place: Place, column: str) -> str:
        """A component of a place, in the type of what is sent."""
        found = place.column(column)
        same = place.state.dictionary(column) == self.incoming.segment.dictionaries.get(column, ())
        return found if same else f"CAST({found} AS {self.type_of(column)})"

    @property
    def _all(self) -> tuple[str, ...]:
        return (*self.keys, *self.values)

    def _project(self, place: Place) -> str:
        columns = ", ".join(f"{self.column(place, column)} AS {quoted(column)}" for column in self._all)
        return f"{columns}, {place.position}::UTINYINT AS {OF}, t.rowid AS {AT}"

    @property
    def _shared(self) -> tuple[Attribute, ...]:
        return () if self.is_exact else shared_attributes(self.structure)

    def _views(self) -> None:
        whole = " AND ".join(f"i.{quoted(key)} IS NOT NULL" for key in self.keys)
        source = f"{self.incoming.segment.alias}.cur AS i"
        columns = f"{columns_sql(self._all, 'i')}, {self.incoming.action} AS act"
        for name, sql in (
            ("live", self.live_sql()),
            ("sent", f"SELECT {columns} FROM {source} WHERE {self.incoming.action} <> 'D' AND {whole}"),
            ("said", f"SELECT {columns} FROM {source} WHERE {self.incoming.action} <> 'D'"),
            ("taken", f"SELECT {columns} FROM {source} WHERE {self.incoming.action} = 'D'"),
        ):
            self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {sql}")

    def _shared_values(self) -> tuple[Attribute, ...]:
        """Collect what is said of series, groups and the dataset, a table for each; returns the attributes told of."""
        said = tuple(attribute for attribute in self._shared if self.incoming.present[attribute.id])
        for by in dict.fromkeys(attribute.dimension_ids for attribute in said):
            values = ", ".join(
                f"max({quoted(attribute.id)}) AS {quoted(attribute.id)}"
                for attribute in said
                if attribute.dimension_ids == by
            )
            whole = " AND ".join(f"{quoted(key)} IS NOT NULL" for key in by) or "true"
            self._table(_said(by), f"SELECT {_listed(by)}{values} FROM said WHERE {whole}{_grouped(by)}")
        return said

    def _sent_changes(self, said: Sequence[Attribute]) -> str:
        """What is sent and new, or not as it was."""
        joins, values = set[str](), {column: self._merged(column) for column in self.values}
        sent_count = self._rows_of("sent")
        for attribute in self._shared:
            if self.incoming.present[attribute.id] < sent_count or sent_count < self.incoming.count:
                found = [f"i.{quoted(attribute.id)}"]
                if attribute in said:
                    joins.add(_joined(_said(attribute.dimension_ids), attribute, "i"))
                    found.append(f"{_said(attribute.dimension_ids)}.{quoted(attribute.id)}")
                found.append(values[attribute.id])
                if self._collect_kept(attribute):
                    joins.add(_joined(_kept(attribute), attribute, "i"))
                    found.append(f"{_kept(attribute)}.value")
                values[attribute.id] = f"coalesce({', '.join(found)})"
        changed = [f"{value} IS DISTINCT FROM l.{quoted(column)}" for column, value in values.items()]
        same = " AND ".join(f"i.{quoted(key)} = l.{quoted(key)}" for key in self.keys)
        selected = "".join(f", {value} AS {quoted(column)}" for column, value in values.items())
        return (
            f"SELECT {columns_sql(self.keys, 'i')}{selected}, false AS {GONE}, l.{OF}, l.{AT}"
            f" FROM sent AS i LEFT JOIN live AS l ON {same} {' '.join(sorted(joins))}"
            f" WHERE {' OR '.join([f'l.{AT} IS NULL', *changed])}"
        )

    def _merged(self, column: str) -> str:
        name = quoted(column)
        return f"CASE WHEN i.act = 'R' THEN i.{name} ELSE coalesce(i.{name}, l.{name}) END"

    def _collect_kept(self, attribute: Attribute) -> bool:
        """Collect what rows that are not replaced say of their series or group; False for nothing."""
        name, by = quoted(attribute.id), attribute.dimension_ids
        keys = columns_sql(self.keys)
        self._table(
            _kept(attribute),
            f"SELECT {_listed(by)}max({name}) AS value FROM (SELECT * FROM live WHERE {name} IS NOT NULL) AS kept"
            f" ANTI JOIN (SELECT * FROM sent WHERE act = 'R') USING ({keys}) ANTI JOIN dels USING ({OF}, {AT})"
            f"{_grouped(by)}",
        )
        return self._rows_of(f"{_kept(attribute)} WHERE value IS NOT NULL") > 0

    def _deleted(self) -> str:
        """What is to be deleted: what the scope covers and is not sent, and what deletions name."""
        keys = columns_sql(self.keys)
        found = []
        if self.action is Action.REPLACE and self.scope is not None:
            found.append(f"SELECT {keys}, {OF}, {AT} FROM live WHERE {self._in_scope(self.scope)}")
        empty = " AND ".join(f"{quoted(column)} IS NULL" for column in self.values) or "true"
        for mask in self._masks(empty):
            named, condition = self._masked(mask)
            using = f" SEMI JOIN (SELECT * FROM taken WHERE {condition} AND {empty}) USING ({named})" if named else ""
            found.append(f"SELECT {keys}, {OF}, {AT} FROM live{using}")
        if not found:
            return f"SELECT {keys}, {OF}, {AT} FROM live LIMIT 0"
        return f"SELECT DISTINCT * FROM ({' UNION ALL '.join(found)}) ANTI JOIN sent USING ({keys})"

    def _in_scope(self, scope: Scope) -> str:
        conditions = []
        for column, codes in scope.items():
            dictionary = self.incoming.segment.dictionaries.get(column)
            kind = self.type_of(column)
            known = sorted(codes if dictionary is None else codes.intersection(dictionary))
            among = ", ".join(f"CAST({literal(code)} AS {kind})" for code in known)
            conditions.append(f"{quoted(column)} IN ({among})" if known else "false")
        return " AND ".join(conditions) or "true"

    def _masks(self, condition: str) -> list[tuple[bool, ...]]:
        """The combinations of key parts that deletions name."""
        named = ", ".join(f"{quoted(key)} IS NOT NULL" for key in self.keys)
        return self.connection.execute(f"SELECT DISTINCT {named} FROM taken WHERE {condition}").fetchall()

    def _masked(self, mask: tuple[bool, ...]) -> tuple[str, str]:
        named = [key for key, is_named in zip(self.keys, mask, strict=True) if is_named]
        condition = " AND ".join(
            f"{quoted(key)} IS {'NOT ' if is_named else ''}NULL" for key, is_named in zip(self.keys, mask, strict=True)
        )
        return columns_sql(named), condition

    def _clear(self) -> None:
        """Clear the components that deletions with values name."""
        filled = " OR ".join(f"{quoted(column)} IS NOT NULL" for column in self.values)
        masks = self._masks(filled) if filled else []
        parts = []
        for mask in masks:
            named, condition = self._masked(mask)
            flags = ", ".join(f"bool_or({quoted(column)} IS NOT NULL) AS c{n}" for n, column in enumerate(self.values))
            group = f" GROUP BY {named}" if named else ""
            listed = f"{named}, " if named else ""
            naming = f"(SELECT {listed}{flags} FROM taken WHERE {condition} AND ({filled}){group})"
            join = f"JOIN {naming} AS n USING ({named})" if named else f"CROSS JOIN {naming} AS n"
            parts.append(
                f"SELECT {OF}, {AT}, n.* EXCLUDE ({named}) FROM live {join}"
                if named
                else f"SELECT {OF}, {AT}, n.* FROM live {join}"
            )
        flags = ", ".join(f"bool_or(c{number}) AS c{number}" for number in range(len(self.values)))
        if not parts:
            return
        self._table("clears", f"SELECT {OF}, {AT}, {flags} FROM ({' UNION ALL '.join(parts)}) GROUP BY {OF}, {AT}")
        values = ", ".join(f"CASE WHEN NOT c{n} THEN {quoted(column)} END" for n, column in enumerate(self.values))
        hit = " OR ".join(f"(c{n} AND {quoted(column)} IS NOT NULL)" for n, column in enumerate(self.values))
        self.connection.execute(
            f"INSERT INTO changes SELECT {columns_sql(self.keys)}, {values}, false, {OF}, {AT}"
            f" FROM live JOIN clears USING ({OF}, {AT}) ANTI JOIN sent USING ({columns_sql(self.keys)})"
            f" ANTI JOIN dels USING ({OF}, {AT}) WHERE {hit}"
        )

    def _spread(self, said: Sequence[Attribute]) -> None:
        """Carry what is said of series, groups and the dataset to the rows that are not sent."""
        told = {one.id: f"{_said(one.dimension_ids)}.{quoted(one.id)}" for one in said}
        differs = {
            column: f"({value} IS NOT NULL AND {value} IS DISTINCT FROM l.{quoted(column)})"
            for column, value in told.items()
        }
        torn = [
            f"SELECT l.{OF}, l.{AT} FROM live AS l {_joined(_said(one.dimension_ids), one, 'l', 'JOIN')}"
            f" WHERE {differs[one.id]}"
            for one in said
        ]
        self._table("torn", " UNION ".join(torn))
        if not self._rows_of("torn"):
            return
        joins = " ".join(sorted({_joined(_said(one.dimension_ids), one, "l") for one in said}))
        values = ", ".join(
            f"coalesce({told[column]}, l.{quoted(column)})" if column in told else f"l.{quoted(column)}"
            for column in self.values
        )
        self.connection.execute(
            f"INSERT INTO changes SELECT {columns_sql(self.keys, 'l')}, {values}, false, l.{OF}, l.{AT}"
            f" FROM (SELECT * FROM live SEMI JOIN torn USING ({OF}, {AT})"
            f" ANTI JOIN sent USING ({columns_sql(self.keys)})"
            f" ANTI JOIN changes USING ({OF}, {AT})) AS l {joins} WHERE {' OR '.join(differs.values())}"
        )

    def _table(self, name: str, sql: str) -> None:
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}")

    def _rows_of(self, source: str) -> int:
        row = self.connection.execute(f"SELECT count(*) FROM {source}").fetchone()
        return int(row[0]) if row else 0

    def _counted(self, expressions: str) -> tuple[int, int]:
        row = self.connection.execute(f"SELECT {expressions} FROM changes").fetchone()
        return (int(row[0]), int(row[1])) if row else (0, 0)


def _said(by: Sequence[str]) -> str:
    """The table of what is said of a series, a group or the dataset."""
    return quoted(".".join(("new", *by)))


def _kept(attribute: Attribute) -> str:
    """The table of what is kept of an attribute."""
    return quoted(f"old.{attribute.id}")


def _joined(table: str, attribute: Attribute, to: str, kind: str = "LEFT JOIN") -> str:
    same = " AND ".join(f"{to}.{quoted(key)} = {table}.{quoted(key)}" for key in attribute.dimension_ids)
    return f"{kind} {table} ON {same or 'true'}"


def _listed(columns: Iterable[str]) -> str:
    return "".join(f"{quoted(column)}, " for column in columns)


def _grouped(columns: Sequence[str]) -> str:
    return f" GROUP BY {columns_sql(columns)}" if columns else ""
