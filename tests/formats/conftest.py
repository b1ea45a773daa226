from __future__ import annotations

import pytest

from sdmx_hub.formats import read_json, read_xml, read_xml_v2_1_generic
from tests.support.parsing import parse_in


@pytest.fixture
def parse_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse messages in this process; that they are parsed in a child is for ``test_read_write_laws`` to show."""
    parse_in(monkeypatch, read_json, read_xml, read_xml_v2_1_generic)
