"""The fence between a run and what it publishes: both in one transaction, so that a run publishes once or not at all.

The transaction of the release also writes the run: its number, and what the next run of the flow must know. It changes
nothing unless the run is still held by whoever publishes. So a worker that was overtaken publishes nothing, whenever it
wakes; and what a worker that died had published is found on the run by whoever takes it over, and not done again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.store.database import Database
from sdmx_hub.store.harvest_tables import RUN
from sdmx_hub.store.run_rows import Run, State
from sdmx_hub.store.runs import LeaseLost
from sdmx_hub.store.tables import CHANGE, LINEAGE

_INSIDE = "internal"


@dataclass(frozen=True, kw_only=True)
class Published:
    """What a release did, as its own office sees it; ``log`` is the hash of the log of its rows."""

    received: int
    added: int
    revised: int
    deleted: int
    unchanged: int
    log: str | None


def pass_fence(connection: Connection, run: Run, release_id: int, memory: Mapping[str, Any]) -> None:
    """Write ``release_id`` into its run, within the transaction of the release.

    Raises LeaseLost, and so undoes the release, when the run is no longer held by its holder.
    """
    mine = (RUN.c.id == run.id, RUN.c.token == run.token, RUN.c.state == State.RUNNING)
    kept = json.dumps(dict(memory), ensure_ascii=False)
    done = connection.execute(sa.update(RUN).where(*mine).values(release_id=release_id, memory=kept))
    if done.rowcount != 1:
        raise LeaseLost("harvest-lease-lost", run=run.id)


def read_published(database: Database, release_id: int, dataflow: str) -> Published:
    """Read what a release did to a dataflow."""
    changes = sa.select(CHANGE).where(
        CHANGE.c.release_id == release_id, CHANGE.c.audience == _INSIDE, CHANGE.c.dataflow == dataflow
    )
    logs = sa.select(LINEAGE.c.log_sha256, LINEAGE.c.log_rows).where(
        LINEAGE.c.release_id == release_id, LINEAGE.c.audience == _INSIDE, LINEAGE.c.dataflow == dataflow
    )
    with database.reading() as connection:
        change = connection.execute(changes).first()
        log = connection.execute(logs).first()
    counts = {name: getattr(change, name) if change else 0 for name in ("added", "revised", "deleted", "unchanged")}
    return Published(received=log.log_rows if log else 0, log=log.log_sha256 if log else None, **counts)
