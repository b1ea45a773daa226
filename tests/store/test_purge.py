"""A purge takes values out of every file and every state, and leaves everything else as it was."""

from __future__ import annotations

import dataclasses
import datetime as dt

import duckdb
import pytest

from sdmx_hub.errors import BadQuery, TryAgain
from sdmx_hub.model.finding import Severity
from sdmx_hub.model.rows import literal
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import DataQuery
from sdmx_hub.store.audit import check_audit, select_audit
from sdmx_hub.store.blobs import local_blobs, raw_name, store_file
from sdmx_hub.store.database import open_database
from sdmx_hub.store.lease import take_lease
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.purge import purging
from sdmx_hub.store.purge.order import Order
from sdmx_hub.store.purge.purging import plan_purge, purge
from tests.harvest.hubs import FLOW, Hub, observation, told
from tests.harvest.virtual import VirtualTime
from tests.support.postgres import new_database

MARK, VALUE = "Zaphod Beeblebrox, 42", "918273645"
KEPT = [observation("SEN", "2020", "10", COMMENT="kept"), observation("MLI", "2020", "30")]
FIRST = [*KEPT, observation("GHA", "2020", VALUE, COMMENT=MARK)]
SECOND = [*KEPT, observation("GHA", "2020", VALUE, COMMENT=f"{MARK}!"), observation("GHA", "2021", "7", COMMENT="7")]
GHA = {"REF_AREA": frozenset({"GHA"})}
REASON = "names of persons"


both = pytest.mark.parametrize("hub", [2_000_000, 0], ids=["bases", "deltas"], indirect=True)
"""Each release a base, or a delta on top of one."""


@pytest.fixture
def hub(request, tmp_path, monkeypatch):
    """A hub of today, for files know no other time."""
    monkeypatch.setattr("sdmx_hub.store.staging.MOST_CHANGED", 1000)
    time = VirtualTime(at=dt.datetime.now(dt.UTC) - dt.timedelta(hours=1))
    hub = Hub(tmp_path / "hub", time)
    hub.observations.close()
    hub.observations = Observations(
        hub.database,
        hub.home / "observations",
        blobs=local_blobs(hub.home),
        clock=time.now,
        small=getattr(request, "param", 2_000_000),
    )
    yield hub
    hub.close()


def fill(hub):
    hub.publish(FIRST)
    hub.publish(SECOND)
    orphan = hub.home / "received"
    orphan.write_text(f"REF_AREA,COMMENT\nGHA,{MARK}\n", encoding="utf-8")
    store_file(local_blobs(hub.home), orphan, raw_name)
    for folder in ("tmp", "spill"):
        (hub.home / "observations" / folder).mkdir(exist_ok=True)
        (hub.home / "observations" / folder / "left").write_text(MARK, encoding="utf-8")
    hub.time.at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)


def order_of(hub, **more):
    return Order(dataflow=FLOW, structure=hub.structure, **{"where": GHA, **more})


def run(hub, **more):
    return purge(order_of(hub, **more), hub.observations, hub.database, actor="test", reason=REASON, now=hub.time.now())


def found_in(home, *marks):
    """The files of a home in which a mark is found: as bytes, or asked for in the language of the file."""
    found = []
    for path in (path for path in home.rglob("*") if path.is_file()):
        content = path.read_bytes()
        is_plain = any(mark.encode() in content or mark.encode("utf-16-le") in content for mark in marks)
        if is_plain or (path.suffix in {".duckdb", ".parquet"} and any(_asked(path, mark) for mark in marks)):
            found.append(path.name)
    return found


def _asked(path, mark):
    with duckdb.connect() as connection:
        if path.suffix == ".parquet":
            connection.execute(f"CREATE VIEW rows AS FROM read_parquet({literal(str(path))})")
            names = ["rows"]
        else:
            connection.execute(f"ATTACH {literal(str(path))} AS f (READ_ONLY)")
            names = ["f.cur", "f.hist"] if len(connection.execute("SHOW ALL TABLES").fetchall()) > 1 else ["f.cur"]
        texts = [str(row) for name in names for row in connection.execute(f"FROM {name}").fetchall()]
        codes = [] if path.suffix == ".parquet" else connection.execute("FROM duckdb_types() SELECT labels").fetchall()
        return mark in "".join(texts) + str(codes)


def history(hub, audience="public"):
    plan = plan_data(DataQuery(), hub.structure)
    found = []
    for vintage in hub.observations.open_history(FLOW, hub.structure, plan, audience=audience):
        rows = vintage.rows.connection.execute(vintage.rows.sql, list(vintage.rows.params)).fetchall()
        gone = vintage.deleted.connection.execute(vintage.deleted.sql, list(vintage.deleted.params)).fetchall()
        found.append((sorted(map(str, rows)), len(gone)))
        vintage.rows.close()
        vintage.deleted.close()
    return found


def rows_with(found, area):
    return [[row for row in rows if area in row] for rows, _ in found]


