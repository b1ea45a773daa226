"""An engine for rows of tests: a connection to it serves as well as an engine of its own, and is there at once."""

from __future__ import annotations

import atexit
import functools

import duckdb


@functools.cache
def _engine() -> duckdb.DuckDBPyConnection:
    atexit.register(_engine.cache_clear)
    return duckdb.connect(config={"threads": 2})


def connect() -> duckdb.DuckDBPyConnection:
    """Connect to the one engine of this process. Tables that others shall not meet are temporary ones."""
    return _engine().cursor()
