"""Stores for the tests: the same suite over SQLite and a real PostgreSQL."""

from __future__ import annotations

import pytest

from sdmx_hub.store.database import open_database
from tests.support.buckets import running_bucket_server
from tests.support.postgres import new_database, running_server


@pytest.fixture(scope="session")
def postgres_server():
    with running_server() as folder:
        yield folder


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}"
    return new_database(request.getfixturevalue("postgres_server"))


@pytest.fixture
def database(database_url):
    database = open_database(database_url)
    database.migrate()
    yield database
    database.close()


@pytest.fixture(scope="session")
def bucket_server():
    with running_bucket_server() as server:
        yield server
