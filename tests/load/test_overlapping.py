"""Messages that are parts of one question and overlap: what is equal is taken once, what is not stays to be found."""

import pytest

from sdmx_hub.formats.read_data import ReadData, ReadDataset
from sdmx_hub.load.incoming_messages import join_messages
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import Rows
from sdmx_hub.model.urn import Ref, Urn
from tests.support.engine import connect

FLOW = Urn("Dataflow", Ref("TEST", "DF", "1.0.0"))


def message(connection, *rows, columns=("K", "T", "V", "_row")):
    values = ", ".join(f"({', '.join(repr(one) for one in row)}, {at})" for at, row in enumerate(rows, start=1))
    sql = f"SELECT * FROM (VALUES {values}) AS sent ({', '.join(columns)})"  # noqa: S608 — rows of a test
    made = Rows(connection=connection, sql=sql, columns=columns, is_sorted=False)
    dataset = ReadDataset(described_by=FLOW, structure=None, rows=made, count=len(rows), actions=(Action.REPLACE,))
    return ReadData(datasets=(dataset,))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([("A", "2019", "1")], [("A", "2020", "2")], [("A", "2019", "1"), ("A", "2020", "2")]),
        ([("A", "2019", "1"), ("A", "2020", "2")], [("A", "2020", "2")], [("A", "2019", "1"), ("A", "2020", "2")]),
        ([("A", "2019", "1")], [("A", "2019", "9")], [("A", "2019", "1"), ("A", "2019", "9")]),
        ([("A", "2019", "1"), ("A", "2019", "1")], [("A", "2019", "1")], [("A", "2019", "1"), ("A", "2019", "1")]),
        ([("B", "2019", "3")], [("A", "2019", "1")] * 2, [("A", "2019", "1"), ("A", "2019", "1"), ("B", "2019", "3")]),
    ],
    ids=["apart", "a row twice", "two values", "twice in the first", "twice in the second"],
)
def test_what_is_equal_in_two_parts_is_taken_once(first, second, expected):
    with connect() as connection:
        joined = join_messages([message(connection, *first), message(connection, *second)], connection)
        (dataset,) = joined.datasets
        found = sorted(row[:3] for row in connection.execute(dataset.rows.sql).fetchall())
        assert (found, dataset.count, dataset.actions) == (expected, len(expected), (Action.REPLACE,))
        apart = join_messages([message(connection, *first), message(connection, *second)])
        assert sum(one.count for one in apart.datasets) == len(first) + len(second)
