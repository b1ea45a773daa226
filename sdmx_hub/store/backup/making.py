"""Make a backup: the control tables of one moment, then the files they refer to.

While it goes on nothing is collected: upkeep looks for the lease, and what a release adds meanwhile is simply not in
this backup.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.errors import Damaged
from sdmx_hub.store.backup.control import SUFFIX, Control, write_control
from sdmx_hub.store.backup.manifest import Entry, Manifest
from sdmx_hub.store.backup.targets import Archive, Folder, Read, Target, Told, is_archive
from sdmx_hub.store.blobs import CHUNK, RAW, Blobs, digest_in, log_name, segment_name
from sdmx_hub.store.database import Database, read_revision
from sdmx_hub.store.lease import BACKUP, free_lease, take_lease, this_process
from sdmx_hub.store.tables import AUDIT, LINEAGE, MANIFEST, SEGMENT

LONGEST = dt.timedelta(hours=12)
"""Nothing is collected for so long; a backup that died on this machine holds nothing up."""
KEEP = 7


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be backed up, and who it is.

    ``home`` maps the paths of settings and mappings to their contents; ``left_out`` names what somebody must look after
    otherwise; ``keep`` is the number of backups a folder keeps; ``anew`` writes files again that are there.
    """

    database: Database
    blobs: Blobs
    home: Mapping[str, bytes]
    hub_id: str
    program: str
    origin: str
    left_out: tuple[str, ...] = ()
    secrets: bool = False
    keep: int = KEEP
    anew: bool = False


@dataclass(frozen=True, kw_only=True)
class Made:
    """What was written, or would be: ``copied`` of the files, ``removed`` of earlier backups."""

    manifest: Manifest
    copied: int
    copied_bytes: int
    removed: int = 0


def make_backup(order: Order, path: Path, *, now: dt.datetime, told: Told = lambda _: None) -> Made:
    """Back up to a folder or a new archive. Raises Conflict for a place that is something else, TryAgain, Damaged."""
    lease = take_lease(order.database, BACKUP, holder=this_process("backup"), now=now, lasts=LONGEST)
    try:
        with _planned(order, now) as plan, _target(path, plan.manifest.identity) as target:
            return _write(order, plan, target, told)
    finally:
        free_lease(order.database, lease, now=now)


def plan_backup(order: Order, path: Path, *, now: dt.datetime) -> Made:
    """Tell what a backup would copy; nothing is written at its place."""
    with _planned(order, now) as plan:
        there = Folder(path) if path.is_dir() else None
        entries = [one for one in plan.manifest.entries if there is None or order.anew or not there.holds(one)]
    return Made(manifest=plan.manifest, copied=len(entries), copied_bytes=sum(entry.bytes for entry in entries))


@dataclass(frozen=True, kw_only=True)
class _Plan:
    manifest: Manifest
    reads: Mapping[str, Read]


@contextlib.contextmanager
def _target(path: Path, identity: str) -> Iterator[Target]:
    if is_archive(path):
        with Archive(path).open() as archive:
            yield archive
    else:
        with Folder(path).open(identity) as folder:
            yield folder


@contextlib.contextmanager
def _planned(order: Order, now: dt.datetime) -> Iterator[_Plan]:
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-backup-") as folder:
        yield _plan(order, Path(folder) / "control", now)


def _plan(order: Order, written: Path, now: dt.datetime) -> _Plan:
    with order.database.snapshot() as connection:
        control = write_control(connection, written)
        names = _referred(connection)
        revision, identity, head = read_revision(connection) or "", *_audit_ends(connection)
    files, reads = {}, {}
    for content in order.home.values():
        entry = _entry(content)
        files[entry.name], reads[entry.name] = entry, _reader(content)
    for name, size in {**_sizes(order.blobs, names), **_raw(order.blobs)}.items():
        files[name] = Entry(name=name, sha256=digest_in(name), bytes=size)
        reads[name] = _blob_reader(order.blobs, name)
    own = _control_entry(control)
    manifest = Manifest(
        made_at=now,
        program=order.program,
        revision=revision,
        identity=identity,
        hub_id=order.hub_id,
        origin=order.origin,
        database=order.database.engine.dialect.name,
        audit_head=head,
        control=own,
        tables=control.tables,
        files=tuple(files[name] for name in sorted(files)),
        home={path: _entry(content).name for path, content in order.home.items()},
        secrets=order.secrets,
        left_out=order.left_out,
    )
    return _Plan(manifest=manifest, reads={**reads, own.name: _file_reader(written)})


def _write(order: Order, plan: _Plan, target: Target, told: Told) -> Made:
    copied, size, lacking = 0, 0, []
    for entry in plan.manifest.entries:
        if not order.anew and target.holds(entry):
            told(entry.bytes)
            continue
        try:
            target.add(entry, plan.reads[entry.name], told)
        except Damaged:
            if not target.holds(entry):  # an earlier backup may have it whole
                lacking.append(entry.name)
        else:
            copied, size = copied + 1, size + entry.bytes
    files = tuple(entry for entry in plan.manifest.files if entry.name not in lacking)
    manifest = dataclasses.replace(plan.manifest, files=files, lacking=tuple(lacking))
    removed = target.finish(manifest, order.keep)
    return Made(manifest=manifest, copied=copied, copied_bytes=size, removed=removed)


def _referred(connection: Connection) -> dict[str, int | None]:
    """The names of all segments and logs that releases refer to, with their sizes where they are noted."""
    segments = sa.select(SEGMENT.c.sha256, SEGMENT.c.bytes).where(SEGMENT.c.sha256.in_(sa.select(MANIFEST.c.sha256)))
    logs = sa.select(LINEAGE.c.log_sha256).distinct()
    found: dict[str, int | None] = {segment_name(row.sha256): row.bytes for row in connection.execute(segments)}
    return found | {log_name(sha256): None for sha256 in connection.execute(logs).scalars()}


def _sizes(blobs: Blobs, names: Mapping[str, int | None]) -> dict[str, int]:
    """The sizes of the files referred to; those of files that are not there are what was noted, or nothing."""
    kinds = {name.partition("/")[0] for name in names}
    there = {blob.name: blob.size for kind in kinds for blob in blobs.names(kind)}
    return {name: size if size is not None else there.get(name, 0) for name, size in names.items()}


def _raw(blobs: Blobs) -> dict[str, int]:
    return {blob.name: blob.size for blob in blobs.names(RAW)}


def _audit_ends(connection: Connection) -> tuple[str, str]:
    """The hash of the first audit entry, which names a hub wherever it goes, and that of the last."""
    ends = [
        connection.execute(sa.select(AUDIT.c.hash).order_by(order).limit(1)).scalar() or ""
        for order in (AUDIT.c.seq, AUDIT.c.seq.desc())
    ]
    return ends[0], ends[1]


def _entry(content: bytes) -> Entry:
    sha256 = hashlib.sha256(content).hexdigest()
    return Entry(name=f"home/{sha256}", sha256=sha256, bytes=len(content))


def _control_entry(control: Control) -> Entry:
    return Entry(name=f"control/{control.sha256}{SUFFIX}", sha256=control.sha256, bytes=control.bytes)


def _reader(content: bytes) -> Read:
    return lambda: iter([content])


def _blob_reader(blobs: Blobs, name: str) -> Read:
    return lambda: blobs.read(name)


def _file_reader(path: Path) -> Read:
    def read() -> Iterator[bytes]:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                yield chunk

    return read
