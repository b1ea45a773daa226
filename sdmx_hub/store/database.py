"""The control database: SQLite in WAL mode by default, PostgreSQL by URL; one writer at a time on both.

A transaction that may write takes the write lock at its start (``BEGIN IMMEDIATE``; an advisory lock on PostgreSQL), so
that what it read cannot have changed when it writes. Transactions are short: no file is written inside one.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event

from sdmx_hub.errors import ConfigurationError

DatabaseAway = sa.exc.OperationalError
"""What is raised while the database does not answer; it may come back by itself."""
DatabaseTrouble = sa.exc.DatabaseError
"""What is raised when the database refuses, whatever the reason."""
_BUSY_SECONDS = 30
_WRITE_LOCK = 7_345_016_001
"""The advisory lock of PostgreSQL that every writing transaction holds; the number only has to be ours."""
_VERSION = sa.table("alembic_version", sa.column("version_num", sa.String))
"""Where the migrations keep which of them were run."""


@dataclass(frozen=True)
class Database:
    """The control database behind one engine; safe to share between threads, not between processes (after a fork)."""

    engine: Engine

    @property
    def is_sqlite(self) -> bool:
        """Tell whether the database is a local SQLite file."""
        return self.engine.dialect.name == "sqlite"

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a writing transaction, committed at the end and rolled back by any exception."""
        with self.engine.connect() as plain:
            connection = plain.execution_options(writes=True)
            with connection.begin():
                if not self.is_sqlite:
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITE_LOCK)))
                yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection that sees one consistent state and writes nothing."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a connection all of whose reads, however many and long, see the state of one moment."""
        level = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.engine.connect() as plain:
            connection = plain.execution_options(**level)
            with connection.begin():
                yield connection

    def migrate(self) -> None:
        """Bring the tables to this release's shape. Raises ConfigurationError when they are newer than the program."""
        with self.reading() as connection:
            current, known = read_revision(connection), known_revisions()
        if current == known[-1]:
            return
        if current is not None and current not in known:
            raise ConfigurationError("database-newer", revision=current)
        with self.transaction() as connection:
            upgrade_tables(connection)

    def is_current(self) -> bool:
        """Tell whether the tables have this release's shape."""
        with self.reading() as connection:
            return read_revision(connection) == known_revisions()[-1]

    def state(self) -> str:
        """Tell how the database is, in a word or two: ``ok``, ``not migrated`` or ``unreachable``."""
        try:
            return "ok" if self.is_current() else "not migrated"
        except sa.exc.SQLAlchemyError:
            return "unreachable"

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Open the control database at ``url`` (``sqlite:///…`` or ``postgresql://…``), not yet migrated.

    Raises ConfigurationError for a URL of another kind.
    """
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise ConfigurationError("database-url") from error
    if address.get_backend_name() == "sqlite":
        return Database(_open_sqlite(address))
    if address.get_backend_name() == "postgresql":
        return Database(sa.create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True))
    raise ConfigurationError("database-url")


def _open_sqlite(address: sa.URL) -> Engine:
    if not address.database or address.database == ":memory:":
        raise ConfigurationError("database-url")
    Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(address, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; _begin_sqlite does
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def known_revisions() -> list[str]:
    """The revisions this program knows, in their order: the numbers its migrations are named by."""
    listed = (resources.files(__package__) / "migrations" / "versions").iterdir()
    return sorted(each.name.partition("_")[0] for each in listed if each.name.endswith(".py"))


def read_revision(connection: Connection) -> str | None:
    """The revision of the tables; None where there are none."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    return connection.execute(sa.select(_VERSION.c.version_num)).scalar()


def upgrade_tables(connection: Connection, revision: str = "head") -> None:
    """Bring the tables to a revision, inside a writing transaction."""
    # Imported here: every command opens the database, and few find it to be migrated.
    import alembic.command  # noqa: PLC0415 - most commands find their tables in place
    import alembic.config  # noqa: PLC0415 - the same

    config = alembic.config.Config()
    config.set_main_option("script_location", str(resources.files(__package__) / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, revision)
