"""Restore a backup: build the hub beside whatever is there, then put it in its place, the settings file last.

A home without its settings file is none, so that a restore that was killed leaves either the old hub, or the new one,
or none, and never a mixture; what was there before is moved aside within the home, and nothing is ever removed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.errors import Conflict, Malformed, TryAgain
from sdmx_hub.model.finding import Finding
from sdmx_hub.store.alert_tables import ALERT
from sdmx_hub.store.audit import append_audit, check_chain
from sdmx_hub.store.backup.control import load_control
from sdmx_hub.store.backup.manifest import Manifest
from sdmx_hub.store.backup.sources import Measured, check_room, open_source
from sdmx_hub.store.backup.targets import Told
from sdmx_hub.store.blobs import KINDS, Blobs, digest_in, local_blobs
from sdmx_hub.store.database import Database, open_database
from sdmx_hub.store.files import flush, place
from sdmx_hub.store.harvest_tables import RUN, SOURCE
from sdmx_hub.store.outbox import DROPPED, WAITING
from sdmx_hub.store.registry_tables import OUTBOX
from sdmx_hub.store.run_rows import State, Verdict, verdict_text
from sdmx_hub.store.tables import AUDIT, LEASE, METADATA
from sdmx_hub.store.workers import WORKER, Workers

SETTINGS_FILE, CONTROL_FILE = "hub.toml", "control.db"
_BUILDING, _INCOMING, _LOCK = ".restoring", ".incoming", ".lock"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a hub is restored to.

    ``database_url`` is the control database when that is not in the home, ``blobs`` the store of files when they are
    not; ``settle`` makes the settings file say so. ``replaces`` moves aside what is there; ``sends`` keeps the
    notifications that waited when the backup was made.
    """

    home: Path
    database_url: str = ""
    blobs: Blobs | None = None
    settle: Callable[[str], str] = str
    replaces: bool = False
    sends: bool = False


