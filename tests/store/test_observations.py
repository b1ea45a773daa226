"""The observation store, over SQLite and PostgreSQL: loading, releasing, looking back, keeping in order."""

from __future__ import annotations

import datetime as dt
import multiprocessing
from pathlib import Path

import duckdb
import pytest

from sdmx_hub.errors import Conflict, Malformed, NotFound, TryAgain
from sdmx_hub.model.message import Action
from sdmx_hub.store import staging
from sdmx_hub.store.audit import check_audit, select_audit
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.releases import Lineage
from tests.factories import make_structure
from tests.store.cube import COLUMNS, FLOW, STRUCTURE, drawn, load, make_rows, moment, plan, read, series_rows

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def observations(database, tmp_path):
    observations = Observations(database, tmp_path / "obs", clock=lambda: moment(200))
    yield observations
    observations.close()


@pytest.fixture
def with_deltas(database, tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "MOST_CHANGED", 1000)
    observations = Observations(database, tmp_path / "obs", small=0, clock=lambda: moment(200))
    yield observations
    observations.close()


def values(observations, **query):
    return {" ".join(row[:3]): row[3] for row in read(observations, **query)}


def test_what_is_released_is_read_with_the_text_it_came_with(observations):
    release = load(observations, series_rows("SN F 2020 1.10", "SN F 2021 1e3", "ES M 2020 99999999999999999999.90"))
    assert release.changes[0].counts.added == 3
    assert values(observations) == {"ES M 2020": "99999999999999999999.90", "SN F 2020": "1.10", "SN F 2021": "1e3"}


def test_rows_come_sorted_with_their_dictionaries(observations):
    load(observations, series_rows("SN F 2021 1", "ES M 2020 2", "SN F 2020 3"))
    rows = observations.open_rows(FLOW, STRUCTURE, plan())
    assert rows.columns == COLUMNS
    assert rows.coded["REF_AREA"] == ("ES", "SN")
    assert rows.coded["TIME_PERIOD"] == ("2020", "2021")
    assert [row[:3] for row in drawn(rows)] == [("ES", "M", "2020"), ("SN", "F", "2020"), ("SN", "F", "2021")]


def test_codes_stay_coded_over_deltas(with_deltas):
    load(with_deltas, series_rows("SN F 2020 1", "ES M 2020 2"), at=1)
    load(with_deltas, series_rows("AA F 2019 3", "SN F 2020 9"), at=2)
    assert len(with_deltas.version(FLOW).links) == 2
    rows = with_deltas.open_rows(FLOW, STRUCTURE, plan())
    assert rows.coded["REF_AREA"] == ("AA", "ES", "SN")
    kinds = rows.connection.execute(f"DESCRIBE {rows.sql}").fetchall()
    assert kinds[0][1] == "ENUM('AA', 'ES', 'SN')"
    assert [row[:4] for row in drawn(rows)] == [
        ("AA", "F", "2019", "3"),
        ("ES", "M", "2020", "2"),
        ("SN", "F", "2020", "9"),
    ]


def test_nothing_is_visible_before_the_release(observations):
    staged = observations.stage(FLOW, STRUCTURE, {"public": series_rows("SN F 2020 1")})
    assert observations.version(FLOW) is None
    assert read(observations) == []
    assert (staged.added, staged.revised, staged.deleted, staged.unchanged) == (1, 0, 0, 0)
    observations.discard(staged)


def test_loading_the_same_again_releases_nothing(observations):
    load(observations, series_rows("SN F 2020 1"), at=1)
    before = observations.version(FLOW)
    assert load(observations, series_rows("SN F 2020 1"), at=2) is None
    assert observations.version(FLOW) == before


def test_one_writer_at_a_time_and_discarding_gives_way(observations):
    staged = observations.stage(FLOW, STRUCTURE, {"public": series_rows("SN F 2020 1")}, holder="ana")
    with pytest.raises(TryAgain) as refused:
        observations.stage(FLOW, STRUCTURE, {"public": series_rows("SN F 2020 2")})
    assert "ana" in str(refused.value)
    rehearsed = observations.stage(FLOW, STRUCTURE, {"public": series_rows("SN F 2020 2")}, rehearse=True)
    assert rehearsed.added == 1
    observations.discard(staged)
    assert load(observations, series_rows("SN F 2020 3")) is not None


