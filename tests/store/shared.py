"""Processes of several machines over one bucket and one database, each with a home and a cache of its own."""

from __future__ import annotations

import os
from multiprocessing.connection import Connection
from pathlib import Path

from sdmx_hub.config import Settings
from sdmx_hub.store import releases
from sdmx_hub.store.database import Database, open_database
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.storage import open_remote
from tests.store.cube import load, read, series_rows
from tests.support.buckets import ENVIRONMENT


def open_node(url: str, settings: Settings, home: Path) -> tuple[Database, Observations]:
    """Open a hub as a machine does that shares nothing but the database and the bucket."""
    database = open_database(url)
    blobs = open_remote(home, settings, settings.storage_url, ENVIRONMENT)
    return database, Observations(database, home / "observations", blobs=blobs, threads=1)


def serve_node(url: str, settings: Settings, home: Path, line: Connection) -> None:
    """Answer each question with all rows, until the line is closed."""
    _, observations = open_node(url, settings, home)
    line.send("open")
    while line.recv() == "read":
        line.send(read(observations))


def load_and_die(url: str, settings: Settings, home: Path, row: str) -> None:
    """Load a row, and die once its files are stored and before anything refers to them."""

    def die(*_args: object, **_more: object) -> None:
        os.kill(os.getpid(), 9)

    releases.add_chain = die
    _, observations = open_node(url, settings, home)
    load(observations, series_rows(row), at=9)