@dataclass(frozen=True, kw_only=True)
class Refitted:
    """What was put right in the restored tables: runs queued again, notifications and alerts given up."""

    queued: int
    dropped: int


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A restored hub; ``aside`` is where what was there before is now."""

    manifest: Manifest
    refitted: Refitted
    aside: tuple[str, ...]
    findings: tuple[Finding, ...]


def restore_backup(
    source: Path, target: Place, *, actor: str, now: dt.datetime, told: Told = lambda _: None
) -> Restored:
    """Restore a backup. Raises NotFound, Malformed for a backup that is none, Conflict for a place that is taken."""
    opened = open_source(source)
    _check_home(target)
    _check_rest(target, now)
    with _building(target.home) as building, contextlib.ExitStack() as stack:
        blobs = target.blobs or local_blobs(building)
        manifest = opened.read(_Taker(building, blobs, told))
        _place_home(building, manifest)
        settings = building / SETTINGS_FILE
        settings.write_text(target.settle(settings.read_text(encoding="utf-8")), encoding="utf-8")
        database = _database(building, target)
        stack.callback(database.close)
        moved: list[str] = []
        with database.transaction() as connection:
            moved += _make_room(connection, target, now)
            control = building / _INCOMING / digest_in(manifest.control.name)
            load_control(connection, control, manifest.revision, manifest.tables)
            _check_head(connection, manifest)
            findings = check_chain(connection)
            refitted = _refit(connection, manifest, target, actor=actor, now=now)
            if not database.is_sqlite:
                moved += _move_in(building, target, now)
        if database.is_sqlite:
            _settle(database, building)
            moved += _move_in(building, target, now)
        _open_up(building, target.home)
    return Restored(manifest=manifest, refitted=refitted, aside=tuple(moved), findings=tuple(findings))


def _check_home(target: Place) -> None:
    if not target.replaces and target.home.exists() and any(one.name != _BUILDING for one in target.home.iterdir()):
        raise Conflict("restore-home-taken", home=target.home)
    path = _own_file(target)
    if path is not None and path.exists() and not target.replaces:
        raise Conflict("restore-database-taken", database=path)


def _check_rest(target: Place, now: dt.datetime) -> None:
    """Make sure that nobody works for what is to be moved aside. Raises TryAgain."""
    file = _own_file(target) or target.home / CONTROL_FILE
    is_elsewhere = bool(target.database_url) and not target.database_url.startswith("sqlite:")
    if not target.replaces or not (is_elsewhere or file.is_file()):
        return
    database = open_database(target.database_url if is_elsewhere else f"sqlite:///{file.resolve()}")
    try:
        with database.reading() as connection:
            is_there = sa.inspect(connection).has_table(WORKER.name)
        everybody = Workers(database).select() if is_there else ()
    except sa.exc.DatabaseError:  # what cannot be read has nobody who works with it
        everybody = ()
    finally:
        database.close()
    heard = [f"{one.role} {one.name}" for one in everybody if one.is_heard(now)]
    if heard:
        raise TryAgain("restore-at-work", home=target.home, who=", ".join(heard))


def _own_file(target: Place) -> Path | None:
    """The SQLite file outside of the home, when that is where the control database shall be."""
    if not target.database_url.startswith("sqlite:"):
        return None
    path = Path(sa.make_url(target.database_url).database or "").resolve()
    return None if path == target.home.resolve() / CONTROL_FILE else path


@contextlib.contextmanager
def _building(home: Path) -> Iterator[Path]:
    """A folder in the home to build in, for one at a time; what a killed restore left there is removed."""
    building, is_new = home / _BUILDING, not home.exists()
    building.mkdir(parents=True, exist_ok=True)
    with (building / _LOCK).open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TryAgain("restore-busy", home=home) from error
        for path in building.iterdir():
            if path.name != _LOCK:
                _remove(path)
        try:
            yield building
        finally:
            shutil.rmtree(building, ignore_errors=True)
            if is_new and not any(home.iterdir()):
                home.rmdir()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


class _Taker:
    """Puts each file of a backup where it belongs, as far as its name tells."""

    def __init__(self, building: Path, blobs: Blobs, told: Told) -> None:
        self._building, self._blobs, self._told = building, blobs, told
        (building / _INCOMING).mkdir()

    def __call__(self, name: str, chunks: Measured) -> None:
        """Write one file, checked against its name before it is called so."""
        kind = name.partition("/")[0]
        is_blob = kind in KINDS
        path = self._blobs.draft(kind) if is_blob else self._building / _INCOMING / digest_in(name)
        with path.open("wb") as stream:
            for chunk in chunks:
                check_room(path.parent, len(chunk))
                stream.write(chunk)
                self._told(len(chunk))
        if chunks.sha256 != digest_in(name):
            path.unlink()
            raise Malformed("backup-damaged", file=name, why="SHA-256")
        if is_blob:
            self._blobs.put(path, name)


def _place_home(building: Path, manifest: Manifest) -> None:
    """Put settings and mappings under their own names."""
    if SETTINGS_FILE not in manifest.home:
        raise Malformed("backup-damaged", file=SETTINGS_FILE, why="missing")
    for path, name in manifest.home.items():
        target = building / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(building / _INCOMING / digest_in(name), target)
        if manifest.secrets:
            target.chmod(0o600)
        flush(target)


def _database(building: Path, target: Place) -> Database:
    is_elsewhere = target.database_url and not target.database_url.startswith("sqlite:")
    return open_database(target.database_url if is_elsewhere else f"sqlite:///{(building / CONTROL_FILE).resolve()}")


def _make_room(connection: Connection, target: Place, now: dt.datetime) -> list[str]:
    """Make sure that a database elsewhere is empty; what is there goes to a schema of its own when that is wanted."""
    there = [name for name in [*METADATA.tables, "alembic_version"] if sa.inspect(connection).has_table(name)]
    if not there:
        return []
    if not target.replaces:
        raise Conflict("restore-database-taken", database=connection.engine.url.database)
    schema = f"before_{now:%Y%m%dt%H%M%S}"
    connection.execute(sa.schema.CreateSchema(schema))
    quote = connection.dialect.identifier_preparer.quote
    for name in there:
        connection.execute(sa.text(f"ALTER TABLE {quote(name)} SET SCHEMA {quote(schema)}"))
    return [schema]


def _check_head(connection: Connection, manifest: Manifest) -> None:
    head = connection.execute(sa.select(AUDIT.c.hash).order_by(AUDIT.c.seq.desc()).limit(1)).scalar() or ""
    if head != manifest.audit_head:
        raise Malformed("backup-damaged", file=manifest.control.name, why="audit")


def _refit(connection: Connection, manifest: Manifest, target: Place, *, actor: str, now: dt.datetime) -> Refitted:
    """Take the tables from the hub they were copied from: nobody who worked for it works for this one."""
    connection.execute(sa.update(LEASE).where(LEASE.c.expires_at > now).values(expires_at=now))
    connection.execute(sa.delete(WORKER))
    again = sa.update(RUN).where(RUN.c.state == State.RUNNING)
    verdict = verdict_text(Verdict("harvest-queued"))
    queued = connection.execute(
        again.values(state=State.QUEUED, verdict=verdict, expires_at=None, attempts=0, token=RUN.c.token + 1)
    ).rowcount
    dropped = 0
    for table in () if target.sends else (OUTBOX, ALERT):
        waiting = sa.update(table).where(table.c.state == WAITING)
        dropped += connection.execute(waiting.values(state=DROPPED, ended_at=now, failure="restored")).rowcount
    _move_mappings(connection, manifest.origin, target.home.resolve())
    append_audit(
        connection,
        at=now,
        actor=actor,
        action="restore",
        subject=manifest.hub_id,
        detail={"backup": manifest.made_at.isoformat(), "control": manifest.control.sha256, "dropped": dropped},
    )
    return Refitted(queued=queued, dropped=dropped)


def _move_mappings(connection: Connection, origin: str, home: Path) -> None:
    """Let sources find the mappings that moved with the home."""
    for row in connection.execute(sa.select(SOURCE.c.id, SOURCE.c.document)).all():
        document = json.loads(row.document)
        moved = False
        for flow in document.get("flows", []):
            path = Path(str(flow.get("mapping", "")))
            if path.is_relative_to(origin) and home != Path(origin):
                flow["mapping"], moved = str(home / path.relative_to(origin)), True
        if moved:
            text = json.dumps(document, ensure_ascii=False)
            connection.execute(sa.update(SOURCE).where(SOURCE.c.id == row.id).values(document=text))


def _settle(database: Database, building: Path) -> None:
    """Bring an SQLite database into its one file, and that to the disk."""
    database.close()  # the last connection takes the log of writes in
    flush(building / CONTROL_FILE)


def _move_in(building: Path, target: Place, now: dt.datetime) -> list[str]:
    """Move what is there aside, the settings first, and what was built in, but for the settings."""
    moved = _move_aside(target, now)
    (building / SETTINGS_FILE).rename(building / _INCOMING / SETTINGS_FILE)
    own = _own_file(target)
    if own is not None:
        place(building / CONTROL_FILE, own)
    for path in sorted(building.iterdir()):
        if path.name not in {_LOCK, _INCOMING}:
            path.rename(target.home / path.name)
    flush(target.home)
    return moved


def _move_aside(target: Place, now: dt.datetime) -> list[str]:
    aside = _free(target.home / f"before-{now:%Y%m%dT%H%M%SZ}")
    there = [path for path in target.home.iterdir() if path.name != _BUILDING and not path.name.startswith("before-")]
    moved = []
    for path in sorted(there, key=lambda one: one.name != SETTINGS_FILE):
        aside.mkdir(exist_ok=True)
        path.rename(aside / path.name)
    if there:
        flush(aside)
        moved.append(str(aside))
    own = _own_file(target)
    for suffix in ("", "-wal", "-shm") if own is not None else ():
        path = own.with_name(own.name + suffix) if own is not None else Path()
        if path.exists():
            other = _free(path.with_name(f"{path.name}.before-{now:%Y%m%dT%H%M%SZ}"))
            path.rename(other)
            moved.append(str(other))
    return moved


def _free(path: Path) -> Path:
    """The path itself, or with a number when there is something."""
    numbered = (path.with_name(f"{path.name}-{number}") for number in itertools.count(2))
    return next(one for one in itertools.chain([path], numbered) if not one.exists())


def _open_up(building: Path, home: Path) -> None:
    """Put the settings file in its place: from now on the home is a hub."""
    place(building / _INCOMING / SETTINGS_FILE, home / SETTINGS_FILE)
