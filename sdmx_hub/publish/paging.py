"""Paging: ``offset`` and ``limit`` count over the whole answer, whatever datasets it has (REST v2.2, data queries).

*The number of observations (or series keys) to skip before beginning to return observations*: an answer of several
dataflows, of changes since a moment or of a whole history is one sequence of rows, dataset after dataset. Where there
can be only one dataset, the engine pages by itself.
"""

from __future__ import annotations

import dataclasses

from sdmx_hub.model.rows import Rows
from sdmx_hub.query.request import DataQuery


def count_rows(rows: Rows, most: int | None = None) -> int:
    """Count rows, up to ``most`` where told; they can still be drawn afterwards."""
    page = "" if most is None else f" LIMIT {most}"
    counting = f"SELECT count(*) FROM (SELECT 1 FROM ({rows.sql}){page})"  # noqa: S608 - the store's own SQL
    return int(rows.connection.execute(counting, list(rows.params)).fetchall()[0][0])


def within(query: DataQuery, total: int) -> int:
    """Tell how many rows of ``total`` the offset and limit of a query leave."""
    left = max(0, total - query.offset)
    return left if query.limit is None else min(left, query.limit)


class Window:
    """Which rows of a sequence of parts are wanted; each part is offered once, in order."""

    def __init__(self, query: DataQuery) -> None:
        self._skip, self._left = query.offset, query.limit

    def cut(self, rows: Rows) -> Rows | None:
        """Leave of a part what lies in the window; None, and the connection given back, when nothing does."""
        if not self._skip and self._left is None:
            return rows
        wanted = None if self._left is None else self._skip + self._left
        there = count_rows(rows, wanted) if wanted != 0 else 0
        skipped, taken = min(self._skip, there), max(0, there - self._skip)
        self._skip -= skipped
        if self._left is not None:
            self._left -= taken
        if not taken:
            rows.close()
            return None
        sql = f"SELECT * FROM ({rows.sql}) LIMIT {taken} OFFSET {skipped}"  # noqa: S608 - the store's own SQL
        return dataclasses.replace(rows, sql=sql)
