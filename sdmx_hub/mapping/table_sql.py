"""Rows of a database: one SELECT, drawn in batches by a reading connection into a file of texts.

The address of the database stands in an environment variable, whose name is all that files and messages tell. Nothing
is written there: the database is asked for a reading transaction where it knows one, and everything is rolled back.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import sqlalchemy as sa

from sdmx_hub.errors import BadQuery, BadRequest, ConfigurationError, HubError, PartnerUnavailable
from sdmx_hub.mapping.rules import SourceRule
from sdmx_hub.mapping.table_arrow import write_texts
from sdmx_hub.mapping.workbook import as_text

BATCH_ROWS = 10_000
_ASIDE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", re.DOTALL)
_READS = re.compile(r"\s*(?:SELECT|WITH|VALUES)\b[^;]*;?\s*", re.IGNORECASE)
_DRIVERS = {"postgresql": "postgresql+psycopg"}
"""The driver of this program where an address names none."""
_READ_ONLY = {"postgresql": "SET TRANSACTION READ ONLY", "oracle": "SET TRANSACTION READ ONLY"}
_SECRET = re.compile(r"(?i)((?:password|passwd|pwd|secret|token)\s*=\s*)[^;&\s]+")
_HIDES = re.compile(r"(?i)pass|pwd|secret|token|key|connect")
_LONGEST = 300


def write_query(source: SourceRule, values: Mapping[str, str], environment: Mapping[str, str], target: Path) -> int:
    """Bring the rows of the query into the file ``target`` and count them; ``values`` are those of its names.

    Raises ConfigurationError for an address that is not there or no use, PartnerUnavailable for a database that does
    not answer, BadQuery for a query that does more than read or that the database refuses, BadRequest for ``values``
    that do not fit it. No message holds the address, its password or its user.
    """
    statement = _statement(source.query or "", values)
    variable = source.url_env or ""
    address = _address(variable, environment)
    engine = _engine(address, variable)
    decimal = source.decimal or "."
    try:
        with _connected(engine, address, variable) as connection:
            try:
                _only_read(connection)
                connection.execution_options(stream_results=True, yield_per=BATCH_ROWS)
                drawn = connection.execute(statement, values)
                names = list(drawn.keys())
                return write_texts(target, names, _batches(drawn, len(names), decimal))
            except sa.exc.DBAPIError as error:
                raise _refused(error, address, variable) from None
            except sa.exc.SQLAlchemyError as error:
                raise BadQuery("sql-refused", why=_safe(str(error), address)) from None
    finally:
        engine.dispose()


def _statement(query: str, values: Mapping[str, str]) -> sa.TextClause:
    """Read the query. Raises BadQuery, BadRequest."""
    bare = _ASIDE.sub(lambda found: " " if found[0][0] in "-/" else "''", query)
    if not _READS.fullmatch(bare):
        raise BadQuery("sql-not-select")
    statement = sa.text(query.strip().removesuffix(";"))
    wanted = set(statement.compile().params)
    if wanted != values.keys():
        missing, unknown = sorted(wanted - values.keys()), sorted(values.keys() - wanted)
        raise BadRequest("sql-params", missing=", ".join(missing) or "–", unknown=", ".join(unknown) or "–")
    return statement


def _address(variable: str, environment: Mapping[str, str]) -> sa.URL:
    text = environment.get(variable, "").strip()
    if not text:
        raise ConfigurationError("sql-no-address", variable=variable)
    try:
        address = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigurationError("sql-bad-address", variable=variable) from None
    if address.drivername in _DRIVERS:
        address = address.set(drivername=_DRIVERS[address.drivername])
    if address.get_backend_name() == "sqlite" and address.database and not address.database.startswith("file:"):
        where = f"file:{quote(str(Path(address.database).resolve()))}"
        address = address.set(database=where, query={"mode": "ro", "uri": "true"})  # else a wrong name makes a new file
    return address


def _engine(address: sa.URL, variable: str) -> sa.Engine:
    try:
        return sa.create_engine(address, poolclass=sa.NullPool)
    except (sa.exc.ArgumentError, ModuleNotFoundError, TypeError):
        raise ConfigurationError("sql-driver", variable=variable, driver=address.drivername) from None


def _connected(engine: sa.Engine, address: sa.URL, variable: str) -> sa.Connection:
    try:
        return engine.connect()
    except sa.exc.DBAPIError as error:
        why = _safe(str(error.orig), address)
        raise PartnerUnavailable(
            "sql-unreachable", variable=variable, kind=address.get_backend_name(), why=why
        ) from None


def _only_read(connection: sa.Connection) -> None:
    """Let the transaction read only, where the database knows how."""
    kind = connection.engine.dialect.name
    if kind in _READ_ONLY:
        connection.exec_driver_sql(_READ_ONLY[kind])
    elif kind in {"mysql", "mariadb"}:
        connection.exec_driver_sql("START TRANSACTION READ ONLY")


def _batches(drawn: sa.CursorResult[Any], width: int, decimal: str) -> Iterator[list[pa.Array]]:
    for part in drawn.partitions(BATCH_ROWS):
        columns: Sequence[Sequence[Any]] = list(zip(*part, strict=True)) if part else [()] * width
        yield [_texts(column, decimal) for column in columns]


def _texts(column: Sequence[Any], decimal: str) -> pa.Array:
    """The cells of a column as texts; those of texts or whole numbers alone are turned by the library itself."""
    try:
        array = pa.array(column)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        array = None
    if array is not None and (pa.types.is_string(array.type) or pa.types.is_integer(array.type)):
        return array.cast(pa.string())
    return pa.array([_text(cell, decimal) for cell in column], pa.string())


def _text(cell: object, decimal: str) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Decimal):
        return f"{cell:f}".replace(".", decimal)
    if isinstance(cell, bytes | memoryview):
        return bytes(cell).hex()
    if isinstance(cell, dt.datetime) and cell.tzinfo is not None:
        return cell.isoformat()
    return as_text(cell, decimal)


def _refused(error: sa.exc.DBAPIError, address: sa.URL, variable: str) -> HubError:
    why = _safe(str(error.orig), address)
    if error.connection_invalidated:
        return PartnerUnavailable("sql-unreachable", variable=variable, kind=address.get_backend_name(), why=why)
    return BadQuery("sql-refused", why=why)


def _safe(text: str, address: sa.URL) -> str:
    """What a database says, in one line, without anything secret of the address."""
    said = " ".join(text.split())
    asked = address.normalized_query
    hidden = [address.password, *(value for key, values in asked.items() if _HIDES.search(key) for value in values)]
    for secret in filter(None, (str(one) if one else "" for one in hidden)):
        if len(secret) > 2:
            said = said.replace(secret, "***").replace(quote(secret, safe=""), "***")
    said = re.sub(r"://[^\s/@]*@", "://***@", _SECRET.sub(r"\1***", said))
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"
