"""Control databases of both kinds, and a scripted partner."""

import pytest

from tests.harvest.partner import run_partner
from tests.store.conftest import database, database_url, postgres_server
from tests.support.postgres import new_database

__all__ = ["database", "database_url", "partner", "postgres_server"]


@pytest.fixture
def partner():
    with run_partner() as running:
        yield running


@pytest.fixture
def postgres_url(postgres_server):
    return new_database(postgres_server)
