"""Write leases: who may change a dataflow now, until when, and a token that grows with each holder.

The token fences: a writer whose lease expired and went to another finds a higher token when it tries to publish.
A holder that died on this machine holds nothing: nobody has to wait until its lease expires.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import socket
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.errors import TryAgain
from sdmx_hub.store.database import Database
from sdmx_hub.store.tables import LEASE

BACKUP = "backup"
"""The lease under which files are copied: while somebody holds it none is removed."""
_PROCESS = re.compile(r" at (\S+):([0-9]+)$")


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A lease as it was given."""

    name: str
    holder: str
    token: int
    expires_at: dt.datetime


def this_process(holder: str) -> str:
    """Name a holder together with the machine and process it works in."""
    return f"{holder} at {socket.gethostname()}:{os.getpid()}"


def take_lease(database: Database, name: str, *, holder: str, now: dt.datetime, lasts: dt.timedelta) -> Lease:
    """Take a lease that is free, expired, or of a dead process. Raises TryAgain, naming the holder, for any other."""
    with database.transaction() as connection:
        check_free(connection, name, now=now)
        row = connection.execute(sa.select(LEASE).where(LEASE.c.name == name)).first()
        lease = Lease(name=name, holder=holder, token=row.token + 1 if row else 1, expires_at=now + lasts)
        values = {"holder": holder, "token": lease.token, "expires_at": lease.expires_at}
        if row is None:
            connection.execute(sa.insert(LEASE).values(name=name, **values))
        else:
            connection.execute(sa.update(LEASE).where(LEASE.c.name == name).values(**values))
    return lease


def check_free(connection: Connection, name: str, *, now: dt.datetime) -> None:
    """Make sure, inside a transaction, that nobody alive holds a lease. Raises TryAgain, naming the holder."""
    row = connection.execute(sa.select(LEASE).where(LEASE.c.name == name)).first()
    if row is not None and row.expires_at > now and not _is_dead(row.holder):
        raise TryAgain("lease-taken", name=name, holder=row.holder, until=row.expires_at.isoformat())


def free_lease(database: Database, lease: Lease, *, now: dt.datetime) -> None:
    """Give a lease back; one that was lost meanwhile is left alone."""
    with database.transaction() as connection:
        free(connection, lease, now=now)


def free(connection: Connection, lease: Lease, *, now: dt.datetime) -> None:
    """Give a lease back inside a writing transaction."""
    _expire(connection, lease, now)


def check_lease(connection: Connection, lease: Lease) -> None:
    """Make sure, inside a writing transaction, that nobody took the lease since. Raises TryAgain."""
    query = sa.select(LEASE.c.token, LEASE.c.holder).where(LEASE.c.name == lease.name)
    row = connection.execute(query).first()
    if row is None or row.token != lease.token:
        raise TryAgain("lease-lost", name=lease.name, holder=row.holder if row else "-")


def _expire(connection: Connection, lease: Lease, at: dt.datetime) -> None:
    held = (LEASE.c.name == lease.name, LEASE.c.token == lease.token)
    connection.execute(sa.update(LEASE).where(*held).values(expires_at=at))


def _is_dead(holder: str) -> bool:
    match = _PROCESS.search(holder)
    if match is None or match[1] != socket.gethostname():
        return False
    try:
        os.kill(int(match[2]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
