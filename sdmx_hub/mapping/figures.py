"""Figures that have to be worked on before they are observations: shares, running totals, units, new currencies.

Steps over the mapped rows, in this order and only where the mapping declares them: percentages of a declared total
become figures (M16), running totals of a year become those of its months or quarters (M15), values are brought to one
multiplier and across a redenomination (M17), and rounding by the source is told (M25). A row that cannot be worked out
is rejected and told; nothing is guessed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from sdmx_hub.errors import BadRequest
from sdmx_hub.language import sentence
from sdmx_hub.mapping.binding import CELL_COLUMN, Binding
from sdmx_hub.mapping.reading import MEASURE
from sdmx_hub.mapping.telling import MOST, place
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.period import JANUARY_1, parse_period
from sdmx_hub.model.rows import SOURCE_ROW, literal, quoted
from sdmx_hub.model.structure import DataStructure

STATUS, COMMENT = "OBS_STATUS", "COMMENT_OBS"
TIMES = "_times"
GOOD = "NOT _bad AND NOT _skip"
NUMBER = f"TRY_CAST({quoted(MEASURE)} AS DECIMAL(20, 8))"
"""The figure; what is longer than a trillion has no business in a table that has to be worked on."""
_PART = re.compile(r"[0-9]{4}-(?:(?P<month>[0-9]{2})|(?P<letter>[STQM])(?P<number>[0-9]{1,2}))")


@dataclass(frozen=True)
class Bench:
    """The mapped rows, what ties them to the table, and the constants that are no columns of theirs yet."""

    binding: Binding
    structure: DataStructure
    constants: Mapping[str, str]
    connection: duckdb.DuckDBPyConnection
    table: str

    def columns(self) -> set[str]:
        """Components that are columns of the rows."""
        found = self.connection.execute(f"SELECT * FROM {self.table} LIMIT 0").description or []
        return {str(name) for name, *_ in found if name in self.structure.components}

    def need(self, *component_ids: str) -> bool:
        """Make columns of some components; tell whether the structure has them all."""
        there = self.columns()
        for one in component_ids:
            if one in self.structure.components and one not in there:
                constant = self.constants.get(one)
                value = "NULL" if constant is None else literal(constant)
                self.connection.execute(f"ALTER TABLE {self.table} ADD COLUMN {quoted(one)} VARCHAR DEFAULT {value}")
        return all(one in self.structure.components for one in component_ids)

    def others(self, *component_ids: str) -> list[str]:
        """The parts of the key that differ between rows, without some: quoted."""
        there = self.columns()
        return [quoted(one) for one in self.structure.key_ids if one in there and one not in component_ids]

    def say(self, key: str, **params: object) -> str:
        """Say a sentence in the language of the mapping, as SQL."""
        return literal(sentence(key, self.binding.mapping.language, **params))

    def change(self, steps: str, *, bad: str = "false", more: Mapping[str, str]) -> None:
        """Change the rows of a query ``steps`` (column ``id``); those ``bad`` become bad, the rest get ``more``."""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE _steps AS {steps}")
        self.connection.execute(
            f"UPDATE {self.table} AS t SET _bad = true FROM _steps AS s WHERE t.rowid = s.id AND {bad}"
        )
        if more:
            given = ", ".join(f"{quoted(name)} = {value}" for name, value in more.items())
            self.connection.execute(
                f"UPDATE {self.table} AS t SET {given} FROM _steps AS s WHERE t.rowid = s.id AND NOT t._bad"
            )

    def find(
        self,
        code: str,
        condition: str,
        /,
        *,
        severity: Severity = Severity.ERROR,
        shown: str = "s.value",
        **params: object,
    ) -> Iterator[Finding]:
        """Tell the rows of ``_steps`` for which ``condition`` holds, one by one up to a limit."""
        query = (
            f"SELECT t.{SOURCE_ROW}, t.{CELL_COLUMN}, {shown}, s.* FROM _steps AS s "
            f"JOIN {self.table} AS t ON t.rowid = s.id WHERE {condition} ORDER BY 1, 2"
        )
        result = self.connection.execute(query)
        names = [str(name) for name, *_ in result.description or []]
        found = result.fetchall()
        for cells in found[:MOST]:
            told = {**_texts(names[3:], cells[3:]), **params, "value": cells[2]}
            value = None if cells[2] is None else str(cells[2])
            where = place(self.binding, MEASURE, cells[0], cells[1])
            yield Finding(code=code, severity=severity, where=where, source_value=value, params=told)
        if len(found) > MOST:
            where = place(self.binding, MEASURE, found[MOST][0], found[MOST][1])
            more = {"count": len(found) - MOST, "component": MEASURE}
            yield Finding(code="MAP-MORE", severity=Severity.INFO, where=where, params=more)


def _texts(names: Sequence[str], cells: Sequence[object]) -> dict[str, str]:
    return {name: "–" if cell is None else str(cell) for name, cell in zip(names, cells, strict=True)}


def commented(sentence_sql: str) -> str:
    """SQL: the comment of a row with one sentence more."""
    return f"nullif(concat_ws('; ', t.{quoted(COMMENT)}, {sentence_sql}), '')"


def read_times(bench: Bench) -> str | None:
    """Read the periods of the rows into ``TIMES``: text, first day, year and place in it. The id of the component."""
    time = bench.structure.time_dimension
    if time is None or not bench.need(time.id):
        return None
    rule = bench.binding.mapping.components.get(time.id)
    start_day = (rule.time.year_start if rule and rule.time else None) or JANUARY_1
    found = bench.connection.execute(f"SELECT DISTINCT {quoted(time.id)} FROM {bench.table} WHERE {GOOD}").fetchall()
    read = [(text, *_placed(text, start_day)) for (text,) in found if text is not None]
    columns = list(zip(*read, strict=True)) if read else [()] * 4
    kinds = {"text": pa.string(), "start": pa.timestamp("us"), "year": pa.string(), "place": pa.int32()}
    times = pa.table({name: pa.array(cells, kind) for (name, kind), cells in zip(kinds.items(), columns, strict=True)})
    bench.connection.register("_times_read", times)
    bench.connection.execute(f"CREATE OR REPLACE TEMP TABLE {TIMES} AS SELECT * FROM _times_read")
    bench.connection.unregister("_times_read")
    return time.id


def _placed(text: str, start_day: str) -> tuple[dt.datetime | None, str | None, int | None]:
    """First instant of a period, the year it belongs to (with its kind), and its place in that year from 1."""
    try:
        start = parse_period(text, start_day).start
    except BadRequest:
        return None, None, None
    match = _PART.fullmatch(text)
    if match is None:
        return start, None, None
    if match["letter"]:
        return start, f"{match['letter']}{text[:4]}", int(match["number"])
    first = int(start_day[2:4])
    place_of = (start.month - first) % 12 + 1
    return start, f"M{start.year - (start.month < first):04}", place_of
