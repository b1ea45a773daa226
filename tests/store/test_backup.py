"""Backups: whatever a hub keeps comes back as it was, from and into either kind of database, or not at all."""

from __future__ import annotations

import datetime as dt
import fcntl
import shutil

import pytest
import sqlalchemy as sa

from sdmx_hub.errors import Conflict, NotFound, TryAgain
from sdmx_hub.store.audit import check_audit
from sdmx_hub.store.backup import control
from sdmx_hub.store.backup.making import Order, make_backup, plan_backup
from sdmx_hub.store.backup.restoring import Place, restore_backup
from sdmx_hub.store.backup.sources import list_backups, open_source
from sdmx_hub.store.database import upgrade_tables
from sdmx_hub.store.lease import take_lease
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.outbox import Outbox
from sdmx_hub.store.run_rows import State
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.storage import open_remote
from sdmx_hub.store.tables import METADATA
from sdmx_hub.store.workers import Presence, Workers
from tests.harvest.virtual import BEGIN
from tests.store.backed_up import (
    SECOND,
    SETTINGS,
    THIRD,
    answers,
    back_up,
    make_hub,
    open_home,
    order_of,
    restore,
    tables,
)
from tests.store.conftest import new_database
from tests.store.killed_restore import POINTS, killed_backup, killed_restore
from tests.support.buckets import ENVIRONMENT
from tests.support.children import run_child

