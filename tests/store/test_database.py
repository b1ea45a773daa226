"""The control database: one shape, one writer, nothing half."""

from __future__ import annotations

import datetime as dt
import threading
from importlib import resources
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from sdmx_hub.errors import ConfigurationError, TryAgain
from sdmx_hub.store import alert_tables, harvest_tables, metadata_tables, quality_tables, registry_tables, workers
from sdmx_hub.store.audit import append_audit, check_audit, select_audit
from sdmx_hub.store.database import open_database
from sdmx_hub.store.lease import check_lease, free_lease, take_lease
from sdmx_hub.store.tables import AUDIT, COUNTER, METADATA

NOW = dt.datetime(2026, 3, 1, 8, 30, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def test_migrations_make_exactly_the_tables_the_code_speaks_to(database):
    with database.engine.connect() as connection:
        tables = (alert_tables, harvest_tables, metadata_tables, quality_tables, registry_tables, workers)
        assert all(one.METADATA is METADATA for one in tables)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_migrating_twice_changes_nothing(database):
    database.migrate()
    assert database.is_current()


def test_the_migrations_follow_each_other_in_the_order_of_their_numbers(database):
    folder = resources.files("sdmx_hub.store") / "migrations"
    scripts = list(ScriptDirectory(str(folder)).walk_revisions())
    assert [script.revision for script in scripts] == [f"{number:04}" for number in range(len(scripts), 0, -1)]
    assert all(Path(script.path).name.startswith(f"{script.revision}_") for script in scripts)
    with database.reading() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == scripts[0].revision


def test_only_tables_of_this_release_are_current(database, tmp_path):
    assert database.is_current()
    with database.transaction() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    assert not database.is_current()
    empty = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
    assert not empty.is_current()
    empty.close()


def test_tables_of_a_newer_program_are_refused(database):
    with database.transaction() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError) as refused:
        database.migrate()
    assert "9999" in str(refused.value)


@pytest.mark.parametrize("url", ["mysql://u@h/d", "sqlite://", "sqlite:///:memory:", "not a url"])
def test_other_urls_are_refused(url):
    with pytest.raises(ConfigurationError):
        open_database(url)


def test_a_failed_transaction_leaves_nothing(database):
    row = sa.insert(COUNTER).values(name="x", value=1)

    def insert_twice():
        with database.transaction() as connection:
            connection.execute(row)
            connection.execute(row)

    with pytest.raises(sa.exc.IntegrityError):
        insert_twice()
    with database.reading() as connection:
        assert connection.execute(sa.select(COUNTER.c.value).where(COUNTER.c.name == "x")).all() == []


def test_writers_come_one_after_the_other(database):
    mine = COUNTER.c.name == "x"
    with database.transaction() as connection:
        connection.execute(sa.insert(COUNTER).values(name="x", value=0))

    def count():
        for _ in range(20):
            with database.transaction() as connection:
                value = connection.execute(sa.select(COUNTER.c.value).where(mine)).scalar_one()
                connection.execute(sa.update(COUNTER).where(mine).values(value=value + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as connection:
        assert connection.execute(sa.select(COUNTER.c.value).where(mine)).scalar_one() == 80


def test_a_naive_instant_is_refused(database):
    with pytest.raises(ValueError, match="time zone"), database.transaction() as connection:
        append_audit(connection, at=dt.datetime(2026, 1, 1), actor="a", action="b", subject="c")


def audited(database, count=4):
    with database.transaction() as connection:
        for number in range(count):
            append_audit(connection, at=NOW, actor="ana", action="try", subject="é", detail={"number": number})


def test_an_untouched_audit_log_holds(database):
    audited(database)
    assert check_audit(database) == []
    assert [entry.detail["number"] for entry in select_audit(database, subject="é")] == [3, 2, 1, 0]


@pytest.mark.parametrize(
    "tamper",
    [
        sa.update(AUDIT).where(AUDIT.c.seq == 2).values(actor="eve"),
        sa.update(AUDIT).where(AUDIT.c.seq == 2).values(detail="{}"),
        sa.update(AUDIT).where(AUDIT.c.seq == 2).values(at=NOW + HOUR),
        sa.delete(AUDIT).where(AUDIT.c.seq == 2),
        sa.delete(AUDIT).where(AUDIT.c.seq == 1),
    ],
    ids=["actor", "detail", "moment", "taken out", "first taken out"],
)
def test_a_touched_audit_log_is_found_out(database, tamper):
    audited(database)
    with database.transaction() as connection:
        connection.execute(tamper)
    assert [finding.code for finding in check_audit(database)] == ["audit-broken"]


def test_a_lease_has_one_holder_at_a_time(database):
    lease = take_lease(database, "flow", holder="one", now=NOW, lasts=HOUR)
    with pytest.raises(TryAgain) as refused:
        take_lease(database, "flow", holder="two", now=NOW, lasts=HOUR)
    assert "one" in str(refused.value)
    free_lease(database, lease, now=NOW)
    assert take_lease(database, "flow", holder="two", now=NOW, lasts=HOUR).token == lease.token + 1


def test_a_holder_whose_lease_went_to_another_is_fenced(database):
    late = take_lease(database, "flow", holder="late", now=NOW, lasts=HOUR)
    take_lease(database, "flow", holder="next", now=NOW + 2 * HOUR, lasts=HOUR)
    with pytest.raises(TryAgain), database.transaction() as connection:
        check_lease(connection, late)
