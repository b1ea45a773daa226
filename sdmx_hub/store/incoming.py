"""What is to be loaded, as a file sorted and coded like a base, so that it can be one; and its log.

The file is written by the connection the rows belong to, in the end one sorted pass; nothing passes through Python.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from sdmx_hub.errors import Malformed
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import ACTION, Rows, literal, quoted
from sdmx_hub.model.structure import Attachment, Attribute, DataStructure
from sdmx_hub.store.files import discard, temporary
from sdmx_hub.store.segments import (
    SUFFIX,
    VALID_FROM,
    VALID_TO,
    Dictionaries,
    Segment,
    attach,
    coded_ids,
    columns_sql,
    create_types,
    merge_codes,
)

_ALIAS = "incoming"
_SHARED = (Attachment.DATASET, Attachment.GROUP, Attachment.DIMENSIONS)


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """Rows written to ``path`` and attached as ``segment``.

    ``action`` is the SQL of a row's action over the table ``i``; ``count`` counts rows, ``present`` the values of each
    component.
    """

    path: Path
    segment: Segment
    action: str
    count: int
    present: Mapping[str, int]

    def is_base(self, structure: DataStructure) -> bool:
        """Tell whether the rows can stand as they are: all keys whole, no action, shared attributes on all or none."""
        shared = (self.present[attribute.id] for attribute in shared_attributes(structure))
        whole = all(self.present[key] == self.count for key in structure.key_ids)
        return ACTION not in self.segment.columns and whole and all(present in {0, self.count} for present in shared)


def shared_attributes(structure: DataStructure) -> tuple[Attribute, ...]:
    """The attributes that describe more than one observation."""
    return structure.attributes_of(*_SHARED)


def write_incoming(rows: Rows, structure: DataStructure, known: Dictionaries, folder: Path) -> Path:
    """Write rows to a new file in ``folder``, coded over what is ``known`` and their own codes."""
    path = temporary(folder, SUFFIX)
    connection, components = rows.connection, list(structure.components)
    connection.execute(f"ATTACH {literal(str(path))} AS {_ALIAS} (STORAGE_VERSION 'v1.5.0')")
    try:
        dictionaries = _dictionaries(rows, structure, known)
        create_types(connection, _ALIAS, dictionaries)
        columns = [_column(rows, column, coded=column in dictionaries) for column in components]
        if ACTION in rows.columns:
            columns.append(f"CAST({ACTION} AS VARCHAR) AS {ACTION}")
        columns.append(f"CAST(NULL AS INTEGER) AS {VALID_FROM}")
        order = columns_sql(structure.key_ids)
        connection.execute(
            f"CREATE TABLE {_ALIAS}.cur AS SELECT {', '.join(columns)} FROM ({rows.sql}) ORDER BY {order}",
            list(rows.params),
        )
        connection.execute(
            f"CREATE TABLE {_ALIAS}.hist AS SELECT {columns_sql((*components, VALID_FROM))},"
            f" CAST(NULL AS INTEGER) AS {VALID_TO} FROM {_ALIAS}.cur LIMIT 0"
        )
    except BaseException:
        connection.execute(f"DETACH {_ALIAS}")
        discard(path)
        raise
    connection.execute(f"DETACH {_ALIAS}")
    return path


def open_incoming(
    connection: duckdb.DuckDBPyConnection, path: Path, alias: str, structure: DataStructure, action: Action
) -> Incoming:
    """Attach what ``write_incoming`` wrote and measure it. Raises Malformed when a key comes twice."""
    segment = attach(connection, path, alias, read_only=True)
    default = literal(action.value)
    expression = f"coalesce(nullif(i.{ACTION}, ''), {default})" if ACTION in segment.columns else default
    components = list(structure.components)
    counted = connection.execute(f"SELECT count(*), {_counts(components)} FROM {alias}.cur").fetchone()
    count, *present = counted or (0,)
    incoming = Incoming(
        path=path,
        segment=segment,
        action=expression,
        count=count,
        present=dict(zip(components, present, strict=True)),
    )
    _check_unique(connection, incoming, structure)
    return incoming


def fingerprint(connection: duckdb.DuckDBPyConnection, incoming: Incoming) -> str:
    """Tell rows apart: equal for equal rows, whatever their order."""
    columns = columns_sql(sorted(incoming.segment.columns))
    source = f"{incoming.segment.alias}.cur"
    return str(
        connection.execute(
            f"SELECT count(*), sum(hash({columns})::HUGEINT), {literal(columns)} FROM {source}"
        ).fetchone()
    )


def _dictionaries(rows: Rows, structure: DataStructure, known: Dictionaries) -> dict[str, tuple[str, ...]]:
    time = structure.time_dimension
    return {
        column: merge_codes(known.get(column, ()), _codes(rows, column), is_time=time is not None and column == time.id)
        for column in coded_ids(structure)
    }


def _codes(rows: Rows, column: str) -> Sequence[str]:
    if column not in rows.columns:
        return ()
    found = rows.connection.execute(
        f"SELECT CAST(v AS VARCHAR) FROM (SELECT DISTINCT {quoted(column)} AS v FROM ({rows.sql}) WHERE v IS NOT NULL)",
        list(rows.params),
    ).fetchall()
    return [row[0] for row in found]


def _column(rows: Rows, column: str, *, coded: bool) -> str:
    name = quoted(column)
    kind = f"{_ALIAS}.{quoted(f'e_{column}')}" if coded else "VARCHAR"
    return f"CAST({name if column in rows.columns else 'NULL'} AS {kind}) AS {name}"


def _counts(columns: Sequence[str]) -> str:
    return ", ".join(f"count({quoted(column)})" for column in columns)


def _check_unique(connection: duckdb.DuckDBPyConnection, incoming: Incoming, structure: DataStructure) -> None:
    keys = columns_sql(structure.key_ids, "i")
    whole = " AND ".join(f"i.{quoted(key)} IS NOT NULL" for key in structure.key_ids)
    twice = connection.execute(
        f"SELECT key FROM (SELECT ({keys}) AS key, lag(({keys})) OVER () AS previous"
        f" FROM {incoming.segment.alias}.cur AS i"
        f" WHERE {incoming.action} <> 'D' AND {whole}) WHERE key = previous LIMIT 1"
    ).fetchone()
    if twice is not None:
        raise Malformed(
            "rows-twice", key=".".join(map(str, twice[0].values() if isinstance(twice[0], dict) else twice[0]))
        )
