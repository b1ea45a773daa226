from __future__ import annotations

import pytest

from sdmx_hub.load.artefact_pack import pack_root, read_pack
from sdmx_hub.store.artefacts import Artefacts


@pytest.fixture(scope="session")
def pack() -> Artefacts:
    """The structures that come with the hub."""
    return Artefacts(read_pack(pack_root()))
