"""The number by which a hub is known to those who work for it: given with its control database, the same for ever."""

from __future__ import annotations

from sdmx_hub.store.counter import Counter
from sdmx_hub.store.database import Database


def read_identity(database: Database) -> int:
    """Read the number of a hub."""
    with database.reading() as connection:
        return Counter("hub").read(connection)
