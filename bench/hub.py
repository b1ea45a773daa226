"""A hub that holds the cube, and the message it answers a query with: what every part of the benchmark starts from."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from bench.cube import FLOW, artefacts
from sdmx_hub.cli.admin import make_home
from sdmx_hub.cli.context import HubContext
from sdmx_hub.config import Settings
from sdmx_hub.model.message import DataMessage, Header, StructureMessage
from sdmx_hub.publish.data import open_data
from sdmx_hub.query.urls_v2 import parse_data

HEADER = Header(id="bench", prepared=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), sender_id="BENCH")


def open_hub(home: Path) -> HubContext:
    """Open the hub in ``home``; it is made, and given the structures of the cube, where it is missing."""
    hub = HubContext(home=home, settings=Settings())
    if not hub.is_initialised:
        make_home(hub)
        hub.registry.save(artefacts(), actor="bench", now=dt.datetime.now(dt.UTC))
    return hub


def structure_message() -> StructureMessage:
    """The structures of the cube as one message."""
    return StructureMessage(HEADER, artefacts())


def ask(hub: HubContext, key: str = "*", query: str = "") -> DataMessage:
    """Open the answer to a query of the cube, as the server would."""
    return open_data(
        parse_data(("dataflow", FLOW.agency_id, FLOW.id, FLOW.version, key), query),
        hub.registry.snapshot(),
        hub.observations,
        audience="public",
        now=dt.datetime.now(dt.UTC),
        header=HEADER,
    )
