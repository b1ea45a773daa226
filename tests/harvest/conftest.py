"""Control databases of both kinds, and a scripted partner."""

import pytest

from sdmx_hub.formats import read_json, read_xml, read_xml_v2_1_generic
from tests.harvest.partner import run_partner
from tests.store.conftest import database, database_url, postgres_server
from tests.support.parsing import parse_in
from tests.support.postgres import new_database

__all__ = ["database", "database_url", "partner", "postgres_server"]


@pytest.fixture
def partner():
    with run_partner() as running:
        yield running


@pytest.fixture
def parse_here(monkeypatch):
    """Read messages in this process, where the child process is not what is tested."""
    parse_in(monkeypatch, read_json, read_xml, read_xml_v2_1_generic)


@pytest.fixture
def postgres_url(postgres_server):
    return new_database(postgres_server)
