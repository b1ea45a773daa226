from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdmx_hub.mapping import table_csv_plain
from sdmx_hub.mapping.rules import SourceRule
from sdmx_hub.mapping.sources import load_table
from sdmx_hub.mapping.table import BadTable, make_table
from sdmx_hub.mapping.table_csv import CsvGrid
from sdmx_hub.mapping.table_csv_plain import load_plain
from tests.support.engine import connect

SOURCE = SourceRule(line="Made up for a test", licence="None needed", format="csv", delimiter=";")
CELL = st.text(st.sampled_from("abé 0,.'\t\u00a0NA-"), max_size=4)
QUOTED = st.text(st.sampled_from("aé ;'\"0"), max_size=4).map(lambda text: '"' + text.replace('"', '""') + '"')
ROWS = st.lists(st.lists(CELL | QUOTED, min_size=3, max_size=3), min_size=1, max_size=8)


def loaded(path: Path, last_row: int | None = None) -> list[tuple[object, ...]]:
    """The rows of a file, by whichever way ``load_table`` chooses."""
    table = make_table(CsvGrid(path, SOURCE), 1, 1, fill_right=True)
    with connect() as connection:
        load_table(table, table.columns, last_row, connection, "_t")
        return connection.execute("SELECT * FROM _t ORDER BY _row").fetchall()


def is_plain(path: Path) -> bool:
    grid = CsvGrid(path, SOURCE)
    with connect() as connection:
        connection.execute("CREATE TEMP TABLE _t (_row BIGINT, c1 VARCHAR, c2 VARCHAR, c3 VARCHAR)")
        done = load_plain(grid, [1, 2, 3], 2, None, connection, table="_t", where="true")
        assert done or connection.execute("SELECT count(*) FROM _t").fetchone() == (0,)
        return done


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(table_csv_plain, "SMALLEST", 0)
    return monkeypatch


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, ending=st.sampled_from(["\n", "\r\n"]), last=st.booleans())
def test_both_ways_read_the_same_rows(
    small: pytest.MonkeyPatch, tmp_path: Path, rows: list[list[str]], ending: str, last: bool
) -> None:
    path = tmp_path / "t.csv"
    text = ending.join(["x;y;z", *(";".join(row) for row in rows)]) + (ending if last else "")
    path.write_bytes(text.encode())
    by_engine = loaded(path)
    with small.context() as patched:
        patched.setattr(table_csv_plain, "SMALLEST", 1 << 40)
        assert loaded(path) == by_engine


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("x;y;z\n1;2;3\n4;5;6\n", True),
        ("x;y;z\n1;2;3\n4;5;6", True),
        ("\ufeffx;y;z\r\n1;2;3\r\n", True),
        ("x;y;z\n1;2;3\n\n4;5;6\n", False),
        ("x;y;z\n1;2\n", False),
        ("x;y;z\n1;2;3;4\n", False),
        ('x;y;z\n1;"2";3\n', True),
        ('x;"y";z\r\n"a;b";"2 ""two""";""\r\n', True),
        ('x;y;z\n1; "2";3\n', False),
        ('x;y;z\n1;"2" ;3\n', False),
        ('x;y;z\n1;"" ;3\n', False),
        ('x;y;z\n1;2";3\n', False),
        ('x;y;z\n1;"2\n2";3\n', False),
        ("x;y;z\r\n1;2;3\n", False),
        ("x;y;z\n1;2\r;3\n", False),
    ],
)
def test_what_is_not_plain_is_left_to_the_careful_reader(
    small: pytest.MonkeyPatch, tmp_path: Path, text: str, plain: bool
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    assert is_plain(path) is plain


def test_a_small_file_is_not_worth_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"x;y;z\n1;2;3\n")
    assert not is_plain(path)


def test_rows_of_a_large_file_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"x;y;z\n" + b"".join(b"%d;some text to fill a line with;z\n" % row for row in range(2, 150_002)))
    assert is_plain(path)
    rows = loaded(path, last_row=140_000)
    assert len(rows) == 139_999
    assert all(row == int(str(first)) for row, first, *_ in rows)


def test_a_byte_that_does_not_fit_is_told_of_a_large_file_too(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"x;y;z\n" + b"some text to fill a line with;2;3\n" * 150_000 + b"\xe9;2;3\n")
    with pytest.raises(BadTable) as caught:
        loaded(path)
    assert caught.value.finding.params["line"] == 150_002
