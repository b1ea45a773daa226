"""Rows: observations as a DuckDB query still to be drawn, and the names of their columns.

*Rows* have one column per component of the structure, named by its id: every dimension, the time dimension, every
measure and every attribute (those of series, groups and the dataset are repeated on each row). All are text as the
provider sent it, NULL where absent; a column may be an ENUM, which is the same text, coded. Two optional columns carry
where a row came from on the way in: ``_row`` (its number in the source) and ``_action`` (A, R, D, M).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import numpy.typing as npt

SOURCE_ROW = "_row"
ACTION = "_action"
BATCH_ROWS = 122_880
"""Rows in one batch: a row group of DuckDB."""
FEW_ROWS = 2_048
"""One vector of DuckDB."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A selection of observations, lazily evaluated.

    ``connection`` belongs to these rows alone (a second ``execute`` on it would end the stream). ``sql`` is a SELECT
    that gives ``columns`` in this order, sorted by series key and time when ``is_sorted``; ``params`` bind to it.
    ``coded`` maps each ENUM column to its dictionary: the position of a code in it is the ENUM's own number. ``is_few``
    says that there are known to be ``FEW_ROWS`` at most, which are quicker drawn whole than as a stream.
    """

    connection: duckdb.DuckDBPyConnection
    sql: str
    columns: tuple[str, ...]
    params: tuple[object, ...] = ()
    coded: dict[str, tuple[str, ...]] = field(default_factory=dict)
    is_sorted: bool = True
    is_few: bool = False

    def batches(self, size: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Draw the rows once, as Arrow batches of at most ``size`` rows."""
        reader = open_reader(self.connection, self.sql, self.params, size)
        yield from reader

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()


def open_reader(
    connection: duckdb.DuckDBPyConnection, sql: str, params: Sequence[object] = (), size: int = BATCH_ROWS
) -> pa.RecordBatchReader:
    """Run a query and stream its result as Arrow batches.

    DuckDB 2 streams only what ``sql`` gives (``execute`` copies the whole result first, and warns), DuckDB 1.5 only
    what ``execute`` gives (``sql`` takes minutes), so this is the one place that draws rows. The library is not
    imported here: parsers in a process of their own know rows, but have no engine, and it takes long to come.
    """
    if not sys.modules["duckdb"].__version__.startswith("1."):
        reader: pa.RecordBatchReader = connection.sql(sql, params=list(params)).to_arrow_reader(size)
    else:
        reader = connection.execute(sql, list(params)).to_arrow_reader(size)
    return reader


def number_array(numbers: npt.NDArray[np.int64]) -> pa.Array:
    """Make a column of numbers as they lie in memory; ``pa.array`` would bring in pandas wherever that is installed."""
    return pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)])


def quoted(identifier: str) -> str:
    """Quote a column name for SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"