CHANGED = {"lease", "harvest_run", "outbox", "alert", "harvest_worker", "audit"}
"""Tables that a restore puts right; all others come back row for row."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    hub = make_hub(tmp_path_factory.mktemp("hub"))
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def said(hub):
    return answers(hub.database, hub.home)


@pytest.fixture(scope="module")
def whole(hub, tmp_path_factory):
    """A backup of the hub, in a folder."""
    target = tmp_path_factory.mktemp("backups") / "office"
    back_up(hub, target)
    return target


@pytest.fixture(scope="module")
def rows(hub):
    return steady(tables(hub.database))


def steady(found):
    """The tables that a restore leaves as they are."""
    return {name: found[name] for name in found if name not in CHANGED}


def kept_rows(home, url=""):
    """What a restored home holds, every file of it whole."""
    database = open_home(home, url)
    observations = Observations(database, home / "observations")
    assert observations.check() == []
    observations.close()
    found = tables(database)
    database.close()
    return steady(found)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def elsewhere(request):
    """Where control tables may be restored to: the home, or a database elsewhere."""
    return "" if request.param == "sqlite" else new_database(request.getfixturevalue("postgres_server"))


def test_all_tables_are_known_to_backups(hub):
    found = sa.MetaData()
    with hub.database.reading() as connection:
        found.reflect(connection)
    assert set(found.tables) - {"alembic_version"} == set(METADATA.tables)


@pytest.mark.parametrize(
    ("name", "elsewhere"),
    [
        ("office.tar", "sqlite"),
        pytest.param("office.tar.zst", "postgres", marks=pytest.mark.postgres),
    ],
    indirect=["elsewhere"],
)
def test_a_restored_hub_says_what_the_old_one_said(hub, said, tmp_path, elsewhere, name):
    made = back_up(hub, tmp_path / name)
    done = restore(tmp_path / name, tmp_path / "new", elsewhere)
    database = open_home(tmp_path / "new", elsewhere)
    assert answers(database, tmp_path / "new") == said
    assert done.manifest == made.manifest
    assert done.findings == ()
    before, after = tables(hub.database), tables(database)
    assert steady(after) == steady(before)
    assert after["audit"][:-1] == before["audit"]
    assert check_audit(database) == []
    assert (tmp_path / "new" / "mappings" / "P" / "one.yaml").read_bytes() == b"id: one\n"
    there = sorted(path.name for path in (tmp_path / "new").iterdir() if path.suffix[:3] != ".db")
    assert there == ["hub.toml", "mappings", "observations", "raw"]
    with database.transaction() as connection:  # numbers go on where they were
        made = sa.insert(METADATA.tables["release"]).values(kind="load", actor="x", made_at=BEGIN)
        assert connection.execute(made.returning(METADATA.tables["release"].c.id)).scalar_one() == 3
    database.close()


@pytest.mark.postgres
def test_an_office_moves_from_postgresql_to_sqlite(postgres_server, tmp_path):
    hub = make_hub(tmp_path / "old", new_database(postgres_server))
    made = back_up(hub, tmp_path / "office.tar")
    assert made.manifest.database == "postgresql"
    restore(tmp_path / "office.tar", tmp_path / "new")
    database = open_home(tmp_path / "new")
    assert answers(database, tmp_path / "new") == answers(hub.database, hub.home)
    database.close()
    hub.close()


def test_what_the_old_hub_had_begun_waits_for_somebody_and_nothing_is_sent_twice(hub, whole, tmp_path):
    done = restore(whole, tmp_path / "new")
    assert (done.refitted.queued, done.refitted.dropped) == (1, 3)
    database = open_home(tmp_path / "new")
    runs = Runs(database).select(source="P")
    assert {run.state for run in runs} == {State.QUEUED}
    later = BEGIN + dt.timedelta(days=2)
    claimed = Runs(database).claim("new", now=later, lease=dt.timedelta(minutes=1))
    assert claimed is not None
    old = next(run for run in Runs(hub.database).select(source="P") if run.state is State.RUNNING)
    assert next(run for run in runs if run.id == old.id).token > old.token
    assert Outbox(database).take(now=later) is None
    assert take_lease(database, "dataflow TEST:DF(1.0.0)", holder="x", now=later, lasts=dt.timedelta(minutes=1))
    database.close()
    restore(whole, tmp_path / "moved", sends=True)
    database = open_home(tmp_path / "moved")
    waiting = [Outbox(database).take(now=later) for _ in range(3)]
    assert [one is None for one in waiting] == [False, False, True]  # a release and a registration
    database.close()


def test_a_folder_copies_each_file_once_and_keeps_so_many_backups(tmp_path):
    hub = make_hub(tmp_path / "hub")
    target = tmp_path / "backups"
    first = back_up(hub, target)
    assert first.copied == len(first.manifest.entries)
    planned = plan_backup(order_of(hub), target, now=hub.time.now())
    assert planned.copied <= 1  # the control tables may differ by a lease
    hub.publish(THIRD)
    second = back_up(hub, target)
    assert second.copied == 3  # a segment, its log, the control tables
    held = hub.held()
    hub.publish([])
    third = back_up(hub, target, keep=2)
    assert third.removed >= 1
    assert [one.made_at for one in list_backups(target)] == [third.manifest.made_at, second.manifest.made_at]
    assert all(open_source(path).faults(lambda _: None)[1] == [] for path in [target, *target.glob("earlier/*")])
    (earlier,) = target.glob("earlier/*")
    assert (target.stat().st_mode & 0o077, (target / "manifest.json").exists()) == (0, True)
    restore(earlier, tmp_path / "new")
    restored = make_like(hub, tmp_path / "new")
    assert restored.held() == held
    restored.close()
    earlier.write_bytes(b"{}")  # a damaged manifest stops nobody
    hub.publish(THIRD)
    back_up(hub, target)
    (target / "manifest.json").write_bytes(b"{}")
    assert len(list_backups(target)) == 1
    back_up(hub, target)
    assert open_source(target).faults(lambda _: None)[1] == []
    hub.close()


def make_like(hub, home):
    """The hub of a restored home."""
    database = open_home(home)
    return type(hub)(home, hub.time, artefacts=(), database=database)


def test_who_writes_during_a_backup_is_not_in_it_and_nothing_it_needs_goes(tmp_path):
    hub = make_hub(tmp_path / "hub")
    held, late = hub.held(), []

    def meanwhile(_):
        if not late:
            hub.publish(THIRD)
            late.append(hub.held())
            with pytest.raises(TryAgain):
                hub.observations.collect(now=hub.time.now() + dt.timedelta(hours=1), grace=dt.timedelta(0))

    make_backup(order_of(hub), tmp_path / "office", now=hub.time.now(), told=meanwhile)
    assert late[0] != held
    hub.observations.collect(now=hub.time.now() + dt.timedelta(days=9), grace=dt.timedelta(0))
    restore(tmp_path / "office", tmp_path / "new")
    restored = make_like(hub, tmp_path / "new")
    assert restored.held() == held == [row for row in restored.held() if row["OBS_VALUE"] in {"12", "30"}]
    assert len(held) == len(SECOND)
    restored.close()
    hub.close()


def test_a_file_the_hub_lost_is_told_and_the_rest_is_saved(tmp_path):
    hub = make_hub(tmp_path / "hub")
    (lost,) = (hub.home / "raw").glob("*/*")
    lost.write_bytes(b"otherwise")
    made = back_up(hub, tmp_path / "office.tar")
    assert made.manifest.lacking == (f"raw/{lost.parent.name}/{lost.name}",)
    done = restore(tmp_path / "office.tar", tmp_path / "new")
    assert done.manifest.lacking == made.manifest.lacking
    hub.close()


def test_a_place_that_holds_something_is_left_alone_or_moved_aside(rows, whole, tmp_path, elsewhere):
    home = tmp_path / "new"
    restore(whole, home, elsewhere)
    (home / "mine").write_text("x", encoding="utf-8")
    with pytest.raises(Conflict):
        restore(whole, home, elsewhere)
    if elsewhere:
        with pytest.raises(Conflict):
            restore(whole, tmp_path / "other", elsewhere)
        assert not (tmp_path / "other").exists()
    done = restore(whole, home, elsewhere, replaces=True)
    assert len(done.aside) == (2 if elsewhere else 1)
    (aside,) = home.glob("before-*")
    assert (aside / "mine").read_text(encoding="utf-8") == "x"
    if not elsewhere:
        assert kept_rows(aside) == rows
    assert kept_rows(home, elsewhere) == rows


def test_a_database_file_outside_of_the_home_is_restored_to_too(rows, whole, tmp_path):
    url = f"sqlite:///{tmp_path / 'data' / 'own.db'}"
    (tmp_path / "data").mkdir()
    restore(whole, tmp_path / "new", url)
    with pytest.raises(Conflict):
        restore(whole, tmp_path / "newer", url)
    assert len(restore(whole, tmp_path / "newer", url, replaces=True).aside) == 1
    assert kept_rows(tmp_path / "newer", url) == rows


@pytest.mark.parametrize(
    ("revision", "elsewhere"),
    [("0002", "sqlite"), pytest.param("0008", "postgres", marks=pytest.mark.postgres)],
    indirect=["elsewhere"],
)
def test_an_older_backup_is_brought_to_the_shape_of_today(tmp_path, monkeypatch, elsewhere, revision):
    hub = make_hub(tmp_path / "hub")
    old = open_home(tmp_path, f"sqlite:///{tmp_path / 'old.db'}")
    found = sa.MetaData()
    with old.transaction() as connection:
        upgrade_tables(connection, revision)
        found.reflect(connection)
        for name in ("artefact", "release", "audit"):
            rows = [dict(row) for row in _raw(hub.database, name)]
            connection.execute(sa.insert(found.tables[name]), rows)
    kept = sa.MetaData()
    for table in found.sorted_tables:
        if table.name != "alembic_version":
            table.to_metadata(kept)
    monkeypatch.setattr(control, "METADATA", kept)
    hub.database.close()
    object.__setattr__(hub, "database", old)
    made = back_up(hub, tmp_path / "office")
    assert made.manifest.revision == revision
    restore(tmp_path / "office", tmp_path / "new", elsewhere)
    database = open_home(tmp_path / "new", elsewhere)
    assert database.is_current()
    assert len(tables(database)["artefact"]) == made.manifest.tables["artefact"] > 0
    assert check_audit(database) == []
    database.close()
    hub.close()


def _raw(database, name):
    with database.reading() as connection:
        return connection.execute(sa.text(f"SELECT * FROM {name}")).mappings().all()  # noqa: S608 - our own name


def test_files_come_from_and_go_to_an_object_store(rows, whole, tmp_path, bucket_server):
    settings, home = bucket_server.new_settings(), tmp_path / "new"
    blobs = open_remote(tmp_path / "cache", settings, settings.storage_url, ENVIRONMENT)
    place = Place(home=home, blobs=blobs)
    first = restore_backup(whole, place, actor="test", now=BEGIN + dt.timedelta(days=1))
    assert not (home / "observations").exists()
    database = open_home(home)
    observations = Observations(database, home / "observations", blobs=blobs)
    assert observations.check() == []
    observations.close()
    assert steady(tables(database)) == rows
    order = Order(database=database, blobs=blobs, home=SETTINGS, hub_id="TEST", program="0.1.0", origin=str(home))
    again = make_backup(order, tmp_path / "office.tar", now=BEGIN + dt.timedelta(days=2))
    assert again.manifest.files == first.manifest.files
    database.close()
    blobs.close()
    restore(tmp_path / "office.tar", tmp_path / "newer")
    assert kept_rows(tmp_path / "newer") == rows


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_restore_leaves_the_old_hub_the_new_one_or_none(rows, whole, tmp_path, point):
    home = tmp_path / "home"
    restore(whole, home)
    (home / "hub.toml").write_bytes(b"# old\n")
    assert run_child(killed_restore, str(whole), str(home), "", point) == -9
    settings = home / "hub.toml"
    if settings.exists():
        is_old = settings.read_bytes() == b"# old\n"
        assert is_old == (point == "tables made")
        assert kept_rows(home) == rows
    done = restore(whole, home, replaces=True)
    assert done.findings == ()
    assert kept_rows(home) == rows
    assert not (home / ".restoring").exists()


@pytest.mark.postgres
@pytest.mark.parametrize("point", ["moved in", "settings not in place"])
def test_a_killed_restore_into_postgresql_leaves_no_half(rows, whole, tmp_path, postgres_server, point):
    url, home = new_database(postgres_server), tmp_path / "home"
    assert run_child(killed_restore, str(whole), str(home), url, point) == -9
    assert not (home / "hub.toml").exists()
    restore(whole, home, url, replaces=True)
    assert kept_rows(home, url) == rows


def test_a_killed_backup_leaves_the_one_before(tmp_path):
    assert run_child(killed_backup, str(tmp_path / "hub"), str(tmp_path / "office")) == -9
    (made,) = list_backups(tmp_path / "office")
    assert open_source(tmp_path / "office").faults(lambda _: None) == (made, [])
    restore(tmp_path / "office", tmp_path / "new")


def test_a_hub_somebody_works_for_is_not_moved_aside(whole, tmp_path, elsewhere):
    home, now = tmp_path / "new", BEGIN + dt.timedelta(days=1)
    restore(whole, home, elsewhere)
    database = open_home(home, elsewhere)
    workers = Workers(database)
    presence = Presence(name="w", role="worker", machine="m", started_at=now, heartbeat_at=now)
    workers.beat(presence)
    with pytest.raises(TryAgain, match="worker w"):
        restore(whole, home, elsewhere, replaces=True)
    assert (home / "hub.toml").is_file()
    workers.leave("w", now=now)
    database.close()
    restore(whole, home, elsewhere, replaces=True)


def test_a_database_that_cannot_be_read_is_moved_aside_too(rows, whole, tmp_path):
    restore(whole, tmp_path / "new")
    (tmp_path / "new" / "control.db").write_bytes(b"no database" * 1000)
    restore(whole, tmp_path / "new", replaces=True)
    assert kept_rows(tmp_path / "new") == rows


def test_two_restores_do_not_meet(whole, tmp_path):
    building = tmp_path / "new" / ".restoring"
    building.mkdir(parents=True)
    with (building / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(TryAgain):
            restore(whole, tmp_path / "new")


def test_backups_go_to_places_of_their_own(hub, whole, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "file").touch()
    with pytest.raises(Conflict):
        back_up(hub, tmp_path / "x")
    other = make_hub(tmp_path / "other")
    copy = shutil.copytree(whole, tmp_path / "copy")
    with other.database.transaction() as connection:
        connection.execute(sa.text("UPDATE audit SET hash = 'other' WHERE seq = 1"))
    with pytest.raises(Conflict):
        back_up(other, copy)
    other.close()
    (tmp_path / "x.tar").touch()
    with pytest.raises(Conflict):
        back_up(hub, tmp_path / "x.tar")
    with pytest.raises(NotFound):
        restore_backup(tmp_path / "none", Place(home=tmp_path / "new"), actor="test", now=BEGIN)
    with pytest.raises(NotFound):
        list_backups(tmp_path / "x")