def test_a_failed_stage_gives_the_lease_back(observations):
    with pytest.raises(Malformed) as refused:
        load(observations, series_rows("SN F 2020 1", "SN F 2020 2"))
    assert "SN.F.2020" in str(refused.value)
    assert load(observations, series_rows("SN F 2020 1")) is not None
    assert list((observations.root / "tmp").iterdir()) == []


def test_a_load_overtaken_by_another_is_refused(observations):
    late = observations.stage(FLOW, STRUCTURE, {"public": series_rows("SN F 2020 1")}, rehearse=True)
    load(observations, series_rows("SN F 2020 2"), at=1)
    with pytest.raises(TryAgain):
        observations.release([late], Lineage(source="x"), actor="a", now=moment(2))
    assert values(observations) == {"SN F 2020": "2"}


def test_dataflows_released_together_are_one_release(observations):
    other = type(FLOW)("TEST", "DF_OTHER", "1.0.0")
    staged = [observations.stage(flow, STRUCTURE, {"public": series_rows("SN F 2020 1")}) for flow in (FLOW, other)]
    release = observations.release(staged, Lineage(source="two"), actor="ana", now=moment(1))
    assert {change.dataflow for change in release.changes} == {FLOW, other}
    assert observations.version(FLOW).release_id == observations.version(other).release_id


def test_an_audience_sees_only_its_rows_and_its_version(observations):
    everything, free = series_rows("SN F 2020 1", "SN M 2020 2"), series_rows("SN F 2020 1")
    load(observations, {"internal": everything, "public": free}, at=1)
    assert len(read(observations, audience="internal")) == 2
    assert len(read(observations)) == 1
    before = observations.version(FLOW).etag
    more = series_rows("SN F 2020 1", "SN M 2020 3")
    load(observations, {"internal": more, "public": free}, at=2)
    assert observations.version(FLOW).etag == before, "what is hidden does not show in the version either"
    assert observations.version(FLOW, "internal").release_id == 2


def test_audiences_with_the_same_rows_share_files(observations):
    load(observations, {"internal": series_rows("SN F 2020 1"), "public": series_rows("SN F 2020 1")})
    assert observations.version(FLOW).links == observations.version(FLOW, "internal").links
    assert len(list((observations.root / "segments").iterdir())) == 1


def test_an_audience_can_be_held_back_until_a_moment(observations, database):
    rows = series_rows("SN F 2020 1")
    load(observations, {"internal": rows, "public": rows}, at=1, visible_from={"public": moment(9)})
    assert observations.version(FLOW, "internal", now=moment(1)) is not None
    assert observations.version(FLOW, now=moment(9) - dt.timedelta(microseconds=1)) is None
    assert observations.version(FLOW, now=moment(9)).visible_from == moment(9)
    with pytest.raises(Conflict):
        load(observations, series_rows("SN F 2020 2"), at=2)


def test_time_never_goes_back(observations):
    load(observations, series_rows("SN F 2020 1"), at=5)
    load(observations, series_rows("SN F 2020 2"), at=5)
    first, second = (
        change.visible_from for release in reversed(observations.releases()) for change in release.changes[:1]
    )
    assert second > first
    assert values(observations, as_of=first) == {"SN F 2020": "1"}


def test_a_clock_that_was_ahead_holds_nothing_back(observations):
    load(observations, series_rows("SN F 2020 1"), at=9)
    ahead = observations.releases()[0].changes[0].visible_from
    load(observations, series_rows("SN F 2020 2"), at=1)
    assert observations.releases()[0].changes[0].visible_from > ahead
    assert values(observations, as_of=ahead) == {"SN F 2020": "1"}


def test_the_past_is_answered_before_the_first_release_too(observations):
    load(observations, series_rows("SN F 2020 1"), at=5)
    assert read(observations, as_of=moment(4)) == []
    assert observations.version(FLOW, as_of=moment(4)) is None


def test_a_series_attribute_spreads_to_rows_not_sent(observations):
    title = ("SN", "F", "2020", "1", None, "Old", None, None)
    load(observations, make_rows([title, ("SN", "F", "2021", "2", None, "Old", None, None)]), at=1)
    release = load(observations, make_rows([("SN", "F", "2022", "3", None, "New", None, None)]), at=2)
    counts = release.changes[0].counts
    assert (counts.added, counts.revised) == (1, 2)
    assert {row[5] for row in read(observations)} == {"New"}


