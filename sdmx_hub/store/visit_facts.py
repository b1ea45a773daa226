"""What the ledger and the audit log tell of many runs at once: their requests, and what persons did about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import sqlalchemy as sa

from sdmx_hub.store.database import Database
from sdmx_hub.store.harvest_tables import REQUEST
from sdmx_hub.store.run_rows import Request
from sdmx_hub.store.tables import AUDIT

_AT_ONCE = 400
_SUBJECT, _ACTION = "run ", "harvest-"


def select_requests(database: Database, run_ids: Iterable[int]) -> dict[int, tuple[Request, ...]]:
    """Select the requests of runs, by run, in the order they were made."""
    names = Request.__dataclass_fields__
    found: dict[int, list[Request]] = {}
    with database.reading() as connection:
        for some in _pieces(sorted(set(run_ids))):
            query = sa.select(REQUEST).where(REQUEST.c.run_id.in_(some)).order_by(REQUEST.c.id)
            for row in connection.execute(query).mappings():
                found.setdefault(row["run_id"], []).append(Request(**{name: row[name] for name in names}))
    return {run: tuple(requests) for run, requests in found.items()}


def select_deeds(database: Database, run_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Select what was done about runs by hand (``approved``, ``rejected``, ``retry``, ``manual``, ``stop``), by run."""
    found: dict[int, list[str]] = {}
    with database.reading() as connection:
        for some in _pieces(sorted(set(run_ids))):
            subjects = [f"{_SUBJECT}{run}" for run in some]
            query = sa.select(AUDIT.c.subject, AUDIT.c.action).where(AUDIT.c.subject.in_(subjects))
            for row in connection.execute(query.order_by(AUDIT.c.seq)):
                if row.action.startswith(_ACTION):
                    run = int(row.subject.removeprefix(_SUBJECT))
                    found.setdefault(run, []).append(row.action.removeprefix(_ACTION))
    return {run: tuple(deeds) for run, deeds in found.items()}


def _pieces(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for begin in range(0, len(ids), _AT_ONCE):
        yield ids[begin : begin + _AT_ONCE]