@both
def test_purged_values_are_found_nowhere_and_all_else_is_as_it_was(hub):
    fill(hub)
    before = history(hub)
    assert len(found_in(hub.home, MARK, VALUE)) >= 6
    planned = plan_purge(order_of(hub), hub.observations, hub.database, now=hub.time.now())
    assert len(found_in(hub.home, MARK, VALUE)) >= 6
    done = run(hub)
    assert dataclasses.replace(done, release_id=None) == planned
    assert (done.living, done.ended, done.logs, done.received) == (2, 1, 2, 1)
    hub.observations.close()
    assert found_in(hub.home, MARK, VALUE, REASON + "x") == []
    assert hub.observations.check() == []
    assert [row["REF_AREA"] for row in hub.held()] == ["MLI", "SEN"]
    after = history(hub)
    assert rows_with(after[:2], "SEN") == rows_with(before, "SEN")
    assert rows_with(after[:2], "MLI") == rows_with(before, "MLI")
    assert [len(rows) for rows in rows_with(after, "GHA")] == [1, 2, 0]
    assert after[2][1] == 2  # whoever harvests is told of both
    (entry,) = [one for one in select_audit(hub.database) if one.action == "purge"]
    assert (entry.detail["reason"], entry.detail["where"]) == (REASON, {"REF_AREA": ["GHA"]})
    assert check_audit(hub.database) == []
    hub.publish([*KEPT, observation("GHA", "2022", "1")])  # life goes on
    assert len(hub.held()) == 3
    assert run(hub).living == 1


@pytest.mark.parametrize("hub", [0], indirect=True)  # each release a delta
def test_of_single_components_the_observation_stays(hub):
    fill(hub)
    done = run(hub, where={}, cleared=("COMMENT",))
    assert (done.living, done.ended) == (3, 1)
    hub.observations.close()
    assert found_in(hub.home, MARK) == []
    assert [row["OBS_VALUE"] for row in hub.held()] == [VALUE, "7", "30", "10"]
    assert {row["COMMENT"] for row in hub.held()} == {None}
    assert [len(rows) for rows in rows_with(history(hub), "GHA")] == [1, 1 + 1, 2]


def test_without_a_trace_the_keys_go_too(hub):
    fill(hub)
    run(hub, traceless=True)
    hub.observations.close()
    assert found_in(hub.home / "observations", "GHA") == []
    assert rows_with(history(hub), "GHA") == [[], [], []]
    assert history(hub)[2][1] == 0
    (entry,) = [one for one in select_audit(hub.database) if one.action == "purge"]
    assert "GHA" not in str(entry.detail)


@pytest.mark.postgres
def test_a_hub_whose_database_is_postgresql_is_purged_too(postgres_server, tmp_path):
    database = open_database(new_database(postgres_server))
    database.migrate()
    hub = Hub(tmp_path / "hub", VirtualTime(at=dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)), database=database)
    hub.publish(FIRST)
    hub.publish(KEPT)
    hub.observations.close()
    blobs = local_blobs(hub.home)
    hub.observations = Observations(database, hub.home / "observations", blobs=blobs, clock=hub.time.now)
    hub.time.at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)
    assert run(hub).ended == 1
    hub.observations.close()
    assert found_in(hub.home, MARK, VALUE) == []
    assert faults(hub) == []
    hub.close()


def test_what_is_in_history_alone_is_purged_without_a_release(hub):
    fill(hub)
    hub.publish(KEPT)
    releases = len(hub.observations.releases(FLOW))
    done = run(hub)
    assert (done.living, done.ended, done.release_id) == (0, 3, None)
    assert len(hub.observations.releases(FLOW)) == releases
    hub.observations.close()
    assert found_in(hub.home, MARK, VALUE) == []


def test_a_purge_that_died_is_made_good_by_the_next(hub, monkeypatch):
    fill(hub)

    def die(*_):
        raise KeyboardInterrupt

    for name in ("rewrite_logs", "_switch", "_remove"):
        with monkeypatch.context() as patched:
            patched.setattr(purging, name, die)
            with pytest.raises(KeyboardInterrupt):
                run(hub)
        assert faults(hub) == []
    hub.time.at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)
    run(hub)
    hub.observations.close()
    assert found_in(hub.home, MARK, VALUE) == []
    assert faults(hub) == []


def faults(hub):
    return [one for one in hub.observations.check() if one.severity is Severity.ERROR]


def test_nothing_is_purged_while_somebody_loads_or_copies(hub):
    fill(hub)
    now = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)
    for name in ("dataflow OTHER:DF(1.0)", "backup"):
        lease = take_lease(hub.database, name, holder="x", now=now, lasts=dt.timedelta(hours=1))
        with pytest.raises(TryAgain):
            run(hub)
        purging.free_lease(hub.database, lease, now=hub.time.now() - dt.timedelta(days=1))
    assert run(hub).living == 2


@pytest.mark.parametrize(
    "more",
    [{"where": {"NONE": frozenset()}}, {"cleared": ("REF_AREA",)}, {"cleared": ("X",)},
     {"cleared": ("COMMENT",), "traceless": True}],
)  # fmt: skip
def test_what_cannot_be_purged_is_refused(hub, more):
    with pytest.raises(BadQuery):
        run(hub, **more)


def test_who_harvests_the_hub_takes_the_purge_over(hub, tmp_path):
    fill(hub)
    ours = Hub(tmp_path / "ours", hub.time)
    with hub.serving() as address:
        ours.add_source(f"{address}/sdmx/v2", limits="{most_deleted_percent: 100}")
        assert told(ours.harvest())[:2] == ("succeeded", 4)
        hub.time.pass_by(5)
        run(hub)
        hub.time.pass_by(5)
        assert told(ours.harvest())[:4] == ("succeeded", 0, 0, 2)
        assert ours.held() == hub.held()
        done = purge(
            dataclasses.replace(order_of(hub), structure=ours.structure),
            Observations(ours.database, ours.home / "observations", blobs=local_blobs(ours.home), clock=hub.time.now),
            ours.database,
            actor="test",
            reason=REASON,
            now=hub.time.now(),
        )
    assert done.received >= 1
    ours.observations.close()
    assert found_in(ours.home, MARK, VALUE) == []
    ours.close()