def test_a_rollback_is_a_release_of_an_earlier_state(observations):
    first = load(observations, series_rows("SN F 2020 1"), at=1)
    load(observations, series_rows("SN F 2020 2", "SN F 2021 3"), at=2)
    release = observations.rollback(first.id, FLOW, STRUCTURE, actor="ana", now=moment(3), reason="wrong file")
    assert release.kind == "rollback"
    assert values(observations) == {"SN F 2020": "1"}
    assert values(observations, as_of=moment(2)) == {"SN F 2020": "2", "SN F 2021": "3"}
    assert observations.rollback(first.id, FLOW, STRUCTURE, actor="ana", now=moment(4), reason="again") is None
    with pytest.raises(NotFound):
        observations.rollback(0, FLOW, STRUCTURE, actor="ana", now=moment(4), reason="never")


def test_compaction_changes_nothing_that_can_be_seen(with_deltas):
    for hour in range(1, 5):
        load(with_deltas, series_rows(f"SN F 2020 {hour}", f"SN M {2000 + hour} 1"), at=hour)
    etag, now = with_deltas.version(FLOW).etag, values(with_deltas)
    past = [values(with_deltas, as_of=moment(hour)) for hour in range(1, 5)]
    assert len(with_deltas.version(FLOW).links) == 4
    with_deltas.compact(FLOW, STRUCTURE)
    assert len(with_deltas.version(FLOW).links) == 1
    assert with_deltas.version(FLOW).etag == etag
    assert values(with_deltas) == now
    assert [values(with_deltas, as_of=moment(hour)) for hour in range(1, 5)] == past


def test_a_chain_of_many_deltas_is_folded_by_the_next_load(with_deltas):
    for hour in range(1, staging.MOST_DELTAS + 3):
        load(with_deltas, series_rows(f"SN F 2020 {hour}"), at=hour)
    assert len(with_deltas.version(FLOW).links) == 1
    assert values(with_deltas, as_of=moment(3)) == {"SN F 2020": "3"}
    assert not with_deltas.wants_compaction(FLOW)


def test_files_nobody_reads_are_collected_after_their_grace(observations):
    for hour in (1, 2, 3):
        load(observations, series_rows(f"SN F 2020 {hour}"), at=hour)
    (observations.root / "tmp").mkdir(exist_ok=True)
    (observations.root / "tmp" / "left.duckdb").write_bytes(b"half")
    now = dt.datetime.now(dt.UTC) + 3 * HOUR
    assert observations.collect(now=moment(3), grace=24 * HOUR) == ()
    removed = observations.collect(now=now, grace=HOUR)
    assert len(removed) == 3
    assert "left.duckdb" in removed
    assert values(observations, as_of=moment(1)) == {"SN F 2020": "1"}
    assert observations.check() == []


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda path: path.unlink(), "file-missing"),
        (lambda path: path.write_bytes(path.read_bytes() + b"x"), "file-damaged"),
    ],
)
@pytest.mark.parametrize("folder", ["segments", "log"])
def test_check_finds_missing_and_damaged_files(observations, folder, damage, code):
    load(observations, series_rows("SN F 2020 1"))
    assert observations.check() == []
    damage(next((observations.root / folder).iterdir()))
    assert [finding.code for finding in observations.check()] == [code]


def test_check_tells_of_files_left_over(observations):
    load(observations, series_rows("SN F 2020 1"))
    (observations.root / "segments" / "0.duckdb").write_bytes(b"")
    assert [finding.code for finding in observations.check()] == ["file-orphan"]


def test_the_log_and_the_lineage_tell_where_rows_came_from(observations, database):
    staged = observations.stage(FLOW, STRUCTURE, {"public": series_rows("SN F 2020 1.10")})
    lineage = Lineage(source="file.csv", raw_sha256="ab" * 32, mapping="m.yaml", details={"sheet": "T1"})
    release = observations.release([staged], lineage, actor="ana", now=moment(1), reason="monthly")
    told = observations.lineage(release.id)[0]
    assert (told["source"], told["mapping"], told["details"], told["log_rows"]) == (
        "file.csv",
        "m.yaml",
        {"sheet": "T1"},
        1,
    )
    log = observations.root / "log" / f"{told['log_sha256']}.parquet"
    with duckdb.connect() as connection:
        assert connection.read_parquet(str(log)).project("REF_AREA, OBS_VALUE").fetchall() == [("SN", "1.10")]
    entry = select_audit(database)[0]
    assert (entry.action, entry.subject, entry.detail["reason"]) == ("release-load", str(FLOW), "monthly")
    assert check_audit(database) == []


