"""Received bytes that may hold what is purged: of loads that brought it, of visits for its dataflow, and of nobody."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.errors import Damaged
from sdmx_hub.store.blobs import RAW, Blobs, digest_in, raw_name
from sdmx_hub.store.database import Database
from sdmx_hub.store.harvest_tables import REQUEST, RUN, SOURCE
from sdmx_hub.store.purge.order import Order
from sdmx_hub.store.tables import LINEAGE

_LISTED = re.compile(rb"([0-9a-f]{64})  [^\n]*\n")
"""A line of what is kept for a load of several files."""
_LONGEST_LIST = 10_000_000
_DIGEST = re.compile(r"[0-9a-f]{64}")


def find_received(
    order: Order, database: Database, blobs: Blobs, logs: frozenset[str], *, before: dt.datetime
) -> frozenset[str]:
    """Find the hashes of received bytes that go.

    They are what loads with these ``logs`` were read from, what partners sent for the dataflow, and what was stored
    ``before`` a moment and is told of nowhere.
    """
    lineage = sa.select(LINEAGE.c.raw_sha256, LINEAGE.c.log_sha256).where(LINEAGE.c.raw_sha256.is_not(None))
    with database.reading() as connection:
        known = list(connection.execute(lineage).all())
        runs = _runs(connection, order)
        sent = sa.select(REQUEST.c.raw_sha256, REQUEST.c.run_id).where(REQUEST.c.raw_sha256.is_not(None))
        requests = list(connection.execute(sent).all())
        planned = {sha256 for text in connection.execute(sa.select(RUN.c.plan)).scalars() for sha256 in _digests(text)}
        planned_here = set(_planned(connection, runs))
    loaded = {row.raw_sha256 for row in known if row.log_sha256 in logs}
    visited = {row.raw_sha256 for row in requests if row.run_id in runs} | planned_here
    told = {row.raw_sha256 for row in known} | {row.raw_sha256 for row in requests} | planned
    told |= {sha256 for one in told for sha256 in _listed(blobs, one)}
    orphans = {
        digest_in(blob.name)
        for blob in blobs.names(RAW)
        if blob.modified <= before and digest_in(blob.name) not in told
    }
    going = loaded | visited | orphans
    going |= {sha256 for one in going for sha256 in _listed(blobs, one)}
    return frozenset(sha256 for sha256 in going if blobs.exists(raw_name(sha256)))


def forget_received(connection: Connection, order: Order, going: frozenset[str]) -> None:
    """Let the database refer to them no more, and take what visits said of values out of their findings."""
    for table in (LINEAGE, REQUEST):
        gone = table.c.raw_sha256.in_(going)
        connection.execute(sa.update(table).where(gone).values(raw_sha256=None))
    runs = _runs(connection, order)
    connection.execute(sa.update(REQUEST).where(REQUEST.c.run_id.in_(runs)).values(answer=""))
    for row in connection.execute(sa.select(RUN.c.id, RUN.c.findings).where(RUN.c.id.in_(runs))).all():
        told = [_without_values(finding) for finding in json.loads(row.findings)]
        text = json.dumps(told, ensure_ascii=False)
        connection.execute(sa.update(RUN).where(RUN.c.id == row.id).values(findings=text))


def _without_values(finding: dict[str, Any]) -> dict[str, Any]:
    params = {key: value if isinstance(value, int | float) else "…" for key, value in finding["params"].items()}
    return {**finding, "source_value": None, "params": params, "suggestion": None}


def _runs(connection: Connection, order: Order) -> frozenset[int]:
    """The runs of all flows that bring, or ever brought, the dataflow."""
    released = sa.select(LINEAGE.c.release_id).where(LINEAGE.c.dataflow == str(order.dataflow))
    brought = sa.select(RUN.c.source, RUN.c.flow).where(RUN.c.release_id.in_(released)).distinct()
    flows = {(row.source, row.flow) for row in connection.execute(brought)}
    for row in connection.execute(sa.select(SOURCE.c.id, SOURCE.c.document)):
        for flow in json.loads(row.document).get("flows", []):
            if flow.get("dataflow") == str(order.dataflow):
                flows.add((row.id, flow.get("id", order.dataflow.id)))
    query = sa.select(RUN.c.id, RUN.c.source, RUN.c.flow)
    return frozenset(row.id for row in connection.execute(query) if (row.source, row.flow) in flows)


def _planned(connection: Connection, runs: frozenset[int]) -> Iterator[str]:
    for row in connection.execute(sa.select(RUN.c.id, RUN.c.plan)):
        if row.id in runs:
            yield from _digests(row.plan)


def _digests(plan: str) -> list[str]:
    return _DIGEST.findall(plan)


def _listed(blobs: Blobs, sha256: str) -> list[str]:
    """The files of a load of several, when what is kept is their list."""
    found = b""
    try:
        for chunk in blobs.read(raw_name(sha256)):
            found += chunk
            if len(found) > _LONGEST_LIST or not _LISTED.match(found):
                return []
    except Damaged:
        return []
    lines = _LISTED.findall(found)
    return [line.decode() for line in lines] if _LISTED.sub(b"", found) == b"" else []
