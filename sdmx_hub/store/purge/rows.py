"""Segments and logs written anew without the purged values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import sqlalchemy as sa

from sdmx_hub.model.rows import literal, quoted
from sdmx_hub.store.blobs import Stored, log_name, segment_name, store_file
from sdmx_hub.store.database import Database
from sdmx_hub.store.files import temporary
from sdmx_hub.store.manifest import Link, Version
from sdmx_hub.store.purge.order import Order
from sdmx_hub.store.segments import NO_CODES, Dictionaries
from sdmx_hub.store.staging import LOG_SUFFIX, Workshop
from sdmx_hub.store.state import Place, State, open_state
from sdmx_hub.store.tables import LINEAGE
from sdmx_hub.store.writing import rewrite_base


@dataclass(frozen=True, kw_only=True)
class Found:
    """How many observations there are now, and earlier versions of any, that hold what is to go."""

    living: int
    ended: int


@dataclass(frozen=True, kw_only=True)
class Rewritten:
    """A chain as one new base: its file, and the rows living in it."""

    stored: Stored
    rows: int


def count_rows(order: Order, version: Version, workshop: Workshop) -> Found:
    """Count what a version and its history hold of what is to go."""
    reader = workshop.engine.cursor()
    state = open_state(workshop.engine, version, reader)
    columns = order.structure.components
    living = " UNION ALL ".join(state.living(lambda place: _listed(place, order)))
    ended = " UNION ALL ".join(state.ended(lambda place, _: _listed(place, order)))
    return Found(
        living=_count(reader, living, order.has_values(columns)), ended=_count(reader, ended, order.has_values(columns))
    )


def rewrite_chain(order: Order, version: Version, workshop: Workshop) -> Rewritten:
    """Write a chain as one base in which nothing is left of what goes, nor of codes that nothing has any more."""
    reader = workshop.engine.cursor()
    state = open_state(workshop.engine, version, reader)
    path = rewrite_base(
        reader,
        order.structure,
        state,
        workshop.temporary,
        revise=order.reviser(),
        dictionaries=_dictionaries(order, state, reader),
    )
    living = " UNION ALL ".join(state.living(lambda place: _listed(place, order)))
    return Rewritten(
        stored=store_file(workshop.blobs, path, segment_name), rows=_count(workshop.engine.cursor(), living, "true")
    )


def rewrite_logs(order: Order, database: Database, workshop: Workshop) -> Mapping[str, Link]:
    """Write the logs of a dataflow anew that hold what goes: hash of the old one → hash and rows of the new one."""
    query = sa.select(LINEAGE.c.log_sha256).where(LINEAGE.c.dataflow == str(order.dataflow)).distinct()
    with database.reading() as connection:
        digests = list(connection.execute(query).scalars())
    found = {sha256: _rewrite_log(order, sha256, workshop) for sha256 in digests}
    return {sha256: link for sha256, link in found.items() if link is not None}


def find_logs(order: Order, database: Database, workshop: Workshop) -> frozenset[str]:
    """Find the logs of a dataflow that hold what goes."""
    query = sa.select(LINEAGE.c.log_sha256).where(LINEAGE.c.dataflow == str(order.dataflow)).distinct()
    with database.reading() as connection:
        digests = list(connection.execute(query).scalars())
    return frozenset(sha256 for sha256 in digests if _holds(order, _log(sha256, workshop), workshop))


def _log(sha256: str, workshop: Workshop) -> Path:
    return workshop.blobs.path(log_name(sha256))


def _holds(order: Order, path: Path, workshop: Workshop) -> bool:
    connection = workshop.engine.cursor()
    source = f"FROM read_parquet({literal(str(path))})"
    columns = [str(row[0]) for row in connection.execute(f"DESCRIBE {source}").fetchall()]
    return _count(connection, f"SELECT * {source}", order.has_values(columns)) > 0


def _rewrite_log(order: Order, sha256: str, workshop: Workshop) -> Link | None:
    path = _log(sha256, workshop)
    if not _holds(order, path, workshop):
        return None
    connection = workshop.engine.cursor()
    source = f"SELECT * FROM read_parquet({literal(str(path))})"
    columns = [str(row[0]) for row in connection.execute(f"DESCRIBE {source}").fetchall()]
    remains = order.remains(source, columns)
    written = temporary(workshop.temporary, LOG_SUFFIX)
    connection.execute(f"COPY ({remains}) TO {literal(str(written))} (FORMAT parquet, COMPRESSION zstd)")
    rows = _count(connection, remains, "true")
    return Link(store_file(workshop.blobs, written, log_name).sha256, rows)


def _dictionaries(order: Order, state: State, reader: duckdb.DuckDBPyConnection) -> Dictionaries:
    """The codes that remain, in the order they had."""
    parts = [
        *state.living(lambda place: _listed(place, order)),
        *state.ended(lambda place, _: _listed(place, order)),
    ]
    found = {}
    for column in order.structure.components:
        known = state.dictionary(column)
        if known:
            left = " UNION ALL ".join(order.emptied(part, order.structure.components) for part in parts)
            query = f"SELECT DISTINCT CAST({quoted(column)} AS VARCHAR) FROM ({left})"
            used = {row[0] for row in reader.execute(query).fetchall()}
            found[column] = tuple(code for code in known if code in used) or NO_CODES
    return found


def _listed(place: Place, order: Order) -> str:
    return ", ".join(f"{place.column(name)} AS {quoted(name)}" for name in order.structure.components)


def _count(connection: duckdb.DuckDBPyConnection, part: str, condition: str) -> int:
    if not part:
        return 0
    row = connection.execute(f"SELECT count(*) FROM ({part}) WHERE {condition}").fetchone()
    return int(row[0]) if row else 0