def test_a_structure_that_gains_an_attribute_reads_old_rows_without(with_deltas):
    load(with_deltas, make_rows([("SN", "F", "2020", "1", "A", "T", "PS", "s")]), at=1)
    fewer = make_structure("REF_AREA.SEX.TIME_PERIOD")
    columns = ("REF_AREA", "SEX", "TIME_PERIOD", "OBS_VALUE")
    staged = with_deltas.stage(FLOW, fewer, {"public": make_rows([("SN", "M", "2020", "2")], columns)})
    with_deltas.release([staged], Lineage(source="x"), actor="a", now=moment(2))
    assert [row[4] for row in read(with_deltas)] == ["A", None]


def test_other_dimensions_need_another_dataflow(observations):
    load(observations, series_rows("SN F 2020 1"), at=1)
    wider = make_structure("REF_AREA.SEX.AGE.TIME_PERIOD")
    columns = ("REF_AREA", "SEX", "AGE", "TIME_PERIOD", "OBS_VALUE")
    with pytest.raises(Conflict) as refused:
        observations.stage(FLOW, wider, {"public": make_rows([("SN", "M", "Y", "2020", "2")], columns)})
    assert "AGE" in str(refused.value)


def test_a_staged_load_tells_what_it_would_change(with_deltas):
    load(with_deltas, series_rows("SN F 2020 1", "SN F 2021 2", "SN F 2022 3"), at=1)
    rows = series_rows("SN F 2020 1", "SN F 2021 9", "SN F 2023 4")
    staged = with_deltas.stage(FLOW, STRUCTURE, {"public": rows}, scope={}, action=Action.REPLACE)
    changes = [row[:6] for row in drawn(with_deltas.open_staged_changes(staged, "public"))]
    assert changes == [
        ("R", "SN", "F", "2021", "2", "9"),
        ("D", "SN", "F", "2022", "3", None),
        ("A", "SN", "F", "2023", None, "4"),
    ]
    with_deltas.discard(staged)


def test_reading_is_locked_in_to_segments(observations):
    load(observations, series_rows("SN F 2020 1"))
    rows = observations.open_rows(FLOW, STRUCTURE, plan())
    for statement in (
        "SELECT * FROM read_text('/etc/hostname')",
        "ATTACH '/tmp/anything.duckdb' AS anything",
        "COPY (SELECT 1) TO '/tmp/anything.csv'",
        "SET memory_limit = '100GB'",
    ):
        with pytest.raises((duckdb.PermissionException, duckdb.InvalidInputException)):
            rows.connection.execute(statement)
    rows.close()


def test_segments_nobody_reads_are_detached_and_come_back(database, tmp_path):
    observations = Observations(database, tmp_path / "obs")
    observations._engine._keep = 2
    flows = [type(FLOW)("TEST", f"DF_{number}", "1.0.0") for number in range(5)]
    for number, flow in enumerate(flows):
        staged = observations.stage(flow, STRUCTURE, {"public": series_rows(f"SN F 2020 {number}")})
        observations.release([staged], Lineage(source="x"), actor="a", now=moment(1))
    opened = [observations.open_rows(flow, STRUCTURE, plan()) for flow in flows]
    assert [drawn(rows)[0][3] for rows in opened] == ["0", "1", "2", "3", "4"]
    del opened
    assert drawn(observations.open_rows(flows[0], STRUCTURE, plan()))[0][3] == "0"
    assert len(observations._engine._attached) <= 2
    observations.close()


def _read_in_child(url: str, root: Path, answers) -> None:
    from sdmx_hub.store.database import open_database  # noqa: PLC0415 - in the child only

    answers.put(values(Observations(open_database(url), root)))


def test_another_process_reads_what_is_released(observations, database_url):
    load(observations, series_rows("SN F 2020 1"))
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    child = context.Process(target=_read_in_child, args=(database_url, observations.root, answers))
    child.start()
    assert answers.get(timeout=60) == {"SN F 2020": "1"}
    child.join(60)
    assert child.exitcode == 0
