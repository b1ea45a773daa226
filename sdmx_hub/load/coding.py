"""Rows as they are checked: in a table in which codes and periods are numbers of a dictionary.

Checks, sums and staging look at the same columns many times. Comparing, grouping and sorting numbers takes a third of
the time that texts take, and the dictionary of a column is all there is to know of its values.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

import duckdb

from sdmx_hub.formats.read_data import code_types, new_table
from sdmx_hub.model.rows import Rows, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.store.segments import coded_ids

MOST_CODES = 200_000
"""A column with more different values than this is left as text."""
_READ = re.compile(r"\bread_\d+\b")


def code_rows(rows: Rows, structure: DataStructure) -> Rows:
    """Give rows in which what the store codes is coded, in a new table unless a reader has done so; all else stays."""
    described = rows.connection.execute(f"DESCRIBE SELECT * FROM ({rows.sql})", list(rows.params)).fetchall()
    texts = {str(name) for name, kind, *_ in described if kind == "VARCHAR"}
    wanted = [one for one in coded_ids(structure) if one in texts]
    if not wanted:
        return rows
    lists = ", ".join(f"list(DISTINCT {quoted(one)})" for one in wanted)
    found = rows.connection.execute(f"SELECT {lists} FROM ({rows.sql})", list(rows.params)).fetchone() or ()
    values = {
        one: {text for text in listed or () if text is not None} for one, listed in zip(wanted, found, strict=True)
    }
    table = new_table().replace("read", "coded")
    types = code_types(
        rows.connection, table, {one: texts for one, texts in values.items() if len(texts) <= MOST_CODES}
    )
    shown = ", ".join(
        f"CAST({quoted(one)} AS {types[one]}) AS {quoted(one)}" if one in types else quoted(one) for one in rows.columns
    )
    rows.connection.execute(f"CREATE TABLE {table} AS SELECT {shown} FROM ({rows.sql})", list(rows.params))
    columns = ", ".join(map(quoted, rows.columns))
    return dataclasses.replace(rows, sql=f"SELECT {columns} FROM {table}", params=())


def drop_read(connection: duckdb.DuckDBPyConnection, kept: Iterable[Rows]) -> None:
    """Let go of the tables of the readers that none of the rows ``kept`` comes from."""
    used = {name for rows in kept for name in _READ.findall(rows.sql)}
    for (table,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall():
        if _READ.fullmatch(str(table)) and table not in used:
            connection.execute(f"DROP TABLE {quoted(table)}")
