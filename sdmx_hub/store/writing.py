"""Writing segments: a delta on top of a chain, or a new base in place of all of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from sdmx_hub.model.rows import literal, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.store.changes import Difference
from sdmx_hub.store.files import discard, temporary
from sdmx_hub.store.segments import (
    AT,
    GONE,
    OF,
    STORAGE_VERSION,
    SUFFIX,
    VALID_FROM,
    VALID_TO,
    Dictionaries,
    columns_sql,
    create_types,
)
from sdmx_hub.store.state import Place, State

_ALIAS = "written"


def write_delta(difference: Difference, folder: Path) -> Path:
    """Write what a difference changes as a delta."""
    with _new_segment(difference.connection, difference.incoming.segment.dictionaries, folder) as path:
        columns = _cast(difference.structure, difference.incoming.segment.dictionaries)
        difference.connection.execute(
            f"CREATE TABLE {_ALIAS}.cur AS SELECT {columns}, CAST(NULL AS INTEGER) AS {VALID_FROM}, {GONE}, {OF}, {AT}"
            f" FROM changes ORDER BY {columns_sql(difference.structure.key_ids)}"
        )
    return path


def write_base(difference: Difference, folder: Path) -> Path:
    """Write a base: what is there, changed by a difference, and all that ever ended."""
    structure, state = difference.structure, difference.state
    dictionaries = difference.incoming.segment.dictionaries
    columns = _cast(structure, dictionaries)
    living = [f"SELECT {columns}, CAST(NULL AS INTEGER) AS {VALID_FROM} FROM changes WHERE NOT {GONE}"]
    ended = []
    if state is not None:
        kept = " UNION ALL ".join(state.living(_with_history(difference)))
        living.append(f"SELECT {columns}, {VALID_FROM} FROM ({kept}) ANTI JOIN changes USING ({OF}, {AT})")
        ended = [
            f"SELECT {columns}, {VALID_FROM}, CAST(NULL AS INTEGER) AS {VALID_TO} FROM ({kept})"
            f" SEMI JOIN changes USING ({OF}, {AT})"
        ]
        ended += [
            f"SELECT {columns}, {VALID_FROM}, {VALID_TO} FROM ({part})" for part in state.ended(_ending(structure))
        ]
    with _new_segment(difference.connection, dictionaries, folder) as path:
        _create_base(difference.connection, structure, living, ended)
    return path


def rewrite_base(
    connection: duckdb.DuckDBPyConnection,
    structure: DataStructure,
    state: State,
    folder: Path,
    *,
    revise: Callable[[str], str] = str,
    dictionaries: Dictionaries | None = None,
) -> Path:
    """Write the chain of a state as one base, nothing changed but what ``revise`` makes of a SELECT of rows.

    ``dictionaries`` are those of what remains; the ones there are, else.
    """
    if dictionaries is None:
        dictionaries = {column: codes for column in structure.components if (codes := state.dictionary(column))}
    columns = _cast(structure, dictionaries)

    def project(place: Place) -> str:
        return f"{_listed(place, structure)}, {place.valid_from} AS {VALID_FROM}"

    parts = [revise(part) for part in state.living(project)]
    past = [revise(part) for part in state.ended(_ending(structure))]
    living = [f"SELECT {columns}, {VALID_FROM} FROM ({part})" for part in parts]
    ended = [f"SELECT {columns}, {VALID_FROM}, {VALID_TO} FROM ({part})" for part in past]
    with _new_segment(connection, dictionaries, folder) as path:
        _create_base(connection, structure, living, ended)
    return path


def _with_history(difference: Difference) -> Callable[[Place], str]:
    def project(place: Place) -> str:
        columns = _listed(place, difference.structure)
        return f"{columns}, {place.valid_from} AS {VALID_FROM}, {place.position}::UTINYINT AS {OF}, t.rowid AS {AT}"

    return project


def _ending(structure: DataStructure) -> Callable[[Place, str], str]:
    def project(place: Place, until: str) -> str:
        return f"{_listed(place, structure)}, {place.valid_from} AS {VALID_FROM}, {until} AS {VALID_TO}"

    return project


def _listed(place: Place, structure: DataStructure) -> str:
    return ", ".join(f"{place.column(column)} AS {quoted(column)}" for column in structure.components)


def _create_base(
    connection: duckdb.DuckDBPyConnection, structure: DataStructure, living: list[str], ended: list[str]
) -> None:
    keys = columns_sql(structure.key_ids)
    connection.execute(f"CREATE TABLE {_ALIAS}.cur AS {' UNION ALL '.join(living)} ORDER BY {keys}")
    if ended:
        connection.execute(f"CREATE TABLE {_ALIAS}.hist AS {' UNION ALL '.join(ended)} ORDER BY {keys}, {VALID_FROM}")
    else:
        connection.execute(
            f"CREATE TABLE {_ALIAS}.hist AS SELECT *, CAST(NULL AS INTEGER) AS {VALID_TO} FROM {_ALIAS}.cur LIMIT 0"
        )


def _cast(structure: DataStructure, dictionaries: Dictionaries) -> str:
    return ", ".join(
        f"CAST({quoted(column)} AS {_ALIAS}.{quoted(f'e_{column}')}) AS {quoted(column)}"
        if column in dictionaries
        else f"CAST({quoted(column)} AS VARCHAR) AS {quoted(column)}"
        for column in structure.components
    )


@contextlib.contextmanager
def _new_segment(connection: duckdb.DuckDBPyConnection, dictionaries: Dictionaries, folder: Path) -> Iterator[Path]:
    path = temporary(folder, SUFFIX)
    connection.execute(f"ATTACH {literal(str(path))} AS {_ALIAS} (STORAGE_VERSION '{STORAGE_VERSION}')")
    try:
        create_types(connection, _ALIAS, dictionaries)
        yield path
    except BaseException:
        connection.execute(f"DETACH {_ALIAS}")
        discard(path)
        raise
    connection.execute(f"DETACH {_ALIAS}")
